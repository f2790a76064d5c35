"""Redundant rows of a cell as combinations of its facets.

A row that the facets make redundant is lowest at some vertex, and there a combination, with multipliers that are
not negative, of the facets that vanish at it.  Float64 linear programs propose the vertices; one vertex
explains many rows.  Each proposal is verified in integers, and repaired by the exact simplex method.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from flint import fmpz, fmpz_mat
from numpy.typing import NDArray

from polyae.errors import SolverError
from polyae.lp.exact import lowest_value
from polyae.lp.simplex import FLOAT_TOLERANCE, pivot_to_optimum
from polyae.predicates.jit import compiled
from polyae.predicates.rational import HomogeneousPoint, IntegerRow

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Combinations", "combinations", "propose_bases"]

#: Facets (their numbers), and the rows (their numbers) that are combinations of them.
Combinations = list[tuple[list[int], list[int]]]

#: Multipliers above minus this are taken for nonnegative, until they are verified.
PROPOSAL_TOLERANCE = 1e-9


@compiled
def _vertex_of(table: Float, basic: Int, nonbasic: Int, row: Float) -> bool:
    """Whether a row seems to be lowest at the vertex of a dictionary."""
    h = len(nonbasic)
    for k in range(h):
        slope = 0.0
        for t in range(len(basic)):
            if basic[t] < h:
                slope += row[basic[t]] * table[t, k]
        if nonbasic[k] < h:
            slope += row[nonbasic[k]]
            if abs(slope) > PROPOSAL_TOLERANCE:
                return False
        elif slope < -PROPOSAL_TOLERANCE:
            return False
    return True


@compiled
def propose_bases(facets: Float, rows: Float, inside: Float, bases: Int) -> None:
    """Numbers of the facets, at most h, of which each row seems to be a combination.

    Parameters
    ----------
    facets, rows : arrays, shape (f, h + 1) and (r, h + 1)
    inside : array, shape (h,)
    bases : array, shape (r, h)
        Receives the numbers, ascending, filled up with -1.
    """
    h = len(inside)
    bases[:] = -1
    table = np.empty((len(facets) + 1, h + 1))
    for i in range(len(rows)):
        if bases[i, h - 1] >= 0:
            continue
        table[:-1] = facets
        for f in range(len(facets)):
            for k in range(h):
                table[f, h] += facets[f, k] * inside[k]
        table[-1, :h], table[-1, h] = -rows[i, :h], 0.0
        bounded, basic, nonbasic = pivot_to_optimum(table, FLOAT_TOLERANCE)
        if not bounded:
            continue
        vertex = np.sort(np.where(nonbasic >= h, nonbasic - h, -1))
        for j in range(i, len(rows)):
            if j == i or (bases[j, h - 1] < 0 and _vertex_of(table, basic, nonbasic, rows[j])):
                bases[j] = vertex


def _verified(basis: Sequence[IntegerRow], rows: Sequence[IntegerRow]) -> list[bool]:
    """Which rows are nonnegative combinations of independent ones, and a nonnegative constant."""
    count = len(basis)
    columns = [row[:-1] for row in (*basis, *rows)]
    reduced, den, rank = fmpz_mat(columns).transpose().rref()
    pivots = all(reduced[k, k] == den for k in range(min(count, rank)))
    if rank < count or not pivots:
        return [False] * len(rows)
    found = []
    for j, row in enumerate(rows, start=count):
        weights = [reduced[k, j] * den for k in range(count)]
        rest = row[-1] * den * den - sum((w * b[-1] for w, b in zip(weights, basis, strict=True)), fmpz(0))
        inside_span = all(reduced[k, j] == 0 for k in range(count, reduced.nrows()))
        found.append(inside_span and rest >= 0 and all(w >= 0 for w in weights))
    return found


def combinations(
    facets: Sequence[IntegerRow], rows: Sequence[IntegerRow], bases: Int, inside: HomogeneousPoint
) -> Combinations:
    """Write redundant rows as combinations of facets, exactly.

    Parameters
    ----------
    facets, rows : sequences of integer rows
    bases : array, shape (r, h)
        Proposals of :func:`propose_bases`.
    inside : homogeneous point
        Strictly inside all of them.

    Raises
    ------
    SolverError
        If a row is not redundant: a facet is missing.

    Examples
    --------
    >>> from polyae.predicates.rational import homogeneous, integer_row
    >>> square = [integer_row(r) for r in ([1, 0, 0], [-1, 0, 1], [0, 1, 0], [0, -1, 1])]
    >>> combinations(square, [integer_row([-1, -1, 3])], np.array([[1, 3]]), homogeneous([0.5, 0.5]))
    [([1, 3], [0])]
    """
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, basis in enumerate(bases.tolist()):
        groups[tuple(f for f in basis if f >= 0)].append(i)
    found, doubtful = [], []
    for basis, members in groups.items():
        proved = _verified([facets[f] for f in basis], [rows[i] for i in members]) if basis else []
        good = [i for i, p in zip(members, proved, strict=False) if p]
        doubtful += [i for i in members if i not in good]
        if good:
            found.append((list(basis), good))
    for i in doubtful:
        verdict = lowest_value(rows[i], facets, inside)
        if not verdict.redundant:
            raise SolverError(f"row {i} is not redundant: a facet is missing")
        found.append((sorted(verdict.multipliers), [i]))
    return found
