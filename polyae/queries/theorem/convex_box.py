"""Boxes of parameters in which the distance of a point from a chart is known to rounding.

Let ``φ(θ) = ½‖y - x(θ)‖²``.  Its third derivative along a unit of ``Σ ℓ_j |δ_j|`` is at most
``T = 3 c_1 c_2 + c_3 sup‖y - x‖``, so that on a box of radius t around θ* the Hessian is at least
``μ = λ_min(φ''(θ*)) - m T t`` in the coordinates ``ℓ_j θ_j`` (the m by Cauchy and Schwarz).  With the gradient g at θ*

    ``φ(θ* + δ) >= φ(θ*) + g δ + ½ μ |δ|²``,

which at a minimiser found by Newton's method is φ itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.queries.manifolds import Chart
from polyae.queries.manifolds.exponential import UP
from polyae.queries.theorem.newton import descend, half_square
from polyae.tolerances import gamma

Float = NDArray[np.float64]

__all__ = ["ConvexBoxes", "convex_boxes"]

#: A few dozen roundings, relative.
FEW = 1e-14


@dataclass(frozen=True)
class ConvexBoxes:
    """One box for each of n points.

    Attributes
    ----------
    theta : array, shape (n, m)
        Where the local search ended.
    upper : array, shape (n,)
        Bound of the distance of the point there.
    start, stop : arrays, shape (n, m)
        The box; start is infinite, and stop minus that, where there is none.
    lower : array, shape (n,)
        Bound of the distances in the box; infinite where there is none.
    """

    theta: Float
    upper: Float
    start: Float
    stop: Float
    lower: Float


def convex_boxes(chart: Chart, points: Float, theta: Float) -> ConvexBoxes:
    """Boxes around the parameters that local searches from given ones (n, m) end at, for points (n, d)."""
    found = descend(lambda t, _: chart.jet(t), points, theta, chart.lo, chart.hi)
    at, m, scales = found.theta, chart.dim, chart.scales
    jet, errors = chart.jet(at), chart.jet_errors(at)
    few = gamma(chart.ambient + 8)
    apart = np.linalg.norm(points - jet.x, axis=1)
    upper = apart * (1 + few) + errors[:, 0]
    gradient, hessian = half_square(points, jet)
    gradient, hessian = gradient / scales, hessian / np.outer(scales, scales)
    least = np.linalg.eigvalsh(hessian)[:, 0]
    rough = chart.derivative_bounds(at, np.zeros_like(at))
    third = 3 * rough[:, 0] * rough[:, 1] + apart * rough[:, 2]
    radius = np.clip(least / (2 * m * np.maximum(third, 1e-300)), 0.0, (scales * (chart.hi - chart.lo)).sum())
    half = radius[:, None] / (m * scales)
    bounds = chart.derivative_bounds(at, half)
    farthest = upper + bounds[:, 0] * radius
    third = (3 * bounds[:, 0] * bounds[:, 1] + farthest * bounds[:, 2]) * UP
    # Rounding of the Hessian: sums of products of first derivatives, and of second ones with the distance.
    off = (few + FEW) * 4 * m * (rough[:, 0] ** 2 + upper * rough[:, 1])
    off += 4 * m * (errors[:, 1] * rough[:, 0] + errors[:, 2] * upper + errors[:, 0] * rough[:, 1])
    convexity = least - m * third * radius * UP - off
    low = np.maximum(at - half, chart.lo)
    high = np.minimum(at + half, chart.hi)
    slope_off = few * rough[:, 0] * upper + errors[:, 1] * upper + errors[:, 0] * rough[:, 0]
    drop = _box_minimum(gradient, slope_off, convexity, (low - at) * scales, (high - at) * scales)
    nearest = np.maximum(apart * (1 - few) - errors[:, 0], 0.0)
    lower = np.sqrt(np.maximum(nearest**2 + 2 * drop * UP, 0.0)) * (1 - FEW)
    sound = (convexity > 0) & (half > 0).all(axis=1)
    return ConvexBoxes(
        at,
        upper,
        np.where(sound[:, None], low, np.inf),
        np.where(sound[:, None], high, -np.inf),
        np.where(sound, lower, np.inf),
    )


def _box_minimum(gradient: Float, off: Float, curvature: Float, low: Float, high: Float) -> Float:
    """Lower bound (n,) over ``low <= δ <= high``, each (n, m), of ``g δ + ½ curvature |δ|²`` for g within `off`."""
    bend = np.maximum(curvature, 0.0)[:, None]
    least = np.zeros_like(gradient)
    for sign, reach in ((-1.0, -low), (1.0, high)):
        # Towards either side the slope is least favourable at one end of its interval.
        slope, far = sign * gradient - off[:, None], np.maximum(reach, 0.0)
        step = np.clip(-slope / np.where(bend > 0, bend, 1.0), 0.0, far)
        for t in (step, far):
            least = np.minimum(least, slope * t + bend * t**2 / 2)
    return np.asarray(least.sum(axis=1))
