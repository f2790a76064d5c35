"""Sums of the radii and diameters of the pieces, as intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from polyae.queries.interval import Interval
from polyae.queries.radii import Radii, RadiusName
from polyae.queries.theorem.surface import Surface

Float = NDArray[np.float64]

__all__ = ["sum_of_diameters", "sum_of_radii"]

#: Radii are given to nine digits.
RADIUS_ERROR = 1e-9


def sum_of_radii(radii: Radii, name: RadiusName, rounding: float) -> Interval:
    """Sum over the regions of one radius; `rounding` is the absolute error of a distance."""
    low, high = radii.interval(name)
    return Interval.total(
        Interval(a, b).widened(RADIUS_ERROR * b + rounding).clipped() for a, b in zip(low, high, strict=True)
    )


def sum_of_diameters(surface: Surface, rounding: float) -> Interval:
    """Sum over the regions of the diameters of their images."""
    diameters = [float(pdist(corners).max(initial=0.0)) for corners in surface.corners]
    return Interval.total(Interval(x, x).widened(rounding).clipped() for x in diameters)
