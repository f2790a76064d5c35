"""Nearest points of polyhedra: optimality conditions in rationals, and another solver."""

import math
from collections.abc import Callable
from fractions import Fraction

import cvxpy as cp
import numpy as np
import pytest
from flint import fmpq

from polyae.lp.nearest import Nearest, nearest_point
from polyae.predicates.rational import IntegerRow, integer_row
from tests.reference.distances import distance2_exact


def polyhedron(seed: int) -> tuple[list[IntegerRow], list[fmpq]]:
    """Small integers, so that many rows meet in one point; a quarter of them are empty."""
    rng = np.random.default_rng(seed)
    h = int(rng.integers(1, 5))
    table = rng.integers(-3, 4, size=(int(rng.integers(1, 9)), h + 1))
    table = table[table[:, :-1].any(axis=1)]
    return [integer_row(map(float, row)) for row in table.tolist()], [fmpq(int(x)) for x in rng.integers(-4, 5, size=h)]


def value(row: IntegerRow, point: list[fmpq]) -> fmpq:
    return sum((a * x for a, x in zip(row[:-1], point, strict=True)), fmpq(row[-1]))


def assert_optimal(found: Nearest, rows: list[IntegerRow], centre: list[fmpq], equality: int | None) -> None:
    """The Kuhn-Tucker conditions, which are sufficient."""
    assert found.point is not None
    assert all(value(row, found.point) >= 0 for row in rows)
    assert equality is None or value(rows[equality], found.point) == 0
    for j, multiplier in found.multipliers.items():
        assert value(rows[j], found.point) == 0
        assert multiplier >= 0 or j == equality
    for k, c in enumerate(centre):
        assert found.point[k] - c == sum((m * rows[j][k] for j, m in found.multipliers.items()), fmpq(0))
    assert found.squared_distance == sum(((x - c) ** 2 for x, c in zip(found.point, centre, strict=True)), fmpq(0))


def with_cvxpy(rows: list[IntegerRow], centre: list[fmpq], equality: int | None) -> float | None:
    """Squared distance by an interior-point method, infinite if the set is empty; None if it gives up."""
    table = np.array([[int(a) for a in row] for row in rows], dtype=float).reshape(len(rows), len(centre) + 1)
    z = cp.Variable(len(centre))
    walls = [table[:, :-1] @ z + table[:, -1] >= 0] if len(rows) else []
    if equality is not None:
        walls.append(table[equality, :-1] @ z + table[equality, -1] == 0)
    problem = cp.Problem(cp.Minimize(cp.sum_squares(z - np.array([int(c.p) / int(c.q) for c in centre]))), walls)
    try:
        problem.solve(solver=cp.CLARABEL)
    except cp.SolverError:
        return None
    return {cp.OPTIMAL: problem.value, cp.INFEASIBLE: math.inf}.get(problem.status)


@pytest.mark.parametrize("on_a_row", [False, True])
def test_against_another_solver(on_a_row: bool, cases: Callable[[int, int], int]) -> None:
    empty = compared = 0
    for seed in range(cases(80, 800)):
        rows, centre = polyhedron(seed)
        equality = 0 if on_a_row and rows else None
        found = nearest_point(rows, centre, equality)
        expected = with_cvxpy(rows, centre, equality)
        distance = math.inf if found.point is None else int(found.squared_distance.p) / int(found.squared_distance.q)
        if expected is not None:
            assert distance == pytest.approx(expected, abs=1e-5), seed
            compared += 1
        if found.point is None:
            empty += 1
        else:
            assert_optimal(found, rows, centre, equality)
    assert empty > 3 and compared > 0.9 * cases(80, 800)


def test_against_all_active_sets(cases: Callable[[int, int], int]) -> None:
    """Exactly, where the set is not empty."""
    for seed in range(cases(60, 600)):
        rows, centre = polyhedron(seed)
        found = nearest_point(rows, centre)
        if found.point is not None:
            table = [tuple(int(a) for a in row) for row in rows]
            exact = distance2_exact(table, [Fraction(int(c.p), int(c.q)) for c in centre])
            assert Fraction(int(found.squared_distance.p), int(found.squared_distance.q)) == exact, seed


def test_no_rows_leave_the_centre() -> None:
    found = nearest_point([], [fmpq(1, 3), fmpq(2)])
    assert found.point == [fmpq(1, 3), fmpq(2)] and found.squared_distance == 0 and not found.multipliers


def test_a_touching_line_is_exactly_at_the_radius() -> None:
    """3 x + 4 y >= 5 is at distance 1, to the last bit."""
    found = nearest_point([integer_row([3.0, 4.0, -5.0])], [fmpq(0), fmpq(0)])
    assert found.point == [fmpq(3, 5), fmpq(4, 5)] and found.squared_distance == 1
