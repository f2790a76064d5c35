"""Units of one layer inserted into a mesh, one after the other.

On every cell that the earlier layers made, the units of a layer are affine; a unit cuts the edges at whose
ends it has different signs, and the new vertices of one two-dimensional face are joined by a new edge.

Error bounds.  Let values at the ends a, b of an edge be known to within E_a and E_b, and let the unit that
cuts it have computed values p, -q there (or -p, q).  With t = p / (p + q), the exact place t* satisfies

    |t - t*| = |dp q - p dq| / ((p + q) (p* + q*))  <=  ((1 - t) E_a + t E_b) / (p + q - E_a - E_b) =: d,

and any computed value x_a + t (x_b - x_a) differs from the exact one, which is affine along the edge, by at
most (1 - t) E_a + t E_b + d (|x_b - x_a| + |E_a - E_b|), plus rounding.  The same holds for coordinates.
No position enters the decisions: a vertex is the exact intersection of its hyperplanes, and what is carried
along are bounds on the values there.

Compiled functions take their arrays out of the mesh before loops: inside they would count references.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
    Words,
    table_size,
)
from polyae.predicates.jit import compiled, reduction
from polyae.tolerances import UNIT_ROUNDOFF

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["COLLISION", "DONE", "DOUBTFUL", "NEEDS_ROOM", "SAFETY", "UNDERFLOW", "guess_signs", "insert_units"]

#: What the compiled loop stops for.
DONE, DOUBTFUL, NEEDS_ROOM, COLLISION = range(4)
#: Makes up for the roundings in the computation of a bound (a few tens of units of roundoff).
SAFETY = 1.0 + 1e-13
#: Added to every bound, more than what products lose to underflow.
UNDERFLOW = 1e-290


@compiled
def _bit(unit: int) -> np.uint64:
    return np.uint64(1) << np.uint64(63 - (unit & 63))


@compiled
def _guess(words: Words, w: int, values: Float, error: float, units: Int, rows: Int, start: int) -> bool:
    """Enter the signs of a vertex's values from unit number `start` on; whether the bound proves all of them."""
    proved = True
    for k in range(start, len(units)):
        x = values[rows[k]]
        proved &= abs(x) > error
        unit = units[k]
        words[unit >> 6, w] |= _bit(unit) if x > 0.0 else np.uint64(0)
    return proved


@compiled
def guess_signs(mesh: Mesh, first: int, last: int, units: Int, rows: Int, start: int) -> None:
    """Enter the signs of values at vertices ``first <= v < last``, proved or not.

    Parameters
    ----------
    units, rows : arrays of int
        See :func:`insert_units`.
    start : int
        Units before this one have been inserted.
    """
    words, values, error, proved = mesh.words, mesh.values, mesh.error, mesh.proved
    for v in range(first, last):
        for k in range(start, len(units)):
            words[units[k] >> 6, v] &= ~_bit(units[k])
        proved[v] = _guess(words, v, values[v], error[v], units, rows, start)


@compiled
def _signs(mesh: Mesh, count: int, unit: int, row: int) -> int:
    """Sides of a unit; returns how many of them the bounds leave open."""
    words, values, error, proved, side = mesh.words[unit >> 6], mesh.values, mesh.error, mesh.proved, mesh.side
    bit, open_ = _bit(unit), 0
    for v in range(count):
        side[v] = 1 if words[v] & bit else -1
    for v in range(count):
        if not proved[v] and not abs(values[v, row]) > error[v]:
            side[v] = 0
            open_ += 1
    return open_


@compiled
def _find_cuts(mesh: Mesh, faces: FaceTable, counters: Counters) -> None:
    """List the edges with ends on different sides; count the two-dimensional faces around them."""
    ends, side, cut, edge_face = mesh.ends, mesh.side, mesh.cut, mesh.edge_face
    dims, up_start = faces.dims, faces.up_start
    cuts, around = 0, 0
    for e in range(counters[EDGES]):
        cut[cuts] = e  # without a branch, which would be mispredicted
        cuts += np.int64(side[ends[e, 0]] != side[ends[e, 1]])
    for k in range(cuts):
        face = edge_face[cut[k]]
        around += 2 * (dims[face] - 1) + up_start[face + 1] - up_start[face]
    counters[CUTS], counters[CUT_FACES] = cuts, around // 2


@compiled
def _record(mesh: Mesh, count: int, positive: np.uint64) -> None:
    """Add the hash of a unit at the vertices where it is positive."""
    key, side = mesh.key, mesh.side
    for v in range(count):
        key[v] += positive if side[v] > 0 else np.uint64(0)


@reduction
def _interpolate(start: Float, end: Float, t: float, target: Float) -> float:
    """Values on an edge; returns the largest difference between those at its ends."""
    spread = 0.0
    for i in range(len(start)):
        step = end[i] - start[i]
        target[i] = start[i] + t * step
        spread = max(spread, abs(step))
    return spread


