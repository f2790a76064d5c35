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

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.compiled import CellRows, FlatNetwork, gamma_kernel, strictly_inside
from polyae.predicates.jit import compiled, inlined, proposal

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["UNDECIDED", "Walk", "vertex_walk", "walk_workspace"]

UNDECIDED, FACET, REDUNDANT, DOUBTFUL = range(4)

#: Coefficients of the dictionary below this are taken for zero while pivoting (rows have length about 1).
PIVOT_TOLERANCE = 1e-11
#: Pivots a row may take before the walk gives up and the cell goes to rational arithmetic.
PIVOTS_PER_ROW = 200


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
def _eliminate(block: Float, k: int, factors: Float, inverse: float, width: int, source: Float) -> None:
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
def _pivot(table: Float, place: Float, k: int, r: int, width: int, factors: Float, source: Float) -> None:
    """Exchange nonbasic variable k and the row in column r of the dictionary."""
    h = table.shape[0] - 1
    inverse = 1.0 / table[k, r]
    for j in range(h + 1):
        factors[j] = table[j, r] * inverse
    _eliminate(table, k, factors, inverse, width, source)
    _eliminate(place, k, factors, inverse, h, source)
    for j in range(h + 1):
        table[j, r] = 1.0 if j == k else 0.0


@proposal
def _ratio(table: Float, k: int, sign: float, width: int, ratios: Float) -> tuple[int, float]:
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
def _start(cell: CellRows, m: int, inside: Float, walk: Walk) -> bool:
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
        ahead, step = _ratio(table, k, 1.0, m, walk.ratios)
        behind, back = _ratio(table, k, -1.0, m, walk.ratios)
        column = ahead if step <= back else behind
        if column < 0:
            return False
        _pivot(table, walk.place, k, column, m, walk.factors, walk.ratios)
        walk.nonbasic[k] = walk.row_of[column]
    return True


@proposal
def _steps(table: Float, width: int, inverse: Float, step: Float) -> None:
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


@inlined
def _prove_facets(cell: CellRows, m: int, walk: Walk, width: int) -> None:
    """At a simple vertex: points beyond and on the new facets among the nonbasic rows, proved."""
    table, h = walk.table, len(walk.nonbasic)
    fresh = False
    for k in range(h):
        fresh |= walk.status[walk.nonbasic[k]] != FACET
    if not fresh:
        return
    _steps(table, width, walk.ratios, walk.step)
    for k in range(h):
        row = walk.nonbasic[k]
        if walk.status[row] == FACET:
            continue
        for c in range(h):
            coordinate = walk.place[h, c]
            for j in range(h):
                if j != k:
                    coordinate += walk.step[j] * walk.place[j, c]
            walk.facet_point[row, c] = coordinate
            walk.beyond[row, c] = coordinate - walk.step[k] * walk.place[k, c]
        if strictly_inside(cell, m, walk.beyond[row], row):
            walk.status[row] = FACET


@inlined
def _prove_redundant(cell: CellRows, row: int, column: int, walk: Walk, lo: Float, hi: Float) -> bool:
    """Whether a row exceeds its combination of the nonbasic rows on the whole box ``lo, hi``."""
    table, h = walk.table, len(walk.nonbasic)
    rounding = gamma_kernel(2 * h + 4)
    lowest, error = 0.0, 0.0
    for c in range(h + 1):
        left, size = cell.rows[c, row], abs(cell.rows[c, row])
        own = cell.offset_error[row] if c == h else cell.coefficient_error[row]
        for k in range(h):
            weight = max(table[k, column], 0.0)
            other = walk.nonbasic[k]
            product = weight * cell.rows[c, other]
            left -= product
            size += abs(product)
            own += weight * (cell.offset_error[other] if c == h else cell.coefficient_error[other])
        reach = 1.0 if c == h else max(abs(lo[c]), abs(hi[c]))
        lowest += left if c == h else min(left * lo[c], left * hi[c])
        error += (own * (1.0 + rounding) + rounding * size) * reach
    return lowest > error * (1.0 + rounding)


@compiled
def _invert(matrix: Float, inverse: Float) -> bool:
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


