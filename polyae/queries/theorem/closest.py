"""Closest point of the manifold to given points: by local search, and with a global lower bound.

Half the squared distance ``φ(θ) = ½‖y - x(θ)‖²`` is bounded from below on a cell of parameters in three
ways, of which the best counts:

* first order: ``‖y - x(c)‖ - c_1 t`` (t the radius of the cell);
* Taylor at the centre with the third derivative as remainder, ``(3 c_1 c_2 + ‖y - x‖ c_3) t³ / 6``;
* strong convexity: where the Hessian is at least μ on the whole cell,
  ``φ(q) + min_δ (g δ + ½ μ δ²)`` at any q of the cell, which is exact at a minimiser.

The third makes the bound exact to rounding without a fine cover.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from polyae.queries.manifolds import Chart
from polyae.queries.theorem.newton import ClosestPoints, descend, half_square, newton_step

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Closest"]

#: Starts of the local search at least, and cells per radian of a rotation.
MIN_CELLS, MAX_CELLS, CELLS_PER_RADIAN = 64, 4096, 12.0
#: Limit on the cells looked at for one point.
CELL_BUDGET = 30_000


class Closest:
    """Closest points of one manifold."""

    def __init__(self, manifold: Chart) -> None:
        self.manifold = manifold
        self.centres, self.half = manifold.grid(_cell_count(manifold))
        self.x = manifold.points(self.centres)
        spread = np.broadcast_to(self.half, self.centres.shape)
        self.reach = manifold.derivative_bounds(self.centres, spread)[:, 0] * (self.half @ manifold.scales)

    def local(self, points: Float) -> ClosestPoints:
        """Descend from the best cell centre: points (n, d)."""
        parts = np.array_split(points, 1 + len(points) // 1000)
        start = np.concatenate([cdist(part, self.x).argmin(axis=1) for part in parts])
        return self.descend(points, self.centres[start])

    def descend(self, points: Float, theta: Float) -> ClosestPoints:
        """Descend from given parameters (n, m); never farther away than these."""
        return descend(lambda t, _: self.manifold.jet(t), points, theta, self.manifold.lo, self.manifold.hi)

    def certified(self, points: Float, found: ClosestPoints, tolerance: float) -> Float:
        """Lower bounds on the distances of points (n, d) from the manifold; `found` is improved in place.

        Parameters
        ----------
        points : array, shape (n, d)
        found : ClosestPoints
            What the local search found.
        tolerance : float
            Cells stop being cut when their bound is this near to the distance found.

        Returns
        -------
        array, shape (n,)
        """
        return np.array([self._certified(i, points[i], found, tolerance) for i in range(len(points))])

    def _certified(self, i: int, y: Float, found: ClosestPoints, tolerance: float) -> float:
        apart = np.linalg.norm(y - self.x, axis=1) - self.reach
        open_ = np.flatnonzero(apart < found.distances[i] - tolerance)
        centre, half = self.centres[open_], np.tile(self.half, (len(open_), 1))
        lowest, spent = float(found.distances[i]), 0
        while len(centre):
            bounds = self._cell_bounds(i, y, centre, half, found)
            spent += len(centre)
            done = bounds >= found.distances[i] - tolerance
            if spent > CELL_BUDGET:
                done[:] = True
            lowest = min(lowest, float(bounds[done].min(initial=np.inf)))
            centre, half = _halve(centre[~done], half[~done], self.manifold.scales)
        return min(lowest, float(found.distances[i]))

    def _cell_bounds(self, i: int, y: Float, centre: Float, half: Float, found: ClosestPoints) -> Float:
        scales = self.manifold.scales
        jet = self.manifold.jet(centre)
        speed = self.manifold.derivative_bounds(centre, half)
        radius = half @ scales
        apart = np.linalg.norm(y - jet.x, axis=1)
        farthest = apart + speed[:, 0] * radius
        third = 3 * speed[:, 0] * speed[:, 1] + farthest * speed[:, 2]
        gradient, hessian = half_square(y, jet)
        # In the parameters ℓ_j θ_j the length Σ ℓ_j |δ_j| is a 1-norm, at most √m times the 2-norm.
        hessian = hessian / np.outer(scales, scales)
        least = np.asarray(np.linalg.eigvalsh(hessian)[:, 0], dtype=np.float64)
        taylor = apart**2 / 2 + _box_minimum(gradient / scales, least, -half * scales, half * scales)
        taylor -= third * radius**3 / 6
        convexity = least - self.manifold.dim * third * radius
        bounds = np.maximum(apart - speed[:, 0] * radius, np.sqrt(2 * np.maximum(taylor, 0.0)))
        convex = np.flatnonzero(convexity > 0)
        inner = self._convex_bounds(i, y, centre[convex], half[convex], convexity[convex], found)
        bounds[convex] = np.maximum(bounds[convex], inner)
        found.improve(np.array([i]), ClosestPoints(centre, jet.x, apart).take(apart.argmin()[None]))
        return bounds

    def _convex_bounds(
        self, i: int, y: Float, centre: Float, half: Float, convexity: Float, found: ClosestPoints
    ) -> Float:
        if not len(centre):
            return np.zeros(0)
        scales = self.manifold.scales
        lo, hi = centre - half, centre + half
        at = np.clip(centre + newton_step(y[None], self.manifold.jet(centre), centre, lo, hi), lo, hi)
        inside = (np.abs(found.theta[i] - centre) <= half).all(axis=1)
        at[inside] = found.theta[i]
        jet = self.manifold.jet(at)
        gradient, _ = half_square(y, jet)
        apart = np.linalg.norm(y - jet.x, axis=1)
        found.improve(np.array([i]), ClosestPoints(at, jet.x, apart).take(apart.argmin()[None]))
        drop = _box_minimum(gradient / scales, convexity, (lo - at) * scales, (hi - at) * scales)
        return np.sqrt(np.maximum(apart**2 + 2 * drop, 0.0))


def _cell_count(manifold: Chart) -> int:
    """As many cells as the manifold turns by fractions of a radian along its parameters."""
    centre = ((manifold.lo + manifold.hi) / 2)[None]
    jet = manifold.jet(centre)
    speed = np.linalg.norm(jet.first[0], axis=1)
    bend = np.linalg.norm(np.einsum("jjd->jd", jet.second[0]), axis=1)
    turns = (manifold.hi - manifold.lo) * bend / np.where(speed > 0, speed, 1.0)
    with np.errstate(over="ignore"):
        wanted = np.prod(np.maximum(turns * CELLS_PER_RADIAN, MIN_CELLS ** (1 / manifold.dim)))
    return int(np.clip(wanted, MIN_CELLS, MAX_CELLS))


def _box_minimum(gradient: Float, curvature: Float, low: Float, high: Float) -> Float:
    """Minimum (n,) over ``low <= δ <= high``, each (n, m), of ``gradient δ + ½ curvature |δ|²``."""
    bend = curvature[:, None]
    steps = [low, high, np.clip(-gradient / np.where(bend > 0, bend, 1.0), low, high)]
    values = [gradient * step + bend * step**2 / 2 for step in steps]
    return np.minimum.reduce(values).sum(axis=1)


def _halve(centre: Float, half: Float, scales: Float) -> tuple[Float, Float]:
    """Cut cells across their longest side."""
    rows, axis = np.arange(len(centre)), (half * scales).argmax(axis=1)
    half = half.copy()
    half[rows, axis] /= 2
    shift = np.zeros_like(centre)
    shift[rows, axis] = half[rows, axis]
    return np.concatenate([centre - shift, centre + shift]), np.concatenate([half, half])
