"""A polygon subdivided: units inserted layer by layer into a half-edge mesh."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyae.engines.enumeration import Enumeration, Status
from polyae.engines.skeleton import Skeleton, check_euler
from polyae.engines.subdivide.exact import ExactVertices
from polyae.engines.subdivide.gather import patterns
from polyae.engines.subdivide.layers import LayerPlan, layer_plans, next_values
from polyae.engines.subdivide.planar.cut import BROKEN, DONE, cut_regions
from polyae.engines.subdivide.planar.layer import PlanarLayer, enter_signs, enter_signs_at, planar_layer
from polyae.engines.subdivide.planar.mesh import (
    BLOCKED,
    HALF_EDGES,
    PROVED,
    REGIONS,
    VERTICES,
    WAITING,
    PlanarMesh,
    grown,
    name_sides,
)
from polyae.engines.subdivide.planar.read import count_edges, read_edges, read_facets, read_witnesses
from polyae.engines.subdivide.planar.start import start_mesh
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.engines.subdivide.positions import COARSE, Positions
from polyae.engines.subdivide.special import SpecialPosition
from polyae.engines.subdivide.twin_units import TwinUnits
from polyae.engines.subdivide.witnesses import settle_witnesses
from polyae.errors import SolverError
from polyae.predicates.cell import Arrangement

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
        self.arrangement, self.faces, self.twins = arrangement, faces, TwinUnits(arrangement.network)
        self.exact = ExactVertices(arrangement, faces, self.twins)
        self.positions = Positions(arrangement, faces, self.twins)
        self.mesh, self.counters = start_mesh(arrangement.network.num_units, faces)
        before: LayerPlan | None = None
        for number, plan in enumerate(layer_plans(arrangement.network)):
            if len(plan.units):
                self._insert(number, plan, before)
            else:
                self.mesh = next_values(self.mesh, self.count, plan, before)
            before = plan
        arrangement.kernel.counts.filtered += int(self.counters[PROVED])
        self.mesh = self.mesh._replace(values=np.empty((0, 0)))  # most of the memory, and not needed any more
        name_sides(self.mesh, self.counters)

    @property
    def count(self) -> int:
        """Number of vertices."""
        return int(self.counters[VERTICES])

    def _insert(self, number: int, plan: LayerPlan, before: LayerPlan | None) -> None:
        layer, counters = planar_layer(plan), self.counters
        width = 2 * len(layer.inserted)
        if self.mesh.signs.shape[1] != width:
            self.mesh = self.mesh._replace(signs=np.empty((len(self.mesh.error), width), dtype=np.uint64))

        def enter(mesh: PlanarMesh, first: int, last: int) -> None:
            enter_signs(mesh, first, last, layer)

        self.mesh = next_values(self.mesh, self.count, plan, before, enter)
        counters[PROVED] += self.count * len(layer.units)
        regions = int(counters[REGIONS])
        self.mesh.waiting[:regions, 0], counters[WAITING] = np.arange(regions - 1, -1, -1), regions
        self.mesh.waiting[:regions, 1] = 0
        while (stop := cut_regions(self.mesh, counters, layer)) != DONE or counters[BLOCKED]:
            if stop == BROKEN:
                raise SolverError("the subdivision is inconsistent: a unit cuts a region in other than two points")
            if stop == DONE:
                self._decide(number, layer)
            else:
                self.mesh = grown(self.mesh, counters)
        if number == 0:
            self.positions.refine_first_layer(self.mesh, np.arange(len(self.faces.vertices), self.count))
            self.mesh = next_values(self.mesh, self.count, plan, None)

    def _decide(self, number: int, layer: PlanarLayer) -> None:
        """Signs at all vertices where bounds leave some open; the regions there wait again."""
        mesh, counters = self.mesh, self.counters
        name_sides(mesh, counters)
        error, size = mesh.error[: self.count], mesh.size[: self.count]
        open_ = np.flatnonzero(~mesh.proved[: self.count])
        self.positions.refine(mesh, np.union1d(open_, np.flatnonzero(~(error < COARSE * size))), number, layer)
        enter_signs_at(mesh, open_, layer)
        open_ = open_[~mesh.proved[open_]]
        if len(open_):
            self._decide_exactly(number, layer, open_)
        blocked = int(counters[BLOCKED])
        mesh.waiting[:blocked, 0], mesh.waiting[:blocked, 1] = mesh.blocked[:blocked], 0
        counters[WAITING], counters[BLOCKED] = blocked, 0

    def _decide_exactly(self, number: int, layer: PlanarLayer, open_: Int) -> None:
        mesh = self.mesh
        vertex, unit = np.nonzero(~(np.abs(mesh.values[open_][:, layer.rows]) > mesh.error[open_, None]))
        vertex = open_[vertex]
        known = (mesh.own[vertex] == layer.units[unit, None]).any(axis=1)
        vertex, row = vertex[~known], layer.rows[unit[~known]]

        def exact(which: Sequence[int]) -> list[int]:
            values = {v: self.exact.repair(mesh, v, number) for v in set(vertex[which].tolist())}
            return [int(values[v][r] > 0) - int(values[v][r] < 0) for v, r in zip(vertex[which].tolist(), row[which].tolist(), strict=True)]

        signs = self.arrangement.kernel.signs(mesh.values[vertex, row], mesh.error[vertex], exact)
        if (signs == 0).any():
            raise SpecialPosition("a unit vanishes at a vertex of others, or a sign was assumed to be zero")
        enter_signs_at(mesh, open_, layer)
        mesh.proved[open_] = True  # values are rounded from exact ones now, and so have their signs

    def enumeration(self) -> Enumeration:
        """Regions, witnesses and adjacency."""
        mesh, counters = self.mesh, self.counters
        f_vector, facets = self._count_faces()
        count = f_vector[-1]
        witnesses, proved = np.empty((count, 2)), np.empty(count, dtype=np.bool_)
        edges, units = np.empty((facets, 2), dtype=np.int32), np.empty(facets, dtype=np.int32)
        read_witnesses(mesh, counters, witnesses, proved)
        read_facets(mesh, counters, edges, units)
        on, off = patterns(self.twins, mesh.words[:count])
        return Enumeration(
            packed=on,
            witnesses=witnesses,
            exact_witnesses=settle_witnesses(self.arrangement, on, off, witnesses, np.flatnonzero(~proved)),
            edges=edges,
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
        own, f_vector = self.mesh.own[: self.count], self._count_faces()[0]
        vertex, slot = np.nonzero(own >= 0)
        start, units = self.twins.by_vertex(vertex, own[vertex, slot].astype(np.int64), self.count)
        ends = np.empty((f_vector[1], 2), dtype=np.int32)
        read_edges(self.mesh, self.counters, ends)
        return Skeleton(self.mesh.coordinates[: self.count].copy(), ends, start, units, f_vector)

    def _count_faces(self) -> tuple[tuple[int, int, int], int]:
        """Numbers of vertices, edges and regions, and of facets between regions."""
        edges, facets = count_edges(self.mesh, self.counters)
        f_vector = self.count, edges, int(self.counters[REGIONS])
        check_euler(f_vector)
        return f_vector, facets
