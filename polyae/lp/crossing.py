"""Where a facet is crossed, and whether it is crossed inside a Euclidean ball at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from flint import fmpq
from numpy.typing import NDArray
from scipy.optimize import nnls

from polyae.domains import Ball
from polyae.lp.facets import Facet, Witness
from polyae.lp.nearest import nearest_point
from polyae.predicates.affine import OUT_OF_RANGE, BoundedRows, evaluate
from polyae.predicates.cell import Cell
from polyae.predicates.euclid import exact_ball_sign, squared_radius
from polyae.predicates.rational import HomogeneousPoint, IntegerRow, dot, from_rationals, homogeneous, rounded
from polyae.tolerances import gamma

Float = NDArray[np.float64]

__all__ = ["Crossing", "crossing", "point_in_ball"]

#: How far the nearest point of a facet is pulled towards its interior, tried in turn.
PULLS = (0.5, 0.1, 1e-2, 1e-4, 1e-6)


@dataclass(frozen=True)
class Crossing:
    """A point in the relative interior of a facet and inside the domain.

    Attributes
    ----------
    point : array, shape (h,)
        In float64, so near the facet only.
    exact : callable
        Computes such a point exactly.
    """

    point: Float
    exact: Callable[[], HomogeneousPoint]


def crossing(cell: Cell, facet: Facet, witness: Witness) -> Crossing | None:
    """Point at which to cross a facet; None if the facet does not meet the open ball of the domain."""
    row = int(facet.rows[0])
    straight = _between(cell, row, witness.point, facet.beyond, partial(_exact_between, cell, row, witness, facet))
    ball = cell.arrangement.domain
    if not isinstance(ball, Ball) or not ball.curved:
        return straight
    return _in_ball(cell, facet, straight, ball)


def _height(cell: Cell, row: int, point: Float) -> float:
    return float(cell.rows.values[row, :-1] @ point + cell.rows.values[row, -1])


def _between(cell: Cell, row: int, inner: Float, outer: Float, exact: Callable[[], HomogeneousPoint]) -> Crossing:
    above, below = _height(cell, row, inner), _height(cell, row, outer)
    share = above / (above - below) if above > below else 0.5
    return Crossing(inner + min(max(share, 0.0), 1.0) * (outer - inner), exact)


def _exact_between(cell: Cell, row: int, witness: Witness, facet: Facet) -> HomogeneousPoint:
    return _exact_crossing(cell, row, witness.homogeneous, facet.homogeneous_beyond)


def _exact_crossing(cell: Cell, row: int, inner: HomogeneousPoint, outer: HomogeneousPoint) -> HomogeneousPoint:
    """Zero of a row on a segment: the combination of its ends weighted by the opposite heights."""
    integers = cell.integers(row)
    above, below = dot(integers, inner), dot(integers, outer)
    return [above * b - below * a for a, b in zip(inner, outer, strict=True)]


def _others(cell: Cell, facet: Facet) -> NDArray[np.int64]:
    """Rows other than the facet's; walls of the box around the ball are implied by the ball."""
    keep = cell.source >= 0
    keep[facet.rows] = False
    return np.flatnonzero(keep)


def _in_ball(cell: Cell, facet: Facet, straight: Crossing, ball: Ball) -> Crossing | None:
    row, others = int(facet.rows[0]), _others(cell, facet)
    if found := _straddle(cell, row, others, straight.point, ball):
        return found
    nearest, far = _nearest_float(cell, row, others, ball)
    kernel = cell.arrangement.kernel
    if far:
        kernel.counts.filtered += 1
        return None
    for pull in PULLS:
        if found := _straddle(cell, row, others, nearest + pull * (straight.point - nearest), ball):
            return found
    if not kernel.exact:
        kernel.counts.assumed += 1
        return None
    kernel.counts.exact += 1
    return _in_ball_exact(cell, row, others, straight, ball)


