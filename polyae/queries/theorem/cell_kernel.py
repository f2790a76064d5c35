"""Distance of points from a chart that is covered by a tree of cells: compiled.

A cell has a centre θ, half widths, the point x there, its derivatives J, and two radii: by `reach` no point of
the cell is farther from x, and by `bend` the Taylor polynomial of first order misses no point.  With ``r = y - x``

    ``‖y - x(θ + δ)‖ = ‖r - Jδ‖ ± bend``,

and the square of the norm on the right is convex in δ: at any δ* its tangent bounds it from below on the cell.
"""

from __future__ import annotations

import numpy as np

from polyae.predicates.jit import compiled, inlined
from polyae.tolerances import UNIT_ROUNDOFF

__all__ = ["bounds_of_cells", "distances_from_cells"]

#: Sweeps of coordinate descent for δ*; any δ* gives valid bounds.
SWEEPS = 12


@inlined
def _distance(a, b):  # type: ignore[no-untyped-def]
    total = 0.0
    for k in range(len(a)):
        total += (a[k] - b[k]) * (a[k] - b[k])
    return np.sqrt(total)


@compiled
def _in_cell(y, x, first, gram, half, reach, bend, delta, slope):  # type: ignore[no-untyped-def]
    """Lower and upper bound of the distance of y from a cell; δ is left in `delta`."""
    m, d = first.shape
    apart = _distance(y, x)
    size = apart + reach
    for j in range(m):
        slope[j] = 0.0
        for k in range(d):
            slope[j] += first[j, k] * (y[k] - x[k])
        delta[j] = 0.0
    for _ in range(1 if m == 1 else SWEEPS):
        moved = 0.0
        for j in range(m):
            if gram[j, j] > 0.0:
                rest = slope[j]
                for k in range(m):
                    if k != j:
                        rest -= gram[j, k] * delta[k]
                step = min(half[j], max(-half[j], rest / gram[j, j]))
                moved = max(moved, abs(step - delta[j]) / max(half[j], 1e-300))
                delta[j] = step
        if moved < 1e-9:
            break
    value, drop = apart * apart, 0.0
    for j in range(m):
        tilt = -slope[j]
        for k in range(m):
            tilt += gram[j, k] * delta[k]
        value += (tilt - slope[j]) * delta[j]
        drop += 2.0 * min(tilt * (half[j] - delta[j]), tilt * (-half[j] - delta[j]), 0.0)
    # Each of the terms has at most (d + m) roundings, and size² bounds the sum of their magnitudes.
    error = 16.0 * (d + 4 * m + 8) * UNIT_ROUNDOFF * size * size
    lower = np.sqrt(max(value + drop - error, 0.0)) - bend
    upper = np.sqrt(max(value, 0.0) + error) + bend
    return max(lower, apart * (1.0 - 4.0 * d * UNIT_ROUNDOFF) - reach, 0.0), upper


@compiled
def distances_from_cells(points, cap, tolerance, low_box, high_box, cells, count, roots, wanted):  # type: ignore[no-untyped-def]
    """Bounds of the distances of points (n, d) from a chart.

    Parameters
    ----------
    points : array, shape (n, d)
    cap : array, shape (n,)
        A distance known to be reached elsewhere; cells beyond it are not looked at.
    tolerance : array, shape (n,)
        Cells are done with when their bound is this near to the distance reached.
    low_box, high_box : arrays, shape (n, m)
        Parameters that are left out, for each point; none if they are in the wrong order.
    cells : tuple of arrays
        centre, half, x, first, gram, reach, bend, child; the children of a cell are ``child`` and ``child + 1``, and
        -1 stands for none.
    count, roots : int
        Number of cells, and of those without a parent, which come first.
    wanted : array of bool, shape (count,)
        Set for cells that must be cut for the tolerance.

    Returns
    -------
    theta : array, shape (n, m)
    lower, upper : arrays, shape (n,)
        The lower bound holds up to the cap only; the upper one is that at `theta`, or the cap.
    """
    centre, half, x, first, gram, reach, bend, child = cells
    n, m = len(points), centre.shape[1]
    theta, lower, upper = np.zeros((n, m)), np.empty(n), np.empty(n)
    stack, below = np.empty(count + 2, dtype=np.int64), np.empty(count + 2)
    ends, ends_low = np.empty(count, dtype=np.int64), np.empty(count)
    delta, slope = np.empty(m), np.empty(m)
    for i in range(n):
        y, best, least, size, seen = points[i], cap[i], np.inf, 0, 0
        for c in range(roots):
            stack[size], below[size] = c, max(_distance(y, x[c]) - reach[c], 0.0)
            size += 1
        # The nearest root is looked at first.
        if size > 1:
            near = 0
            for k in range(1, size):
                if below[k] < below[near]:
                    near = k
            stack[near], stack[size - 1] = stack[size - 1], stack[near]
            below[near], below[size - 1] = below[size - 1], below[near]
        while size > 0:
            size -= 1
            c, low = stack[size], below[size]
            if low >= best - tolerance[i]:
                least = min(least, low)
                continue
            inside = True
            for j in range(m):
                inside &= centre[c, j] - half[c, j] >= low_box[i, j] and centre[c, j] + half[c, j] <= high_box[i, j]
            if inside:
                continue
            if child[c] < 0:
                low, high = _in_cell(y, x[c], first[c], gram[c], half[c], reach[c], bend[c], delta, slope)
                if high < best:
                    best = high
                    for j in range(m):
                        theta[i, j] = centre[c, j] + delta[j]
                ends[seen], ends_low[seen] = c, low
                seen += 1
                continue
            a, b = child[c], child[c] + 1
            da, db = max(_distance(y, x[a]) - reach[a], low), max(_distance(y, x[b]) - reach[b], low)
            if da < db:
                a, b, da, db = b, a, db, da
            stack[size], below[size] = a, da
            stack[size + 1], below[size + 1] = b, db
            size += 2
        for k in range(seen):
            least = min(least, ends_low[k])
            if ends_low[k] < best - tolerance[i]:
                wanted[ends[k]] = True
        upper[i] = best
        lower[i] = max(min(least, best), 0.0)
    return theta, lower, upper



@compiled
def bounds_of_cells(targets, x, first, half, reach, bend):  # type: ignore[no-untyped-def]
    """Bounds of the distances of n points from one cell each, and where the upper one is reached.

    Parameters
    ----------
    targets, x : arrays, shape (n, d)
    first : array, shape (n, m, d)
    half : array, shape (n, m)
    reach, bend : arrays, shape (n,)

    Returns
    -------
    lower, upper : arrays, shape (n,)
    delta : array, shape (n, m)
        From the centre of the cell.
    """
    n, m, d = first.shape
    lower, upper, delta = np.empty(n), np.empty(n), np.empty((n, m))
    gram, slope = np.empty((m, m)), np.empty(m)
    for i in range(n):
        for j in range(m):
            for k in range(m):
                gram[j, k] = 0.0
                for t in range(d):
                    gram[j, k] += first[i, j, t] * first[i, k, t]
        lower[i], upper[i] = _in_cell(
            targets[i], x[i], first[i], gram, half[i], reach[i], bend[i], delta[i], slope
        )
    return lower, upper, delta
