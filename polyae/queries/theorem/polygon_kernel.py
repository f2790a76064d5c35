"""Corners of many polygons with bounds on their errors: compiled.

The polygon of a region is ``P = {z : r_j(z) >= 0}`` with rows known to within bounds, and w a point inside.
Rows are taken in the order of their angles; those that others make redundant are left out.

*From outside.*  Let ``v_k`` be the point where the true lines of consecutive rows k and k + 1 meet.  If every
turn from a row to the next is less than π, each direction u is a nonnegative combination of two consecutive
outward normals, and by duality of linear programs ``max_P u·z <= u·v_k``.  So ``P ⊂ conv{v_k}``, whether or not
all redundant rows were found.  The point ``v_k`` is near the computed one by the residual of the two rows there
over the sine of the turn.

*From inside.*  Where the rows are at least ``-η_j`` at a computed point v and at least ``s_j`` at w, the point
``v + t (w - v)`` lies in P for ``t = max_j η_j / (η_j + s_j)``.

Corners that are not strictly convex are dropped, at the price of their distance from what is left; so the fan
of triangles at the first corner covers the hull of all computed points.
"""

from __future__ import annotations

import numpy as np

from polyae.predicates.jit import compiled, inlined
from polyae.tolerances import UNIT_ROUNDOFF

__all__ = ["intervals", "polygons_with_bounds"]

#: Roundings of one evaluation of a row in the plane, with a margin.
ROW_ROUNDING = 8.0 * UNIT_ROUNDOFF
#: A few tens of roundings in a chain of positive numbers.
UP = 1.0 + 1e-14
#: Sine of the turn between rows below which they count as parallel when they are put in order.
PARALLEL = 1e-13


@inlined
def _value(row, error, x, y):  # type: ignore[no-untyped-def]
    """Value of a row at a point and the bound of its error."""
    value = row[0] * x + row[1] * y + row[2]
    size = abs(row[0] * x) + abs(row[1] * y) + abs(row[2])
    return value, (error[0] * abs(x) + error[1] * abs(y) + error[2] + ROW_ROUNDING * size) * UP


@compiled
def _in_order(rows, heights):  # type: ignore[no-untyped-def]
    """Rows that bound the polygon, counterclockwise from the nearest one: hull of the points ``normal / height``."""
    count = len(rows)
    angle = np.empty(count)
    first = np.argmin(heights)
    for j in range(count):
        turn = np.arctan2(rows[j, 1], rows[j, 0]) - np.arctan2(rows[first, 1], rows[first, 0])
        angle[j] = turn + 2.0 * np.pi if turn < 0.0 else turn
    angle[first] = 0.0
    order = np.argsort(angle)
    kept = np.empty(count + 1, dtype=np.int64)
    kept[0] = first
    size = 1
    for step in range(count + 1):
        new = order[step] if step < count else first
        if step < count and new == first:
            continue
        closing = step == count
        pushed = True
        while size > 1:
            top = kept[size - 1]
            sine = rows[top, 0] * rows[new, 1] - rows[top, 1] * rows[new, 0]
            cosine = rows[top, 0] * rows[new, 0] + rows[top, 1] * rows[new, 1]
            if not closing and abs(sine) < PARALLEL and cosine > 0.0:
                if heights[new] < heights[top]:
                    size -= 1
                    continue
                pushed = False
                break
            below = kept[size - 2]
            ax, ay = rows[top, 0] / heights[top], rows[top, 1] / heights[top]
            bx, by = rows[below, 0] / heights[below], rows[below, 1] / heights[below]
            cx, cy = rows[new, 0] / heights[new], rows[new, 1] / heights[new]
            if (ax - bx) * (cy - ay) - (ay - by) * (cx - ax) > 0.0:
                break
            size -= 1
        if pushed and not closing:
            kept[size] = new
            size += 1
    return kept[:size]


