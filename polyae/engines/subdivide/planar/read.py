"""Regions, facets and edges of a finished planar mesh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.planar.mesh import (
    FIELDS,
    LINE,
    LINKS,
    NEXT,
    NONE,
    TAIL,
    TWIN,
    Counters,
    Index,
    Links,
    PlanarMesh,
)
from polyae.predicates.jit import borrowing
from polyae.tolerances import SAFETY, UNDERFLOW, UNIT_ROUNDOFF

Float = NDArray[np.float64]

__all__ = ["read_edges", "read_regions"]


@borrowing
def read_edges(mesh: PlanarMesh, counters: Counters, ends: Index) -> None:
    """The two vertices of every edge."""
    links, number = mesh.links, 0
    for h in range(0, counters[LINKS], FIELDS):
        if links[h + TWIN] == NONE or links[h + TWIN] < h:
            ends[number, 0], ends[number, 1] = links[h + TAIL], links[links[h + NEXT] + TAIL]
            number += 1


@borrowing
def _turns_left(ax: float, ay: float, far_a: float, bx: float, by: float, far_b: float) -> bool:
    """Whether b is certainly to the left of a, seen from the origin; both are known to within bounds."""
    left, right = ax * by, ay * bx
    size_a, size_b = abs(ax) + abs(ay), abs(bx) + abs(by)
    slack = far_a * size_b + far_b * size_a + 2 * far_a * far_b + 4 * UNIT_ROUNDOFF * (abs(left) + abs(right))
    return left - right > slack * SAFETY + UNDERFLOW


@borrowing
def _is_inside(links: Links, coordinates: Float, far: Float, start: int, x: float, y: float) -> bool:
    """Whether a point is certainly to the left of all edges of a region, the convex polygon of its exact vertices."""
    v = links[start + TAIL]
    ax, ay = coordinates[v, 0] - x, coordinates[v, 1] - y
    far_a, inside, h = far[v] + 2 * UNIT_ROUNDOFF * (abs(ax) + abs(ay)), True, start
    while True:
        h = links[h + NEXT]
        v = links[h + TAIL]
        bx, by = coordinates[v, 0] - x, coordinates[v, 1] - y
        far_b = far[v] + 2 * UNIT_ROUNDOFF * (abs(bx) + abs(by))
        inside &= _turns_left(ax, ay, far_a, bx, by, far_b)
        if h == start:
            return inside
        ax, ay, far_a = bx, by, far_b


@borrowing
def _insert(pairs: Index, units: Index, start: int, stop: int, other: int, unit: int) -> None:
    """Put a facet to the region with the number `other` into a sorted list."""
    at = stop
    while at > start and pairs[at - 1, 1] > other:
        pairs[at, 1], units[at] = pairs[at - 1, 1], units[at - 1]
        at -= 1
    pairs[at, 1], units[at] = other, unit


@borrowing
def read_regions(
    mesh: PlanarMesh, regions: Index, witnesses: Float, proved: NDArray[np.bool_], pairs: Index, units: Index
) -> int:
    """The mean of the vertices of every region, whether it is certainly inside, and the facets between regions.

    Parameters
    ----------
    regions : array of int32, shape (n,)
        As they were given to :func:`polyae.engines.subdivide.planar.mesh.name_sides`.
    witnesses, proved, pairs, units : arrays
        Written: shapes (n, 2), (n,), (f, 2) and (f,), facets sorted by their regions.

    Returns
    -------
    int
        Number of the facets.
    """
    links, first, side = mesh.links, mesh.first, mesh.side
    coordinates, far, facets = mesh.coordinates, mesh.position_error, 0
    for i in range(len(regions)):
        start, x, y, begin, count = first[regions[i]], 0.0, 0.0, facets, 0
        h = start
        while True:
            v, twin = links[h + TAIL], links[h + TWIN]
            x += coordinates[v, 0]
            y += coordinates[v, 1]
            count += 1
            other = side[twin >> 2] if twin != NONE else -1
            if other > i:
                pairs[facets, 0] = i
                _insert(pairs, units, begin, facets, other, links[h + LINE])
                facets += 1
            h = links[h + NEXT]
            if h == start:
                break
        x, y = x / count, y / count
        witnesses[i, 0], witnesses[i, 1] = x, y
        proved[i] = _is_inside(links, coordinates, far, start, x, y)
    return facets
