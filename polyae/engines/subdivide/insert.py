"""Units of one layer inserted into a mesh, one after the other.

On every cell that the earlier layers made, the units of a layer are affine; a unit cuts the edges at whose
ends it has different signs, and the new vertices of one two-dimensional face are joined by a new edge.
"""

from __future__ import annotations

from polyae.engines.subdivide.edges import find_cuts, join_vertices, set_reach, split_edges
from polyae.engines.subdivide.layer_units import LayerUnits, list_edge, sum_of_hashes
from polyae.engines.subdivide.mesh import (
    CUT_FACES,
    CUTS,
    EDGES,
    NEXT,
    PROVED,
    STAGE,
    VERTICES,
    Counters,
    FaceTable,
    Hashes,
    Mesh,
    table_size,
)
from polyae.engines.subdivide.placing import clear_vertices, name_vertices, place_vertices
from polyae.engines.subdivide.signs import count_doubtful
from polyae.predicates.jit import borrowing

__all__ = ["COLLISION", "DONE", "DOUBTFUL", "NEEDS_ROOM", "add_hashes", "insert_units"]

#: What the compiled loop stops for.
DONE, DOUBTFUL, NEEDS_ROOM, COLLISION = range(4)


@borrowing
def _cut(mesh: Mesh, faces: FaceTable, hashes: Hashes, counters: Counters, layer: LayerUnits, number: int) -> bool:
    """Cut the listed edges; False if hashes collided."""
    cuts, first, edges = counters[CUTS], counters[VERTICES], counters[EDGES]
    place_vertices(mesh, layer.rows[number], cuts, first)
    clear_vertices(mesh, cuts, first)
    name_vertices(mesh, faces, hashes, counters, first, layer, number)
    joined = edges + cuts
    after = join_vertices(mesh, faces, hashes, counters, first, joined, layer, number)
    if after != joined + counters[CUT_FACES]:
        return False
    set_reach(mesh, joined, after, layer.units[0])
    split_edges(mesh, faces, cuts, first, edges)
    counters[VERTICES], counters[EDGES] = first + cuts, after
    ends, following, words, cut, waiting = mesh.ends, mesh.following, mesh.words, mesh.cut, layer.waiting
    for k in range(cuts):
        list_edge(waiting, following, words, ends[cut[k], 0], ends[cut[k], 1], cut[k], layer.units, number + 1)
    for e in range(edges, after):
        list_edge(waiting, following, words, ends[e, 0], ends[e, 1], e, layer.units, number + 1)
    return True


@borrowing
def insert_units(mesh: Mesh, faces: FaceTable, hashes: Hashes, counters: Counters, layer: LayerUnits) -> int:
    """Insert units, from ``counters[NEXT]`` on, until something has to be done outside.

    Returns
    -------
    int
        ``DONE``; ``DOUBTFUL`` if bounds leave signs of the next unit open; ``NEEDS_ROOM``; or ``COLLISION`` of hashes.
    """
    units = layer.units
    while counters[NEXT] < len(units):
        number, count = counters[NEXT], counters[VERTICES]
        if counters[STAGE] == 0:
            counters[STAGE] = 1
            doubtful = count_doubtful(mesh, counters, layer.rows[number])
            counters[PROVED] += count - doubtful
            if doubtful > 0:
                return DOUBTFUL
        if counters[STAGE] == 1:
            find_cuts(mesh, faces, counters, layer.waiting[units[number] - units[0]])
            counters[STAGE] = 2
        if (
            count + counters[CUTS] > len(mesh.key)
            or counters[EDGES] + counters[CUTS] + counters[CUT_FACES] >= len(mesh.ends)
            or table_size(counters[CUT_FACES]) > len(mesh.table_key)
        ):
            return NEEDS_ROOM
        if counters[CUTS] > 0 and not _cut(mesh, faces, hashes, counters, layer, number):
            return COLLISION
        counters[NEXT] += 1
        counters[STAGE] = 0
    return DONE


@borrowing
def add_hashes(mesh: Mesh, count: int, layer: LayerUnits) -> None:
    """Add the hashes of the units of a finished layer to the keys of the vertices at which they are positive."""
    key, words, units, sums = mesh.key, mesh.words, layer.units, layer.sums
    for v in range(count):
        key[v] += sum_of_hashes(words, v, units, sums, len(units))
