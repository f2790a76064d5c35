"""New vertices on the edges that a unit cuts: values, positions and patterns, with bounds.

Error bounds.  Let values at the ends a, b of an edge be known to within E_a and E_b, and let the unit that
cuts it have computed values p, -q there (or -p, q).  With t = p / (p + q), the exact place t* satisfies

    |t - t*| = |dp q - p dq| / ((p + q) (p* + q*))  <=  ((1 - t) E_a + t E_b) / (p + q - E_a - E_b) =: d,

and any computed value x_a + t (x_b - x_a) differs from the exact one, which is affine along the edge, by at
most (1 - t) E_a + t E_b + d (|x_b - x_a| + |E_a - E_b|), plus rounding.  The same holds for coordinates.
No position enters the decisions: a vertex is the exact intersection of its hyperplanes, and what is carried
along are bounds on the values there.

Compiled functions take their arrays out of the mesh before loops, and numbers of rows in the place of rows: inside
loops they would count references.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.layer_units import LayerUnits
from polyae.engines.subdivide.mesh import CUTS, OPEN, Counters, FaceTable, Hashes, Mesh
from polyae.engines.subdivide.signs import enter_signs, room_at
from polyae.engines.subdivide.words import Words, bit_of, first_bit
from polyae.predicates.jit import borrowing, inlined
from polyae.predicates.order import float_of, rank_of
from polyae.tolerances import SAFETY, UNDERFLOW, UNIT_ROUNDOFF

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = [
    "bound_between",
    "clear_vertices",
    "interpolate",
    "name_vertices",
    "place_between",
    "place_vertices",
    "share_of",
]


@borrowing
def interpolate(values: Float, a: int, b: int, t: float, w: int) -> float:
    """Row w between rows a and b; returns the largest difference between these."""
    spread = np.int64(0)
    for i in range(values.shape[1]):
        step = values[b, i] - values[a, i]
        values[w, i] = values[a, i] + t * step
        spread = max(spread, rank_of(abs(step)))
    return float_of(spread)


@borrowing
def share_of(p: float, q: float, error_a: float, error_b: float) -> tuple[float, float]:
    """Share of an edge up to the zero of an output that is p at one end and -q at the other, and the error of that."""
    t = p / (p + q) if p + q > 0.0 else 0.5
    gap = (p + q) * (1.0 - 4 * UNIT_ROUNDOFF) - error_a - error_b
    mean = (1.0 - t) * error_a + t * error_b
    return t, mean / gap * SAFETY + 4 * UNIT_ROUNDOFF if gap > 0.0 else np.inf


@borrowing
def bound_between(t: float, shift: float, error_a: float, error_b: float, spread: float, size: float) -> float:
    """Bound on the error of numbers up to `size`, at a share t between two that differ by up to `spread`."""
    if not shift < np.inf:
        return np.inf
    mean = (1.0 - t) * error_a + t * error_b
    return (mean + shift * (spread + abs(error_a - error_b)) + 8 * UNIT_ROUNDOFF * size) * SAFETY + UNDERFLOW


@inlined
def place_between(
    values: Float,
    error: Float,
    size: Float,
    coordinates: Float,
    position_error: Float,
    row: int,
    a: int,
    b: int,
    w: int,
) -> tuple[float, float]:
    """Put vertex w where an output vanishes between a and b; its share of the edge, and the error of that."""
    t, off = share_of(abs(values[a, row]), abs(values[b, row]), error[a], error[b])
    spread, shift = interpolate(values, a, b, t, w), min(off, 1.0)
    values[w, row] = 0.0
    size[w] = max(size[a], size[b]) * SAFETY
    error[w] = bound_between(t, off, error[a], error[b], spread, size[w])
    length, reach = interpolate(coordinates, a, b, t, w), 0.0
    for c in range(coordinates.shape[1]):
        reach = max(reach, abs(coordinates[a, c]), abs(coordinates[b, c]))
    position_error[w] = bound_between(t, shift, position_error[a], position_error[b], length, reach)
    return t, shift


@borrowing
def place_vertices(mesh: Mesh, row: int, cuts: int, first: int) -> None:
    """Values and positions of the new vertices, with their bounds."""
    values, error, size, ends, cut = mesh.values, mesh.error, mesh.size, mesh.ends, mesh.cut
    coordinates, position_error = mesh.coordinates, mesh.position_error
    weight, shift = mesh.weight, mesh.shift
    for k in range(cuts):
        e = cut[k]
        weight[k], shift[k] = place_between(
            values, error, size, coordinates, position_error, row, ends[e, 0], ends[e, 1], first + k
        )


@borrowing
def clear_vertices(mesh: Mesh, cuts: int, first: int) -> None:
    """Clearance of the new vertices.

    What vanishes at neither end of an edge has one sign on it and is as large as the mean of the ends; what
    vanishes at one end only grows linearly to the other.
    """
    clearance, reach, ends = mesh.clearance, mesh.reach, mesh.ends
    cut, weight, shift = mesh.cut, mesh.weight, mesh.shift
    for k in range(cuts):
        e, t, off = cut[k], weight[k], shift[k]
        near, far = clearance[ends[e, 0]], clearance[ends[e, 1]]
        least = min((1.0 - t) * near + t * far - off * abs(near - far), (t - off) * reach[e, 0])
        clearance[first + k] = max(0.0, min(least, (1.0 - t - off) * reach[e, 1]) / SAFETY)


@borrowing
def _signs_between(
    words: Words, proved: NDArray[np.bool_], a: int, b: int, w: int, values: Float, error: float,
    units: Int, rows: Int, row_of: Int, number: int,
) -> bool:  # fmt: skip
    """Enter the signs at vertex w between a and b, on unit `number`; whether all signs to come are proved.

    What has one sign at both ends has it in between; only other signs are read off the values.
    """
    unit = units[number]
    current = unit >> 6
    later = bit_of(unit) - np.uint64(1)
    for i in range(current):
        words[w, i] = words[a, i] | words[b, i]
    words[w, current] = (words[a, current] | words[b, current]) & ~later & ~bit_of(unit)
    for i in range(current + 1, words.shape[1]):
        words[w, i] = np.uint64(0)
    if not (proved[a] and proved[b]):
        return enter_signs(words, w, values, error, units, rows, number + 1)
    certain = True
    for i in range(current, (units[-1] >> 6) + 1):
        open_ = (words[a, i] ^ words[b, i]) & later
        words[w, i] |= words[a, i] & words[b, i] & later
        while open_ != np.uint64(0):
            later_unit = 64 * i + first_bit(open_)
            bit = bit_of(later_unit)
            open_ ^= bit
            x = values[w, row_of[later_unit - units[0]]]
            words[w, i] |= bit if x > 0.0 else np.uint64(0)
            certain &= abs(x) > error
        later = ~np.uint64(0)
    return certain


@borrowing
def name_vertices(
    mesh: Mesh, faces: FaceTable, hashes: Hashes, counters: Counters, first: int, layer: LayerUnits, number: int
) -> None:
    """Patterns, units, hashes and room of the new vertices."""
    words, key, own, face, values, error = mesh.words, mesh.key, mesh.own, mesh.face, mesh.values, mesh.error
    ends, missing, edge_face, cut, proved = mesh.ends, mesh.missing, mesh.edge_face, mesh.cut, mesh.proved
    open_, room, dims, zero, positive = mesh.open, mesh.room, faces.dims, hashes.zero, hashes.positive
    units, rows, row_of, scale, far = layer.units, layer.rows, layer.row_of, layer.scale, layer.far
    unit = units[number]
    for k in range(counters[CUTS]):
        e, w = cut[k], first + k
        a, b, skip = ends[e, 0], ends[e, 1], missing[e, 0]
        proved[w] = _signs_between(words, proved, a, b, w, values, error[w], units, rows, row_of, number)
        if not proved[w]:
            open_[counters[OPEN]] = w
            counters[OPEN] += 1
        count, place, own_key = dims[edge_face[e]], 0, key[a] + zero[unit]
        if skip >= 0:
            q = own[a, skip]
            own_key -= zero[q]
            if q < units[0] and words[w, q >> 6] & bit_of(q):
                own_key += positive[q]
        for s in range(count if skip >= 0 else count - 1):
            if s != skip:
                own[w, place] = own[a, s]
                place += 1
        own[w, count - 1] = unit
        for s in range(count, own.shape[1]):
            own[w, s] = -1
        key[w] = own_key
        face[w] = edge_face[e]
        room[w] = room_at(values, w, error[w], own, units, row_of, scale, far)
