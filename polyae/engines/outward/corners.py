"""Corners of the least-deviations program of a facet, and the small systems behind them; see ``deviations``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.jit import compiled, proposal

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Corner", "combined", "first_signs", "invert", "new_corner", "place_corner"]

#: Least pivot of a system, relative to its largest entry.
LEAST_PIVOT = 1e-13


class Corner(NamedTuple):
    """A corner and the system behind it.

    Attributes
    ----------
    rows, zeros : arrays of int
        Rows whose multipliers may differ from 0, the facet's own first; coordinates at which the gradient vanishes,
        from the second place on.
    inverse : array, shape (r, r)
        Of the system whose first equation says ``w @ heights``, and the others the gradient at the zeros.
    multipliers : array
    gradient, signs : arrays, shape (n,)
        Signs are those of the gradient, at the zeros between -1 and 1.
    """

    rows: Int
    zeros: Int
    inverse: Float
    multipliers: Float
    gradient: Float
    signs: Float


@compiled
def invert(normals: Float, heights: Float, corner: Corner, r: int) -> bool:
    """Gauss-Jordan elimination with partial pivoting; False if the system is singular."""
    table = np.zeros((r, 2 * r))
    largest = 0.0
    for a in range(r):
        table[0, a] = heights[corner.rows[a]]
        for z in range(1, r):
            table[z, a] = normals[corner.rows[a], corner.zeros[z]]
        table[a, r + a] = 1.0
    for z in range(r):
        for a in range(r):
            largest = max(largest, abs(table[z, a]))
    for a in range(r):
        best = a
        for z in range(a + 1, r):
            if abs(table[z, a]) > abs(table[best, a]):
                best = z
        pivot = table[best, a]
        if not abs(pivot) > LEAST_PIVOT * largest:
            return False
        for b in range(2 * r):
            chosen = table[best, b]
            table[best, b] = table[a, b]
            table[a, b] = chosen / pivot
        for z in range(r):
            factor = table[z, a]
            if z != a and factor != 0.0:
                for b in range(2 * r):
                    table[z, b] -= factor * table[a, b]
    corner.inverse[:r, :r] = table[:, r:]
    return True


@proposal
def combined(normals: Float, corner: Corner, r: int, multipliers: Float, gradient: Float) -> None:
    """Combination of the corner's rows with some multipliers, into `gradient`."""
    gradient[:] = 0.0
    for a in range(r):
        weight = multipliers[a]
        if weight != 0.0:
            for c in range(len(gradient)):
                gradient[c] += weight * normals[corner.rows[a], c]


@compiled
def first_signs(normals: Float, corner: Corner, r: int) -> None:
    """Signs of the first gradient."""
    for a in range(r):
        corner.multipliers[a] = -corner.inverse[a, 0]
    combined(normals, corner, r, corner.multipliers, corner.gradient)
    for c in range(len(corner.signs)):
        corner.signs[c] = 1.0 if corner.gradient[c] >= 0.0 else -1.0


@proposal
def place_corner(normals: Float, corner: Corner, r: int) -> float:
    """Multipliers, gradient, and the signs at its zeros; the sum of its absolute values."""
    for a in range(r):
        corner.multipliers[a] = -corner.inverse[a, 0]
    combined(normals, corner, r, corner.multipliers, corner.gradient)
    for z in range(1, r):
        corner.gradient[corner.zeros[z]] = corner.signs[corner.zeros[z]] = 0.0
    rest, total = np.zeros(r), 0.0
    for c in range(len(corner.signs)):
        total += abs(corner.gradient[c])
    for a in range(r):
        for c in range(len(corner.signs)):
            rest[a] -= corner.signs[c] * normals[corner.rows[a], c]
    for z in range(1, r):
        sign = 0.0
        for a in range(r):
            sign += rest[a] * corner.inverse[a, z]
        corner.signs[corner.zeros[z]] = sign
    return total


@compiled
def new_corner(most: int, dim: int) -> Corner:
    """Work space for so many rows in so many coordinates."""
    return Corner(
        np.zeros(most, dtype=np.int64), np.zeros(most, dtype=np.int64), np.zeros((most, most)), np.zeros(most),
        np.zeros(dim), np.ones(dim),
    )  # fmt: skip
