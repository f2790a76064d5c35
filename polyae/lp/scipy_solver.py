"""Reference solver: ``scipy.optimize.linprog``, a fresh model for every objective."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from polyae.lp.program import CellProgram, Float, LPSolution, LPStatus, relaxed_bounds

__all__ = ["ScipyProgram"]

_STATUS = {0: LPStatus.OPTIMAL, 2: LPStatus.INFEASIBLE, 3: LPStatus.UNBOUNDED}


class ScipyProgram(CellProgram):
    """See :class:`CellProgram`."""

    def minimise(self, cost: Float, cap: float = 0.0, relaxed: int | None = None) -> LPSolution:
        h = self.normals.shape[1]
        answer = linprog(
            cost,
            A_ub=np.column_stack([-self.normals, self.norms]),
            b_ub=self.offsets - relaxed_bounds(len(self.rows), relaxed),
            bounds=[(None, None)] * h + [(0.0, cap)],
            method="highs",
        )
        status = _STATUS.get(answer.status, LPStatus.FAILED)
        if status is not LPStatus.OPTIMAL:
            return LPSolution(status, np.full(h, np.nan), 0.0, np.zeros(len(self.rows)))
        return LPSolution(status, answer.x[:h], float(answer.x[h]), np.maximum(-answer.ineqlin.marginals, 0.0))
