"""Intervals for regions whose vertices are too many: from points that are reached and boxes that enclose.

Maximising a norm over a polytope given by inequalities is NP-hard (Bodlaender et al. 1990).  Linear programs along the
axes give points of the region, whose smallest enclosing ball bounds the circumradius from below, and a box,
half of whose diagonal bounds it from above; likewise in the image, along the principal axes of the map.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gamma as gamma_function
from math import pi

import numpy as np
from flint import fmpq
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from polyae.complex.facet_rows import FacetRows
from polyae.complex.inscribed import exact_inradius, inscribed_balls
from polyae.lp.simplex import FLOAT_TOLERANCE, for_kernel, maximise_exactly, optimum, pivot_to_optimum
from polyae.predicates.jit import compiled
from polyae.queries.enclosing_ball import enclosing_balls
from polyae.queries.radii.clear import Inscribed, Table
from polyae.queries.radii.maps import ReducedMaps
from polyae.tolerances import gamma

Float = NDArray[np.float64]

__all__ = ["boxed_radii"]

#: Relative rounding of exact results, with a wide margin.
ROUNDING = 1e-12


@compiled
def _supports(rows, inside, directions):  # type: ignore[no-untyped-def]
    """Points relative to `inside` that are farthest along directions, and upper bounds by duality.

    The multipliers balance the direction up to a rest, whose norm times the distance of a point from `inside` adds to
    the bound.
    """
    m, h = rows.shape[0], rows.shape[1] - 1
    heights, scale = rows[:, h].copy(), np.inf
    for j in range(m):
        for x in range(h):
            heights[j] += rows[j, x] * inside[x]
        scale = min(scale, heights[j])
    points, bounds = np.zeros((len(directions), h)), np.zeros((len(directions), 2))
    for q in range(len(directions)):
        size = np.sqrt((directions[q] ** 2).sum())
        if size == 0.0:
            continue
        table = np.zeros((m + 1, h + 1))
        table[:m, :h] = rows[:, :h]
        table[:m, h] = heights / scale
        table[m, :h] = directions[q] / size
        bounded, basic, nonbasic = pivot_to_optimum(table, FLOAT_TOLERANCE)
        if not bounded:
            bounds[q, 0] = np.inf
            continue
        point, multipliers = optimum(table, basic, nonbasic)
        points[q] = scale * point
        rest = directions[q].copy()
        for j in range(m):
            bounds[q, 0] += size * multipliers[j] * heights[j]
            for x in range(h):
                rest[x] += size * multipliers[j] * rows[j, x]
        bounds[q, 1] = np.sqrt((rest**2).sum())
    return points, bounds


@dataclass(frozen=True)
class _Enclosure:
    """Points reached and a box, relative to a centre, in h axes of the region and k of its image."""

    centre: Float
    inner: tuple[float, float]
    points: Float
    up: Float
    down: Float
    error: float


def boxed_radii(rows: FacetRows, maps: ReducedMaps, balls: Inscribed, i: int, anchor: Float) -> Table:
    """Intervals of the radii of one region without its vertices.

    Parameters
    ----------
    rows : FacetRows
    maps : ReducedMaps
    balls : Inscribed
    i : int
    anchor : array, shape (h,)
        A code; NaN for the centre of the inscribed ball.
    """
    h = len(anchor)
    _, sizes, turn = np.linalg.svd(maps.matrices[i], full_matrices=False)
    axes = np.vstack([np.eye(h), sizes[:, None] * turn])
    found = _enclose(rows, balls, i, axes) if balls.clear[i] else _enclose_exactly(rows, i, axes)
    offset = np.where(np.isnan(anchor), 0.0, anchor - found.centre)
    image_inner = _image_inner(rows, maps, found, i, bool(balls.clear[i]))
    flat, stretch, relative = bool(maps.flat[i]), float(maps.stretch[i]), float(maps.relative[i])
    low, high = np.zeros(12), np.full(12, np.inf)
    low[0], high[0], low[6], high[6] = *found.inner, *image_inner
    reach = float(np.linalg.norm(np.maximum(found.up, found.down)[:h]))
    for start, part, error in ((0, slice(0, h), 0.0), (6, slice(h, None), float(maps.error[i]))):
        images = found.points @ axes[part].T
        at, up, down = axes[part] @ offset, found.up[part], found.down[part]
        margin = error * reach if error else 0.0
        low[start + 1] = enclosing_balls(np.array([0, len(images)]), images)[1][0] - margin
        high[start + 1] = np.linalg.norm(up + down) / 2 + margin
        low[start + 2] = np.linalg.norm(images - at, axis=1).max() - 2 * margin
        high[start + 2] = np.linalg.norm(np.maximum(np.abs(up - at), np.abs(down + at))) + 2 * margin
        low[start + 3] = pdist(images).max(initial=0.0) - 2 * margin
        high[start + 3] = np.linalg.norm(up + down) + 2 * margin
        low[start + 4], high[start + 4] = 2 * low[start], (up + down).min() + 2 * margin
    if np.isinf(found.up[:h]).any() or np.isinf(found.down[:h]).any():
        low[1:4] = np.inf
    ball = pi ** (h / 2) / gamma_function(h / 2 + 1) * found.inner[0] ** h
    low[5], high[5] = ball, float(np.prod((found.up + found.down)[:h]))
    below, above = 0.0, np.inf
    if relative < 1 / (2 * h):
        below, above = stretch * (1 - h * relative), stretch * (1 + 2 * h * relative)
    low[11] = low[5] * below if below else 0.0
    high[11] = high[5] * above if above else 0.0
    low[1:] *= np.maximum(1 - 2 * h * found.error, 0.0)
    high *= 1 + 2 * h * found.error
    if flat:
        low[[6, 10, 11]] = high[[6, 10, 11]] = 0.0
    low = np.minimum(np.maximum(low, 0.0), high)
    return Table(high[None], low[None], high[None])


def _enclose(rows: FacetRows, balls: Inscribed, i: int, axes: Float) -> _Enclosure:
    mine = slice(rows.first[i], rows.first[i + 1])
    values, centre, h = rows.values[mine], balls.centres[i], axes.shape[1]
    points, bounds = _supports(*for_kernel(values, centre, np.vstack([axes, -axes])))
    up, down = bounds[: len(axes), 0], bounds[len(axes) :, 0]
    rest = float(bounds[:, 1].max())
    reach = float(np.linalg.norm(np.maximum(up, down)[:h]))
    if not (rest * h <= 0.5 and np.isfinite(reach)):
        return _enclose_exactly(rows, i, axes)
    # Distances from the centre are at most reach + h * rest * distance.
    reach = reach / (1 - rest * h)
    up, down = up + rest * reach, down + rest * reach
    far = np.abs(centre) + reach
    size = np.abs(values[:, :-1]) @ far + np.abs(values[:, -1])
    off = rows.errors[mine][:, :-1] @ far + rows.errors[mine][:, -1] + gamma(h + 2) * size
    heights = values[:, :-1] @ (points + centre).T + values[:, -1:]
    worst = float(off.max()) + max(float(-heights.min()), 0.0)
    inner, tilt = balls.bounds[i, :2], float(balls.bounds[i, 2])
    error = 2 * worst / float(inner[0]) + ROUNDING
    if not error < 0.1:
        return _enclose_exactly(rows, i, axes)
    lower, upper = float(inner[0]) * (1 - error), (float(inner[1]) + tilt * reach * np.sqrt(h)) * (1 + error)
    return _Enclosure(centre, (lower, upper), points, up, down, error)


def _enclose_exactly(rows: FacetRows, i: int, axes: Float) -> _Enclosure:
    exact = rows.exact(i)
    inside = rows.exact_witness(i)
    centre, radius = exact_inradius(exact, inside)
    start = [fmpq(z, inside[-1]) for z in inside[:-1]]
    at = [fmpq(*float(x).as_integer_ratio()) for x in centre]
    points, bounds = [[float(int((x - c).p) / int((x - c).q)) for x, c in zip(start, at, strict=True)]], []
    for axis in np.vstack([axes, -axes]):
        direction = [fmpq(*float(x).as_integer_ratio()) for x in axis]
        best = maximise_exactly(exact, direction, start)
        if best.value is None:
            bounds.append(np.inf)
            continue
        local = [x - c for x, c in zip(best.point, at, strict=True)]
        points.append([int(x.p) / int(x.q) for x in local])
        reached = sum((x * y for x, y in zip(direction, local, strict=True)), fmpq(0))
        bounds.append(int(reached.p) / int(reached.q))
    half = np.array(bounds).reshape(2, -1)
    inner = (radius * (1 - ROUNDING), radius * (1 + ROUNDING)) if np.isfinite(radius) else (np.inf, np.inf)
    return _Enclosure(centre, inner, np.array(points), half[0], half[1], ROUNDING)


def _image_inner(rows: FacetRows, maps: ReducedMaps, found: _Enclosure, i: int, clear: bool) -> tuple[float, float]:
    """Bounds of the inradius of the image."""
    stretch = float(np.linalg.norm(maps.matrices[i], 2) + maps.error[i])
    above = stretch * found.inner[1] if found.inner[1] < np.inf else np.inf
    if maps.flat[i]:
        return 0.0, 0.0
    relative = float(maps.relative[i])
    if not relative < 0.1:
        return 0.0, above
    if np.isinf(found.inner[0]):
        return np.inf, np.inf
    if not clear:
        return found.inner[0] * float(np.linalg.svd(maps.matrices[i])[1][-1]) * (1 - relative), above
    mine = slice(rows.first[i], rows.first[i + 1])
    weights = maps.row_norms(rows.values[mine, :-1], np.full(mine.stop - mine.start, i))
    bounds = inscribed_balls(np.array([0, len(weights)]), rows.values[mine], weights, found.centre[None])[1][0]
    reach = float(np.linalg.norm(np.maximum(found.up, found.down)[: len(found.centre)]))
    upper = bounds[1] + bounds[2] * reach * np.sqrt(len(found.centre)) if np.isfinite(reach) else np.inf
    error = relative + found.error
    return float(bounds[0]) * (1 - 2 * error), float(min(upper * (1 + 2 * error), above))
