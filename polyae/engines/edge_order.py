"""Edges in order: those of each first region in a place of their own, sorted there by second region and unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.jit import compiled, inlined

Int = NDArray[np.int32]

__all__ = ["edges_in_order", "sort_edges", "unique_edges"]

#: Edges of a region that are sorted by insertion.
FEW = 8


@compiled
def edges_in_order(edges: Int, units: Int) -> bool:
    """Whether the lower region comes first in all edges, and they are sorted by regions and unit."""
    last, last_unit = np.int64(-1), -1
    for e in range(len(edges)):
        i, j = edges[e, 0], edges[e, 1]
        pair = np.int64(i) << 32 | j
        if i > j or pair < last or (pair == last and units[e] < last_unit):
            return False
        last, last_unit = pair, units[e]
    return True


@compiled
def sort_edges(edges: Int, units: Int, regions: int) -> None:
    """Put the lower region of every edge first and sort by first region, second region and unit, in place.

    Parameters
    ----------
    edges : array of int32, shape (e, 2)
        Two regions each.
    units : array of int32, shape (e,)
    regions : int
        Their number, which all of `edges` are below.
    """
    start = np.zeros(regions + 1, dtype=np.int64)
    for e in range(len(edges)):
        start[min(edges[e, 0], edges[e, 1]) + 1] += 1
    for i in range(regions):
        start[i + 1] += start[i]
    keys = np.empty(len(edges), dtype=np.int64)
    for e in range(len(edges)):
        i, j = min(edges[e, 0], edges[e, 1]), max(edges[e, 0], edges[e, 1])
        keys[start[i]] = np.int64(j) << 32 | units[e]
        start[i] += 1  # in the end where the next region starts
    first = 0
    for i in range(regions):
        if start[i] - first > FEW:
            _sort(keys, first, start[i])
        else:
            _insert(keys, first, start[i], 1)
        for e in range(first, start[i]):
            edges[e, 0], edges[e, 1], units[e] = i, keys[e] >> 32, keys[e] & 0xFFFFFFFF
        first = start[i]


@compiled
def _sort(keys: NDArray[np.int64], start: int, stop: int) -> None:
    """Sort a part by insertion over shrinking gaps (Shell 1959)."""
    gap = 1
    while 9 * gap < stop - start:
        gap = 3 * gap + 1
    while gap > 0:
        _insert(keys, start, stop, gap)
        gap //= 3


@inlined
def _insert(keys: NDArray[np.int64], start: int, stop: int, gap: int) -> None:
    """Sort what is a gap apart by insertion."""
    for i in range(start + gap, stop):
        key, at = keys[i], i
        while at >= start + gap and keys[at - gap] > key:
            keys[at] = keys[at - gap]
            at -= gap
        keys[at] = key


def unique_edges(edges: Int, units: Int, regions: int) -> int:
    """Sort edges and move the different pairs to the front, each with its lowest unit; returns their number."""
    sort_edges(edges, units, regions)
    return int(_drop_repeats(edges, units))


@compiled
def _drop_repeats(edges: Int, units: Int) -> int:
    count = 0
    for e in range(len(edges)):
        if e == 0 or edges[e, 0] != edges[count - 1, 0] or edges[e, 1] != edges[count - 1, 1]:
            edges[count], units[count] = edges[e], units[e]
            count += 1
    return count
