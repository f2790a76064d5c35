"""Reference solver: CVXPY with its Clarabel interior-point method, independent of HiGHS."""

from __future__ import annotations

import warnings

import cvxpy as cp
import numpy as np

from polyae.lp.program import CellProgram, Float, LPSolution, LPStatus, relaxed_bounds

__all__ = ["CvxpyProgram"]

_STATUS = {
    cp.OPTIMAL: LPStatus.OPTIMAL,
    cp.INFEASIBLE: LPStatus.INFEASIBLE,
    cp.UNBOUNDED: LPStatus.UNBOUNDED,
}


class CvxpyProgram(CellProgram):
    """See :class:`CellProgram`; one parametrised problem serves all objectives."""

    def __init__(self, rows: Float) -> None:
        super().__init__(rows)
        m, h = self.normals.shape
        self._z, self._t = cp.Variable(h), cp.Variable()
        self._cost, self._cap, self._lower = cp.Parameter(h + 1), cp.Parameter(), cp.Parameter(m)
        self._walls = self.normals @ self._z + self.offsets - self.norms * self._t >= self._lower
        objective = cp.Minimize(self._cost[:h] @ self._z + self._cost[h] * self._t)
        self._problem = cp.Problem(objective, [self._walls, self._t >= 0, self._t <= self._cap])

    def minimise(self, cost: Float, cap: float = 0.0, relaxed: int | None = None) -> LPSolution:
        self._cost.value, self._cap.value = cost, cap
        self._lower.value = relaxed_bounds(len(self.rows), relaxed)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # an inaccurate solution has a status of its own
                self._problem.solve(solver=cp.CLARABEL)
        except cp.SolverError:
            return self._failed(LPStatus.FAILED)
        status = _STATUS.get(self._problem.status, LPStatus.FAILED)
        if status is not LPStatus.OPTIMAL:
            return self._failed(status)
        multipliers = np.maximum(np.asarray(self._walls.dual_value), 0.0)
        return LPSolution(status, np.asarray(self._z.value), float(self._t.value), multipliers)

    def _failed(self, status: LPStatus) -> LPSolution:
        m, h = self.normals.shape
        return LPSolution(status, np.full(h, np.nan), 0.0, np.zeros(m))
