"""The exact facet test ends on every degenerate program, and its answers prove themselves."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from polyae.errors import SolverError
from polyae.lp.exact import ExactVerdict, lowest_value
from polyae.predicates.rational import IntegerRow, dot, homogeneous, integer_row

Rows = list[list[Fraction]]


def decide(objective: list[Fraction], others: Rows, inside: list[Fraction]) -> ExactVerdict:
    """Run the test and check its certificate in rationals."""
    row, rest = integer_row(objective), [integer_row(r) for r in others]
    verdict = lowest_value(row, rest, homogeneous(inside), max_pivots=10_000)
    if verdict.beyond is None:
        assert_implied(row, rest, verdict.multipliers)
    else:
        assert dot(row, verdict.beyond) < 0 and verdict.beyond[-1] > 0
        assert all(dot(r, verdict.beyond) > 0 for r in rest)
    return verdict


def assert_implied(row: IntegerRow, others: list[IntegerRow], multipliers: dict[int, fmpq]) -> None:
    """``row = sum multipliers[j] * other_j + (a nonnegative constant)``."""
    assert all(m > 0 for m in multipliers.values())
    left = [fmpq(a) - sum((m * others[j][k] for j, m in multipliers.items()), fmpq(0)) for k, a in enumerate(row)]
    assert not any(left[:-1]) and left[-1] >= 0


# Programs on which the simplex method with the largest-coefficient rule cycles:
# minimise c x where A x <= b, x >= 0, in exact numbers; optimum from the literature.
F = Fraction
CYCLING = {
    "Beale 1955": (
        [F(-3, 4), F(150), F(-1, 50), F(6)],
        [[F(1, 4), F(-60), F(-1, 25), F(9)], [F(1, 2), F(-90), F(-1, 50), F(3)], [F(0), F(0), F(1), F(0)]],
        [F(0), F(0), F(1)],
        F(-1, 20),
    ),
    "Kuhn (Balinski & Tucker 1969)": (
        [F(-2), F(-3), F(1), F(12)],
        [[F(-2), F(-9), F(1), F(9)], [F(1, 3), F(1), F(-1, 3), F(-2)], [F(2), F(3), F(-1), F(-12)]],
        [F(0), F(0), F(2)],
        F(-2),
    ),
    "Chvatal 1983, chapter 3": (
        [F(-10), F(57), F(9), F(24)],
        [[F(1, 2), F(-11, 2), F(-5, 2), F(9)], [F(1, 2), F(-3, 2), F(-1, 2), F(1)], [F(1), F(0), F(0), F(0)]],
        [F(0), F(0), F(1)],
        F(-1),
    ),
}


@pytest.mark.parametrize("name", CYCLING)
def test_programs_that_cycle(name: str) -> None:
    """A half-space that touches the set at the optimum is redundant; moved in by any amount it is not."""
    cost, matrix, bounds, optimum = CYCLING[name]
    rows = [[*(-a for a in row), b] for row, b in zip(matrix, bounds, strict=True)]
    rows += [[F(int(j == k)) for j in range(4)] + [F(0)] for k in range(4)]
    inside = interior(rows)
    for shift, redundant in ((F(0), True), (F(1, 10**30), True), (F(-1, 10**30), False)):
        # cost x - optimum + shift >= 0
        assert decide([*cost, -optimum + shift], rows, inside).redundant is redundant


def interior(rows: Rows) -> list[Fraction]:
    """A point strictly inside, from the centre of a ball in floats."""
    table = np.array([[float(x) for x in row] for row in rows])
    rounded = np.column_stack([-table[:, :-1], np.linalg.norm(table[:, :-1], axis=1)])
    free = [(None, None)] * 4
    centre = linprog([0, 0, 0, 0, -1], A_ub=rounded, b_ub=table[:, -1], bounds=[*free, (0, 1)])
    point = [Fraction(float(x)).limit_denominator(10**6) for x in centre.x[:-1]]
    assert all(sum((a * x for a, x in zip(row, [*point, 1], strict=True)), F(0)) > 0 for row in rows)
    return point


def degenerate(seed: int) -> tuple[Rows, list[Fraction]]:
    """Rows with tiny integers around a point: most hyperplanes pass through one vertex."""
    rng = np.random.default_rng(seed)
    h = int(rng.integers(1, 5))
    normals = rng.integers(-2, 3, size=(int(rng.integers(2, 14)), h))
    normals = normals[normals.any(axis=1)]
    inside = rng.integers(1, 4, size=h)
    heights = normals @ inside
    offsets = np.where(heights > 0, 0, 1 - heights)
    return [[*map(F, n.tolist()), F(int(b))] for n, b in zip(normals, offsets, strict=True)], [
        F(int(x)) for x in inside
    ]


def test_random_degenerate_programs_against_another_solver(cases: Callable[[int, int], int]) -> None:
    verdicts = []
    for seed in range(cases(150, 3000)):
        rows, inside = degenerate(seed)
        for i, row in enumerate(rows[:4]):
            others = [r for r in rows[:i] + rows[i + 1 :] if r != row]
            verdict = decide(row, others, inside)
            table = np.array([[float(x) for x in r] for r in others]).reshape(len(others), len(row))
            bounds = {"A_ub": -table[:, :-1], "b_ub": table[:, -1]} if others else {}
            lowest = linprog([float(a) for a in row[:-1]], **bounds, bounds=(None, None))
            expected = lowest.fun is not None and lowest.fun + float(row[-1]) > -1e-9
            assert verdict.redundant == expected, (seed, i)
            verdicts.append(verdict.redundant)
    assert 0.1 < np.mean(verdicts) < 0.9


@given(st.integers(0, 10**6), st.integers(40, 3000))
def test_margins_below_any_tolerance(seed: int, bits: int) -> None:
    """A redundant row stays so when it is loosened by 2^-bits, and is none when it is tightened."""
    rows, inside = cone(seed)
    objective = [sum((r[k] for r in rows), F(0)) for k in range(len(inside) + 1)]
    margin = F(1, 2**bits)
    assert decide([*objective[:-1], objective[-1] + margin], rows, inside).redundant
    assert not decide([*objective[:-1], objective[-1] - margin], rows, inside).redundant


def cone(seed: int) -> tuple[Rows, list[Fraction]]:
    """Rows through the origin, where the sum of them all is attained."""
    rng = np.random.default_rng(seed)
    h = int(rng.integers(1, 5))
    inside = rng.integers(1, 4, size=h)
    normals = np.vstack([np.eye(h, dtype=np.int64), rng.integers(-2, 3, size=(8, h))])
    normals = normals[normals @ inside > 0]
    return [[*map(F, n), F(0)] for n in normals.tolist()], [F(int(x)) for x in inside]


def test_the_start_must_lie_inside() -> None:
    with pytest.raises(SolverError, match="strictly inside"):
        lowest_value(integer_row([1.0, 0.0]), [integer_row([1.0, 1.0])], homogeneous([0.0]))
    with pytest.raises(SolverError, match="strictly inside"):
        lowest_value(integer_row([1.0, 0.0]), [integer_row([-1.0, 1.0])], homogeneous([1.0]))
