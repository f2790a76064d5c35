"""Whether points lie in the closed domain, decided exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.domains import Ball
from polyae.predicates.cell import Arrangement
from polyae.predicates.euclid import ball_signs

__all__ = ["closed_domain"]


def closed_domain(arrangement: Arrangement, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points (n, h) lie in the closed domain; NaN and infinite ones do not."""
    inside: NDArray[np.bool_] = np.asarray(np.isfinite(points).all(axis=1))
    if len(arrangement.walls.values):
        inside[inside] = (arrangement.wall_signs(points[inside]) >= 0).all(axis=1)
    domain = arrangement.domain
    if isinstance(domain, Ball) and domain.curved:
        inside[inside] = ball_signs(arrangement.kernel, domain, points[inside]) >= 0
    return inside
