"""Patterns of a complex: packed eight units a byte and sorted, so that one is found by bisection."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.arrays import bit_array
from polyae.complex.canonical import pattern_keys
from polyae.errors import ShapeError

Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
Packed = NDArray[np.uint8]

__all__ = ["find_patterns", "pattern_string", "unpack"]


def unpack(packed: NDArray[np.uint8], units: int) -> Bool:
    """Patterns (n, units) from packed ones."""
    return np.unpackbits(packed, axis=1, count=units).astype(bool)


def pattern_string(bits: Bool) -> str:
    """Pattern as a string of 0 and 1."""
    return "".join("1" if b else "0" for b in bits)


def find_patterns(packed: Packed, patterns: ArrayLike, units: int) -> Int:
    """Rows of sorted packed patterns that hold given ones, -1 where there is none: (k, units), or strings, to int (k,).

    Raises
    ------
    ShapeError
        If their length is not the number of units.
    DataError
        If they hold anything but 0 and 1.
    """
    bits = np.atleast_2d(bit_array(patterns, "patterns"))
    if bits.ndim != 2 or bits.shape[1] != units:
        raise ShapeError(f"patterns have shape {bits.shape}, expected (k, {units})")
    keys, wanted = pattern_keys(packed), pattern_keys(np.packbits(bits, axis=1))
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, place, -1)
