"""A polygon subdivided: units inserted layer by layer into a half-edge mesh."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from polyae.engines.enumeration import Enumeration, Status
from polyae.engines.memory import empty_rows
from polyae.engines.skeleton import Skeleton, check_euler
from polyae.engines.subdivide.exact import ExactVertices
from polyae.engines.subdivide.gather import patterns
from polyae.engines.subdivide.layers import LayerPlan, layer_plans, next_values
from polyae.engines.subdivide.planar.cut import BROKEN, DONE, cut_regions
from polyae.engines.subdivide.planar.first import NOT_FIRST, FirstLayer, first_layer, polygon
from polyae.engines.subdivide.planar.layer import PlanarLayer, enter_signs, enter_signs_at, planar_layers
from polyae.engines.subdivide.planar.mesh import (
    BLOCKED,
    FIELDS,
    FINISHED,
    LINKS,
    OPEN,
    PROVED,
    REGIONS,
    SMALL,
    VERTICES,
    WAITING,
    Index,
    grown,
    mark_corners,
    name_sides,
    release,
)
from polyae.engines.subdivide.planar.read import read_edges, read_regions
from polyae.engines.subdivide.planar.start import enter_first_layer, start_mesh
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.engines.subdivide.positions import COARSE, Positions
from polyae.engines.subdivide.special import OutOfRange, SpecialPosition
from polyae.engines.subdivide.start import LARGEST
from polyae.engines.subdivide.twin_units import twin_units
from polyae.engines.subdivide.witnesses import settle_witnesses
from polyae.errors import SolverError
from polyae.predicates.cell import Arrangement
from polyae.predicates.rational import sign

Int = NDArray[np.int64]

__all__ = ["PlanarSubdivision"]


class PlanarSubdivision:
    """The subdivided domain, made by inserting all units.

    Parameters
    ----------
    arrangement : Arrangement
        Of a network with two inputs.
    faces : PolytopeFaces
        Of its domain.

    Raises
    ------
    SpecialPosition
        If a unit vanishes at a vertex of others.
    OutOfRange
        If values are too large for the error analysis.
    """

    def __init__(self, arrangement: Arrangement, faces: PolytopeFaces) -> None:
        self.arrangement, self.faces, self.twins = arrangement, faces, twin_units(arrangement.network)
        self.exact = ExactVertices(arrangement, faces, self.twins)
        self.positions = Positions(arrangement, faces, self.twins)
        self.polygon = polygon(arrangement.domain)
        self.mesh, self.counters = start_mesh(arrangement.network.num_units, faces, self.polygon.around)
        layers, before = iter(planar_layers(arrangement.network)), None
        for number, plan in enumerate(layer_plans(arrangement.network)):
            self._evaluate(number, plan, before, next(layers) if len(plan.units) else None)
            before = plan
        arrangement.kernel.counts.filtered += int(self.counters[PROVED])
        if self.mesh.values.nbytes > SMALL:  # most of the memory, and not needed any more
            self.mesh = self.mesh._replace(values=np.empty((0, 0)))
        self.outside = name_sides(self.mesh, self._order)

    @property
    def count(self) -> int:
        """Number of vertices."""
        return int(self.counters[VERTICES])

    @property
    def _order(self) -> Index:
        """Regions in the order of their patterns."""
        return self.mesh.order[: self.counters[REGIONS]]

    def _evaluate(self, number: int, plan: LayerPlan, before: LayerPlan | None, layer: PlanarLayer | None) -> None:
        """Values of a layer at all vertices, and its units inserted if there are any."""
        if layer is None:
            self.mesh = next_values(self.mesh, self.count, plan, before)
            return
        counters, width = self.counters, 2 * len(layer.inserted)
        if self.mesh.signs.shape[1] != width:
            self.mesh = self.mesh._replace(signs=empty_rows(self.count, len(self.mesh.error), width, np.uint64))
        counters[OPEN] = 0
        if number == 0:
            if not np.abs(self.mesh.coordinates[: self.count]).max() * plan.row_sum + plan.offset < LARGEST:
                raise OutOfRange("values are out of the range of the error analysis")
            lines = first_layer(self.arrangement.network)
            if self.mesh.values.shape[1] != plan.layer.n_out:
                values = empty_rows(self.count, len(self.mesh.error), plan.layer.n_out, np.float64)
                self.mesh = self.mesh._replace(values=values)
            enter_first_layer(self.mesh, counters, self.count, layer, lines)
        else:
            lines = NOT_FIRST
            self.mesh = next_values(
                self.mesh, self.count, plan, before, lambda mesh, *part: enter_signs(mesh, counters, *part, layer)
            )
        self._insert(number, layer, lines)

    def _insert(self, number: int, layer: PlanarLayer, lines: FirstLayer) -> None:
        counters, regions, blocked = self.counters, int(self.counters[REGIONS]), False
        counters[PROVED] += self.count * len(layer.units) - counters[OPEN]
        self.mesh.waiting[:regions, 0], self.mesh.waiting[:regions, 1] = self._order[::-1], 0
        counters[WAITING], counters[FINISHED] = regions, 0
        while (stop := cut_regions(self.mesh, counters, layer, lines, self.polygon)) != DONE or counters[BLOCKED]:
            if stop == BROKEN:
                raise SolverError("the subdivision is inconsistent: a unit cuts a region in other than two points")
            if stop == DONE:
                blocked = True
                self._decide(number, layer)
            else:
                self.mesh = grown(self.mesh, counters)
        if blocked:
            self._order[:] = np.lexsort(self.mesh.words[: counters[REGIONS]].T[::-1])

    def _decide(self, number: int, layer: PlanarLayer) -> None:
        """Signs at the vertices of blocked regions where bounds leave some open; the regions wait again."""
        mesh, counters = self.mesh, self.counters
        blocked = mesh.blocked[: counters[BLOCKED]].copy()
        name_sides(mesh, np.arange(counters[REGIONS], dtype=np.int32))
        nearby = np.zeros(self.count, dtype=np.bool_)
        mark_corners(mesh, blocked, nearby)
        coarse = ~(mesh.error[: self.count] < COARSE * mesh.size[: self.count])
        open_ = ~mesh.proved[: self.count]
        # Vertices around with poor bounds would only make more of the same.
        self.positions.refine(mesh, np.flatnonzero(nearby & (open_ | coarse)), number, layer)
        doubtful = np.flatnonzero(open_)
        enter_signs_at(mesh, doubtful, layer)
        doubtful = doubtful[~mesh.proved[doubtful]]
        if len(doubtful):
            self._decide_exactly(number, layer, doubtful)
        mesh.waiting[: len(blocked), 0], mesh.waiting[: len(blocked), 1] = blocked, 0
        counters[WAITING], counters[BLOCKED], counters[OPEN] = len(blocked), 0, 0

    def _decide_exactly(self, number: int, layer: PlanarLayer, open_: Int) -> None:
        """Signs at vertices whose bounds leave some open even now, from the exact points."""
        mesh = self.mesh
        which, unit = np.nonzero(~(np.abs(mesh.values[open_][:, layer.rows]) > mesh.error[open_, None]))
        vanishing = (mesh.own[open_[which]] == layer.units[unit, None]).any(axis=1)
        vertex, row = open_[which[~vanishing]], layer.rows[unit[~vanishing]]

        def exact(some: Sequence[int]) -> list[int]:
            known: dict[int, list[fmpq]] = {}
            signs = []
            for v, r in zip(vertex[some].tolist(), row[some].tolist(), strict=True):
                if v not in known:
                    known[v] = self.exact.repair(mesh, v, number)
                signs.append(sign(known[v][r].p))
                if not signs[-1]:
                    raise SpecialPosition("a unit vanishes at a vertex of others")
            return signs

        signs = self.arrangement.kernel.signs(mesh.values[vertex, row], mesh.error[vertex], exact)
        if (signs == 0).any():
            raise SpecialPosition("a sign was assumed to be zero")
        enter_signs_at(mesh, open_, layer)
        mesh.proved[open_] = True  # values are rounded from exact ones now, and so have their signs

    def enumeration(self) -> Enumeration:
        """Regions, witnesses and adjacency, in canonical order."""
        f_vector, mesh, regions = self._f_vector(), self.mesh, self._order
        count, facets = len(regions), f_vector[1] - self.outside
        witnesses, proved = np.empty((count, 2)), np.empty(count, dtype=np.bool_)
        pairs, units = np.empty((facets, 2), dtype=np.int32), np.empty(facets, dtype=np.int32)
        read_regions(mesh, regions, witnesses, proved, pairs, units)
        on, off = patterns(self.twins, mesh.words[regions])
        return Enumeration(
            packed=on,
            witnesses=witnesses,
            exact_witnesses=settle_witnesses(self.arrangement, on, off, witnesses, np.flatnonzero(~proved)),
            edges=pairs,
            edge_units=units,
            expanded=np.ones(count, dtype=bool),
            status=Status.COMPLETE,
            engine="subdivide",
            seconds=0.0,
            decisions=self.arrangement.kernel.counts,
            f_vector=f_vector,
        )

    def skeleton(self) -> Skeleton:
        """Vertices and edges, with the units that vanish there."""
        own, f_vector = self.mesh.own[: self.count], self._f_vector()
        vertex, slot = np.nonzero(own >= 0)
        start, units = self.twins.by_vertex(vertex, own[vertex, slot].astype(np.int64), self.count)
        ends = np.empty((f_vector[1], 2), dtype=np.int32)
        read_edges(self.mesh, self.counters, ends)
        return Skeleton(self.mesh.coordinates[: self.count].copy(), ends, start, units, f_vector)

    def release(self) -> None:
        """Let the work space be used for another subdivision; this one is of no use any more."""
        release(self.mesh)

    def _f_vector(self) -> tuple[int, int, int]:
        """Numbers of vertices, edges and regions."""
        edges = (int(self.counters[LINKS]) // FIELDS + self.outside) // 2
        f_vector = self.count, edges, int(self.counters[REGIONS])
        check_euler(f_vector)
        return f_vector
