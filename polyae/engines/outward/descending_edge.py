"""Edges on which the sum of least absolute deviations falls from a corner, and its kinks there.

See :mod:`polyae.engines.outward.deviations`: f is convex and piecewise linear, and along an edge it changes its slope
where a coordinate of the gradient vanishes, or a multiplier, which goes no farther.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.outward.corners import Corner, combined
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["STILL", "Edge", "all_kinks", "new_edge", "off_a_zero", "onto_a_row"]

#: Changes of a multiplier or of the gradient that are taken for rounding, relative to the largest one.
STILL = 1e-12


class Edge(NamedTuple):
    """A way down from a corner.

    Attributes
    ----------
    ways : array
        Changes of the multipliers.
    change : array, shape (n,)
        Change of the gradient.
    kinks, rises, names : arrays
        Where f has a kink on the way, how much steeper it is behind, and what vanishes there: a coordinate of the
        gradient, or n and the place of a multiplier, which goes no farther.
    """

    ways: Float
    change: Float
    kinks: Float
    rises: Float
    names: Int


@compiled
def new_edge(most: int, dim: int) -> Edge:
    """Room for the edges from corners with so many multipliers at most."""
    size = dim + most
    return Edge(np.zeros(most), np.zeros(dim), np.zeros(size), np.zeros(size), np.zeros(size, dtype=np.int64))


@compiled
def off_a_zero(normals: Float, corner: Corner, r: int, leaving: int, edge: Edge) -> float:
    """Edge on which a zero of the gradient takes the sign that it should have; how steep f is on it."""
    sign = corner.signs[corner.zeros[leaving]]
    for a in range(r):
        edge.ways[a] = corner.inverse[a, leaving] if sign > 0.0 else -corner.inverse[a, leaving]
    combined(normals, corner, r, edge.ways, edge.change)
    return 1.0 - abs(sign)


@compiled
def onto_a_row(
    normals: Float, heights: Float, corner: Corner, r: int, entering: int, total: float, edge: Edge
) -> float:
    """Edge on which the multiplier of one more row grows; how steep f is on it."""
    slope = heights[entering] * total
    for c in range(len(corner.signs)):
        slope += normals[entering, c] * corner.signs[c]
    for a in range(r):
        edge.ways[a] = -corner.inverse[a, 0] * heights[entering]
        for z in range(1, r):
            edge.ways[a] -= corner.inverse[a, z] * normals[entering, corner.zeros[z]]
    combined(normals, corner, r, edge.ways, edge.change)
    edge.change[:] += normals[entering]
    return slope


@compiled
def all_kinks(corner: Corner, r: int, edge: Edge) -> int:
    """Find the kinks on an edge; how many there are."""
    n, number, fastest, widest = len(corner.signs), 0, 0.0, 0.0
    for z in range(1, r):
        edge.change[corner.zeros[z]] = 0.0
    for c in range(n):
        fastest = max(fastest, abs(edge.change[c]))
    for c in range(n):
        if corner.signs[c] * edge.change[c] < -STILL * fastest:
            edge.kinks[number] = max(0.0, -corner.gradient[c] / edge.change[c])
            edge.rises[number], edge.names[number] = 2.0 * abs(edge.change[c]), c
            number += 1
    for a in range(r):
        widest = max(widest, abs(edge.ways[a]))
    for a in range(1, r):
        if edge.ways[a] < -STILL * widest:
            edge.kinks[number] = max(0.0, -corner.multipliers[a] / edge.ways[a])
            edge.rises[number], edge.names[number] = np.inf, n + a
            number += 1
    return number
