"""The result of a subdivision, from the finished mesh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.engines.enumeration import Enumeration, Status
from polyae.engines.subdivide.collect import Regions, collect_facets, collect_regions, new_regions
from polyae.engines.subdivide.exact import ExactVertices
from polyae.engines.subdivide.mesh import EDGES, VERTICES, Counters, FaceTable, Hashes, Mesh
from polyae.engines.subdivide.orient import count_faces, direct, faces_at, point_up
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.engines.subdivide.special import HashCollision, SpecialPosition
from polyae.errors import SolverError
from polyae.lp.witness import interior_point
from polyae.predicates.cell import Arrangement
from polyae.predicates.rational import HomogeneousPoint

Float = NDArray[np.float64]

__all__ = ["Skeleton", "gather"]

#: Functionals that are tried before all of them being constant on some edge counts as special position.
FUNCTIONALS = 4


@dataclass(frozen=True)
class Skeleton:
    """Finished mesh, with what it was made from."""

    mesh: Mesh
    counters: Counters
    faces: PolytopeFaces
    table: FaceTable
    hashes: Hashes
    exact: ExactVertices


def gather(arrangement: Arrangement, skeleton: Skeleton) -> Enumeration:
    """Regions, witnesses and adjacency.

    Raises
    ------
    HashCollision
        If two regions have one hash.
    SolverError
        If the numbers of faces violate Euler's relation, which no input should bring about.
    """
    mesh, counters, table, hashes = skeleton.mesh, skeleton.counters, skeleton.table, skeleton.hashes
    up = _edges_up(arrangement, skeleton)
    h = mesh.coordinates.shape[1]
    by_dimension = np.zeros(h + 1, dtype=np.int64)
    count, facets = count_faces(mesh, table, counters, up, by_dimension)
    f_vector = _f_vector(skeleton, up, by_dimension)
    if sum((-1) ** k * n for k, n in enumerate(f_vector)) != 1 or f_vector[h] != count:
        raise SolverError(f"the subdivision is inconsistent: its numbers of faces by dimension are {f_vector}")
    regions = new_regions(count, facets, h, len(mesh.words))
    if not collect_regions(mesh, table, hashes, counters, up, regions):
        raise HashCollision
    if not collect_facets(mesh, table, hashes, counters, up, regions):
        raise HashCollision
    exact_witnesses = _settle_witnesses(arrangement, skeleton.exact, regions)
    return Enumeration(
        packed=skeleton.exact.packed(regions.words),
        witnesses=regions.witnesses,
        exact_witnesses=exact_witnesses,
        edges=regions.facets[:, :2].copy(),
        edge_units=regions.facets[:, 2].copy(),
        expanded=np.ones(count, dtype=bool),
        status=Status.COMPLETE,
        engine="subdivide",
        seconds=0.0,
        decisions=arrangement.kernel.counts,
        f_vector=f_vector,
    )


def _edges_up(arrangement: Arrangement, skeleton: Skeleton) -> NDArray[np.int32]:
    """Edges up from every vertex, by a functional that is constant on none; see :func:`point_up`."""
    mesh, counters, h = skeleton.mesh, skeleton.counters, skeleton.mesh.coordinates.shape[1]
    rises = np.empty(int(counters[EDGES]), dtype=np.int8)
    for attempt in range(FUNCTIONALS):
        # Any coefficients will do; these have no pattern that a network's weights are likely to share.
        functional = 0.5 + (0.6180339887498949 * (1 + h * attempt + np.arange(h)) ** 1.5) % 1.0
        doubtful = direct(mesh, counters, functional, rises)
        arrangement.kernel.counts.filtered += len(rises) - doubtful
        if doubtful == 0 or _decide_climbs(arrangement, skeleton, functional, rises):
            break
    else:
        raise SpecialPosition("edges are at right angles to every functional tried")
    own, covers = skeleton.faces.dims, np.diff(skeleton.faces.up_start)
    up = np.empty((int(counters[VERTICES]), int((2 * own + covers).max())), dtype=np.int32)
    point_up(mesh, skeleton.table, counters, rises, up)
    return up


def _decide_climbs(arrangement: Arrangement, skeleton: Skeleton, functional: Float, rises: NDArray[np.int8]) -> bool:
    open_ = np.flatnonzero(rises == 0)
    ends, coefficients = skeleton.mesh.ends[open_], functional.tolist()
    unknown = np.zeros(len(open_))

    def exact(which: Sequence[int]) -> list[int]:
        return [skeleton.exact.climb(skeleton.mesh, ends[k], coefficients) for k in which]

    rises[open_] = arrangement.kernel.signs(unknown, unknown + 1.0, exact)
    return bool((rises[open_] != 0).all())


def _f_vector(skeleton: Skeleton, up: NDArray[np.int32], by_dimension: NDArray[np.int64]) -> tuple[int, ...]:
    """Numbers of faces by dimension.  On a domain that is not simple the lattice says which edges span one."""
    faces, h = skeleton.faces, skeleton.mesh.coordinates.shape[1]
    if (np.diff(faces.up_start) == h - faces.dims).all():
        return tuple(by_dimension.tolist())
    counts = [0] * (h + 1)
    for v in range(int(skeleton.counters[VERTICES])):
        bits, rising = faces_at(skeleton.mesh, skeleton.table, up, v)
        polynomial = [0] * (h + 1)
        for codimension, needed in faces.above[int(skeleton.mesh.face[v])]:
            polynomial[codimension] += needed & ~int(bits) == 0
        for edges in rising.tolist():
            polynomial = [a + edges * b for a, b in zip(polynomial, [0, *polynomial], strict=False)]
        counts = [a + b for a, b in zip(counts, polynomial, strict=True)]
    return tuple(counts)


def _settle_witnesses(arrangement: Arrangement, exact: ExactVertices, regions: Regions) -> dict[int, HomogeneousPoint]:
    """Prove the witnesses that the clearance of vertices did not; find others where they are not inside."""
    open_ = np.flatnonzero(~regions.proved)
    if not len(open_):
        return {}
    patterns, found = exact.full_patterns(exact.bits(regions.words[open_])), {}
    points = regions.witnesses[open_]
    signs = arrangement.unit_signs(points)
    varying = exact.twins >= 0
    inside = (signs == np.where(patterns, 1, -1))[:, varying].all(axis=1)
    inside &= (arrangement.wall_signs(points) > 0).all(axis=1)
    for k in np.flatnonzero(~inside):
        witness = interior_point(arrangement.cell(patterns[k]))
        regions.witnesses[open_[k]] = witness.point
        if witness.exact is not None:
            found[int(open_[k])] = witness.exact
    return found
