"""Subdivision in special position: all faces of a bounded polytope, split unit after unit.

Any number of units may meet in a vertex or share a hyperplane; all that is decided is the sign of a unit at a vertex.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.enumeration import Enumeration, Status
from polyae.engines.skeleton import Skeleton, check_euler
from polyae.engines.subdivide.ancestry import Ancestry
from polyae.engines.subdivide.face_regions import inherit, pair_up, put_centres
from polyae.engines.subdivide.lattice import FACES, NEXT, STAGE, VERTICES, Words, grown, new_lattice, with_words
from polyae.engines.subdivide.layers import LayerPlan, layer_plans, next_values
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.engines.subdivide.split import DONE, NEEDS_ROOM, enter_layer, lift_signs, split_by_units
from polyae.engines.subdivide.twin_units import twin_units
from polyae.engines.subdivide.witnesses import settle_witnesses
from polyae.engines.subdivide.words import unpacked
from polyae.predicates.cell import Arrangement

__all__ = ["FaceSubdivision"]

Bool = NDArray[np.bool_]
Int = NDArray[np.int64]
Packed = NDArray[np.uint8]


class FaceSubdivision:
    """The subdivided domain, made by inserting all units.

    Parameters
    ----------
    arrangement : Arrangement
    faces : PolytopeFaces
        Of its domain.

    Raises
    ------
    OutOfRange
        If values are too large for the error analysis.
    """

    def __init__(self, arrangement: Arrangement, faces: PolytopeFaces) -> None:
        self.arrangement, self.twins = arrangement, twin_units(arrangement.network)
        self.ancestry = Ancestry(arrangement.rational, faces.vertices)
        self.lattice, self.counters = new_lattice(faces)
        self.h = self.lattice.coordinates.shape[1]
        self.cells = self._cells()
        #: On and off of all units of the layers so far, packed by layer, for the cells of their end.
        self.on: list[Packed] = []
        self.off: list[Packed] = []
        self.zeros: list[tuple[Int, Words]] = []
        before: LayerPlan | None = None
        for number, plan in enumerate(layer_plans(arrangement.network)):
            self.lattice = with_words(next_values(self.lattice, self.count, plan, before), len(plan.units))
            self._insert(number, plan)
            self._record(number, plan)
            before = plan
        self.lattice = self.lattice._replace(values=np.empty((0, 0)))  # not needed any more

    @property
    def count(self) -> int:
        """Number of vertices."""
        return int(self.counters[VERTICES])

    def _cells(self) -> Int:
        return np.flatnonzero(self.lattice.dim[: self.counters[FACES]] == self.h)

    def _insert(self, number: int, plan: LayerPlan) -> None:
        if enter_layer(self.lattice, 0, self.count, plan.rows):
            self._repair(0, number, plan)
        self.arrangement.kernel.counts.filtered += self.count * len(plan.rows)
        lift_signs(self.lattice, self.counters)
        self.counters[NEXT] = self.counters[STAGE] = 0
        while True:
            known = self.count
            stop = split_by_units(self.lattice, self.counters, plan.units, plan.rows)
            if stop == DONE:
                return
            if stop == NEEDS_ROOM:
                self.lattice = grown(self.lattice, self.counters)
            else:
                self._repair(known, number, plan)

    def _repair(self, first: int, number: int, plan: LayerPlan) -> None:
        doubtful = first + np.flatnonzero(~self.lattice.proved[first : self.count])
        for v in doubtful.tolist():
            self.ancestry.repair(self.lattice, v, number, plan)
        self.arrangement.kernel.counts.exact += len(doubtful) * len(plan.rows)

    def _record(self, number: int, plan: LayerPlan) -> None:
        """Keep the signs of a finished layer: on the cells, and which units vanish at vertices."""
        lattice, cells = self.lattice, self._cells()
        start = int(self.arrangement.network.unit_offsets[number])
        columns = plan.units - start
        on, off = np.zeros((2, len(cells), len(plan.layer.units)), dtype=bool)
        on[:, columns] = unpacked(lattice.positive[cells], len(columns))
        off[:, columns] = unpacked(lattice.negative[cells], len(columns))
        whole = np.zeros(int(self.counters[FACES]), dtype=np.int64)
        whole[self.cells] = np.arange(len(self.cells))
        held = whole[lattice.origin[cells]]
        for kept, bits in zip((self.on, self.off), self.twins.spread(on, off, start), strict=True):
            kept[:] = [packed[held] for packed in kept]
            kept.append(np.packbits(bits, axis=1))
        lattice.origin[cells] = cells
        self.cells = cells
        self.zeros.append((plan.units, ~(lattice.above[: self.count] | lattice.below[: self.count])))

    def enumeration(self) -> Enumeration:
        """Regions, witnesses and adjacency.

        Raises
        ------
        SolverError
            If the numbers of faces violate Euler's relation, which no input should bring about.
        """
        check_euler(self.f_vector)
        number = np.full(int(self.counters[FACES]), -1, dtype=np.int32)
        number[self.cells] = np.arange(len(self.cells))
        facets = pair_up(self.lattice, self.counters, number)
        centres = np.empty((int(self.counters[FACES]), self.h))
        put_centres(self.lattice, self.counters, centres)
        witnesses = centres[self.cells]
        on, off = (self._patterns(parts) for parts in (self.on, self.off))
        exact = settle_witnesses(self.arrangement, on, off, witnesses, np.arange(len(self.cells)))
        return Enumeration(
            packed=on,
            witnesses=witnesses,
            exact_witnesses=exact,
            edges=facets[:, :2].copy(),
            edge_units=facets[:, 2].copy(),
            expanded=np.ones(len(self.cells), dtype=bool),
            status=Status.COMPLETE,
            engine="subdivide",
            seconds=0.0,
            decisions=self.arrangement.kernel.counts,
            f_vector=self.f_vector,
        )

    @property
    def f_vector(self) -> tuple[int, ...]:
        """Numbers of faces by dimension."""
        by_dimension = np.bincount(self.lattice.dim[: self.counters[FACES]], minlength=self.h + 1)
        return (self.count, *by_dimension[1:].tolist())

    def _patterns(self, parts: list[Packed]) -> Packed:
        """Patterns of all units, packed, from those of the layers."""
        sizes = np.diff(self.arrangement.network.unit_offsets)
        if not (sizes[:-1] % 8).any() and len(parts) == np.flatnonzero(sizes).max(initial=-1) + 1:
            return np.hstack(parts)
        whole = np.zeros((len(self.cells), int(sizes.sum())), dtype=bool)
        for packed, start, size in zip(parts, self.arrangement.network.unit_offsets, sizes, strict=False):
            whole[:, start : start + size] = np.unpackbits(packed, axis=1, count=size)
        return np.packbits(whole, axis=1)

    def skeleton(self) -> Skeleton:
        """Vertices and edges, with the units that vanish there."""
        vertex, unit = [], []
        for units, words in self.zeros:
            zero = np.zeros((self.count, words.shape[1]), dtype=np.uint64)
            zero[: len(words)] = words
            inherit(zero, self.lattice.parents, len(words), self.count)
            at, bit = np.nonzero(unpacked(zero, len(units)))
            vertex.append(at)
            unit.append(units[bit])
        edges = np.flatnonzero(self.lattice.dim[: self.counters[FACES]] == 1)
        ends = self.lattice.items[self.lattice.start[edges][:, None] + np.arange(2)]
        nothing = np.zeros(0, dtype=np.int64)
        vertices, units = np.concatenate([nothing, *vertex]), np.concatenate([nothing, *unit])
        start, units = self.twins.by_vertex(vertices, units, self.count)
        coordinates = self.lattice.coordinates[: self.count].copy()
        return Skeleton(coordinates, ends, start, units, self.f_vector)
