"""Distance from a point to a polyhedron in the 1-, 2- and infinity-norm.

A proposal in float64 gives a nearby point of the polyhedron, hence an upper bound, and nonnegative
multipliers y, hence a lower one: all points of the polyhedron satisfy the combined row, so that
``distance >= -y @ heights / ‖y @ normals‖_q`` with 1/p + 1/q = 1 (weak duality).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import fmpq
from numpy.typing import NDArray
from scipy.optimize import nnls

from polyae.lp.nearest import nearest_point
from polyae.lp.simplex import FLOAT_TOLERANCE, maximise_exactly, optimum, pivot_to_optimum
from polyae.predicates.rational import HomogeneousPoint, IntegerRow
from polyae.tolerances import gamma

Float = NDArray[np.float64]

__all__ = ["enclose_distance", "exact_distance_power"]

#: Shares by which the proposed nearest point is drawn towards the witness until it is certainly inside.
PULLS = (0.0, 1e-12, 1e-9, 1e-6, 1e-3)


def enclose_distance(rows: Float, errors: Float, witness: Float, centre: Float, p: float) -> tuple[float, float]:
    """Certified lower and upper bounds of the distance from a centre to a polyhedron.

    Parameters
    ----------
    rows : array, shape (m, h + 1)
        Normals of length 1, positive inside.
    errors : array, shape (m, h + 1)
        Entrywise bounds.
    witness : array, shape (h,)
        A point inside, up to rounding.
    centre : array, shape (h,)
    p : {1, 2, inf}

    Returns
    -------
    lower, upper : float
        The upper bound is infinite if no float64 point could be shown to lie inside.
    """
    if not len(rows):
        return 0.0, 0.0
    heights, bounds = _values(rows, errors, centre)
    if (heights > bounds).all():
        return 0.0, 0.0
    nearest, multipliers = _nearest(rows, heights, witness, centre) if p == 2 else _linear(rows, witness, centre, p)
    return _lower(rows, errors, heights, bounds, multipliers, p), _upper(rows, errors, nearest, witness, centre, p)


def _values(rows: Float, errors: Float, point: Float) -> tuple[Float, Float]:
    """Values of the rows at a point, and their error bounds."""
    values = rows[:, :-1] @ point + rows[:, -1]
    size = np.abs(rows[:, :-1]) @ np.abs(point) + np.abs(rows[:, -1])
    bounds = (errors[:, :-1] @ np.abs(point) + errors[:, -1] + gamma(len(point) + 2) * size) * (1 + gamma(len(point)))
    return values, np.nan_to_num(bounds, nan=np.inf)


def _nearest(rows: Float, heights: Float, witness: Float, centre: Float) -> tuple[Float, Float]:
    """Least-distance programming by nonnegative least squares (Lawson & Hanson 1974, chapter 23)."""
    target = np.append(np.zeros(len(centre)), 1.0)
    system = np.vstack([rows[:, :-1].T, -heights])
    try:
        weights, _ = nnls(system, target)
    except RuntimeError:  # the iteration limit: nothing is claimed
        return witness, np.zeros(len(rows))
    residual = system @ weights - target
    return (centre - residual[:-1] / residual[-1] if residual[-1] < 0 else centre), weights


def _lifted(h: int, p: float) -> tuple[Float, Float]:
    """Rows over (z - centre, s) whose s bounds the norm, and the objective -norm."""
    eye, one = np.eye(h), np.ones((h, 1))
    above = eye if p == 1 else one
    table = np.vstack([np.hstack([eye, above]), np.hstack([-eye, above])])
    return table, np.append(np.zeros(h), -np.ones(above.shape[1]))


def _linear(rows: Float, witness: Float, centre: Float, p: float) -> tuple[Float, Float]:
    """Nearest point and multipliers of the linear program, from the witness on."""
    m, h = len(rows), len(centre)
    cone, objective = _lifted(h, p)
    start = witness - centre
    scale = float(np.abs(start).max()) or 1.0
    table = np.zeros((m + 2 * h + 1, len(objective) + 1))
    table[:m, :h], table[m:-1, :-1], table[-1, :-1] = rows[:, :-1], cone, objective
    table[:m, -1] = np.maximum(rows[:, :-1] @ witness + rows[:, -1], 0.0) / scale
    table[m:-1, -1] = cone @ np.append(start / scale, np.full(len(objective) - h, 1.0))
    bounded, basic, nonbasic = pivot_to_optimum(table, FLOAT_TOLERANCE)
    if not bounded:
        return witness, np.zeros(m)
    step, multipliers = optimum(table, basic, nonbasic)
    return witness + scale * step[:h], multipliers[:m]


def _lower(rows: Float, errors: Float, heights: Float, bounds: Float, weights: Float, p: float) -> float:
    count = len(rows) + rows.shape[1]
    depth = -float(weights @ heights)
    depth -= float(weights @ bounds + gamma(count) * (weights @ np.abs(heights)))
    normal = np.abs(weights @ rows[:, :-1])
    normal += weights @ errors[:, :-1] + gamma(count) * (weights @ np.abs(rows[:, :-1]))
    dual = {1.0: np.inf, 2.0: 2, np.inf: 1}[float(p)]
    length = float(np.linalg.norm(normal, ord=dual)) * (1 + gamma(count))
    return max(0.0, depth / length * (1 - gamma(4))) if length > 0 and np.isfinite(depth) else 0.0


def _upper(rows: Float, errors: Float, nearest: Float, witness: Float, centre: Float, p: float) -> float:
    for pull in PULLS:
        point = nearest + pull * (witness - nearest)
        values, bounds = _values(rows, errors, point)
        if (values >= bounds).all():
            return float(np.linalg.norm(point - centre, ord=p)) * (1 + gamma(len(point) + 4))
    return np.inf


def exact_distance_power(rows: Sequence[IntegerRow], inside: HomogeneousPoint, centre: Float, p: float) -> fmpq:
    """Exact distance to a polyhedron, squared for p = 2.

    Parameters
    ----------
    rows : sequence of integer rows
    inside : homogeneous point
    centre : array, shape (h,)
    p : {1, 2, inf}
    """
    middle = [fmpq(*x.as_integer_ratio()) for x in centre.tolist()]
    if p == 2:
        return nearest_point(list(rows), middle).squared_distance
    cone, objective = _lifted(len(middle), p)
    extra = len(objective) - len(middle)
    start = [fmpq(z, inside[-1]) - c for z, c in zip(inside[:-1], middle, strict=True)]
    heights = [sum((a * c for a, c in zip(row, middle, strict=False)), fmpq(row[-1])) for row in rows]
    table = [[*row[:-1], *[0] * extra, height] for row, height in zip(rows, heights, strict=True)]
    table += [[*map(int, row), 0] for row in cone]
    top = max(map(abs, start))
    value = maximise_exactly(table, list(map(int, objective)), [*start, *[top] * extra]).value
    return fmpq(0) if value is None else -value
