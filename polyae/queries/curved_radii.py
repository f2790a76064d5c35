"""Intervals for the radii of regions that a Euclidean ball cuts, which are no polytopes.

Upwards a region is held by its polyhedron inside a box around the ball, and by the ball.  Downwards it
holds the polyhedron's vertices after they are drawn towards an inner point into the ball.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.complex.facet_rows import FacetRows
from polyae.complex.inscribed import inscribed_balls
from polyae.domains import Ball
from polyae.errors import SettingError
from polyae.queries.enclosing_ball import enclosing_balls

Float = NDArray[np.float64]

__all__ = ["within_ball"]

#: Cutting planes tried for an inscribed ball (Kelley 1960).
MAX_CUTS = 40


def within_ball(rows: FacetRows, maps: Float, weights: Float, low: Float, high: Float) -> tuple[Float, Float]:
    """Lower and upper ends (n, 4) of the radii of regions inside the ball, from those of their polyhedra.

    Parameters
    ----------
    rows : FacetRows
    maps : array, shape (n, k, h)
        Maps R of the regions with ``‖A z‖ = ‖R z‖``.
    weights : array, shape (total, 2)
        Norms of the rows' normals in latent space and in the image, NaN if the image is flat.
    low, high : arrays, shape (n, 4)
        Radii of the polyhedra: latent inradius and circumradius, then those of the image.
    """
    ball = rows.complex.domain
    if not isinstance(ball, Ball):
        raise SettingError(f"a Euclidean ball is expected as domain, got {ball!r}")
    low, high = low.copy(), high.copy()
    stretch = np.linalg.norm(maps, ord=2, axis=(1, 2))
    high[:, 1] = np.minimum(high[:, 1], ball.radius)
    high[:, 3] = np.minimum(high[:, 3], stretch * ball.radius)
    for i in range(len(maps)):
        mine = slice(rows.first[i], rows.first[i + 1])
        identity = np.eye(maps.shape[2])
        start, values = rows.complex.witnesses[i], rows.values[mine]
        low[i, 0], high[i, 0] = _inscribed(values, weights[mine, 0], start, ball, identity)
        if high[i, 2] > 0:
            low[i, 2], high[i, 2] = _inscribed(values, weights[mine, 1], start, ball, maps[i])
        points = _drawn_in(rows, i, ball)
        first = np.array([0, len(points)])
        low[i, 1] = min(enclosing_balls(first, points)[1][0], high[i, 1])
        low[i, 3] = min(enclosing_balls(first, (points - points[0]) @ maps[i].T)[1][0], high[i, 3])
    return low, high


def _drawn_in(rows: FacetRows, i: int, ball: Ball) -> Float:
    """Points of the closed region: its polyhedron's vertices, drawn into the ball towards the witness."""
    start = rows.complex.witnesses[i]
    steps = rows.polyhedron(i).vertices - start
    offset = start - ball.centre
    along, length = steps @ offset, (steps**2).sum(axis=1)
    room = np.sqrt(np.maximum(along**2 + length * (ball.radius**2 - offset @ offset), 0.0))
    share = np.clip((room - along) / length, 0.0, 1.0)
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
