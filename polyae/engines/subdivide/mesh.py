"""Vertices and edges of a subdivision, in growing arrays for compiled code.

A vertex lies on ``dim(face)`` units, where ``face`` is the face of the domain that holds it in its relative
interior; an edge on one unit less.  So an edge is given by its ends and, for each end, by the place of the
one unit of the end that the edge is not on (-1 if the end lies on a smaller face of the domain instead).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.memory import lengthened
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.predicates.jit import borrowing

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Words = NDArray[np.uint64]

__all__ = [
    "CUTS",
    "CUT_FACES",
    "EDGES",
    "NEXT",
    "OPEN",
    "PROVED",
    "STAGE",
    "VERTICES",
    "Counters",
    "FaceTable",
    "Hashes",
    "Mesh",
    "grown",
    "new_counters",
    "new_mesh",
    "table_size",
]

#: Fields of the counter array: what is used of the arrays, the next unit of the layer, how far it has got,
#: the edges and faces that it cuts, the vertices listed as open, and the signs that bounds have proved so far.
VERTICES, EDGES, NEXT, STAGE, CUTS, CUT_FACES, OPEN, PROVED = range(8)
Counters = NDArray[np.int64]


class Mesh(NamedTuple):
    """Arrays over vertices, over edges, and work space.

    Attributes
    ----------
    coordinates : array, shape (v, h)
    position_error : array, shape (v,)
        Bound on the distance, in the maximum norm, to the exact vertex.
    values : array, shape (v, n)
        Outputs of the current layer before its units, exactly 0 for the units that vanish at the vertex.
    error : array, shape (v,)
        Bound on the errors of the values.
    size : array, shape (v,)
        Largest absolute value.
    clearance : array, shape (v,)
        Lower bound on the distance, in the maximum norm, to the zeros of every wall and every unit of an
        earlier layer that does not vanish at the vertex, as far as Lipschitz constants tell.
    room : array, shape (v,)
        The same for the units of the current layer.
    words : array of uint64, shape (v, w)
        Units that are positive; the first in the highest bit of the first word.  For the units of the layer
        that are still to come what the computed values say.
    proved : array of bool, shape (v,)
        Whether bounds prove the signs of all units of the layer that were still to come when they were entered.
    open : array of int32, shape (v,)
        Vertices at which they do not.
    key : array of uint64, shape (v,)
        Sum of the hashes of the units of earlier layers that are positive, and of all that vanish.
    own : array of int32, shape (v, h)
        Units that vanish, in the order in which they came.
    face : array of int32, shape (v,)
    ends : array of int32, shape (e, 2)
    missing : array of int8, shape (e, 2)
    reach : array, shape (e, 2)
        Lower bound, like that of `clearance`, on the distance of the other end to the zeros of what this end
        is on and the edge is not; infinite for a unit of the current layer.
    edge_face : array of int32, shape (e,)
    following : array of int32, shape (e,)
        Next edge in the list of edges that wait for one unit, or -1.
    cut : array of int32, shape (e,)
        Edges that the current unit cuts.
    weight, shift : arrays, shape (e,)
        Where it cuts them, as a share of their length, and the error of that.
    table_key, table_vertex, table_slot : hash table of the two-dimensional faces that it cuts
    """

    coordinates: Float
    position_error: Float
    values: Float
    error: Float
    size: Float
    clearance: Float
    room: Float
    words: Words
    proved: NDArray[np.bool_]
    open: NDArray[np.int32]
    key: Words
    own: NDArray[np.int32]
    face: NDArray[np.int32]
    ends: NDArray[np.int32]
    missing: NDArray[np.int8]
    reach: Float
    edge_face: NDArray[np.int32]
    following: NDArray[np.int32]
    cut: NDArray[np.int32]
    weight: Float
    shift: Float
    table_key: Words
    table_vertex: NDArray[np.int32]
    table_slot: NDArray[np.int8]

    def pattern_words(self, vertices: Int) -> Words:
        """Words of the region at each vertex in which all units that vanish there are off."""
        return self.words[vertices]


#: Arrays of so many vertices or edges grow in smaller steps.
LARGE = 1 << 16
OF_VERTICES = (
    "coordinates", "position_error", "values", "error", "size", "clearance", "room", "words", "proved", "open", "key",
    "own", "face",
)  # fmt: skip
OF_EDGES = ("ends", "missing", "reach", "edge_face", "following", "cut", "weight", "shift")
OF_TABLE = ("table_key", "table_vertex", "table_slot")


class FaceTable(NamedTuple):
    """Faces of the domain for compiled code; see :class:`PolytopeFaces`."""

    dims: Int
    up_start: Int
    up: Int

    @classmethod
    def of(cls, faces: PolytopeFaces) -> FaceTable:
        """Flat arrays of a lattice."""
        return cls(faces.dims.astype(np.int64), faces.up_start.astype(np.int64), faces.up.astype(np.int64))


class Hashes(NamedTuple):
    """Random words: for each unit when it is positive, and when it vanishes; for each face of the domain."""

    positive: Words
    zero: Words
    face: Words

    @classmethod
    def drawn(cls, seed: int, units: int, faces: int) -> Hashes:
        """Words of a seed."""
        drawn = np.random.default_rng(seed).integers(0, 1 << 64, size=2 * units + faces, dtype=np.uint64)
        return cls(drawn[:units], drawn[units : 2 * units], drawn[2 * units :])


def new_counters() -> Counters:
    """All zero."""
    return np.zeros(8, dtype=np.int64)


def new_mesh(h: int, units: int, vertices: int, edges: int) -> Mesh:
    """Empty mesh."""
    return Mesh(
        coordinates=np.empty((vertices, h)),
        position_error=np.empty(vertices),
        values=np.empty((vertices, 0)),
        error=np.empty(vertices),
        size=np.empty(vertices),
        clearance=np.empty(vertices),
        room=np.empty(vertices),
        words=np.zeros((vertices, max(1, (units + 63) // 64)), dtype=np.uint64),
        proved=np.zeros(vertices, dtype=np.bool_),
        open=np.empty(vertices, dtype=np.int32),
        key=np.zeros(vertices, dtype=np.uint64),
        own=np.full((vertices, h), -1, dtype=np.int32),
        face=np.empty(vertices, dtype=np.int32),
        ends=np.empty((edges, 2), dtype=np.int32),
        missing=np.empty((edges, 2), dtype=np.int8),
        reach=np.empty((edges, 2)),
        edge_face=np.empty(edges, dtype=np.int32),
        following=np.empty(edges, dtype=np.int32),
        cut=np.empty(edges, dtype=np.int32),
        weight=np.empty(edges),
        shift=np.empty(edges),
        table_key=np.empty(64, dtype=np.uint64),
        table_vertex=np.empty(64, dtype=np.int32),
        table_slot=np.empty(64, dtype=np.int8),
    )


def grown(mesh: Mesh, counters: Counters) -> Mesh:
    """Mesh with room for what the current unit cuts; what is given must be dropped."""
    vertices = int(counters[VERTICES] + counters[CUTS])
    edges = int(counters[EDGES] + counters[CUTS] + counters[CUT_FACES])
    fields: dict[str, Any] = {}
    if vertices > len(mesh.key):
        length = _longer(len(mesh.key), vertices)
        for name in OF_VERTICES:
            fields[name] = lengthened(getattr(mesh, name), length)
    if edges >= len(mesh.ends):
        for name in OF_EDGES:
            fields[name] = lengthened(getattr(mesh, name), _longer(len(mesh.ends), edges + 1))
    slots = table_size(int(counters[CUT_FACES]))
    if slots > len(mesh.table_key):
        fields.update({name: np.empty(2 * slots, dtype=getattr(mesh, name).dtype) for name in OF_TABLE})
    return mesh._replace(**fields)


@borrowing
def table_size(faces: int) -> int:
    """Slots of a hash table for so many faces: a power of two, at most half of it used."""
    slots = 16
    while slots < 2 * faces:
        slots *= 2
    return slots


def _longer(length: int, wanted: int) -> int:
    """Half as much again; where memory counts, and is stretched without a copy, a quarter."""
    return max(wanted, length + length // (2 if length < LARGE else 4))

