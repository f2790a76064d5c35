"""The three float64 solvers give the same answers, and say so when there is none."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog

from polyae.errors import SettingError
from polyae.lp.program import CellProgram, LPStatus, chebyshev_centre, push_through, support
from polyae.lp.solvers import SOLVERS, solver_class

Float = NDArray[np.float64]
TIGHT = 1e-6
"""Accuracy of an interior-point method."""

CUBE = np.array([[1.0, 0, 1], [-1, 0, 1], [0, 1, 1], [0, -1, 1]])

pytestmark = pytest.mark.parametrize("solver", sorted(SOLVERS))


def polytope(seed: int) -> Float:
    """Rows of unit length around the origin: bounded, with redundant rows far out."""
    rng = np.random.default_rng(seed)
    h = int(rng.integers(1, 5))
    normals = np.vstack([np.eye(h), -np.eye(h), rng.normal(size=(8, h))])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return np.column_stack([normals, rng.uniform(0.5, 3, size=len(normals))])


def test_largest_inscribed_ball(solver: str, cases: Callable[[int, int], int]) -> None:
    for seed in range(cases(10, 100)):
        rows = polytope(seed)
        answer = chebyshev_centre(solver_class(solver)(rows), cap=10.0)
        best = linprog(
            np.append(np.zeros(rows.shape[1] - 1), -1),
            A_ub=np.column_stack([-rows[:, :-1], np.ones(len(rows))]),
            b_ub=rows[:, -1],
            bounds=(None, None),
        )
        assert answer.margin == pytest.approx(-best.fun, abs=TIGHT)
        assert (rows[:, :-1] @ answer.point + rows[:, -1] >= answer.margin - TIGHT).all()


def test_ball_in_a_triangle_and_the_cap_on_its_radius(solver: str) -> None:
    """Inradius of the triangle with legs 3 and 4 is 1; the rows need not have unit length."""
    program = solver_class(solver)(np.array([[2.0, 0, 0], [0, 3.0, 0], [-4.0, -3.0, 12.0]]))
    found = chebyshev_centre(program, cap=5.0)
    assert found.margin == pytest.approx(1.0, abs=TIGHT) and found.point == pytest.approx([1.0, 1.0], abs=TIGHT)
    assert chebyshev_centre(program, cap=0.25).margin == pytest.approx(0.25, abs=TIGHT)


def test_support(solver: str) -> None:
    program = solver_class(solver)(CUBE)
    for direction, corner in (([1.0, 2.0], [1.0, 1.0]), ([-1.0, 0.5], [-1.0, 1.0])):
        answer = support(program, np.array(direction))
        assert answer.optimal and answer.point == pytest.approx(corner, abs=TIGHT)
        assert_dual(answer.multipliers, CUBE, -np.array(direction))


def test_facet_test(solver: str, cases: Callable[[int, int], int]) -> None:
    """A row is a facet iff its lowest value over the others is negative; else the multipliers prove it."""
    for seed in range(cases(8, 80)):
        rows = polytope(seed)
        program = solver_class(solver)(rows)
        for i in range(len(rows)):
            others = np.delete(rows, i, axis=0)
            lowest = linprog(rows[i, :-1], A_ub=-others[:, :-1], b_ub=others[:, -1], bounds=(None, None))
            facet = lowest.status == 3 or lowest.fun + rows[i, -1] < 0
            answer = push_through(program, i)
            value = rows[i, :-1] @ answer.point + rows[i, -1]
            assert (np.delete(rows[:, :-1] @ answer.point + rows[:, -1], i) > -TIGHT).all()
            assert (value < -TIGHT) == facet
            if not facet:
                assert_dual(answer.multipliers, rows, rows[i, :-1])


def assert_dual(multipliers: Float, rows: Float, objective: Float) -> None:
    assert (multipliers >= 0).all()
    assert multipliers @ rows[:, :-1] == pytest.approx(objective, abs=1e-5)


def test_relaxing_a_row_is_undone(solver: str) -> None:
    program = solver_class(solver)(CUBE)
    for i in range(4):
        assert CUBE[i, :-1] @ push_through(program, i).point + 1 == pytest.approx(-1.0, abs=TIGHT)
    assert chebyshev_centre(program, cap=9.0).margin == pytest.approx(1.0, abs=TIGHT)


def test_empty_and_unbounded_sets_are_named(solver: str) -> None:
    empty: CellProgram = solver_class(solver)(np.array([[1.0, -1.0], [-1.0, -1.0]]))
    answer = chebyshev_centre(empty)
    assert answer.status is LPStatus.INFEASIBLE and np.isnan(answer.point).all() and not answer.optimal
    half: CellProgram = solver_class(solver)(np.array([[1.0, 0.0, 0.0]]))
    assert support(half, np.array([1.0, 0.0])).status is LPStatus.UNBOUNDED


def test_unknown_solvers_are_refused(solver: str) -> None:
    with pytest.raises(SettingError, match=f"no solver 'x{solver}'.*{solver}"):
        solver_class(f"x{solver}")
