"""Rays from a point inside a cell: the first row that one meets is a facet, and points beside it prove it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.jit import proposal

Float = NDArray[np.float64]

__all__ = ["shoot", "values_at"]


@proposal
def values_at(rows: Float, m: int, point: Float, values: Float) -> None:
    """Values of m rows at a point."""
    h = len(point)
    for i in range(m):
        values[i] = rows[h, i]
    for c in range(h):
        line, x = rows[c], point[c]
        for i in range(m):
            values[i] += line[i] * x


@proposal
def shoot(rows: Float, m: int, reciprocals: Float, direction: Float, nearness: Float) -> tuple[int, float, float]:
    """First row that a ray meets (-1: none), and the steps to it and to the second (infinite: none).

    `reciprocals` are those of the rows' values where the ray starts; reciprocal steps are compared, which saves
    divisions.
    """
    x = direction[0]
    for i in range(m):
        nearness[i] = rows[0, i] * x
    for c in range(1, len(direction)):
        line, x = rows[c], direction[c]
        for i in range(m):
            nearness[i] += line[i] * x
    best, second, first = 0.0, 0.0, -1
    for i in range(m):
        nearness[i] *= -reciprocals[i]
        best = max(best, nearness[i])
    for i in range(m):
        first = max(first, i if nearness[i] == best else -1)
        second = max(second, nearness[i] if nearness[i] < best else 0.0)
    if best == 0.0:
        return -1, np.inf, np.inf
    return first, 1.0 / best, 1.0 / second if second > 0.0 else np.inf
