"""The two sides: u1 from the surface to the manifold, u2 from the manifold to the surface.

Both use one bound on a simplex (ours).  Let λ run over barycentric coordinates, y(λ) be affine and θ(λ) be
affine with corners θ_v.  Then by Taylor's formula at θ(λ)

    ``‖y(λ) - x(θ(λ))‖ <= Σ λ_v ‖y_v - x(θ_v)‖ + ½ c_2 Σ λ_v |θ_v - θ(λ)|²``

and the last sum is at most ``m/4 Σ_j ℓ_j² (max θ_j - min θ_j)²`` (a variance; the m by Cauchy and Schwarz).
So the bound is of second order in the size of the simplex.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from polyae.queries.manifolds import Chart
from polyae.queries.manifolds.exponential import UP
from polyae.queries.theorem.chart_tree import SAMPLES, ManifoldTree
from polyae.queries.theorem.mixing import mixed_bound
from polyae.queries.theorem.supremum import Field
from polyae.queries.theorem.surface import Surface
from polyae.tolerances import UNIT_ROUNDOFF, gamma

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["ManifoldToSurface", "SurfaceToManifold", "bending"]

#: Midpoints are rounded each time; longest edges cannot be halved more often and stay above rounding.
HALVINGS = 128
#: Numbers held at once in tables of simplices against points: 32 MiB of float64.
BLOCK = 1 << 22


def bending(chart: Chart, corners: Float) -> Float:
    """Remainder (n,) of the bound above for parameters at corners (n, k, m)."""
    low, high = corners.min(axis=1), corners.max(axis=1)
    # The cell is widened by the rounding of its centre.
    half = (high - low) / 2 * UP + 4 * UNIT_ROUNDOFF * np.maximum(np.abs(low), np.abs(high))
    second = chart.derivative_bounds((low + high) / 2, half)[:, 1]
    spread = ((2 * chart.scales * half) ** 2).sum(axis=1)
    return np.asarray(second * chart.dim * spread / 8 * UP)


def _parameter_rounding(chart: Chart) -> float:
    """Distance that a point of the chart moves when its parameter is rounded, a few times."""
    bounds = chart.derivative_bounds(((chart.lo + chart.hi) / 2)[None], ((chart.hi - chart.lo) / 2)[None])
    size = np.maximum(np.abs(chart.lo), np.abs(chart.hi))
    return float(4 * UNIT_ROUNDOFF * bounds[0, 0] * (chart.scales @ size) * UP)


class SurfaceToManifold(Field):
    """Distance from points of the surface to the manifold; vertices are points of data space.

    Attributes
    ----------
    y : array, shape (v, d)
    latent : array, shape (v, h)
        Their codes.
    pieces : array of int
        Piece of each of the first vertices, the corners of the surface.
    """

    def __init__(self, surface: Surface, tree: ManifoldTree) -> None:
        self.tree, self.scale = tree, surface.scale
        moved = max([_parameter_rounding(part.chart) for part in tree.charts], default=0.0)
        self.rounding = (surface.error + HALVINGS * UNIT_ROUNDOFF * surface.scale + moved) * UP
        self.y, self.latent, self.pieces = surface.corners, surface.cover.vertices, surface.pieces
        self.found = tree.nearest(self.y, tree.coarse)

    @property
    def upper(self) -> Float:  # type: ignore[override]
        return self.found.upper

    @property
    def lower(self) -> Float:  # type: ignore[override]
        return self.found.lower

    def edge_lengths(self, ends: Int) -> Float:
        return np.asarray(np.linalg.norm(self.y[ends[:, 0]] - self.y[ends[:, 1]], axis=1))

    def add_midpoints(self, ends: Int, tolerance: float) -> Int:
        start = len(self.y)
        y = self.y[ends].mean(axis=1)
        self.y = np.concatenate([self.y, y])
        self.latent = np.concatenate([self.latent, self.latent[ends].mean(axis=1)])
        self.found = self.found.join(self.tree.nearest(y, max(tolerance, self.tree.coarse)))
        return np.arange(start, len(self.y))

    def polish(self, vertices: Int, tolerance: float) -> None:
        self.found.put(vertices, self.tree.polished(self.y[vertices], self.found.take(vertices)))

    def sharpen(self, vertices: Int, tolerance: float) -> None:
        self.found.put(vertices, self.tree.nearest(self.y[vertices], tolerance))

    def bound(self, simplices: Int) -> Float:
        result = np.empty(len(simplices))
        step = max(1, BLOCK // (simplices.shape[1] ** 2 * self.y.shape[1]))
        for i in range(0, len(simplices), step):
            result[i : i + step] = self._bound(simplices[i : i + step])
        return result

    def _bound(self, simplices: Int) -> Float:
        standing = self._standing(simplices)
        chart = self.found.chart[simplices]
        for k in np.unique(chart[(chart == chart[:, :1]).all(axis=1), 0]):
            if k == SAMPLES:
                continue
            mine = np.flatnonzero((chart == k).all(axis=1))
            own = self.tree.charts[k].chart
            moving = self.upper[simplices[mine]].max(axis=1)
            moving = moving + bending(own, self.found.theta[simplices[mine]][..., : own.dim])
            standing[mine] = np.minimum(standing[mine], moving)
        return standing

    def _standing(self, simplices: Int) -> Float:
        """Distances from single points of the manifold are convex."""
        numbers, where = np.unique(simplices, return_inverse=True)
        x, errors = self.tree.points(self.found.chart[numbers], self.found.theta[numbers])
        where = where.reshape(simplices.shape)
        ways = np.linalg.norm(self.y[simplices][:, None] - x[where][:, :, None], axis=3)
        ways = ways * (1 + gamma(self.y.shape[1] + 8)) + errors[where][:, :, None]
        # A vertex is no farther from its own point than known.
        rows = np.arange(simplices.shape[1])
        ways[:, rows, rows] = np.minimum(ways[:, rows, rows], self.upper[simplices])
        return mixed_bound(ways)


class ManifoldToSurface(Field):
    """Distance from points of a chart to the surface; vertices are parameters.

    Attributes
    ----------
    theta : array, shape (v, m)
    """

    def __init__(self, surface: Surface, chart: Chart) -> None:
        self.chart, self.surface, self.scale = chart, surface, surface.scale
        self.rounding = (surface.error + HALVINGS * _parameter_rounding(chart)) * UP
        self.theta = np.zeros((0, chart.dim))
        self.x, self.errors = np.zeros((0, chart.ambient)), np.zeros(0)
        self.upper, self.lower = np.zeros(0), np.zeros(0)
        self.feet = np.zeros(0, dtype=np.int64)

    def start(self, cells: int) -> Int:
        """Cut the parameter box into simplices, at least `cells` boxes of them (Kuhn 1960)."""
        m = self.chart.dim
        centres, half = self.chart.grid(cells)
        paths = np.array([np.cumsum([np.zeros(m), *np.eye(m)[list(p)]], axis=0) for p in permutations(range(m))])
        corners = centres[:, None, None] + (2 * paths - 1) * half
        # Corners of neighbouring cells agree up to rounding only.
        places = np.rint((corners - self.chart.lo) / half).astype(np.int64).reshape(-1, m)
        _, first, where = np.unique(places, axis=0, return_index=True, return_inverse=True)
        theta = np.clip(corners.reshape(-1, m)[first], self.chart.lo, self.chart.hi)
        numbers = self._add(theta, np.zeros(len(theta), dtype=np.int64), 0.0)
        return np.asarray(numbers[where.reshape(-1)].reshape(-1, m + 1))

    def _add(self, theta: Float, hint: Int, tolerance: float) -> Int:
        x, errors = self.chart.points(theta), self.chart.point_errors(theta)
        foot = self.surface.nearest(x, hint, tolerance)
        start = len(self.theta)
        self.theta, self.x = np.concatenate([self.theta, theta]), np.concatenate([self.x, x])
        self.errors = np.concatenate([self.errors, errors])
        self.upper = np.concatenate([self.upper, foot.upper + errors])
        self.lower = np.concatenate([self.lower, np.maximum(foot.lower - errors, 0.0)])
        self.feet = np.concatenate([self.feet, foot.simplices])
        return np.arange(start, len(self.theta))

    def edge_lengths(self, ends: Int) -> Float:
        return np.asarray(np.abs(self.theta[ends[:, 0]] - self.theta[ends[:, 1]]) @ self.chart.scales)

    def add_midpoints(self, ends: Int, tolerance: float) -> Int:
        return self._add(self.theta[ends].mean(axis=1), self.feet[ends[:, 0]], tolerance)

    def polish(self, vertices: Int, tolerance: float) -> None:
        self.sharpen(vertices, tolerance)

    def sharpen(self, vertices: Int, tolerance: float) -> None:
        foot = self.surface.nearest(self.x[vertices], self.feet[vertices], tolerance)
        self.upper[vertices] = np.minimum(self.upper[vertices], foot.upper + self.errors[vertices])
        self.lower[vertices] = np.maximum(self.lower[vertices], foot.lower - self.errors[vertices])
        self.feet[vertices] = foot.simplices

    def bound(self, simplices: Int) -> Float:
        reach = self.upper[simplices].max(axis=1)
        regions = self.surface.regions[self.feet[simplices]]
        apart = (regions != regions[:, :1]).any(axis=1)
        reach[apart] = mixed_bound(self._distances_from_pieces(simplices[apart]))
        return np.asarray(reach + bending(self.chart, self.theta[simplices]))

    def _distances_from_pieces(self, simplices: Int) -> Float:
        """Distances (n, k, k) of corner v from the piece that is nearest to corner w, from above."""
        k = simplices.shape[1]
        points = np.broadcast_to(simplices[:, None], (len(simplices), k, k)).reshape(-1)
        pieces = np.broadcast_to(self.surface.regions[self.feet[simplices]][:, :, None], (len(simplices), k, k))
        _, _, upper = self.surface.project_to_pieces(self.x[points], pieces.reshape(-1))
        upper = (upper + self.errors[points]).reshape(len(simplices), k, k)
        rows = np.arange(k)
        upper[:, rows, rows] = np.minimum(upper[:, rows, rows], self.upper[simplices])
        return np.asarray(upper)
