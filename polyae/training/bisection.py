"""The sampler of the paper: one neighbour a code, by bisection of the segment to another code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.arrays import check_finite
from polyae.domains import Domain
from polyae.errors import OutsideDomainError, ShapeError
from polyae.networks.network import Network
from polyae.predicates.affine import unit_rows
from polyae.queries.neighbours import NeighbourhoodBatch

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

#: Halvings of a segment: the last interval is below the spacing of float64 numbers of size 1.
HALVINGS = 52

__all__ = ["bisected_neighbours", "other_codes"]


def other_codes(codes: Float, generator: np.random.Generator) -> Float:
    """For every code another one of the batch, uniformly; a single code gets itself. Shapes (n, h)."""
    count = len(codes)
    if count < 2:
        return codes.copy()
    return codes[(np.arange(count) + generator.integers(1, count, size=count)) % count]


def _first_change(network: Network, codes: Float, patterns: Bool, ends: Float) -> Bool:
    """Pattern just beyond the last point found to lie in the code's own region, on the segment to the end."""
    near, far = np.zeros(len(codes)), np.ones(len(codes))
    found = network.pattern(ends)
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        here = network.pattern(codes + middle[:, None] * (ends - codes))
        same = (here == patterns).all(axis=1)
        near, far = np.where(same, middle, near), np.where(same, far, middle)
        found[~same] = here[~same]
    return found


def bisected_neighbours(
    network: Network, codes: Float, ends: Float, domain: Domain | None = None
) -> NeighbourhoodBatch:
    """One neighbour a code: the region that the segment to the code's end enters first, in floating point.

    Nothing is proved: regions thinner than float64 resolves are passed over.  The paper (section 4) samples
    the neighbours of Eq. 13 so, calling the exact partition not feasible.

    Parameters
    ----------
    network : Network
    codes, ends : arrays, shape (n, h)
    domain : Domain, optional
        All must lie in it; the segments then do.

    Returns
    -------
    NeighbourhoodBatch
        No neighbour for a code whose end has the same pattern.  Distances are those to the hyperplane of the
        nearest of the units that change.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DataError
        If a number is NaN or infinite.
    OutsideDomainError
        If a point lies outside the domain.
    """
    if codes.ndim != 2 or codes.shape[1] != network.input_dim or codes.shape != ends.shape:
        raise ShapeError(f"codes and ends have one shape (n, {network.input_dim}); got {codes.shape}, {ends.shape}")
    for what, points in (("codes", codes), ("ends", ends)):
        check_finite(points, what)
    if domain is not None:
        for name, points in (("code", codes), ("end of code", ends)):
            inside = domain.contains(points)
            if not inside.all():
                raise OutsideDomainError(f"{name} {int(np.argmin(inside))} lies outside the domain")
    patterns = network.pattern(codes)
    found = _first_change(network, codes, patterns, ends)
    changed = found != patterns
    owner = np.flatnonzero(changed.any(axis=1))
    rows = unit_rows(network, patterns[owner]).values
    values = np.abs((rows[:, :, :-1] @ codes[owner, :, None])[:, :, 0] + rows[:, :, -1])
    with np.errstate(divide="ignore", invalid="ignore"):  # a constant unit has no hyperplane
        away = np.where(changed[owner], values / np.linalg.norm(rows[:, :, :-1], axis=2), np.inf)
    return NeighbourhoodBatch(patterns, owner, found[owner], np.nanmin(away, axis=1, initial=np.inf))
