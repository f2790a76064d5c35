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
"""

from __future__ import annotations

import numba as nb
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
    table_size,
)
from polyae.tolerances import UNIT_ROUNDOFF

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["COLLISION", "DONE", "DOUBTFUL", "NEEDS_ROOM", "insert_units"]

#: What the compiled loop stops for.
DONE, DOUBTFUL, NEEDS_ROOM, COLLISION = range(4)
#: Makes up for the roundings in the computation of a bound (a few tens of units of roundoff).
SAFETY = 1.0 + 1e-13
#: Added to every bound, more than what products lose to underflow.
UNDERFLOW = 1e-290


@nb.njit(cache=True)
def _signs(values: Float, error: Float, side: NDArray[np.int8], count: int) -> int:
    """Signs that the bounds prove; returns how many they do not."""
    open_ = 0
    for v in range(count):
        proved = abs(values[v]) > error[v]
        sign = 1 if values[v] > 0.0 else -1
        side[v] = sign if proved else 0
        open_ += 0 if proved else 1
    return open_


@nb.njit(cache=True)
def _find_cuts(mesh: Mesh, faces: FaceTable, counters: Counters) -> None:
    """List the edges with ends on different sides; count the places of two-dimensional faces around them."""
    cuts, around = 0, 0
    for e in range(counters[EDGES]):
        mesh.cut[cuts] = e  # without a branch, which would be mispredicted
        cuts += np.int64(mesh.side[mesh.ends[e, 0]] != mesh.side[mesh.ends[e, 1]])
    for k in range(cuts):
        face = mesh.edge_face[mesh.cut[k]]
        around += 2 * (faces.dims[face] - 1) + faces.up_start[face + 1] - faces.up_start[face]
    counters[CUTS], counters[CUT_FACES] = cuts, around // 2


@nb.njit(cache=True)
def _record(mesh: Mesh, count: int, unit: int, positive: np.uint64) -> None:
    """Enter the signs of a unit into patterns and hashes."""
    words, bit = mesh.words[unit >> 6], np.uint64(1) << np.uint64(63 - (unit & 63))
    for v in range(count):
        on = mesh.side[v] > 0
        words[v] |= bit if on else np.uint64(0)
        mesh.key[v] += positive if on else np.uint64(0)


@nb.njit(cache=True, fastmath={"nnan", "nsz"})
def _interpolate(
    row: Float, ends: NDArray[np.int32], cut: NDArray[np.int32], weight: Float, spread: Float, cuts: int, first: int
) -> None:
    """One quantity at the new vertices; `spread` becomes the largest difference between ends so far."""
    for k in range(cuts):
        x = row[ends[cut[k], 0]]
        step = row[ends[cut[k], 1]] - x
        row[first + k] = x + weight[k] * step
        spread[k] = max(spread[k], abs(step))


@nb.njit(cache=True)
def _place(mesh: Mesh, row: int, cuts: int) -> None:
    """Where the unit of a row cuts the edges, as a share of their length."""
    for k in range(cuts):
        e = mesh.cut[k]
        p, q = abs(mesh.values[row, mesh.ends[e, 0]]), abs(mesh.values[row, mesh.ends[e, 1]])
        mesh.weight[k] = p / (p + q) if p + q > 0.0 else 0.5
        mesh.spread[k] = 0.0


@nb.njit(cache=True, inline="always")
def _clearance(mesh: Mesh, e: int, t: float, shift: float) -> float:
    """Clearance of the vertex on an edge.

    What vanishes at neither end has one sign on the edge and is as large as the mean of the ends; what vanishes
    at one end only grows linearly to the other.
    """
    near, far = mesh.clearance[mesh.ends[e, 0]], mesh.clearance[mesh.ends[e, 1]]
    least = min((1.0 - t) * near + t * far - shift * abs(near - far), (t - shift) * mesh.reach[e, 0])
    return max(0.0, min(least, (1.0 - t - shift) * mesh.reach[e, 1]) / SAFETY)


@nb.njit(cache=True)
def _bound_new(mesh: Mesh, row: int, cuts: int, first: int) -> None:
    """Bounds at the new vertices; `spread` holds the differences of values and is used up."""
    h = len(mesh.coordinates)
    for k in range(cuts):
        e, w = mesh.cut[k], first + k
        a, b, t = mesh.ends[e, 0], mesh.ends[e, 1], mesh.weight[k]
        error_a, error_b = mesh.error[a], mesh.error[b]
        gap = (abs(mesh.values[row, a]) + abs(mesh.values[row, b])) * (1.0 - 4 * UNIT_ROUNDOFF) - error_a - error_b
        mean = (1.0 - t) * error_a + t * error_b
        shift = mean / gap * SAFETY + 4 * UNIT_ROUNDOFF if gap > 0.0 else np.inf
        size = max(mesh.size[a], mesh.size[b])
        error = mean + shift * (mesh.spread[k] + abs(error_a - error_b)) + 8 * UNIT_ROUNDOFF * size
        mesh.error[w] = error * SAFETY + UNDERFLOW if gap > 0.0 else np.inf
        mesh.size[w] = size * SAFETY
        length, reach = 0.0, 0.0
        for c in range(h):
            length = max(length, abs(mesh.coordinates[c, b] - mesh.coordinates[c, a]))
            reach = max(reach, abs(mesh.coordinates[c, a]), abs(mesh.coordinates[c, b]))
        far_a, far_b = mesh.position_error[a], mesh.position_error[b]
        off = (1.0 - t) * far_a + t * far_b + min(shift, 1.0) * (length + abs(far_a - far_b))
        mesh.position_error[w] = (off + 8 * UNIT_ROUNDOFF * reach) * SAFETY + UNDERFLOW
        mesh.shift[k] = min(shift, 1.0)
        mesh.clearance[w] = _clearance(mesh, e, t, mesh.shift[k])


@nb.njit(cache=True, inline="always")
def _new_vertex(mesh: Mesh, hashes: Hashes, e: int, w: int, unit: int, own: int) -> np.uint64:
    """Pattern, hash and units of the vertex on a cut edge; returns the hash of the edge."""
    a, b = mesh.ends[e, 0], mesh.ends[e, 1]
    for i in range(len(mesh.words)):
        mesh.words[i, w] = mesh.words[i, a] | mesh.words[i, b]
    key, skip, place = mesh.key[a], mesh.missing[e, 0], 0
    if skip >= 0:
        q = mesh.own[a, skip]
        key -= hashes.zero[q]
        if (mesh.words[q >> 6, w] >> np.uint64(63 - (q & 63))) & np.uint64(1):
            key += hashes.positive[q]
    for s in range(own if skip >= 0 else own - 1):
        if s != skip:
            mesh.own[w, place] = mesh.own[a, s]
            place += 1
    mesh.own[w, own - 1] = unit
    for s in range(own, mesh.own.shape[1]):
        mesh.own[w, s] = -1
    mesh.key[w] = key + hashes.zero[unit]
    mesh.face[w] = mesh.edge_face[e]
    return key


@nb.njit(cache=True, inline="always")
def _reach(mesh: Mesh, w: int, slot: int, other: int, first_unit: int) -> float:
    """Reach at end w of a new edge; what its values say about a unit of this layer is entered later."""
    return np.inf if slot >= 0 and mesh.own[w, slot] >= first_unit else mesh.clearance[other]


@nb.njit(cache=True, inline="always")
def _join(
    mesh: Mesh, counters: Counters, key: np.uint64, w: int, slot: int, face: int, mask: np.uint64, first_unit: int
) -> int:
    """Enter a new vertex into a two-dimensional face, or join it to the one there: 0, 1, or -1 if there were two."""
    at = (key ^ (key >> np.uint64(32))) & mask
    while mesh.table_vertex[at] != -1:
        if mesh.table_key[at] == key:
            other = mesh.table_vertex[at]
            if other < 0:
                return -1
            e = counters[EDGES]
            mesh.ends[e, 0], mesh.ends[e, 1] = other, w
            mesh.missing[e, 0], mesh.missing[e, 1] = mesh.table_slot[at], slot
            mesh.edge_face[e] = face
            mesh.reach[e, 0] = _reach(mesh, other, mesh.table_slot[at], w, first_unit)
            mesh.reach[e, 1] = _reach(mesh, w, slot, other, first_unit)
            counters[EDGES] = e + 1
            mesh.table_vertex[at] = -2
            return 1
        at = (at + np.uint64(1)) & mask
    mesh.table_key[at], mesh.table_vertex[at], mesh.table_slot[at] = key, w, slot
    return 0


@nb.njit(cache=True, inline="always")
def _join_around(
    mesh: Mesh, faces: FaceTable, hashes: Hashes, counters: Counters, key: np.uint64, w: int, own: int, mask: np.uint64,
    first_unit: int,
) -> int:  # fmt: skip
    """Enter a new vertex into all two-dimensional faces around its edge; number of joins, negative after a collision."""
    face, joined = mesh.face[w], 0
    for s in range(own - 1):
        q = mesh.own[w, s]
        without = key - hashes.zero[q] + hashes.face[face]
        for side_key in (without, without + hashes.positive[q]):
            found = _join(mesh, counters, side_key, w, s, face, mask, first_unit)
            if found < 0:
                return -1
            joined += found
    for i in range(faces.up_start[face], faces.up_start[face + 1]):
        cover = faces.up[i]
        found = _join(mesh, counters, key + hashes.face[cover], w, -1, cover, mask, first_unit)
        if found < 0:
            return -1
        joined += found
    return joined


@nb.njit(cache=True, inline="always")
def _split(mesh: Mesh, counters: Counters, k: int, w: int, own: int) -> None:
    """Halve edge k of those that are cut: the first half keeps its number."""
    e, new = mesh.cut[k], counters[EDGES]
    t, shift = mesh.weight[k], mesh.shift[k]
    mesh.reach[new, 0], mesh.reach[new, 1] = np.inf, max(0.0, (1.0 - t - shift) * mesh.reach[e, 1] / SAFETY)
    mesh.reach[e, 0], mesh.reach[e, 1] = max(0.0, (t - shift) * mesh.reach[e, 0] / SAFETY), np.inf
    mesh.ends[new, 0], mesh.ends[new, 1] = w, mesh.ends[e, 1]
    mesh.missing[new, 0], mesh.missing[new, 1] = own - 1, mesh.missing[e, 1]
    mesh.edge_face[new] = mesh.edge_face[e]
    mesh.ends[e, 1], mesh.missing[e, 1] = w, own - 1
    counters[EDGES] = new + 1


@nb.njit(cache=True)
def _cut(
    mesh: Mesh, faces: FaceTable, hashes: Hashes, counters: Counters, unit: int, row: int, first_unit: int
) -> bool:
    """Cut the listed edges; False if hashes collided.

    A convex polygon is cut in two points or none, so the vertices of a cut enter each face twice: two faces
    of one hash would be entered four times, which is noticed.
    """
    cuts, first = counters[CUTS], counters[VERTICES]
    _place(mesh, row, cuts)
    for i in range(len(mesh.values)):
        _interpolate(mesh.values[i], mesh.ends, mesh.cut, mesh.weight, mesh.spread, cuts, first)
    _bound_new(mesh, row, cuts, first)
    for i in range(len(mesh.coordinates)):
        _interpolate(mesh.coordinates[i], mesh.ends, mesh.cut, mesh.weight, mesh.spread, cuts, first)
    slots = table_size(counters[CUT_FACES])
    mesh.table_vertex[:slots] = -1
    joined = 0
    for k in range(cuts):
        e, w = mesh.cut[k], first + k
        own = faces.dims[mesh.edge_face[e]]
        mesh.values[row, w] = 0.0
        key = _new_vertex(mesh, hashes, e, w, unit, own)
        found = _join_around(mesh, faces, hashes, counters, key, w, own, np.uint64(slots - 1), first_unit)
        if found < 0:
            return False
        joined += found
        _split(mesh, counters, k, w, own)
    counters[VERTICES] = first + cuts
    return joined == counters[CUT_FACES]


@nb.njit(cache=True)
def insert_units(mesh: Mesh, faces: FaceTable, hashes: Hashes, counters: Counters, units: Int, rows: Int) -> int:
    """Insert units, from ``counters[NEXT]`` on, until something has to be done outside.

    Parameters
    ----------
    units, rows : arrays of int
        Units, and the rows of ``mesh.values`` that hold their values.

    Returns
    -------
    int
        ``DONE``; ``DOUBTFUL`` if there are vertices of side 0; ``NEEDS_ROOM``; or ``COLLISION`` of hashes.
    """
    while counters[NEXT] < len(units):
        unit, row = units[counters[NEXT]], rows[counters[NEXT]]
        if counters[STAGE] == 0:
            counters[STAGE] = 1
            doubtful = _signs(mesh.values[row], mesh.error, mesh.side, counters[VERTICES])
            counters[PROVED] += counters[VERTICES] - doubtful
            if doubtful > 0:
                return DOUBTFUL
        if counters[STAGE] == 1:
            _find_cuts(mesh, faces, counters)
            counters[STAGE] = 2
        if (
            counters[VERTICES] + counters[CUTS] > len(mesh.key)
            or counters[EDGES] + counters[CUTS] + counters[CUT_FACES] > len(mesh.ends)
            or table_size(counters[CUT_FACES]) > len(mesh.table_key)
        ):
            return NEEDS_ROOM
        before = counters[VERTICES]
        if counters[CUTS] > 0 and not _cut(mesh, faces, hashes, counters, unit, row, units[0]):
            return COLLISION
        _record(mesh, before, unit, hashes.positive[unit])
        counters[NEXT] += 1
        counters[STAGE] = 0
    return DONE