@compiled
def _enclosure(cell: CellRows, walk: Walk, inverse: Float) -> float:
    """Approximate inverse of the nonbasic normals (as columns); how far from it at most, or 1 if unknown.

    The bound is that of ``lp.facets._prove_redundant_unbounded``.
    """
    h = len(walk.nonbasic)
    for k in range(h):
        for c in range(h):
            walk.solve[c, k] = cell.rows[c, walk.nonbasic[k]]
    if not _invert(walk.solve, inverse):
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


@compiled
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


@proposal
def _lowest(table: Float, width: int, lowest: Float) -> None:
    """Most negative coefficient of every column that is a row."""
    h = table.shape[0] - 1
    for i in range(width):
        lowest[i] = table[0, i]
    for k in range(1, h):
        line = table[k]
        for i in range(width):
            lowest[i] = min(lowest[i], line[i])


@inlined
def _settle(cell: CellRows, m: int, walk: Walk, width: int, flat: FlatNetwork, bounded: bool, inverse: Float) -> int:
    """Prove what the current vertex shows: its own rows, and those lowest here; how many are redundant."""
    table, h = walk.table, len(walk.nonbasic)
    _prove_facets(cell, m, walk, width)
    _lowest(table, width, walk.lowest)
    contraction, count = -1.0, 0
    for i in range(width):
        row = walk.row_of[i]
        if walk.lowest[i] < -PIVOT_TOLERANCE or walk.status[row] != UNDECIDED or not table[h, i] > 0.0:
            continue
        if bounded:
            proved = _prove_redundant(cell, row, i, walk, flat.lo, flat.hi)
        else:
            if contraction < 0.0:
                contraction = _enclosure(cell, walk, inverse)
            proved = _prove_redundant_unbounded(cell, row, walk, inverse, contraction)
        if proved:
            walk.status[row] = REDUNDANT
            count += 1
    return count


@compiled
def _compact(table: Float, row_of: Int, lowest: Float, status: NDArray[np.int8], width: int) -> int:
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
def _next_column(row_of: Int, lowest: Float, status: NDArray[np.int8], width: int) -> int:
    """Undecided row whose most negative coefficient is the least so: few pivots are left to its minimum."""
    best = -1
    for i in range(width):
        if status[row_of[i]] == UNDECIDED and (best < 0 or lowest[i] > lowest[best]):
            best = i
    return best


@compiled
def _most_negative(table: Float, column: int) -> int:
    """Nonbasic variable that lowers a row most steeply; -1 if none does."""
    best = 0
    for k in range(1, table.shape[0] - 1):
        if table[k, column] < table[best, column]:
            best = k
    return best if table[best, column] < -PIVOT_TOLERANCE else -1


@compiled
def vertex_walk(cell: CellRows, m: int, inside: Float, walk: Walk, flat: FlatNetwork) -> int:
    """Decide the m rows of a cell; returns the number of rows left undecided.

    Parameters
    ----------
    cell : CellRows
    m : int
    inside : array, shape (h,)
        Strictly inside.
    walk : Walk
        Receives ``status``, ``facet_point`` and ``beyond``.
    flat : FlatNetwork
    """
    h, width = len(inside), m
    for i in range(m):
        walk.status[i] = UNDECIDED
    bounded = True
    for k in range(h):
        bounded &= np.isfinite(flat.lo[k]) and np.isfinite(flat.hi[k])
    if not _start(cell, m, inside, walk):
        return m
    inverse = np.empty((h, h))
    left, redundant, pivots = 0, 0, 0
    column = -2  # settle the first vertex before a row is chosen
    while True:
        if column != -1:
            redundant += _settle(cell, m, walk, width, flat, bounded, inverse)
        if column < 0 or walk.status[walk.row_of[column]] != UNDECIDED:
            if 4 * redundant > width:
                width, redundant = _compact(walk.table, walk.row_of, walk.lowest, walk.status, width), 0
            column, pivots = _next_column(walk.row_of, walk.lowest, walk.status, width), 0
            if column < 0:
                return left
        k, leaving = _most_negative(walk.table, column), -1
        if k >= 0 and pivots < PIVOTS_PER_ROW:
            leaving, _ = _ratio(walk.table, k, 1.0, width, walk.ratios)
        if leaving < 0:
            walk.status[walk.row_of[column]] = DOUBTFUL
            left, column = left + 1, -1
            continue
        _pivot(walk.table, walk.place, k, leaving, width, walk.factors, walk.ratios)
        walk.nonbasic[k], pivots = walk.row_of[leaving], pivots + 1
