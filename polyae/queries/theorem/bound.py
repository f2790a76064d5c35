"""Both sides of the theorem for a decoder and a model of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from polyae.complex.region_complex import RegionComplex
from polyae.errors import SettingError, ShapeError
from polyae.queries.interval import Interval
from polyae.queries.manifolds import Chart, Manifold, Orbit, ProductOrbit
from polyae.queries.radii import Radii, radii
from polyae.queries.theorem.closest import Closest
from polyae.queries.theorem.contact import Contacts, find_contacts
from polyae.queries.theorem.extents import sum_of_diameters, sum_of_radii
from polyae.queries.theorem.lie_residuals import LieResiduals, lie_residuals
from polyae.queries.theorem.readings import ALL_READINGS, SOUND_READINGS, TANGENCY, Premises, Sides, Verdict, judge
from polyae.queries.theorem.sides import ManifoldToSurface, SurfaceToManifold, rounding_of_distances
from polyae.queries.theorem.supremum import Supremum, supremum
from polyae.queries.theorem.surface import Surface, surface
from polyae.queries.theorem.tangency import second_order_bound

Float = NDArray[np.float64]

__all__ = ["TheoremBound", "theorem_bound"]

#: First cells of the parameter box.
FIRST_CELLS = 64
#: Distances below this share of the scale count as contact, angles (radians) and relative residuals as 0.
CONTACT, PARALLEL, TRANSPORT = 1e-9, 1e-6, 1e-6


@dataclass(frozen=True)
class TheoremBound:
    """Both sides of ``d(∪ T(ω), X) <= Σ Rad(ω)``, the hypotheses as measured, and the verdicts.

    Intervals hold the true numbers up to rounding, for which they are widened by an estimate.  Distances
    and radii are in the units of the data.

    Attributes
    ----------
    u1 : Interval
        ``sup over y in D(Z) of d(y, X)``, from the surface to the manifold.
    u2 : Interval
        ``sup over x in X of d(x, D(Z))``, from the manifold to the surface.
    u1_at : array, shape (h,)
        A code where the lower end of u1 is attained.
    u2_at : array, shape (m,)
        Parameters where the lower end of u2 is attained.
    sum_radii, twice_sum_radii : Interval
        ``Σ R_circ`` of the pieces, and twice that.
    max_rho, max_delta_rho : Interval
        ``max ρ`` and ``max (δ + ρ)`` over the regions.
    contacts : Contacts
        Hypothesis H1, region by region.
    residuals : LieResiduals or None
        Hypothesis H2, edge by edge; None for a manifold without generators.
    radii : Radii
        Of every region, in latent space and of the image in data space.
    verdicts : tuple of Verdict
    premises : Premises
    decided : bool
        Whether u1 and u2 reached the gap asked for within the budget.
    restricted : bool
        Whether the complex was partial; D(Z) then means the pieces of the regions found, on both sides.
    notes : tuple of str
        What a reader of the numbers must know.
    """

    u1: Interval
    u2: Interval
    u1_at: Float
    u2_at: Float
    sum_radii: Interval
    twice_sum_radii: Interval
    max_rho: Interval
    max_delta_rho: Interval
    contacts: Contacts
    residuals: LieResiduals | None
    radii: Radii
    verdicts: tuple[Verdict, ...]
    premises: Premises
    decided: bool
    restricted: bool
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

    def __str__(self) -> str:
        return "\n".join([f"u1 = {self.u1}, u2 = {self.u2}", *map(str, self.verdicts), *self.notes])


def theorem_bound(
    complex_: RegionComplex,
    manifold: Manifold,
    *,
    gap: float = 1e-4,
    budget: int = 500_000,
    readings: Literal["sound", "all"] = "sound",
) -> TheoremBound:
    """Evaluate the theorem for a decoder on a bounded domain and a data manifold.

    Parameters
    ----------
    complex_ : RegionComplex
        Of the decoder on a Box or another bounded polytope.
    manifold : Manifold
        :class:`Orbit` or :class:`ProductOrbit` in the decoder's output space.
    gap : float
        Relative width of u1 and u2 to stop at, between 0 and 1.
    budget : int
        Number of simplices to stop at, for each of u1 and u2; the result then holds the interval reached.
    readings : {"sound", "all"}
        ``"all"`` adds the readings that are false in general.

    Returns
    -------
    TheoremBound

    Raises
    ------
    ShapeError
        If the manifold lies in a space of another dimension than the decoder's outputs.
    UnboundedDomainError
        If the domain is unbounded.
    DomainError
        If the domain is a Euclidean ball, whose regions are no polytopes.
    DataError
        If the complex holds no region.
    SettingError
        If an option is out of range.

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
    _check(complex_, manifold, gap, budget, readings)
    if not isinstance(manifold, Chart):
        raise SettingError(f"the theorem is evaluated for a single orbit, got {manifold!r}")
    pieces, closest = surface(complex_), Closest(manifold)
    rounding = rounding_of_distances(pieces, manifold, closest)
    tolerance = CONTACT * pieces.scale
    first, there = SurfaceToManifold(pieces, manifold, closest, rounding), ManifoldToSurface(pieces, manifold, rounding)
    u1 = supremum(first, pieces.simplices, gap, budget)
    u2 = supremum(there, there.start(FIRST_CELLS), gap, budget)
    contacts = find_contacts(pieces, closest, rounding, tolerance)
    residuals = None
    if isinstance(manifold, ProductOrbit):
        residuals = lie_residuals(np.array([a for a, _ in pieces.maps]), complex_.edges.astype(np.int64), manifold)
    sizes = radii(complex_)
    second_order, continued = Interval(np.inf, np.inf), False
    tangency = isinstance(manifold, Orbit) and complex_.network.input_dim == 1
    if isinstance(manifold, Orbit) and tangency:
        second_order, continued = second_order_bound(contacts, manifold)
    premises = _premises(complex_, contacts, residuals, pieces, tolerance, continued)
    sides = _sides(pieces, u1, u2, sizes, contacts, second_order, rounding)
    chosen = (ALL_READINGS if readings == "all" else SOUND_READINGS) + (TANGENCY,) * tangency
    return TheoremBound(
        u1.interval, u2.interval, first.latent[u1.vertex], there.theta[u2.vertex],
        sides.sum_radii, sides.twice_sum_radii, sides.max_rho, sides.max_delta_rho,
        contacts, residuals, sizes, judge(chosen, sides, premises), premises,
        u1.decided and u2.decided, not complex_.complete, _notes(complex_, contacts, u1, u2, gap),
    )  # fmt: skip


