"""Signs of the units of a layer at the vertices of a mesh, and distances to their zeros."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.layer_units import LayerUnits
from polyae.engines.subdivide.mesh import OPEN, VERTICES, Counters, Mesh
from polyae.engines.subdivide.words import Words, bit_of, pack_word
from polyae.predicates.jit import borrowing, compiled
from polyae.predicates.order import INFINITE_RANK, float_of, rank_of
from polyae.tolerances import SAFETY

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["count_doubtful", "enter_layer_signs", "enter_signs", "list_open", "measure_rooms", "room_at"]

#: In the place of the values that vanish at a vertex, and of infinite error bounds.
FAR = 1e300


@borrowing
def enter_signs(words: Words, v: int, values: Float, error: float, units: Int, rows: Int, start: int) -> bool:
    """Enter the signs of a vertex's values from unit number `start` on; whether the bound proves all of them."""
    proved, k = True, start
    while k < len(units):
        word, known, on = units[k] >> 6, np.uint64(0), np.uint64(0)
        while k < len(units) and units[k] >> 6 == word:
            x, bit = values[v, rows[k]], bit_of(units[k])
            proved &= abs(x) > error
            known |= bit
            on |= bit if x > 0.0 else np.uint64(0)
            k += 1
        words[v, word] = (words[v, word] & ~known) | on
    return proved


@compiled
def enter_layer_signs(mesh: Mesh, first: int, last: int, layer: LayerUnits) -> None:
    """Signs of all units of a new layer at vertices ``first <= v < last``, proved or not, and room around these."""
    words, values, error, proved, room = mesh.words, mesh.values, mesh.error, mesh.proved, mesh.room
    units, rows, scale, far = layer.units, layer.rows, layer.scale, layer.far
    begin, end = units[0] >> 6, (units[-1] >> 6) + 1
    inserted = np.zeros(end - begin, dtype=np.uint64)
    for unit in units:
        inserted[(unit >> 6) - begin] |= bit_of(unit)
    consecutive = rows[-1] - rows[0] == units[-1] - units[0]
    for v in range(first, last):
        room[v] = _least_room(values, v, error[v], scale, far)
        proved[v] = consecutive
        if consecutive:
            row, left, place = rows[0], units[-1] - units[0] + 1, units[0] & 63
            for i in range(end - begin):
                count = min(64 - place, left)
                word, open_ = pack_word(values, v, error[v], row, count, place)
                words[v, begin + i] |= word & inserted[i]
                proved[v] &= open_ == 0
                row, left, place = row + count, left - count, 0
        if not proved[v]:
            proved[v] = enter_signs(words, v, values, error[v], units, rows, 0)


@borrowing
def list_open(mesh: Mesh, counters: Counters) -> None:
    """List the vertices with signs that are not proved."""
    proved, open_, count = mesh.proved, mesh.open, 0
    for v in range(counters[VERTICES]):
        if not proved[v]:
            open_[count] = v
            count += 1
    counters[OPEN] = count


@borrowing
def count_doubtful(mesh: Mesh, counters: Counters, row: int) -> int:
    """At how many vertices the bounds leave the sign of an output open."""
    values, error, open_, doubtful = mesh.values, mesh.error, mesh.open, 0
    for k in range(counters[OPEN]):
        v = open_[k]
        doubtful += 0 if abs(values[v, row]) > error[v] else 1
    return doubtful


@borrowing
def _least_room(values: Float, v: int, error: float, scale: Float, far: Float) -> float:
    """Lower bound on the distance to the zeros of all outputs; those that do not count are infinitely `far`."""
    least, bound = INFINITE_RANK, min(error, FAR)
    for i in range(len(scale)):
        least = min(least, rank_of((abs(values[v, i]) - bound) * scale[i] + far[i]))
    return max(0.0, float_of(least) / SAFETY)


@borrowing
def room_at(
    values: Float, v: int, error: float, own: NDArray[np.int32], units: Int, row_of: Int, scale: Float, far: Float
) -> float:
    """Lower bound on the distance of a vertex to the zeros of the layer's units but its own, which are set to 0."""
    for s in range(own.shape[1]):
        if own[v, s] >= units[0]:
            values[v, row_of[own[v, s] - units[0]]] = FAR
    room = _least_room(values, v, error, scale, far)
    for s in range(own.shape[1]):
        if own[v, s] >= units[0]:
            values[v, row_of[own[v, s] - units[0]]] = 0.0
    return room


@borrowing
def measure_rooms(mesh: Mesh, first: int, last: int, layer: LayerUnits) -> None:
    """Room around vertices ``first <= v < last`` that lie on units of the layer; see :func:`room_at`."""
    values, error, own, room = mesh.values, mesh.error, mesh.own, mesh.room
    units, row_of, scale, far = layer.units, layer.row_of, layer.scale, layer.far
    for v in range(first, last):
        room[v] = room_at(values, v, error[v], own, units, row_of, scale, far)