@compiled
def _place(mesh: Mesh, row: int, cuts: int, first: int) -> None:
    """Values and positions of the new vertices, with their bounds."""
    values, error, size, ends, cut = mesh.values, mesh.error, mesh.size, mesh.ends, mesh.cut
    coordinates, position_error = mesh.coordinates, mesh.position_error
    weight, shift = mesh.weight, mesh.shift
    for k in range(cuts):
        e, w = cut[k], first + k
        a, b = ends[e, 0], ends[e, 1]
        p, q = abs(values[a, row]), abs(values[b, row])
        t = p / (p + q) if p + q > 0.0 else 0.5
        spread = _interpolate(values[a], values[b], t, values[w])
        values[w, row] = 0.0
        gap = (p + q) * (1.0 - 4 * UNIT_ROUNDOFF) - error[a] - error[b]
        mean = (1.0 - t) * error[a] + t * error[b]
        off = mean / gap * SAFETY + 4 * UNIT_ROUNDOFF if gap > 0.0 else np.inf
        size[w] = max(size[a], size[b]) * SAFETY
        bound = mean + off * (spread + abs(error[a] - error[b])) + 8 * UNIT_ROUNDOFF * size[w]
        error[w] = bound * SAFETY + UNDERFLOW if gap > 0.0 else np.inf
        weight[k], shift[k] = t, min(off, 1.0)
        length = _interpolate(coordinates[a], coordinates[b], t, coordinates[w])
        reach = 0.0
        for c in range(coordinates.shape[1]):
            reach = max(reach, abs(coordinates[a, c]), abs(coordinates[b, c]))
        far_a, far_b = position_error[a], position_error[b]
        bound = (1.0 - t) * far_a + t * far_b + shift[k] * (length + abs(far_a - far_b)) + 8 * UNIT_ROUNDOFF * reach
        position_error[w] = bound * SAFETY + UNDERFLOW


@compiled
def _clear_new(mesh: Mesh, cuts: int, first: int) -> None:
    """Clearance of the new vertices.

    What vanishes at neither end of an edge has one sign on it and is as large as the mean of the ends; what
    vanishes at one end only grows linearly to the other.
    """
    clearance, reach, ends, cut, weight, shift = mesh.clearance, mesh.reach, mesh.ends, mesh.cut, mesh.weight, mesh.shift
    for k in range(cuts):
        e, t, off = cut[k], weight[k], shift[k]
        near, far = clearance[ends[e, 0]], clearance[ends[e, 1]]
        least = min((1.0 - t) * near + t * far - off * abs(near - far), (t - off) * reach[e, 0])
        clearance[first + k] = max(0.0, min(least, (1.0 - t - off) * reach[e, 1]) / SAFETY)


@compiled
def _name(mesh: Mesh, faces: FaceTable, hashes: Hashes, cuts: int, first: int, units: Int, rows: Int, number: int) -> None:
    """Patterns, units and hashes of the new vertices; their hashes are those of the cut edges for now."""
    words, key, own, face, values, error = mesh.words, mesh.key, mesh.own, mesh.face, mesh.values, mesh.error
    ends, missing, edge_face, cut, proved = mesh.ends, mesh.missing, mesh.edge_face, mesh.cut, mesh.proved
    dims, zero, positive, unit = faces.dims, hashes.zero, hashes.positive, units[number]
    current, before = unit >> 6, ~((_bit(unit) << np.uint64(1)) - np.uint64(1))
    for k in range(cuts):
        e, w = cut[k], first + k
        a, b, skip = ends[e, 0], ends[e, 1], missing[e, 0]
        for i in range(current):
            words[i, w] = words[i, a] | words[i, b]
        words[current, w] = (words[current, a] | words[current, b]) & before
        for i in range(current + 1, len(words)):
            words[i, w] = np.uint64(0)
        proved[w] = _guess(words, w, values[w], error[w], units, rows, number + 1)
        count, place, edge_key = dims[edge_face[e]], 0, key[a]
        if skip >= 0:
            q = own[a, skip]
            edge_key -= zero[q]
            edge_key += positive[q] if words[q >> 6, w] & _bit(q) else np.uint64(0)
        for s in range(count if skip >= 0 else count - 1):
            if s != skip:
                own[w, place] = own[a, s]
                place += 1
        own[w, count - 1] = unit
        for s in range(count, own.shape[1]):
            own[w, s] = -1
        key[w] = edge_key
        face[w] = edge_face[e]


@compiled
def _join(
    table_key: Words, table_vertex: NDArray[np.int32], table_slot: NDArray[np.int8], mask: np.uint64,
    ends: NDArray[np.int32], missing: NDArray[np.int8], e: int, key: np.uint64, w: int, slot: int,
) -> int:  # fmt: skip
    """Enter a new vertex into a two-dimensional face, or make edge e to the one there: 0, 1, or -1 if there were two."""
    at = (key ^ (key >> np.uint64(32))) & mask
    while table_vertex[at] != -1:
        if table_key[at] == key:
            other = table_vertex[at]
            ends[e, 0], ends[e, 1] = other, w
            missing[e, 0], missing[e, 1] = table_slot[at], slot
            table_vertex[at] = -2
            return 1 if other >= 0 else -1
        at = (at + np.uint64(1)) & mask
    table_key[at], table_vertex[at], table_slot[at] = key, w, slot
    return 0


