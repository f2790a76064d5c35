"""The canonical order of a complex: regions by pattern, edges by their regions."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyae.engines.edge_order import edges_in_order, sort_edges
from polyae.engines.enumeration import Enumeration
from polyae.predicates.jit import compiled, inlined

Float = NDArray[np.float64]
Words = NDArray[np.uint64]
Int = NDArray[np.int32]

__all__ = ["pattern_keys", "sort_canonically"]

#: Runs of rows that are sorted by insertion.
FEW = 12

#: Of a linear congruential generator modulo 2^64 (Knuth's MMIX), whose high bits are used.
MULTIPLIER, INCREMENT = np.uint64(6364136223846793005), np.uint64(1442695040888963407)

LITTLE_ENDIAN = sys.byteorder == "little"
EVEN_BYTES, EVEN_PAIRS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)


def pattern_keys(packed: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Rows as fixed-width byte strings, which NumPy compares in the order of the patterns."""
    if packed.shape[1] == 0:
        return np.full(len(packed), b"", dtype="S1")
    return np.ascontiguousarray(packed).view(f"S{packed.shape[1]}").ravel()


def sort_canonically(found: Enumeration) -> None:
    """Number the regions by pattern, units in order, and sort the edges; in place where arrays may be written.

    What is in order already, such as a complex that is read from a file, is left as it is.
    """
    found.packed = np.ascontiguousarray(found.packed)
    if not _in_order(_words(found.packed)):
        _make_writeable(found, "packed", "witnesses", "expanded", "edges")
        order = _sorted_rows(_words(found.packed))
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order), dtype=np.int32)
        found.exact_witnesses = {int(rank[i]): w for i, w in found.exact_witnesses.items()}
        _renumber(found.edges, rank)
        del rank
        _permute(order, found.packed, found.witnesses, found.expanded)
    if not edges_in_order(found.edges, found.edge_units):
        _make_writeable(found, "edges", "edge_units")
        sort_edges(found.edges, found.edge_units, len(found.packed))


def _make_writeable(found: Enumeration, *names: str) -> None:
    for name in names:
        setattr(found, name, np.require(getattr(found, name), requirements=["C", "W"]))


def _words(packed: NDArray[np.uint8]) -> Words:
    """Rows as words of 64 bits whose bytes are in the order of the patterns, shape (n, w); a view if w is whole."""
    width = packed.shape[1]
    if width % 8 or not width:
        padded = np.zeros((len(packed), 8 * max(1, -(-width // 8))), dtype=np.uint8)
        padded[:, :width] = packed
        packed = padded
    return packed.view(np.uint64)


@inlined
def _number(words: Words, row: int, k: int) -> np.uint64:
    """The bytes of a word as a number, the first one highest."""
    word = words[row, k]
    if LITTLE_ENDIAN:  # three exchanges, which compilers make one instruction
        word = (word & EVEN_BYTES) << np.uint64(8) | (word >> np.uint64(8)) & EVEN_BYTES
        word = (word & EVEN_PAIRS) << np.uint64(16) | (word >> np.uint64(16)) & EVEN_PAIRS
        word = word << np.uint64(32) | word >> np.uint64(32)
    return word


@compiled
def _before(words: Words, a: int, b: int, k: int) -> bool:
    """Whether row a comes before row b by the words from number k on."""
    width = words.shape[1]
    while k < width and words[a, k] == words[b, k]:
        k += 1
    return k < width and bool(_number(words, a, k) < _number(words, b, k))


@compiled
def _in_order(words: Words) -> bool:
    """Whether no row comes before the one above it."""
    row = 1
    while row < len(words) and not _before(words, row, row - 1, 0):
        row += 1
    return row >= len(words)


@compiled
def _sorted_rows(words: Words) -> Int:
    """Rows in lexicographic order, by multikey quicksort (Bentley and Sedgewick 1997).

    The numbers that are compared stand in a row, and are exchanged without branches that a processor could not foresee.
    Pivots are drawn, since places of their own choice would make the time quadratic for rows in some simple orders.
    """
    width, order, keys = words.shape[1], np.arange(len(words)).astype(np.int32), np.empty(len(words), dtype=np.uint64)
    for row in range(len(words)):
        keys[row] = _number(words, row, 0)
    waiting, draw = [(0, len(words), 0)], np.uint64(0)
    while len(waiting) > 0:
        start, stop, k = waiting.pop()
        while stop - start > FEW:
            draw = draw * MULTIPLIER + INCREMENT
            third = (stop - start) // 3
            first = start + np.int64((draw >> np.uint64(32)) * np.uint64(third) >> np.uint64(32))
            x, y, z = keys[first], keys[first + third], keys[first + 2 * third]
            pivot, low = max(min(x, y), min(max(x, y), z)), start
            for at in range(start, stop):
                low += _exchange(keys, order, at, low) < pivot
            if low > start:
                waiting.append((low, stop, k))
                stop = low
                continue
            for at in range(start, stop):  # the pivot is the least
                low += _exchange(keys, order, at, low) == pivot
            waiting.append((low, stop, k))
            k, stop = k + 1, low if k + 1 < width else start
            for at in range(start, stop):
                keys[at] = _number(words, order[at], k)
        _insert_rows(words, keys, order, start, stop, k)
    return order


@inlined
def _exchange(keys: Words, order: Int, a: int, b: int) -> np.uint64:
    """Exchange two places; returns the key that was in the first."""
    key, row = keys[a], order[a]
    keys[a], order[a] = keys[b], order[b]
    keys[b], order[b] = key, row
    return key


@compiled
def _insert_rows(words: Words, keys: Words, order: Int, start: int, stop: int, k: int) -> None:
    """Sort a part by insertion; its rows agree in their first k words, and the keys are the next."""
    for i in range(start + 1, stop):
        key, row, at = keys[i], order[i], i
        while at > start and (
            keys[at - 1] > key or (keys[at - 1] == key and _before(words, row, order[at - 1], k + 1))
        ):
            keys[at], order[at] = keys[at - 1], order[at - 1]
            at -= 1
        keys[at], order[at] = key, row


@compiled
def _permute(order: Int, packed: NDArray[np.uint8], points: Float, expanded: NDArray[np.bool_]) -> None:
    """Bring rows into order, cycle by cycle; `order` is used up."""
    pattern, point = np.empty_like(packed[:1]), np.empty_like(points[:1])
    for start in range(len(order)):
        if order[start] == start:
            continue
        _copy(packed, start, pattern, 0)
        _copy(points, start, point, 0)
        flag, at, source = expanded[start], start, order[start]
        while source != start:
            _copy(packed, source, packed, at)
            _copy(points, source, points, at)
            expanded[at], order[at] = expanded[source], at
            at, source = source, order[source]
        _copy(pattern, 0, packed, at)
        _copy(point, 0, points, at)
        expanded[at], order[at] = flag, at


@inlined
def _copy(rows: NDArray[Any], row: int, to: NDArray[Any], place: int) -> None:
    """Copy one row; a loop takes less time than slices here."""
    for k in range(rows.shape[1]):
        to[place, k] = rows[row, k]


@compiled
def _renumber(edges: Int, rank: Int) -> None:
    """New numbers of the regions."""
    for e in range(len(edges)):
        edges[e, 0], edges[e, 1] = rank[edges[e, 0]], rank[edges[e, 1]]
