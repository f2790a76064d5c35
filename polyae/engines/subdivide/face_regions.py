"""What a finished lattice says about regions: their neighbours, and a point in the middle of each face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.lattice import FACES, VERTICES, Counters, Lattice, Words
from polyae.predicates.jit import compiled

__all__ = ["inherit", "pair_up", "put_centres"]


@compiled
def pair_up(lattice: Lattice, counters: Counters, number: NDArray[np.int32]) -> NDArray[np.int32]:
    """Pairs of regions with a common facet, and the unit between them: array (e, 3).

    Parameters
    ----------
    number : array of int32, shape (faces,)
        Number of the region that a face is, or -1.
    """
    h, start, length, items = lattice.coordinates.shape[1], lattice.start, lattice.length, lattice.items
    facets = counters[VERTICES] if h == 1 else counters[FACES]
    unit = lattice.born if h == 1 else lattice.unit
    first = np.full(facets, -1, dtype=np.int32)
    second = np.full(facets, -1, dtype=np.int32)
    pairs = 0
    for f in range(counters[FACES]):
        if number[f] >= 0:
            for i in range(start[f], start[f] + length[f]):
                if first[items[i]] < 0:
                    first[items[i]] = number[f]
                else:
                    second[items[i]] = number[f]
                    pairs += 1
    result, at = np.empty((pairs, 3), dtype=np.int32), 0
    for g in range(facets):
        if second[g] >= 0:
            result[at, 0], result[at, 1] = min(first[g], second[g]), max(first[g], second[g])
            result[at, 2] = unit[g]
            at += 1
    return result


@compiled
def put_centres(lattice: Lattice, counters: Counters, centres: NDArray[np.float64]) -> None:
    """For every face a point of its relative interior, up to rounding: the mean of those of its boundary."""
    h, dim, start, length, items = (
        lattice.coordinates.shape[1], lattice.dim, lattice.start, lattice.length, lattice.items,
    )  # fmt: skip
    for k in range(1, h + 1):
        points = lattice.coordinates if k == 1 else centres
        for f in range(counters[FACES]):
            if dim[f] == k:
                for c in range(h):
                    total = 0.0
                    for i in range(start[f], start[f] + length[f]):
                        total += points[items[i], c]
                    centres[f, c] = total / length[f]


@compiled
def inherit(zero: Words, parents: NDArray[np.int32], known: int, count: int) -> None:
    """Units that vanish at vertices on edges: those that vanish at both ends."""
    for v in range(known, count):
        zero[v] = zero[parents[v, 0]] & zero[parents[v, 1]]
