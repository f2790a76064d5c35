"""Compiled facet test: a walk over vertices that proves rows to be facets or redundant as it goes.

All rows of a cell are kept as a simplex dictionary, affine functions of the h slacks that vanish at the
current vertex.  At a simple vertex those h rows are facets, and every row whose coefficients are all
nonnegative attains its minimum there, so it is redundant if its slack is positive.  The walk minimises
one undecided row after the other (primal simplex, largest coefficient first), which ends with the row
tight, hence a facet, or at its positive minimum.

Nothing is taken from the dictionary on trust: each verdict is proved from the rows themselves, by a
point beyond the facet or by the multipliers of the redundant row.  What cannot be proved, ties and
degenerate vertices above all, is reported as doubtful and goes to rational arithmetic.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from polyae.predicates.compiled import CellRows, FlatNetwork, gamma_kernel, strictly_inside

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["UNDECIDED", "Walk", "invert", "vertex_walk", "walk_workspace"]

UNDECIDED, FACET, REDUNDANT = 0, 1, 2

#: Coefficients of the dictionary below this are taken for zero while pivoting (rows have length about 1).
PIVOT_TOLERANCE = 1e-11
#: Pivots a row may take before the walk gives up and the cell goes to rational arithmetic.
PIVOTS_PER_ROW = 200


class Walk(NamedTuple):
    """Work space and result of one walk.

    Attributes
    ----------
    table : array, shape (h + 1, m + h)
        Dictionary, columns are rows of the cell and then the h coordinates; last line the slacks.
    nonbasic : array of int, shape (h,)
    status : array of int, shape (m,)
        0 undecided, 1 facet, 2 redundant.
    facet_point, beyond : array, shape (m, h)
        For each facet a point on it, away from all other rows, up to rounding; and one beyond it and
        strictly inside all other rows, which is proved.
    multiplier, step : work space of length h
    lowest : work space of length m
    solve : work space, shape (h, h), for the bounds on unbounded domains
    """

    table: Float
    nonbasic: Int
    status: NDArray[np.int8]
    facet_point: Float
    beyond: Float
    multiplier: Float
    step: Float
    lowest: Float
    solve: Float


def walk_workspace(rows: int, h: int) -> Walk:
    """Work space for cells of at most `rows` rows."""
    return Walk(
        np.empty((h + 1, rows + h)), np.empty(h, dtype=np.int64), np.empty(rows, dtype=np.int8),
        np.empty((rows, h)), np.empty((rows, h)), np.empty(h), np.empty(h),
        np.empty(rows), np.empty((h, h)),
    )  # fmt: skip


@nb.njit(cache=True)
def _pivot(table: Float, k: int, r: int, width: int) -> None:
    """Exchange nonbasic column k and row r of the dictionary."""
    h = table.shape[0] - 1
    inverse = 1.0 / table[k, r]
    for j in range(h + 1):
        if j != k:
            factor = table[j, r] * inverse
            if factor != 0.0:
                target, source = table[j], table[k]
                for i in range(width):
                    target[i] -= factor * source[i]
                target[r] = 0.0
    for i in range(width):
        table[k, i] *= inverse
    table[k, r] = 1.0


@nb.njit(cache=True)
def _ratio(table: Float, k: int, sign: float, m: int, ratios: Float) -> tuple[int, float]:
    """First of m rows to vanish when nonbasic k moves in one direction, and the step; -1 if none does.

    Two passes, because a branch on every row would be mispredicted: the first is vectorised.
    """
    h = table.shape[0] - 1
    for i in range(m):
        slope = -sign * table[k, i]
        ratios[i] = table[h, i] / slope if slope > PIVOT_TOLERANCE else np.inf
    best, row = np.inf, -1
    for i in range(m):
        if ratios[i] < best:
            best, row = ratios[i], i
    return row, max(best, 0.0)


@nb.njit(cache=True, inline="always")
def _start(cell: CellRows, m: int, inside: Float, walk: Walk) -> bool:
    """Dictionary at a vertex reached from a point inside; False if the cell has no vertex."""
    h = len(inside)
    table = walk.table
    for i in range(m):
        table[h, i] = cell.rows[h, i]
    for k in range(h):
        for i in range(m):
            table[k, i] = cell.rows[k, i]
            table[h, i] += cell.rows[k, i] * inside[k]
    for k in range(h):
        for c in range(h):
            table[c, m + k] = 1.0 if c == k else 0.0
        table[h, m + k] = inside[k]
    for k in range(h):
        ahead, step = _ratio(table, k, 1.0, m, walk.lowest)
        behind, back = _ratio(table, k, -1.0, m, walk.lowest)
        row = ahead if step <= back else behind
        if row < 0:
            return False
        _pivot(table, k, row, m + h)
        walk.nonbasic[k] = row
    return True


@nb.njit(cache=True, inline="always")
def _prove_facets(cell: CellRows, m: int, walk: Walk) -> None:
    """At a simple vertex: points beyond and on the new facets among the nonbasic rows, proved."""
    table, h = walk.table, len(walk.nonbasic)
    fresh = False
    for k in range(h):
        fresh |= walk.status[walk.nonbasic[k]] != FACET
    if not fresh:
        return
    for k in range(h):  # how far slack k may grow or fall before another row has lost 1 / (2 h) of its slack
        reach = 1.0
        for i in range(m):
            size = abs(table[k, i])
            if table[h, i] < reach * size and table[h, i] > 0.0:  # the slacks of nonbasic rows are exactly 0
                reach = table[h, i] / size
        walk.step[k] = reach / (2 * h)
    for k in range(h):
        row = walk.nonbasic[k]
        if walk.status[row] == FACET:
            continue
        for c in range(h):
            coordinate = table[h, m + c]
            for j in range(h):
                if j != k:
                    coordinate += walk.step[j] * table[j, m + c]
            walk.facet_point[row, c] = coordinate
            walk.beyond[row, c] = coordinate - walk.step[k] * table[k, m + c]
        if strictly_inside(cell, m, walk.beyond[row], row):
            walk.status[row] = FACET


@nb.njit(cache=True, inline="always")
def _prove_redundant(cell: CellRows, row: int, walk: Walk, lo: Float, hi: Float) -> bool:
    """Whether a row exceeds its combination of the nonbasic rows on the whole box ``lo, hi``."""
    table, h = walk.table, len(walk.nonbasic)
    rounding = gamma_kernel(2 * h + 4)
    lowest, error = 0.0, 0.0
    for c in range(h + 1):
        left, size = cell.rows[c, row], abs(cell.rows[c, row])
        own = cell.offset_error[row] if c == h else cell.coefficient_error[row]
        for k in range(h):
            weight = max(table[k, row], 0.0)
            other = walk.nonbasic[k]
            product = weight * cell.rows[c, other]
            left -= product
            size += abs(product)
            own += weight * (cell.offset_error[other] if c == h else cell.coefficient_error[other])
        reach = 1.0 if c == h else max(abs(lo[c]), abs(hi[c]))
        lowest += left if c == h else min(left * lo[c], left * hi[c])
        error += (own * (1.0 + rounding) + rounding * size) * reach
    return lowest > error * (1.0 + rounding)


@nb.njit(cache=True)
def invert(matrix: Float, inverse: Float) -> bool:
    """Gauss-Jordan with row pivoting; False if the matrix looks singular."""
    h = len(matrix)
    inverse[:] = 0.0
    for i in range(h):
        inverse[i, i] = 1.0
    for k in range(h):
        best = k
        for i in range(k + 1, h):
            if abs(matrix[i, k]) > abs(matrix[best, k]):
                best = i
        if abs(matrix[best, k]) < PIVOT_TOLERANCE:
            return False
        for c in range(h):
            matrix[k, c], matrix[best, c] = matrix[best, c], matrix[k, c]
            inverse[k, c], inverse[best, c] = inverse[best, c], inverse[k, c]
        pivot = matrix[k, k]
        for c in range(h):
            matrix[k, c] /= pivot
            inverse[k, c] /= pivot
        for i in range(h):
            if i != k and matrix[i, k] != 0.0:
                factor = matrix[i, k]
                for c in range(h):
                    matrix[i, c] -= factor * matrix[k, c]
                    inverse[i, c] -= factor * inverse[k, c]
    return True


@nb.njit(cache=True)
def _enclosure(cell: CellRows, walk: Walk, inverse: Float) -> float:
    """Approximate inverse of the nonbasic normals (as columns); how far from it at most, or 1 if unknown.

    The bound is that of ``lp.facets._prove_redundant_unbounded``.
    """
    h = len(walk.nonbasic)
    for k in range(h):
        for c in range(h):
            walk.solve[c, k] = cell.rows[c, walk.nonbasic[k]]
    if not invert(walk.solve, inverse):
        return 1.0
    worst = 0.0
    for i in range(h):
        total = 0.0
        for k in range(h):
            defect, size, own = (1.0 if i == k else 0.0), 0.0, 0.0
            for c in range(h):
                product = inverse[i, c] * cell.rows[c, walk.nonbasic[k]]
                defect -= product
                size += abs(product)
                own += abs(inverse[i, c]) * cell.coefficient_error[walk.nonbasic[k]]
            total += abs(defect) + gamma_kernel(h + 1) * size + own
        worst = max(worst, total)
    return worst * (1.0 + gamma_kernel(2 * h))


@nb.njit(cache=True)
def _prove_redundant_unbounded(cell: CellRows, row: int, walk: Walk, inverse: Float, contraction: float) -> bool:
    """Whether exact nonnegative multipliers exist that reproduce the row's normal and not its offset."""
    h = len(walk.nonbasic)
    if not contraction < 0.5:
        return False
    for k in range(h):
        y = 0.0
        for c in range(h):
            y += inverse[k, c] * cell.rows[c, row]
        walk.multiplier[k] = y
    for c in range(h):
        left, size = cell.rows[c, row], abs(cell.rows[c, row])
        own = cell.coefficient_error[row]
        for k in range(h):
            product = walk.multiplier[k] * cell.rows[c, walk.nonbasic[k]]
            left -= product
            size += abs(product)
            own += abs(walk.multiplier[k]) * cell.coefficient_error[walk.nonbasic[k]]
        walk.step[c] = abs(left) + own + gamma_kernel(h + 2) * size
    radius = 0.0
    for k in range(h):
        total = 0.0
        for c in range(h):
            total += abs(inverse[k, c]) * walk.step[c]
        radius = max(radius, total)
    radius *= (1.0 + gamma_kernel(2 * h + 4)) / (1.0 - contraction)
    constant, size = cell.rows[h, row], abs(cell.rows[h, row])
    bound = cell.offset_error[row]
    for k in range(h):
        y, other = walk.multiplier[k], walk.nonbasic[k]
        if not y > radius:
            return False
        product = y * cell.rows[h, other]
        constant -= product
        size += abs(product)
        bound += y * cell.offset_error[other] + radius * (abs(cell.rows[h, other]) + cell.offset_error[other])
    return constant > bound * (1.0 + gamma_kernel(2 * h)) + gamma_kernel(h + 2) * size