@OUT_OF_RANGE
def _straddle(cell: Cell, row: int, others: NDArray[np.int64], point: Float, ball: Ball) -> Crossing | None:
    """Prove in float64 that the facet passes by a point, between two points on either side of it."""
    one = BoundedRows(cell.rows.values[[row]], cell.rows.errors[[row]])
    values, bounds = evaluate(one, point[None, :])
    normal = cell.rows.values[row, :-1] / (cell.rows.values[row, :-1] @ cell.rows.values[row, :-1])
    foot = point - values[0, 0] * normal
    width = 16 * bounds[0, 0]
    ends = np.stack([foot + width * normal, foot - width * normal])
    chosen = np.append(others, row)
    heights, errors = evaluate(BoundedRows(cell.rows.values[chosen], cell.rows.errors[chosen]), ends)
    heights[1, -1] *= -1
    gap = ball.radius * ball.radius - ((ends - ball.centre) ** 2).sum(axis=1)
    if not ((heights > errors).all() and (gap > gamma(ball.dim + 4) * 2 * ball.radius * ball.radius).all()):
        return None
    cell.arrangement.kernel.counts.filtered += 1
    inner, outer = (homogeneous(end.tolist()) for end in ends)
    return Crossing(foot, lambda: _exact_crossing(cell, row, inner, outer))


@OUT_OF_RANGE
def _nearest_float(cell: Cell, row: int, others: NDArray[np.int64], ball: Ball) -> tuple[Float, bool]:
    """Nearest point of a facet to the centre, and whether its multipliers prove that it is too far.

    Least-distance programming by nonnegative least squares (Lawson & Hanson 1974, chapter 23).  Any
    nonnegative multipliers combine the rows to one half-space, whose distance bounds the facet's.
    """
    chosen = np.concatenate([[row, row], others])
    orientation = np.ones(len(chosen))
    orientation[1] = -1.0
    values = cell.rows.values[chosen] * orientation[:, None]
    heights, bounds = evaluate(BoundedRows(values, cell.rows.errors[chosen]), ball.centre[None, :])
    system = np.vstack([values[:, :-1].T, -heights])
    target = np.append(np.zeros(ball.dim), 1.0)
    try:
        weights, _ = nnls(system, target)
    except RuntimeError:  # the iteration limit: nothing is claimed
        return ball.centre, False
    residual = system @ weights - target
    if not residual[-1] < 0:
        return ball.centre, False
    normal, depth = values[:, :-1].T @ weights, -float(weights @ heights[0])
    count = len(chosen) + ball.dim
    normal_error = weights @ cell.rows.errors[chosen, :-1] + gamma(count) * (weights @ np.abs(values[:, :-1]))
    depth_error = float(weights @ bounds[0] + gamma(count) * (weights @ np.abs(heights[0])))
    length = np.linalg.norm(np.abs(normal) + normal_error) * (1 + gamma(count))
    far = depth - depth_error > ball.radius * length * (1 + gamma(4))
    return ball.centre - residual[:-1] / residual[-1], bool(far)


def _in_ball_exact(cell: Cell, row: int, others: NDArray[np.int64], straight: Crossing, ball: Ball) -> Crossing | None:
    rows = [cell.integers(int(i)) for i in (row, *others)]
    exact = point_in_ball(rows, straight.exact(), ball, equality=0)
    return None if exact is None else Crossing(rounded(exact), partial(list, exact))


def point_in_ball(
    rows: list[IntegerRow], interior: HomogeneousPoint, ball: Ball, equality: int | None = None
) -> HomogeneousPoint | None:
    """Point of a polyhedron's interior in the open ball; None if they do not meet.

    The polyhedron's nearest point to the centre is pulled towards its interior.

    Parameters
    ----------
    rows : list of integer rows
    interior : homogeneous point
        Where all rows are positive, but for the one that must vanish.
    ball : Ball
    equality : int, optional
        Index of the row that must vanish: the relative interior of its facet is meant.
    """
    nearest = nearest_point(rows, [fmpq(c.numerator, c.denominator) for c in ball.exact_centre], equality)
    if nearest.point is None or nearest.squared_distance >= squared_radius(ball):
        return None
    inner = [fmpq(z, interior[-1]) for z in interior[:-1]]
    pull = fmpq(1, 2)
    while True:
        point = from_rationals([z + pull * (i - z) for z, i in zip(nearest.point, inner, strict=True)])
        if exact_ball_sign(ball, point) > 0:
            return point
        pull = pull / 2
