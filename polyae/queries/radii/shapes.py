"""Compiled loops over the corners of many polytopes: extents, widths, and how well corners and rows agree.

The width of a polytope is attained between parallel supporting hyperplanes whose faces F and G span, together,
all but one dimension (Houle & Toussaint 1988 for the plane and space).  For h <= 2 one of them is a facet; for
h = 3 and 4 it is a facet, or a ridge and an edge.  The covector that vanishes on an edge e and on the ridge of
rows a and b is ``(b·e) a - (a·e) b``: it does not depend on the metric, so one list of covectors gives the width of
the region and of its image.  A covector too many does no harm, since each gives a width in some direction.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.lp.simplex import for_kernel
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["WIDTH_DIMENSIONS", "measure_corners"]

#: Dimensions up to which the covectors above are all that is needed.
WIDTH_DIMENSIONS = 4

#: Corners this near to a row, in units of the inradius, may lie on it.
TIGHT = 1e-6

#: Products of ridges, edges and corners at most for one region; beyond that its width is an interval.
WIDTH_BUDGET = 20_000_000


@compiled
def _farthest(points):  # type: ignore[no-untyped-def]
    """Largest norm of a point, and largest distance of two."""
    reach, diameter = 0.0, 0.0
    for a in range(len(points)):
        norm = 0.0
        for x in range(points.shape[1]):
            norm += points[a, x] * points[a, x]
        reach = max(reach, norm)
        for b in range(a):
            apart = 0.0
            for x in range(points.shape[1]):
                apart += (points[a, x] - points[b, x]) ** 2
            diameter = max(diameter, apart)
    return np.sqrt(reach), np.sqrt(diameter)


@compiled
def _misfit(heights, ordered):  # type: ignore[no-untyped-def]
    """How far the corners are off the rows (m, v).

    If all corners, in order around a polygon, have heights above ``-t``, and each two consecutive ones share
    a row below t, then polytope and hull of the corners lie inside one another when stretched by
    ``1 + t / (r - t)`` about a point with heights r: a ray from there leaves the hull through an edge, where that row
    is below t, and so soon after leaves the half-space.  In other dimensions only the first half is looked at.
    """
    m, v = heights.shape
    outside, gap = 0.0, 0.0
    for j in range(m):
        for p in range(v):
            outside = max(outside, -heights[j, p])
    if ordered:
        for p in range(v):
            q = p + 1 if p + 1 < v else 0
            least = np.inf
            for j in range(m):
                least = min(least, max(heights[j, p], heights[j, q]))
            gap = max(gap, least)
    return max(outside, gap)


@compiled
def _spread(points, covector):  # type: ignore[no-untyped-def]
    low, high = np.inf, -np.inf
    for p in range(len(points)):
        value = 0.0
        for x in range(len(covector)):
            value += covector[x] * points[p, x]
        low, high = min(low, value), max(high, value)
    return high - low


@compiled
def _norms(covector, inverse):  # type: ignore[no-untyped-def]
    """Norms of a covector in the region and in its image."""
    here, there = 0.0, 0.0
    for x in range(len(covector)):
        here += covector[x] * covector[x]
    for y in range(len(inverse)):
        part = 0.0
        for x in range(len(covector)):
            part += covector[x] * inverse[x, y]
        there += part * part
    return np.sqrt(here), np.sqrt(there)


@compiled
def _narrow(points, covector, inverse, widths):  # type: ignore[no-untyped-def]
    """Lower the two widths by those along a covector."""
    here, there = _norms(covector, inverse)
    if here > 0.0:
        spread = _spread(points, covector)
        widths[0] = min(widths[0], spread / here)
        if there > 0.0:
            widths[1] = min(widths[1], spread / there)


@compiled
def _pairs_sharing(table, least):  # type: ignore[no-untyped-def]
    """Pairs of rows of a table of bits that have at least so many bits in common."""
    n = len(table)
    pairs, count = np.empty((n * (n - 1) // 2, 2), dtype=np.int64), 0
    for a in range(n):
        for b in range(a):
            common = 0
            for x in range(table.shape[1]):
                common += table[a, x] and table[b, x]
            if common >= least:
                pairs[count, 0], pairs[count, 1] = a, b
                count += 1
    return pairs[:count]


@compiled
def _widths(points, normals, heights, inverse, tight):  # type: ignore[no-untyped-def]
    """Widths of the hull of the points and of its image, and whether they are more than upper bounds."""
    h, widths = points.shape[1], np.full(2, np.inf)
    for j in range(len(normals)):
        _narrow(points, normals[j], inverse, widths)
    if h <= 2:
        return widths[0], widths[1], True
    if h > 4:
        return widths[0], widths[1], False
    on = heights <= tight
    ridges, edges = _pairs_sharing(on, h - 1), _pairs_sharing(on.T, h - 1)
    if len(ridges) * len(edges) * len(points) > WIDTH_BUDGET:
        return widths[0], widths[1], False
    edge, covector = np.empty(h), np.empty(h)
    for e in range(len(edges)):
        size = 0.0
        for x in range(h):
            edge[x] = points[edges[e, 0], x] - points[edges[e, 1], x]
            size += edge[x] * edge[x]
        for r in range(len(ridges)):
            a, b = normals[ridges[r, 0]], normals[ridges[r, 1]]
            along_a, along_b = 0.0, 0.0
            for x in range(h):
                along_a += a[x] * edge[x]
                along_b += b[x] * edge[x]
            if along_a * along_a + along_b * along_b <= 1e-24 * size:
                continue
            for x in range(h):
                covector[x] = along_b * a[x] - along_a * b[x]
            _narrow(points, covector, inverse, widths)
    return widths[0], widths[1], True


@compiled
def _area(points):  # type: ignore[no-untyped-def]
    double = 0.0
    for p in range(len(points)):
        q = p + 1 if p + 1 < len(points) else 0
        double += points[p, 0] * points[q, 1] - points[p, 1] * points[q, 0]
    return 0.5 * abs(double)


@compiled
def _measure(first, points, images, row_first, rows, centres, inverse, radius):  # type: ignore[no-untyped-def]
    n, h = len(first) - 1, points.shape[1]
    found = np.full((n, 9), np.nan)
    for i in range(n):
        mine = points[first[i] : first[i + 1]]
        if len(mine) == 0:
            continue
        mine_rows = rows[row_first[i] : row_first[i + 1]]
        heights = np.empty((len(mine_rows), len(mine)))
        for j in range(len(mine_rows)):
            base = mine_rows[j, h]
            for x in range(h):
                base += mine_rows[j, x] * centres[i, x]
            for p in range(len(mine)):
                heights[j, p] = base
                for x in range(h):
                    heights[j, p] += mine_rows[j, x] * mine[p, x]
        found[i, 0], found[i, 1] = _farthest(mine)
        found[i, 2], found[i, 3] = _farthest(images[first[i] : first[i + 1]])
        found[i, 4], found[i, 5], whole = _widths(mine, mine_rows[:, :h], heights, inverse[i], TIGHT * radius[i])
        found[i, 6] = 1.0 if whole else 0.0
        found[i, 7] = _misfit(heights, h == 2)
        if h == 1:
            found[i, 8] = found[i, 1]
        elif h == 2:
            found[i, 8] = _area(mine)
    return found


def measure_corners(
    first: Int, points: Float, images: Float, row_first: Int, rows: Float, centres: Float, inverse: Float, radius: Float
) -> Float:
    """Measures of the hulls of n sets of points, the corners of polytopes.

    Parameters
    ----------
    first : array of int, shape (n + 1,)
        Polytope i has the points ``first[i]:first[i + 1]``; for h = 2 in order around it.
    points : array, shape (total, h)
        Relative to the centre of their polytope.
    images : array, shape (total, k)
    row_first : array of int, shape (n + 1,)
    rows : array, shape (total rows, h + 1)
    centres : array, shape (n, h)
    inverse : array, shape (n, h, h) or (n, 0, 0)
        Of the maps that made the images, NaN or missing where there is none.
    radius : array, shape (n,)
        Inradii.

    Returns
    -------
    array, shape (n, 9)
        Largest distance from the centre and diameter; the same of the images; width of the points, of the
        images (infinite if unknown), and whether these are more than upper bounds; how far points and rows disagree;
        volume for h <= 2, else NaN.  All NaN for an empty set.
    """
    whole = inverse if inverse.size else np.zeros((len(centres), 0, 0))
    return np.asarray(_measure(*for_kernel(first, points, images, row_first, rows, centres, whole, radius)))
