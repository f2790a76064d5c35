"""Regions found so far in compiled marching: patterns in a hash table, witnesses, edges.

Patterns are rows of 64-bit words, the first unit in the highest bit of the first word, so that words in
big-endian order are NumPy's packed bits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.networks.memo import per_network
from polyae.networks.network import Network
from polyae.predicates.flat import twins
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Words = NDArray[np.uint64]

__all__ = [
    "Counters",
    "Frontier",
    "find_or_add",
    "flip_masks",
    "grown",
    "new_frontier",
    "stretch",
    "to_bits",
    "to_words",
]

#: Fields of the counter array.
REGIONS, EDGES, HEAD, DOUBTFUL, FILTERED = range(5)
Counters = NDArray[np.int64]


class Frontier(NamedTuple):
    """Growing arrays; how much of them is used stands in ``counters``.

    Attributes
    ----------
    words : array of uint64, shape (capacity, w)
    table : array of int32
        Open-addressing hash table of region numbers, -1 where empty.
    points : array, shape (capacity, h)
        A witness, or for a region not yet looked at the point of the facet through which it was found.
    entry : array of int32, shape (capacity,)
        Unit behind that facet; -1 once the point is a witness.
    expanded : array of uint8, shape (capacity,)
    edges : array of int32, shape (capacity, 2)
        Two regions that share a facet.
    edge_units : array of int32, shape (capacity,)
        The lowest unit behind it.
    doubtful : array of int32, shape (capacity,)
        Regions left to rational arithmetic.
    """

    words: Words
    table: NDArray[np.int32]
    points: Float
    entry: NDArray[np.int32]
    expanded: NDArray[np.uint8]
    edges: NDArray[np.int32]
    edge_units: NDArray[np.int32]
    doubtful: NDArray[np.int32]


def new_frontier(units: int, h: int, capacity: int = 1024) -> Frontier:
    """Empty frontier."""
    width = max(1, (units + 63) // 64)
    return Frontier(
        np.zeros((capacity, width), dtype=np.uint64),
        np.full(4 * capacity, -1, dtype=np.int32),
        np.empty((capacity, h)),
        np.empty(capacity, dtype=np.int32),
        np.zeros(capacity, dtype=np.uint8),
        np.empty((4 * capacity, 2), dtype=np.int32),
        np.empty(4 * capacity, dtype=np.int32),
        np.empty(capacity, dtype=np.int32),
    )


def stretch(array: NDArray[Any], length: int) -> None:
    """Give an array another length, in place."""
    # In place: a copy of everything would double the peak.  No view of these arrays outlives a kernel call.
    array.resize((length, *array.shape[1:]), refcheck=False)


def grown(frontier: Frontier, counters: Counters, regions: int, edges: int) -> Frontier:
    """Frontier with room for at least so many regions and edges more; the arrays are stretched in place."""
    capacity, edge_capacity = len(frontier.words), len(frontier.edges)
    wanted, wanted_edges = int(counters[REGIONS]) + regions, int(counters[EDGES]) + edges
    if wanted_edges > edge_capacity:
        for edge_array in (frontier.edges, frontier.edge_units):
            stretch(edge_array, max(wanted_edges, edge_capacity * 5 // 4))
    if wanted > capacity:
        for array in (frontier.words, frontier.points, frontier.entry, frontier.expanded, frontier.doubtful):
            stretch(array, max(wanted, capacity * 5 // 4))
    if 2 * wanted > len(frontier.table):
        table = np.full(1 << (2 * wanted).bit_length(), -1, dtype=np.int32)
        _rehash(frontier.words, table, int(counters[REGIONS]))
        frontier = frontier._replace(table=table)
    return frontier


@compiled
def _hash(words: Words) -> np.uint64:
    """Mix of the words, after the finaliser of MurmurHash3."""
    state = np.uint64(0x9E3779B97F4A7C15)
    for word in words:
        state ^= word
        state ^= state >> np.uint64(33)
        state *= np.uint64(0xFF51AFD7ED558CCD)
        state ^= state >> np.uint64(33)
        state *= np.uint64(0xC4CEB9FE1A85EC53)
        state ^= state >> np.uint64(33)
    return state


@compiled
def _rehash(words: Words, table: NDArray[np.int32], count: int) -> None:
    mask = np.uint64(len(table) - 1)
    for i in range(count):
        slot = _hash(words[i]) & mask
        while table[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = i


@compiled
def find_or_add(frontier: Frontier, counters: Counters, key: Words, limit: int) -> tuple[int, bool]:
    """Number of the region of a pattern and whether it is new; -1 if it is new and the limit is reached."""
    mask = np.uint64(len(frontier.table) - 1)
    slot = _hash(key) & mask
    while frontier.table[slot] >= 0:
        number = frontier.table[slot]
        same = True
        for k in range(len(key)):
            if frontier.words[number, k] != key[k]:
                same = False
                break
        if same:
            return number, False
        slot = (slot + np.uint64(1)) & mask
    number = counters[REGIONS]
    if number >= limit:
        return -1, True
    frontier.table[slot] = number
    frontier.words[number] = key
    frontier.expanded[number] = 0
    counters[REGIONS] = number + 1
    return number, True


@per_network
def flip_masks(network: Network) -> Words:
    """Words that flip each unit together with its twins: shape (units, w)."""
    first = twins(network)
    bits = first[None, :] == np.arange(network.num_units)[:, None]
    return to_words(bits)


def to_words(bits: NDArray[np.bool_]) -> Words:
    """Patterns (n, units) as words (n, w)."""
    width = max(1, (bits.shape[1] + 63) // 64)
    packed = np.zeros((len(bits), 8 * width), dtype=np.uint8)
    packed[:, : (bits.shape[1] + 7) // 8] = np.packbits(bits, axis=1)
    return packed.view(">u8").astype(np.uint64)


def to_bits(words: Words, units: int) -> NDArray[np.bool_]:
    """Inverse of :func:`to_words`."""
    return np.unpackbits(words.astype(">u8").view(np.uint8), axis=1, count=units).astype(bool)
