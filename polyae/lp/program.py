"""Linear programs over a cell, whatever the solver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from polyae.tolerances import LP_CHEBYSHEV_CAP, LP_RELAXATION

Float = NDArray[np.float64]

__all__ = ["CellProgram", "LPSolution", "LPStatus", "chebyshev_centre", "push_through", "support"]


class LPStatus(Enum):
    """How a linear program ended, in words."""

    OPTIMAL = "an optimal solution was found"
    UNBOUNDED = "the objective is unbounded: the set is unbounded in that direction"
    INFEASIBLE = "no point satisfies the inequalities: the set is empty"
    FAILED = "the solver gave up: the problem is badly scaled; exact arithmetic decides"


@dataclass(frozen=True)
class LPSolution:
    """Answer of a float64 linear program: a proposal, to be proved by the predicate layer.

    Attributes
    ----------
    status : LPStatus
    point : array, shape (h,)
    margin : float
        Value of the extra variable t.
    multipliers : array, shape (m,)
        Dual values of the rows, nonnegative.
    """

    status: LPStatus
    point: Float
    margin: float
    multipliers: Float

    @property
    def optimal(self) -> bool:
        """Whether the solver claims optimality."""
        return self.status is LPStatus.OPTIMAL


class CellProgram(ABC):
    """Linear programs over ``{(z, t): normals @ z + offsets >= t * norms, 0 <= t <= cap}``.

    One object serves many objectives over the same rows, so that a solver can start warm.

    Parameters
    ----------
    rows : array, shape (m, h + 1)
        Normals and offsets.
    """

    def __init__(self, rows: Float) -> None:
        self.rows = rows
        self.normals, self.offsets = rows[:, :-1], rows[:, -1]
        self.norms = np.linalg.norm(self.normals, axis=1)

    @abstractmethod
    def minimise(self, cost: Float, cap: float = 0.0, relaxed: int | None = None) -> LPSolution:
        """Minimise ``cost @ (z, t)`` with ``t <= cap``; row `relaxed` may fall to -1 times ``LP_RELAXATION``."""


def chebyshev_centre(program: CellProgram, cap: float = LP_CHEBYSHEV_CAP) -> LPSolution:
    """Centre and radius (`margin`) of a largest inscribed ball, the radius at most `cap`."""
    cost = np.zeros(program.rows.shape[1])
    cost[-1] = -1.0
    return program.minimise(cost, cap=cap)


def support(program: CellProgram, direction: Float) -> LPSolution:
    """Point where ``direction @ z`` is largest."""
    return program.minimise(np.append(-direction, 0.0))


def push_through(program: CellProgram, row: int) -> LPSolution:
    """Point of the other rows' half-spaces that lies farthest beyond one row: the facet test.

    The row is a facet iff its value there is negative; otherwise the multipliers write the row as a
    nonnegative combination of others.
    """
    return program.minimise(np.append(program.normals[row], 0.0), relaxed=row)


def relaxed_bounds(count: int, relaxed: int | None) -> Float:
    """Lower bounds of the rows: 0, and below 0 for the relaxed one."""
    lower = np.zeros(count)
    if relaxed is not None:
        lower[relaxed] = -LP_RELAXATION
    return lower
