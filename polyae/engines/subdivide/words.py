"""Signs of units in words of 64 bits, the first unit in the highest bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.jit import borrowing, compiled
from polyae.predicates.order import rank_of

Float = NDArray[np.float64]
Words = NDArray[np.uint64]

__all__ = ["Words", "bit_of", "first_bit", "pack_word", "unpacked"]

@compiled
def bit_of(unit: int) -> np.uint64:
    """Bit of a unit in its word."""
    return np.uint64(1) << np.uint64(63 - (unit & 63))


@compiled
def first_bit(word: np.uint64) -> int:
    """Place of the highest bit of a word that is not 0, counted from the highest."""
    # The exponent of a float64, which the bit below must not round up to the next power of two.
    return 1086 - (rank_of(float(word & ~(word >> np.uint64(1)))) >> 52)


@borrowing
def pack_word(values: Float, v: int, error: float, row: int, count: int, place: int) -> tuple[np.uint64, int]:
    """Signs of consecutive values of a vertex, from `row` on, in a word; how many of them the bound does not prove.

    Parameters
    ----------
    place : int
        Of the first one in the word, counted from the highest bit.
    """
    word, open_, start, highest = np.uint64(0), 0, np.uint64(row), np.uint64(63 - place)
    for i in range(np.uint64(count)):  # unsigned, so that no place can be counted from the end
        x = values[v, start + i]
        word |= np.uint64(x > 0.0) << (highest - i)
        open_ += 0 if abs(x) > error else 1
    return word, open_


def unpacked(words: Words, units: int) -> NDArray[np.bool_]:
    """Bits of words (n, w): shape (n, units)."""
    return np.unpackbits(words.astype(">u8").view(np.uint8), axis=1, count=units).astype(bool)
