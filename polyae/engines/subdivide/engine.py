"""The subdivision engine: a bounded polytope cut by its vertices and edges, unit after unit.

Units are inserted layer by layer into a mesh of vertices and edges (edge subdivision after Berzins, *Polyhedral
complex extraction from ReLU networks using edge subdivision*, 2023).  A sign that bounds do not prove is computed
at the exact vertex.  A unit that vanishes at a vertex of others is in special position, and then the whole job
goes to compiled marching, which takes special positions as they are.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from polyae.engines.enumeration import Budget, Enumeration, Progress, Status
from polyae.engines.march import March
from polyae.engines.reference import start_region
from polyae.engines.subdivide.exact import ExactVertices
from polyae.engines.subdivide.gather import Skeleton, gather
from polyae.engines.subdivide.insert import COLLISION, DONE, DOUBTFUL, insert_units
from polyae.engines.subdivide.layers import LayerPlan, clear, layer_plans, next_values, set_zeros
from polyae.engines.subdivide.mesh import EDGES, NEXT, PROVED, STAGE, VERTICES, FaceTable, Hashes, grown
from polyae.engines.subdivide.polytope_faces import polytope_faces
from polyae.engines.subdivide.refine import refine
from polyae.engines.subdivide.signs import guess_signs
from polyae.engines.subdivide.special import HashCollision, SpecialPosition
from polyae.engines.subdivide.start import start_mesh
from polyae.errors import SettingError, SolverError
from polyae.networks.network import Layer
from polyae.predicates.cell import Arrangement

__all__ = ["Subdivide", "faster", "suits"]

#: Marching is faster beyond: a region then has more vertices than are worth their while.
MAX_DIM = 8
#: Up to here subdivision is faster for networks of any size; beyond, for those of so many units a dimension.
#: Measured on random networks of 8 to 128 units and boxes; with more units a region has fewer vertices.
ALWAYS_FASTER_DIM, UNITS_PER_DIM = 6, 3
#: Seeds that are tried; 64-bit hashes of a million faces collide once in ten million runs.
ATTEMPTS = 3


def suits(arrangement: Arrangement) -> bool:
    """Whether the domain is a bounded polytope of low dimension."""
    domain = arrangement.domain
    return domain.bounded and not domain.curved and domain.dim <= MAX_DIM


def faster(arrangement: Arrangement) -> bool:
    """Whether subdivision is to be preferred to marching: a cost model from measurements."""
    h = arrangement.domain.dim
    return suits(arrangement) and (h <= ALWAYS_FASTER_DIM or arrangement.network.num_units >= UNITS_PER_DIM * h)


class Subdivide:
    """Subdivision of the whole domain.

    It has nothing to show before the end: limits and resuming are for marching, and what an interrupt leaves
    is one region to resume from.  Other domains than bounded polytopes of dimension 8 at most, and networks
    in special position, are handed to marching; the result says which engine found it.

    Parameters
    ----------
    solver : {"highs", "scipy", "cvxpy"}
        Linear-programming solver of marching, should it come to that.
    seed : int
        Of the hashes by which faces are told apart; the result does not depend on it.
    """

    name = "subdivide"

    def __init__(self, solver: str = "highs", seed: int = 0) -> None:
        self.march, self.seed = March(solver), seed

    def run(
        self,
        arrangement: Arrangement,
        budget: Budget,
        progress: Progress | None = None,
        resume: Enumeration | None = None,
    ) -> Enumeration:
        """Enumerate; see :class:`polyae.engines.enumeration.Engine`.

        Raises
        ------
        SettingError
            If there is a limit, or a partial result to resume from.
        """
        if not budget.whole or resume is not None:
            raise SettingError(
                "engine='subdivide' finds all regions or none: max_regions, max_seconds, starts and resume need "
                "engine='march' or 'auto'"
            )
        if not suits(arrangement):
            return self.march.run(arrangement, budget, progress)
        began = time.perf_counter()
        try:
            found = self._subdivide(arrangement)
        except KeyboardInterrupt:
            found = _first_region(arrangement)
        except SpecialPosition:
            return self.march.run(arrangement, budget, progress)
        if progress is not None:
            progress(len(found.packed), int((~found.expanded).sum()))
        found.seconds = time.perf_counter() - began
        return found

    def _subdivide(self, arrangement: Arrangement) -> Enumeration:
        for seed in range(self.seed, self.seed + ATTEMPTS):
            try:
                return gather(arrangement, _Run(arrangement, seed).skeleton())
            except HashCollision:
                continue
        raise SolverError(f"hashes of faces collided {ATTEMPTS} times, which no input should bring about")


class _Run:
    """One attempt, with the hashes of one seed."""

    def __init__(self, arrangement: Arrangement, seed: int) -> None:
        faces = polytope_faces(arrangement)
        if faces is None:
            raise SpecialPosition("the domain has too many faces")
        self.arrangement, self.faces, self.exact = arrangement, faces, ExactVertices(arrangement, faces)
        self.table = FaceTable.of(faces)
        self.hashes = Hashes.drawn(seed, arrangement.network.num_units, len(faces.dims))
        self.mesh, self.counters = start_mesh(arrangement, faces)

    def skeleton(self) -> Skeleton:
        """Insert all units."""
        before: Layer | None = None
        for number, plan in enumerate(layer_plans(self.arrangement.network, self.exact.twins)):
            self.mesh = next_values(self.mesh, int(self.counters[VERTICES]), plan, before)
            self._insert(number, plan)
            if number == 0 and len(plan.units) and not self.arrangement.walls.errors[:, :-1].any():
                self._refine(plan)
            if len(plan.units):
                count, edges = int(self.counters[VERTICES]), int(self.counters[EDGES])
                clear(self.mesh, count, edges, plan.units, plan.rows, plan.per_steepness)
            before = plan.layer
        self.arrangement.kernel.counts.filtered += int(self.counters[PROVED])
        return Skeleton(self.mesh, self.counters, self.faces, self.table, self.hashes, self.exact)

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


def _first_region(arrangement: Arrangement) -> Enumeration:
    """What is left after an interrupt: one region, to resume from by marching."""
    pattern, witness = start_region(arrangement)
    return Enumeration(
        packed=np.packbits(pattern[None, :], axis=1),
        witnesses=witness.point[None, :],
        exact_witnesses={} if witness.exact is None else {0: witness.exact},
        edges=np.zeros((0, 2), dtype=np.int32),
        edge_units=np.zeros(0, dtype=np.int32),
        expanded=np.zeros(1, dtype=bool),
        status=Status.INTERRUPTED,
        engine=Subdivide.name,
        seconds=0.0,
        decisions=arrangement.kernel.counts,
    )
