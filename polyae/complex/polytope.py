"""Vertices, volume and polygon of one polyhedron ``rows[:, :-1] @ z + rows[:, -1] >= 0``."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, HalfspaceIntersection

Float = NDArray[np.float64]

__all__ = ["cut_polygon", "polytope_vertices", "polytope_volume"]


def _line_ends(rows: Float) -> tuple[float, float]:
    bounds = -rows[:, 1] / rows[:, 0]
    return float(np.max(bounds[rows[:, 0] > 0], initial=-np.inf)), float(np.min(bounds[rows[:, 0] < 0], initial=np.inf))


def _recedes(rows: Float) -> bool:
    """Whether the polyhedron is unbounded: no positive combination of its normals vanishes."""
    from scipy.optimize import linprog

    count, h = rows.shape[0], rows.shape[1] - 1
    normals = rows[:, :-1]
    if np.linalg.matrix_rank(normals) < h:
        return True
    answer = linprog(np.zeros(count), A_eq=normals.T, b_eq=np.zeros(h), bounds=(1.0, None), method="highs")
    return bool(answer.status != 0)


def polytope_vertices(rows: Float, inside: Float) -> Float:
    """Vertices at finite distance: shape (v, h).

    Parameters
    ----------
    rows : array, shape (f, h + 1)
        Facets, none redundant.
    inside : array, shape (h,)
        A point well inside.
    """
    h = rows.shape[1] - 1
    if h == 1:
        return np.array([[x] for x in _line_ends(rows) if np.isfinite(x)]).reshape(-1, 1)
    if len(rows) < h or np.linalg.matrix_rank(rows[:, :-1]) < h:
        return np.zeros((0, h))
    if len(rows) == h:
        return np.linalg.solve(rows[:, :-1], -rows[:, -1])[None, :]
    # Qhull knows bounded intersections only: far walls are added and what lies on them is dropped.
    centred = rows[:, -1] + rows[:, :-1] @ inside
    corners = HalfspaceIntersection(np.column_stack([-rows[:, :-1], -centred]), np.zeros(h)).intersections
    corners = corners[np.isfinite(corners).all(axis=1)]
    return np.unique(corners + inside, axis=0)


def polytope_volume(rows: Float, inside: Float) -> float:
    """Volume in h dimensions, ``inf`` if the polyhedron is unbounded."""
    if rows.shape[1] == 2:
        low, high = _line_ends(rows)
        return high - low
    if _recedes(rows):
        return np.inf
    return float(ConvexHull(polytope_vertices(rows, inside)).volume)


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
