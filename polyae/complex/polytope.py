"""Vertices, volume and largest ball of one polyhedron, in float64 where that is clear, else exactly.

"Clear" means bounded and not thin: float64 reproduces such a polytope to about nine digits.  Everything
else - unbounded, thin, with vertices that nearly coincide, or refused by Qhull - is computed in rationals.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, KDTree, QhullError

from polyae.complex.inscribed import exact_inradius, inscribed_balls
from polyae.complex.volume import polytope_volume
from polyae.errors import JobTooLargeError
from polyae.lp.generators import Generators, exact_generators, exact_volume, most_vertices
from polyae.lp.simplex import for_kernel
from polyae.predicates.jit import compiled
from polyae.predicates.rational import HomogeneousPoint, IntegerRow

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

__all__ = ["DIGITS", "Polyhedron", "clear_vertices", "clearly_shaped", "cut_polygon", "polygons"]

#: A polytope is clear if its inradius exceeds this share of its distance from the origin and its size.
THIN = 1e-7

#: Relative accuracy to which float64 results are trusted.
DIGITS = 1e-9

#: Vertices that one polyhedron may have for them to be computed: seconds, since few have as many as their rows allow.
MOST_VERTICES = 5_000_000


def clearly_shaped(lower: Float, upper: Float, size: Float, error: Float) -> Bool:
    """Which polytopes are clear, judged by their inscribed balls.

    Parameters
    ----------
    lower, upper : arrays, shape (n,)
        Bounds of the inradius.
    size : array, shape (n,)
        Largest distance of a row's hyperplane from the origin.
    error : array, shape (n,)
        Bound on how far a row may be off.
    """
    with np.errstate(invalid="ignore"):
        agree = upper - lower <= DIGITS * upper
    return np.asarray(agree & np.isfinite(upper) & (lower > THIN * size) & (DIGITS * lower >= error))


@compiled
def _clip(rows, inside, reach):  # type: ignore[no-untyped-def]
    """Corners of a square around a point that is clipped by half-planes, and how far they reach."""
    now = np.empty((len(rows) + 4, 2))
    old = np.empty_like(now)
    count = 4
    for k in range(4):
        now[k, 0] = inside[0] + (reach if k in (0, 3) else -reach)
        now[k, 1] = inside[1] + (reach if k < 2 else -reach)
    for j in range(len(rows)):
        old, now = now, old
        kept = 0
        for k in range(count):
            a, b = old[k], old[(k + 1) % count]
            here = rows[j, 0] * a[0] + rows[j, 1] * a[1] + rows[j, 2]
            there = rows[j, 0] * b[0] + rows[j, 1] * b[1] + rows[j, 2]
            if here >= 0.0:
                now[kept] = a
                kept += 1
            if (here > 0.0 > there) or (here < 0.0 < there):
                now[kept] = a + here / (here - there) * (b - a)
                kept += 1
        count = kept
    extent = 0.0
    for k in range(count):
        extent = max(extent, abs(now[k, 0] - inside[0]), abs(now[k, 1] - inside[1]))
    return now[:count], extent


@compiled
def polygons(first, rows, inside, reach):  # type: ignore[no-untyped-def]
    """Corners of n polygons ``{z : rows @ (z, 1) >= 0}`` in the plane, by clipping a square.

    Parameters
    ----------
    first : array of int, shape (n + 1,)
        Polygon i has the rows ``first[i]:first[i + 1]``.
    rows : array, shape (total, 3)
    inside : array, shape (n, 2)
    reach : array, shape (n,)
        Half the side of the square around the inner point.

    Returns
    -------
    start : array of int, shape (n + 1,)
    corners : array, shape (start[-1], 2)
    whole : array of bool, shape (n,)
        Whether the polygon lies inside its square; no corners are given if not.
    """
    n = len(first) - 1
    corners, start = np.empty((first[n] + 4 * n, 2)), np.zeros(n + 1, dtype=np.int64)
    whole = np.zeros(n, dtype=np.bool_)
    for i in range(n):
        mine = rows[first[i] : first[i + 1]]
        found, extent = _clip(mine, inside[i], reach[i])
        whole[i] = extent < 0.999 * reach[i]
        start[i + 1] = start[i]
        if whole[i]:
            # Corners made from those of a tight square are exact to rounding of the polygon's own size.
            found, extent = _clip(mine, inside[i], 2.0 * extent)
            start[i + 1] += len(found)
            corners[start[i] : start[i + 1]] = found
    return start, corners[: start[n]], whole


def clear_vertices(rows: Float, inside: Float, reach: float) -> Float | None:
    """Vertices of a clear polytope: shape (v, h).  None if float64 meets a difficulty.

    Parameters
    ----------
    rows : array, shape (m, h + 1)
        Normals of length 1; redundant rows do no harm.
    inside : array, shape (h,)
        A point well inside.
    reach : float
        Vertices farther away than this count as a difficulty.
    """
    h = rows.shape[1] - 1
    heights = rows[:, :-1] @ inside + rows[:, -1]
    if h == 1:
        low, high = _ends(rows[:, 0], heights)
        return inside + np.array([[-low], [high]]) if max(low, high) < reach else None
    if h == 2:
        _, corners, whole = polygons(*for_kernel(np.array([0, len(rows)]), rows, inside[None, :], np.array([reach])))
        return corners if whole[0] and len(corners) > 2 else None
    return _dual_hull(rows[:, :-1], heights, inside, reach)


def _ends(slopes: Float, heights: Float) -> tuple[float, float]:
    steps = heights / np.abs(slopes)
    return float(steps[slopes > 0].min(initial=np.inf)), float(steps[slopes < 0].min(initial=np.inf))


def _dual_hull(normals: Float, heights: Float, inside: Float, reach: float) -> Float | None:
    """Vertices are the facets of the hull of the dual points ``-normal / height``."""
    least = heights.min(initial=np.inf)
    if len(normals) <= normals.shape[1] or not least > 0:
        return None
    dual = -normals * (least / heights)[:, None]
    try:
        hull = ConvexHull(dual)
    except QhullError:
        return None
    level = -hull.equations[:, -1]
    if not level.min() > least / reach:
        return None
    _, chosen = np.unique(hull.equations, axis=0, return_index=True)
    points = hull.equations[chosen, :-1] * (least / level[chosen])[:, None]
    # Two steps of refinement on the rows themselves: the dual points span many magnitudes.
    near = hull.simplices[chosen]
    solve = np.linalg.pinv(normals[near], rcond=1e-10)
    for _ in range(2):
        residual = np.einsum("vkh,vh->vk", normals[near], points) + heights[near]
        points -= np.einsum("vhk,vk->vh", solve, residual)
    off = normals @ points.T + heights[:, None]
    accurate = off.min() > -1e-3 * DIGITS * (least + np.abs(points).max())
    return points + inside if accurate else None


class Polyhedron:
    """The polyhedron ``{z : rows @ (z, 1) >= 0}`` around a point strictly inside it.

    Parameters
    ----------
    rows : array, shape (m, h + 1)
        Normals of length 1; redundant rows do no harm.
    error : float
        Bound on how far a row may be off in the polyhedron.
    inside : array, shape (h,)
        Strictly inside, or the float64 point nearest to one that is.
    exact_rows : callable
        The same rows as integers.
    exact_inside : callable
        A homogeneous point strictly inside.
    """

    def __init__(
        self,
        rows: Float,
        error: float,
        inside: Float,
        exact_rows: Callable[[], list[IntegerRow]],
        exact_inside: Callable[[], HomogeneousPoint],
    ) -> None:
        self.rows, self.error, self.inside = rows, error, inside
        self._exact_rows, self.exact_inside = exact_rows, exact_inside
        self.dim = rows.shape[1] - 1

    @cached_property
    def exact_rows(self) -> list[IntegerRow]:
        """Rows as integers."""
        return self._exact_rows()

    @property
    def _affordable(self) -> bool:
        return most_vertices(len(self.rows), self.dim) <= MOST_VERTICES

    @cached_property
    def _clear(self) -> tuple[Float, Float, float] | None:
        """Vertices and largest inscribed ball, if the polyhedron is clear and no two vertices nearly coincide."""
        if not self._affordable:
            return None
        first, weights = np.array([0, len(self.rows)]), np.ones(len(self.rows))
        centres, bounds = inscribed_balls(first, self.rows, weights, self.inside[None, :])
        lower, upper, tilt = bounds.T
        size = np.abs(self.rows[:, -1]).max(initial=0.0, keepdims=True)
        if not clearly_shaped(lower, upper, size, np.array([self.error]))[0]:
            return None
        corners = clear_vertices(self.rows, centres[0], float(lower[0] / THIN))
        if corners is None:
            return None
        extent = float(np.ptp(corners, axis=0).sum())
        if tilt[0] * extent > DIGITS * lower[0] or KDTree(corners).query_pairs(THIN * extent):
            return None
        return corners, centres[0], float(lower[0])

    @cached_property
    def generators(self) -> Generators:
        """Exact vertices, rays and lines.

        Raises
        ------
        JobTooLargeError
            If there may be too many.
        """
        if not self._affordable:
            raise JobTooLargeError(
                f"a polyhedron of {len(self.rows)} half-spaces in dimension {self.dim} may have more than "
                f"{MOST_VERTICES:,} vertices: take its chebyshev_ball, or polyae.radii, which bounds sizes without them"
            )
        return exact_generators(self.exact_rows, self.dim)

    @property
    def bounded(self) -> bool:
        """Whether the polyhedron is bounded; exact where it is not clear."""
        return self._clear is not None or self.generators.bounded

    @cached_property
    def vertices(self) -> Float:
        """Vertices at finite distance: shape (v, h); none if the polyhedron contains a line."""
        if self._clear is not None:
            return self._clear[0]
        points = [] if self.generators.lines else self.generators.vertices
        return np.array([[int(x.p) / int(x.q) for x in point] for point in points]).reshape(-1, self.dim)

    @cached_property
    def volume(self) -> float:
        """Volume in h dimensions, ``inf`` if the polyhedron is unbounded."""
        if not self.bounded:
            return np.inf
        if self._clear is None:
            return float(exact_volume(self.generators, self.dim))
        volume = polytope_volume(self.rows, self.vertices)
        return float(exact_volume(self.generators, self.dim)) if np.isnan(volume) else volume

    @cached_property
    def inscribed_ball(self) -> tuple[Float, float]:
        """Centre and radius of a largest ball inside; the radius is ``inf`` if there is none."""
        if self._clear is not None:
            return self._clear[1], self._clear[2]
        return exact_inradius(self.exact_rows, self.exact_inside())


def cut_polygon(polygon: shapely.Polygon, rows: Float) -> shapely.Polygon:
    """Part of a polygon inside half-planes."""
    minx, miny, maxx, maxy = polygon.bounds
    reach = 4.0 * np.hypot(maxx - minx, maxy - miny)
    centre = np.array([(minx + maxx) / 2, (miny + maxy) / 2])
    for a, b, c in rows:
        normal, along = np.array([a, b]), np.array([-b, a])
        foot = centre - (normal @ centre + c) * normal
        corners = [foot - reach * along, foot + reach * along]
        corners += [corner + 2 * reach * normal for corner in reversed(corners)]
        polygon = polygon.intersection(shapely.Polygon(corners))
    return polygon
