"""The region at a point, also where the point lies on hyperplanes or on the domain's boundary.

Near a point z the units that vanish there cut the space into cones.  Choosing, unit after unit, the off
side whenever some direction into the domain allows it gives the least pattern (units in order, off
before on) among the regions whose closure holds z.
"""

from __future__ import annotations

import numpy as np
from flint import fmpq, fmpz
from numpy.typing import NDArray

from polyae.domains import Ball
from polyae.errors import OutsideDomainError
from polyae.lp.exact import lowest_value
from polyae.lp.witness import walk
from polyae.predicates.affine import forward
from polyae.predicates.cell import Arrangement
from polyae.predicates.euclid import exact_ball_sign
from polyae.predicates.kernel import Signs
from polyae.predicates.rational import (
    HomogeneousPoint,
    IntegerRow,
    dot,
    homogeneous,
    integer_row,
    rounded,
    sign,
    to_fractions,
)

Bool = NDArray[np.bool_]

__all__ = ["LocalRegion", "least_pattern"]

LocalRegion = tuple[Bool, HomogeneousPoint]


def least_pattern(arrangement: Arrangement, point: HomogeneousPoint) -> LocalRegion:
    """Least pattern among the regions whose closure holds a point, and an exact point inside that region.

    Parameters
    ----------
    arrangement : Arrangement
    point : homogeneous point
        In the domain or on its boundary.

    Raises
    ------
    OutsideDomainError
        If the point lies outside the domain.
    """
    cone = _active_walls(arrangement, point)
    direction = _into_domain(arrangement, point)
    signs = _unit_signs(arrangement, point)
    pattern = signs > 0
    for unit in np.flatnonzero(signs == 0):
        # Units after this one do not enter its row, so their provisional states are harmless.
        slope = arrangement.rational.unit_row(pattern, int(unit))[:-1]
        if not any(slope):
            continue
        side, direction = _choose_side([*slope, fmpz(0)], cone, direction)
        pattern[unit] = side > 0
        cone.append([*(side * a for a in slope), fmpz(0)])
    if not cone:
        return pattern, point
    return pattern, walk(arrangement.cell(pattern), point, direction[:-1])


def _unit_signs(arrangement: Arrangement, point: HomogeneousPoint) -> Signs:
    """Signs of all units; in float64 if that proves them all, since a rational network takes time and memory."""
    nearest = rounded(point)
    if homogeneous(nearest.tolist()) == point:
        values, bounds = forward(arrangement.network, nearest[None, :])
        if (np.abs(values) > bounds).all():
            return np.sign(values[0]).astype(np.int8)
    return np.array(arrangement.rational.signs_at(point), dtype=np.int8)


def _active_walls(arrangement: Arrangement, point: HomogeneousPoint) -> list[IntegerRow]:
    heights = [dot(wall, point) for wall in arrangement.wall_integers]
    if any(height < 0 for height in heights):
        where = [float(x) for x in to_fractions(point)]
        raise OutsideDomainError(f"the point {where} lies outside the domain {arrangement.domain!r}")
    active = [[*wall[:-1], fmpz(0)] for wall, t in zip(arrangement.wall_integers, heights, strict=True) if t == 0]
    ball = arrangement.domain
    if isinstance(ball, Ball) and ball.curved and (side := exact_ball_sign(ball, point)) <= 0:
        if side < 0:
            raise OutsideDomainError(f"the point {[float(x) for x in to_fractions(point)]} lies outside {ball!r}")
        inward = [b - a for a, b in zip(to_fractions(point), ball.exact_centre, strict=True)]
        active.append(integer_row([*inward, 0]))
    return active


def _into_domain(arrangement: Arrangement, point: HomogeneousPoint) -> HomogeneousPoint:
    """Direction from the point to the domain's interior point; some direction if they coincide."""
    target = arrangement.domain.interior_point()
    return homogeneous([b - a for a, b in zip(to_fractions(point), target, strict=True)])


def _choose_side(
    slope: IntegerRow, cone: list[IntegerRow], direction: HomogeneousPoint
) -> tuple[int, HomogeneousPoint]:
    """Off (-1) if the cone has a direction in which the unit falls, else on (1); and such a direction."""
    here = sign(dot(slope, direction))
    if here < 0:
        return -1, direction
    if here == 0:
        # The cone is open around the direction: a small step along -slope stays inside.
        return -1, _tilt(cone, direction, [-a for a in slope[:-1]])
    verdict = lowest_value(slope, cone, direction)
    return (1, direction) if verdict.beyond is None else (-1, verdict.beyond)


def _tilt(cone: list[IntegerRow], direction: HomogeneousPoint, change: list[fmpz]) -> HomogeneousPoint:
    step = _room([*cone], direction, change) / 2
    return _moved(direction, change, step)


def _room(rows: list[IntegerRow], start: HomogeneousPoint, change: list[fmpz]) -> fmpq:
    """Step along `change` at which the first row vanishes that is positive at the start; 2 if none does."""
    steps = []
    for row in rows:
        fall = -dot(row[:-1], change)
        if fall > 0:
            steps.append(fmpq(dot(row, start), start[-1] * fall))
    return min(steps, default=fmpq(2))


def _moved(start: HomogeneousPoint, change: list[fmpz], step: fmpq) -> HomogeneousPoint:
    den = start[-1] * step.q
    return [*(z * step.q + start[-1] * step.p * c for z, c in zip(start[:-1], change, strict=True)), den]
