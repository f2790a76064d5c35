"""Regions found so far in compiled marching: patterns in a hash table, witnesses, edges.

Patterns are rows of 64-bit words, the first unit in the highest bit of the first word, so that words in
big-endian order are NumPy's packed bits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.memory import reserve, stretch
from polyae.memo import once_for_each
from polyae.networks.network import Network
from polyae.predicates.flat import twins
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Words = NDArray[np.uint64]

__all__ = [
    "Counters",
    "Frontier",
    "add_packed",
    "find_or_add",
    "flip_masks",
    "grown",
    "new_frontier",
    "packed_in_place",
    "rehash",
    "to_bits",
    "to_words",
]

#: Bytes of an array that has outgrown its first ones.  Memory is resident only where it has been written, so this costs
#: nothing, while growing step by step leaves copies behind; from 4 MiB on NumPy asks for huge pages, which are whole.
RESERVED = (1 << 22) - (1 << 12)

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
        np.empty((capacity, width), dtype=np.uint64),
        np.full(4 * capacity, -1, dtype=np.int32),
        np.empty((capacity, h)),
        np.empty(capacity, dtype=np.int32),
        np.empty(capacity, dtype=np.uint8),
        np.empty((4 * capacity, 2), dtype=np.int32),
        np.empty(4 * capacity, dtype=np.int32),
        np.empty(capacity, dtype=np.int32),
    )


def _longer(array: NDArray[Any], used: int, wanted: int) -> NDArray[Any]:
    """Array with room for `wanted` rows, in place of one whose first rows are used."""
    if wanted <= len(array):
        return array
    reserved = RESERVED // max(1, array.strides[0])
    if wanted > reserved:
        stretch(array, max(wanted, len(array) * 5 // 4))
        return array
    longer = np.empty((reserved, *array.shape[1:]), dtype=array.dtype)
    longer[:used] = array[:used]
    return longer


def grown(frontier: Frontier, counters: Counters, regions: int, edges: int) -> Frontier:
    """Frontier with room for at least so many regions and edges more; the one that is given must be dropped.

    Raises
    ------
    MemoryError
        If there is not enough; the frontier that is given stays as it is.
    """
    known, pairs = int(counters[REGIONS]), int(counters[EDGES])
    words, points, entry, expanded, doubtful = (
        _longer(array, known, known + regions)
        for array in (frontier.words, frontier.points, frontier.entry, frontier.expanded, frontier.doubtful)
    )
    edge_pairs, edge_units = (_longer(array, pairs, pairs + edges) for array in (frontier.edges, frontier.edge_units))
    table = frontier.table
    if 2 * (known + regions) > len(table):
        slots = 1 << (2 * (known + regions)).bit_length()
        reserve(4 * slots)
        table = np.full(slots, -1, dtype=np.int32)
        rehash(words, table, known)
    return Frontier(words, table, points, entry, expanded, edge_pairs, edge_units, doubtful)


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
def rehash(words: Words, table: NDArray[np.int32], count: int) -> None:
    """Enter the first rows into an empty hash table."""
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


@compiled
def add_packed(frontier: Frontier, counters: Counters, packed: NDArray[np.uint8]) -> None:
    """Add the regions of packed patterns, for which there must be room."""
    key = np.empty(frontier.words.shape[1], dtype=np.uint64)
    for i in range(len(packed)):
        key[:] = 0
        for b in range(packed.shape[1]):
            key[b >> 3] |= np.uint64(packed[i, b]) << np.uint64(56 - 8 * (b & 7))
        find_or_add(frontier, counters, key, len(frontier.words))


@compiled
def _pack(words: Words, count: int, width: int, memory: NDArray[np.uint8]) -> None:
    at = 0
    for i in range(count):
        for k in range(words.shape[1]):
            word = words[i, k]  # read before its bytes, or earlier ones, are written
            for b in range(min(8, width - 8 * k)):
                memory[at] = (word >> np.uint64(56 - 8 * b)) & np.uint64(255)
                at += 1


def packed_in_place(words: Words, count: int, units: int) -> NDArray[np.uint8]:
    """First patterns in NumPy's packed bits, shape (count, ceil(units / 8)), in the memory of the words."""
    width = (units + 7) // 8
    _pack(words, count, width, words.view(np.uint8).reshape(-1))
    words.resize((count * width + 7) // 8, refcheck=False)
    return words.view(np.uint8)[: count * width].reshape(count, width)


@once_for_each
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
