"""The compiled steps of marching: find the facets of a batch of regions, then enter the regions beyond them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.frontier import DOUBTFUL, EDGES, FILTERED, HEAD, REGIONS, Counters, Frontier, find_or_add
from polyae.engines.thin_layers import settle_behind_thin_layers
from polyae.lp.facet_search import FACET, REDUNDANT, FacetSearch, decide_rows
from polyae.predicates.compiled import CellRows, build_rows, evaluate_rows, in_open_ball, misses_ball, strictly_inside
from polyae.predicates.flat import FlatNetwork
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Words = NDArray[np.uint64]

__all__ = ["Steps", "enter_batch", "expand_batch", "new_steps", "next_batch", "settle_waiting"]


class Steps(NamedTuple):
    """Facets of a batch of n regions with at most m each.

    Attributes
    ----------
    rows : array of int, shape (n,)
        Rows of each region; -1 where the compiled code leaves one open.
    first, counts : arrays of int, shape (n,)
        Place of the first facet inside the domain, and how many there are.
    units : array of int32, shape (n * m,)
        Unit behind each facet.
    points : array, shape (n * m, h)
        Where it is crossed.
    """

    rows: Int
    first: Int
    counts: Int
    units: NDArray[np.int32]
    points: Float

    def part(self, chosen: slice) -> Steps:
        """Those of some regions, as views; places stay the same."""
        return Steps(self.rows[chosen], self.first[chosen], self.counts[chosen], self.units, self.points)


def new_steps(regions: int, rows: int, h: int) -> Steps:
    """Room for the facets of a batch."""
    found, first, counts = np.empty((3, regions), dtype=np.int64)
    return Steps(found, first, counts, np.empty(regions * rows, dtype=np.int32), np.empty((regions * rows, h)))


@compiled
def _unpack(words: Words, bits: NDArray[np.uint8]) -> None:
    for u in range(len(bits)):
        bits[u] = (words[u >> 6] >> np.uint64(63 - (u & 63))) & np.uint64(1)


@compiled
def _first_row(cell: CellRows, m: int, point: Float, direction: Float) -> float:
    """Step along a ray at which the first row vanishes, infinite if none does."""
    h = len(point)
    heights, falls = cell.values, cell.bounds
    for i in range(m):
        heights[i], falls[i] = cell.rows[h, i], 0.0
    for k in range(h):
        for i in range(m):
            heights[i] += cell.rows[k, i] * point[k]
            falls[i] -= cell.rows[k, i] * direction[k]
    step = np.inf
    for i in range(m):
        if falls[i] > 0.0 and heights[i] < step * falls[i]:
            step = heights[i] / falls[i]
    return step


@compiled
def _settle_witness(flat: FlatNetwork, cell: CellRows, m: int, point: Float, entry: int, direction: Float) -> bool:
    """Replace a point on the facet of unit `entry` by one half way to the next row; prove it inside."""
    h = len(point)
    if entry >= 0:
        own = -1
        for i in range(m):
            if cell.source[i] == entry:
                own = i
        if own < 0:
            return False
        for k in range(h):
            direction[k] = cell.rows[k, own]
        step = _first_row(cell, m, point, direction)
        if step == np.inf:
            step = 2.0
        if flat.radius < np.inf:
            step = min(step, _chord(flat, point, direction))
        for k in range(h):
            point[k] += 0.5 * step * direction[k]
    return in_open_ball(flat, point) and strictly_inside(cell, m, point)


@compiled
def _chord(flat: FlatNetwork, point: Float, direction: Float) -> float:
    """Step from a point in the ball of the domain to its surface."""
    along, gap, length = 0.0, flat.radius**2, 0.0
    for k in range(len(point)):
        offset = point[k] - flat.centre[k]
        along += direction[k] * offset
        gap -= offset * offset
        length += direction[k] * direction[k]
    return (math.sqrt(max(0.0, along * along + length * gap)) - along) / length


@compiled
def _meet_ball(flat: FlatNetwork, cell: CellRows, m: int, search: FacetSearch) -> bool:
    """Drop the facets that miss the open ball of a curved domain; False if one leaves it open."""
    if flat.radius == np.inf:
        return True
    for i in range(m):
        if search.status[i] == FACET and cell.source[i] >= 0 and not in_open_ball(flat, search.beyond[i]):
            if not misses_ball(flat, cell, i):
                return False
            search.status[i] = REDUNDANT
    return True


@compiled
def _crossing(cell: CellRows, row: int, inside: Float, beyond: Float, point: Float) -> None:
    """Point of a row's hyperplane between a point inside and one beyond."""
    evaluate_rows(cell, row + 1, inside)
    above = cell.values[row]
    evaluate_rows(cell, row + 1, beyond)
    below = cell.values[row]
    for k in range(len(point)):
        point[k] = inside[k] + above / (above - below) * (beyond[k] - inside[k])


