"""Linear programs over the rationals: a dictionary simplex with Bland's rule, nothing else.

A row ``(a_1, ..., a_h, b)`` of integers stands for the affine function ``a . x + b``; a
polyhedron is a list of rows that are all ``>= 0`` (its interior: all ``> 0``).  Points are
lists of ``fmpq``.  Reference: Chvatal, *Linear Programming* (1983), chapters 2, 3 and 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

from flint import fmpq

Row = tuple[int, ...]
Point = list[fmpq]
Number = int | float | Fraction


def rational(x: Number) -> fmpq:
    """The very number that `x` holds; a float is a dyadic rational."""
    exact = Fraction(x)
    return fmpq(exact.numerator, exact.denominator)


def primitive(entries: Sequence[fmpq]) -> Row:
    """The positive multiple of `entries` with coprime integers: equal half-spaces, equal rows."""
    scale = lcm(*(int(e.q) for e in entries))
    integers = [int(e.p) * (scale // int(e.q)) for e in entries]
    divisor = gcd(*integers) or 1
    return tuple(i // divisor for i in integers)


def negated(row: Row) -> Row:
    """The opposite half-space."""
    return tuple(-a for a in row)


def value(row: Row, x: Point) -> fmpq:
    """The affine function at a point."""
    return sum((a * t for a, t in zip(row, x, strict=False)), start=fmpq(row[-1]))


def strictly_inside(rows: Sequence[Row], x: Point) -> bool:
    """Whether all rows are positive at `x`."""
    return all(value(row, x) > 0 for row in rows)


class _Dictionary:
    """Every quantity as ``constant + sum_j coefficient_j * nonbasic_j``, the constant stored last.

    The nonbasic variables start as the coordinates of ``x - start``, free in sign and labelled -1.
    A pivot swaps one for a slack, and a free one, once swapped, is constrained by nothing
    and forgotten: the coordinates of ``x`` are kept as quantities of their own.
    """

    def __init__(self, rows: Sequence[Row], objective: Row, start: Point) -> None:
        dim = len(start)
        self.slacks = {i: [*map(fmpq, row[:-1]), value(row, start)] for i, row in enumerate(rows)}
        self.point = [[fmpq(j == k) for j in range(dim)] + [start[k]] for k in range(dim)]
        self.objective = [*map(fmpq, objective[:-1]), value(objective, start)]
        self.labels = [-1] * dim

    def entering(self) -> tuple[int, int] | None:
        """Column that improves the objective and its direction: a free one, else the least label."""
        candidates = [
            (label, j)
            for j, label in enumerate(self.labels)
            if self.objective[j] > 0 or (label < 0 and self.objective[j] != 0)
        ]
        if not candidates:
            return None
        _, j = min(candidates)
        return j, 1 if self.objective[j] > 0 else -1

    def leaving(self, j: int, sign: int) -> int | None:
        """Slack that reaches zero first; ties go to the least label."""
        ratios = [(q[-1] / (-sign * q[j]), i) for i, q in self.slacks.items() if sign * q[j] < 0]
        return min(ratios)[1] if ratios else None

    def pivot(self, j: int, i: int) -> None:
        """Solve slack `i` for nonbasic `j` and substitute."""
        old = self.slacks.pop(i)
        solved = [-c / old[j] for c in old]
        solved[j] = 1 / old[j]
        for quantity in (*self.slacks.values(), *self.point, self.objective):
            factor = quantity[j]
            if factor != 0:
                quantity[j] = fmpq(0)
                quantity[:] = [c + factor * s for c, s in zip(quantity, solved, strict=True)]
        if self.labels[j] >= 0:
            self.slacks[self.labels[j]] = solved
        self.labels[j] = i


def maximise(rows: Sequence[Row], objective: Row, start: Point, enough: fmpq | int | None = None) -> tuple[fmpq, Point]:
    """Largest value of `objective` where all rows are ``>= 0``, and a point that attains it.

    `start` must be feasible.  With `enough` given, any feasible point whose value is above it
    may be returned instead, also where the program is unbounded.

    Raises
    ------
    ArithmeticError
        If the program is unbounded and `enough` is not given.
    """
    table = _Dictionary(rows, objective, start)
    while enough is None or table.objective[-1] <= enough:
        choice = table.entering()
        if choice is None:
            break
        j, sign = choice
        i = table.leaving(j, sign)
        if i is not None:
            table.pivot(j, i)
            continue
        if enough is None:
            raise ArithmeticError("the linear program is unbounded")
        step = sign * ((enough - table.objective[-1]) / abs(table.objective[j]) + 1)
        for quantity in (*table.point, table.objective):
            quantity[-1] += step * quantity[j]
    return table.objective[-1], [coordinate[-1] for coordinate in table.point]


def interior_point(rows: Sequence[Row], dim: int, start: Point | None = None) -> Point | None:
    """A point where all rows are positive, or None: maximise t <= 1 with every row ``>= t``."""
    origin = [fmpq(0)] * dim if start is None else start
    lifted = [(*row[:-1], -1, row[-1]) for row in rows] + [(0,) * dim + (-1, 1)]
    lowest = min([value(row, origin) for row in rows], default=fmpq(1))
    top, point = maximise(lifted, (0,) * dim + (1, 0), [*origin, min(lowest, fmpq(1))], enough=0)
    return point[:-1] if top > 0 else None