def _check(complex_: RegionComplex, manifold: Manifold, gap: float, budget: int, readings: str) -> None:
    if manifold.ambient != complex_.network.output_dim:
        raise ShapeError(
            f"the manifold lies in dimension {manifold.ambient}, the decoder's outputs have dimension "
            f"{complex_.network.output_dim}"
        )
    if not 0.0 < gap < 1.0:
        raise SettingError(f"gap must lie between 0 and 1, got {gap}")
    if budget < 1:
        raise SettingError(f"budget must be positive, got {budget}")
    if readings not in ("sound", "all"):
        raise SettingError(f"readings must be 'sound' or 'all', got {readings!r}")


def _sides(
    pieces: Surface,
    u1: Supremum,
    u2: Supremum,
    sizes: Radii,
    contacts: Contacts,
    second_order: Interval,
    rounding: float,
) -> Sides:
    sum_radii = sum_of_radii(sizes, "data_circumradius", rounding)
    # The affine hull of a piece is unbounded unless the piece is a point; X is bounded.
    flat = all(not a.any() for a, _ in pieces.maps)
    return Sides(
        u1=u1.interval,
        u2=u2.interval,
        hausdorff=Interval.maximum([u1.interval, u2.interval]),
        hull=u1.interval if flat else Interval(np.inf, np.inf),
        sum_radii=sum_radii,
        twice_sum_radii=2 * sum_radii,
        sum_diameters=sum_of_diameters(pieces, rounding),
        max_rho=contacts.max_rho,
        max_delta_rho=contacts.max_delta_rho,
        sum_latent_radii=sum_of_radii(sizes, "latent_circumradius", 0.0),
        sum_inradii=sum_of_radii(sizes, "data_inradius", rounding),
        second_order=second_order,
    )


def _premises(
    complex_: RegionComplex,
    contacts: Contacts,
    residuals: LieResiduals | None,
    pieces: Surface,
    tolerance: float,
    continued: bool,
) -> Premises:
    touching = contacts.touching(tolerance)
    count, parts = connected_components(complex_.adjacency, directed=False)
    one = len(np.unique(parts[touching])) == count
    parallel = contacts.equal_dimensions and bool((contacts.angles <= PARALLEL).all())
    size = max((float(np.linalg.norm(a)) for a, _ in pieces.maps), default=0.0)
    transported = residuals is not None and bool((residuals.exponential <= TRANSPORT * size).all())
    every = bool(touching.all())
    return Premises(one, every, every and parallel and continued, parallel, transported)


def _notes(complex_: RegionComplex, contacts: Contacts, u1: Supremum, u2: Supremum, gap: float) -> tuple[str, ...]:
    notes = []
    if not complex_.complete:
        notes.append(f"The complex is partial: both sides are restricted to the {len(complex_)} regions found.")
    if not contacts.equal_dimensions:
        notes.append(
            f"The manifold has {contacts.tangent_dim} tangent directions, col(A) has rank {contacts.ranks.min()} to "
            f"{contacts.ranks.max()}: angles are those between the smaller and the larger space."
        )
    for name, side in (("u1", u1), ("u2", u2)):
        if not side.decided:
            notes.append(f"The budget ended before {name} reached the relative gap {gap:g}: raise it for less width.")
    return tuple(notes)
