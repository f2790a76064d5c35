"""Compiled marching: from facet to facet at microseconds a row.

Regions are expanded one after the other by :func:`polyae.lp.facet_search.decide_rows`; a region in
which the search cannot prove every verdict is expanded by the reference engine's exact code instead.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from polyae.engines.edge_order import unique_edges
from polyae.engines.enumeration import Budget, Enumeration, Progress, Status
from polyae.engines.frontier import (
    DOUBTFUL,
    EDGES,
    FILTERED,
    HEAD,
    REGIONS,
    Counters,
    add_packed,
    find_or_add,
    flip_masks,
    grown,
    new_frontier,
    packed_in_place,
    rehash,
    to_bits,
    to_words,
)
from polyae.engines.march_kernel import enter_batch, expand_batch, new_steps, next_batch, settle_waiting
from polyae.engines.memory import stretch
from polyae.engines.reference import Step, cross_facets, start_region
from polyae.engines.undecided import proved_so_far
from polyae.errors import SettingError
from polyae.lp.facet_search import search_workspace
from polyae.lp.facets import Witness
from polyae.lp.solvers import solver_class
from polyae.lp.witness import interior_point
from polyae.predicates.cell import Arrangement
from polyae.predicates.compilation import clock
from polyae.predicates.compiled import workspace
from polyae.predicates.flat import flatten
from polyae.predicates.rational import HomogeneousPoint, homogeneous

Float = NDArray[np.float64]
Words = NDArray[np.uint64]

__all__ = ["March"]

#: A batch holds so many coordinates of facets that it takes some hundredths of a second; its size does not depend
#: on the number of threads, so that neither does the result.
BATCH_NUMBERS = 1 << 16
SMALLEST_BATCH, LARGEST_BATCH = 8, 1024

#: Regions that are worth a thread of their own.
THREAD_SHARE = 8

NO_LIMIT = np.iinfo(np.int32).max


class March:
    """Compiled marching, in any dimension and on any domain.

    Parameters
    ----------
    solver : {"highs", "scipy", "cvxpy"}
        For regions that go to the exact code.
    workers : int
        Threads.  The result does not depend on them.
    """

    name = "march"

    def __init__(self, solver: str = "highs", workers: int = 1) -> None:
        self.program_class, self.workers = solver_class(solver), workers

    def run(
        self,
        arrangement: Arrangement,
        budget: Budget,
        progress: Progress | None = None,
        resume: Enumeration | None = None,
    ) -> Enumeration:
        """Enumerate, or continue a partial enumeration; see :class:`polyae.engines.enumeration.Engine`."""
        run = _Run(self, arrangement, budget, resume)
        try:
            with run.threads:
                status = run.march(progress)
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        except MemoryError:
            status = Status.OUT_OF_MEMORY
        return run.collect(status)


class _Run:
    """State of one enumeration."""

    def __init__(self, engine: March, arrangement: Arrangement, budget: Budget, resume: Enumeration | None) -> None:
        self.engine, self.arrangement, self.budget = engine, arrangement, budget
        self.units = arrangement.network.num_units
        self.limit = NO_LIMIT if budget.max_regions is None else budget.max_regions
        self.flat, self.masks = flatten(arrangement), flip_masks(arrangement.network)
        h, rows = arrangement.network.input_dim, self.units + len(self.flat.walls)
        self.spaces = [(workspace(self.flat, self.units), search_workspace(rows, h)) for _ in range(engine.workers)]
        self.cell = self.spaces[0][0]
        size = min(max(BATCH_NUMBERS // max(1, rows * h), SMALLEST_BATCH), LARGEST_BATCH)
        self.rows, self.todo, self.steps = rows, np.empty(size, dtype=np.int64), new_steps(size, rows, h)
        self.threads = ExitStack()
        self.pool = self.threads.enter_context(ThreadPoolExecutor(engine.workers)) if engine.workers > 1 else None
        self.counters: Counters = np.zeros(5, dtype=np.int64)
        self.exact: dict[int, HomogeneousPoint] = {}
        # Out of their turn, regions find edges that their neighbours have found already.
        self._repeats = resume is not None or budget.hops is not None
        self.frontier = new_frontier(self.units, arrangement.network.input_dim)
        self._compile()
        self.began = clock()
        self._resume(resume) if resume is not None else self._start()

    def _compile(self) -> None:
        """Call the compiled code on no regions, before the clock starts."""
        self._expand_batch(0)
        rehash(self.frontier.words, self.frontier.table, 0)
        settle_waiting(self.frontier, self.counters, self.flat, self.cell)

    def _start(self) -> None:
        points = [None] if self.budget.starts is None else [homogeneous(z) for z in self.budget.starts.tolist()]
        for point in points:
            self.frontier = grown(self.frontier, self.counters, self._room, self._room)
            pattern, witness = start_region(self.arrangement, point)
            if self._add(pattern, witness) < 0:
                raise SettingError(f"max_regions = {self.limit} is less than the number of regions at the start points")

    def _resume(self, partial: Enumeration) -> None:
        count, edges = len(partial.packed), len(partial.edges)
        self.frontier = grown(self.frontier, self.counters, count + self._room, edges + self._room)
        packed = partial.packed.view()
        packed.setflags(write=False)
        add_packed(self.frontier, self.counters, packed)
        self.frontier.points[:count], self.frontier.entry[:count] = partial.witnesses, -1
        self.frontier.expanded[:count] = partial.expanded
        self.frontier.edges[:edges], self.frontier.edge_units[:edges] = partial.edges, partial.edge_units
        self.counters[EDGES] = edges
        self.exact.update(partial.exact_witnesses)

    @property
    def _room(self) -> int:
        return len(self.cell.source)

    def _add(self, pattern: NDArray[np.bool_], witness: Witness) -> int:
        number, new = find_or_add(self.frontier, self.counters, to_words(pattern[None, :])[0], self.limit)
        if new and number >= 0:
            self._set_witness(number, witness)
        return number

    def _set_witness(self, number: int, witness: Witness) -> None:
        self.frontier.points[number], self.frontier.entry[number] = witness.point, -1
        if witness.exact is not None:
            self.exact[number] = witness.exact

    def march(self, progress: Progress | None) -> Status:
        """Expand until nothing is left or a limit is reached."""
        if self.budget.hops is None:
            return self._expand_below(NO_LIMIT, progress)
        for _ in range(self.budget.hops):
            status = self._expand_below(int(self.counters[REGIONS]), progress)
            if status is not Status.COMPLETE:
                return status
        # Edges among the outermost regions are found with the door shut.
        before, self.limit = self.limit, int(self.counters[REGIONS])
        status = self._expand_below(self.limit, progress)
        self.limit = before
        return Status.HOPS if status is Status.MAX_REGIONS else status

    def _expand_below(self, end: int, progress: Progress | None) -> Status:
        """Expand the regions found so far with numbers below `end`, and all others if there is no end."""
        complete = True
        while True:
            complete &= self._expand_batch(next_batch(self.frontier, self.counters, end, self.todo))
            complete &= self._expand_doubtful()
            if progress is not None:
                progress(int(self.counters[REGIONS]), int(self.counters[REGIONS] - self.counters[HEAD]))
            if self.counters[DOUBTFUL] == 0 and self.counters[HEAD] >= min(end, self.counters[REGIONS]):
                return Status.COMPLETE if complete else Status.MAX_REGIONS
            if self._out_of_time():
                return Status.MAX_SECONDS

    def _expand_batch(self, count: int) -> bool:
        """Expand the first regions in ``todo``; False if the limit kept a region out."""
        todo, steps = self.todo[:count], self.steps.part(slice(count))
        shares = max(1, min(len(self.spaces), count // THREAD_SHARE))
        parts = [slice(a, b) for a, b in pairwise(np.linspace(0, count, shares + 1).astype(int).tolist())]

        def expand(number: int) -> None:
            part = parts[number]
            place = part.start * self.rows
            expand_batch(self.frontier, todo[part], self.flat, *self.spaces[number], steps.part(part), place)

        if self.pool is None or shares == 1:
            expand(0)
        else:
            list(self.pool.map(expand, range(shares)))
        facets = int(steps.counts.sum())
        self.frontier = grown(self.frontier, self.counters, facets, facets)
        return bool(enter_batch(self.frontier, self.counters, todo, steps, self.masks, self.limit))

    def _out_of_time(self) -> bool:
        limit = self.budget.max_seconds
        return limit is not None and clock() - self.began > limit

    def _expand_doubtful(self) -> bool:
        """Expand the regions that the compiled search left open, exactly; False if the limit was met.

        At least one, however little time there is: who resumes again and again gets to the end.
        """
        complete = True
        while self.counters[DOUBTFUL] > 0:
            number = int(self.frontier.doubtful[self.counters[DOUBTFUL] - 1])
            complete &= self._expand(number)
            self.counters[DOUBTFUL] -= 1
            if self._out_of_time():
                break
        return complete

    def _pattern(self, number: int) -> NDArray[np.bool_]:
        return to_bits(self.frontier.words[number : number + 1], self.units)[0]

    def _witness(self, number: int) -> Witness:
        """Witness of a region, found now if only the facet that leads into it is known."""
        if self.frontier.entry[number] >= 0:
            self._set_witness(number, interior_point(self.arrangement.cell(self._pattern(number))))
        return Witness(self.frontier.points[number].copy(), self.exact.get(number))

    def _expand(self, number: int) -> bool:
        self._repeats = True
        cell = self.arrangement.cell(self._pattern(number))
        witness = self._witness(number)
        known = proved_so_far(self.flat, cell.pattern, witness.point, *self.spaces[0])
        steps, witness = cross_facets(cell, witness, self.engine.program_class, known)
        self._set_witness(number, witness)
        self.frontier = grown(self.frontier, self.counters, self._room, self._room)
        complete = sum(self._enter(number, step) for step in steps) == len(steps)
        self.frontier.expanded[number] = complete
        return complete

    def _enter(self, number: int, step: Step) -> bool:
        key = to_words(step.pattern[None, :])[0]
        other, new = find_or_add(self.frontier, self.counters, key, self.limit)
        if other < 0:
            return False
        unit = int(step.facet.units[0])
        if new:
            self.frontier.points[other], self.frontier.entry[other] = step.crossing.point, unit
        edge = int(self.counters[EDGES])
        self.frontier.edges[edge], self.frontier.edge_units[edge] = sorted((number, other)), unit
        self.counters[EDGES] = edge + 1
        return True

    def collect(self, status: Status) -> Enumeration:
        """Result in plain arrays; every region with a witness."""
        self.arrangement.kernel.counts.filtered += int(self.counters[FILTERED])
        count, edges = int(self.counters[REGIONS]), int(self.counters[EDGES])
        settle_waiting(self.frontier, self.counters, self.flat, self.cell)
        for number in np.flatnonzero(self.frontier.entry[:count] >= 0):
            self._witness(int(number))
        # What is returned stays where it is, and the rest is dropped, to keep the peak low.
        words, _, points, _, expanded, pairs, units, _ = self.frontier
        self.frontier = new_frontier(self.units, self.arrangement.network.input_dim, 1)
        # A region that the limit did not leave whole has its edges entered, and its neighbours enter them again.
        if self._repeats or count >= self.limit:
            edges = unique_edges(pairs[:edges], units[:edges], count)
        for array, length in ((pairs, edges), (units, edges), (points, count), (expanded, count)):
            stretch(array, length)
        return Enumeration(
            packed=packed_in_place(words, count, self.units),
            witnesses=points,
            exact_witnesses=self.exact,
            edges=pairs,
            edge_units=units,
            expanded=expanded.view(np.bool_),
            status=status,
            engine=March.name,
            seconds=clock() - self.began,
            decisions=self.arrangement.kernel.counts,
        )
