"""The planar mesh before the first unit: the domain, one region."""

from __future__ import annotations

import numpy as np

from polyae.engines.subdivide.planar.mesh import (
    DOMAIN,
    HALF_EDGES,
    LINE,
    NEXT,
    REGIONS,
    TAIL,
    TWIN,
    VERTICES,
    Counters,
    Index,
    PlanarMesh,
    new_mesh,
)
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.engines.subdivide.start import domain_vertices
from polyae.predicates.rational import to_fractions

__all__ = ["start_mesh"]

#: Room for vertices to start with.
FIRST_ROOM = 1024


def start_mesh(units: int, faces: PolytopeFaces) -> tuple[PlanarMesh, Counters]:
    """Mesh of a polygon alone.

    Raises
    ------
    OutOfRange
        If a coordinate is.
    """
    count, counters = len(faces.vertices), np.zeros(9, dtype=np.int64)
    mesh, around = new_mesh(units, FIRST_ROOM + 2 * count), _counterclockwise(faces)
    mesh.coordinates[:count], mesh.position_error[:count] = domain_vertices(faces)
    mesh.face[:count], mesh.own[:count] = np.arange(count), -1
    mesh.half_edges[:count, NEXT] = (np.arange(count) + 1) % count
    mesh.half_edges[:count, TAIL], mesh.half_edges[:count, LINE] = around[:, 0], -1 - around[:, 1]
    mesh.half_edges[:count, TWIN] = -1
    mesh.spoke[around[:, 0]] = np.arange(count)
    mesh.first[0], mesh.words[0], mesh.order[0] = 0, 0, 0
    counters[VERTICES], counters[HALF_EDGES], counters[REGIONS] = count, count, 1
    counters[DOMAIN] = len(faces.dims) - 1
    return mesh, counters


def _counterclockwise(faces: PolytopeFaces) -> Index:
    """Vertices of a polygon in order, each with the edge to the next one: shape (k, 2)."""
    at: dict[int, list[tuple[int, int]]] = {}
    for edge, (a, b) in zip(faces.edges.tolist(), faces.ends.tolist(), strict=True):
        at.setdefault(a, []).append((edge, b))
        at.setdefault(b, []).append((edge, a))
    vertex, (edge, following) = 0, at[0][0]
    around = []
    while len(around) < len(faces.vertices):
        around.append((vertex, edge))
        vertex, (edge, following) = following, next(step for step in at[following] if step[0] != edge)
    a, b, c = (to_fractions(faces.vertices[v]) for v, _ in around[:3])
    turn = (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
    if turn < 0:
        vertices, edges = [v for v, _ in around], [e for _, e in around]
        around = list(zip(vertices[::-1], edges[-2::-1] + edges[-1:], strict=True))
    return np.array(around, dtype=np.int32)