@compiled
def _corner(rows, errors, a, b):  # type: ignore[no-untyped-def]
    """Where two rows vanish, and how far the true point may be from the computed one."""
    sine = rows[a, 0] * rows[b, 1] - rows[a, 1] * rows[b, 0]
    if not sine > 0.0:
        return 0.0, 0.0, np.inf
    x = (rows[b, 2] * rows[a, 1] - rows[a, 2] * rows[b, 1]) / sine
    y = (rows[a, 2] * rows[b, 0] - rows[b, 2] * rows[a, 0]) / sine
    # A step of refinement takes the cancellation out of the coefficients.
    for _ in range(2):
        va, _ea = _value(rows[a], errors[a], x, y)
        vb, _eb = _value(rows[b], errors[b], x, y)
        x += (vb * rows[a, 1] - va * rows[b, 1]) / sine
        y += (va * rows[b, 0] - vb * rows[a, 0]) / sine
    va, ea = _value(rows[a], errors[a], x, y)
    vb, eb = _value(rows[b], errors[b], x, y)
    least = sine - 8.0 * UNIT_ROUNDOFF
    if not least > 0.0:
        return x, y, np.inf
    inverse = np.sqrt(rows[a, 0] ** 2 + rows[a, 1] ** 2 + rows[b, 0] ** 2 + rows[b, 1] ** 2) / least * UP
    spread = errors[a, 0] ** 2 + errors[a, 1] ** 2 + errors[b, 0] ** 2 + errors[b, 1] ** 2
    share = inverse * np.sqrt(spread) * UP
    if not share < 0.5:
        return x, y, np.inf
    residual = np.sqrt((abs(va) + ea) ** 2 + (abs(vb) + eb) ** 2)
    return x, y, inverse * residual / (1.0 - share) * UP


@compiled
def _pulled_in(rows, errors, heights, x, y, wx, wy):  # type: ignore[no-untyped-def]
    """How far a computed corner may be outside the polygon; heights are lower bounds at w."""
    share = 0.0
    for j in range(len(rows)):
        value, error = _value(rows[j], errors[j], x, y)
        outside = error - value
        if outside > 0.0:
            share = max(share, outside / (outside + heights[j]))
    return share * np.hypot(x - wx, y - wy) * UP


@compiled
def _distance_from_segment(p, a, b):  # type: ignore[no-untyped-def]
    ex, ey = b[0] - a[0], b[1] - a[1]
    square = ex * ex + ey * ey
    t = 0.0
    if square > 0.0:
        t = min(1.0, max(0.0, ((p[0] - a[0]) * ex + (p[1] - a[1]) * ey) / square))
    return np.hypot(p[0] - a[0] - t * ex, p[1] - a[1] - t * ey)


@compiled
def _strictly_left(a, b, c):  # type: ignore[no-untyped-def]
    """Whether a, b, c certainly turn left."""
    left, right = (b[0] - a[0]) * (c[1] - b[1]), (b[1] - a[1]) * (c[0] - b[0])
    return left - right > 16.0 * UNIT_ROUNDOFF * (abs(left) + abs(right))


@compiled
def _convex(points, count, size):  # type: ignore[no-untyped-def]
    """Drop corners that are not strictly convex: how many are left, and what that costs."""
    cost, k, passed = 0.0, 0, 0
    while count > 2 and passed < count:
        a, b, c = points[(k - 1) % count], points[k % count], points[(k + 1) % count]
        if _strictly_left(a, b, c):
            k, passed = k + 1, passed + 1
            continue
        cost += _distance_from_segment(b, a, c) + 8.0 * UNIT_ROUNDOFF * size
        for j in range(k % count, count - 1):
            points[j] = points[j + 1]
        count -= 1
        k, passed = max(k % (count + 1) - 1, 0), 0
    for j in range(1, count - 1):
        if not _strictly_left(points[0], points[j], points[j + 1]):
            return count, np.inf
    return count, cost


