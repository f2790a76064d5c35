"""Distance of a facet from the centre, enclosed: multipliers prove it from below, a point from above."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.outward.deviations import FOUND, nearest_by_deviations
from polyae.engines.outward.frame import Frame
from polyae.engines.outward.linear import nearest_by_program
from polyae.engines.outward.rows import NearRows, dual_norm, norm_of
from polyae.lp.active_set import NEAREST, STUCK, ActiveSet, active_set, nearest_on_row
from polyae.predicates.compiled import gamma_kernel
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]

__all__ = ["Scratch", "enclose_facet", "facet_scratch", "highest_distance", "lowest_distance"]

#: Steps into the facet's interior, in units of the distance, tried in turn.
STEPS = (1e-11, 1e-9, 1e-7, 1e-5, 1e-3, 1e-1)
#: Rows this near to the nearest point, in units of the distance, are stepped away from.
TIGHT = 1e-8
#: Relative excess over the limit at which the search for the nearest point ends.
EXCESS = 1e-9


class Scratch(NamedTuple):
    """Work space for facets.

    Attributes
    ----------
    state, inward : ActiveSet
        Of the nearest point, and of the direction into the facet.
    point, direction, normal : arrays, shape (n,)
    weights : array, shape (rows,)
        Multipliers of all rows.
    raised : array, shape (rows,)
        Heights of the program for the direction.
    """

    state: ActiveSet
    inward: ActiveSet
    point: Float
    direction: Float
    normal: Float
    weights: Float
    raised: Float


def facet_scratch(rows: int, dim: int) -> Scratch:
    """Work space for so many rows in so many coordinates."""
    return Scratch(
        active_set(rows, dim), active_set(rows, dim), np.empty(dim), np.empty(dim), np.empty(dim), np.empty(rows),
        np.empty(rows),
    )  # fmt: skip


@compiled
def lowest_distance(frame: Frame, near: NearRows, count: int, row: int, scratch: Scratch) -> float:
    """Certified lower bound of a facet's distance from the multipliers in ``scratch.weights``.

    On the facet the combination of the rows is nonnegative, whatever the sign of its own row's weight.
    """
    n, normal = len(scratch.normal), scratch.normal
    normal[:] = 0.0
    depth, doubt, blur, sizes = 0.0, 0.0, 0.0, 0.0
    for j in range(count):
        weight = scratch.weights[j]
        if weight == 0.0 or (weight < 0.0 and j != row):
            continue
        size = abs(weight)
        depth -= weight * near.heights[j]
        doubt += size * (near.height_error[j] + gamma_kernel(count) * abs(near.heights[j]))
        blur += size * near.normal_error[j]
        sizes += size
        for c in range(n):
            normal[c] += weight * near.normals[j, c]
    # Every normal has about unit length, so the sum is rounded by at most gamma times the sum of the weights.
    blur += gamma_kernel(count + 2) * 2.0 * sizes
    if frame.norm != 2.0:
        blur *= np.sqrt(1.0 * n)
    growth = (1.0 + gamma_kernel(n + count + 8)) * (1.0 + 1e-13)
    length = (dual_norm(normal, frame.norm) * frame.stretch + blur) * growth
    depth -= doubt * growth
    if not (depth > 0.0 and length < np.inf):
        return 0.0
    return depth / length * (1.0 - 1e-13)


@compiled
def _inward(near: NearRows, count: int, row: int, values: Float, nearest: float, scratch: Scratch) -> bool:
    """Direction along the facet that leaves all rows that are nearly tight at its nearest point."""
    for j in range(count):
        tight = j != row and values[j] < TIGHT * nearest + 4.0 * near.tolerances[j]
        scratch.raised[j] = -1.0 if tight else 1e30
    scratch.raised[row] = 0.0
    outcome, k = nearest_on_row(near.gram, scratch.raised, near.tolerances, count, row, np.inf, scratch.inward)
    if outcome != NEAREST:
        return False
    scratch.direction[:] = 0.0
    for a in range(k):
        weight = scratch.inward.weights[a]
        for c in range(len(scratch.direction)):
            scratch.direction[c] += weight * near.normals[scratch.inward.rows[a], c]
    return True


@compiled
def _straddled(frame: Frame, near: NearRows, count: int, row: int, step: float, scratch: Scratch) -> float:
    """Distance up to which the facet is certainly met near ``point + step * direction``; infinite if not proved.

    Two points on either side of the facet's hyperplane lie inside all other rows: so does the segment
    between them, and a facet it is.
    """
    n, place = len(scratch.point), scratch.normal
    for c in range(n):
        place[c] = scratch.point[c] + step * scratch.direction[c]
    reach = norm_of(place, 2.0) * (1.0 + gamma_kernel(n + 2))
    rounding = gamma_kernel(n + 3)
    value = near.heights[row]
    for c in range(n):
        value += near.normals[row, c] * place[c]
    doubt = near.height_error[row] + near.normal_error[row] * reach
    doubt += rounding * (abs(near.heights[row]) + 2.0 * reach)
    width = 8.0 * (abs(value) + doubt)
    reach += 2.0 * width
    for j in range(count):
        if j == row:
            continue
        height = near.heights[j]
        for c in range(n):
            height += near.normals[j, c] * place[c]
        error = near.height_error[j] + near.normal_error[j] * reach + rounding * (abs(near.heights[j]) + 2.0 * reach)
        if not height - 2.0 * width > error * (1.0 + 1e-12):
            return np.inf
    # The ends are `width` times the normal, of about unit length, away.
    doubt = near.height_error[row] + near.normal_error[row] * reach
    doubt += rounding * (abs(near.heights[row]) + 2.0 * reach)
    if not width > 2.0 * (abs(value) + doubt):
        return np.inf
    length = norm_of(place, frame.norm) + width * norm_of(near.normals[row], frame.norm)
    return length * frame.stretch * (1.0 + gamma_kernel(n + 8)) * (1.0 + 1e-13)


@compiled
def highest_distance(frame: Frame, near: NearRows, count: int, row: int, scratch: Scratch) -> float:
    """Certified upper bound of a facet's distance from a point near it, ``scratch.point``; infinite if not a facet."""
    n, values = len(scratch.point), scratch.state.values
    nearest = norm_of(scratch.point, 2.0)
    scale = nearest
    for j in range(count):
        values[j] = near.heights[j]
        for c in range(n):
            values[j] += near.normals[j, c] * scratch.point[c]
        scale = max(scale, near.tolerances[j])
    if not _inward(near, count, row, values, nearest, scratch):
        return np.inf
    room = np.inf
    for j in range(count):
        if j != row:
            slope = 0.0
            for c in range(n):
                slope += near.normals[j, c] * scratch.direction[c]
            if slope < 0.0:
                room = min(room, values[j] / -slope)
    if scale < 1e-3 * room:  # also where the centre lies on the facet, or nearly
        scale = max(scale, 1e-3 * min(room, 1.0))
    for share in STEPS:
        step = min(share * scale, 0.5 * room)
        high = _straddled(frame, near, count, row, step, scratch)
        if high < np.inf or step == 0.5 * room:
            return high
    return np.inf


