"""Compiled facet test: Clarkson's redundancy removal, whose cost depends on the facets and not on all rows.

A row is minimised among the rows found so far, facets all of them, from the corner where the search for the row
before it ended (Clarkson, *More output-sensitive geometric algorithms*, 1994).  A positive minimum makes
it redundant.  Otherwise it would reach zero along some edge: then the ray from a point inside through a point
beyond that zero leaves the cell through a row not found yet, the row itself or another one, which is a facet.
No first phase is needed and an unbounded cell needs no special treatment: the search starts at the point inside
with no row tight, and the row that is minimised blocks its own descent.

Nothing is taken on trust: each verdict is proved from the rows themselves, by a point beyond the facet or by the
multipliers of the redundant row.  What cannot be proved, ties above all, is reported as doubtful and goes to
rational arithmetic.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.lp.corner import FREE, PIVOT_TOLERANCE, Corner, add_row, corner_workspace, descend, price, reset, tighten
from polyae.lp.rays import shoot, values_at
from polyae.lp.row_proofs import prove_redundant, prove_redundant_unbounded
from polyae.predicates.compiled import CellRows, beyond_alone
from polyae.predicates.flat import FlatNetwork
from polyae.predicates.jit import callable_from_compiled, compiled, inlined, proposal

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["DOUBTFUL", "FACET", "REDUNDANT", "FacetSearch", "decide_rows", "search_workspace"]

UNDECIDED, FACET, REDUNDANT, DOUBTFUL = range(4)


#: Rows through the origin are lifted while pivoting, in terms of their values at the point inside, or all pivots at
#: the apex of a cone would be ties.  A row that is a combination of found ones is their combination at the point
#: inside too, hence stays above them if it is lifted more; one that is not leaves them far behind along some edge.
TARGET_LIFT, FOUND_LIFT = 1e-3, 1e-6

#: Up to this dimension all rows are looked at from every corner where a search ends, which takes h² products
#: a row; above it the next row is the one most like the last, which takes h.
SETTLING_DIM = 3


class FacetSearch(NamedTuple):
    """Work space and result of one search.

    Attributes
    ----------
    status : array of int, shape (m,)
        0 undecided, 1 facet, 2 redundant, 3 doubtful.
    facet_point, beyond : array, shape (m, h)
        For each facet a point on it, up to rounding; and one beyond it and strictly inside all other rows,
        which is proved.
    row_of : array of int, shape (m,)
        Row of the cell behind each row found.
    basis : array of int, shape (m, h)
        For a doubtful row the rows that meet where it has its minimum, which may prove it redundant in rationals; -1
        where there is none.
    reciprocals : array, shape (m,)
        Of the rows' values at the point inside.
    lift : array, shape (m,)
        Values at the point inside of rows through the origin, if there are more than h of them, else 0.
    ray : work space, shape (h,)
    corner : Corner
    """

    status: NDArray[np.int8]
    facet_point: Float
    beyond: Float
    row_of: Int
    basis: Int
    reciprocals: Float
    lift: Float
    ray: Float
    corner: Corner


@callable_from_compiled
def search_workspace(rows: int, h: int) -> FacetSearch:
    """Work space for cells of at most `rows` rows."""
    return FacetSearch(
        np.empty(rows, dtype=np.int8), np.empty((rows, h)), np.empty((rows, h)), np.empty(rows, dtype=np.int64),
        np.empty((rows, h), dtype=np.int64), np.empty(rows), np.empty(rows), np.empty(h), corner_workspace(rows, h),
    )  # fmt: skip


@proposal
def _next_row(rows: Float, m: int, status: NDArray[np.int8], last: int, likeness: Float) -> int:
    """Undecided row whose normal is most like that of the last one, so that its minimum is near; -1 if none is left."""
    for i in range(m):
        likeness[i] = rows[0, i] * rows[0, last]
    for c in range(1, rows.shape[0] - 1):
        line, x = rows[c], rows[c, last]
        for i in range(m):
            likeness[i] += line[i] * x
    best, row = -np.inf, -1
    for i in range(m):
        if status[i] == UNDECIDED and likeness[i] > best:
            best, row = likeness[i], i
    return row


@proposal
def _lowest_costs(rows: Float, m: int, frame: Float, nonbasic: Int, line: Float, lowest: Float) -> None:
    """Least cost of every row along an edge of the corner: none is negative where the row has its minimum."""
    h = frame.shape[1]
    for i in range(m):
        lowest[i] = np.inf
    for k in range(h):
        x = frame[k, 0]
        for i in range(m):
            line[i] = rows[0, i] * x
        for c in range(1, h):
            x = frame[k, c]
            for i in range(m):
                line[i] += rows[c, i] * x
        if nonbasic[k] == FREE:
            for i in range(m):
                line[i] = -abs(line[i])
        for i in range(m):
            lowest[i] = min(lowest[i], line[i])


@inlined
def _found_lift(row: int) -> float:
    """Another one for each row, between once and twice the least."""
    return FOUND_LIFT * (1.0 + (row * 0.6180339887498949) % 1.0)


@inlined
def _set_target(
    rows: Float, coefficient_error: Float, offset_error: Float, row: int, sign: float, target: Float
) -> None:
    h = len(target) - 3
    for c in range(h + 1):
        target[c] = sign * rows[c, row]
    target[h + 1], target[h + 2] = coefficient_error[row], offset_error[row]


@inlined
def _leave(
    rows: Float, coefficient_error: Float, offset_error: Float, m: int, inside: Float, ray: Float, reciprocals: Float,
    status: NDArray[np.int8], facet_point: Float, beyond: Float, values: Float, bounds: Float,
) -> int:  # fmt: skip
    """Row through which a ray from the point inside leaves the cell, with its proof; -1 if it is no news."""
    row, near, far = shoot(rows, m, reciprocals, ray, values)
    if row >= 0 and status[row] == UNDECIDED:
        middle = min(0.5 * (near + far), 1.5 * near)
        for c in range(len(inside)):
            facet_point[row, c] = inside[c] + near * ray[c]
            beyond[row, c] = inside[c] + middle * ray[c]
        proved = beyond_alone(rows, coefficient_error, offset_error, m, beyond[row], row, values, bounds)
        status[row] = FACET if proved else DOUBTFUL
    else:
        row = -1
    return row


@compiled
def _begin(cell: CellRows, m: int, inside: Float, search: FacetSearch) -> int:
    """Empty search; the row that is nearest to the point inside."""
    reset(search.corner, 0, inside)
    values_at(cell.rows, m, inside, search.reciprocals)
    h, nearest, central = len(inside), -1, 0
    for i in range(m):
        central += cell.rows[h, i] == 0.0
    for i in range(m):
        search.lift[i] = search.reciprocals[i] if central > h and cell.rows[h, i] == 0.0 else 0.0
        search.status[i] = UNDECIDED
        search.basis[i] = -1
        if nearest < 0 or search.reciprocals[i] < search.reciprocals[nearest]:
            nearest = i
    for i in range(m):
        search.reciprocals[i] = 1.0 / search.reciprocals[i]
    return nearest


@inlined
def _prove_redundant(
    target: Float, found: Float, frame: Float, nonbasic: Int, lo: Float, hi: Float, bounded: bool
) -> bool:
    """Prove the target redundant at the corner."""
    proved = False
    if bounded:
        proved = prove_redundant(target, found, frame, nonbasic, lo, hi)
    if not bounded or (not proved and target[len(lo)] == 0.0):
        proved = prove_redundant_unbounded(target, found, frame, nonbasic)
    return proved


@compiled
def _settle(
    rows: Float, coefficient_error: Float, offset_error: Float, m: int, status: NDArray[np.int8], corner: Corner,
    lift: Float, lo: Float, hi: Float, bounded: bool, line: Float, lowest: Float,
) -> int:  # fmt: skip
    """Prove all rows redundant whose minimum is at the corner; the undecided one that is nearest to its own, or -1."""
    found, frame, nonbasic, target = corner.found, corner.frame, corner.nonbasic, corner.target
    _lowest_costs(rows, m, frame, nonbasic, line, lowest)
    nearest = -1
    for i in range(m):
        if status[i] != UNDECIDED:
            continue
        if lowest[i] >= -PIVOT_TOLERANCE:
            _set_target(rows, coefficient_error, offset_error, i, 1.0, target)
            high = price(target, frame) + TARGET_LIFT * lift[i] > 0.0
            if high and _prove_redundant(target, found, frame, nonbasic, lo, hi, bounded):
                status[i] = REDUNDANT
                continue
        if nearest < 0 or lowest[i] > lowest[nearest]:
            nearest = i
    return nearest


@compiled
def decide_rows(cell: CellRows, m: int, inside: Float, search: FacetSearch, flat: FlatNetwork) -> int:
    """Decide the m rows of a cell; returns the number of rows left undecided.

    Parameters
    ----------
    cell : CellRows
    m : int
    inside : array, shape (h,)
        Strictly inside.
    search : FacetSearch
        Receives ``status``, ``facet_point`` and ``beyond``.
    flat : FlatNetwork
    """
    rows, own, offset, values, bounds = cell.rows, cell.coefficient_error, cell.offset_error, cell.values, cell.bounds
    corner, status, ray, lo, hi = search.corner, search.status, search.ray, flat.lo, flat.hi
    columns, found, frame, nonbasic, target = corner.columns, corner.found, corner.frame, corner.nonbasic, corner.target
    reciprocals, facet_point, beyond = search.reciprocals, search.facet_point, search.beyond
    row_of, basis, lift = search.row_of, search.basis, search.lift
    bounded = np.isfinite(lo).all() and np.isfinite(hi).all()
    h, row, count, left = len(inside), _begin(cell, m, inside, search), 0, 0
    goal, sign, fresh = row, 1.0, True
    while row >= 0:
        _set_target(rows, own, offset, goal, sign, target)
        value = price(target, frame) + (TARGET_LIFT if sign > 0.0 else -_found_lift(goal)) * lift[goal]
        k, step, room, failed = 0, 0.0, 0.0, False
        if value > -PIVOT_TOLERANCE:  # else the corner itself is beyond the row
            value = max(value, 0.0)
            k, step, room, value = descend(columns, found, frame, nonbasic, count if sign > 0.0 else count - 1, value)
        if sign < 0.0:  # the corner, which the last row cut off, has climbed to it
            if k >= 0:
                tighten(columns, found, frame, nonbasic, count, k, step)
            else:
                reset(corner, count, inside)
        elif k < 0:
            if value > 0.0 and _prove_redundant(target, found, frame, nonbasic, lo, hi, bounded):
                status[row] = REDUNDANT
            else:
                failed = True
        else:
            ahead = 0.5 * (step + np.copysign(min(room, 2.0 * abs(step) + 1.0), step))
            for c in range(h):
                ray[c] = frame[h, c] + ahead * frame[k, c] - inside[c]
            facet = _leave(rows, own, offset, m, inside, ray, reciprocals, status, facet_point, beyond, values, bounds)
            if facet >= 0:
                _set_target(rows, own, offset, facet, 1.0, target)
                below = add_row(columns, found, frame, target, _found_lift(facet) * lift[facet], count)
                row_of[count] = facet
                count += 1
                if below < 0.0:
                    goal, sign = facet, -1.0
                    continue
                if facet == row:
                    tighten(columns, found, frame, nonbasic, count, k, -below / frame[h + 1, k])
            else:
                failed = True
        if failed and fresh:
            status[row] = DOUBTFUL
            for c in range(h):
                basis[row, c] = -1 if k != -1 or nonbasic[c] == FREE else row_of[nonbasic[c]]
        elif failed:  # perhaps because rounding has heaped up in the edges: once more, from the point inside
            reset(corner, count, inside)
            fresh = True
        fresh = fresh and status[row] == UNDECIDED
        if status[row] != UNDECIDED and h <= SETTLING_DIM:
            row = _settle(rows, own, offset, m, status, corner, lift, lo, hi, bounded, bounds, values)
        elif status[row] != UNDECIDED:
            row = _next_row(rows, m, status, row, values)
        goal, sign = row, 1.0
    for i in range(m):
        left += 1 if status[i] == DOUBTFUL else 0
    return left
