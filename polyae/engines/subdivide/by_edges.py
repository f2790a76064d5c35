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
from polyae.engines.subdivide.exact import ExactVertices
from polyae.engines.subdivide.gather import FinishedMesh, count_all_faces, gather
from polyae.engines.subdivide.insert import COLLISION, DONE, DOUBTFUL, insert_units
from polyae.engines.subdivide.layers import LayerPlan, clear, layer_plans, next_values, set_zeros
from polyae.engines.subdivide.mesh import EDGES, NEXT, PROVED, STAGE, VERTICES, FaceTable, Hashes, grown
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.engines.subdivide.refine import refine
from polyae.engines.subdivide.signs import guess_signs
from polyae.engines.subdivide.special import HashCollision, SpecialPosition
from polyae.engines.subdivide.start import start_mesh
from polyae.engines.subdivide.twin_units import TwinUnits
from polyae.networks.network import Layer
from polyae.predicates.cell import Arrangement

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
        self.arrangement, self.faces, self.twins = arrangement, faces, TwinUnits(arrangement.network)
        self.exact = ExactVertices(arrangement, faces, self.twins)
        self.table = FaceTable.of(faces)
        self.hashes = Hashes.drawn(seed, arrangement.network.num_units, len(faces.dims))
        self.mesh, self.counters = start_mesh(arrangement, faces)
        before: Layer | None = None
        for number, plan in enumerate(layer_plans(arrangement.network, self.twins.first)):
            self.mesh = next_values(self.mesh, int(self.counters[VERTICES]), plan, before)
            self._insert(number, plan)
            if number == 0 and len(plan.units) and not arrangement.walls.errors[:, :-1].any():
                self._refine(plan)
            if len(plan.units):
                count, edges = int(self.counters[VERTICES]), int(self.counters[EDGES])
                clear(self.mesh, count, edges, plan.units, plan.rows, plan.per_steepness)
            before = plan.layer
        arrangement.kernel.counts.filtered += int(self.counters[PROVED])
        self.mesh = self.mesh._replace(values=np.empty((0, 0)))  # most of the memory, and not needed any more

    def _insert(self, number: int, plan: LayerPlan) -> None:
        self.counters[NEXT] = self.counters[STAGE] = 0
        guess_signs(self.mesh, 0, int(self.counters[VERTICES]), plan.units, plan.rows, 0)
        while True:
            stop = insert_units(self.mesh, self.table, self.hashes, self.counters, plan.units, plan.rows)
            if stop == DONE:
                return
            if stop == COLLISION:
                raise HashCollision
            if stop == DOUBTFUL:
                self._decide(number, plan)
            else:
                self.mesh = grown(self.mesh, self.counters)

    def _refine(self, plan: LayerPlan) -> None:
        """Place the vertices of the first layer, and evaluate it there, without interpolation."""
        walls, basis = self.arrangement.walls, self.faces.wall_basis(self.arrangement.wall_integers)
        weight, bias = np.zeros((plan.units[-1] + 1, self.mesh.coordinates.shape[1])), np.zeros(plan.units[-1] + 1)
        weight[plan.units], bias[plan.units] = plan.layer.weight[plan.rows], plan.layer.bias[plan.rows]
        first, count = len(self.faces.vertices), int(self.counters[VERTICES])
        refine(self.mesh, self.table, walls.values, walls.errors[:, -1].copy(), basis, weight, bias, first, count)
        self.mesh = next_values(self.mesh, count, plan, None)
        set_zeros(self.mesh, count, plan.units, plan.rows)

    def _decide(self, number: int, plan: LayerPlan) -> None:
        """Sides of the vertices that bounds leave open."""
        mesh, now = self.mesh, int(self.counters[NEXT])
        doubtful, row = np.flatnonzero(mesh.side[: self.counters[VERTICES]] == 0), int(plan.rows[now])

        def exact(which: Sequence[int]) -> list[int]:
            return [self.exact.repair(mesh, int(doubtful[k]), number, row) for k in which]

        signs = self.arrangement.kernel.signs(mesh.values[doubtful, row], mesh.error[doubtful], exact)
        if (signs == 0).any():
            raise SpecialPosition("a sign was assumed to be zero")
        for v, sign in zip(doubtful.tolist(), signs.tolist(), strict=True):
            # The values are rounded from exact ones now, so that all signs that they have are right.
            guess_signs(mesh, v, v + 1, plan.units, plan.rows, now)
            mesh.side[v] = sign

    @property
    def _finished(self) -> FinishedMesh:
        return FinishedMesh(self.mesh, self.counters, self.faces, self.table, self.hashes, self.exact)

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
