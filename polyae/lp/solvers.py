"""The solvers by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from polyae.errors import SettingError
from polyae.lp.highs_solver import HighsProgram
from polyae.lp.program import CellProgram
from polyae.lp.scipy_solver import ScipyProgram

SolverName = Literal["highs", "scipy", "cvxpy"]

__all__ = ["SOLVERS", "SolverName", "solver_class"]


def _cvxpy() -> type[CellProgram]:
    from polyae.lp.cvxpy_solver import CvxpyProgram  # CVXPY takes a second to import

    return CvxpyProgram


SOLVERS: dict[str, Callable[[], type[CellProgram]]] = {
    "highs": lambda: HighsProgram,
    "scipy": lambda: ScipyProgram,
    "cvxpy": _cvxpy,
}


def solver_class(name: str) -> type[CellProgram]:
    """Look a solver up.

    Raises
    ------
    SettingError
        If there is none of that name.
    """
    try:
        return SOLVERS[name]()
    except KeyError:
        raise SettingError(f"no solver {name!r}; choose one of {', '.join(sorted(SOLVERS))}") from None
