"""A subdivided polygon as a half-edge mesh, in growing arrays for compiled code.

Every region keeps one half-edge of its boundary, which goes around it counterclockwise; the edges between two regions
have a half-edge for each.  A vertex lies on two lines: units, or one unit and an edge of the domain.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.memory import lengthened
from polyae.engines.subdivide.words import Words
from polyae.predicates.jit import borrowing

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Index = NDArray[np.int32]
Links = NDArray[np.uint32]

__all__ = [
    "BLOCKED",
    "DOMAIN",
    "FIELDS",
    "FINISHED",
    "LINE",
    "LINKS",
    "MORE_LINKS",
    "MORE_REGIONS",
    "MORE_VERTICES",
    "NEXT",
    "NONE",
    "OPEN",
    "PROVED",
    "REGIONS",
    "TAIL",
    "TWIN",
    "VERTICES",
    "WAITING",
    "WALL",
    "Counters",
    "Index",
    "Links",
    "PlanarMesh",
    "grown",
    "mark_corners",
    "name_sides",
    "new_mesh",
    "release",
]

#: Fields of the counter array: what is used of the arrays, the lengths of the lists of regions, vertices at which signs
#: are open, signs that bounds proved, and the number of the domain among its faces.
VERTICES, LINKS, REGIONS, WAITING, BLOCKED, FINISHED, OPEN, PROVED, DOMAIN = range(9)
Counters = Int
#: Fields of a half-edge, which is named by the place of the first: the next one around its region, the vertex where it
#: starts, its twin, and the unit that it lies on or `WALL` more than the number of the domain's edge.
NEXT, TAIL, TWIN, LINE = range(4)
FIELDS, NONE, WALL = 4, (1 << 32) - 1, 1 << 31
#: What one cut of a region makes at most: two vertices, each with two half-edges, a new edge, and a region.
MORE_VERTICES, MORE_LINKS, MORE_REGIONS = 2, 6 * FIELDS, 1


class PlanarMesh(NamedTuple):
    """Arrays over vertices, over half-edges, and over regions.

    Attributes
    ----------
    coordinates : array, shape (v, 2)
    position_error : array, shape (v,)
        Bound on the distance, in the maximum norm, to the exact vertex.
    values : array, shape (v, n)
        Outputs of the current layer before its units, exactly 0 for the units that vanish at the vertex.
    error, size : arrays, shape (v,)
        Bound on the errors of the values; largest absolute value.
    signs : array of uint64, shape (v, 2 w)
        Units of the current layer that are positive, and that are negative, in words as those of `words`.
    proved : array of bool, shape (v,)
        Whether all of these are certain.
    own : array of int32, shape (v, 2)
        Units that vanish, in the order in which they came, or -1.
    face : array of int32, shape (v,)
        Face of the domain that has the vertex in its relative interior.
    spoke : array of uint32, shape (v,)
        A half-edge that starts at the vertex.
    links : array of uint32, shape (4 m,)
        Four fields of each half-edge; the twin is `NONE` on the boundary of the domain.
    side : array of int32, shape (m,)
        Region of every half-edge, see :func:`name_sides`.
    first : array of uint32, shape (r,)
        A half-edge of every region.
    words : array of uint64, shape (r, w)
        Units of finished layers that are positive; the first in the highest bit of the first word.
    waiting : array of int32, shape (r, 2)
        Regions that are still to be cut, and the first of their words that is not finished.
    blocked : array of int32, shape (r,)
        Regions that wait for signs.
    order : array of int32, shape (r,)
        Regions that are finished with the layer, in the order of their patterns if none was blocked.
    """

    coordinates: Float
    position_error: Float
    values: Float
    error: Float
    size: Float
    signs: Words
    proved: NDArray[np.bool_]
    own: Index
    face: Index
    spoke: Links
    links: Links
    side: Index
    first: Links
    words: Words
    waiting: Index
    blocked: Index
    order: Index

    def pattern_words(self, vertices: Int) -> Words:
        """Words of a region at each vertex, once sides are named by the numbers of regions."""
        return self.words[self.side[self.spoke[vertices] // FIELDS]]


OF_VERTICES = ("coordinates", "position_error", "values", "error", "size", "signs", "proved", "own", "face", "spoke")
OF_LINKS = ("side",)
OF_REGIONS = ("first", "words", "waiting", "blocked", "order")
#: Arrays of so many vertices grow in smaller steps.
LARGE = 1 << 16


#: A small mesh that is not needed any more: to use its memory again is faster than to have the system find some.
_SPARE: list[PlanarMesh] = []
#: Bytes of what counts as small.
SMALL = 1 << 24


def new_mesh(units: int, vertices: int) -> PlanarMesh:
    """Mesh with room for so many vertices, twice the edges, and as many regions, filled with whatever."""
    words = max(1, (units + 63) // 64)
    try:
        mesh = _SPARE.pop()
    except IndexError:
        return _empty(words, vertices)
    fits = len(mesh.error) >= vertices and mesh.words.shape[1] == words
    return mesh if fits else _empty(words, max(vertices, len(mesh.error)))


def release(mesh: PlanarMesh) -> None:
    """Let the memory of a mesh be used for another one."""
    if sum(array.nbytes for array in mesh) <= SMALL:
        _SPARE[:] = [mesh]


def _empty(words: int, vertices: int) -> PlanarMesh:
    half_edges = 4 * vertices
    return PlanarMesh(
        coordinates=np.empty((vertices, 2)),
        position_error=np.empty(vertices),
        values=np.empty((vertices, 0)),
        error=np.empty(vertices),
        size=np.empty(vertices),
        signs=np.empty((vertices, 0), dtype=np.uint64),
        proved=np.empty(vertices, dtype=np.bool_),
        own=np.empty((vertices, 2), dtype=np.int32),
        face=np.empty(vertices, dtype=np.int32),
        spoke=np.empty(vertices, dtype=np.uint32),
        links=np.empty(FIELDS * half_edges, dtype=np.uint32),
        side=np.empty(half_edges, dtype=np.int32),
        first=np.empty(vertices, dtype=np.uint32),
        words=np.empty((vertices, words), dtype=np.uint64),
        waiting=np.empty((vertices, 2), dtype=np.int32),
        blocked=np.empty(vertices, dtype=np.int32),
        order=np.empty(vertices, dtype=np.int32),
    )


def grown(mesh: PlanarMesh, counters: Counters) -> PlanarMesh:
    """The mesh with room for half as much again where it is nearly full; where memory counts, for a quarter more.

    Raises
    ------
    MemoryError
        If there is not enough, or half-edges could no longer be named.
    """
    fields = {}
    for names, used, size in ((OF_VERTICES, VERTICES, 1), (("side",), LINKS, FIELDS), (OF_REGIONS, REGIONS, 1)):
        room, wanted = len(getattr(mesh, names[-1])), int(counters[used]) // size + MORE_LINKS
        if 8 * wanted > 7 * room:
            longer = max(wanted, room + room // (2 if room < LARGE else 4))
            fields.update({name: lengthened(getattr(mesh, name), longer) for name in names})
    if "side" in fields:
        if FIELDS * len(fields["side"]) >= NONE:
            raise MemoryError("there are too many edges")
        fields["links"] = lengthened(mesh.links, FIELDS * len(fields["side"]))
    return mesh._replace(**fields)


@borrowing
def name_sides(mesh: PlanarMesh, regions: Index) -> int:
    """Enter the place in a list of the region of every half-edge; returns the number of edges on the boundary."""
    links, first, side, outside = mesh.links, mesh.first, mesh.side, 0
    for i in range(len(regions)):
        start = first[regions[i]]
        h = start
        while True:
            side[h >> 2] = i
            outside += 1 if links[h + TWIN] == NONE else 0
            h = links[h + NEXT]
            if h == start:
                break
    return outside


@borrowing
def mark_corners(mesh: PlanarMesh, regions: Index, marked: NDArray[np.bool_]) -> None:
    """Mark the vertices of some regions."""
    links, first = mesh.links, mesh.first
    for i in range(len(regions)):
        start = first[regions[i]]
        h = start
        while True:
            marked[links[h + TAIL]] = True
            h = links[h + NEXT]
            if h == start:
                break
