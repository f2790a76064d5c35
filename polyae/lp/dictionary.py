"""The simplex dictionary of a cell: its rows as affine functions of the h slacks that vanish at a vertex.

Everything here is a proposal: it is computed without error bounds, and proved in
:mod:`polyae.lp.row_proofs`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.compiled import CellRows
from polyae.predicates.jit import compiled, inlined, proposal

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = [
    "DOUBTFUL",
    "FACET",
    "PIVOT_TOLERANCE",
    "REDUNDANT",
    "UNDECIDED",
    "Walk",
    "compact",
    "first_vertex",
    "lowest_coefficients",
    "most_negative",
    "next_column",
    "pivot",
    "ratio_test",
    "safe_steps",
    "walk_workspace",
]

UNDECIDED, FACET, REDUNDANT, DOUBTFUL = range(4)

#: Coefficients of the dictionary below this are taken for zero while pivoting (rows have length about 1).
PIVOT_TOLERANCE = 1e-11


class Walk(NamedTuple):
    """Work space and result of one walk.

    Attributes
    ----------
    table : array, shape (h + 1, m)
        Dictionary: columns are rows of the cell, the last line their slacks at the vertex.
    place : array, shape (h + 1, h)
        The same for the h coordinates: edge directions, and the vertex.
    row_of : array of int, shape (m,)
        Row behind each column; rows that are proved redundant leave the dictionary from time to time.
    nonbasic : array of int, shape (h,)
        Rows that vanish at the vertex.
    status : array of int, shape (m,)
        0 undecided, 1 facet, 2 redundant, 3 doubtful.
    facet_point, beyond : array, shape (m, h)
        For each facet a point on it, away from all other rows, up to rounding; and one beyond it and
        strictly inside all other rows, which is proved.
    multiplier, step, factors : work space of length h + 1
    lowest : array, shape (m,)
        Most negative coefficient of every column.
    ratios : work space of length max(m, h)
    solve : work space, shape (h, h), for the bounds on unbounded domains
    """

    table: Float
    place: Float
    row_of: Int
    nonbasic: Int
    status: NDArray[np.int8]
    facet_point: Float
    beyond: Float
    multiplier: Float
    step: Float
    factors: Float
    lowest: Float
    ratios: Float
    solve: Float


def walk_workspace(rows: int, h: int) -> Walk:
    """Work space for cells of at most `rows` rows."""
    return Walk(
        np.empty((h + 1, rows)), np.empty((h + 1, h)), np.empty(rows, dtype=np.int64), np.empty(h, dtype=np.int64),
        np.empty(rows, dtype=np.int8),
        np.empty((rows, h)), np.empty((rows, h)), np.empty(h + 1), np.empty(h + 1), np.empty(h + 1),
        np.empty(rows), np.empty(max(rows, h)), np.empty((h, h)),
    )  # fmt: skip


# Loops over columns start at 0: numba cannot vectorise those that might start below it.


@proposal
def eliminate(block: Float, k: int, factors: Float, inverse: float, width: int, source: Float) -> None:
    """Subtract multiples of line k from the others so that the pivot column vanishes there.

    Line k is copied to `source` first: twice as fast, since no line can then overlap another.
    """
    for i in range(width):
        source[i] = block[k, i]
    for j in range(len(factors)):
        target, factor = block[j], factors[j]
        for i in range(width):
            target[i] -= factor * source[i]
    for i in range(width):
        block[k, i] = source[i] * inverse


@proposal
def pivot(table: Float, place: Float, k: int, r: int, width: int, factors: Float, source: Float) -> None:
    """Exchange nonbasic variable k and the row in column r of the dictionary."""
    h = table.shape[0] - 1
    inverse = 1.0 / table[k, r]
    for j in range(h + 1):
        factors[j] = table[j, r] * inverse
    eliminate(table, k, factors, inverse, width, source)
    eliminate(place, k, factors, inverse, h, source)
    for j in range(h + 1):
        table[j, r] = 1.0 if j == k else 0.0


@proposal
def ratio_test(table: Float, k: int, sign: float, width: int, ratios: Float) -> tuple[int, float]:
    """First column to vanish when nonbasic k moves in one direction, and the step; -1 if none does.

    Two passes, because a branch on every column would be mispredicted: the first is vectorised.
    """
    slopes, slacks = table[k], table[table.shape[0] - 1]
    for i in range(width):
        slope = -sign * slopes[i]
        ratios[i] = slacks[i] / slope if slope > PIVOT_TOLERANCE else np.inf
    best, column = np.inf, -1
    for i in range(width):
        if ratios[i] < best:
            best, column = ratios[i], i
    return column, max(best, 0.0)


@inlined
def first_vertex(cell: CellRows, m: int, inside: Float, walk: Walk) -> bool:
    """Dictionary at a vertex reached from a point inside; False if the cell has no vertex."""
    h = len(inside)
    table = walk.table
    for c in range(h):
        for k in range(h):
            walk.place[k, c] = 1.0 if c == k else 0.0
        walk.place[h, c] = inside[c]
    for i in range(m):
        table[h, i] = cell.rows[h, i]
        walk.row_of[i] = i
    for k in range(h):
        for i in range(m):
            table[k, i] = cell.rows[k, i]
            table[h, i] += cell.rows[k, i] * inside[k]
    for k in range(h):
        ahead, step = ratio_test(table, k, 1.0, m, walk.ratios)
        behind, back = ratio_test(table, k, -1.0, m, walk.ratios)
        column = ahead if step <= back else behind
        if column < 0:
            return False
        pivot(table, walk.place, k, column, m, walk.factors, walk.ratios)
        walk.nonbasic[k] = walk.row_of[column]
    return True


@proposal
def lowest_coefficients(table: Float, width: int, lowest: Float) -> None:
    """Most negative coefficient of every column that is a row."""
    h = table.shape[0] - 1
    for i in range(width):
        lowest[i] = table[0, i]
    for k in range(1, h):
        line = table[k]
        for i in range(width):
            lowest[i] = min(lowest[i], line[i])


@compiled
def compact(table: Float, row_of: Int, lowest: Float, status: NDArray[np.int8], width: int) -> int:
    """Take the redundant rows out of the dictionary; returns its new width."""
    h, kept = table.shape[0] - 1, 0
    for i in range(width):
        if status[row_of[i]] != REDUNDANT:
            row_of[kept], lowest[kept] = row_of[i], lowest[i]
            for k in range(h + 1):
                table[k, kept] = table[k, i]
            kept += 1
    return kept


@compiled
def next_column(row_of: Int, lowest: Float, status: NDArray[np.int8], width: int) -> int:
    """Undecided row whose most negative coefficient is the least so: few pivots are left to its minimum."""
    best = -1
    for i in range(width):
        if status[row_of[i]] == UNDECIDED and (best < 0 or lowest[i] > lowest[best]):
            best = i
    return best


@compiled
def most_negative(table: Float, column: int) -> int:
    """Nonbasic variable that lowers a row most steeply; -1 if none does."""
    best = 0
    for k in range(1, table.shape[0] - 1):
        if table[k, column] < table[best, column]:
            best = k
    return best if table[best, column] < -PIVOT_TOLERANCE else -1


@proposal
def safe_steps(table: Float, width: int, inverse: Float, step: Float) -> None:
    """How far each nonbasic slack may grow or fall: all together cost every other row half its slack."""
    h = table.shape[0] - 1
    slacks = table[h]
    for i in range(width):
        inverse[i] = 1.0 / slacks[i] if slacks[i] > 0.0 else 0.0  # the slacks of nonbasic rows are exactly 0
    for k in range(h):
        line, steepest = table[k], 1.0
        for i in range(width):
            steepest = max(steepest, abs(line[i]) * inverse[i])
        step[k] = 1.0 / (2 * h * steepest)
