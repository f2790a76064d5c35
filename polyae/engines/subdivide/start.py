"""The mesh before the first unit: vertices and edges of the domain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.mesh import EDGES, VERTICES, Counters, Mesh, new_counters, new_mesh
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.predicates.affine import evaluate
from polyae.predicates.cell import Arrangement
from polyae.predicates.rational import rounded
from polyae.tolerances import UNIT_ROUNDOFF

Float = NDArray[np.float64]

__all__ = ["start_mesh"]

#: Room for vertices and edges to start with.
FIRST_ROOM = 1024


def start_mesh(arrangement: Arrangement, faces: PolytopeFaces) -> tuple[Mesh, Counters]:
    """Mesh of the domain alone."""
    count, h = len(faces.vertices), arrangement.domain.dim
    edges, counters = faces.edges, new_counters()
    mesh = new_mesh(h, arrangement.network.num_units, FIRST_ROOM + 2 * count, FIRST_ROOM * h + 2 * len(edges))
    points = np.array([rounded(p) for p in faces.vertices])
    mesh.coordinates[:count] = points
    mesh.position_error[:count] = 2 * UNIT_ROUNDOFF * np.abs(points).max(axis=1) + 1e-290
    distances = _distances_to_walls(arrangement, points, mesh.position_error[:count])
    mesh.clearance[:count] = np.where(faces.incidence, np.inf, distances).min(axis=1)
    mesh.face[:count] = np.arange(count)
    for e, face in enumerate(edges.tolist()):
        a, b = mesh.ends[e] = faces.ends(face)
        on = faces.holders[face]
        mesh.reach[e] = distances[b, faces.incidence[a] & ~on].min(), distances[a, faces.incidence[b] & ~on].min()
    mesh.missing[: len(edges)] = -1
    mesh.edge_face[: len(edges)] = edges
    counters[VERTICES], counters[EDGES] = count, len(edges)
    return mesh, counters


def _distances_to_walls(arrangement: Arrangement, points: Float, error: Float) -> Float:
    """For vertices and walls a lower bound on the distance in the maximum norm, at least 0."""
    values, bounds = evaluate(arrangement.walls, points)
    steep = np.abs(arrangement.walls.values[:, :-1]).sum(axis=1) * (1.0 + 1e-12)
    return np.maximum(((values - bounds) / steep - error[:, None]) * (1.0 - 1e-12), 0.0)
