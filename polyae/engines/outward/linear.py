"""Nearest points of facets in the 1- and the infinity-norm, by linear programs.

The dual program maximises ``-y @ heights`` over multipliers y with ``‖y @ normals‖_q <= 1``, 1/p + 1/q = 1,
nonnegative but for the facet's own; its start is known, and its own multipliers are the nearest point.  For p = inf
in many dimensions the last constraint is written ``y @ normals @ v <= 1`` for corners v of the unit ball, which are
added as they are violated (Kelley 1960); the multipliers μ of the corners make up the point ``Σ μ v``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.lp.simplex import FLOAT_TOLERANCE, optimum, pivot_to_optimum
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]

__all__ = ["nearest_by_program"]

#: In more dimensions the program for p = inf is solved by its corners.
FEW_DIMENSIONS = 64
#: Relative gap between point and multipliers at which the search ends, and the most corners it may take.
GAP, MOST_CORNERS = 1e-10, 400


@compiled
def _corner(gradient: Float, p: float, corner: Float) -> float:
    """Corner of the unit ball that is farthest along a gradient, and how far that is: its dual norm."""
    best, total = 0, 0.0
    for k in range(len(gradient)):
        corner[k] = 1.0 if gradient[k] >= 0.0 else -1.0
        total += abs(gradient[k])
        if abs(gradient[k]) > abs(gradient[best]):
            best = k
    if p == np.inf:
        return total
    side = corner[best]
    corner[:] = 0.0
    corner[best] = side
    return abs(gradient[best])


@compiled
def _add_corner(normals: Float, count: int, corner: Float, cuts: Float, used: int) -> None:
    """Values of all rows' gradients at a corner."""
    for j in range(count):
        total = 0.0
        for k in range(len(corner)):
            total += normals[j, k] * corner[k]
        cuts[used, j] = total


@compiled
def _solve(cuts: Float, used: int, heights: Float, count: int, row: int, bound: float) -> tuple[bool, Float, Float]:
    """Multipliers of the rows and of the corners so far; the objective is bounded, so that it has an optimum."""
    table = np.zeros((used + count + 1, count + 1))
    for i in range(used):
        for j in range(count):
            table[i, j] = -cuts[i, j]
        table[i, count] = 1.0
    top = used
    for j in range(count):
        if j != row:
            table[top, j] = 1.0
            top += 1
    for j in range(count):
        table[top, j], table[top + 1, j] = heights[j], -heights[j]
    table[top, count] = bound
    bounded, basic, nonbasic = pivot_to_optimum(table, FLOAT_TOLERANCE)
    y, multipliers = optimum(table, basic, nonbasic)
    for j in range(count):
        if j != row:
            y[j] = max(0.0, y[j])
    return bounded, y, multipliers


@compiled
def _largest(heights: Float, count: int) -> float:
    scale = 1e-300
    for j in range(count):
        scale = max(scale, abs(heights[j]))
    return scale


@compiled
def _whole_program(
    normals: Float, heights: Float, count: int, row: int, limit: float, p: float, weights: Float, point: Float
) -> bool:
    """The dual program with all its constraints, in y and, for p = inf, bounds of the gradient's entries."""
    n = normals.shape[1]
    extra = n if p == np.inf else 0
    width = count + extra
    scale = _largest(heights, count)
    table = np.zeros((2 * n + (1 if extra else 0) + count + 2, width + 1))
    for k in range(n):
        for j in range(count):
            table[2 * k, j], table[2 * k + 1, j] = -normals[j, k], normals[j, k]
        if extra:
            table[2 * k, count + k] = table[2 * k + 1, count + k] = 1.0
            table[2 * k, width] = table[2 * k + 1, width] = 1.0 / (n + 1)
        else:
            table[2 * k, width] = table[2 * k + 1, width] = 1.0
    top = 2 * n
    if extra:
        for k in range(n):
            table[top, count + k] = -1.0
        table[top, width] = 1.0 / (n + 1)
        top += 1
    for j in range(count):
        if j != row:
            table[top, j] = 1.0
            top += 1
    # The objective is bounded, so that an empty facet shows as a distance over the limit.
    bound = min(2.0 * limit / scale, 1e6)
    for j in range(count):
        table[top, j], table[top + 1, j] = heights[j] / scale, -heights[j] / scale
    table[top, width] = bound
    table = table[: top + 2]
    bounded, basic, nonbasic = pivot_to_optimum(table, FLOAT_TOLERANCE)
    if not bounded:
        return False
    proposal, multipliers = optimum(table, basic, nonbasic)
    for j in range(count):
        weights[j] = proposal[j] if j == row else max(0.0, proposal[j])
    for k in range(n):
        point[k] = scale * (multipliers[2 * k] - multipliers[2 * k + 1])
    return bool(table[top + 1, width] * scale < min(limit, 0.99 * bound * scale))


@compiled
def _few_corners(
    normals: Float, heights: Float, count: int, row: int, limit: float, p: float, weights: Float, point: Float
) -> bool:
    """The dual program with the corners that matter, as they are violated."""
    n = normals.shape[1]
    scale = _largest(heights, count)
    scaled = heights[:count] / scale
    bound = min(2.0 * limit / scale, 1e6)
    corners, cuts = np.empty((MOST_CORNERS, n)), np.empty((MOST_CORNERS, count))
    gradient = np.empty(n)
    used = 0
    for side in range(2):
        for k in range(n):
            gradient[k] = normals[row, k] * (1.0 - 2.0 * side)
        _corner(gradient, p, corners[used])
        _add_corner(normals, count, corners[used], cuts, used)
        used += 1
    while used < MOST_CORNERS:
        bounded, y, multipliers = _solve(cuts, used, scaled, count, row, bound)
        if not bounded:
            return False
        gradient[:] = 0.0
        depth, high = 0.0, 0.0
        for j in range(count):
            weights[j] = y[j]
            depth -= y[j] * scaled[j]
            for k in range(n):
                gradient[k] += y[j] * normals[j, k]
        for i in range(used):
            high += multipliers[i]
        size = _corner(gradient, p, corners[used])
        low = depth / max(size, 1e-300)
        if low * scale >= limit:
            return False
        if high - low <= GAP * high:
            break
        _add_corner(normals, count, corners[used], cuts, used)
        used += 1
    point[:] = 0.0
    for i in range(used):
        if multipliers[i] > 0.0:
            for k in range(n):
                point[k] += scale * multipliers[i] * corners[i, k]
    return bool(high * scale < limit and depth < 0.99 * bound)


@compiled
def nearest_by_program(
    normals: Float, heights: Float, count: int, row: int, limit: float, p: float, weights: Float, point: Float
) -> bool:
    """Propose multipliers and the nearest point; False if the distance is over the limit, or was not found.

    Parameters
    ----------
    normals : array, shape (rows, n)
    heights : array, shape (rows,)
    count : int
        How many rows there are.
    row : int
        The one that vanishes.
    limit : float
    p : {1, inf}
    weights : array, shape (rows,)
        Receives the multipliers.
    point : array, shape (n,)
        Receives the point.
    """
    if p == 1.0 or normals.shape[1] <= FEW_DIMENSIONS:
        return _whole_program(normals, heights, count, row, limit, p, weights, point)
    return _few_corners(normals, heights, count, row, limit, p, weights, point)
