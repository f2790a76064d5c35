"""Edges in order, each sorted as one number that holds its two regions and its unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.jit import compiled

Int = NDArray[np.int32]
Keys = NDArray[np.int64]

__all__ = ["sort_edges", "unique_edges"]


def sort_edges(edges: Int, units: Int, regions: int) -> None:
    """Sort by first region, second region and unit, in place.

    Parameters
    ----------
    edges : array of int32, shape (e, 2)
        Two regions each, the lower one first.
    units : array of int32, shape (e,)
    regions : int
        Their number, which all of `edges` are below.
    """
    of_unit, of_region = int(units.max(initial=0)).bit_length(), regions.bit_length()
    if 2 * of_region + of_unit >= 64:
        order = np.lexsort((units, edges[:, 1], edges[:, 0]))
        edges[:], units[:] = edges[order], units[order]
        return
    keys = _edge_keys(edges, units, of_region, of_unit)
    keys.sort()
    _read_edge_keys(keys, of_region, of_unit, edges, units)


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


@compiled
def _edge_keys(edges: Int, units: Int, of_region: int, of_unit: int) -> Keys:
    keys = np.empty(len(edges), dtype=np.int64)
    for e in range(len(edges)):
        keys[e] = (((np.int64(edges[e, 0]) << of_region) | edges[e, 1]) << of_unit) | units[e]
    return keys


@compiled
def _read_edge_keys(keys: Keys, of_region: int, of_unit: int, edges: Int, units: Int) -> None:
    for e in range(len(keys)):
        pair = keys[e] >> of_unit
        units[e] = keys[e] & ((1 << of_unit) - 1)
        edges[e, 0], edges[e, 1] = pair >> of_region, pair & ((1 << of_region) - 1)
