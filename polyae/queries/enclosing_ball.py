"""Minimum enclosing balls of many small sets of points.

The walking method of Fischer, Gärtner & Kutz (ESA 2003): the centre walks towards the circumcentre of
the points on the boundary until the next point stops it, and a point leaves the boundary when the
centre is not a convex combination with it.  The final convex combination bounds the radius from below.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.errors import ShapeError

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["enclosing_ball", "enclosing_balls"]

#: Relative size below which the progress of a walk counts as rounding.
ROUNDING = 1e-13


@nb.njit(cache=True)
def _circumcentre(points, support, size):  # type: ignore[no-untyped-def]
    """Circumcentre of the support in its affine hull, and its barycentric coordinates.

    The edges from the first point are orthogonalised, which loses fewer digits than their Gram matrix; one
    that depends on the others gets weight 0.
    """
    base = points[support[0]]
    k, dim = size - 1, points.shape[1]
    basis, lower, height = np.zeros((k, dim)), np.zeros((k, k)), np.zeros(k)
    for a in range(k):
        edge = points[support[a + 1]] - base
        rest = edge.copy()
        for _ in range(2):
            for b in range(a):
                part = (basis[b] * rest).sum()
                lower[a, b] += part
                rest -= part * basis[b]
        length = np.sqrt((rest**2).sum())
        if length > ROUNDING * np.abs(edge).max():
            lower[a, a] = length
            basis[a] = rest / length
            height[a] = (0.5 * (edge**2).sum() - (lower[a, :a] * height[:a]).sum()) / length
    share = np.zeros(size)
    for a in range(k - 1, -1, -1):
        if lower[a, a] > 0:
            share[a + 1] = (height[a] - (lower[a + 1 :, a] * share[a + 2 :]).sum()) / lower[a, a]
    share[0] = 1.0 - share[1:].sum()
    centre = base.copy()
    for a in range(k):
        centre += height[a] * basis[a]
    return centre, share


@nb.njit(cache=True)
def _next_stop(points, support, size, centre, step):  # type: ignore[no-untyped-def]
    """First point that the shrinking ball meets on the way, and the share of the step until then."""
    anchor = points[support[0]]
    squared = ((anchor - centre) ** 2).sum()
    length = np.sqrt((step**2).sum())
    stop, share = -1, 1.0
    for i in range(len(points)):
        lag = 2.0 * (step * (anchor - points[i])).sum()
        if lag <= ROUNDING * length * np.sqrt(squared):
            continue
        inside = False
        for a in range(size):
            inside |= support[a] == i
        if inside:
            continue
        here = max(0.0, squared - ((points[i] - centre) ** 2).sum()) / lag
        if here < share:
            stop, share = i, here
    return stop, share


@nb.njit(cache=True)
def _lower_bound(points, support, share):  # type: ignore[no-untyped-def]
    """Standard deviation of a convex combination of points, or half the distance of two of them."""
    mean = np.zeros(points.shape[1])
    for a in range(len(share)):
        mean += share[a] * points[support[a]]
    spread, diameter = 0.0, 0.0
    for a in range(len(share)):
        spread += share[a] * ((points[support[a]] - mean) ** 2).sum()
        for b in range(a):
            diameter = max(diameter, ((points[support[a]] - points[support[b]]) ** 2).sum())
    return max(np.sqrt(spread), 0.5 * np.sqrt(diameter))


@nb.njit(cache=True)
def _one_ball(points):  # type: ignore[no-untyped-def]
    """Centre, and lower and upper bound of the radius; the points have size about 1."""
    count, dim = points.shape
    centre = points[0].copy()
    support = np.zeros(dim + 2, dtype=np.int64)
    support[0] = np.argmax(((points - centre) ** 2).sum(axis=1))
    size = 1
    share = np.ones(1)
    for _ in range(100 * (count + dim)):
        target, share = _circumcentre(points, support, size)
        step = target - centre
        far = np.sqrt(((points[support[0]] - centre) ** 2).sum())
        if np.sqrt((step**2).sum()) > ROUNDING * far and size <= dim:
            stop, part = _next_stop(points, support, size, centre, step)
            centre = centre + part * step
            if stop >= 0:
                support[size] = stop
                size += 1
                continue
        worst = np.argmin(share)
        if share[worst] >= -ROUNDING:
            break
        for a in range(worst, size - 1):
            support[a] = support[a + 1]
        size -= 1
    lower = _lower_bound(points, support, np.maximum(share, 0.0) / np.maximum(share, 0.0).sum())
    upper = np.sqrt(((points - centre) ** 2).sum(axis=1).max())
    return centre, min(upper, lower), upper


@nb.njit(cache=True)
def _all_balls(first, points):  # type: ignore[no-untyped-def]
    n = len(first) - 1
    centres, bounds = np.zeros((n, points.shape[1])), np.zeros((n, 2))
    for i in range(n):
        mine = points[first[i] : first[i + 1]]
        if len(mine) == 0:
            continue
        base = mine[0].copy()
        shifted = mine - base
        size = np.abs(shifted).max() if shifted.size else 0.0
        if size == 0.0:
            centres[i] = base
            continue
        centre, lower, upper = _one_ball(shifted / size)
        centres[i] = base + size * centre
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
    centres, bounds = _all_balls(np.asarray(first, dtype=np.int64), np.ascontiguousarray(points, dtype=np.float64))
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