@compiled
def polygons_with_bounds(first, rows, errors, witnesses):  # type: ignore[no-untyped-def]
    """Corners of n polygons ``{z : rows @ (z, 1) >= 0}``.

    Parameters
    ----------
    first : array of int, shape (n + 1,)
        Polygon i has the rows ``first[i]:first[i + 1]``.
    rows, errors : arrays, shape (total, 3)
        Normals of length about 1, positive inside, and bounds on their entries.
    witnesses : array, shape (n, 2)
        A point inside each.

    Returns
    -------
    start : array of int, shape (n + 1,)
    corners : array, shape (start[-1], 2)
        Counterclockwise and strictly convex.
    bound : array, shape (n,)
        Each point of the polygon is this near to the hull of the corners and each corner this near to a point of
        the polygon; ``inf`` where this could not be shown, with no corners.
    """
    n = len(first) - 1
    start, bound = np.zeros(n + 1, dtype=np.int64), np.zeros(n)
    corners = np.empty((first[n], 2))
    for i in range(n):
        mine, err = rows[first[i] : first[i + 1]], errors[first[i] : first[i + 1]]
        here = corners[start[i] :]
        wx, wy = witnesses[i]
        heights, low, sound = np.empty(len(mine)), np.empty(len(mine)), len(mine) > 2
        for j in range(len(mine)):
            value, error = _value(mine[j], err[j], wx, wy)
            heights[j], low[j] = value, value - error
            sound &= low[j] > 0.0
        count, size = 0, 0.0
        if sound:
            kept = _in_order(mine, heights)
            for k in range(len(kept)):
                x, y, error = _corner(mine, err, kept[k], kept[(k + 1) % len(kept)])
                if not error < np.inf:
                    sound = False
                    break
                bound[i] = max(bound[i], error, _pulled_in(mine, err, low, x, y, wx, wy))
                here[k, 0], here[k, 1] = x, y
                size = max(size, abs(x), abs(y))
                count += 1
        if sound and count > 2:
            count, cost = _convex(here, count, size)
            bound[i] = (bound[i] + cost) * UP
            sound = bound[i] < np.inf and count > 1
        if not sound or count < 2:
            bound[i], count = np.inf, 0
        start[i + 1] = start[i] + count
    return start, corners[: start[n]], bound


@compiled
def intervals(first, rows, errors, witnesses):  # type: ignore[no-untyped-def]
    """Ends of n intervals, shape (n, 2), and the bound of :func:`polygons_with_bounds` for each, shape (n,)."""
    n = len(first) - 1
    ends, bound = np.empty((n, 2)), np.zeros(n)
    for i in range(n):
        w = witnesses[i, 0]
        ends[i, 0], ends[i, 1] = -np.inf, np.inf
        for side in range(2):
            for j in range(first[i], first[i + 1]):
                if (rows[j, 0] > 0.0) == (side == 0) and rows[j, 0] != 0.0:
                    z = -rows[j, 1] / rows[j, 0]
                    if (side == 0 and z > ends[i, 0]) or (side == 1 and z < ends[i, 1]):
                        ends[i, side] = z
                        residual = errors[j, 0] * abs(z) + errors[j, 1]
                        residual += ROW_ROUNDING * (abs(rows[j, 0] * z) + abs(rows[j, 1]))
                        slope = abs(rows[j, 0]) - errors[j, 0]
                        bound[i] = max(bound[i], residual / slope * UP if slope > 0.0 else np.inf)
        for side in range(2):
            z, share = ends[i, side], 0.0
            for j in range(first[i], first[i + 1]):
                value = rows[j, 0] * z + rows[j, 1]
                error = errors[j, 0] * abs(z) + errors[j, 1] + ROW_ROUNDING * (abs(rows[j, 0] * z) + abs(rows[j, 1]))
                inside = rows[j, 0] * w + rows[j, 1]
                inside -= errors[j, 0] * abs(w) + errors[j, 1] + ROW_ROUNDING * (abs(rows[j, 0] * w) + abs(rows[j, 1]))
                if not inside > 0.0:
                    bound[i] = np.inf
                elif error > value:
                    share = max(share, (error - value) / (error - value + inside))
            bound[i] = max(bound[i], share * abs(z - w) * UP)
        if not (ends[i, 0] < ends[i, 1] and np.isfinite(ends[i]).all()):
            bound[i] = np.inf
    return ends, bound
