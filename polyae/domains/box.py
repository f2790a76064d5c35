"""Axis-parallel boxes, and the whole space as the box without walls."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.domains.domain import Domain, Float, Halfspaces, as_points, as_vector
from polyae.errors import DomainError

__all__ = ["Box", "Space"]


class Box(Domain):
    """The box ``lo <= z <= hi``.

    Parameters
    ----------
    lo, hi : array, shape (h,)
        One number an axis; ``[-1] * h`` and ``[1] * h`` for a cube.

    Raises
    ------
    DomainError
        If a side is empty, flat or infinite.
    ShapeError
        If lo or hi is no vector.

    Examples
    --------
    >>> Box([-1, -1], [1, 2]).dim
    2
    """

    def __init__(self, lo: ArrayLike, hi: ArrayLike) -> None:
        self.lo, self.hi = as_vector(lo, "lo"), as_vector(hi, "hi")
        if self.lo.shape != self.hi.shape:
            raise DomainError(f"lo has {self.lo.size} axes and hi {self.hi.size}")
        for axis in np.flatnonzero(self.lo >= self.hi):
            raise DomainError(
                f"the box is empty or flat along axis {axis}: lo = {self.lo[axis]}, hi = {self.hi[axis]}; "
                "lo < hi is needed"
            )

    @property
    def dim(self) -> int:
        return self.lo.size

    def halfspaces(self) -> Halfspaces:
        eye = np.eye(self.dim)
        offsets = [Fraction(-x) for x in self.lo] + [Fraction(x) for x in self.hi]
        return Halfspaces.build(np.vstack([eye, -eye]), offsets)

    def interior_point(self) -> tuple[Fraction, ...]:
        return tuple((Fraction(a) + Fraction(b)) / 2 for a, b in zip(self.lo, self.hi, strict=True))

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        z = as_points(points, self.dim)
        return np.asarray(((z >= self.lo) & (z <= self.hi)).all(axis=-1))

    def bounding_box(self) -> tuple[Float, Float]:
        return self.lo, self.hi

    def to_dict(self) -> dict[str, Any]:
        return {"kind": "box", "lo": self.lo.tolist(), "hi": self.hi.tolist()}


class Space(Domain):
    """All of R^h.

    Parameters
    ----------
    dim : int
    """

    def __init__(self, dim: int) -> None:
        try:
            self._dim = operator.index(dim)
        except TypeError:
            self._dim = 0
        if self._dim < 1:
            raise DomainError(f"the dimension of a space must be a positive integer, got {dim!r}")

    @property
    def dim(self) -> int:
        return self._dim

    def halfspaces(self) -> Halfspaces:
        return Halfspaces.build(np.zeros((0, self.dim)), [])

    def interior_point(self) -> tuple[Fraction, ...]:
        return (Fraction(0),) * self.dim

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        return np.ones(as_points(points, self.dim).shape[:-1], dtype=bool)

    def bounding_box(self) -> tuple[Float, Float]:
        return np.full(self.dim, -np.inf), np.full(self.dim, np.inf)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": "space", "dim": self.dim}
