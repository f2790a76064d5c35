"""Largest inscribed balls: the Chebyshev linear program of many polyhedra, compiled, or of one, exact.

A ball around z of radius r lies in the polyhedron iff ``row(z) >= r * weight`` for all rows, the weight
being the norm of the row's normal: in the space itself, or in the space that a linear map leads to.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

import numba as nb
import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from polyae.lp.simplex import FLOAT_TOLERANCE, maximise_exactly, optimum, pivot_to_optimum
from polyae.predicates.rational import HomogeneousPoint, IntegerRow, to_fractions

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["exact_inradius", "inscribed_balls"]

#: Bits to which the irrational norms of exact rows are known.
ROOT_BITS = 80


@nb.njit(cache=True)
def _inscribed(rows, weights, inside):  # type: ignore[no-untyped-def]
    """Centre, lower and upper bound of the radius, and tilt; see :func:`inscribed_balls`."""
    m, h = rows.shape[0], rows.shape[1] - 1
    heights = (rows[:, :h] * inside).sum(axis=1) + rows[:, h]
    if m == 0 or weights.max() == 0.0:
        return inside.copy(), np.inf, np.inf, 0.0
    scale = heights.min()
    if not scale > 0.0:
        return inside.copy(), 0.0, np.inf, 0.0
    unit = weights.max()
    table = np.zeros((m + 1, h + 2))
    table[:m, :h] = rows[:, :h]
    table[:m, h] = -weights / unit
    table[:m, h + 1] = heights / scale
    table[m, h] = 1.0
    bounded, basic, nonbasic = pivot_to_optimum(table, FLOAT_TOLERANCE)
    if not bounded:
        return inside.copy(), 0.0, np.inf, 0.0
    point, multipliers = optimum(table, basic, nonbasic)
    centre = inside + scale * point[:h]
    reached = (rows[:, :h] * centre).sum(axis=1) + rows[:, h]
    lower = np.inf
    for j in range(m):
        if weights[j] > 0.0:
            lower = min(lower, reached[j] / weights[j])
    total = (multipliers * weights).sum()
    tilt = 0.0
    for k in range(h):
        tilt += abs((multipliers * rows[:, k]).sum()) / total
    return centre, max(lower, 0.0), (multipliers * reached).sum() / total, tilt


@nb.njit(cache=True)
def inscribed_balls(first, rows, weights, inside):  # type: ignore[no-untyped-def]
    """Largest balls in n polyhedra.

    Parameters
    ----------
    first : array of int, shape (n + 1,)
        Polyhedron i has the rows ``first[i]:first[i + 1]``.
    rows : array, shape (total, h + 1)
        Normals of length 1.
    weights : array, shape (total,)
    inside : array, shape (n, h)
        A point strictly inside each.

    Returns
    -------
    centres : array, shape (n, h)
    bounds : array, shape (n, 3)
        Lower and upper bound of each radius; 0 and infinity where float64 did not decide.  The upper one
        grows by the third column times the extent of the polyhedron, because the multipliers behind it
        balance only so far.
    """
    n = len(first) - 1
    centres, bounds = np.zeros(inside.shape), np.zeros((n, 3))
    for i in range(n):
        mine = slice(first[i], first[i + 1])
        centre, lower, upper, tilt = _inscribed(rows[mine], weights[mine], inside[i])
        centres[i] = centre
        bounds[i, 0], bounds[i, 1], bounds[i, 2] = lower, upper, tilt
    return centres, bounds


def _root(x: fmpq) -> fmpq:
    """Square root of a positive rational to about `ROOT_BITS` bits."""
    shift = 2 * ROOT_BITS + 2 * abs(int(x.p).bit_length() - int(x.q).bit_length())
    shift += shift % 2
    return fmpq(isqrt((int(x.p) << shift) // int(x.q)), 1 << shift // 2)


def exact_inradius(
    rows: Sequence[IntegerRow], inside: HomogeneousPoint, metric: fmpq_mat | None = None
) -> tuple[Float, float]:
    """Centre and radius of a largest inscribed ball by an exact linear program, then rounded.

    Parameters
    ----------
    rows : sequence of integer rows
    inside : homogeneous point
        Strictly inside.
    metric : fmpq_mat, shape (h, h), optional
        Inverse of the Gram matrix ``A^T A`` of the map in whose image the ball lies; the identity if omitted.
    """
    start = [fmpq(z, inside[-1]) for z in inside[:-1]]
    h = len(start)
    table = []
    for row in rows:
        normal = fmpq_mat(1, h, [fmpq(a) for a in row[:-1]])
        squared = (normal * (normal if metric is None else normal * metric).transpose())[0, 0]
        table.append([*row[:-1], -_root(squared), row[-1]])
    best = maximise_exactly(table, [*[0] * h, 1], [*start, fmpq(0)])
    if best.value is None:
        return np.array([float(x) for x in to_fractions(inside)]), np.inf
    centre = np.array([_float(x) for x in best.point[:-1]])
    return centre, _float(best.value)


def _float(x: fmpq) -> float:
    """Nearest float64 of a rational of any size."""
    return int(x.p) / int(x.q)
