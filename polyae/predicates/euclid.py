"""Signs against a Euclidean ball: rational squared distances behind a floating-point filter."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from polyae.domains import Ball
from polyae.predicates.affine import OUT_OF_RANGE
from polyae.predicates.kernel import Kernel, Signs
from polyae.predicates.rational import HomogeneousPoint, homogeneous
from polyae.tolerances import gamma

Float = NDArray[np.float64]

__all__ = ["ball_signs", "exact_ball_sign", "squared_radius"]


def squared_radius(ball: Ball) -> fmpq:
    """``radius**2`` as a rational."""
    radius = Fraction(ball.radius)
    return fmpq(radius.numerator, radius.denominator) ** 2


def exact_ball_sign(ball: Ball, point: HomogeneousPoint) -> int:
    """Sign of ``radius**2 - ‖point - centre‖**2``: positive strictly inside."""
    centre = [fmpq(c.numerator, c.denominator) for c in ball.exact_centre]
    squared = sum(((fmpq(z, point[-1]) - c) ** 2 for z, c in zip(point[:-1], centre, strict=True)), fmpq(0))
    gap = squared_radius(ball) - squared
    return int(gap > 0) - int(gap < 0)


@OUT_OF_RANGE
def ball_signs(kernel: Kernel, ball: Ball, points: Float) -> Signs:
    """Signs of ``radius**2 - ‖point - centre‖**2`` at points (n, h)."""
    difference = points - ball.centre
    gap = ball.radius * ball.radius - (difference**2).sum(axis=1)
    # The difference carries one rounding, its square two more.
    bound = gamma(ball.dim + 4) * (ball.radius * ball.radius + (difference**2).sum(axis=1))
    bound = np.where(bound > np.finfo(np.float64).tiny * 2.0**60, bound, np.inf)

    def exact(doubtful: Sequence[int]) -> list[int]:
        return [exact_ball_sign(ball, homogeneous(points[k].tolist())) for k in doubtful]

    return kernel.signs(gap, bound, exact)
