"""One round of outward marching: everything within a horizon, on the units that can change there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from polyae.engines.frontier import REGIONS, Counters, find_or_add, flip_masks, grown, new_frontier, to_bits, to_words
from polyae.engines.outward import kernel
from polyae.engines.outward.exact import ExactFacets
from polyae.engines.outward.facet import facet_scratch
from polyae.engines.outward.frame import frame_around
from polyae.engines.outward.heap import new_heap, push, stretched
from polyae.engines.outward.kernel import EXACT, Search, advance, item_of
from polyae.engines.outward.reduce import reduce_to_ball
from polyae.engines.outward.rows import dual_norm, near_rows, near_workspace
from polyae.networks.network import Network
from polyae.predicates.compilation import clock
from polyae.predicates.compiled import build_rows, workspace

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

__all__ = ["Found", "Keep", "Limits", "Outcome", "Progress", "Round", "first_distance"]

#: Called with the number of regions found and the distance up to which they are all.
Progress = Callable[[int, float], None]

#: Seconds between two looks at clock, keyboard and progress bar, and the regions before the first,
#: at most between two.
PAUSE_SECONDS, FIRST_STEPS, MOST_STEPS = 0.1, 64, 1 << 30
#: Seconds between two times that what is found is handed out to be kept.
KEEP_SECONDS = 60.0
#: Patterns unpacked at a time.
BLOCK = 1 << 14
#: The first horizon takes in about so many hyperplanes.
FIRST_HYPERPLANES = 8


class Outcome(Enum):
    """How outward marching ended; the value is the whole message."""

    REACHED = "complete: every region nearer than the radius was found"
    MAX_REGIONS = "partial: stopped at max_regions; exact up to exact_radius, lower bounds beyond"
    MAX_SECONDS = "partial: stopped at its time limit; exact up to exact_radius, lower bounds beyond"
    INTERRUPTED = "partial: interrupted; exact up to exact_radius, lower bounds beyond"


@dataclass(frozen=True)
class Found:
    """Regions found, in order.

    Attributes
    ----------
    packed : array of uint8, shape (n, ceil(units / 8))
        Patterns, as NumPy packs bits.
    low, high : arrays, shape (n,)
        Certified bounds of the regions' distances; the lower ones ascend.
    radius : float
        All regions nearer than this are among them.
    """

    packed: NDArray[np.uint8]
    low: Float
    high: Float
    radius: float


#: Given what is found so far, now and then.
Keep = Callable[[Found], None]


@dataclass
class Limits:
    """When to stop: number of regions, and reading of the clock; and whom to tell what.

    Attributes
    ----------
    known, reached : int, float
        Regions and radius at the start.  Time does not end a search that has no more of either.
    kept : float
        When `keep` was called last.
    """

    regions: int
    ends: float
    progress: Progress | None
    keep: Keep | None
    known: int
    reached: float
    kept: float = field(default_factory=clock)


class Begun(Protocol):
    """What a round goes on with; see :class:`polyae.engines.outward.march.Outward`."""

    network: Network
    centre: Float
    p: float
    packed: NDArray[np.uint8]
    low: Float
    high: Float
    radius: float

    def patterns(self, start: int, stop: int) -> Bool:
        """Patterns of some regions."""
        ...


class Round:
    """The search within a horizon, from the regions found so far.

    Parameters
    ----------
    begun : Outward
    horizon : float
    facets : ExactFacets
        For what float64 cannot prove.
    """

    def __init__(self, begun: Begun, horizon: float, facets: ExactFacets) -> None:
        self._begun, self._horizon, self._facets = begun, horizon, facets
        # A little wider, so that rows beyond the horizon are there to be told from those within.
        self._reduced = reduce_to_ball(begun.network, begun.centre, horizon * (1 + 2 * kernel.MARGIN), begun.p)
        network = self._reduced.network
        self._frame = frame_around(network, begun.centre, begun.p)
        self._units = network.num_units
        rows, width = max(1, self._units), max(1, (self._units + 63) // 64)
        self._counters: Counters = np.zeros(5, dtype=np.int64)
        self._search = Search(
            new_frontier(self._units, 0), np.empty(0), np.empty(0), new_heap(), np.zeros((16, width), np.uint64),
            flip_masks(network), workspace(self._frame.flat, self._units), near_workspace(self._frame, rows),
            facet_scratch(rows, self._frame.dim), np.empty(self._units, dtype=np.uint8),
            np.empty(width, dtype=np.uint64),
        )  # fmt: skip
        self._state, self._progress = np.array([begun.radius]), np.zeros(2, dtype=np.int64)
        self._exact_count = 0
        self._enter_begun()

    def _enter_begun(self) -> None:
        begun, count = self._begun, len(self._begun.low)
        self._make_room(count + 1)
        for start in range(0, count, BLOCK):
            for words in to_words(self._reduced.shorten(begun.patterns(start, min(start + BLOCK, count)))):
                find_or_add(self._search.frontier, self._counters, words, count)
        self._search.low[:count], self._search.high[:count] = begun.low, begun.high
        if len(self._facets):
            for region in range(count):
                pattern = begun.patterns(region, region + 1)[0]
                if self._facets.known(pattern) is not None:
                    self._expand_exactly(region, pattern)

    def run(self, limits: Limits) -> Outcome:
        """Find all regions within the horizon, unless a limit is met first."""
        steps = FIRST_STEPS
        while True:
            began = clock()
            code = advance(
                self._frame, self._search, self._counters, self._state, self._progress, self._horizon, limits.regions,
                steps,
            )  # fmt: skip
            if limits.progress is not None:
                limits.progress(int(self._counters[REGIONS]), float(self._state[0]))
            if code == kernel.DONE:
                return Outcome.REACHED
            if code == kernel.FULL:
                return Outcome.MAX_REGIONS
            if code == kernel.NEEDS_EXACT:
                region = (int(self._search.heap.items[0]) >> 24) & 0xFFFFFFFFF
                self._expand_exactly(region, self._patterns(region, region + 1)[0])
            if code == kernel.NEEDS_ROOM:
                self._make_room(int(self._counters[REGIONS]) + 1)
            now = clock()
            if limits.keep is not None and now - limits.kept > KEEP_SECONDS:
                limits.keep(self.collect())
                limits.kept = now
            farther = self._counters[REGIONS] > limits.known or self._state[0] > limits.reached
            if now > limits.ends and farther:
                return Outcome.MAX_SECONDS
            steps = min(2 * steps, MOST_STEPS) if now - began < PAUSE_SECONDS else max(1, steps // 2)

    def collect(self) -> Found:
        """All regions found, those of earlier rounds first."""
        old, count = len(self._begun.low), int(self._counters[REGIONS])
        new = [np.packbits(self._patterns(i, min(i + BLOCK, count)), axis=1) for i in range(old, count, BLOCK)]
        packed = np.concatenate([self._begun.packed, *new])
        low, high = self._search.low[:count].copy(), self._search.high[:count].copy()
        return Found(packed, low, high, float(self._state[0]))

    def _patterns(self, start: int, stop: int) -> Bool:
        return self._reduced.complete(to_bits(self._search.frontier.words[start:stop], self._units))

    def _make_room(self, regions: int) -> None:
        search = self._search
        frontier = grown(search.frontier, self._counters, max(1, regions - int(self._counters[REGIONS])), 0)
        low, high = search.low, search.high
        if regions > len(low):
            wanted = max(regions, 2 * len(low), 256)
            low, high = np.resize(low, wanted), np.resize(high, wanted)
        heap = stretched(search.heap, int(search.heap.size[0]) + self._units + 2)
        self._search = search._replace(frontier=frontier, low=low, high=high, heap=heap)

    def _expand_exactly(self, region: int, pattern: Bool) -> None:
        """Push all facets of a region, found in rational arithmetic."""
        for facet in self._facets.facets(pattern):
            if facet.low < self._horizon:
                self._make_room(int(self._counters[REGIONS]) + 1)
                push(self._search.heap, facet.low, facet.high, item_of(EXACT, self._keep(facet.beyond), 0))
        self._search.frontier.expanded[region] = 1

    def _keep(self, pattern: Bool) -> int:
        number, words = self._exact_count, self._search.exact_words
        if number == len(words):
            words = np.concatenate([words, np.zeros_like(words)])
            self._search = self._search._replace(exact_words=words)
        words[number] = to_words(self._reduced.shorten(pattern[None, :]))[0]
        self._exact_count += 1
        return number


def first_distance(network: Network, centre: Float, p: float, pattern: Bool) -> float:
    """Distance that takes in the hyperplanes of a few units, as they are on the region at the centre."""
    frame = frame_around(network, centre, p)
    rows = max(1, network.num_units)
    cell, near = workspace(frame.flat, network.num_units), near_workspace(frame, rows)
    m = build_rows(frame.flat, pattern.astype(np.uint8), cell)
    count = near_rows(frame, cell, m, math.inf, near) if m > 0 else 0
    sizes = np.array([dual_norm(near.normals[j], frame.norm) for j in range(count)])
    away = np.abs(near.heights[:count])[sizes > 0] / sizes[sizes > 0]
    away = np.sort(away[np.isfinite(away) & (away > 0)])
    return float(away[min(FIRST_HYPERPLANES, len(away)) - 1]) if len(away) else 1.0
