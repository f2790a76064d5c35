"""The planar mesh before the first unit: the domain, one region."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.domains import Domain

from polyae.engines.subdivide.planar.mesh import (
    DOMAIN,
    FIELDS,
    LINE,
    LINKS,
    NEXT,
    NONE,
    REGIONS,
    TAIL,
    TWIN,
    VERTICES,
    WALL,
    Counters,
    Int,
    PlanarMesh,
    new_mesh,
)
from polyae.engines.subdivide.polytope_faces import PolytopeFaces, polytope_faces
from polyae.engines.subdivide.start import domain_vertices
from polyae.memo import once_for_each
from polyae.predicates.rational import to_fractions
from polyae.predicates.walls import walls_of

Float = NDArray[np.float64]

__all__ = ["Polygon", "polygon", "start_mesh"]

#: Room for vertices to start with.
FIRST_ROOM = 1024


class Polygon(NamedTuple):
    """A domain in the plane.

    Attributes
    ----------
    around : array of int, shape (k, 2)
        Its vertices counterclockwise, each with the edge to the next one.
    sides, errors : arrays, shapes (k, 3) and (k,)
        Rows of its edges, in the order of their numbers, and bounds on the errors of each row's entries.
    first_edge : int
        Number of the first edge among the faces.
    """

    around: Int
    sides: Float
    errors: Float
    first_edge: int


@once_for_each
def polygon(domain: Domain) -> Polygon:
    """The domain's vertices in order, and its edges."""
    faces, walls = polytope_faces(domain), walls_of(domain).rows
    assert faces is not None
    held = faces.holders[faces.edges].argmax(axis=1)
    return Polygon(_counterclockwise(faces), walls.values[held], walls.errors[held].max(axis=1), int(faces.edges[0]))


def start_mesh(units: int, faces: PolytopeFaces, around: Int) -> tuple[PlanarMesh, Counters]:
    """Mesh of a polygon alone.

    Raises
    ------
    OutOfRange
        If a coordinate is.
    """
    count, counters = len(around), np.zeros(9, dtype=np.int64)
    mesh, numbers = new_mesh(units, FIRST_ROOM + 2 * count), np.arange(count)
    mesh.coordinates[:count], mesh.position_error[:count] = domain_vertices(faces)
    mesh.face[:count], mesh.own[:count], mesh.spoke[around[:, 0]] = numbers, -1, FIELDS * numbers
    fields = mesh.links[: FIELDS * count].reshape(count, FIELDS)
    fields[:, NEXT], fields[-1, NEXT] = FIELDS * numbers + FIELDS, 0
    fields[:, TAIL], fields[:, TWIN], fields[:, LINE] = around[:, 0], NONE, WALL + around[:, 1]
    mesh.first[0], mesh.words[0], mesh.order[0] = 0, 0, 0
    counters[VERTICES], counters[LINKS], counters[REGIONS] = count, FIELDS * count, 1
    counters[DOMAIN] = len(faces.dims) - 1
    return mesh, counters


def _counterclockwise(faces: PolytopeFaces) -> Int:
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
    return np.array(around, dtype=np.int64)
