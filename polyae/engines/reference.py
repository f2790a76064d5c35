"""The plain marching engine: from a first region across facets to all others, an LP at a time.

All regions of a convex domain are reached by crossing facets that meet its interior, because an open
convex set stays connected when the faces of codimension two are taken out.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from polyae.engines.enumeration import Budget, Enumeration, Progress, Status
from polyae.lp.crossing import Crossing, crossing
from polyae.lp.facets import Facet, Known, Witness, find_facets
from polyae.lp.local import least_pattern
from polyae.lp.program import CellProgram
from polyae.lp.solvers import solver_class
from polyae.lp.witness import find_witness, holds, settle_in_floats
from polyae.predicates.affine import forward
from polyae.predicates.cell import Arrangement, Cell
from polyae.predicates.compilation import clock
from polyae.predicates.crossing import pattern_across
from polyae.predicates.flat import twins
from polyae.predicates.rational import HomogeneousPoint, homogeneous, rounded

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

__all__ = ["ReferenceMarch", "cross_facets", "outward_direction", "start_region"]

#: How far from a point at which a unit vanishes others are tried, as a share of its size or of 1.
NEARBY = 10.0 ** -np.arange(3.0, 13.0)
#: Seconds between two calls of the progress function.
PROGRESS_INTERVAL = 0.1


def start_region(arrangement: Arrangement, point: HomogeneousPoint | None = None) -> tuple[Bool, Witness]:
    """Region at a point, by default at or beside the domain's interior point, and a witness of it."""
    if point is None:
        point = homogeneous(arrangement.domain.interior_point())
        if (found := _region_beside(arrangement, rounded(point))) is not None:
            return found
    pattern, inside = least_pattern(arrangement, point)
    return pattern, settle_in_floats(arrangement.cell(pattern), inside)


def _region_beside(arrangement: Arrangement, centre: Float) -> tuple[Bool, Witness] | None:
    """Region of a point or of one near it, where no unit vanishes; None if float64 does not prove one.

    At the point itself all units may vanish, as at the origin of a network without biases, and to choose sides there
    takes as many exact linear programs.
    """
    varying = twins(arrangement.network) >= 0
    shifts = np.random.default_rng(0).uniform(-1, 1, size=(len(NEARBY), len(centre))) * NEARBY[:, None]
    for point in (centre, *(centre + max(1.0, float(np.abs(centre).max())) * shifts)):
        values, bounds = forward(arrangement.network, point[None, :])
        if (np.abs(values) > bounds)[0, varying].all():
            pattern = (values[0] > 0) & varying
            if holds(arrangement.cell(pattern), point):
                return pattern, Witness(point)
    return None


def outward_direction(cell: Cell, facet: Facet) -> Float:
    """Float64 direction in which the facet's row certainly falls."""
    row = int(facet.rows[0])
    normal, error = cell.rows.values[row, :-1], cell.rows.errors[row, :-1]
    if not normal @ normal > 2 * (np.abs(normal) @ error):
        normal = rounded([*cell.integers(row)[:-1], max(abs(x) for x in cell.integers(row)[:-1])])
    return -normal / np.linalg.norm(normal)


@dataclass(frozen=True)
class Step:
    """A facet inside the domain, and what lies beyond it."""

    facet: Facet
    crossing: Crossing
    outward: Float
    pattern: Bool


def cross_facets(
    cell: Cell, witness: Witness, program_class: type[CellProgram], known: Known | None = None
) -> tuple[list[Step], Witness]:
    """All facets of a cell that meet the domain's interior, with the pattern beyond each."""
    facets, witness = find_facets(cell, witness, program_class, known)
    steps = []
    for facet in facets:
        if facet.boundary:
            continue
        place = crossing(cell, facet, witness)
        if place is not None:
            outward = outward_direction(cell, facet)
            steps.append(Step(facet, place, outward, pattern_across(cell, facet.units, outward)))
    return steps, witness


@dataclass
class _Frontier:
    """Regions found so far, those still to be expanded, and the edges between them."""

    units: int
    index: dict[bytes, int] = field(default_factory=dict)
    witnesses: list[Witness] = field(default_factory=list)
    expanded: list[bool] = field(default_factory=list)
    edges: dict[tuple[int, int], int] = field(default_factory=dict)
    queue: deque[int] = field(default_factory=deque)

    def add(self, key: bytes, witness: Witness) -> int:
        number = self.index[key] = len(self.witnesses)
        self.witnesses.append(witness)
        self.expanded.append(False)
        self.queue.append(number)
        return number

    @classmethod
    def resume(cls, units: int, partial: Enumeration) -> _Frontier:
        self = cls(units)
        for i, row in enumerate(partial.packed):
            self.add(row.tobytes(), Witness(partial.witnesses[i], partial.exact_witnesses.get(i)))
        self.expanded = partial.expanded.tolist()
        self.queue = deque(np.flatnonzero(~partial.expanded).tolist())
        pairs = map(tuple, partial.edges.tolist())
        self.edges = dict(zip(pairs, partial.edge_units.tolist(), strict=True))
        return self

    def packed(self) -> NDArray[np.uint8]:
        width = (self.units + 7) // 8
        return np.frombuffer(b"".join(self.index), dtype=np.uint8).reshape(len(self.index), width).copy()


