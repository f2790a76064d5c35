"""The solvers by name."""

from __future__ import annotations

from typing import Literal

from polyae.errors import SettingError
from polyae.lp.cvxpy_solver import CvxpyProgram
from polyae.lp.highs_solver import HighsProgram
from polyae.lp.program import CellProgram
from polyae.lp.scipy_solver import ScipyProgram

SolverName = Literal["highs", "scipy", "cvxpy"]

__all__ = ["SOLVERS", "SolverName", "solver_class"]

SOLVERS: dict[str, type[CellProgram]] = {"highs": HighsProgram, "scipy": ScipyProgram, "cvxpy": CvxpyProgram}


def solver_class(name: str) -> type[CellProgram]:
    """Look a solver up.

    Raises
    ------
    SettingError
        If there is none of that name.
    """
    try:
        return SOLVERS[name]
    except KeyError:
        raise SettingError(f"no solver {name!r}; choose one of {', '.join(sorted(SOLVERS))}") from None
