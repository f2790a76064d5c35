"""Polyhedra given by inequalities."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog

from polyae.arrays import real_array
from polyae.domains.domain import Domain, Float, Halfspaces, as_points, as_vector
from polyae.errors import DomainError, ShapeError

__all__ = ["Polytope"]

#: Rounds of refinement in the search for an interior point; each gains the seven digits of the solver's tolerance.
ROUNDS = 8
#: Share of the scale at which the next round looks if a point lies on the boundary exactly.
FINER = 2.0**-24
#: Solvers take larger numbers for infinite.
FAR = 1e15


class Polytope(Domain):
    """The polyhedron ``A z <= b``, bounded or not.

    Parameters
    ----------
    A : array, shape (m, h)
    b : array, shape (m,)

    Raises
    ------
    DomainError
        If it is empty or flat.
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> triangle = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    >>> triangle.dim, triangle.bounded
    (2, True)
    """

    def __init__(self, A: ArrayLike, b: ArrayLike) -> None:
        self.A = real_array(A, "A") + 0.0
        if self.A.ndim != 2 or self.A.shape[1] == 0:
            raise ShapeError(f"A must be a matrix with one column per axis, got shape {self.A.shape}")
        self.b = as_vector(b, "b") if self.A.shape[0] else np.zeros(0)
        if self.b.shape != self.A.shape[:1]:
            raise ShapeError(f"A has {self.A.shape[0]} rows and b {self.b.size} entries")
        if not np.isfinite(self.A).all():
            raise DomainError("A must be finite")
        for row in np.flatnonzero(~self.A.any(axis=1) & (self.b <= 0)):
            raise DomainError(f"row {row} of A is zero and b[{row}] = {self.b[row]}: the polytope is empty or flat")
        self.A.setflags(write=False)
        self._interior = self._certified_interior_point()

    @cached_property
    def _rows(self) -> tuple[Float, list[Fraction], NDArray[np.int64]]:
        """Rows that are not zero, scaled by powers of two to about unit length; these powers; their numbers."""
        kept = np.flatnonzero(self.A.any(axis=1))
        exponents = np.frexp(np.abs(self.A[kept]).max(axis=1, initial=0.0))[1]
        return np.ldexp(self.A[kept], -exponents[:, None]), [Fraction(2) ** -int(e) for e in exponents], kept

    def _heights(self, point: Sequence[Fraction]) -> list[Fraction]:
        """Exact heights of a point over the scaled rows, positive inside."""
        _, scales, kept = self._rows
        return [
            (Fraction(b) - sum((Fraction(r) * z for r, z in zip(row, point, strict=True)), Fraction(0))) * scale
            for row, b, scale in zip(self.A[kept].tolist(), self.b[kept].tolist(), scales, strict=True)
        ]

    def _certified_interior_point(self) -> tuple[Fraction, ...]:
        """Centre of an inscribed ball, of radius 1 at most, by linear programs of which each mends the last.

        Iterative refinement (Gleixner, Steffy and Wolter 2016): the next program is centred at the point found and
        scaled to what it violates, so that a polytope far from the origin, tiny or thin is no harder than another.
        """
        rows, _, kept = self._rows
        point = (Fraction(0),) * self.dim
        if not len(rows):
            return point
        lengths = np.linalg.norm(rows, axis=1)
        cost = np.append(np.zeros(self.dim), -1.0)
        heights = self._heights(point)
        unit, radius = _power_of_two(max(map(abs, heights)) or Fraction(1)), Fraction(0)
        for _ in range(ROUNDS):
            answer = linprog(
                cost, A_ub=np.column_stack([rows, lengths]), b_ub=_clipped(heights, unit),
                bounds=[(None, None)] * self.dim + [(None, 1.0)], method="highs",
            )  # fmt: skip
            if answer.x is None:
                raise DomainError(f"the polytope is empty or its inequalities cannot be solved ({answer.message})")
            point = tuple(z + unit * Fraction(float(x)) for z, x in zip(point, answer.x[:-1], strict=True))
            heights, radius = self._heights(point), unit * Fraction(float(answer.x[-1]))
            if min(heights) > 0 and max(map(abs, point)) < sys.float_info.max:
                return point
            unit = _power_of_two(max(-min(heights), unit * Fraction(FINER)))
        raise DomainError(
            f"the polytope is empty or flat: the largest inscribed ball has radius {float(radius):.3g} "
            f"(row {kept[heights.index(min(heights))]} leaves no room)"
        )

    @property
    def dim(self) -> int:
        return int(self.A.shape[1])

    def halfspaces(self) -> Halfspaces:
        keep = self.A.any(axis=1)
        return Halfspaces.build(-self.A[keep], [Fraction(x) for x in self.b[keep]])

    def interior_point(self) -> tuple[Fraction, ...]:
        return self._interior

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        return np.asarray((as_points(points, self.dim) @ self.A.T <= self.b).all(axis=-1))

    def bounding_box(self) -> tuple[Float, Float]:
        return self._bounds

    @cached_property
    def _bounds(self) -> tuple[Float, Float]:
        """Bounds by LP duality, in rationals, around the interior point and in units of its least height.

        With multipliers y >= 0 and residual r, ``z_k = y A z + r z <= y b + ‖r‖_1 R`` where R bounds
        every coordinate; so ``R <= max y b / (1 - max ‖r‖_1)``, also for the part of the polytope in any
        larger box, which proves that it is bounded.
        """
        heights = self._heights(self._interior)
        goals = np.vstack([-np.eye(self.dim), np.eye(self.dim)])
        reaches, slopes = zip(*(self._reach(goal, heights) for goal in goals), strict=True)
        if max(reaches) < math.inf and max(slopes) < Fraction(1, 2):
            farthest = max(reaches) / (1 - max(slopes))
            ends = [reach + slope * farthest for reach, slope in zip(reaches, slopes, strict=True)]
        else:
            ends = [math.inf if slope else reach for reach, slope in zip(reaches, slopes, strict=True)]
        lo = [-_above(end - z) for end, z in zip(ends[: self.dim], self._interior, strict=True)]
        hi = [_above(end + z) for end, z in zip(ends[self.dim :], self._interior, strict=True)]
        return np.array(lo), np.array(hi)

    def _reach(self, goal: Float, heights: list[Fraction]) -> tuple[Fraction | float, Fraction]:
        """Bound ``y b`` on how far the polytope reaches from its interior point, and ``‖r‖_1``; exact."""
        rows, scales, kept = self._rows
        unit = _power_of_two(min(heights, default=Fraction(1)))
        answer = linprog(-goal, A_ub=rows, b_ub=_clipped(heights, unit), bounds=(None, None), method="highs")
        if answer.status != 0:
            return math.inf, Fraction(0)
        reach, residual = Fraction(0), [Fraction(g) for g in goal]
        for j in np.flatnonzero(answer.ineqlin.marginals < 0):
            y = Fraction(-float(answer.ineqlin.marginals[j]))
            reach += y * heights[j]
            residual = [r - y * scales[j] * Fraction(a) for r, a in zip(residual, self.A[kept[j]], strict=True)]
        return reach, sum(map(abs, residual), Fraction(0))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the inequalities: the identity of the polytope."""
        return hashlib.sha256(repr(self.A.shape).encode() + self.A.tobytes() + self.b.tobytes()).hexdigest()

    def __repr__(self) -> str:
        return f"Polytope({len(self.A)} inequalities, dimension {self.dim})"

    def to_dict(self) -> dict[str, Any]:
        return {"kind": "polytope", "dim": self.dim, "A": self.A.tolist(), "b": self.b.tolist()}


def _power_of_two(x: Fraction) -> Fraction:
    """Power of two near a positive number."""
    return Fraction(2) ** (x.numerator.bit_length() - x.denominator.bit_length())


def _clipped(heights: list[Fraction], unit: Fraction) -> Float:
    return np.array([float(min(max(x / unit, Fraction(-FAR)), Fraction(FAR))) for x in heights])


def _above(x: Fraction | float) -> float:
    """Float64 above a number."""
    try:
        return math.nextafter(float(x), math.inf)
    except OverflowError:
        return math.inf if x > 0 else -sys.float_info.max
