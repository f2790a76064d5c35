"""The facet test in rational arithmetic: a simplex method that always ends.

The origin is moved to an exact point strictly inside the cell, so that the start is feasible without
a first phase: all coordinates are free and nonbasic, all slacks positive.  Bland's rule (1977) on
entering and leaving index excludes cycling; a free variable that has entered never leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import fmpq, fmpq_mat

from polyae.errors import SolverError
from polyae.predicates.rational import HomogeneousPoint, IntegerRow, dot, from_rationals

__all__ = ["ExactVerdict", "combination", "lowest_value"]


@dataclass(frozen=True)
class ExactVerdict:
    """Answer of the exact facet test.

    Attributes
    ----------
    beyond : homogeneous point or None
        If the row can be negative while all others are not: a point where it is and where all others
        are strictly positive.
    multipliers : dict
        Otherwise: ``row = sum multipliers[j] * other_j + (a nonnegative constant)``, all rational.
    """

    beyond: HomogeneousPoint | None
    multipliers: dict[int, fmpq]

    @property
    def redundant(self) -> bool:
        """Whether the other rows imply this one."""
        return self.beyond is None


class _Dictionary:
    """Simplex dictionary: basic variables and objective as affine functions of the nonbasic ones.

    Variables 0..h-1 are the free coordinates, h + j the slack of row j.
    """

    def __init__(self, objective: IntegerRow, rows: Sequence[IntegerRow], origin: HomogeneousPoint) -> None:
        self.h = len(origin) - 1
        self.nonbasic = list(range(self.h))
        self.basic = [self.h + j for j in range(len(rows))]
        self.table = [self._row(r, origin) for r in rows]
        self.objective = self._row(objective, origin)

    @staticmethod
    def _row(row: IntegerRow, origin: HomogeneousPoint) -> list[fmpq]:
        return [*(fmpq(a) for a in row[:-1]), fmpq(dot(row, origin), origin[-1])]

    def entering(self) -> tuple[int, int] | None:
        """Column to move, and its direction, that lowers the objective: the least such variable."""
        choices = [
            (variable, k)
            for k, variable in enumerate(self.nonbasic)
            if (self.objective[k] < 0 or (variable < self.h and self.objective[k] != 0))
        ]
        if not choices:
            return None
        k = min(choices)[1]
        return k, -1 if self.objective[k] > 0 else 1

    def leaving(self, column: int, direction: int) -> tuple[int, fmpq] | None:
        """Row that blocks first, and how far the entering variable moves; the least variable on ties."""
        best: tuple[fmpq, int, int] | None = None
        for i, (variable, row) in enumerate(zip(self.basic, self.table, strict=True)):
            slope = row[column] * direction
            if variable >= self.h and slope < 0:
                key = (-row[-1] / slope, variable, i)
                if best is None or key[:2] < best[:2]:
                    best = key
        return None if best is None else (best[2], best[0])

    def pivot(self, i: int, k: int) -> None:
        """Exchange basic row i and nonbasic column k."""
        row = self.table[i]
        inverse = 1 / row[k]
        solved = [-x * inverse for x in row]
        solved[k] = inverse
        self.basic[i], self.nonbasic[k] = self.nonbasic[k], self.basic[i]
        self.table[i] = solved
        for target in [*self.table[:i], *self.table[i + 1 :], self.objective]:
            factor = target[k]
            if factor != 0:
                target[k] = fmpq(0)
                for c, x in enumerate(solved):
                    target[c] += factor * x

    def displacement(self, column: int, step: fmpq) -> list[fmpq]:
        """Coordinates after the nonbasic variable of one column moves by `step` (others stay 0)."""
        z = [fmpq(0)] * self.h
        for variable, row in zip(self.basic, self.table, strict=True):
            if variable < self.h:
                z[variable] = row[-1] + row[column] * step
        if self.nonbasic[column] < self.h:
            z[self.nonbasic[column]] = step
        return z


def combination(objective: IntegerRow, rows: Sequence[IntegerRow]) -> list[fmpq] | None:
    """Check a proposed basis: the exact multipliers with which the rows prove the objective redundant.

    Parameters
    ----------
    objective : integer row
    rows : sequence of integer rows, at most h of them

    Returns
    -------
    list of fmpq, or None
        ``objective = sum y_j row_j + (a nonnegative constant)`` with all y_j nonnegative; None if the
        rows do not give that, which proves nothing.
    """
    normals = fmpq_mat(len(rows), len(objective) - 1, [fmpq(a) for row in rows for a in row[:-1]])
    target = fmpq_mat(len(objective) - 1, 1, [fmpq(a) for a in objective[:-1]])
    try:
        y = (normals * normals.transpose()).solve(normals * target)
    except ZeroDivisionError:  # the normals are dependent
        return None
    weights = y.entries()
    constant = objective[-1] - sum((w * row[-1] for w, row in zip(weights, rows, strict=True)), fmpq(0))
    proved = normals.transpose() * y == target and constant >= 0 and all(w >= 0 for w in weights)
    return weights if proved else None


def lowest_value(
    objective: IntegerRow, others: Sequence[IntegerRow], inside: HomogeneousPoint, max_pivots: int | None = None
) -> ExactVerdict:
    """Can `objective` be negative where all `others` are nonnegative?

    Parameters
    ----------
    objective : integer row
    others : sequence of integer rows
    inside : homogeneous point
        Where the objective and all others are strictly positive.
    max_pivots : int, optional
        For tests; Bland's rule ends by itself.

    Raises
    ------
    SolverError
        If `inside` is not strictly inside, or `max_pivots` is exceeded.
    """
    dictionary = _Dictionary(objective, others, inside)
    if dictionary.objective[-1] <= 0 or any(row[-1] <= 0 for row in dictionary.table):
        raise SolverError("the starting point of the exact simplex method does not lie strictly inside the cell")
    pivots = 0
    while (choice := dictionary.entering()) is not None:
        column, direction = choice
        block = dictionary.leaving(column, direction)
        fall = -dictionary.objective[column] * direction
        # Reaching zero takes this step; anything a little further certifies a facet.
        zero_step = dictionary.objective[-1] / fall
        if block is None or block[1] > zero_step:
            step = zero_step + 1 if block is None else (zero_step + block[1]) / 2
            return ExactVerdict(_beyond(objective, inside, dictionary.displacement(column, step * direction)), {})
        dictionary.pivot(block[0], column)
        pivots += 1
        if max_pivots is not None and pivots > max_pivots:
            raise SolverError(f"the exact simplex method took more than {max_pivots} pivots")
    multipliers = {
        variable - dictionary.h: dictionary.objective[k]
        for k, variable in enumerate(dictionary.nonbasic)
        if variable >= dictionary.h and dictionary.objective[k] != 0
    }
    return ExactVerdict(None, multipliers)


def _beyond(objective: IntegerRow, inside: HomogeneousPoint, displacement: list[fmpq]) -> HomogeneousPoint:
    """Point between `inside` and the reached one, strictly beyond the objective's zero.

    The reached point may lie on other rows; halfway between it and the crossing no other row vanishes.
    """
    start = [fmpq(z, inside[-1]) for z in inside[:-1]]
    here = fmpq(dot(objective, inside), inside[-1])
    there = here + sum((a * d for a, d in zip(objective[:-1], displacement, strict=True)), fmpq(0))
    share = (here / (here - there) + 1) / 2
    point = [z + share * d for z, d in zip(start, displacement, strict=True)]
    return from_rationals(point)
