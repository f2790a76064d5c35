"""A small dense simplex method from a feasible start, one source for two arithmetics.

On float64 arrays it runs compiled; on object arrays of ``fmpq`` the same function is exact.  The rule
of steepest coefficient is followed by Bland's (1977) after a while, so that it always ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from polyae.predicates.jit import compiled

Float = NDArray[np.float64]

__all__ = ["FLOAT_TOLERANCE", "ExactOptimum", "for_kernel", "maximise_exactly", "optimum", "pivot_to_optimum"]

#: Coefficients below this count as zero in float64; rows and variables are scaled to about 1 before.
FLOAT_TOLERANCE = 1e-13


def _pivot_to_optimum(table: Any, tolerance: Any) -> Any:
    """Pivot a dictionary to its optimum, in place.

    Variables 0..d-1 are free coordinates and d + j is the slack of row j.

    Parameters
    ----------
    table : array, shape (m + 1, d + 1)
        Rows ``a @ x + b`` with b >= 0, kept nonnegative; the last one is the objective.
    tolerance : number
        0 in exact arithmetic.

    Returns
    -------
    bounded : bool
    basic : array of int, shape (m,)
        Variable of each row.
    nonbasic : array of int, shape (d,)
        Variable of each column.
    """
    m, d = table.shape[0] - 1, table.shape[1] - 1
    basic, nonbasic = np.arange(d, d + m), np.arange(d)
    for step in range(1 << 20):
        careful = step > 8 * (m + d)
        k = -1
        for c in range(d):
            if not (table[m, c] > tolerance or (nonbasic[c] < d and -table[m, c] > tolerance)):
                continue
            if k < 0 or (nonbasic[c] < nonbasic[k] if careful else abs(table[m, c]) > abs(table[m, k])):
                k = c
        if k < 0:
            break
        if table[m, k] < 0:  # a free variable moves down: turn its column round and back
            table[:, k] = -table[:, k]
            turned = True
        else:
            turned = False
        i = -1
        for r in range(m):
            if basic[r] >= d and -table[r, k] > tolerance:
                if i < 0:
                    i = r
                    continue
                left, right = table[r, d] * -table[i, k], table[i, d] * -table[r, k]
                tie = basic[r] < basic[i] if careful else -table[r, k] > -table[i, k]
                if left < right or (left == right and tie):
                    i = r
        if turned:
            table[:, k] = -table[:, k]
        if i < 0:
            return False, basic, nonbasic
        pivot = table[i, k]
        solved = table[i] / -pivot
        solved[k] = 1 / pivot
        for r in range(m + 1):
            if r != i:
                factor = table[r, k]
                table[r, k] = 0 * factor
                table[r] += factor * solved
        table[i] = solved
        basic[i], nonbasic[k] = nonbasic[k], basic[i]
    return True, basic, nonbasic


#: The compiled function, for float64.
pivot_to_optimum = compiled(_pivot_to_optimum)


def for_kernel(*arrays: NDArray[Any]) -> list[NDArray[Any]]:
    """Arrays as compiled code takes them, contiguous and writable: one type, one compilation."""
    return [np.require(a, requirements=["C", "W"]) for a in arrays]


@compiled
def optimum(table, basic, nonbasic):  # type: ignore[no-untyped-def]
    """Coordinates (d,) at the optimum of a float64 dictionary, and the rows' multipliers (m,)."""
    m, d = table.shape[0] - 1, table.shape[1] - 1
    point, multipliers = np.zeros(d), np.zeros(m)
    for r in range(m):
        if basic[r] < d:
            point[basic[r]] = table[r, d]
    for c in range(d):
        if nonbasic[c] >= d:
            multipliers[nonbasic[c] - d] = max(0.0, -table[m, c])
    return point, multipliers


@dataclass(frozen=True)
class ExactOptimum:
    """Optimum of an exact linear program.

    Attributes
    ----------
    value : fmpq, or None if the objective is unbounded
    point : list of fmpq
    """

    value: fmpq | None
    point: list[fmpq]


def maximise_exactly(rows: Sequence[Sequence[Any]], objective: Sequence[Any], start: Sequence[fmpq]) -> ExactOptimum:
    """Maximise ``objective @ x`` where all ``row[:-1] @ x + row[-1] >= 0``.

    Parameters
    ----------
    rows : sequence of m rows of d + 1 integers or rationals
    objective : sequence of d numbers
    start : sequence of d fmpq
        A feasible point.
    """
    table = np.array([[fmpq(x) for x in row] for row in [*rows, [*objective, 0]]], dtype=object)
    table[:, -1] += table[:, :-1] @ np.array(start, dtype=object)
    bounded, basic, _ = _pivot_to_optimum(table, 0)
    point = list(start)
    for variable, row in zip(basic, table, strict=False):
        if variable < len(point):
            point[variable] += row[-1]
    return ExactOptimum(table[-1, -1] if bounded else None, point)
