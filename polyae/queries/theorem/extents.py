"""Radii and diameters of the pieces, piece by piece, with proved ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from polyae.queries.enclosing_ball import enclosing_balls
from polyae.queries.interval import Interval
from polyae.queries.radii import Radii
from polyae.queries.theorem.surface import Surface
from polyae.tolerances import gamma

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["circumradii", "diameters", "inradii", "total"]

#: Radii of inscribed balls are given to nine digits.
INRADIUS_ERROR = 1e-9


def circumradii(surface: Surface, latent: bool = False) -> Float:
    """Lower and upper ends (n, 2) of the radii of the smallest balls around the pieces, or the regions.

    The centre found bounds the radius from above by the farthest corner, a convex combination of corners from
    below by its standard deviation; both are plain sums of squares, so their rounding is relative.
    """
    points = surface.cover.vertices if latent else surface.corners
    errors = surface.cover.bound if latent else surface.errors
    _, lower, upper = enclosing_balls(surface.first, points)
    few = gamma(8 * (points.shape[1] + 16))
    return np.stack([np.maximum(lower * (1 - few) - errors, 0.0), upper * (1 + few) + errors], axis=1)


def diameters(surface: Surface) -> Float:
    """Lower and upper ends (n, 2) of the largest distances between points of a piece."""
    parts = (surface.corners[a:b] for a, b in zip(surface.first[:-1], surface.first[1:], strict=True))
    found = np.array([pdist(part).max(initial=0.0) for part in parts])
    few = gamma(surface.corners.shape[1] + 8)
    lower = np.maximum(found * (1 - few) - 2 * surface.errors, 0.0)
    return np.stack([lower, found * (1 + few) + 2 * surface.errors], axis=1)


def inradii(radii: Radii, surface: Surface) -> Float:
    """Lower and upper ends (n, 2) of the radii of the largest balls in the images."""
    low, high = radii.interval("data_inradius")
    off = INRADIUS_ERROR * high + surface.errors
    return np.stack([np.maximum(low - off, 0.0), high + off], axis=1)


def total(ends: Float) -> Interval:
    """Sum over the pieces of numbers known by their ends (n, 2)."""
    low, high = ends.sum(axis=0)
    off = gamma(len(ends)) * high
    return Interval(low - off, high + off).widened(0.0).clipped()
