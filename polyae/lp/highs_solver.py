"""Default solver: HiGHS' dual simplex, kept warm from one objective to the next."""

from __future__ import annotations

import highspy
import numpy as np

from polyae.lp.program import CellProgram, Float, LPSolution, LPStatus
from polyae.tolerances import LP_RELAXATION

__all__ = ["HighsProgram"]

_STATUS = {
    highspy.HighsModelStatus.kOptimal: LPStatus.OPTIMAL,
    highspy.HighsModelStatus.kInfeasible: LPStatus.INFEASIBLE,
    highspy.HighsModelStatus.kUnbounded: LPStatus.UNBOUNDED,
}


class _QuietHighs(highspy.Highs):
    """HiGHS without Python callbacks: registering those prints a banner on standard output."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()


class HighsProgram(CellProgram):
    """See :class:`CellProgram`."""

    def __init__(self, rows: Float) -> None:
        super().__init__(rows)
        m, h = self.normals.shape
        self._inf = highspy.kHighsInf
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = h + 1, m
        lp.col_cost_ = np.zeros(h + 1)
        lp.col_lower_ = np.append(np.full(h, -self._inf), 0.0)
        lp.col_upper_ = np.append(np.full(h, self._inf), 0.0)
        lp.row_lower_, lp.row_upper_ = -self.offsets, np.full(m, self._inf)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.arange(m + 1) * (h + 1)
        lp.a_matrix_.index_ = np.tile(np.arange(h + 1), m)
        lp.a_matrix_.value_ = np.column_stack([self.normals, -self.norms]).ravel()
        self._solver = _QuietHighs()
        for option, value in (("output_flag", False), ("presolve", "off"), ("threads", 1), ("solver", "simplex")):
            self._solver.setOptionValue(option, value)
        self._solver.passModel(lp)
        self._columns = np.arange(h + 1, dtype=np.int32)

    def minimise(self, cost: Float, cap: float = 0.0, relaxed: int | None = None) -> LPSolution:
        m, h = self.normals.shape
        solver = self._solver
        solver.changeColsCost(h + 1, self._columns, cost)
        solver.changeColBounds(h, 0.0, cap)
        if relaxed is not None:
            solver.changeRowBounds(relaxed, -self.offsets[relaxed] - LP_RELAXATION, self._inf)
        solver.run()
        status = _STATUS.get(solver.getModelStatus(), LPStatus.FAILED)
        answer = LPSolution(status, np.full(h, np.nan), 0.0, np.zeros(m))
        if status is LPStatus.OPTIMAL:
            solution = solver.getSolution()
            z = np.array(solution.col_value)
            answer = LPSolution(status, z[:h], float(z[h]), np.maximum(np.array(solution.row_dual), 0.0))
        if relaxed is not None:
            solver.changeRowBounds(relaxed, -self.offsets[relaxed], self._inf)
        return answer