class ReferenceMarch:
    """Marching by linear programs, one region at a time: slow and plain, what the others are tested against.

    Parameters
    ----------
    solver : {"highs", "scipy", "cvxpy"}
        Solver of the float64 proposals.
    """

    name = "reference"

    def __init__(self, solver: str = "highs") -> None:
        self.program_class = solver_class(solver)

    def run(
        self,
        arrangement: Arrangement,
        budget: Budget,
        progress: Progress | None = None,
        resume: Enumeration | None = None,
    ) -> Enumeration:
        """Enumerate, or continue a partial enumeration; see :class:`polyae.engines.enumeration.Engine`."""
        began = clock()
        units = arrangement.network.num_units
        if resume is None:
            frontier = _Frontier(units)
            for point in [None] if budget.starts is None else map(homogeneous, budget.starts.tolist()):
                pattern, witness = start_region(arrangement, point)
                if (key := np.packbits(pattern).tobytes()) not in frontier.index:
                    frontier.add(key, witness)
        else:
            frontier = _Frontier.resume(units, resume)
        try:
            status = self._march(arrangement, frontier, budget, progress, began)
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        return _collect(arrangement, frontier, status, clock() - began)

    def _march(
        self, arrangement: Arrangement, frontier: _Frontier, budget: Budget, progress: Progress | None, began: float
    ) -> Status:
        patience = began + PROGRESS_INTERVAL
        patterns = list(frontier.index)
        full = False
        while frontier.queue:
            number = frontier.queue[0]
            steps = self._expand(arrangement, frontier, patterns, number)
            complete = sum(self._enter(arrangement, frontier, patterns, number, s, budget) for s in steps) == len(steps)
            frontier.queue.popleft()
            frontier.expanded[number] = complete
            full |= not complete
            now = clock()
            if progress is not None and now > patience:
                progress(len(patterns), len(frontier.queue))
                patience = now + PROGRESS_INTERVAL
            if budget.max_seconds is not None and now - began > budget.max_seconds and frontier.queue:
                return Status.MAX_SECONDS
        return Status.MAX_REGIONS if full else Status.COMPLETE

    def _expand(self, arrangement: Arrangement, frontier: _Frontier, patterns: list[bytes], number: int) -> list[Step]:
        bits = np.unpackbits(np.frombuffer(patterns[number], dtype=np.uint8), count=frontier.units).astype(bool)
        steps, witness = cross_facets(arrangement.cell(bits), frontier.witnesses[number], self.program_class)
        frontier.witnesses[number] = witness
        return steps

    def _enter(
        self,
        arrangement: Arrangement,
        frontier: _Frontier,
        patterns: list[bytes],
        number: int,
        step: Step,
        budget: Budget,
    ) -> bool:
        """Record the edge, and the region beyond if it is new; False if there is no room for it."""
        key = np.packbits(step.pattern).tobytes()
        other = frontier.index.get(key)
        if other is None:
            if budget.max_regions is not None and len(patterns) >= budget.max_regions:
                return False
            cell = arrangement.cell(step.pattern)
            other = frontier.add(key, find_witness(cell, step.crossing, step.outward, self.program_class))
            patterns.append(key)
        frontier.edges.setdefault((min(number, other), max(number, other)), int(step.facet.units[0]))
        return True


def _collect(arrangement: Arrangement, frontier: _Frontier, status: Status, seconds: float) -> Enumeration:
    exact = {i: w.exact for i, w in enumerate(frontier.witnesses) if w.exact is not None}
    return Enumeration(
        packed=frontier.packed(),
        witnesses=np.array([w.point for w in frontier.witnesses]).reshape(-1, arrangement.network.input_dim),
        exact_witnesses=exact,
        edges=np.array(list(frontier.edges), dtype=np.int32).reshape(-1, 2),
        edge_units=np.array(list(frontier.edges.values()), dtype=np.int32),
        expanded=np.array(frontier.expanded, dtype=bool),
        status=status,
        engine=ReferenceMarch.name,
        seconds=seconds,
        decisions=arrangement.kernel.counts,
    )
