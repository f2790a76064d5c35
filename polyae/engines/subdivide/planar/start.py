"""The planar mesh before the first unit: the domain, one region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.planar.first import FirstLayer
from polyae.engines.subdivide.planar.layer import PlanarLayer, enter_signs
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
    PlanarMesh,
    new_mesh,
)
from polyae.engines.subdivide.planar.place import evaluate, value_bound
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.engines.subdivide.start import domain_vertices
from polyae.predicates.jit import borrowing

Int = NDArray[np.int64]

__all__ = ["enter_first_layer", "start_mesh"]

#: Room for vertices to start with.
FIRST_ROOM = 1024


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


@borrowing
def enter_first_layer(mesh: PlanarMesh, counters: Counters, count: int, layer: PlanarLayer, lines: FirstLayer) -> None:
    """Values and signs of the first layer at the first vertices."""
    coordinates, far, error, size = mesh.coordinates, mesh.position_error, mesh.error, mesh.size
    for v in range(count):
        x, y = coordinates[v, 0], coordinates[v, 1]
        error[v] = value_bound(lines.row_sum, lines.offset, max(abs(x), abs(y)), far[v])
        size[v] = evaluate(lines.columns, x, y, mesh.values, v)
    enter_signs(mesh, counters, 0, count, layer)
