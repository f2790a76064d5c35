"""The result of a subdivision, from the finished mesh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.engines.enumeration import Enumeration, Status
from polyae.engines.skeleton import check_euler
from polyae.engines.subdivide.collect import collect_facets, collect_regions, new_regions
from polyae.engines.subdivide.exact import ExactVertices
from polyae.engines.subdivide.mesh import EDGES, VERTICES, Counters, FaceTable, Hashes, Mesh
from polyae.engines.subdivide.orient import Up, count_faces, direct, faces_at, point_up
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.engines.subdivide.positions import Positions
from polyae.engines.subdivide.special import HashCollision, SpecialPosition
from polyae.engines.subdivide.twin_units import TwinUnits
from polyae.engines.subdivide.witnesses import settle_witnesses
from polyae.engines.subdivide.words import Words, unpacked
from polyae.errors import SolverError
from polyae.predicates.cell import Arrangement

Float = NDArray[np.float64]
Packed = NDArray[np.uint8]

__all__ = ["FinishedMesh", "count_all_faces", "gather", "patterns"]

#: Functionals that are tried before all of them being constant on some edge counts as special position.
FUNCTIONALS = 4


@dataclass(frozen=True)
class FinishedMesh:
    """Finished mesh, with what it was made from."""

    mesh: Mesh
    counters: Counters
    faces: PolytopeFaces
    table: FaceTable
    hashes: Hashes
    exact: ExactVertices
    positions: Positions


def gather(arrangement: Arrangement, finished: FinishedMesh) -> Enumeration:
    """Regions, witnesses and adjacency.

    Raises
    ------
    HashCollision
        If two regions have one hash.
    SolverError
        If the numbers of faces violate Euler's relation, which no input should bring about.
    """
    mesh, counters, table, hashes = finished.mesh, finished.counters, finished.table, finished.hashes
    up, f_vector, facets = count_all_faces(arrangement, finished)
    h, count = mesh.coordinates.shape[1], f_vector[-1]
    regions = new_regions(count, facets, h, mesh.words.shape[1])
    if not collect_regions(mesh, table, hashes, counters, up, regions):
        raise HashCollision
    if not collect_facets(mesh, table, hashes, counters, up, regions):
        raise HashCollision
    on, off = patterns(finished.exact.twins, regions.words)
    exact_witnesses = settle_witnesses(arrangement, on, off, regions.witnesses, np.flatnonzero(~regions.proved))
    return Enumeration(
        packed=on,
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


def count_all_faces(arrangement: Arrangement, finished: FinishedMesh) -> tuple[Up, tuple[int, ...], int]:
    """Edges up from every vertex, the numbers of faces by dimension, and the number of facets between regions.

    Raises
    ------
    SpecialPosition
        If edges are at right angles to every functional that is tried.
    SolverError
        If the numbers violate Euler's relation.
    """
    up, by_dimension = (
        _edges_up(arrangement, finished),
        np.zeros(finished.mesh.coordinates.shape[1] + 1, dtype=np.int64),
    )
    count, facets = count_faces(finished.mesh, finished.table, finished.counters, up, by_dimension)
    f_vector = _f_vector(finished, up, by_dimension)
    check_euler(f_vector)
    if f_vector[-1] != count:
        raise SolverError(f"the subdivision is inconsistent: {count} regions, but faces by dimension {f_vector}")
    return up, f_vector, facets


def _edges_up(arrangement: Arrangement, finished: FinishedMesh) -> Up:
    """Edges up from every vertex, by a functional that is constant on none; see :func:`point_up`."""
    mesh, counters, h = finished.mesh, finished.counters, finished.mesh.coordinates.shape[1]
    rises = np.empty(int(counters[EDGES]), dtype=np.int8)
    for attempt in range(FUNCTIONALS):
        # Any coefficients will do; these have no pattern that a network's weights are likely to share.
        functional = 0.5 + (0.6180339887498949 * (1 + h * attempt + np.arange(h)) ** 1.5) % 1.0
        doubtful = direct(mesh, counters, functional, rises)
        if doubtful > 0:
            finished.positions.refine(mesh, np.unique(mesh.ends[np.flatnonzero(rises == 0)]).astype(np.int64))
            doubtful = direct(mesh, counters, functional, rises)
        arrangement.kernel.counts.filtered += len(rises) - doubtful
        if doubtful == 0 or _decide_climbs(arrangement, finished, functional, rises):
            break
    else:
        raise SpecialPosition("edges are at right angles to every functional tried")
    own, covers = finished.faces.dims, np.diff(finished.faces.up_start)
    up = np.empty((int(counters[VERTICES]), int((2 * own + covers).max())), dtype=np.int32)
    point_up(mesh, finished.table, counters, rises, up)
    return up


def _decide_climbs(
    arrangement: Arrangement, finished: FinishedMesh, functional: Float, rises: NDArray[np.int8]
) -> bool:
    open_ = np.flatnonzero(rises == 0)
    ends, coefficients = finished.mesh.ends[open_], functional.tolist()
    unknown = np.zeros(len(open_))

    def exact(which: Sequence[int]) -> list[int]:
        return [finished.exact.climb(finished.mesh, ends[k], coefficients) for k in which]

    rises[open_] = arrangement.kernel.signs(unknown, unknown + 1.0, exact)
    return bool((rises[open_] != 0).all())


def _f_vector(finished: FinishedMesh, up: Up, by_dimension: NDArray[np.int64]) -> tuple[int, ...]:
    """Numbers of faces by dimension.  On a domain that is not simple the lattice says which edges span one."""
    faces, h = finished.faces, finished.mesh.coordinates.shape[1]
    if (np.diff(faces.up_start) == h - faces.dims).all():
        return tuple(by_dimension.tolist())
    counts = [0] * (h + 1)
    for v in range(int(finished.counters[VERTICES])):
        bits, rising = faces_at(finished.mesh, finished.table, up, v)
        polynomial = [0] * (h + 1)
        for codimension, needed in faces.above[int(finished.mesh.face[v])]:
            polynomial[codimension] += needed & ~int(bits) == 0
        for edges in rising.tolist():
            polynomial = [a + edges * b for a, b in zip(polynomial, [0, *polynomial], strict=False)]
        counts = [a + b for a, b in zip(counts, polynomial, strict=True)]
    return tuple(counts)


def patterns(twins: TwinUnits, words: Words) -> tuple[Packed, Packed]:
    """Units that are on and units that are off in every region, packed, from words of the inserted ones."""
    units = len(twins.first)
    if twins.distinct:
        packed = words.astype(">u8").view(np.uint8)[:, : (units + 7) // 8].copy()
        return packed, ~packed
    bits = unpacked(words, units)
    on, off = twins.spread(bits, ~bits)
    return np.packbits(on, axis=1), np.packbits(off, axis=1)
