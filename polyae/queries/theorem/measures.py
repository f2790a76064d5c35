"""The quantities that readings compare and the premises that they ask for, as measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from polyae.complex.region_complex import RegionComplex
from polyae.queries.interval import Interval
from polyae.queries.radii import radii
from polyae.queries.theorem.contact import Contacts
from polyae.queries.theorem.extents import circumradii, diameters, inradii, total
from polyae.queries.theorem.lie_residuals import LieResiduals
from polyae.queries.theorem.readings import Premises, Sides
from polyae.queries.theorem.surface import Surface

Float = NDArray[np.float64]

__all__ = ["CONTACT", "measured_premises", "measured_sides"]

#: Distances below this share of the scale count as contact, angles (radians) and relative residuals as 0.
CONTACT, PARALLEL, TRANSPORT = 1e-9, 1e-6, 1e-6


def measured_sides(
    complex_: RegionComplex,
    pieces: Surface,
    ends: tuple[Interval, Interval],
    outer: Float,
    contacts: Contacts,
    second_order: Interval,
    every: bool,
) -> Sides:
    """Sums and maxima over the regions.

    Parameters
    ----------
    complex_ : RegionComplex
    pieces : Surface
    ends : (u1, u2)
    outer : array, shape (n, 2)
        Circumradii of the pieces.
    contacts : Contacts
    second_order : Interval
        Right side under tangency.
    every : bool
        Whether to measure what only the false readings ask for.
    """
    u1, u2 = ends
    nothing = Interval(0.0, np.inf)
    # The affine hull of a piece is unbounded unless the piece is a point; X is bounded.
    flat = not pieces.maps.any()
    return Sides(
        u1=u1,
        u2=u2,
        hausdorff=Interval.maximum([u1, u2]),
        hull=u1 if flat else Interval(np.inf, np.inf),
        sum_radii=total(outer),
        twice_sum_radii=2 * total(outer),
        sum_diameters=total(diameters(pieces)),
        max_rho=contacts.max_rho,
        max_delta_rho=contacts.max_delta_rho,
        sum_latent_radii=total(circumradii(pieces, latent=True)) if every else nothing,
        sum_inradii=total(inradii(radii(complex_), pieces)) if every else nothing,
        second_order=second_order,
    )


def measured_premises(
    complex_: RegionComplex,
    contacts: Contacts,
    residuals: LieResiduals | None,
    tolerance: float,
    continued: bool,
) -> Premises:
    """Which premises hold, up to tolerances.

    Parameters
    ----------
    complex_ : RegionComplex
    contacts : Contacts
    residuals : LieResiduals or None
    tolerance : float
        Distance that counts as contact.
    continued : bool
        Whether the manifold goes on far enough around every contact.
    """
    touching = contacts.touching(tolerance)
    count, parts = connected_components(complex_.adjacency, directed=False)
    one = len(np.unique(parts[touching])) == count
    parallel = contacts.equal_dimensions and bool((contacts.angles <= PARALLEL).all())
    transported = residuals is not None and bool((residuals.exponential <= TRANSPORT * residuals.sizes).all())
    every = bool(touching.all())
    return Premises(one, every, every and parallel and continued, parallel, transported)
