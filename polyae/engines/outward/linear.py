"""Nearest points of facets in the 1-norm, by linear programs.

The dual program maximises ``-y @ heights`` over multipliers y with ``|y @ normals| <= 1`` in every coordinate,
nonnegative but for the facet's own; its start is known, and its own multipliers are the nearest point.

In many dimensions few rows matter: the program is solved for the facet's own row first, then the row that is violated
most at the nearest point is added, and so on.  The constraint of these few multipliers is written
``y @ normals @ v <= 1`` for corners v of the unit ball, which are added as they are violated (Kelley 1960); the
multipliers μ of the corners make up the point ``Σ μ v``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.outward.rows import dual_norm
from polyae.lp.simplex import FLOAT_TOLERANCE, optimum, pivot_to_optimum
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["nearest_by_program"]

#: In more dimensions the program is solved by the rows and corners that matter.
FEW_DIMENSIONS = 64
#: Relative gap between point and multipliers at which the search ends, and the most corners it may take.
GAP, MOST_CORNERS = 1e-10, 400


@compiled
def _corner(gradient: Float, corner: Float) -> float:
    """Corner of the unit ball that is farthest along a gradient, and how far that is: its dual norm."""
    best = np.argmax(np.abs(gradient))
    corner[:] = 0.0
    corner[best] = 1.0 if gradient[best] >= 0.0 else -1.0
    return abs(gradient[best])


@compiled
def _product(a: Float, b: Float) -> float:
    total = 0.0
    for k in range(len(a)):
        total += a[k] * b[k]
    return total


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
    normals: Float, heights: Float, count: int, row: int, limit: float, weights: Float, point: Float
) -> bool:
    """The dual program with all its constraints."""
    n, scale = normals.shape[1], _largest(heights, count)
    table = np.zeros((2 * n + count + 1, count + 1))
    for k in range(n):
        for j in range(count):
            table[2 * k, j], table[2 * k + 1, j] = -normals[j, k], normals[j, k]
        table[2 * k, count] = table[2 * k + 1, count] = 1.0
    top = 2 * n
    for j in range(count):
        if j != row:
            table[top, j] = 1.0
            top += 1
    # The objective is bounded, so that an empty facet shows as a distance over the limit.
    bound = min(2.0 * limit / scale, 1e6)
    for j in range(count):
        table[top, j], table[top + 1, j] = heights[j] / scale, -heights[j] / scale
    table[top, count] = bound
    bounded, basic, nonbasic = pivot_to_optimum(table, FLOAT_TOLERANCE)
    if not bounded:
        return False
    proposal, multipliers = optimum(table, basic, nonbasic)
    for j in range(count):
        weights[j] = proposal[j] if j == row else max(0.0, proposal[j])
    for k in range(n):
        point[k] = scale * (multipliers[2 * k] - multipliers[2 * k + 1])
    return bool(table[top + 1, count] * scale < min(limit, 0.99 * bound * scale))


@compiled
def _by_corners(
    normals: Float, heights: Float, active: Int, k: int, limit: float, bound: float, corners: Float,
    cuts: Float, state: Int, y: Float, gradient: Float, point: Float,
) -> float:  # fmt: skip
    """The dual program of k active rows with the corners that matter, as they are violated; its value, or infinity.

    Parameters
    ----------
    heights : array, shape (rows,)
        Scaled to at most 1.
    active : array of int, shape (rows,)
        The facet's own row first.
    corners, cuts : arrays, shape (MOST_CORNERS, n), (MOST_CORNERS, rows)
        Corners, and values of the active rows' gradients at them.
    state : array of int, shape (1,)
        How many corners there are.
    y, gradient, point : arrays, shape (rows,), (n,), (n,)
        Receive multipliers, their combination of normals, and the point.
    """
    n, own = len(point), np.empty(k)
    for a in range(k):
        own[a] = heights[active[a]]
    while state[0] < MOST_CORNERS:
        used = state[0]
        bounded, best, multipliers = _solve(cuts, used, own, k, 0, bound)
        if not bounded:
            return np.inf
        gradient[:] = 0.0
        depth, high = 0.0, 0.0
        for a in range(k):
            y[a] = best[a]
            depth -= y[a] * own[a]
            if y[a] != 0.0:
                for c in range(n):
                    gradient[c] += y[a] * normals[active[a], c]
        for i in range(used):
            high += multipliers[i]
        low = depth / max(_corner(gradient, corners[used]), 1e-300)
        if low >= limit:
            return np.inf
        if depth < 0.99 * bound and high - low <= GAP * high:
            point[:] = 0.0
            for i in range(used):
                if multipliers[i] > 0.0:
                    for c in range(n):
                        point[c] += multipliers[i] * corners[i, c]
            return high
        for a in range(k):
            cuts[used, a] = _product(normals[active[a]], corners[used])
        state[0] += 1
    return np.inf


@compiled
def _few_rows(normals: Float, heights: Float, count: int, row: int, limit: float, weights: Float, point: Float) -> bool:
    """The dual program with the rows that matter, as they are violated at the nearest point of those before."""
    n, scale = normals.shape[1], _largest(heights, count)
    bound = min(2.0 * limit / scale, 1e6)
    corners, cuts = np.empty((MOST_CORNERS, n)), np.empty((MOST_CORNERS, count))
    scaled, sizes, entered = np.empty(count), np.empty(count), np.zeros(count)
    for j in range(count):
        scaled[j], sizes[j] = heights[j] / scale, dual_norm(normals[j], 1.0)
    gradient, y, place = np.empty(n), np.zeros(count), np.empty(n)
    active, state = np.zeros(count, dtype=np.int64), np.zeros(1, dtype=np.int64)
    for side in range(2):
        for c in range(n):
            gradient[c] = normals[row, c] * (1.0 - 2.0 * side)
        _corner(gradient, corners[side])
        cuts[side, 0] = _product(normals[row], corners[side])
    active[0], entered[row], state[0], k = row, 1.0, 2, 1
    while True:
        high = _by_corners(normals, scaled, active, k, limit / scale, bound, corners, cuts, state, y, gradient, place)
        for a in range(k):
            weights[active[a]] = y[a]
        if high * scale >= limit:
            return False
        worst, entering = -GAP, -1
        for j in range(count):
            excess = (scaled[j] + _product(normals[j], place)) / max(sizes[j] * high, 1e-300)
            if excess < worst and entered[j] == 0.0:
                worst, entering = excess, j
        if entering < 0:
            for c in range(n):
                point[c] = scale * place[c]
            return True
        active[k], entered[entering] = entering, 1.0
        for i in range(state[0]):
            cuts[i, k] = _product(normals[entering], corners[i])
        k += 1


@compiled
def nearest_by_program(
    normals: Float, heights: Float, count: int, row: int, limit: float, weights: Float, point: Float
) -> bool:
    """Propose multipliers and the nearest point in the 1-norm; False if it is over the limit, or was not found.

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
        Receives the point.
    """
    if normals.shape[1] <= FEW_DIMENSIONS:
        return _whole_program(normals, heights, count, row, limit, weights, point)
    return _few_rows(normals, heights, count, row, limit, weights, point)
