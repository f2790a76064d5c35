"""Sizes of the pieces: circumradius and diameter in data space, circumradius of the codes, inradius."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from polyae.errors import SolverError
from polyae.queries.enclosing_ball import enclosing_balls
from polyae.queries.interval import Interval
from polyae.queries.theorem.surface import Surface

Float = NDArray[np.float64]

__all__ = ["Extents", "image_inradii", "measure_extents"]

#: Singular values below this share of the largest make an image flat.
RANK_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Extents:
    """Sizes of all pieces ``P_ω = D(ω ∩ Z)``, as bounds (n, 2) from below and above.

    Attributes
    ----------
    circumradii : array, shape (n, 2)
        Radius of the smallest ball around P_ω.
    diameters : array, shape (n, 2)
    latent_circumradii : array, shape (n, 2)
        Radius of the smallest ball around ω ∩ Z.
    """

    circumradii: Float
    diameters: Float
    latent_circumradii: Float


def measure_extents(surface: Surface, rounding: float) -> Extents:
    """Sizes of all pieces; `rounding` is the absolute error of a distance in data space."""
    diameters = np.array([pdist(c).max(initial=0.0) for c in surface.corners])
    return Extents(
        _ball_bounds(surface.corners, rounding),
        _padded(diameters, diameters, rounding),
        _ball_bounds(surface.latent, 0.0),
    )


def total(bounds: Float) -> Interval:
    """Interval of the sum of numbers with bounds (n, 2)."""
    return Interval.total(Interval(low, high) for low, high in bounds)


def _ball_bounds(sets: list[Float], rounding: float) -> Float:
    first = np.cumsum([0, *(len(points) for points in sets)])
    _, lower, upper = enclosing_balls(first, np.concatenate(sets))
    return _padded(lower, upper, rounding)


def _padded(lower: Float, upper: Float, rounding: float) -> Float:
    return np.stack([np.maximum(lower - rounding, 0.0), upper + rounding], axis=1)


def image_inradii(surface: Surface) -> Float:
    """Radius (n,) of the largest h-dimensional ball in each piece; 0 where A_ω has rank less than h."""
    return np.array([_image_inradius(z, a) for z, (a, _) in zip(surface.latent, surface.maps, strict=True)])


def _image_inradius(vertices: Float, matrix: Float) -> float:
    values = np.linalg.svd(matrix, compute_uv=False)
    h = vertices.shape[1]
    if len(values) < h or values[-1] <= RANK_TOLERANCE * values[0]:
        return 0.0
    if h == 1:
        return float(np.ptp(vertices) * values[0] / 2)
    walls = ConvexHull(vertices).equations
    # A step A v of length r in data space changes n z by at most r ‖n A⁺‖.
    steep = np.linalg.norm(walls[:, :-1] @ np.linalg.pinv(matrix), axis=1)
    cost = np.append(np.zeros(h), -1.0)
    answer = linprog(cost, A_ub=np.column_stack([walls[:, :-1], steep]), b_ub=-walls[:, -1], bounds=(None, None))
    if answer.x is None:
        raise SolverError(f"the largest ball in an image was not found: {answer.message}")
    return max(float(answer.x[-1]), 0.0)
