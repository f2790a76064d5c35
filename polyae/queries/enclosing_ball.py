"""Minimum enclosing balls of many small sets of points.

The walking method of Fischer, Gärtner & Kutz (ESA 2003): the centre walks towards the circumcentre of
the points on the boundary until the next point stops it, and a point leaves the boundary when the
centre is not a convex combination with it.  The final convex combination bounds the radius from below.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.errors import ShapeError
from polyae.lp.simplex import for_kernel
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["enclosing_ball", "enclosing_balls"]

#: Relative size below which the progress of a walk counts as rounding.
ROUNDING = 1e-13


@compiled
def _squared_distance(a, b):  # type: ignore[no-untyped-def]
    total = 0.0
    for k in range(len(a)):
        total += (a[k] - b[k]) * (a[k] - b[k])
    return total


@compiled
def _dot(a, b):  # type: ignore[no-untyped-def]
    total = 0.0
    for k in range(len(a)):
        total += a[k] * b[k]
    return total


@compiled
def _farthest(points, centre):  # type: ignore[no-untyped-def]
    """Number of the point farthest from the centre, and its distance."""
    best, distance = 0, -1.0
    for i in range(len(points)):
        here = _squared_distance(points[i], centre)
        if here > distance:
            best, distance = i, here
    return best, np.sqrt(distance)


@compiled
def _circumcentre(points, support, size):  # type: ignore[no-untyped-def]
    """Circumcentre of the support in its affine hull, and its barycentric coordinates.

    The edges from the first point are orthogonalised, which loses fewer digits than their Gram matrix; one
    that depends on the others gets weight 0.
    """
    base = points[support[0]]
    k, dim = size - 1, points.shape[1]
    basis, lower, height = np.zeros((k, dim)), np.zeros((k, k)), np.zeros(k)
    edge, rest = np.empty(dim), np.empty(dim)
    for a in range(k):
        for x in range(dim):
            edge[x] = rest[x] = points[support[a + 1], x] - base[x]
        squared = _dot(edge, edge)
        for b in range(2 * a):  # twice: once leaves what cancellation spoils
            part = _dot(basis[b % a], rest)
            lower[a, b % a] += part
            for x in range(dim):
                rest[x] -= part * basis[b % a, x]
        length = np.sqrt(_dot(rest, rest))
        if length > ROUNDING * np.sqrt(squared):
            lower[a, a] = length
            for x in range(dim):
                basis[a, x] = rest[x] / length
            height[a] = (0.5 * squared - _dot(lower[a, :a], height)) / length
    share, centre = np.zeros(size), base.copy()
    share[0] = 1.0
    for a in range(k - 1, -1, -1):
        if lower[a, a] > 0:
            share[a + 1] = height[a]
            for b in range(a + 1, k):
                share[a + 1] -= lower[b, a] * share[b + 1]
            share[a + 1] /= lower[a, a]
        share[0] -= share[a + 1]
        for x in range(dim):
            centre[x] += height[a] * basis[a, x]
    return centre, share


@compiled
def _next_stop(points, support, size, centre, target):  # type: ignore[no-untyped-def]
    """First point that the shrinking ball meets on the way, and the share of the way until then."""
    anchor = points[support[0]]
    squared = _squared_distance(anchor, centre)
    least = ROUNDING * np.sqrt(squared * _squared_distance(target, centre))
    stop, share = -1, 1.0
    for i in range(len(points)):
        lag = 0.0
        for x in range(len(anchor)):
            lag += 2.0 * (target[x] - centre[x]) * (anchor[x] - points[i, x])
        held = False
        for a in range(size):
            held |= support[a] == i
        if held or lag <= least:
            continue
        here = max(0.0, squared - _squared_distance(points[i], centre)) / lag
        if here < share:
            stop, share = i, here
    return stop, share


@compiled
def _lower_bound(points, support, share):  # type: ignore[no-untyped-def]
    """Standard deviation of a convex combination of points, or half the distance of two of them."""
    mean = np.zeros(points.shape[1])
    total = 0.0
    for a in range(len(share)):
        total += max(share[a], 0.0)
    for a in range(len(share)):
        for x in range(len(mean)):
            mean[x] += max(share[a], 0.0) / total * points[support[a], x]
    spread, diameter = 0.0, 0.0
    for a in range(len(share)):
        spread += max(share[a], 0.0) / total * _squared_distance(points[support[a]], mean)
        for b in range(a):
            diameter = max(diameter, _squared_distance(points[support[a]], points[support[b]]))
    return max(np.sqrt(spread), 0.5 * np.sqrt(diameter))


@compiled
def _one_ball(points):  # type: ignore[no-untyped-def]
    """Centre, and lower and upper bound of the radius; the points have size about 1."""
    count, dim = points.shape
    centre = points[0].copy()
    support = np.zeros(dim + 2, dtype=np.int64)
    support[0] = _farthest(points, centre)[0]
    size = 1
    target, share = _circumcentre(points, support, size)
    for _ in range(100 * (count + dim)):
        target, share = _circumcentre(points, support, size)
        way, far = _squared_distance(target, centre), _squared_distance(points[support[0]], centre)
        if size <= dim and np.sqrt(way) > ROUNDING * np.sqrt(far):
            stop, part = _next_stop(points, support, size, centre, target)
            for x in range(dim):
                centre[x] += part * (target[x] - centre[x])
            if stop >= 0:
                support[size] = stop
                size += 1
                continue
        worst = 0
        for a in range(1, size):
            if share[a] < share[worst]:
                worst = a
        if share[worst] >= -ROUNDING:
            break
        for a in range(worst, size - 1):
            support[a] = support[a + 1]
        size -= 1
    upper = _farthest(points, centre)[1]
    return centre, min(upper, _lower_bound(points, support, share)), upper


@compiled
def _all_balls(first, points):  # type: ignore[no-untyped-def]
    n, dim = len(first) - 1, points.shape[1]
    centres, bounds = np.zeros((n, dim)), np.zeros((n, 2))
    for i in range(n):
        count = first[i + 1] - first[i]
        mine, size = np.empty((count, dim)), 0.0
        for j in range(count):
            for x in range(dim):
                mine[j, x] = points[first[i] + j, x] - points[first[i], x]
                size = max(size, abs(mine[j, x]))
        if count > 0:
            centres[i] = points[first[i]]
        if size == 0.0:
            continue
        for j in range(count):
            for x in range(dim):
                mine[j, x] /= size
        centre, lower, upper = _one_ball(mine)
        for x in range(dim):
            centres[i, x] += size * centre[x]
        bounds[i, 0], bounds[i, 1] = size * lower, size * upper
    return centres, bounds


def enclosing_balls(first: Int, points: Float) -> tuple[Float, Float, Float]:
    """Minimum enclosing balls of n sets of points.

    Parameters
    ----------
    first : array of int, shape (n + 1,)
        Set i is ``points[first[i]:first[i + 1]]``.
    points : array, shape (total, k)

    Returns
    -------
    centres : array, shape (n, k)
    lower, upper : arrays, shape (n,)
        Bounds of the radius, equal up to rounding: the ball of radius `upper` around the centre holds all
        points, and a convex combination of points on its boundary shows that none is smaller than `lower`.
        An empty set has radius 0.
    """
    centres, bounds = _all_balls(*for_kernel(np.asarray(first, dtype=np.int64), np.asarray(points, dtype=np.float64)))
    return centres, bounds[:, 0], bounds[:, 1]


def enclosing_ball(points: ArrayLike) -> tuple[Float, float]:
    """Centre and radius of the smallest ball around some points.

    Parameters
    ----------
    points : array, shape (m, k)

    Raises
    ------
    ShapeError
        If there is no point, or a coordinate is not finite.

    Examples
    --------
    >>> centre, radius = enclosing_ball([[0, 0], [2, 0], [1, 0.5]])
    >>> centre.tolist(), radius
    ([1.0, 0.0], 1.0)
    """
    array = np.array(points, dtype=np.float64)
    if array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise ShapeError(f"points must be a nonempty matrix of finite numbers, got shape {array.shape}")
    centres, _, upper = enclosing_balls(np.array([0, len(array)]), array)
    return centres[0], float(upper[0])
