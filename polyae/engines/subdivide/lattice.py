"""The face lattice of a subdivision in special position, in growing arrays for compiled code.

Vertices in special position lie on any number of units, so that nothing follows from their number: every face
of dimension 1 to h lists the faces one dimension down that bound it, and an edge its two vertices.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.memory import lengthened
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.engines.subdivide.start import domain_vertices

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Words = NDArray[np.uint64]

__all__ = [
    "CUTS", "FACES", "ITEMS", "MORE_FACES", "MORE_ITEMS", "MORE_VERTICES", "NEXT", "STAGE", "VERTICES", "Counters",
    "Lattice", "grown", "new_lattice", "with_words",
]  # fmt: skip

#: Fields of the counter array: what is used of the arrays, the next unit of the layer and how far it has got, the
#: number of faces that it cuts and the room that their pieces need.
VERTICES, FACES, ITEMS, NEXT, STAGE, CUTS, MORE_VERTICES, MORE_FACES, MORE_ITEMS = range(9)
Counters = NDArray[np.int64]

#: Room to start with.
FIRST_ROOM = 1024


class Lattice(NamedTuple):
    """Arrays over vertices, over faces, and the lists of what bounds the faces.

    Attributes
    ----------
    coordinates, position_error, values, error, size : arrays over vertices
        As in :class:`polyae.engines.subdivide.mesh.Mesh`.
    above, below : arrays of uint64, shape (v, w)
        Units of the current layer that are positive, and that are negative; the first in the highest bit.
    proved : array of bool, shape (v,)
        Whether bounds prove these signs.
    parents : array of int32, shape (v, 2)
        The ends of the edge that a vertex was put on; -1 for the domain's own vertices.
    born : array of int32, shape (v,)
        The unit that put it there.
    dim : array of int8, shape (f,)
    start, length : arrays of int, shape (f,)
        Place of a face's list in `items`.
    positive, negative : arrays of uint64, shape (f, w)
        Units of the current layer that are positive, or negative, somewhere on the face.
    unit : array of int32, shape (f,)
        The unit by which a face was cut out; -1 for one that is part of a face of the domain.
    origin : array of int32, shape (f,)
        The face of which it was part before the current layer.
    upper, section : arrays of int32, shape (f,)
        Of a face that the current unit cuts: its positive part, and the face or vertex where the unit vanishes
        on it; else -1.
    items : array of int32
    cut : array of int32, shape (f,)
        Faces that the current unit cuts, by dimension.
    """

    coordinates: Float
    position_error: Float
    values: Float
    error: Float
    size: Float
    above: Words
    below: Words
    proved: NDArray[np.bool_]
    parents: NDArray[np.int32]
    born: NDArray[np.int32]
    dim: NDArray[np.int8]
    start: Int
    length: NDArray[np.int32]
    positive: Words
    negative: Words
    unit: NDArray[np.int32]
    origin: NDArray[np.int32]
    upper: NDArray[np.int32]
    section: NDArray[np.int32]
    items: NDArray[np.int32]
    cut: NDArray[np.int32]


OF_VERTICES = (
    "coordinates", "position_error", "values", "error", "size", "above", "below", "proved", "parents", "born",
)  # fmt: skip
OF_FACES = ("dim", "start", "length", "positive", "negative", "unit", "origin", "upper", "section", "cut")


def new_lattice(faces: PolytopeFaces) -> tuple[Lattice, Counters]:
    """Lattice of the domain alone; face k of the lattice is face k of the domain behind its vertices."""
    count, h = len(faces.vertices), int(faces.dims[-1])
    held, holder = np.repeat(np.arange(len(faces.dims)), np.diff(faces.up_start)), faces.up
    order = np.argsort(holder, kind="stable")
    lengths = np.bincount(holder, minlength=len(faces.dims))[count:]
    items = np.where(held < count, held, held - count)[order]
    room, face_room = FIRST_ROOM + 2 * count, FIRST_ROOM * h + 2 * len(lengths)
    lattice = Lattice(
        coordinates=np.empty((room, h)),
        position_error=np.empty(room),
        values=np.empty((room, 0)),
        error=np.empty(room),
        size=np.empty(room),
        above=np.empty((room, 0), dtype=np.uint64),
        below=np.empty((room, 0), dtype=np.uint64),
        proved=np.empty(room, dtype=np.bool_),
        parents=np.full((room, 2), -1, dtype=np.int32),
        born=np.full(room, -1, dtype=np.int32),
        dim=np.empty(face_room, dtype=np.int8),
        start=np.empty(face_room, dtype=np.int64),
        length=np.empty(face_room, dtype=np.int32),
        positive=np.empty((face_room, 0), dtype=np.uint64),
        negative=np.empty((face_room, 0), dtype=np.uint64),
        unit=np.full(face_room, -1, dtype=np.int32),
        origin=np.arange(face_room, dtype=np.int32),
        upper=np.full(face_room, -1, dtype=np.int32),
        section=np.full(face_room, -1, dtype=np.int32),
        items=np.empty(FIRST_ROOM * h + 2 * len(items), dtype=np.int32),
        cut=np.empty(face_room, dtype=np.int32),
    )
    lattice.coordinates[:count], lattice.position_error[:count] = domain_vertices(faces)
    lattice.dim[: len(lengths)] = faces.dims[count:]
    lattice.length[: len(lengths)] = lengths
    lattice.start[: len(lengths)] = np.cumsum(lengths) - lengths
    lattice.items[: len(items)] = items
    counters = np.zeros(9, dtype=np.int64)
    counters[[VERTICES, FACES, ITEMS]] = count, len(lengths), len(items)
    return lattice, counters


def with_words(lattice: Lattice, units: int) -> Lattice:
    """Lattice with room for the signs of so many units of a new layer."""
    width = max(1, (units + 63) // 64)
    at_vertices, on_faces = (len(lattice.error), width), (len(lattice.dim), width)
    return lattice._replace(
        above=np.zeros(at_vertices, dtype=np.uint64),
        below=np.zeros(at_vertices, dtype=np.uint64),
        positive=np.zeros(on_faces, dtype=np.uint64),
        negative=np.zeros(on_faces, dtype=np.uint64),
    )


def grown(lattice: Lattice, counters: Counters) -> Lattice:
    """Lattice with room for what the current unit cuts; what is given must be dropped."""
    used, more = counters[[VERTICES, FACES, ITEMS]], counters[[MORE_VERTICES, MORE_FACES, MORE_ITEMS]]
    vertices, faces, items = (used + more + 1).tolist()  # one more, for loops that write before they count
    fields = {}
    for names, wanted in ((OF_VERTICES, vertices), (OF_FACES, faces), (("items",), items)):
        for name in names:
            array = getattr(lattice, name)
            if wanted > len(array):
                fields[name] = lengthened(array, max(wanted, len(array) * 3 // 2))
    return lattice._replace(**fields)
