"""Units of one layer inserted into a mesh, one after the other.

On every cell that the earlier layers made, the units of a layer are affine; a unit cuts the edges at whose
ends it has different signs, and the new vertices of one two-dimensional face are joined by a new edge.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.edges import find_cuts, join_vertices, set_reach, split_edges
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
from polyae.engines.subdivide.signs import decide_signs, record_signs, rows_by_unit
from polyae.predicates.jit import compiled

Int = NDArray[np.int64]

__all__ = ["COLLISION", "DONE", "DOUBTFUL", "NEEDS_ROOM", "insert_units"]

#: What the compiled loop stops for.
DONE, DOUBTFUL, NEEDS_ROOM, COLLISION = range(4)


@compiled
def _cut(
    mesh: Mesh, faces: FaceTable, hashes: Hashes, counters: Counters, units: Int, rows: Int, row_of: Int, number: int
) -> bool:
    """Cut the listed edges; False if hashes collided."""
    cuts, first, edges = counters[CUTS], counters[VERTICES], counters[EDGES]
    place_vertices(mesh, rows[number], cuts, first)
    clear_vertices(mesh, cuts, first)
    name_vertices(mesh, faces, hashes, cuts, first, units, rows, row_of, number)
    joined = edges + cuts
    after = join_vertices(mesh, faces, hashes, cuts, first, joined, table_size(counters[CUT_FACES]))
    if after != joined + counters[CUT_FACES]:
        return False
    mesh.key[first : first + cuts] += hashes.zero[units[number]]
    set_reach(mesh, joined, after, units[0])
    split_edges(mesh, faces, cuts, first, edges)
    counters[VERTICES], counters[EDGES] = first + cuts, after
    return True


@compiled
def insert_units(mesh: Mesh, faces: FaceTable, hashes: Hashes, counters: Counters, units: Int, rows: Int) -> int:
    """Insert units, from ``counters[NEXT]`` on, until something has to be done outside.

    Parameters
    ----------
    units, rows : arrays of int
        Units, rising, and the columns of ``mesh.values`` that hold their values.

    Returns
    -------
    int
        ``DONE``; ``DOUBTFUL`` if there are vertices of side 0; ``NEEDS_ROOM``; or ``COLLISION`` of hashes.
    """
    row_of = rows_by_unit(units, rows)
    while counters[NEXT] < len(units):
        number, count = counters[NEXT], counters[VERTICES]
        if counters[STAGE] == 0:
            counters[STAGE] = 1
            doubtful = decide_signs(mesh, count, units[number], rows[number])
            counters[PROVED] += count - doubtful
            if doubtful > 0:
                return DOUBTFUL
        if counters[STAGE] == 1:
            find_cuts(mesh, faces, counters)
            counters[STAGE] = 2
        if (
            count + counters[CUTS] > len(mesh.key)
            or counters[EDGES] + counters[CUTS] + counters[CUT_FACES] >= len(mesh.ends)
            or table_size(counters[CUT_FACES]) > len(mesh.table_key)
        ):
            return NEEDS_ROOM
        if counters[CUTS] > 0 and not _cut(mesh, faces, hashes, counters, units, rows, row_of, number):
            return COLLISION
        record_signs(mesh, count, hashes.positive[units[number]])
        counters[NEXT] += 1
        counters[STAGE] = 0
    return DONE
