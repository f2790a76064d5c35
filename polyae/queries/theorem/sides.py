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
from polyae.queries.theorem.closest import Closest
from polyae.queries.theorem.mixing import mixed_bound
from polyae.queries.theorem.supremum import Field
from polyae.queries.theorem.surface import Surface
from polyae.tolerances import UNIT_ROUNDOFF

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["ManifoldToSurface", "SurfaceToManifold", "bending", "rounding_of_distances"]

#: Rounding of a distance in units of roundoff, √d and the scale: an estimate (with a wide margin), not a proof.
ROUNDING_FACTOR = 64.0


def rounding_of_distances(surface: Surface, manifold: Chart, closest: Closest) -> float:
    """Absolute error by rounding of a distance between surface and manifold."""
    norms = np.linalg.norm(closest.x, axis=1)
    speeds = closest.reach / max(float(closest.half @ manifold.scales), np.finfo(float).tiny)
    phase = float((speeds * (np.abs(closest.centres) @ manifold.scales)).max())
    size = surface.scale + float(norms.max()) + phase
    return ROUNDING_FACTOR * UNIT_ROUNDOFF * float(np.sqrt(manifold.ambient)) * size


def bending(manifold: Chart, corners: Float) -> Float:
    """Remainder (n,) of the bound above for parameters at corners (n, k, m)."""
    low, high = corners.min(axis=1), corners.max(axis=1)
    second = manifold.derivative_bounds((low + high) / 2, (high - low) / 2)[:, 1]
    spread = ((manifold.scales * (high - low)) ** 2).sum(axis=1)
    return np.asarray(second * manifold.dim * spread / 8)


class SurfaceToManifold(Field):
    """Distance from points of the surface to the manifold; vertices are points of data space.

    Attributes
    ----------
    y : array, shape (v, d)
    latent : array, shape (v, h)
        Their codes.
    """

    def __init__(self, surface: Surface, manifold: Chart, closest: Closest, rounding: float) -> None:
        self.manifold, self.closest = manifold, closest
        self.scale, self.rounding = surface.scale, rounding
        self.y, self.latent = surface.all_corners, surface.all_latent
        self.found = closest.local(self.y)

    @property
    def values(self) -> Float:  # type: ignore[override]
        return self.found.distances

    def edge_lengths(self, ends: Int) -> Float:
        return np.asarray(np.linalg.norm(self.y[ends[:, 0]] - self.y[ends[:, 1]], axis=1))

    def add_midpoints(self, ends: Int) -> Int:
        y = self.y[ends].mean(axis=1)
        new = self.closest.local(y)
        between = self.closest.descend(y, self.found.theta[ends].mean(axis=1))
        new.improve(np.arange(len(y)), between)
        start = len(self.y)
        self.y = np.concatenate([self.y, y])
        self.latent = np.concatenate([self.latent, self.latent[ends].mean(axis=1)])
        self.found = self.found.join(new)
        return np.arange(start, len(self.y))

    def bound(self, simplices: Int) -> Float:
        # Distances from single points of the manifold are convex.
        ways = self.y[simplices][:, None] - self.found.x[simplices][:, :, None]
        standing = mixed_bound(np.linalg.norm(ways, axis=3))
        moving = self.values[simplices].max(axis=1) + bending(self.manifold, self.found.theta[simplices])
        return np.minimum(standing, moving)

    def certify(self, vertices: Int, tolerance: float) -> Float:
        part = self.found.take(vertices)
        lower = self.closest.certified(self.y[vertices], part, max(tolerance, self.rounding))
        self.found.improve(vertices, part)
        return lower


class ManifoldToSurface(Field):
    """Distance from points of the manifold to the surface; vertices are parameters.

    Attributes
    ----------
    theta : array, shape (v, m)
    """

    def __init__(self, surface: Surface, manifold: Chart, rounding: float) -> None:
        self.manifold, self.surface = manifold, surface
        self.scale, self.rounding = surface.scale, rounding
        self.theta = np.zeros((0, manifold.dim))
        self.x, self.values, self.lower = np.zeros((0, manifold.ambient)), np.zeros(0), np.zeros(0)
        self.feet = np.zeros(0, dtype=np.int64)

    def start(self, cells: int) -> Int:
        """Cut the parameter box into simplices, at least `cells` boxes of them (Kuhn 1960)."""
        m = self.manifold.dim
        centres, half = self.manifold.grid(cells)
        paths = np.array([np.cumsum([np.zeros(m), *np.eye(m)[list(p)]], axis=0) for p in permutations(range(m))])
        corners = centres[:, None, None] + (2 * paths - 1) * half
        # Corners of neighbouring cells agree up to rounding only.
        places = np.rint((corners - self.manifold.lo) / half).astype(np.int64).reshape(-1, m)
        _, first, where = np.unique(places, axis=0, return_index=True, return_inverse=True)
        numbers = self._add(np.clip(corners.reshape(-1, m)[first], self.manifold.lo, self.manifold.hi))
        return np.asarray(numbers[where.reshape(-1)].reshape(-1, m + 1))

    def _add(self, theta: Float) -> Int:
        x = self.manifold.points(theta)
        foot = self.surface.nearest(x)
        start = len(self.theta)
        self.theta, self.x = np.concatenate([self.theta, theta]), np.concatenate([self.x, x])
        self.values = np.concatenate([self.values, foot.distances])
        self.lower = np.concatenate([self.lower, foot.lower])
        self.feet = np.concatenate([self.feet, foot.simplices])
        return np.arange(start, len(self.theta))

    def edge_lengths(self, ends: Int) -> Float:
        return np.asarray(np.abs(self.theta[ends[:, 0]] - self.theta[ends[:, 1]]) @ self.manifold.scales)

    def add_midpoints(self, ends: Int) -> Int:
        return self._add(self.theta[ends].mean(axis=1))

    def bound(self, simplices: Int) -> Float:
        reach = self.values[simplices].max(axis=1)
        regions = self.surface.regions[self.feet[simplices]]
        apart = (regions != regions[:, :1]).any(axis=1)
        reach[apart] = mixed_bound(self._distances_from_pieces(simplices[apart], regions[apart]))
        return reach + bending(self.manifold, self.theta[simplices])

    def _distances_from_pieces(self, simplices: Int, regions: Int) -> Float:
        """Distances (n, k, k) of corner v from the piece that is nearest to corner w, from above."""
        count = simplices.shape[1]
        same = regions[:, :, None] == regions[:, None]
        n, w, v = np.nonzero(~same)
        result = np.broadcast_to(self.values[simplices][:, None], (len(simplices), count, count)).copy()
        points = self.x[simplices[n, v]]
        # One simplex of the piece stands for all of it.
        feet = self.surface.shape.project(points, self.feet[simplices[n, w]])
        result[n, w, v] = np.linalg.norm(points - feet, axis=1)
        return result

    def certify(self, vertices: Int, tolerance: float) -> Float:
        return self.lower[vertices]
