"""The compiled loop of marching: expand regions one after the other and enter those beyond their facets."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from polyae.engines.frontier import DOUBTFUL, EDGES, FILTERED, HEAD, REGIONS, Counters, Frontier, find_or_add
from polyae.lp.facet_search import FACET, REDUNDANT, FacetSearch, decide_rows
from polyae.predicates.compiled import CellRows, build_rows, evaluate_rows, in_open_ball, misses_ball, strictly_inside
from polyae.predicates.flat import FlatNetwork
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Words = NDArray[np.uint64]

__all__ = ["DONE", "NEEDS_ROOM", "PAUSE", "expand_chunk", "settle_waiting"]

#: What the compiled loop stops for.
DONE, NEEDS_ROOM, PAUSE = range(3)


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
def _cross(
    flat: FlatNetwork, frontier: Frontier, counters: Counters, number: int, cell: CellRows, m: int, search: FacetSearch,
    masks: Words, limit: int, key: Words,
) -> bool:  # fmt: skip
    """Enter the regions beyond all facets; False if there was no room for one of them."""
    complete = True
    for i in range(m):
        unit = cell.source[i]
        if search.status[i] != FACET or unit < 0:
            continue
        for w in range(len(key)):
            key[w] = frontier.words[number, w] ^ masks[unit, w]
        other, new = find_or_add(frontier, counters, key, limit)
        if other < 0:
            complete = False
            continue
        if new:
            if flat.radius == np.inf:
                frontier.points[other] = search.facet_point[i]
            else:
                _crossing(cell, i, frontier.points[number], search.beyond[i], frontier.points[other])
            frontier.entry[other] = unit
        if number < other or frontier.expanded[other] == 0:
            edge = counters[EDGES]
            frontier.edges[edge, 0] = min(number, other)
            frontier.edges[edge, 1] = max(number, other)
            frontier.edges[edge, 2] = unit
            counters[EDGES] = edge + 1
    return complete


@compiled
def expand_chunk(
    frontier: Frontier, counters: Counters, flat: FlatNetwork, masks: Words, cell: CellRows, search: FacetSearch,
    bits: NDArray[np.uint8], limit: int, end: int, chunk: int,
) -> tuple[int, bool]:  # fmt: skip
    """Expand up to `chunk` regions with numbers below `end`; why it stopped, and whether `limit` kept some out."""
    key = np.empty(frontier.words.shape[1], dtype=np.uint64)
    direction = np.empty(frontier.points.shape[1])
    full = False
    for _ in range(chunk):
        while counters[HEAD] < min(end, counters[REGIONS]) and frontier.expanded[counters[HEAD]] != 0:
            counters[HEAD] += 1
        number = counters[HEAD]
        if number >= min(end, counters[REGIONS]):
            return DONE, full
        room = len(cell.source)
        if counters[REGIONS] + room > len(frontier.words) or counters[EDGES] + room > len(frontier.edges):
            return NEEDS_ROOM, full
        if 2 * (counters[REGIONS] + room) > len(frontier.table):
            return NEEDS_ROOM, full
        counters[HEAD] += 1
        _unpack(frontier.words[number], bits)
        m = build_rows(flat, bits, cell)
        proved = m >= 0 and _settle_witness(flat, cell, m, frontier.points[number], frontier.entry[number], direction)
        if proved:
            frontier.entry[number] = -1
            proved = decide_rows(cell, m, frontier.points[number], search, flat) == 0
            proved = proved and _meet_ball(flat, cell, m, search)
        if not proved:
            frontier.doubtful[counters[DOUBTFUL]] = number
            counters[DOUBTFUL] += 1
            continue
        counters[FILTERED] += 2 * m  # every row: its sign at the witness, and its verdict
        complete = _cross(flat, frontier, counters, number, cell, m, search, masks, limit, key)
        frontier.expanded[number] = 1 if complete else 0
        full |= not complete
    return PAUSE, full


@compiled
def settle_waiting(
    frontier: Frontier, counters: Counters, flat: FlatNetwork, cell: CellRows, bits: NDArray[np.uint8]
) -> None:
    """Find witnesses of the regions that wait to be expanded."""
    direction, entered = np.empty(frontier.points.shape[1]), np.empty(frontier.points.shape[1])
    for number in range(counters[REGIONS]):
        if frontier.entry[number] >= 0:
            _unpack(frontier.words[number], bits)
            entered[:] = frontier.points[number]
            m = build_rows(flat, bits, cell)
            if m >= 0 and _settle_witness(flat, cell, m, entered, frontier.entry[number], direction):
                frontier.points[number] = entered
                frontier.entry[number] = -1