@compiled
def _join_all(mesh: Mesh, faces: FaceTable, hashes: Hashes, cuts: int, first: int, e: int, slots: int) -> int:
    """Edges between new vertices of one two-dimensional face, from number e on; the number after the last, or -1.

    A convex polygon is cut in two points or none, so the new vertices enter each face twice: two faces of
    one hash would be entered four times, which is noticed.
    """
    table_key, table_vertex, table_slot = mesh.table_key, mesh.table_vertex, mesh.table_slot
    ends, missing, edge_face, own, face, key = mesh.ends, mesh.missing, mesh.edge_face, mesh.own, mesh.face, mesh.key
    dims, up_start, up, zero, positive, of_face = faces.dims, faces.up_start, faces.up, hashes.zero, hashes.positive, hashes.face
    table_vertex[:slots] = -1
    mask = np.uint64(slots - 1)
    for w in range(first, first + cuts):
        edge_key, inside = key[w], face[w]
        for s in range(dims[inside] - 1):
            q = own[w, s]
            on_face = edge_key - zero[q] + of_face[inside]
            for side in range(2):
                edge_face[e] = inside
                found = _join(table_key, table_vertex, table_slot, mask, ends, missing, e, on_face, w, s)
                if found < 0:
                    return -1
                e += found
                on_face += positive[q]
        for i in range(up_start[inside], up_start[inside + 1]):
            edge_face[e] = up[i]
            found = _join(
                table_key, table_vertex, table_slot, mask, ends, missing, e, edge_key + of_face[up[i]], w, -1
            )
            if found < 0:
                return -1
            e += found
    return e


@compiled
def _set_reach(mesh: Mesh, start: int, stop: int, first_unit: int) -> None:
    """Reach of new edges; what values say about units of this layer is entered when it is finished."""
    reach, ends, missing, own, clearance = mesh.reach, mesh.ends, mesh.missing, mesh.own, mesh.clearance
    for e in range(start, stop):
        for end in range(2):
            w, slot = ends[e, end], missing[e, end]
            current = slot >= 0 and own[w, max(slot, 0)] >= first_unit
            reach[e, end] = np.inf if current else clearance[ends[e, 1 - end]]


@compiled
def _split(mesh: Mesh, faces: FaceTable, cuts: int, first: int, new: int) -> None:
    """Halve the cut edges: the first half keeps its number, the other ones are numbered from `new` on."""
    ends, missing, edge_face, reach, cut = mesh.ends, mesh.missing, mesh.edge_face, mesh.reach, mesh.cut
    weight, shift, dims = mesh.weight, mesh.shift, faces.dims
    for k in range(cuts):
        e, w, other, t = cut[k], first + k, new + k, weight[k]
        slot = dims[edge_face[e]] - 1
        ends[other, 0], ends[other, 1] = w, ends[e, 1]
        missing[other, 0], missing[other, 1] = slot, missing[e, 1]
        edge_face[other] = edge_face[e]
        ends[e, 1], missing[e, 1] = w, slot
        reach[other, 0], reach[other, 1] = np.inf, max(0.0, (1.0 - t - shift[k]) * reach[e, 1] / SAFETY)
        reach[e, 0], reach[e, 1] = max(0.0, (t - shift[k]) * reach[e, 0] / SAFETY), np.inf


@compiled
def _cut(
    mesh: Mesh, faces: FaceTable, hashes: Hashes, counters: Counters, units: Int, rows: Int, number: int
) -> bool:
    """Cut the listed edges; False if hashes collided."""
    cuts, first, edges = counters[CUTS], counters[VERTICES], counters[EDGES]
    _place(mesh, rows[number], cuts, first)
    _clear_new(mesh, cuts, first)
    _name(mesh, faces, hashes, cuts, first, units, rows, number)
    joined = edges + cuts
    after = _join_all(mesh, faces, hashes, cuts, first, joined, table_size(counters[CUT_FACES]))
    if after != joined + counters[CUT_FACES]:
        return False
    mesh.key[first : first + cuts] += hashes.zero[units[number]]
    _set_reach(mesh, joined, after, units[0])
    _split(mesh, faces, cuts, first, edges)
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
    while counters[NEXT] < len(units):
        number, count = counters[NEXT], counters[VERTICES]
        if counters[STAGE] == 0:
            counters[STAGE] = 1
            doubtful = _signs(mesh, count, units[number], rows[number])
            counters[PROVED] += count - doubtful
            if doubtful > 0:
                return DOUBTFUL
        if counters[STAGE] == 1:
            _find_cuts(mesh, faces, counters)
            counters[STAGE] = 2
        if (
            count + counters[CUTS] > len(mesh.key)
            or counters[EDGES] + counters[CUTS] + counters[CUT_FACES] >= len(mesh.ends)
            or table_size(counters[CUT_FACES]) > len(mesh.table_key)
        ):
            return NEEDS_ROOM
        if counters[CUTS] > 0 and not _cut(mesh, faces, hashes, counters, units, rows, number):
            return COLLISION
        _record(mesh, count, hashes.positive[units[number]])
        counters[NEXT] += 1
        counters[STAGE] = 0
    return DONE
