"""Compiled nearest points of faces of polyhedra, from the Gram matrix of the rows alone.

The dual active-set method of Goldfarb and Idnani (1983) for ``min ‖x‖²`` with rows
``g_j = normal_j @ x + height_j`` nonnegative and one of them zero.  The nearest point is a combination of
normals, so that inner products are all that is needed and a step costs nothing that grows with the
dimension.  Its multipliers are a proposal; callers prove bounds from them.  The exact twin is
:mod:`polyae.lp.nearest`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["BEYOND", "EMPTY", "NEAREST", "STUCK", "ActiveSet", "active_set", "nearest_on_row"]

#: How the search ended: at the nearest point; on proof of a distance over the limit; on proof that there is
#: no such point; without an answer.
NEAREST, BEYOND, EMPTY, STUCK = range(4)

#: Squared share of a normal that is not a combination of the active ones, below which it counts as one.
DEPENDENT = 1e-18
#: Coefficients of such a combination that count as zero.
TINY = 1e-12


class ActiveSet(NamedTuple):
    """Work space, and the answer.

    Attributes
    ----------
    rows : array of int, shape (capacity,)
        Active rows, the equality first.
    weights : array, shape (capacity,)
        Their multipliers, nonnegative but for the first: ``x = sum weights[a] * normal[rows[a]]``.
    values : array, shape (rows,)
        All rows at x.
    factor : array, shape (capacity, capacity)
        Cholesky factor of the active rows' Gram matrix.
    share, forward : arrays, shape (capacity,)
        The entering normal in terms of the active ones.
    slopes : array, shape (rows,)
        Change of the values per unit of a step.
    """

    rows: Int
    weights: Float
    values: Float
    factor: Float
    share: Float
    forward: Float
    slopes: Float


def active_set(rows: int, dim: int) -> ActiveSet:
    """Work space for so many rows in so many dimensions."""
    most = min(rows, dim) + 2
    return ActiveSet(
        np.empty(most, dtype=np.int64), np.empty(most), np.empty(rows), np.empty((most, most)), np.empty(most),
        np.empty(most), np.empty(rows),
    )  # fmt: skip


@compiled
def _extend(gram: Float, state: ActiveSet, k: int, row: int) -> float:
    """Cholesky row of one more active row; the squared part of it that is new."""
    factor = state.factor
    left = gram[row, row]
    for a in range(k):
        total = gram[row, state.rows[a]]
        for b in range(a):
            total -= factor[k, b] * factor[a, b]
        factor[k, a] = total / factor[a, a]
        left -= factor[k, a] ** 2
    return left


@compiled
def _split(gram: Float, state: ActiveSet, k: int, row: int) -> float:
    """Write the normal of a row as a combination of the active ones; returns what is left over, squared."""
    left = _extend(gram, state, k, row)
    for a in range(k - 1, -1, -1):
        total = state.factor[k, a]
        for b in range(a + 1, k):
            total -= state.factor[b, a] * state.share[b]
        state.share[a] = total / state.factor[a, a]
    return left


@compiled
def _drop(gram: Float, state: ActiveSet, k: int, place: int) -> int:
    """Take an active row out; the number left."""
    for a in range(place, k - 1):
        state.rows[a], state.weights[a] = state.rows[a + 1], state.weights[a + 1]
    for a in range(place, k - 1):
        state.factor[a, a] = np.sqrt(max(_extend(gram, state, a, state.rows[a]), DEPENDENT))
    return k - 1


@compiled
def _worst(values: Float, tolerances: Float, count: int) -> int:
    """Row that is violated most; -1 if none is."""
    worst, depth = -1, 0.0
    for j in range(count):
        if values[j] < -tolerances[j] and values[j] < depth:
            worst, depth = j, values[j]
    return worst


@compiled
def _enter(gram: Float, state: ActiveSet, count: int, k: int, row: int) -> tuple[int, bool]:
    """Make a violated row hold with equality; the number of active rows, and whether it could be done.

    If not, the weights of the active rows are those of the contradiction and the row's own is 1.
    """
    values, weights, share, slopes = state.values, state.weights, state.share, state.slopes
    gained = 0.0
    while True:
        left = _split(gram, state, k, row)
        blocking, partial = -1, np.inf
        for a in range(1, k):
            if share[a] > TINY and weights[a] < partial * share[a]:
                blocking, partial = a, weights[a] / share[a]
        independent = left > DEPENDENT * gram[row, row] and k < len(state.rows) - 1
        full = -values[row] / left if independent else np.inf
        if blocking < 0 and not independent:
            for a in range(k):
                weights[a] = -share[a]
            state.rows[k], weights[k] = row, 1.0
            return k + 1, False
        step = min(partial, full)
        for a in range(k):
            weights[a] -= step * share[a]
        gained += step
        if independent:
            for j in range(count):
                slopes[j] = gram[row, j]
            for a in range(k):
                for j in range(count):
                    slopes[j] -= share[a] * gram[state.rows[a], j]
            for j in range(count):
                values[j] += step * slopes[j]
        if full <= partial:
            state.rows[k], weights[k] = row, gained
            state.factor[k, k] = np.sqrt(left)
            return k + 1, True
        weights[blocking] = 0.0
        k = _drop(gram, state, k, blocking)


@compiled
def nearest_on_row(
    gram: Float, heights: Float, tolerances: Float, count: int, row: int, limit: float, state: ActiveSet
) -> tuple[int, int]:
    """Nearest point to the origin where one row vanishes and the others are nonnegative.

    Parameters
    ----------
    gram : array, shape (rows, rows)
        Inner products of the normals, which have about unit length.
    heights : array, shape (rows,)
        Rows at the origin.
    tolerances : array, shape (rows,)
        What counts as zero, for each row.
    count : int
        How many rows there are.
    row : int
        The one that vanishes.
    limit : float
        The search ends when the point is certainly farther off than this, up to rounding.
    state : ActiveSet

    Returns
    -------
    outcome, active : int
        One of NEAREST, BEYOND, EMPTY, STUCK; and the number of active rows.
    """
    values, weights = state.values, state.weights
    weights[0] = -heights[row] / gram[row, row]
    state.rows[0], state.factor[0, 0] = row, np.sqrt(gram[row, row])
    for j in range(count):
        values[j] = heights[j] + weights[0] * gram[row, j]
    values[row] = 0.0
    k = 1
    for _ in range(4 * count + 16):
        squared = 0.0
        for a in range(k):
            squared -= weights[a] * heights[state.rows[a]]
        if squared > limit * limit:
            return BEYOND, k
        worst = _worst(values, tolerances, count)
        if worst < 0:
            return NEAREST, k
        k, possible = _enter(gram, state, count, k, worst)
        if not possible:
            return EMPTY, k
        for a in range(k):
            values[state.rows[a]] = 0.0
    return STUCK, k