@nb.njit(cache=True, inline="always")
def _settle(cell: CellRows, m: int, walk: Walk, flat: FlatNetwork, bounded: bool, inverse: Float) -> None:
    """Prove what the current vertex shows: its own rows, and the rows that are lowest here."""
    table, h = walk.table, len(walk.nonbasic)
    _prove_facets(cell, m, walk)
    contraction = -1.0
    lowest = walk.lowest
    for i in range(m):
        lowest[i] = table[0, i]
    for k in range(1, h):
        for i in range(m):
            lowest[i] = table[k, i] if table[k, i] < lowest[i] else lowest[i]
    for i in range(m):
        if walk.status[i] != UNDECIDED or lowest[i] < -PIVOT_TOLERANCE or not table[h, i] > 0.0:
            continue
        if bounded:
            proved = _prove_redundant(cell, i, walk, flat.lo, flat.hi)
        else:
            if contraction < 0.0:
                contraction = _enclosure(cell, walk, inverse)
            proved = _prove_redundant_unbounded(cell, i, walk, inverse, contraction)
        if proved:
            walk.status[i] = REDUNDANT


@nb.njit(cache=True)
def vertex_walk(cell: CellRows, m: int, inside: Float, walk: Walk, flat: FlatNetwork) -> int:
    """Decide the m rows of a cell; returns the number of rows left undecided.

    Parameters
    ----------
    cell : CellRows
    m : int
    inside : array, shape (h,)
        Strictly inside.
    walk : Walk
        Receives ``status`` and ``facet_point``.
    flat : FlatNetwork
    """
    h = len(inside)
    for i in range(m):
        walk.status[i] = UNDECIDED
    bounded = True
    for k in range(h):
        bounded &= np.isfinite(flat.lo[k]) and np.isfinite(flat.hi[k])
    if not _start(cell, m, inside, walk):
        return m
    inverse = np.empty((h, h))
    _settle(cell, m, walk, flat, bounded, inverse)
    table, left = walk.table, 0
    for i in range(m):
        for _ in range(PIVOTS_PER_ROW):
            if walk.status[i] != UNDECIDED:
                break
            k = 0
            for c in range(1, h):
                if table[c, i] < table[k, i]:
                    k = c
            if table[k, i] >= -PIVOT_TOLERANCE:
                break
            row, _step = _ratio(table, k, 1.0, m, walk.lowest)
            if row < 0:
                break
            _pivot(table, k, row, m + h)
            walk.nonbasic[k] = row
            _settle(cell, m, walk, flat, bounded, inverse)
        if walk.status[i] == UNDECIDED:
            left += 1
    return left
