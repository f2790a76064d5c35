"""Both sides of the theorem for a decoder and a model of the data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.complex.region_complex import RegionComplex, check_complex
from polyae.errors import SettingError
from polyae.predicates.compilation import clock
from polyae.predicates.interrupts import interruptible
from polyae.queries.interval import Interval
from polyae.queries.manifolds import Manifold, Orbit, ProductOrbit
from polyae.queries.theorem.behind import Culprits
from polyae.queries.theorem.chart_tree import ManifoldTree
from polyae.queries.theorem.contact import Contacts, find_contacts
from polyae.queries.theorem.extents import circumradii
from polyae.queries.theorem.inputs import check_inputs
from polyae.queries.theorem.lie_residuals import LieResiduals
from polyae.queries.theorem.measures import CONTACT, measured_premises, measured_sides
from polyae.queries.theorem.notes import notes_on
from polyae.queries.theorem.readings import ALL_READINGS, SOUND_READINGS, TANGENCY, Premises
from polyae.queries.theorem.sides import SurfaceToManifold
from polyae.queries.theorem.stages import Stages
from polyae.queries.theorem.supremum import Budget, supremum
from polyae.queries.theorem.surface import surface
from polyae.queries.theorem.tangency import second_order_bound
from polyae.queries.theorem.there import farthest_from_surface
from polyae.queries.theorem.transport import groups_of, transport
from polyae.queries.theorem.verdicts import Effort, Verdict, judge, verdict_table

Float = NDArray[np.float64]

__all__ = ["TheoremBound", "theorem_bound"]

#: Shares of the time that have passed when u1, u2 and the residuals of H2 end with what they have.
SHARES = (0.45, 0.8, 0.97)
#: Stages, and how many hundredths of the time they take with a network of thousands of regions.
STAGES = {"surface": 4, "u1": 4, "u2": 2, "H1": 18, "H2": 68, "radii": 4}


@dataclass(frozen=True, repr=False)
class TheoremBound:
    """Both sides of ``d(∪ T(ω), X) <= Σ Rad(ω)``, the hypotheses as measured, and the verdicts.

    Intervals are proved to hold the true numbers: of the network in real arithmetic on its weights, and of the
    manifold on the numbers that it is given by.  Distances and radii are in the units of the data.

    Attributes
    ----------
    u1 : Interval
        ``sup over y in D(Z) of d(y, X)``, from the surface to the manifold.
    u2 : Interval
        ``sup over x in X of d(x, D(Z))``, from the manifold to the surface.
    u1_at : array, shape (h,)
        A code where the lower end of u1 is attained.
    u1_region : int
        A region that holds it.
    u2_at : array, shape (m,)
        Parameters where the lower end of u2 is attained, on chart `u2_chart`; the number of a sample where
        that is -1.
    u2_chart : int
    u2_region : int
        A region whose piece is nearest to that point.
    sum_radii, twice_sum_radii, sum_diameters : Interval
        ``Σ R_circ`` of the pieces, twice that, and the sum of their diameters.
    max_radius, max_rho, max_delta_rho : Interval
        ``max R_circ``, ``max ρ`` and ``max (δ + ρ)`` over the regions.
    circumradii : array, shape (n, 2)
        ``R_circ`` of each piece, from below and above.
    contacts : Contacts
        Hypothesis H1, region by region.
    residuals : LieResiduals or None
        Hypothesis H2, edge by edge; None where there are no generators.
    verdicts : tuple of Verdict
    premises : Premises
    decided : bool
        Whether u1 and u2 reached the gap asked for within the budget.
    restricted : bool
        Whether the complex was partial; D(Z) then means the pieces of the regions found, on both sides.
    exact_regions : int
        Regions whose vertices were computed in rationals.
    notes : tuple of str
        What a reader of the numbers must know.
    """

    u1: Interval
    u2: Interval
    u1_at: Float
    u1_region: int
    u2_at: Float
    u2_chart: int
    u2_region: int
    sum_radii: Interval
    twice_sum_radii: Interval
    sum_diameters: Interval
    max_radius: Interval
    max_rho: Interval
    max_delta_rho: Interval
    circumradii: Float
    contacts: Contacts
    residuals: LieResiduals | None
    verdicts: tuple[Verdict, ...]
    premises: Premises
    decided: bool
    restricted: bool
    exact_regions: int
    notes: tuple[str, ...]

    def verdict(self, name: str) -> Verdict:
        """Verdict of the reading of that name.

        Raises
        ------
        SettingError
            If it was not evaluated.
        """
        for verdict in self.verdicts:
            if verdict.reading.name == name:
                return verdict
        known = ", ".join(repr(v.reading.name) for v in self.verdicts)
        raise SettingError(f"no reading {name!r} was evaluated; there are {known}; the false ones need readings='all'")

    def __repr__(self) -> str:
        return f"TheoremBound(u1 = {self.u1}, u2 = {self.u2}, {len(self.verdicts)} readings)"

    def __str__(self) -> str:
        return "\n".join([f"u1 = {self.u1}, u2 = {self.u2}", verdict_table(self.verdicts), *self.notes])


@interruptible
def theorem_bound(
    complex_: RegionComplex,
    manifold: Manifold,
    *,
    gap: float = 1e-4,
    budget: int = 500_000,
    max_seconds: float | None = None,
    readings: Literal["sound", "all"] = "sound",
    generators: ArrayLike | None = None,
    workers: int = 1,
    progress: bool = False,
) -> TheoremBound:
    """Evaluate the theorem for a decoder on a bounded domain and a data manifold.

    Parameters
    ----------
    complex_ : RegionComplex
        Of the decoder on a Box or another bounded polytope.
    manifold : Manifold
        In the decoder's output space: an :class:`Orbit`, :class:`ProductOrbit`, :class:`PointCloud`, or a
        :class:`Union` of such.
    gap : float
        Relative width of u1 and u2 to stop at, between 0 and 1.
    budget : int
        Number of simplices to stop at, for each of u1 and u2; the result then holds the interval reached.
    max_seconds : float, optional
        Time to stop at in the same way, compilation left out.
    readings : {"sound", "all"}
        ``"all"`` adds the readings that are false in general.
    generators : array, shape (m, d, d), optional
        Of hypothesis H2, learned for example; by default those of the manifold.
    workers : int
        Threads for the residuals of hypothesis H2, which take most of the time on large complexes.
    progress : bool
        Whether to show on standard error what is being done.

    Returns
    -------
    TheoremBound

    Raises
    ------
    ShapeError
        If the manifold lies in a space of another dimension than the decoder's outputs, or the generators do not
        act there.
    UnboundedDomainError
        If the domain is unbounded.
    DomainError
        If the domain is a Euclidean ball, whose regions are no polytopes.
    DataError
        If the complex holds no region, or a number is not finite or out of the range of float64 bounds.
    SettingError
        If the complex or the manifold is none, or an option is no number or out of range.

    Examples
    --------
    The segment from (1, -1) to (1, 1) touches the unit circle in its middle.

    >>> from polyae import Box, Layer, Network, enumerate_regions
    >>> decoder = Network([Layer([[0.0], [1.0]], [1.0, 0.0])])
    >>> circle = Orbit([[0, -1], [1, 0]], [1, 0], (-np.pi, np.pi))
    >>> bound = theorem_bound(enumerate_regions(decoder, Box([-1], [1])), circle)
    >>> bound.u1.contains(2**0.5 - 1), bound.sum_radii.contains(1.0)
    (True, True)
    >>> bound.verdict("contact in every piece").outcome
    'holds'
    """
    settings = {"gap": gap, "budget": budget, "max_seconds": max_seconds, "workers": workers, "readings": readings}
    check_complex(complex_, "complex_")
    check_inputs(complex_.network, complex_.domain, manifold, settings)
    groups = groups_of(manifold, generators)
    stages = Stages(STAGES, progress)
    try:
        return _evaluate(complex_, manifold, gap, budget, max_seconds, readings, groups, workers, stages)
    finally:
        stages.close()


def _evaluate(
    complex_: RegionComplex,
    manifold: Manifold,
    gap: float,
    budget: int,
    max_seconds: float | None,
    readings: str,
    groups: list[ProductOrbit],
    workers: int,
    stages: Stages,
) -> TheoremBound:
    began, allowed = clock(), np.inf if max_seconds is None else max_seconds
    deadlines = [began + share * allowed for share in SHARES]
    pieces, tree = surface(complex_), ManifoldTree(manifold)
    tolerance = CONTACT * pieces.scale
    stages.done()
    here = SurfaceToManifold(pieces, tree)
    corners = here.found.take(np.arange(len(pieces.corners)))
    u1 = supremum(here, pieces.simplices, Budget(gap, budget, deadlines[0]), stages.bounds)
    stages.done()
    u2 = farthest_from_surface(pieces, manifold, Budget(gap, budget, deadlines[1]), stages.bounds)
    stages.done()
    contacts = find_contacts(pieces, tree, corners, tolerance, gap)
    contacts = contacts.from_true_manifold(manifold)
    stages.done()
    edges = complex_.edges.astype(np.int64)
    residuals = transport(pieces, edges, groups, gap=gap, deadline=deadlines[2], workers=workers, report=stages.settled)
    stages.done()
    second_order, continued, tangency = Interval(np.inf, np.inf), False, False
    if isinstance(manifold, Orbit) and complex_.network.input_dim == 1:
        tangency = True
        second_order, continued = second_order_bound(contacts, manifold)
    premises = measured_premises(complex_, contacts, residuals, tolerance, continued)
    outer = circumradii(pieces)
    ends = manifold.distance_from(u1.interval), manifold.supremum_over(u2.interval)
    sides = measured_sides(complex_, pieces, ends, outer, contacts, second_order, readings == "all")
    chosen = (ALL_READINGS if readings == "all" else SOUND_READINGS) + (TANGENCY,) * tangency
    u1_at = np.clip(here.latent[u1.vertex], *complex_.domain.bounding_box())
    culprits = Culprits(complex_, here, u1.vertex, max(manifold.cover, 0.0))
    blur = manifold.noise + manifold.cover
    here_effort = Effort(u1.simplices, complex_.network.input_dim, blur, pieces.scale)
    there_effort = Effort(u2.simplices, len(u2.theta), blur, pieces.scale)
    both = Effort(u1.simplices + u2.simplices, max(here_effort.dim, there_effort.dim), blur, pieces.scale)
    efforts = {"u1": here_effort, "hull": here_effort, "u2": there_effort, "hausdorff": both}
    verdicts = tuple(
        replace(v, behind=culprits.of(v, u2.region)) if v.outcome == "violated" else v
        for v in judge(chosen, sides, premises, efforts)
    )
    stages.done()
    return TheoremBound(
        ends[0], ends[1], u1_at, culprits.farthest, u2.theta, u2.chart, u2.region,
        sides.sum_radii, sides.twice_sum_radii, sides.sum_diameters,
        Interval(*outer.max(axis=0)), sides.max_rho, sides.max_delta_rho, outer, contacts, residuals, verdicts,
        premises, u1.decided and u2.decided, not complex_.complete, int(pieces.cover.exact.sum()),
        notes_on(complex_, manifold, contacts, u1, u2, gap),
    )  # fmt: skip
