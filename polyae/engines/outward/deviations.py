"""Nearest points of facets in the infinity-norm: least absolute deviations with constraints.

The dual program minimises ``f(w) = ‖w @ normals‖_1`` over multipliers w with ``w @ heights = -1``, nonnegative but for
the facet's own; every such w proves that the distance is at least 1 / f(w).  With few multipliers and many coordinates
this is the problem of Barrodale & Roberts (1973): at a corner r multipliers are not zero and r - 1 coordinates of the
gradient ``w @ normals`` are.  A step leaves one of these zeros, or lets a row in that is violated at the point so far,
and goes on over all kinks of f until f rises again.  Nothing but an r by r system is solved, in whatever dimension.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.outward.corners import Corner, first_signs, invert, new_corner, place_corner
from polyae.engines.outward.descending_edge import STILL, Edge, all_kinks, new_edge, off_a_zero, onto_a_row
from polyae.engines.outward.kinks import first_rise
from polyae.predicates.jit import compiled, proposal

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["FOUND", "OVER", "STUCK", "nearest_by_deviations"]

#: The nearest point was found; the distance reaches the limit; too many steps, or a singular system.
FOUND, OVER, STUCK = range(3)
#: Excess of a sign over 1, and violation of a row relative to its reach, that are taken for rounding.
EXCESS, VIOLATION = 1e-11, 1e-10
#: Most steps, and how many more for every row.
PATIENCE, PATIENCE_PER_ROW = 100, 20


@compiled
def _leaving(corner: Corner, r: int) -> int:
    """Place of the zero whose sign is farthest beyond 1; 0 if there is none."""
    worst, place = 1.0 + EXCESS, 0
    for z in range(1, r):
        if abs(corner.signs[corner.zeros[z]]) > worst:
            worst, place = abs(corner.signs[corner.zeros[z]]), z
    return place


@proposal
def _entering(normals: Float, heights: Float, count: int, corner: Corner, r: int, total: float) -> int:
    """Row that is violated most at ``signs / total``; -1 if there is none."""
    worst, entering = -VIOLATION, -1
    for j in range(count):
        value, size = 0.0, 0.0
        for c in range(len(corner.signs)):
            value += normals[j, c] * corner.signs[c]
            size += abs(normals[j, c])
        excess = (value + heights[j] * total) / max(size, 1e-300)
        if excess < worst:
            inside = False
            for a in range(r):
                inside |= corner.rows[a] == j
            if not inside:
                worst, entering = excess, j
    return entering


@compiled
def _begin(normals: Float, heights: Float, count: int, row: int, corner: Corner) -> int:
    """First corner: the facet's own row, and one more if its hyperplane goes through the centre; how many rows."""
    corner.rows[0], largest, lowest = row, 0.0, row
    for j in range(count):
        largest = max(largest, abs(heights[j]))
        if heights[j] < heights[lowest] and j != row:
            lowest = j
    if abs(heights[row]) > STILL * largest:
        return 1
    if lowest == row or heights[lowest] >= -VIOLATION * largest:
        return 0
    corner.rows[1] = lowest
    corner.zeros[1] = np.argmax(np.abs(normals[row]))
    return 2


@compiled
def _step(
    normals: Float, heights: Float, corner: Corner, r: int, leaving: int, entering: int, total: float, edge: Edge
) -> int:
    """Go down along an edge as far as it goes down, to another corner; how many rows it has, or 0 for failure.

    Parameters
    ----------
    leaving, entering : int
        Place of a zero, or if that is 0 a row.
    """
    if leaving:
        slope = off_a_zero(normals, corner, r, leaving, edge)
    else:
        slope = onto_a_row(normals, heights, corner, r, entering, total, edge)
    number = all_kinks(corner, r, edge)
    at = first_rise(edge.kinks, edge.rises, edge.names, number, slope)
    if at < 0:
        return 0
    for i in range(number):
        if edge.kinks[i] < edge.kinks[at]:
            corner.signs[edge.names[i]] *= -1.0
    if leaving:
        zero = corner.zeros[leaving]
        corner.signs[zero] = 1.0 if corner.signs[zero] > 0.0 else -1.0
    return _exchanged(corner, r, leaving, entering, edge.names[at], len(corner.signs))


@compiled
def _exchanged(corner: Corner, r: int, leaving: int, entering: int, name: int, n: int) -> int:
    """Put what the step ended at, a zero of the gradient or of a multiplier, in the place of what it began with."""
    if leaving and name < n:
        corner.zeros[leaving] = name
        return r
    if leaving:
        corner.rows[name - n], corner.zeros[leaving] = corner.rows[r - 1], corner.zeros[r - 1]
        return r - 1
    if name < n:
        corner.rows[r], corner.zeros[r] = entering, name
        return r + 1
    corner.rows[name - n] = entering
    return r


@compiled
def nearest_by_deviations(
    normals: Float, heights: Float, count: int, row: int, limit: float, weights: Float, point: Float
) -> int:
    """Propose multipliers and the nearest point in the infinity-norm; FOUND, OVER (the limit) or STUCK.

    Parameters
    ----------
    normals : array, shape (rows, n)
    heights : array, shape (rows,)
    count : int
        How many rows there are.
    row : int
        The one that vanishes.
    limit : float
    weights : array, shape (rows,)
        Receives the multipliers.
    point : array, shape (n,)
        Receives the point, if it was found.
    """
    n = normals.shape[1]
    most = min(count, n + 1)
    corner, edge = new_corner(most + 1, n), new_edge(most + 1, n)
    weights[:count], point[:] = 0.0, 0.0
    r = _begin(normals, heights, count, row, corner)
    if r == 0:
        return FOUND
    fresh = True
    for _ in range(PATIENCE + PATIENCE_PER_ROW * count):
        if r == 0 or r > most or not invert(normals, heights, corner, r):
            return STUCK
        if fresh:
            first_signs(normals, corner, r)
            fresh = False
        total = place_corner(normals, corner, r)
        for j in range(count):
            weights[j] = 0.0
        for a in range(r):
            weights[corner.rows[a]] = corner.multipliers[a] if a == 0 else max(0.0, corner.multipliers[a])
        if total <= 0.0 or total * limit <= 1.0:
            return OVER
        leaving, entering = _leaving(corner, r), -1
        if leaving == 0:
            entering = _entering(normals, heights, count, corner, r, total)
            if entering < 0:
                for c in range(n):
                    point[c] = corner.signs[c] / total
                return FOUND
        r = _step(normals, heights, corner, r, leaving, entering, total, edge)
    return STUCK