@compiled
def enclose_facet(
    frame: Frame, near: NearRows, count: int, row: int, horizon: float, scratch: Scratch
) -> tuple[float, float]:
    """Certified bounds of the distance from the centre to the facet of a row.

    The lower one also holds where the row has no facet, and is what is known of it; the upper one is
    infinite unless the row was proved to have a facet.  Once the lower bound reaches the horizon the upper
    one is not looked for.
    """
    limit = horizon * (1.0 + EXCESS)
    scratch.weights[:count] = 0.0
    if frame.norm == 2.0:
        outcome, k = nearest_on_row(near.gram, near.heights, near.tolerances, count, row, limit, scratch.state)
        if outcome == STUCK:
            return 0.0, np.inf
        scratch.point[:] = 0.0
        for a in range(k):
            j, weight = scratch.state.rows[a], scratch.state.weights[a]
            scratch.weights[j] += weight
            for c in range(len(scratch.point)):
                scratch.point[c] += weight * near.normals[j, c]
        found = outcome == NEAREST
    elif frame.norm == 1.0:
        found = nearest_by_program(near.normals, near.heights, count, row, limit, scratch.weights, scratch.point)
    else:
        outcome = nearest_by_deviations(near.normals, near.heights, count, row, limit, scratch.weights, scratch.point)
        found = outcome == FOUND
    low = lowest_distance(frame, near, count, row, scratch)
    if low >= horizon or not found:
        return low, np.inf
    return low, highest_distance(frame, near, count, row, scratch)
