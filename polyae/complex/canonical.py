"""The canonical order of a complex: regions by pattern, edges by their regions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.enumeration import Enumeration
from polyae.predicates.jit import compiled

Words = NDArray[np.uint64]
Int = NDArray[np.int32]

__all__ = ["pattern_keys", "sort_canonically"]

#: Runs of rows that are sorted by insertion.
FEW = 12


def pattern_keys(packed: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Rows as fixed-width byte strings, which NumPy compares in the order of the patterns."""
    if packed.shape[1] == 0:
        return np.full(len(packed), b"", dtype="S1")
    return np.ascontiguousarray(packed).view(f"S{packed.shape[1]}").ravel()


def sort_canonically(found: Enumeration) -> None:
    """Number the regions by pattern, units in order, and sort the edges; array after array, to keep the peak low."""
    order = _sorted_rows(_words(found.packed))
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    found.packed = found.packed[order]
    found.witnesses = found.witnesses[order]
    found.expanded = found.expanded[order]
    found.exact_witnesses = {int(rank[i]): w for i, w in found.exact_witnesses.items()}
    del order
    _sort_edges(found, rank)


def _words(packed: NDArray[np.uint8]) -> Words:
    """Rows as numbers of 64 bits in the order of the patterns, shape (n, w), w at least 1."""
    padded = np.zeros((len(packed), 8 * max(1, -(-packed.shape[1] // 8))), dtype=np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view(">u8").astype(np.uint64)


@compiled
def _before(words: Words, a: int, b: int, k: int) -> bool:
    """Whether row a comes before row b, which have the same first k words."""
    while k < words.shape[1] - 1 and words[a, k] == words[b, k]:
        k += 1
    return bool(words[a, k] < words[b, k])


@compiled
def _sorted_rows(words: Words) -> NDArray[np.int64]:
    """Rows in lexicographic order, by multikey quicksort (Bentley and Sedgewick 1997)."""
    order, width = np.arange(len(words)), words.shape[1]
    waiting = [(0, len(words), 0)]
    while len(waiting) > 0:
        start, stop, k = waiting.pop()
        if stop - start <= FEW:
            for i in range(start + 1, stop):
                row, at = order[i], i
                while at > start and _before(words, row, order[at - 1], k):
                    order[at] = order[at - 1]
                    at -= 1
                order[at] = row
            continue
        x, y, z = words[order[start], k], words[order[(start + stop) // 2], k], words[order[stop - 1], k]
        pivot = max(min(x, y), min(max(x, y), z))
        low, at, high = start, start, stop
        while at < high:
            word = words[order[at], k]
            if word < pivot:
                order[low], order[at] = order[at], order[low]
                low += 1
                at += 1
            elif word > pivot:
                high -= 1
                order[at], order[high] = order[high], order[at]
            else:
                at += 1
        waiting.append((start, low, k))
        waiting.append((high, stop, k))
        if k + 1 < width:
            waiting.append((low, high, k + 1))
    return order


def _sort_edges(found: Enumeration, rank: Int) -> None:
    """Sort in one key an edge, which holds both regions and the unit, if 63 bits are enough for it."""
    if not (found.edges.flags.writeable and found.edge_units.flags.writeable):
        found.edges, found.edge_units = found.edges.copy(), found.edge_units.copy()
    _renumber(found.edges, rank)
    of_unit, of_region = int(found.edge_units.max(initial=0)).bit_length(), len(rank).bit_length()
    if 2 * of_region + of_unit >= 64:
        order = np.lexsort((found.edges[:, 1], found.edges[:, 0]))
        found.edges, found.edge_units = found.edges[order], found.edge_units[order]
        return
    keys = _edge_keys(found.edges, found.edge_units, of_region, of_unit)
    keys.sort()
    _read_edge_keys(keys, of_region, of_unit, found.edges, found.edge_units)


@compiled
def _renumber(edges: Int, rank: Int) -> None:
    """New numbers of the regions, the lower one first."""
    for e in range(len(edges)):
        one, other = rank[edges[e, 0]], rank[edges[e, 1]]
        edges[e, 0], edges[e, 1] = min(one, other), max(one, other)


@compiled
def _edge_keys(edges: Int, units: Int, of_region: int, of_unit: int) -> NDArray[np.int64]:
    keys = np.empty(len(edges), dtype=np.int64)
    for e in range(len(edges)):
        keys[e] = (((np.int64(edges[e, 0]) << of_region) | edges[e, 1]) << of_unit) | units[e]
    return keys


@compiled
def _read_edge_keys(keys: NDArray[np.int64], of_region: int, of_unit: int, edges: Int, units: Int) -> None:
    for e in range(len(keys)):
        pair = keys[e] >> of_unit
        units[e] = keys[e] & ((1 << of_unit) - 1)
        edges[e, 0], edges[e, 1] = pair >> of_region, pair & ((1 << of_region) - 1)
