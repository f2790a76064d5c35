"""Exact neighbours N(ω) of a code's region, without enumerating the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.arrays import finite_array, whole_number
from polyae.complex.enumerate import arrange
from polyae.domains import Domain, Space
from polyae.engines.local import expand_points
from polyae.errors import ShapeError
from polyae.networks.network import Network, check_network
from polyae.predicates.interrupts import interruptible
from polyae.predicates.kernel import Arithmetic

Bool = NDArray[np.bool_]

__all__ = ["Neighbourhood", "NeighbourhoodBatch", "batch_neighbours", "neighbours"]


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        nearest = f", nearest facet at distance {self.distances.min():.4g}" if len(self) else ""
        return f"Neighbourhood({len(self)} neighbours{nearest})"

    @property
    def flipped(self) -> list[NDArray[np.int64]]:
        """Units that change state at each facet."""
        return [np.flatnonzero(row != self.pattern) for row in self.neighbours]


@dataclass(frozen=True, repr=False)
class NeighbourhoodBatch:
    """Neighbourhoods of n codes in flat arrays; indexing gives single ones.

    Attributes
    ----------
    patterns : array of bool, shape (n, units)
        Of the codes' regions.
    owner : array of int, shape (k,)
        Code that each neighbour belongs to, ascending.
    neighbours : array of bool, shape (k, units)
        Sorted by pattern within one code.
    distances : array, shape (k,)
        Euclidean distance from the code to the hyperplane of each facet.
    """

    patterns: Bool
    owner: NDArray[np.int64]
    neighbours: Bool
    distances: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.patterns)

    def __repr__(self) -> str:
        return f"NeighbourhoodBatch({len(self):,} codes, {len(self.neighbours):,} neighbours)"

    def __getitem__(self, index: int) -> Neighbourhood:
        if not -len(self) <= index < len(self):
            raise IndexError(f"there is no code {index}; the batch has {len(self)}")
        start, stop = np.searchsorted(self.owner, [index % len(self), index % len(self) + 1])
        return Neighbourhood(self.patterns[index], self.neighbours[start:stop], self.distances[start:stop])

    def __iter__(self) -> Iterator[Neighbourhood]:
        return (self[i] for i in range(len(self)))


def neighbours(
    network: Network,
    z: ArrayLike,
    domain: Domain | None = None,
    *,
    solver: str = "highs",
    arithmetic: Arithmetic = "exact",
    workers: int = 1,
) -> Neighbourhood | NeighbourhoodBatch:
    """All regions that share a facet, inside the domain, with the region of a code.

    Parameters
    ----------
    network : Network
    z : array, shape (h,) or (n, h)
        The code or a batch of codes.  On a boundary between regions the least pattern (units in order, off
        before on) among the regions whose closure holds the code is taken.
    domain : Domain, optional
        All of R^h by default.
    solver : {"highs", "scipy", "cvxpy"}
        For what the compiled code cannot prove.
    arithmetic : {"exact", "float"}
    workers : int
        Threads for a batch.

    Returns
    -------
    Neighbourhood, or NeighbourhoodBatch for a batch

    Raises
    ------
    ShapeError
        If the codes have the wrong length.
    DataError
        If a number is NaN or infinite.
    OutsideDomainError
        If one lies outside the domain.
    SettingError
        If there is no such solver, or no worker.

    Examples
    --------
    >>> from polyae import Layer, Network
    >>> net = Network([Layer([[1.0], [1.0]], [0.0, -1.0], slope=0), Layer([[1.0, 1.0]], [0.0])])
    >>> neighbours(net, [0.5]).neighbours.astype(int).tolist()
    [[0, 0], [1, 1]]
    >>> [len(code) for code in neighbours(net, [[-1.0], [0.5]])]
    [1, 2]
    """
    check_network(network)
    points = finite_array(z, "z", (..., network.input_dim))
    if points.ndim > 2:
        raise ShapeError(f"z has shape {points.shape}, expected ({network.input_dim},) or (n, {network.input_dim})")
    batch = batch_neighbours(
        network, np.atleast_2d(points), domain, solver=solver, arithmetic=arithmetic, workers=workers
    )
    return batch if points.ndim == 2 else batch[0]


@interruptible
def batch_neighbours(
    network: Network,
    codes: ArrayLike,
    domain: Domain | None = None,
    *,
    solver: str = "highs",
    arithmetic: Arithmetic = "exact",
    workers: int = 1,
) -> NeighbourhoodBatch:
    """:func:`neighbours` of a batch of codes, shape (n, h)."""
    check_network(network)
    points, workers = finite_array(codes, "codes", ("n", network.input_dim)), whole_number(workers, "workers", 1)
    arrangement = arrange(network, Space(network.input_dim) if domain is None else domain, arithmetic)
    found = expand_points(arrangement, points, solver, workers)
    return NeighbourhoodBatch(found.patterns, found.owner, found.neighbours, found.distances)
