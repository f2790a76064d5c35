"""Sides of a unit at the vertices of a mesh."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.mesh import Mesh, Words
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = [
    "bit_of",
    "decide_signs",
    "enter_signs",
    "guess_signs",
    "record_signs",
    "rows_by_unit",
    "unit_of_bit",
    "unpacked",
]


@compiled
def bit_of(unit: int) -> np.uint64:
    """Bit of a unit in its word."""
    return np.uint64(1) << np.uint64(63 - (unit & 63))


@compiled
def rows_by_unit(units: Int, rows: Int) -> Int:
    """Row of every unit of a layer, by the unit's number; 0 for others."""
    row_of = np.zeros(units[-1] + 1 if len(units) else 0, dtype=np.int64)
    for k in range(len(units)):
        row_of[units[k]] = rows[k]
    return row_of


@compiled
def unit_of_bit(word: int, bit: np.uint64) -> int:
    """Inverse of :func:`bit_of`; a power of two is a float64."""
    return 64 * word + 64 - math.frexp(float(bit))[1]


@compiled
def enter_signs(words: Words, w: int, values: Float, error: float, units: Int, rows: Int, start: int) -> bool:
    """Enter the signs of a vertex's values from unit number `start` on; whether the bound proves all of them."""
    proved, k = True, start
    while k < len(units):
        word, known, on = units[k] >> 6, np.uint64(0), np.uint64(0)
        while k < len(units) and units[k] >> 6 == word:
            x, bit = values[rows[k]], bit_of(units[k])
            proved &= abs(x) > error
            known |= bit
            on |= bit if x > 0.0 else np.uint64(0)
            k += 1
        words[word, w] = (words[word, w] & ~known) | on
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
        proved[v] = enter_signs(words, v, values[v], error[v], units, rows, start)


@compiled
def decide_signs(mesh: Mesh, count: int, unit: int, row: int) -> int:
    """Sides of a unit; returns how many of them the bounds leave open."""
    words, values, error, proved, side = mesh.words[unit >> 6], mesh.values, mesh.error, mesh.proved, mesh.side
    bit, open_ = bit_of(unit), 0
    for v in range(count):
        side[v] = 1 if words[v] & bit else -1
    for v in range(count):
        if not proved[v] and not abs(values[v, row]) > error[v]:
            side[v] = 0
            open_ += 1
    return open_


@compiled
def record_signs(mesh: Mesh, count: int, positive: np.uint64) -> None:
    """Add the hash of a unit at the vertices where it is positive."""
    key, side = mesh.key, mesh.side
    for v in range(count):
        key[v] += positive if side[v] > 0 else np.uint64(0)


def unpacked(words: Words, units: int) -> NDArray[np.bool_]:
    """Bits of words (n, w): shape (n, units)."""
    return np.unpackbits(words.astype(">u8").view(np.uint8), axis=1, count=units).astype(bool)
