"""New vertices on the edges that a unit cuts: values, positions and patterns, with bounds.

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

from polyae.engines.subdivide.mesh import FaceTable, Hashes, Mesh, Words
from polyae.engines.subdivide.signs import bit_of, enter_signs, unit_of_bit
from polyae.predicates.jit import compiled, inlined, reduction
from polyae.tolerances import SAFETY, UNDERFLOW, UNIT_ROUNDOFF

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["clear_vertices", "name_vertices", "place_between", "place_vertices"]


@reduction
def _interpolate(start: Float, end: Float, t: float, target: Float) -> float:
    """Values on an edge; returns the largest difference between those at its ends."""
    spread = 0.0
    for i in range(len(start)):
        step = end[i] - start[i]
        target[i] = start[i] + t * step
        spread = max(spread, abs(step))
    return spread


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
    shift = min(off, 1.0)
    length = _interpolate(coordinates[a], coordinates[b], t, coordinates[w])
    reach = 0.0
    for c in range(coordinates.shape[1]):
        reach = max(reach, abs(coordinates[a, c]), abs(coordinates[b, c]))
    far_a, far_b = position_error[a], position_error[b]
    bound = (1.0 - t) * far_a + t * far_b + shift * (length + abs(far_a - far_b)) + 8 * UNIT_ROUNDOFF * reach
    position_error[w] = bound * SAFETY + UNDERFLOW
    return t, shift


@compiled
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


@compiled
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


@compiled
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
        words[i, w] = words[i, a] | words[i, b]
    words[current, w] = (words[current, a] | words[current, b]) & ~later & ~bit_of(unit)
    for i in range(current + 1, len(words)):
        words[i, w] = np.uint64(0)
    if not (proved[a] and proved[b]):
        return enter_signs(words, w, values, error, units, rows, number + 1)
    certain = True
    for i in range(current, len(words)):
        open_ = (words[i, a] ^ words[i, b]) & later
        words[i, w] |= words[i, a] & words[i, b] & later
        while open_ != np.uint64(0):
            bit = open_ & (~open_ + np.uint64(1))
            open_ ^= bit
            x = values[row_of[unit_of_bit(i, bit)]]
            words[i, w] |= bit if x > 0.0 else np.uint64(0)
            certain &= abs(x) > error
        later = ~np.uint64(0)
    return certain


@compiled
def name_vertices(
    mesh: Mesh, faces: FaceTable, hashes: Hashes, cuts: int, first: int, units: Int, rows: Int, row_of: Int, number: int
) -> None:
    """Patterns, units and hashes of the new vertices; their hashes are those of the cut edges for now."""
    words, key, own, face, values, error = mesh.words, mesh.key, mesh.own, mesh.face, mesh.values, mesh.error
    ends, missing, edge_face, cut, proved = mesh.ends, mesh.missing, mesh.edge_face, mesh.cut, mesh.proved
    dims, zero, positive, unit = faces.dims, hashes.zero, hashes.positive, units[number]
    for k in range(cuts):
        e, w = cut[k], first + k
        a, b, skip = ends[e, 0], ends[e, 1], missing[e, 0]
        proved[w] = _signs_between(words, proved, a, b, w, values[w], error[w], units, rows, row_of, number)
        count, place, edge_key = dims[edge_face[e]], 0, key[a]
        if skip >= 0:
            q = own[a, skip]
            edge_key -= zero[q]
            edge_key += positive[q] if words[q >> 6, w] & bit_of(q) else np.uint64(0)
        for s in range(count if skip >= 0 else count - 1):
            if s != skip:
                own[w, place] = own[a, s]
                place += 1
        own[w, count - 1] = unit
        for s in range(count, own.shape[1]):
            own[w, s] = -1
        key[w] = edge_key
        face[w] = edge_face[e]
