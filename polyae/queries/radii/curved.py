"""Intervals for the radii of regions that a Euclidean ball cuts, which are no polytopes.

Upwards a region is held by its polyhedron inside a box around the ball, and by the ball.  Downwards it
holds the polyhedron's vertices after they are drawn towards an inner point into the ball.
"""

from __future__ import annotations

from math import gamma as gamma_function
from math import pi

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from polyae.complex.facet_rows import FacetRows
from polyae.complex.inscribed import inscribed_balls
from polyae.domains import Ball
from polyae.errors import SettingError
from polyae.queries.enclosing_ball import enclosing_balls
from polyae.queries.radii.clear import Table
from polyae.queries.radii.maps import ReducedMaps

Float = NDArray[np.float64]

__all__ = ["within_ball"]

#: Cutting planes tried for an inscribed ball (Kelley 1960).
MAX_CUTS = 40

#: Relative rounding of coordinates and norms, with a wide margin.
ROUNDING = 1e-9


def within_ball(rows: FacetRows, maps: ReducedMaps, table: Table, anchors: Float) -> Table:
    """Intervals of the radii of regions inside the ball, from those of their polyhedra.

    Parameters
    ----------
    rows : FacetRows
    maps : ReducedMaps
    table : Table
        Radii of the polyhedra inside the box around the ball.
    anchors : array, shape (n, h)
        Codes; NaN for the witnesses.
    """
    ball = rows.complex.domain
    if not isinstance(ball, Ball):
        raise SettingError(f"a Euclidean ball is expected as domain, got {ball!r}")
    low, high = np.zeros_like(table.lower), table.upper.copy()
    at = np.where(np.isnan(anchors), rows.complex.witnesses, anchors)
    for i in range(len(low)):
        _cap(high[i], ball, maps, i, at[i])
        low[i], inner = _reached(rows, maps, ball, i, at[i], high[i])
        high[i, [0, 6]] = np.minimum(high[i, [0, 6]], inner)
    low = np.minimum(low, high)
    return Table(high.copy(), low, high)


def _cap(high: Float, ball: Ball, maps: ReducedMaps, i: int, anchor: Float) -> None:
    """Lower the upper ends to those of the ball, in place."""
    h = len(anchor)
    stretch = float(np.linalg.norm(maps.matrices[i], ord=2) + maps.error[i])
    away = ball.radius + float(np.linalg.norm(anchor - ball.centre))
    volume = float(pi ** (h / 2) / gamma_function(h / 2 + 1) * ball.radius**h)
    jacobian = float(maps.stretch[i] * (1 + 2 * h * maps.relative[i])) if maps.relative[i] < 0.1 / h else stretch**h
    caps = np.array([ball.radius, ball.radius, away, 2 * ball.radius, 2 * ball.radius])
    # Anchors are those of the polyhedron only if they were given, so its contact radii do not bound these.
    high[[2, 8]] = np.inf
    high[:5] = np.minimum(high[:5], caps)
    high[6:11] = np.minimum(high[6:11], stretch * caps)
    high[[5, 11]] = np.minimum(high[[5, 11]], [volume, volume * jacobian])
    high[:] *= 1 + ROUNDING


def _reached(rows: FacetRows, maps: ReducedMaps, ball: Ball, i: int, anchor: Float, high: Float) -> tuple[Float, Float]:
    """Lower ends, and upper ends of the two inradii."""
    mine, start = slice(rows.first[i], rows.first[i + 1]), rows.complex.witnesses[i]
    values, low, inner = rows.values[mine], np.zeros(12), np.full(2, np.inf)
    low[0], inner[0] = _inscribed(values, np.ones(len(values)), start, ball, np.eye(len(anchor)))
    if maps.flat[i]:
        inner[1] = 0.0
    elif np.isfinite(maps.relative[i]):
        weights = maps.row_norms(values[:, :-1], np.full(len(values), i))
        low[6], inner[1] = _inscribed(values, weights, start, ball, maps.matrices[i])
    points = _drawn_in(rows, i, ball)
    images, error = points @ maps.matrices[i].T, float(maps.error[i]) * high[3]
    at = anchor @ maps.matrices[i].T
    for k, shape, from_ in ((0, points, anchor), (6, images, at)):
        low[k + 1] = enclosing_balls(np.array([0, len(shape)]), shape - shape[0])[1][0]
        low[k + 2] = np.linalg.norm(shape - from_, axis=1).max()
        low[k + 3] = pdist(shape).max(initial=0.0)
        low[k + 4] = 2 * low[k]
    low[7:10] -= error
    low[5] = _hull_volume(points)
    if maps.relative[i] < 0.1 / len(anchor):
        low[11] = low[5] * maps.stretch[i] * (1 - len(anchor) * maps.relative[i])
    return np.maximum(low * (1 - ROUNDING), 0.0), inner * (1 + ROUNDING)


def _hull_volume(points: Float) -> float:
    """Volume of the hull of points; 0 if they are too flat to tell."""
    if points.shape[1] == 1:
        return float(np.ptp(points))
    try:
        return float(ConvexHull(points).volume)
    except QhullError:
        return 0.0


def _drawn_in(rows: FacetRows, i: int, ball: Ball) -> Float:
    """Points of the closed region: its polyhedron's vertices, drawn into the ball towards the witness."""
    start = rows.complex.witnesses[i]
    steps = rows.polyhedron(i).vertices - start
    offset = start - ball.centre
    along, length = steps @ offset, (steps**2).sum(axis=1)
    room = np.sqrt(np.maximum(along**2 + length * (ball.radius**2 - offset @ offset), 0.0))
    # In a tiny region the float64 witness may coincide with a vertex, whose step is then 0 whatever its share.
    share = np.clip((room - along) / np.where(length > 0, length, 1.0), 0.0, 1.0)
    return np.vstack([start, start + share[:, None] * steps])


def _inscribed(rows: Float, weights: Float, inside: Float, ball: Ball, metric: Float) -> tuple[float, float]:
    """Bounds of the largest ball of the image whose preimage lies in the polyhedron and in the ball.

    Every tangent plane of the ball is a valid row, so each linear program bounds the radius from above;
    its centre gives a ball that fits.
    """
    inverse = np.linalg.inv(metric)
    stretch = float(np.linalg.norm(inverse, ord=2))
    low, high = 0.0, np.inf
    for _ in range(MAX_CUTS):
        centres, bounds = inscribed_balls(np.array([0, len(rows)]), rows, weights, inside[None, :])
        centre = centres[0]
        high = min(high, float(bounds[0, 1]))
        away = np.linalg.norm(centre - ball.centre)
        fits = min(float(bounds[0, 0]), (ball.radius - float(away)) / stretch)
        low = max(low, fits)
        if low >= high * (1 - 1e-10) or away == 0:
            break
        normal = -(centre - ball.centre) / away
        cut = np.append(normal, ball.radius - normal @ ball.centre)
        rows = np.vstack([rows, cut])
        weights = np.append(weights, np.linalg.norm(normal @ inverse))
    return low, max(low, high)
