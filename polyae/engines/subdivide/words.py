"""Signs of units in words of 64 bits, the first unit in the highest bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.jit import compiled
from polyae.predicates.order import INFINITE_RANK, float_of, rank_of

Float = NDArray[np.float64]
Words = NDArray[np.uint64]

__all__ = ["Words", "bit_of", "first_bit", "pack_signs", "unpacked"]

#: Brings the lowest bits of eight bytes together in the highest byte, the first byte's in front; no two of the
#: products of single bits meet in one place, so nothing is carried.
GATHER = np.uint64(0x8040201008040201)


@compiled
def bit_of(unit: int) -> np.uint64:
    """Bit of a unit in its word."""
    return np.uint64(1) << np.uint64(63 - (unit & 63))


@compiled
def first_bit(word: np.uint64) -> int:
    """Place of the highest bit of a word that is not 0, counted from the highest."""
    # The exponent of a float64, which the bit below must not round up to the next power of two.
    return 1086 - (rank_of(float(word & ~(word >> np.uint64(1)))) >> 52)


@compiled
def pack_signs(values: Float, start: int, flags: NDArray[np.uint8], words: Words) -> float:
    """Signs of consecutive values, from bit `start` of the words on; returns the least absolute value.

    Parameters
    ----------
    flags : array of uint8, shape (64 words,)
        Work space, zero where no value comes.
    words : array of uint64
        Written, bits without a value as zero.
    """
    least = INFINITE_RANK
    for i in range(len(values)):
        flags[start + i] = 1 if values[i] > 0.0 else 0
        least = min(least, rank_of(abs(values[i])))
    bytes_ = flags.view(np.uint64)
    for i in range(len(words)):
        word = np.uint64(0)
        for k in range(8):
            word = (word << np.uint64(8)) | ((bytes_[8 * i + k] * GATHER) >> np.uint64(56))
        words[i] = word
    return float_of(least)


def unpacked(words: Words, units: int) -> NDArray[np.bool_]:
    """Bits of words (n, w): shape (n, units)."""
    return np.unpackbits(words.astype(">u8").view(np.uint8), axis=1, count=units).astype(bool)
