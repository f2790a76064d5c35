"""Vertices of all regions, with bounds, and simplices that cover them.

In one and two dimensions float64 with a proof (:mod:`polyae.queries.theorem.polygon_kernel`); where that is
not sharp enough, and in more dimensions, exact rational vertices (double description), rounded at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.complex.facet_rows import FacetRows
from polyae.lp.generators import pulling_triangulation
from polyae.lp.simplex import for_kernel
from polyae.queries.theorem.polygon_kernel import intervals, polygons_with_bounds
from polyae.tolerances import UNIT_ROUNDOFF

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

__all__ = ["CoveredRegions", "covered_regions"]

#: Regions whose vertices float64 leaves more uncertain than this, relative to the domain, are computed exactly.
SHARP = 1e-11


@dataclass(frozen=True)
class CoveredRegions:
    """Vertices and simplices of n regions.

    Attributes
    ----------
    first : array of int, shape (n + 1,)
        Region i has the vertices ``first[i]:first[i + 1]``.
    vertices : array, shape (v, h)
    bound : array, shape (n,)
        Every point of region i is this near to one of its simplices, with the same barycentric coordinates in
        exact vertices or nearest to it, and every vertex this near to a point of the region.
    simplices : array of int, shape (s, h + 1)
        Numbers of vertices.
    regions : array of int, shape (s,)
        The region of each simplex, ascending.
    exact : array of bool, shape (n,)
        Which regions took rational arithmetic.
    """

    first: Int
    vertices: Float
    bound: Float
    simplices: Int
    regions: Int
    exact: Bool


def covered_regions(rows: FacetRows) -> CoveredRegions:
    """Cover all regions of a bounded complex by simplices."""
    cx = rows.complex
    h = cx.network.input_dim
    n = len(cx)
    start, vertices, bound = _from_floats(rows) if h <= 2 else (np.zeros(n + 1, np.int64), np.zeros((0, h)), None)
    lo, hi = cx.domain.bounding_box()
    size = float(np.linalg.norm(np.maximum(np.abs(lo), np.abs(hi))))
    exact = np.ones(n, dtype=bool) if bound is None else ~(bound <= SHARP * size)
    bound = np.zeros(n) if bound is None else bound
    points: list[Float] = []
    cells: list[Int] = []
    for i in range(n):
        if exact[i]:
            corners, simplices = _from_rationals(rows, i)
            bound[i] = 2 * UNIT_ROUNDOFF * np.linalg.norm(corners, axis=1).max()
        else:
            corners = vertices[start[i] : start[i + 1]]
            simplices = _fan(len(corners), h)
        points.append(corners)
        cells.append(simplices)
    first = np.concatenate([[0], np.cumsum([len(p) for p in points])])
    regions = np.repeat(np.arange(n), [len(c) for c in cells])
    return CoveredRegions(
        first, np.concatenate(points), bound, np.concatenate(cells) + first[regions][:, None], regions, exact
    )


def _from_floats(rows: FacetRows) -> tuple[Int, Float, Float]:
    cx = rows.complex
    given = for_kernel(rows.first, rows.values, rows.errors, np.asarray(cx.witnesses))
    if cx.network.input_dim == 1:
        ends, bound = intervals(*given)
        start, vertices = 2 * np.arange(len(cx) + 1), ends.reshape(-1, 1)
    else:
        start, vertices, bound = polygons_with_bounds(*given)
    # Their witness is rounded, so that it may lie outside.
    bound[list(cx.exact_witnesses)] = np.inf
    return start, vertices, bound


def _fan(count: int, h: int) -> Int:
    """Triangles at the first of the corners of a polygon; flat ones of a polygon with two corners."""
    if h == 1:
        return np.array([[0, 1]])
    if count == 2:
        return np.array([[0, 1, 1]])
    last = np.arange(2, count)
    return np.stack([np.zeros_like(last), last - 1, last], axis=1)


def _from_rationals(rows: FacetRows, i: int) -> tuple[Float, Int]:
    made = rows.polyhedron(i).generators
    corners = np.array([[int(x.p) / int(x.q) for x in point] for point in made.vertices])
    return corners, np.array(pulling_triangulation(made.incidence), dtype=np.int64)
