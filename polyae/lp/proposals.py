"""Float64 proposals for the facets of a cell: rays first, then one linear program per row.

A proposal is evidence, not a verdict: a point beyond the row, or multipliers that make it redundant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.lp.program import CellProgram, chebyshev_centre, push_through

Float = NDArray[np.float64]

__all__ = ["Proposals", "propose", "shoot"]


@dataclass(frozen=True)
class Proposals:
    """Evidence for each of r rows.

    Attributes
    ----------
    beyond : array, shape (r, h)
        Point beyond the row and inside all others; NaN where the row is proposed as redundant.
    multipliers : array, shape (r, r)
        Where a program was solved: the row is at least this nonnegative combination of the rows.
    """

    beyond: Float
    multipliers: Float


def shoot(rows: Float, start: Float, directions: Float) -> tuple[NDArray[np.int64], Float, Float]:
    """First row that each ray meets, and the distances to the first and to the second.

    Parameters
    ----------
    rows : array, shape (r, h + 1)
    start : array, shape (h,)
    directions : array, shape (k, h)

    Returns
    -------
    first : array of int, shape (k,)
    near, far : arrays, shape (k,)
        Infinite where no row is met.
    """
    height = rows[:, :-1] @ start + rows[:, -1]
    fall = -directions @ rows[:, :-1].T
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        distance = np.where(fall > 0, height / fall, np.inf)
    first = np.argmin(distance, axis=1)
    lanes = np.arange(len(directions))
    near = distance[lanes, first]
    distance[lanes, first] = np.inf
    return first, near, distance.min(axis=1, initial=np.inf)


def _rays(rows: Float, start: Float) -> Float:
    """Points beyond the rows that a ray along some row's normal meets alone first; NaN for the others."""
    beyond = np.full((len(rows), rows.shape[1] - 1), np.nan)
    directions = -rows[:, :-1]
    first, near, far = shoot(rows, start, directions)
    step = np.where(np.isfinite(far), (near + far) / 2, 2 * near)
    for ray in np.flatnonzero(np.isfinite(near) & (near > 0) & (far > near)):
        beyond[first[ray]] = start + step[ray] * directions[ray]
    return beyond


def propose(
    rows: Float, start: Float, program_class: type[CellProgram], wanted: Sequence[int]
) -> tuple[Proposals, Float]:
    """Evidence for the wanted rows of a cell, and a well-centred point of it.

    Parameters
    ----------
    rows : array, shape (r, h + 1)
        On pairwise different hyperplanes.
    start : array, shape (h,)
        A point inside, up to rounding.
    program_class : type
        The linear-programming solver.
    wanted : sequence of int
        Rows to find evidence for.
    """
    program = program_class(rows)
    centre = chebyshev_centre(program)
    inside = centre.point if centre.optimal and centre.margin > 0 else start
    beyond = _rays(rows, inside)
    multipliers = np.zeros((len(rows), len(rows)))
    for i in wanted:
        if not np.isnan(beyond[i, 0]):
            continue
        answer = push_through(program, i)
        multipliers[i] = answer.multipliers
        multipliers[i, i] = 0.0
        depth = rows[i, :-1] @ answer.point + rows[i, -1]
        if not depth < 0:
            continue
        height = rows[i, :-1] @ inside + rows[i, -1]
        if height > 0:
            beyond[i] = inside + (height / (height - depth) + 1) / 2 * (answer.point - inside)
    return Proposals(beyond, multipliers), inside
