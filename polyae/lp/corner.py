"""Primal simplex steps among the rows found so far: a corner of them, and the edges that leave it.

Everything here is a proposal: it is computed without error bounds, and proved in
:mod:`polyae.lp.row_proofs`.  Few and large arrays, because compiled code counts references to each of them at
every call, which costs more than a small step itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.jit import callable_from_compiled, compiled, inlined, proposal

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["FREE", "PIVOT_TOLERANCE", "Corner", "add_row", "corner_workspace", "descend", "price", "reset", "tighten"]

#: Coefficients below this are taken for zero while pivoting (rows have length about 1).
PIVOT_TOLERANCE = 1e-11

#: Stands for the nonbasic variable of an edge along which no row is tight yet.
FREE = -1

#: Pivots that one descent may take before it gives up.
MAX_PIVOTS = 200


class Corner(NamedTuple):
    """A point that satisfies all rows found so far, h edges that leave it, and the row that is minimised.

    Attributes
    ----------
    columns : array, shape (h + 4, m)
        The rows found, normal and offset, as columns, so that loops over rows are vectorised; their slacks at the
        point; their slopes along the last edge that was looked at; work space.  Offsets are lifted where pivots
        would be tied.
    found : array, shape (m, h + 3)
        The rows found once more: normal, offset, and the bounds on the errors of both.
    frame : array, shape (h + 4, h)
        Edges, the point, the costs of the target along the edges, and work space.  Along edge k the slack of
        nonbasic row k grows at rate 1 and those of the others stay zero, so costs are the target's coefficients in
        the nonbasic slacks.
    nonbasic : array of int, shape (h,)
        Rows (numbers among those found) that vanish at the point; FREE where there is none.
    target : array, shape (h + 3,)
        The row that is minimised, as in `found`.
    """

    columns: Float
    found: Float
    frame: Float
    nonbasic: Int
    target: Float


@callable_from_compiled
def corner_workspace(rows: int, h: int) -> Corner:
    """Work space for at most `rows` rows found."""
    return Corner(
        np.empty((h + 4, rows)), np.empty((rows, h + 3)), np.empty((h + 4, h)), np.empty(h, dtype=np.int64),
        np.empty(h + 3),
    )  # fmt: skip


@inlined
def _slopes(columns: Float, frame: Float, k: int, count: int) -> None:
    """Change of every row found along edge k; two coordinates at a time, which saves half of the stores."""
    h = frame.shape[1]
    x = frame[k, 0]
    for i in range(count):
        columns[h + 2, i] = columns[0, i] * x
    for c in range(1, h - 1, 2):
        x, y = frame[k, c], frame[k, c + 1]
        for i in range(count):
            columns[h + 2, i] += columns[c, i] * x + columns[c + 1, i] * y
    if h % 2 == 0:
        x = frame[k, h - 1]
        for i in range(count):
            columns[h + 2, i] += columns[h - 1, i] * x


@inlined
def _ratio_test(columns: Float, h: int, sign: float, count: int) -> tuple[int, float]:
    """First row to vanish in one direction of an edge, and the step; -1 and infinity if none does.

    Two passes, because a branch on every row would be mispredicted: the first is vectorised.
    """
    for i in range(count):
        fall = -sign * columns[h + 2, i]
        columns[h + 3, i] = columns[h + 1, i] / fall if fall > PIVOT_TOLERANCE else np.inf
    best, column = np.inf, -1
    for i in range(count):
        if columns[h + 3, i] < best:
            best, column = columns[h + 3, i], i
    return column, max(best, 0.0)


@inlined
def _turn(frame: Float, k: int, found: Float, column: int, inverse: float) -> None:
    """Edges and costs once a row is tight instead of nonbasic row k; `inverse` is 1 / its slope along edge k."""
    h = frame.shape[1]
    for c in range(h):
        frame[h + 2, c] = frame[k, c] * inverse
    for j in range(h):
        total = 0.0
        for c in range(h):
            total += frame[j, c] * found[column, c]
        frame[h + 3, j] = total
    frame[h + 3, k] = 0.0
    fall = frame[h + 1, k] * inverse
    for j in range(h):
        frame[h + 1, j] -= frame[h + 3, j] * fall
    for j in range(h):
        x = frame[h + 3, j]
        for c in range(h):
            frame[j, c] -= x * frame[h + 2, c]
    for c in range(h):
        frame[k, c] = frame[h + 2, c]
    frame[h + 1, k] = fall


@inlined
def _exchange(
    columns: Float, found: Float, frame: Float, nonbasic: Int, count: int, k: int, column: int, step: float
) -> None:
    """Move along edge k to where row `column` vanishes, which takes the place of nonbasic row k."""
    h = frame.shape[1]
    inverse = 1.0 / columns[h + 2, column]
    for c in range(h):
        frame[h, c] += step * frame[k, c]
    for i in range(count):
        columns[h + 1, i] += step * columns[h + 2, i]
    columns[h + 1, column] = 0.0
    _turn(frame, k, found, column, inverse)
    nonbasic[k] = column


@proposal
def price(target: Float, frame: Float) -> float:
    """Costs of a new target, and its value at the point."""
    h = frame.shape[1]
    for k in range(h):
        total = 0.0
        for c in range(h):
            total += frame[k, c] * target[c]
        frame[h + 1, k] = total
    value = float(target[h])
    for c in range(h):
        value += target[c] * frame[h, c]
    return value


@inlined
def _steepest(frame: Float, nonbasic: Int) -> int:
    """Edge that lowers the target most steeply; -1 if none does.  FREE edges go both ways."""
    h = frame.shape[1]
    best, size = -1, PIVOT_TOLERANCE
    for k in range(h):
        fall = abs(frame[h + 1, k]) if nonbasic[k] == FREE else -frame[h + 1, k]
        if fall > size:
            best, size = k, fall
    return best


@proposal
def descend(
    columns: Float, found: Float, frame: Float, nonbasic: Int, count: int, value: float
) -> tuple[int, float, float, float]:
    """Lower the target, whose value at the point is given, from corner to corner until it would reach zero.

    Returns
    -------
    k : int
        Edge along which it reaches zero before another row does; -1 at its minimum, -2 without a result.
    step : float
        To zero along this edge, with the sign of the direction.
    room : float
        To the next row along it.
    value : float
        At the point.
    """
    h = frame.shape[1]
    for _ in range(MAX_PIVOTS):
        k = _steepest(frame, nonbasic)
        if k < 0:
            return -1, 0.0, 0.0, value
        cost = frame[h + 1, k]
        sign = -1.0 if cost > 0.0 else 1.0
        _slopes(columns, frame, k, count)
        column, room = _ratio_test(columns, h, sign, count)
        own = value / abs(cost)
        if own < room:
            return k, sign * own, room, value
        value += sign * room * cost
        _exchange(columns, found, frame, nonbasic, count, k, column, sign * room)
    return -2, 0.0, 0.0, value


@proposal
def tighten(columns: Float, found: Float, frame: Float, nonbasic: Int, count: int, k: int, step: float) -> None:
    """Make the last row found tight, which vanishes after `step` along edge k, the last that was looked at."""
    h = frame.shape[1]
    slope = 0.0
    for c in range(h):
        slope += frame[k, c] * found[count - 1, c]
    columns[h + 2, count - 1] = slope
    _exchange(columns, found, frame, nonbasic, count, k, count - 1, step)


@compiled
def add_row(columns: Float, found: Float, frame: Float, row: Float, lift: float, count: int) -> float:
    """Append a row, as in ``found``, to those found, where pivots take it for lifted; its value at the point."""
    h = frame.shape[1]
    value = float(row[h]) + lift
    for c in range(h + 3):
        found[count, c] = row[c]
        if c < h:
            columns[c, count] = row[c]
            value += row[c] * frame[h, c]
    columns[h, count], columns[h + 1, count] = row[h] + lift, value
    return value


@compiled
def reset(corner: Corner, count: int, point: Float) -> None:
    """Start from a point inside the rows found, where none of them is tight."""
    h = len(point)
    for k in range(h):
        corner.frame[h, k], corner.nonbasic[k] = point[k], FREE
        for c in range(h):
            corner.frame[k, c] = 1.0 if c == k else 0.0
    for i in range(count):
        value = corner.columns[h, i]
        for c in range(h):
            value += corner.found[i, c] * point[c]
        corner.columns[h + 1, i] = value
