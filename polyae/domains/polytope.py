"""Polyhedra given by inequalities."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog

from polyae.domains.domain import Domain, Float, Halfspaces, as_points, as_vector
from polyae.errors import DomainError, ShapeError

__all__ = ["Polytope"]

#: Relative outward step that covers the rounding in the bounds below (about 1e-15) many times over.
BOUND_INFLATION = 1e-6


class Polytope(Domain):
    """The polyhedron ``A z <= b``, bounded or not.

    Parameters
    ----------
    A : array, shape (m, h)
    b : array, shape (m,)

    Raises
    ------
    DomainError
        If it is empty, flat, or so thin that no float64 point could be certified inside.
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> triangle = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    >>> triangle.dim, triangle.bounded
    (2, True)
    """

    def __init__(self, A: ArrayLike, b: ArrayLike) -> None:
        self.A = np.array(A, dtype=np.float64)
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
    def _scale(self) -> Float:
        # Powers of two make every row about unit length without rounding.
        norms = np.abs(self.A).max(axis=1, initial=0.0)
        return np.exp2(-np.floor(np.log2(np.where(norms > 0, norms, 1.0))))

    def _certified_interior_point(self) -> tuple[Fraction, ...]:
        a, b = self.A * self._scale[:, None], self.b * self._scale
        cost = np.append(np.zeros(self.dim), -1.0)
        rows = np.column_stack([a, np.linalg.norm(a, axis=1)])
        answer = linprog(cost, A_ub=rows, b_ub=b, bounds=[(None, None)] * self.dim + [(None, 1.0)], method="highs")
        if answer.x is None:
            raise DomainError(f"the polytope is empty or its inequalities cannot be solved ({answer.message})")
        point = tuple(Fraction(float(x)) for x in answer.x[:-1])
        slack = [
            Fraction(float(bj)) - sum((Fraction(float(r)) * z for r, z in zip(row, point, strict=True)), Fraction(0))
            for row, bj in zip(self.A, self.b, strict=True)
        ]
        if slack and min(slack) <= 0:
            worst = slack.index(min(slack))
            raise DomainError(
                f"the polytope is empty or flat: the largest inscribed ball has radius {answer.x[-1]:.3g} "
                f"(row {worst} leaves no room); if it is only very small, rescale it"
            )
        return point

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
        """Bounds by LP duality that hold in exact arithmetic.

        With multipliers y >= 0 and residual r, ``z_k = y A z + r z <= y b + ‖r‖_1 R`` where R bounds
        every coordinate; so ``R <= max y b / (1 - max ‖r‖_1)``, also for the part of the polytope in any
        larger box, which proves that it is bounded.
        """
        upper, slopes = np.full((2, self.dim), np.inf), np.zeros((2, self.dim))
        for k in range(self.dim):
            for side, sign in enumerate((-1.0, 1.0)):
                cost = np.zeros(self.dim)
                cost[k] = -sign
                answer = linprog(cost, A_ub=self.A, b_ub=self.b, bounds=(None, None), method="highs")
                if answer.status == 0:
                    y = np.maximum(-answer.ineqlin.marginals, 0.0)
                    upper[side, k], slopes[side, k] = y @ self.b, np.abs(-cost - y @ self.A).sum()
        if np.isfinite(upper).all() and slopes.max() < 0.5:
            reach = np.abs(upper).max() / (1.0 - slopes.max())
            upper = upper + slopes * reach
        else:
            upper = np.where(slopes > 0, np.inf, upper)
        upper = upper + BOUND_INFLATION * (1.0 + np.abs(upper))
        return -upper[0], upper[1]

    def to_dict(self) -> dict[str, Any]:
        return {"kind": "polytope", "dim": self.dim, "A": self.A.tolist(), "b": self.b.tolist()}