@compiled
def _find_facets(
    frontier: Frontier, number: int, flat: FlatNetwork, cell: CellRows, search: FacetSearch, bits: NDArray[np.uint8],
    direction: Float,
) -> int:  # fmt: skip
    """Rows and facets of one region, and a witness in place of its point; the number of rows, or -1 for a doubt."""
    point = frontier.points[number]
    _unpack(frontier.words[number], bits)
    m = build_rows(flat, bits, cell)
    if m < 0 or not _settle_witness(flat, cell, m, point, frontier.entry[number], direction):
        return -1
    frontier.entry[number] = -1
    left = decide_rows(cell, m, point, search, flat)
    if left > 0:
        left = settle_behind_thin_layers(flat, bits, cell, m, point, search)
    return m if left == 0 and _meet_ball(flat, cell, m, search) else -1


@compiled
def expand_batch(
    frontier: Frontier, todo: Int, flat: FlatNetwork, cell: CellRows, search: FacetSearch, steps: Steps, place: int
) -> None:
    """Find the facets of some regions, and enter nothing yet: parts of a batch run in threads of their own.

    Parameters
    ----------
    todo : array of int, shape (n,)
        Numbers of the regions.
    steps : Steps
        Their part of the results.
    place : int
        Where the facets begin; one after the other, so that little memory is touched.
    """
    bits, direction = np.empty(len(flat.twin_of), dtype=np.uint8), np.empty(frontier.points.shape[1])
    for t in range(len(todo)):
        number = todo[t]
        m = _find_facets(frontier, number, flat, cell, search, bits, direction)
        steps.rows[t], steps.first[t] = m, place
        for i in range(m):  # none if m is -1
            if search.status[i] == FACET and cell.source[i] >= 0:
                steps.units[place] = cell.source[i]
                if flat.radius == np.inf:
                    steps.points[place] = search.facet_point[i]
                else:
                    _crossing(cell, i, frontier.points[number], search.beyond[i], steps.points[place])
                place += 1
        steps.counts[t] = place - steps.first[t]


@compiled
def enter_batch(frontier: Frontier, counters: Counters, todo: Int, steps: Steps, masks: Words, limit: int) -> bool:
    """Enter the regions beyond the facets of a batch; False if `limit` kept one out.

    There must be room for as many regions and edges as there are facets.
    """
    key, complete = np.empty(frontier.words.shape[1], dtype=np.uint64), True
    for t in range(len(todo)):
        number, all_entered = todo[t], True
        if steps.rows[t] < 0:
            frontier.doubtful[counters[DOUBTFUL]] = number
            counters[DOUBTFUL] += 1
            continue
        counters[FILTERED] += 2 * steps.rows[t]  # every row: its sign at the witness, and its verdict
        for i in range(steps.first[t], steps.first[t] + steps.counts[t]):
            unit = steps.units[i]
            for w in range(len(key)):
                key[w] = frontier.words[number, w] ^ masks[unit, w]
            other, new = find_or_add(frontier, counters, key, limit)
            if other < 0:
                all_entered = False
                continue
            if new:
                frontier.points[other] = steps.points[i]
                frontier.entry[other] = unit
            if number < other or frontier.expanded[other] == 0:
                edge = counters[EDGES]
                frontier.edges[edge, 0], frontier.edges[edge, 1] = min(number, other), max(number, other)
                frontier.edge_units[edge] = unit
                counters[EDGES] = edge + 1
        frontier.expanded[number] = 1 if all_entered else 0
        complete &= all_entered
    return complete


@compiled
def next_batch(frontier: Frontier, counters: Counters, end: int, todo: Int) -> int:
    """Numbers below `end` of the next regions to expand; how many, at most the length of `todo`."""
    count = 0
    while counters[HEAD] < min(end, counters[REGIONS]) and count < len(todo):
        if frontier.expanded[counters[HEAD]] == 0:
            todo[count] = counters[HEAD]
            count += 1
        counters[HEAD] += 1
    return count


@compiled
def settle_waiting(frontier: Frontier, counters: Counters, flat: FlatNetwork, cell: CellRows) -> None:
    """Find witnesses of the regions that wait to be expanded."""
    bits = np.empty(len(flat.twin_of), dtype=np.uint8)
    direction, entered = np.empty(frontier.points.shape[1]), np.empty(frontier.points.shape[1])
    for number in range(counters[REGIONS]):
        if frontier.entry[number] >= 0:
            _unpack(frontier.words[number], bits)
            entered[:] = frontier.points[number]
            m = build_rows(flat, bits, cell)
            if m >= 0 and _settle_witness(flat, cell, m, entered, frontier.entry[number], direction):
                frontier.points[number] = entered
                frontier.entry[number] = -1
