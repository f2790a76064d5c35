"""The compiled loop of outward marching: take the nearest candidate, enter the region, look at its facets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.frontier import REGIONS, Counters, Frontier, find_or_add
from polyae.engines.outward.facet import Scratch, enclose_facet
from polyae.engines.outward.frame import Frame
from polyae.engines.outward.heap import Heap, pop, push
from polyae.engines.outward.rows import NearRows, near_rows
from polyae.predicates.compiled import CellRows, build_rows
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Words = NDArray[np.uint64]

__all__ = [
    "DONE", "DOUBT", "EXACT", "FACET", "FULL", "NEEDS_EXACT", "NEEDS_ROOM", "PAUSE", "Search", "advance", "item_of",
]  # fmt: skip

#: Why the loop stops: nothing nearer than the horizon; arrays are full; the limit of regions; the first
#: candidate of the heap belongs to a region that must be expanded exactly; enough steps for now.
DONE, NEEDS_ROOM, FULL, NEEDS_EXACT, PAUSE = range(5)
#: Kinds of candidates: a proved facet; a row, or a whole region, that is in doubt; a facet found exactly.
FACET, DOUBT, EXACT = range(3)
#: The horizon of rows is wider than that of regions, so that rows in between are never left out by rounding.
MARGIN = 1e-6


class Search(NamedTuple):
    """Regions found so far in order, and what the search works with.

    Attributes
    ----------
    frontier : Frontier
        Patterns in a hash table; its ``expanded`` marks regions that were expanded exactly, for good.
    low, high : arrays, shape (capacity,)
        Bounds of the regions' distances.
    heap : Heap
    exact_words : array of uint64, shape (e, w)
        Patterns beyond facets that were found exactly.
    masks : array of uint64, shape (units, w)
    cell, near, scratch : work space
    bits : array of uint8, shape (units,)
    key : array of uint64, shape (w,)
    """

    frontier: Frontier
    low: Float
    high: Float
    heap: Heap
    exact_words: Words
    masks: Words
    cell: CellRows
    near: NearRows
    scratch: Scratch
    bits: NDArray[np.uint8]
    key: Words


@compiled
def item_of(kind: int, region: int, unit: int) -> int:
    """Pack a candidate: its kind, the region it belongs to, and the unit behind the facet."""
    return (kind << 60) | (region << 24) | unit


@compiled
def _beyond(search: Search, item: int) -> None:
    """Pattern beyond a candidate's facet, into ``search.key``."""
    region, unit = (item >> 24) & 0xFFFFFFFFF, item & 0xFFFFFF
    for w in range(len(search.key)):
        if item >> 60 == EXACT:
            search.key[w] = search.exact_words[region, w]
        else:
            search.key[w] = search.frontier.words[region, w] ^ search.masks[unit, w]


@compiled
def _expand(frame: Frame, search: Search, counters: Counters, region: int, horizon: float) -> int:
    """Push the facets of a region that lead to regions not found yet and are nearer than the horizon.

    Returns the number of rows that were looked at.
    """
    words = search.frontier.words[region]
    for u in range(len(search.bits)):
        search.bits[u] = (words[u >> 6] >> np.uint64(63 - (u & 63))) & np.uint64(1)
    m = build_rows(frame.flat, search.bits, search.cell)
    if m < 0:
        push(search.heap, search.low[region], np.inf, item_of(DOUBT, region, 0))
        return 0
    near, wide = search.near, horizon * (1.0 + MARGIN)
    count = near_rows(frame, search.cell, m, wide, near)
    for row in range(count):
        item = item_of(FACET, region, near.units[row])
        _beyond(search, item)
        # With a limit of 0 a pattern is looked up and never added.
        if find_or_add(search.frontier, counters, search.key, 0)[0] >= 0:
            continue
        low, high = enclose_facet(frame, near, count, row, horizon, search.scratch)
        if low < horizon:
            kind = FACET if high < wide else DOUBT
            push(search.heap, low, high, item_of(kind, region, near.units[row]))
    return m


@compiled
def advance(
    frame: Frame, search: Search, counters: Counters, state: Float, progress: Int, horizon: float, limit: int,
    steps: int,
) -> int:  # fmt: skip
    """Enter regions in order of distance until something stops it; one of DONE, NEEDS_ROOM, ... says what.

    Parameters
    ----------
    frame : Frame
    search : Search
    counters : array of int
        The frontier's.
    state : array, shape (1,)
        Distance up to which all regions are found.
    progress : array of int, shape (2,)
        Regions expanded for this horizon, and rows looked at.
    horizon : float
        Farther facets are left out.
    limit : int
        Largest number of regions.
    steps : int
        Regions to expand before a pause.
    """
    units = len(search.bits)
    for _ in range(steps):
        while progress[0] < counters[REGIONS]:
            if search.heap.size[0] + units + 1 > len(search.heap.keys):
                return NEEDS_ROOM
            region = progress[0]
            progress[0] += 1
            if search.frontier.expanded[region] == 0:
                progress[1] += _expand(frame, search, counters, region, horizon)
                break
        if progress[0] < counters[REGIONS]:
            continue
        while True:
            if search.heap.size[0] == 0 or search.heap.keys[0] >= horizon:
                state[0] = max(state[0], horizon)
                return DONE
            # Regions that are not found yet are no nearer than the nearest candidate.
            state[0] = max(state[0], search.heap.keys[0])
            item, high = search.heap.items[0], search.heap.high[0]
            if item >> 60 == DOUBT:
                region = (item >> 24) & 0xFFFFFFFFF
                if search.frontier.expanded[region] == 0:
                    return NEEDS_EXACT
                pop(search.heap)
                continue
            _beyond(search, item)
            if find_or_add(search.frontier, counters, search.key, 0)[0] >= 0:
                pop(search.heap)
                continue
            number = counters[REGIONS]
            if number >= limit:
                return FULL
            room = min(len(search.low), len(search.frontier.words), len(search.frontier.table) // 2)
            if number + 1 > room:
                return NEEDS_ROOM
            find_or_add(search.frontier, counters, search.key, limit)
            search.low[number], search.high[number] = state[0], high
            pop(search.heap)
            break
    return PAUSE
