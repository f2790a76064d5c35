"""Largest inscribed balls: the Chebyshev linear program of many polyhedra, compiled, or of one, exact.

A ball around z of radius r lies in the polyhedron iff ``row(z) >= r * weight`` for all rows, the weight
being the norm of the row's normal: in the space itself, or in the space that a linear map leads to.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from polyae.lp.simplex import FLOAT_TOLERANCE, for_kernel, maximise_exactly, optimum, pivot_to_optimum
from polyae.predicates.jit import compiled
from polyae.predicates.rational import HomogeneousPoint, IntegerRow, to_fractions

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["exact_inradius", "inscribed_balls"]

#: Bits to which the irrational norms of exact rows are known.
ROOT_BITS = 80


@compiled
def _height(row, point):  # type: ignore[no-untyped-def]
    total = row[len(point)]
    for k in range(len(point)):
        total += row[k] * point[k]
    return total


@compiled
def _inscribed(rows, weights, inside):  # type: ignore[no-untyped-def]
    """Centre, lower and upper bound of the radius, and tilt; see :func:`inscribed_balls`."""
    m, h = rows.shape[0], rows.shape[1] - 1
    centre = inside.copy()
    table = np.zeros((m + 1, h + 2))
    scale, unit = np.inf, 0.0
    for j in range(m):
        table[j, h + 1] = _height(rows[j], inside)
        scale, unit = min(scale, table[j, h + 1]), max(unit, weights[j])
    if unit == 0.0:
        return centre, np.inf, np.inf, 0.0
    if not scale > 0.0:
        return centre, 0.0, np.inf, 0.0
    for j in range(m):
        for k in range(h):
            table[j, k] = rows[j, k]
        table[j, h] = -weights[j] / unit
        table[j, h + 1] /= scale
    table[m, h] = 1.0
    bounded, basic, nonbasic = pivot_to_optimum(table, FLOAT_TOLERANCE)
    if not bounded:
        return centre, 0.0, np.inf, 0.0
    point, multipliers = optimum(table, basic, nonbasic)
    for k in range(h):
        centre[k] += scale * point[k]
    lower, upper, total, tilt = np.inf, 0.0, 0.0, 0.0
    for j in range(m):
        reached = _height(rows[j], centre)
        if weights[j] > 0.0:
            lower = min(lower, reached / weights[j])
        upper += multipliers[j] * reached
        total += multipliers[j] * weights[j]
    for k in range(h):
        slope = 0.0
        for j in range(m):
            slope += multipliers[j] * rows[j, k]
        tilt += abs(slope)
    return centre, max(lower, 0.0), upper / total, tilt / total


@compiled
def _all_inscribed(first, rows, weights, inside):  # type: ignore[no-untyped-def]
    n = len(first) - 1
    centres, bounds = np.zeros(inside.shape), np.zeros((n, 3))
    for i in range(n):
        mine = slice(first[i], first[i + 1])
        centre, lower, upper, tilt = _inscribed(rows[mine], weights[mine], inside[i])
        centres[i] = centre
        bounds[i, 0], bounds[i, 1], bounds[i, 2] = lower, upper, tilt
    return centres, bounds


def inscribed_balls(first: Int, rows: Float, weights: Float, inside: Float) -> tuple[Float, Float]:
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
    centres, bounds = _all_inscribed(*for_kernel(first, rows, weights, inside))
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
