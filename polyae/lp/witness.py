"""A point strictly inside the region beyond a facet.

Float64 points are proposed (half way along the outward ray, then the Chebyshev centre) and proved; in a
region too thin for them the ray is followed in rationals, and its middle rounded if that stays inside.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from flint import fmpq, fmpz
from numpy.typing import NDArray

from polyae.domains import Ball
from polyae.errors import SolverError
from polyae.lp.crossing import Crossing, point_in_ball
from polyae.lp.exact import lowest_value
from polyae.lp.facets import Witness
from polyae.lp.highs_solver import HighsProgram
from polyae.lp.program import CellProgram, chebyshev_centre
from polyae.predicates.cell import Arrangement, Cell
from polyae.predicates.euclid import ball_signs, exact_ball_sign
from polyae.predicates.rational import HomogeneousPoint, dot, from_rationals, homogeneous, integer_row, rounded

Float = NDArray[np.float64]

__all__ = ["find_witness", "holds", "in_open_ball", "interior_point", "settle_in_floats", "walk"]

#: Corners of the float64 grid around a rational point are tried up to this dimension (2^h of them).
MAX_CORNER_DIM = 6


def in_open_ball(arrangement: Arrangement, point: HomogeneousPoint) -> bool:
    """Whether an exact point lies in the open ball of a curved domain; always true elsewhere."""
    ball = arrangement.domain
    return not (isinstance(ball, Ball) and ball.curved) or exact_ball_sign(ball, point) > 0


def holds(cell: Cell, point: Float) -> bool:
    """Whether a float64 point lies strictly inside a cell and the open ball of a curved domain."""
    if not np.isfinite(point).all():
        return False
    ball = cell.arrangement.domain
    if isinstance(ball, Ball) and ball.curved and ball_signs(cell.arrangement.kernel, ball, point[None, :])[0] <= 0:
        return False
    return cell.holds(point)


def _half_way(cell: Cell, start: Float, direction: Float) -> Float:
    """Middle of the ray from a facet to the next row (or to the ball's surface)."""
    fall = -cell.rows.values[:, :-1] @ direction
    height = cell.rows.values[:, :-1] @ start + cell.rows.values[:, -1]
    steps = height[fall > 0] / fall[fall > 0]
    step = steps.min() if len(steps) else 2.0 * (1.0 + np.abs(start).max())
    ball = cell.arrangement.domain
    if isinstance(ball, Ball) and ball.curved:
        along, gap = direction @ (start - ball.centre), ball.radius * ball.radius - ((start - ball.centre) ** 2).sum()
        length = direction @ direction
        step = min(step, (-along + np.sqrt(max(0.0, along**2 + length * gap))) / length)
    return start + 0.5 * step * direction


def find_witness(cell: Cell, crossing: Crossing, outward: Float, program_class: type[CellProgram]) -> Witness:
    """Point strictly inside a cell that is entered through a facet.

    Parameters
    ----------
    cell : Cell
        The region beyond the facet.
    crossing : Crossing
        Point on the facet.
    outward : array, shape (h,)
        Direction into the cell.
    program_class : type
        Solver of the Chebyshev centre.
    """
    guess = _half_way(cell, crossing.point, outward)
    if holds(cell, guess):
        return Witness(guess)
    if not cell.arrangement.domain.curved:
        centre = chebyshev_centre(program_class(cell.rows.values))
        if centre.optimal and holds(cell, centre.point):
            return Witness(centre.point)
    if not cell.arrangement.kernel.exact:
        return Witness(guess)
    return settle_in_floats(cell, walk(cell, crossing.exact(), integer_row(outward.tolist())))


def interior_point(cell: Cell) -> Witness:
    """Point strictly inside a cell that is known to be one, from its rows alone.

    Raises
    ------
    SolverError
        If the cell is empty or flat, which contradicts that its pattern is a region's.
    """
    centre = chebyshev_centre(HighsProgram(cell.rows.values))
    if centre.optimal and holds(cell, centre.point):
        return Witness(centre.point)
    # Maximise the least height t of the rows, from far below: t > 0 can be reached iff the cell has an interior.
    rows = [cell.integers(i) for i in range(len(cell.source))]
    start = homogeneous(cell.arrangement.domain.interior_point())
    depth = max([fmpq(-dot(row, start), start[-1]) for row in rows], default=fmpq(0))
    depth = 1 + max(depth, fmpq(0))
    inside = from_rationals([*(fmpq(z, start[-1]) for z in start[:-1]), -depth])
    lifted = [[*row[:-1], fmpz(-1), row[-1]] for row in rows]
    lift = [*(fmpz(0) for _ in start[:-1]), fmpz(-1), fmpz(0)]
    beyond = lowest_value(lift, lifted, inside).beyond
    point = None if beyond is None else _into_ball(cell, [*beyond[:-2], beyond[-1]])
    if point is None:
        raise SolverError(f"the pattern {cell.pattern.astype(int).tolist()} has no interior in the domain")
    return settle_in_floats(cell, point)


def _into_ball(cell: Cell, point: HomogeneousPoint) -> HomogeneousPoint | None:
    """Move an interior point of the polyhedron into the open ball of a curved domain."""
    ball = cell.arrangement.domain
    if not isinstance(ball, Ball) or in_open_ball(cell.arrangement, point):
        return point
    return point_in_ball([cell.integers(int(i)) for i in np.flatnonzero(cell.source >= 0)], point, ball)


def walk(cell: Cell, start: HomogeneousPoint, direction: list[int]) -> HomogeneousPoint:
    """Exact point half way along a ray from the boundary of a cell to the next row that it meets, or not far off."""
    reach = 1 + fmpq(max(abs(z) for z in start[:-1]), start[-1])
    steps = []
    for i in range(len(cell.source)):
        row = cell.integers(i)
        fall = -dot(row[:-1], direction)
        if fall > 0:
            steps.append(fmpq(dot(row, start), start[-1] * fall))
    step = min(steps, default=2 * reach / max(abs(d) for d in direction)) / 2
    while True:
        den = start[-1] * step.q
        point = [*(z * step.q + start[-1] * step.p * d for z, d in zip(start[:-1], direction, strict=True)), den]
        if in_open_ball(cell.arrangement, point):
            return point
        step = step / 2


def settle_in_floats(cell: Cell, point: HomogeneousPoint) -> Witness:
    """A float64 witness at or around an exact point, or the exact one if none of those lies inside."""
    nearest = rounded(point)
    candidates = [nearest]
    if len(nearest) <= MAX_CORNER_DIM:
        sides = (np.nextafter(nearest, -np.inf), np.nextafter(nearest, np.inf), nearest)
        candidates += [
            np.array([sides[s][k] for k, s in enumerate(c)]) for c in product((0, 1, 2), repeat=len(nearest))
        ]
    for candidate in candidates:
        if holds(cell, candidate):
            return Witness(candidate)
    return Witness(nearest, point)
