"""Regions and facets of a finished planar mesh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.planar.mesh import (
    HALF_EDGES,
    LINE,
    NEXT,
    REGIONS,
    TAIL,
    TWIN,
    Counters,
    Index,
    PlanarMesh,
)
from polyae.predicates.jit import compiled, inlined
from polyae.tolerances import SAFETY, UNDERFLOW, UNIT_ROUNDOFF

Float = NDArray[np.float64]

__all__ = ["count_edges", "read_edges", "read_facets", "read_witnesses"]


@compiled
def count_edges(mesh: PlanarMesh, counters: Counters) -> tuple[int, int]:
    """Numbers of edges, and of facets between regions."""
    half_edges, edges, facets = mesh.half_edges, 0, 0
    for h in range(counters[HALF_EDGES]):
        edges += 1 if half_edges[h, TWIN] < h else 0
        facets += 1 if 0 <= half_edges[h, TWIN] < h else 0
    return edges, facets


@compiled
def read_facets(mesh: PlanarMesh, counters: Counters, facets: Index, units: Index) -> None:
    """The two regions of every facet, and the unit between them, as of the last call of ``name_sides``."""
    half_edges, side, number = mesh.half_edges, mesh.side, 0
    for h in range(counters[HALF_EDGES]):
        twin = half_edges[h, TWIN]
        if 0 <= twin < h:
            facets[number, 0], facets[number, 1] = side[h], side[twin]
            units[number] = half_edges[h, LINE]
            number += 1


@compiled
def read_edges(mesh: PlanarMesh, counters: Counters, ends: Index) -> None:
    """The two vertices of every edge."""
    half_edges, number = mesh.half_edges, 0
    for h in range(counters[HALF_EDGES]):
        if half_edges[h, TWIN] < h:
            ends[number, 0], ends[number, 1] = half_edges[h, TAIL], half_edges[half_edges[h, NEXT], TAIL]
            number += 1


@inlined
def _turns_left(ax: float, ay: float, far_a: float, bx: float, by: float, far_b: float) -> bool:
    """Whether b is certainly to the left of a, seen from the origin; both are known to within bounds."""
    left, right = ax * by, ay * bx
    size_a, size_b = abs(ax) + abs(ay), abs(bx) + abs(by)
    slack = far_a * size_b + far_b * size_a + 2 * far_a * far_b + 4 * UNIT_ROUNDOFF * (abs(left) + abs(right))
    return left - right > slack * SAFETY + UNDERFLOW


@compiled
def read_witnesses(mesh: PlanarMesh, counters: Counters, witnesses: Float, proved: NDArray[np.bool_]) -> None:
    """The mean of the vertices of every region, and whether it is certainly inside.

    A region is the convex polygon of its exact vertices, so a point is inside if it is to the left of all its edges.
    """
    half_edges, first, coordinates, far = mesh.half_edges, mesh.first, mesh.coordinates, mesh.position_error
    for r in range(counters[REGIONS]):
        start = first[r]
        h, more, count, x, y = start, True, 0, 0.0, 0.0
        while more:
            v = half_edges[h, TAIL]
            x += coordinates[v, 0]
            y += coordinates[v, 1]
            count += 1
            h = half_edges[h, NEXT]
            more = h != start
        x, y = x / count, y / count
        v = half_edges[start, TAIL]
        ax, ay = coordinates[v, 0] - x, coordinates[v, 1] - y
        far_a = far[v] + 2 * UNIT_ROUNDOFF * (abs(ax) + abs(ay))
        inside, more = True, True
        while more:
            h = half_edges[h, NEXT]
            v = half_edges[h, TAIL]
            bx, by = coordinates[v, 0] - x, coordinates[v, 1] - y
            far_b = far[v] + 2 * UNIT_ROUNDOFF * (abs(bx) + abs(by))
            inside &= _turns_left(ax, ay, far_a, bx, by, far_b)
            ax, ay, far_a, more = bx, by, far_b, h != start
        witnesses[r, 0], witnesses[r, 1], proved[r] = x, y, inside
