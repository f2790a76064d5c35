"""Nearest points of facets in the 1- and the infinity-norm, by a linear program, compiled.

The dual program is solved, whose start is known: maximise ``-y @ heights`` over multipliers y with
``‖y @ normals‖_q <= 1``, 1/p + 1/q = 1, nonnegative but for the facet's own.  Its multipliers in turn are
the nearest point.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.lp.simplex import FLOAT_TOLERANCE, optimum, pivot_to_optimum
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]

__all__ = ["nearest_by_program"]


@compiled
def nearest_by_program(
    normals: Float, heights: Float, count: int, row: int, limit: float, p: float, weights: Float, point: Float
) -> bool:
    """Propose multipliers and the nearest point; False if the distance is over the limit.

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
    n = normals.shape[1]
    extra = n if p == np.inf else 0
    width = count + extra
    scale = max(1e-300, np.abs(heights[:count]).max())
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
