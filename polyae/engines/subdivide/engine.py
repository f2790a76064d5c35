"""The subdivision engine: a bounded polytope cut by its vertices and edges, unit after unit.

In general position vertices and edges are enough (:mod:`polyae.engines.subdivide.by_edges`); in the plane half-edges
tell the regions on both sides as well (:mod:`polyae.engines.subdivide.planar`).  Where a unit vanishes at a vertex of
others, the domain is subdivided anew with faces of all dimensions, which takes special positions as they are
(:mod:`polyae.engines.subdivide.by_faces`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from polyae.engines.enumeration import Budget, Enumeration, Progress, Status
from polyae.engines.march import March
from polyae.engines.reference import start_region
from polyae.engines.skeleton import Skeleton
from polyae.engines.subdivide.by_edges import EdgeSubdivision
from polyae.engines.subdivide.by_faces import FaceSubdivision
from polyae.engines.subdivide.planar.subdivision import PlanarSubdivision
from polyae.engines.subdivide.polytope_faces import PolytopeFaces, polytope_faces
from polyae.engines.subdivide.special import HashCollision, OutOfRange, SpecialPosition
from polyae.errors import JobTooLargeError, SettingError, SolverError
from polyae.predicates.cell import Arrangement
from polyae.predicates.compilation import clock

T = TypeVar("T")
Subdivided = PlanarSubdivision | EdgeSubdivision | FaceSubdivision

__all__ = ["Subdivide", "faster", "skeleton_of", "suits"]

#: A region has too many vertices beyond.
MAX_DIM = 8
#: Up to the first dimension subdivision is faster than marching for networks of any size, up to the second for those
#: of so many units a dimension, whose regions have fewer vertices.  Measured on random networks and boxes: 1.3 to 10
#: times as fast up to h = 6; at h = 7 even for 20 units, 1.2 for 40, 4 for 64; at h = 8 0.2 to 0.7 times as fast.
ALWAYS_FASTER_DIM, FASTER_DIM, UNITS_PER_DIM = 6, 7, 4
#: Seeds that are tried; 64-bit hashes of a million faces collide once in ten million runs.
ATTEMPTS = 3


def suits(arrangement: Arrangement) -> bool:
    """Whether the domain is a bounded polytope of low dimension."""
    domain = arrangement.domain
    return domain.bounded and not domain.curved and domain.dim <= MAX_DIM


def faster(arrangement: Arrangement) -> bool:
    """Whether subdivision is to be preferred to marching: a cost model from measurements."""
    h, units = arrangement.domain.dim, arrangement.network.num_units
    return suits(arrangement) and (h <= ALWAYS_FASTER_DIM or (h <= FASTER_DIM and units >= UNITS_PER_DIM * h))


class Subdivide:
    """Subdivision of the whole domain.

    It has nothing to show before the end: limits and resuming are for marching, and what an interrupt leaves
    is one region to resume from.  Other domains than bounded polytopes of dimension 8 at most are handed to
    marching, as are numbers beyond 1e150, meshes that would take most of the memory that is left and, with
    ``arithmetic="float"``, networks in special position; the result says which engine found it.

    Parameters
    ----------
    solver : {"highs", "scipy", "cvxpy"}
        Linear-programming solver of marching, should it come to that.
    seed : int
        Of the hashes by which faces are told apart; the result does not depend on it.
    workers : int
        Threads of marching.
    """

    name = "subdivide"

    def __init__(self, solver: str = "highs", seed: int = 0, workers: int = 1) -> None:
        self.march, self.seed = March(solver, workers), seed

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
        began = clock()
        found = None
        try:
            found = _subdivided(arrangement, self.seed, lambda made: made.enumeration())
        except KeyboardInterrupt:
            found = _first_region(arrangement)
        except (OutOfRange, MemoryError):
            pass  # what there was of a mesh is dropped with the exception
        if found is None:
            return self.march.run(arrangement, budget, progress)
        if progress is not None:
            progress(len(found.packed), int((~found.expanded).sum()))
        found.seconds = clock() - began
        return found


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
        status=Status.NOTHING_KEPT,
        engine=Subdivide.name,
        seconds=0.0,
        decisions=arrangement.kernel.counts,
    )


def skeleton_of(arrangement: Arrangement, seed: int = 0) -> Skeleton:
    """Vertices and edges of all regions, by subdividing the domain.

    Raises
    ------
    SettingError
        If the domain is no bounded polytope of dimension 8 at most, or numbers are out of range.
    JobTooLargeError
        If the mesh would take most of the memory that is left.
    """
    if not suits(arrangement):
        raise SettingError(
            f"vertices and edges need a bounded polytope of dimension {MAX_DIM} at most as domain, "
            f"got {arrangement.domain!r}"
        )
    try:
        return _subdivided(arrangement, seed, lambda made: made.skeleton())
    except OutOfRange as error:
        raise SettingError(f"vertices and edges cannot be had here: {error}") from error
    except MemoryError as error:
        raise JobTooLargeError(f"too many vertices and edges: {error}; choose a smaller domain") from error


def _subdivided(arrangement: Arrangement, seed: int, wanted: Callable[[Subdivided], T]) -> T:
    """Something made from the subdivided domain, by edges in general position, else by all faces.

    Raises
    ------
    OutOfRange
        If numbers are too large for the error analysis, or the domain has too many faces.
    """
    faces = polytope_faces(arrangement.domain)
    if faces is None:
        raise OutOfRange("the domain has too many faces")
    for attempt in range(ATTEMPTS):
        try:
            if arrangement.domain.dim == 2:
                return _from_polygon(arrangement, faces, wanted)
            return wanted(EdgeSubdivision(arrangement, faces, seed + attempt))
        except HashCollision:
            continue
        except SpecialPosition as special:
            if not arrangement.kernel.exact:
                raise OutOfRange("floating point does not tell which units meet") from special
            return wanted(FaceSubdivision(arrangement, faces))
    raise SolverError(f"hashes of faces collided {ATTEMPTS} times, which no input should bring about")


def _from_polygon(arrangement: Arrangement, faces: PolytopeFaces, wanted: Callable[[Subdivided], T]) -> T:
    planar = PlanarSubdivision(arrangement, faces)
    result = wanted(planar)
    planar.release()
    return result
