"""Exact neighbours N(ω) of a code's region, without enumerating the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.complex.enumerate import arrange
from polyae.domains import Domain, Space
from polyae.engines.reference import cross_facets, start_region
from polyae.errors import ShapeError
from polyae.lp.solvers import solver_class
from polyae.networks.network import Network
from polyae.predicates.kernel import Arithmetic
from polyae.predicates.rational import homogeneous

Bool = NDArray[np.bool_]

__all__ = ["Neighbourhood", "neighbours"]


@dataclass(frozen=True)
class Neighbourhood:
    """The region of a code and all regions that share a facet with it.

    Attributes
    ----------
    pattern : array of bool, shape (units,)
        Of the code's region.
    neighbours : array of bool, shape (k, units)
        Of its neighbours, sorted by pattern.
    distances : array, shape (k,)
        Euclidean distance from the code to the hyperplane of each facet.
    """

    pattern: Bool
    neighbours: Bool
    distances: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.neighbours)

    @property
    def flipped(self) -> list[NDArray[np.int64]]:
        """Units that change state at each facet."""
        return [np.flatnonzero(row != self.pattern) for row in self.neighbours]


def neighbours(
    network: Network,
    z: ArrayLike,
    domain: Domain | None = None,
    *,
    solver: str = "highs",
    arithmetic: Arithmetic = "exact",
) -> Neighbourhood:
    """All regions that share a facet, inside the domain, with the region of a code.

    Parameters
    ----------
    network : Network
    z : array, shape (h,)
        The code.  On a boundary between regions the least pattern (units in order, off before on) among
        the regions whose closure holds it is taken.
    domain : Domain, optional
        All of R^h by default.
    solver : {"highs", "scipy", "cvxpy"}
    arithmetic : {"exact", "float"}

    Raises
    ------
    ShapeError
        If the code has the wrong length or is not finite.
    OutsideDomainError
        If it lies outside the domain.

    Examples
    --------
    >>> from polyae import Layer, Network
    >>> net = Network([Layer([[1.0], [1.0]], [0.0, -1.0], slope=0), Layer([[1.0, 1.0]], [0.0])])
    >>> neighbours(net, [0.5]).neighbours.astype(int).tolist()
    [[0, 0], [1, 1]]
    """
    point = np.asarray(z, dtype=np.float64)
    if point.shape != (network.input_dim,) or not np.isfinite(point).all():
        raise ShapeError(f"z must be {network.input_dim} finite numbers, got shape {point.shape}: {point.tolist()}")
    arrangement = arrange(network, Space(network.input_dim) if domain is None else domain, arithmetic)
    pattern, witness = start_region(arrangement, homogeneous(point.tolist()))
    cell = arrangement.cell(pattern)
    steps, _ = cross_facets(cell, witness, solver_class(solver))
    found = np.array([s.pattern for s in steps], dtype=bool).reshape(len(steps), network.num_units)
    rows = cell.rows.values[[int(s.facet.rows[0]) for s in steps]]
    heights = np.abs(rows[:, :-1] @ point + rows[:, -1]) / np.linalg.norm(rows[:, :-1], axis=1)
    order = sorted(range(len(steps)), key=lambda k: np.packbits(found[k]).tobytes())
    return Neighbourhood(pattern, found[order], heights[order])
