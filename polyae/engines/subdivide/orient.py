"""Edges of a finished mesh directed upwards, and its faces counted.

A linear functional that is constant on no edge has on every face of the subdivision one lowest vertex: the
one from which all edges of the face go up.  So every face is met once, at its lowest vertex, as a choice of
edges that go up: for each unit there one of the edges that leave it, or none where the face stays on it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.mesh import EDGES, VERTICES, Counters, FaceTable, Mesh
from polyae.predicates.jit import borrowing, compiled
from polyae.tolerances import SAFETY, UNIT_ROUNDOFF

Float = NDArray[np.float64]
Int = NDArray[np.int64]

Up = NDArray[np.int32]

__all__ = ["Up", "count_faces", "direct", "faces_at", "opens_up", "point_up"]


@compiled
def direct(mesh: Mesh, counters: Counters, functional: Float, rises: NDArray[np.int8]) -> int:
    """Sign of a functional along every edge, 0 where bounds do not prove it; returns how many these are."""
    vertices, h = counters[VERTICES], len(functional)
    height, error = np.zeros(vertices), np.zeros(vertices)
    coordinates, position_error, ends = mesh.coordinates, mesh.position_error, mesh.ends
    norm = 0.0
    for c in range(h):
        norm += abs(functional[c])
    for v in range(vertices):
        for c in range(h):
            product = functional[c] * coordinates[v, c]
            height[v] += product
            error[v] += abs(product)
    for v in range(vertices):
        error[v] = (position_error[v] * norm + (h + 2) * UNIT_ROUNDOFF * error[v]) * SAFETY
    doubtful = 0
    for e in range(counters[EDGES]):
        a, b = ends[e, 0], ends[e, 1]
        climb, slack = height[b] - height[a], (error[a] + error[b]) * SAFETY
        rises[e] = 1 if climb > slack else (-1 if climb < -slack else 0)
        doubtful += 0 if abs(climb) > slack else 1
    return doubtful


@borrowing
def point_up(mesh: Mesh, faces: FaceTable, counters: Counters, rises: NDArray[np.int8], up: Up) -> None:
    """For every vertex the edges that go up from it.

    Columns ``2 s`` and ``2 s + 1`` of `up` are the edges that leave unit s of the vertex to its negative and
    positive side, those after them the edges that lie on larger faces of the domain; -1 where none goes up.
    """
    up[:] = -1
    ends, missing, own, words, face_of, edge_face = (
        mesh.ends, mesh.missing, mesh.own, mesh.words, mesh.face, mesh.edge_face,
    )  # fmt: skip
    dims, up_start, covers = faces.dims, faces.up_start, faces.up
    for e in range(counters[EDGES]):
        low = 0 if rises[e] > 0 else 1
        a, b = ends[e, low], ends[e, 1 - low]
        slot = missing[e, low]
        if slot >= 0:
            q = own[a, slot]
            on = np.int64((words[b, q >> 6] >> np.uint64(63 - (q & 63))) & np.uint64(1))
            up[a, 2 * slot + on] = e
        else:
            face = face_of[a]
            at = 2 * dims[face]
            for i in range(up_start[face], up_start[face + 1]):
                if covers[i] == edge_face[e]:
                    up[a, at + i - up_start[face]] = e


@borrowing
def opens_up(dims: Int, up_start: Int, up: Up, v: int, face: int) -> bool:
    """Whether all edges on larger faces of the domain go up."""
    at = 2 * dims[face]
    last = at + up_start[face + 1] - up_start[face]
    while at < last and up[v, at] >= 0:
        at += 1
    return bool(at == last)


@borrowing
def _rising(up: Up, v: int, s: int) -> int:
    """Number of edges that go up from unit s of a vertex."""
    return (1 if up[v, 2 * s] >= 0 else 0) + (1 if up[v, 2 * s + 1] >= 0 else 0)


@compiled
def count_faces(mesh: Mesh, faces: FaceTable, counters: Counters, up: Up, by_dimension: Int) -> tuple[int, int]:
    """Numbers of regions and of facets between them; `by_dimension` counts all faces of a simple domain.

    At a vertex with a_s edges up from unit s, the faces that it is lowest on are counted by the
    product of the 1 + a_s x, by their dimension in the power of x.
    """
    regions, facets, h = 0, 0, mesh.coordinates.shape[1]
    polynomial = np.zeros(h + 1, dtype=np.int64)
    dims, up_start, face_of = faces.dims, faces.up_start, mesh.face
    for v in range(counters[VERTICES]):
        face = face_of[v]
        own, covers = dims[face], up_start[face + 1] - up_start[face]
        polynomial[:] = 0
        polynomial[0] = 1
        for s in range(own + covers):
            at = own + s
            rising = _rising(up, v, s) if s < own else (1 if up[v, at] >= 0 else 0)
            for k in range(h, 0, -1):
                polynomial[k] += rising * polynomial[k - 1]
        for k in range(h + 1):
            by_dimension[k] += polynomial[k]
        if opens_up(dims, up_start, up, v, face):
            product, first = 1, 0
            for s in range(own):
                rising = _rising(up, v, s)
                first = first * rising + product
                product *= rising
            regions += product
            facets += first
    return regions, facets


@compiled
def faces_at(mesh: Mesh, faces: FaceTable, up: Up, v: int) -> tuple[int, Int]:
    """Edges up on larger faces of the domain, as bits, and the numbers of edges up from each unit."""
    face = mesh.face[v]
    own, bits = faces.dims[face], 0
    for i in range(faces.up_start[face + 1] - faces.up_start[face]):
        bits |= (1 if up[v, 2 * own + i] >= 0 else 0) << i
    rising = np.empty(own, dtype=np.int64)
    for s in range(own):
        rising[s] = _rising(up, v, s)
    return bits, rising
