"""Subdivision in general position: vertices and edges are enough, and all other faces follow from them.

Units are inserted layer by layer into a mesh of vertices and edges (edge subdivision after Berzins, *Polyhedral
complex extraction from ReLU networks using edge subdivision*, 2023).  A sign that bounds do not prove is computed
at the exact vertex.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyae.engines.enumeration import Enumeration
from polyae.engines.skeleton import Skeleton
from polyae.engines.subdivide.edges import list_edges
from polyae.engines.subdivide.exact import ExactVertices
from polyae.engines.subdivide.gather import FinishedMesh, count_all_faces, gather
from polyae.engines.subdivide.insert import COLLISION, DONE, DOUBTFUL, add_hashes, insert_units
from polyae.engines.subdivide.layer_units import LayerUnits, layer_units
from polyae.engines.subdivide.layers import LayerPlan, clear, layer_plans, next_values
from polyae.engines.subdivide.mesh import EDGES, NEXT, OPEN, PROVED, STAGE, VERTICES, FaceTable, Hashes, Mesh, grown
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.engines.subdivide.positions import COARSE, Positions
from polyae.engines.subdivide.signs import enter_layer_signs, enter_signs, list_open, measure_rooms
from polyae.engines.subdivide.special import HashCollision, SpecialPosition
from polyae.engines.subdivide.start import start_mesh
from polyae.engines.subdivide.twin_units import twin_units
from polyae.predicates.cell import Arrangement
from polyae.predicates.rational import sign

__all__ = ["EdgeSubdivision"]


class EdgeSubdivision:
    """The subdivided domain, made by inserting all units.

    Parameters
    ----------
    arrangement : Arrangement
    faces : PolytopeFaces
        Of its domain.
    seed : int
        Of the hashes by which faces are told apart.

    Raises
    ------
    SpecialPosition
        If a unit vanishes at a vertex of others.
    HashCollision
        If two faces have one hash.
    OutOfRange
        If values are too large for the error analysis.
    """

    def __init__(self, arrangement: Arrangement, faces: PolytopeFaces, seed: int) -> None:
        self.arrangement, self.faces, self.twins = arrangement, faces, twin_units(arrangement.network)
        self.exact = ExactVertices(arrangement, faces, self.twins)
        self.positions = Positions(arrangement, faces, self.twins)
        self.table = FaceTable.of(faces)
        self.hashes = Hashes.drawn(seed, arrangement.network.num_units, len(faces.dims))
        self.mesh, self.counters = start_mesh(arrangement, faces)
        before: LayerPlan | None = None
        for number, plan in enumerate(layer_plans(arrangement.network)):
            if len(plan.units):
                self._insert(number, plan, before)
            else:
                self.mesh = next_values(self.mesh, self.count, plan, before)
            before = plan
        arrangement.kernel.counts.filtered += int(self.counters[PROVED])
        self.mesh = self.mesh._replace(values=np.empty((0, 0)))  # most of the memory, and not needed any more

    @property
    def count(self) -> int:
        """Number of vertices."""
        return int(self.counters[VERTICES])

    def _insert(self, number: int, plan: LayerPlan, before: LayerPlan | None) -> None:
        layer = layer_units(plan, self.hashes)

        def enter(mesh: Mesh, first: int, last: int) -> None:
            enter_layer_signs(mesh, first, last, layer)

        self.mesh = next_values(self.mesh, self.count, plan, before, enter)
        self.counters[NEXT] = self.counters[STAGE] = 0
        list_open(self.mesh, self.counters)
        list_edges(self.mesh, self.counters, layer, 0)
        while (stop := insert_units(self.mesh, self.table, self.hashes, self.counters, layer)) != DONE:
            if stop == COLLISION:
                raise HashCollision
            if stop == DOUBTFUL:
                self._decide(number, layer)
            else:
                self.mesh = grown(self.mesh, self.counters)
        if number == 0:
            self.positions.refine_first_layer(self.mesh, np.arange(len(self.faces.vertices), self.count))
            self.mesh = next_values(
                self.mesh, self.count, plan, None, lambda mesh, first, last: measure_rooms(mesh, first, last, layer)
            )
        clear(self.mesh, self.count, int(self.counters[EDGES]), layer.units, layer.row_of, plan.per_steepness)
        add_hashes(self.mesh, self.count, layer)

    def _decide(self, number: int, layer: LayerUnits) -> None:
        """Signs of the next unit at the vertices where bounds leave them open."""
        mesh, now = self.mesh, int(self.counters[NEXT])
        row = int(layer.rows[now])
        open_ = np.sort(mesh.open[: self.counters[OPEN]])
        doubtful = open_[~(np.abs(mesh.values[open_, row]) > mesh.error[open_])]
        coarse = np.union1d(doubtful, open_[~(mesh.error[open_] < COARSE * mesh.size[open_])]).astype(np.int64)
        self.positions.refine(mesh, coarse, number, layer)

        def exact(which: Sequence[int]) -> list[int]:
            return [sign(self.exact.repair(mesh, int(doubtful[k]), number)[row].p) for k in which]

        signs = self.arrangement.kernel.signs(mesh.values[doubtful, row], mesh.error[doubtful], exact)
        if (signs == 0).any():
            raise SpecialPosition("a unit vanishes at a vertex of others, or a sign was assumed to be zero")
        guessed = mesh.words[coarse]
        for v in coarse.tolist():
            # Values and bounds are better now, or rounded from exact ones, so that all signs that they have are right.
            mesh.proved[v] = enter_signs(mesh.words, v, mesh.values, mesh.error[v], layer.units, layer.rows, now)
        list_open(mesh, self.counters)
        if (mesh.words[coarse] != guessed).any():
            list_edges(mesh, self.counters, layer, now)

    @property
    def _finished(self) -> FinishedMesh:
        return FinishedMesh(self.mesh, self.counters, self.faces, self.table, self.hashes, self.exact, self.positions)

    def enumeration(self) -> Enumeration:
        """Regions, witnesses and adjacency."""
        return gather(self.arrangement, self._finished)

    def skeleton(self) -> Skeleton:
        """Vertices and edges, with the units that vanish there."""
        count, own = int(self.counters[VERTICES]), self.mesh.own[: self.counters[VERTICES]]
        vertex, slot = np.nonzero(own >= 0)
        start, units = self.twins.by_vertex(vertex, own[vertex, slot].astype(np.int64), count)
        f_vector = count_all_faces(self.arrangement, self._finished)[1]
        ends = self.mesh.ends[: self.counters[EDGES]].copy()
        return Skeleton(self.mesh.coordinates[:count].copy(), ends, start, units, f_vector)
