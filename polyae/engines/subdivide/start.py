"""The mesh before the first unit: vertices and edges of the domain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.mesh import EDGES, VERTICES, Counters, Mesh, new_counters, new_mesh
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.engines.subdivide.special import OutOfRange
from polyae.memo import once_for_each
from polyae.predicates.affine import evaluate
from polyae.predicates.cell import Arrangement
from polyae.predicates.rational import rounded
from polyae.tolerances import UNDERFLOW, UNIT_ROUNDOFF

Float = NDArray[np.float64]

__all__ = ["LARGEST", "domain_vertices", "start_mesh"]

#: Values beyond this go to marching; differences and products of what is below cannot overflow.
LARGEST = 1e150
#: Room for vertices and edges to start with.
FIRST_ROOM = 1024


@once_for_each
def domain_vertices(faces: PolytopeFaces) -> tuple[Float, Float]:
    """Vertices of the domain in float64, and bounds on their errors in the maximum norm; read-only.

    Raises
    ------
    OutOfRange
        If a coordinate is.
    """
    points = np.array([rounded(p) for p in faces.vertices])
    if not np.abs(points).max() < LARGEST:
        raise OutOfRange("the domain is out of the range of the error analysis")
    errors = 2 * UNIT_ROUNDOFF * np.abs(points).max(axis=1) + UNDERFLOW
    points.setflags(write=False)
    errors.setflags(write=False)
    return points, errors


def start_mesh(arrangement: Arrangement, faces: PolytopeFaces) -> tuple[Mesh, Counters]:
    """Mesh of the domain alone."""
    count, h = len(faces.vertices), arrangement.domain.dim
    edges, counters = faces.edges, new_counters()
    mesh = new_mesh(h, arrangement.network.num_units, FIRST_ROOM + 2 * count, FIRST_ROOM * h + 2 * len(edges))
    points, error = domain_vertices(faces)
    mesh.coordinates[:count], mesh.position_error[:count] = points, error
    distances = _distances_to_walls(arrangement, points, error)
    mesh.clearance[:count] = np.where(faces.incidence, np.inf, distances).min(axis=1)
    mesh.face[:count] = np.arange(count)
    mesh.ends[: len(edges)] = faces.ends
    for end in range(2):
        this, other = faces.ends[:, end], faces.ends[:, 1 - end]
        left = faces.incidence[this] & ~faces.holders[edges]
        mesh.reach[: len(edges), end] = np.where(left, distances[other], np.inf).min(axis=1)
    mesh.missing[: len(edges)] = -1
    mesh.edge_face[: len(edges)] = edges
    counters[VERTICES], counters[EDGES] = count, len(edges)
    return mesh, counters


def _distances_to_walls(arrangement: Arrangement, points: Float, error: Float) -> Float:
    """For vertices and walls a lower bound on the distance in the maximum norm, at least 0."""
    values, bounds = evaluate(arrangement.walls, points)
    walls = arrangement.walls
    steep = (np.abs(walls.values[:, :-1]) + walls.errors[:, :-1]).sum(axis=1) * (1.0 + 1e-12)
    return np.maximum(((values - bounds) / steep - error[:, None]) * (1.0 - 1e-12), 0.0)
