"""Balls in the 1-, 2- and infinity-norm."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.domains.domain import Domain, Float, Halfspaces, as_points, as_vector
from polyae.errors import DomainError, JobTooLargeError, SettingError

__all__ = ["Ball", "as_norm"]

#: A cross-polytope has 2^h facets; 2^12 rows is where their cost overtakes everything else.
MAX_CROSS_POLYTOPE_DIM = 12
#: The norms p, as numbers and by name.
NORMS: dict[float | str, float] = {1: 1.0, 2: 2.0, math.inf: math.inf, "1": 1.0, "2": 2.0, "inf": math.inf}


def as_norm(p: float | str) -> float:
    """Norm p from a number or its name.

    Raises
    ------
    SettingError
        If it is not 1, 2 or inf.

    Examples
    --------
    >>> as_norm(1), as_norm("inf")
    (1.0, inf)
    """
    try:
        return NORMS[p]
    except (KeyError, TypeError) as error:
        raise SettingError(f"the norm p must be 1, 2 or inf, got {p!r}") from error


class Ball(Domain):
    """The ball of all z with ``‖z - centre‖_p <= radius``.

    Parameters
    ----------
    centre : array, shape (h,)
    radius : float
        In the units of z.
    p : {1, 2, inf}
        As a number or a string.

    Raises
    ------
    DomainError
        If the radius is not positive and finite or the norm is another one.
    JobTooLargeError
        If p = 1 and h exceeds 12: the ball then has 2^h facets.
    """

    def __init__(self, centre: ArrayLike, radius: float, p: float | str = 2) -> None:
        self.centre = as_vector(centre, "centre")
        try:
            self.radius = float(radius)
        except (TypeError, ValueError) as error:
            raise DomainError(f"the radius must be a number, got {radius!r}") from error
        try:
            self.p = as_norm(p)
        except SettingError as error:
            raise DomainError(str(error)) from error
        if not (np.isfinite(self.radius) and self.radius > 0):
            raise DomainError(
                f"the radius must be positive and finite, got {radius}; a ball of radius 0 holds no region"
            )
        if not self.bounded:
            raise DomainError(f"a ball of radius {radius} around {self.centre.tolist()} leaves the range of float64")
        if self.p == 1 and self.dim > MAX_CROSS_POLYTOPE_DIM:
            raise JobTooLargeError(
                f"a 1-norm ball in dimension {self.dim} has 2^{self.dim} facets; at most dimension "
                f"{MAX_CROSS_POLYTOPE_DIM} is supported: use p=2 or p=inf"
            )

    @property
    def dim(self) -> int:
        return self.centre.size

    @property
    def curved(self) -> bool:
        return self.p == 2

    @property
    def exact_centre(self) -> tuple[Fraction, ...]:
        """The centre as rationals."""
        return tuple(Fraction(x) for x in self.centre)

    def halfspaces(self) -> Halfspaces:
        signs: list[tuple[int, ...]]
        if self.p == 1:
            signs = list(product((1, -1), repeat=self.dim))
        else:
            signs = [tuple(s if i == k else 0 for i in range(self.dim)) for s in (1, -1) for k in range(self.dim)]
        offsets = [
            Fraction(self.radius) - sum((s * c for s, c in zip(row, self.exact_centre, strict=True)), Fraction(0))
            for row in signs
        ]
        return Halfspaces.build(np.array(signs, dtype=np.float64), offsets)

    def interior_point(self) -> tuple[Fraction, ...]:
        return self.exact_centre

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        z = as_points(points, self.dim)
        return np.asarray(np.linalg.norm(z - self.centre, ord=self.p, axis=-1) <= self.radius)

    def bounding_box(self) -> tuple[Float, Float]:
        # One step outwards makes up for the rounding of the difference.
        with np.errstate(over="ignore"):
            lo, hi = self.centre - self.radius, self.centre + self.radius
            return np.nextafter(lo, -np.inf), np.nextafter(hi, np.inf)

    def to_dict(self) -> dict[str, Any]:
        p = "inf" if np.isinf(self.p) else int(self.p)
        return {"kind": "ball", "centre": self.centre.tolist(), "radius": self.radius, "p": p}
