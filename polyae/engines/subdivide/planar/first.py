"""What vertices of the first layer are placed on: the lines of its units, and the edges of the domain."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.domains import Domain
from polyae.engines.subdivide.layers import first_rows, layer_plans
from polyae.engines.subdivide.polytope_faces import PolytopeFaces, polytope_faces
from polyae.engines.subdivide.special import OutOfRange
from polyae.memo import once_for_each
from polyae.networks.network import Network
from polyae.predicates.rational import to_fractions
from polyae.predicates.walls import walls_of

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["NOT_FIRST", "FirstLayer", "Polygon", "first_layer", "polygon"]


class FirstLayer(NamedTuple):
    """Units of a first layer as lines, and all its outputs as functions of the point; empty for other layers.

    Attributes
    ----------
    rows : array, shape (k, 3)
        Coefficients of its units, and their offsets.
    errors : array, shape (k,)
        Bounds on the errors of each row's entries.
    columns : array, shape (3, n)
        Weights and biases of all outputs.
    row_of : array of int, shape (k,)
        Column of the values for each unit.
    row_sum, offset : float
        See :class:`polyae.engines.subdivide.layers.LayerPlan`.
    """

    rows: Float
    errors: Float
    columns: Float
    row_of: Int
    row_sum: float
    offset: float


#: In the place of the first layer for later ones.
NOT_FIRST = FirstLayer(np.empty((0, 3)), np.empty(0), np.empty((3, 0)), np.empty(0, dtype=np.int64), 0.0, 0.0)


@once_for_each
def first_layer(network: Network) -> FirstLayer:
    """Lines of the first layer."""
    plan, lines = layer_plans(network)[0], first_rows(network)
    columns = np.vstack([plan.layer.weight.T, plan.layer.bias]).copy(order="C")
    return FirstLayer(lines.values, lines.errors.max(axis=1), columns, plan.layer.units, plan.row_sum, plan.offset)


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
    """The domain's vertices in order, and its edges.

    Raises
    ------
    OutOfRange
        If there are too many.
    """
    faces, walls = polytope_faces(domain), walls_of(domain).rows
    if faces is None:
        raise OutOfRange("the domain has too many faces")
    held = faces.holders[faces.edges].argmax(axis=1)
    return Polygon(_counterclockwise(faces), walls.values[held], walls.errors[held].max(axis=1), int(faces.edges[0]))


def _counterclockwise(faces: PolytopeFaces) -> Int:
    """Vertices of a polygon in order, each with the edge to the next one: shape (k, 2)."""
    at: dict[int, list[tuple[int, int]]] = {}
    for edge, (a, b) in zip(faces.edges.tolist(), faces.ends.tolist(), strict=True):
        at.setdefault(a, []).append((edge, b))
        at.setdefault(b, []).append((edge, a))
    vertex, (edge, following) = 0, at[0][0]
    around: list[tuple[int, int]] = []
    while len(around) < len(faces.vertices):
        around.append((vertex, edge))
        vertex, (edge, following) = following, next(step for step in at[following] if step[0] != edge)
    a, b, c = (to_fractions(faces.vertices[v]) for v, _ in around[:3])
    turn = (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
    if turn < 0:
        vertices, edges = [v for v, _ in around], [e for _, e in around]
        around = list(zip(vertices[::-1], edges[-2::-1] + edges[-1:], strict=True))
    return np.array(around, dtype=np.int64)
