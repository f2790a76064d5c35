"""Outward marching: all regions in order of their exact distance from a centre.

The nearest facet that leads out of the regions found so far is crossed next, as in Prim's algorithm.  Then every
region is entered through a facet *whose distance is the region's own*, and in order of distance:

A facet is part of its region, so no nearer.  Conversely let ω be a region at distance d, x a point inside it
near its nearest point and c' a generic point inside the start region near the centre.  On the segment from c'
to x the norm is at most d + ε, by convexity, and it passes from region to region through the relative interiors
of facets.  Facets are finitely many, so for small ε all of these are at distance at most d.  Hence as long as ω
is not found, some candidate is at distance at most d, and ω is found before any candidate beyond d is taken.
Nothing here needs general position: the nearest point may lie in a face of any dimension, several regions may
be equally far, and the centre may lie on a hyperplane or a vertex, when several regions are at distance 0.

Distances are enclosed in float64.  The heap is ordered by lower bounds; since every facet nearer than t has a
lower bound below t, all regions nearer than the least lower bound left in the heap are found.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from polyae.domains import Space
from polyae.engines.frontier import REGIONS, Counters, find_or_add, flip_masks, grown, new_frontier, to_bits, to_words
from polyae.engines.outward import kernel
from polyae.engines.outward.facet import facet_scratch
from polyae.engines.outward.frame import frame_around
from polyae.engines.outward.heap import new_heap, push, stretched
from polyae.engines.outward.kernel import DOUBT, EXACT, Search, advance, item_of
from polyae.engines.outward.rows import dual_norm, near_rows, near_workspace
from polyae.engines.reference import cross_facets
from polyae.lp.distance import distance_bounds, exact_distance_power
from polyae.lp.highs_solver import HighsProgram
from polyae.lp.local import least_pattern
from polyae.lp.witness import interior_point
from polyae.networks.network import Network
from polyae.predicates.cell import Arrangement
from polyae.predicates.compiled import build_rows, workspace
from polyae.predicates.rational import homogeneous

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Words = NDArray[np.uint64]

__all__ = ["Found", "Outcome", "Outward"]

#: Called with the number of regions found and the distance up to which they are all.
Progress = Callable[[int, float], None]

PAUSE_SECONDS = 0.1
NO_LIMIT = np.iinfo(np.int32).max - 1
#: Regions aimed at with every widening of the horizon, as a multiple of those found; every widening looks at
#: the facets of all regions anew.
WIDENING = 4.0
#: Least and largest factor of a widening.
NARROW, WIDE = 1.03, 2.0
#: The first horizon takes in about so many hyperplanes.
FIRST_HYPERPLANES = 8


class Outcome(Enum):
    """How outward marching ended; the value is the whole message."""

    REACHED = "complete: every region nearer than the radius was found"
    MAX_REGIONS = "partial: stopped at max_regions; exact up to exact_radius, lower bounds beyond"
    MAX_SECONDS = "partial: stopped at its time limit; exact up to exact_radius, lower bounds beyond"
    INTERRUPTED = "partial: interrupted from the keyboard; exact up to exact_radius, lower bounds beyond"


@dataclass(frozen=True)
class Found:
    """Regions found, in order.

    Attributes
    ----------
    words : array of uint64, shape (n, w)
        Patterns, as :func:`polyae.engines.frontier.to_words` packs them.
    low, high : arrays, shape (n,)
        Certified bounds of the regions' distances; the lower ones ascend.
    radius : float
        All regions nearer than this are among them.
    """

    words: Words
    low: Float
    high: Float
    radius: float


class Outward:
    """The search around one centre, which can go on where it stopped.

    Parameters
    ----------
    network : Network
    centre : array, shape (h,)
    p : {1, 2, inf}
    found : Found, optional
        Of an earlier search around the same centre, to go on with.
    """

    def __init__(self, network: Network, centre: Float, p: float, found: Found | None = None) -> None:
        self.network, self.centre, self.p = network, centre, float(p)
        self.arrangement = Arrangement(network, Space(network.input_dim))
        self.frame = frame_around(network, centre, self.p)
        units = network.num_units
        self.counters: Counters = np.zeros(5, dtype=np.int64)
        cell = workspace(self.frame.flat, units)
        rows = max(1, len(cell.source))
        self._search = Search(
            new_frontier(units, 0), np.empty(1024), np.empty(1024), new_heap(), np.zeros((16, self._width), np.uint64),
            flip_masks(network), cell, near_workspace(self.frame, rows), facet_scratch(rows, self.frame.dim),
            np.empty(units, dtype=np.uint8), np.empty(self._width, dtype=np.uint64),
        )  # fmt: skip
        self._state, self._progress = np.zeros(1), np.zeros(2, dtype=np.int64)
        self._exact_count, self._exact_items = 0, list[tuple[float, float, int]]()
        self._powers: dict[int, fmpq] = {}
        self._enter(found if found is not None else self._start())
        self.horizon = max(self._first_horizon(), self.radius)

    @property
    def _width(self) -> int:
        return max(1, (self.network.num_units + 63) // 64)

    def __len__(self) -> int:
        return int(self.counters[REGIONS])

    @property
    def radius(self) -> float:
        """Distance up to which all regions are found."""
        return float(self._state[0])

    @property
    def found(self) -> Found:
        """What has been found."""
        n, search = len(self), self._search
        return Found(search.frontier.words[:n].copy(), search.low[:n].copy(), search.high[:n].copy(), self.radius)

    @property
    def patterns(self) -> Bool:
        """Patterns of the regions found, (n, units)."""
        return to_bits(self._search.frontier.words[: len(self)], self.network.num_units)

    def _start(self) -> Found:
        signs = self.arrangement.unit_signs(self.centre[None, :])[0]
        pattern = signs > 0
        if (signs == 0).any():
            pattern, _ = least_pattern(self.arrangement, homogeneous(self.centre.tolist()))
        return Found(to_words(pattern[None, :]), np.zeros(1), np.zeros(1), 0.0)

    def _enter(self, found: Found) -> None:
        self._make_room(len(found.words))
        for i, words in enumerate(found.words):
            find_or_add(self._search.frontier, self.counters, words, NO_LIMIT)
            self._search.low[i], self._search.high[i] = found.low[i], found.high[i]
        self._state[0] = found.radius

    def _first_horizon(self) -> float:
        """Distance that takes in a few hyperplanes of the first region."""
        search = self._search
        search.bits[:] = to_bits(search.frontier.words[:1], self.network.num_units)[0]
        m = build_rows(self.frame.flat, search.bits, search.cell)
        count = near_rows(self.frame, search.cell, m, np.inf, search.near) if m > 0 else 0
        sizes = np.array([dual_norm(search.near.normals[j], self.p) for j in range(count)])
        away = np.abs(search.near.heights[:count])[sizes > 0] / sizes[sizes > 0]
        away = np.sort(away[np.isfinite(away) & (away > 0)])
        return float(away[min(FIRST_HYPERPLANES, len(away)) - 1]) if len(away) else 1.0

    # Marching

    def march(
        self,
        radius: float,
        *,
        max_regions: int | None = None,
        max_seconds: float | None = None,
        progress: Progress | None = None,
    ) -> Outcome:
        """Go on until all regions nearer than `radius` are found, or a limit is reached."""
        ends = math.inf if max_seconds is None else time.perf_counter() + max_seconds
        limit = NO_LIMIT if max_regions is None else max_regions
        try:
            while self.radius < radius:
                before, distance = len(self), self.horizon
                self.horizon = min(self.horizon, radius)
                outcome = self._round(limit, ends, progress)
                if outcome is not Outcome.REACHED:
                    return outcome
                self.horizon = self._widened(before, distance)
        except KeyboardInterrupt:
            return Outcome.INTERRUPTED
        return Outcome.REACHED

    def _widened(self, before: int, distance: float) -> float:
        """Horizon within which about `WIDENING` times as many regions are expected."""
        low = self._search.low[: len(self)]
        inner = int(np.searchsorted(low, 0.7 * self.horizon))
        factor = WIDE
        if len(low) > 64 and 0 < inner < len(low):
            factor = WIDENING ** (math.log(1 / 0.7) / math.log(len(low) / inner))
        return self.horizon * min(max(factor, NARROW), WIDE)

    def _round(self, limit: int, ends: float, progress: Progress | None) -> Outcome:
        """Find all regions within the horizon."""
        self._reset()
        steps = 64
        while True:
            began = time.perf_counter()
            code = advance(
                self.frame, self._search, self.counters, self._state, self._progress, self.horizon, limit, steps
            )
            if progress is not None:
                progress(len(self), self.radius)
            if code == kernel.DONE:
                return Outcome.REACHED
            if code == kernel.FULL:
                return Outcome.MAX_REGIONS
            if code == kernel.NEEDS_EXACT:
                self._expand_exactly((int(self._search.heap.items[0]) >> 24) & 0xFFFFFFFFF)
            if code == kernel.NEEDS_ROOM:
                self._make_room(len(self) + 1)
            now = time.perf_counter()
            if now > ends:
                return Outcome.MAX_SECONDS
            steps = 2 * steps if now - began < PAUSE_SECONDS else max(1, steps // 2)

    def _reset(self) -> None:
        """Look at all regions anew, but for those whose facets are known exactly."""
        self._search.heap.size[0] = 0
        self._progress[0] = 0
        for low, high, item in self._exact_items:
            self._push(low, high, item)

    def _push(self, low: float, high: float, item: int) -> None:
        heap = stretched(self._search.heap, int(self._search.heap.size[0]) + self.network.num_units + 2)
        self._search = self._search._replace(heap=heap)
        push(heap, low, high, item)

    def _make_room(self, regions: int) -> None:
        search = self._search
        frontier = grown(search.frontier, self.counters, max(1, regions), 0)
        low, high = search.low, search.high
        if regions > len(low):
            wanted = max(regions, 2 * len(low))
            low, high = np.resize(low, wanted), np.resize(high, wanted)
        heap = stretched(search.heap, int(search.heap.size[0]) + self.network.num_units + 2)
        self._search = search._replace(frontier=frontier, low=low, high=high, heap=heap)

    # In rational arithmetic

    def _expand_exactly(self, region: int) -> None:
        """All facets of a region and their distances, in rational arithmetic."""
        cell = self.arrangement.cell(self._pattern(region))
        steps, _ = cross_facets(cell, interior_point(cell), HighsProgram)
        rows = [cell.integers(i) for i in range(len(cell.source))]
        for step in steps:
            power = exact_distance_power(rows, step.crossing.exact(), self.centre, self.p, int(step.facet.rows[0]))
            low, high = distance_bounds(power, self.p)
            item = item_of(EXACT, self._keep(step.pattern), 0)
            self._exact_items.append((low, high, int(item)))
            self._push(low, high, item)
        self._search.frontier.expanded[region] = 1

    def _keep(self, pattern: Bool) -> int:
        number, words = self._exact_count, self._search.exact_words
        if number == len(words):
            words = np.concatenate([words, np.zeros_like(words)])
            self._search = self._search._replace(exact_words=words)
        words[number] = to_words(pattern[None, :])[0]
        self._exact_count += 1
        return number

    def _pattern(self, region: int) -> Bool:
        return to_bits(self._search.frontier.words[region : region + 1], self.network.num_units)[0]

    def exact_power(self, region: int) -> fmpq:
        """Exact distance of a region, squared for p = 2."""
        if region not in self._powers:
            cell = self.arrangement.cell(self._pattern(region))
            rows = [cell.integers(i) for i in range(len(cell.source))]
            self._powers[region] = exact_distance_power(rows, interior_point(cell).homogeneous, self.centre, self.p)
        return self._powers[region]
