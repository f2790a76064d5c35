"""Growing arrays, and whether there is memory for them.

A system that promises more memory than it has ends a process that uses too much, with all that it has found.  So
arrays that grow large ask first, and what wants too much gets a ``MemoryError`` in time to do something else.
"""

from __future__ import annotations

import math
import mmap
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["available_memory", "empty_rows", "lengthened", "reserve", "stretch"]

#: Bytes that are taken without asking.
UNASKED = 1 << 26
#: Share of what is left that may be taken; the rest is for the result, and for other processes.
SHARE = 0.8
#: Arrays of so many bytes, for which allocators ask the system each time, count as large; they get so many bytes of
#: addresses, or eight times what they have, of which only those that are written take memory.
LARGE, ADDRESSES = 1 << 25, 1 << 35
#: Linux's flag for such addresses, which Python does not name.
NO_RESERVE = 0x4000 if sys.platform == "linux" else 0
#: What Linux says of the whole machine, and of the group of processes that this one is confined to.
MACHINE, GROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")


def available_memory() -> float:
    """Bytes that can be had without swapping; infinite where the system does not say."""
    try:
        fields = dict(line.split(":") for line in MACHINE.read_text().splitlines())
        machine = 1024.0 * int(fields["MemAvailable"].split()[0])
    except (OSError, LookupError, ValueError):
        machine = math.inf
    return min(machine, _left_in_group())


def _left_in_group() -> float:
    """The group's limit, less what it uses apart from files that are only cached."""
    try:
        limit, used = int((GROUP / "memory.max").read_text()), int((GROUP / "memory.current").read_text())
        cached = dict(line.split() for line in (GROUP / "memory.stat").read_text().splitlines())["inactive_file"]
        return float(limit - used + int(cached))
    except (OSError, LookupError, ValueError):  # no group, or the limit is "max"
        return math.inf


def reserve(more: int) -> None:
    """Make sure that so many bytes can be had.

    Raises
    ------
    MemoryError
        If they are most of what is left.
    """
    if more > UNASKED and more > SHARE * available_memory():
        raise MemoryError(f"{more / 2**30:.1f} GiB more are needed, of {available_memory() / 2**30:.1f} that are left")


def stretch(array: NDArray[Any], length: int) -> None:
    """Give an array another length, in place.

    Raises
    ------
    MemoryError
        If there is not enough.
    """
    # In place: a copy of everything would double the peak.  No view of these arrays outlives a kernel call.
    reserve((length - len(array)) * array.itemsize * int(np.prod(array.shape[1:], dtype=np.int64)))
    if array.base is not None:
        raise MemoryError("the system gives no more addresses")
    array.resize((length, *array.shape[1:]), refcheck=False)


def empty_rows(used: int, length: int, width: int, dtype: type) -> NDArray[Any]:
    """Array of shape (length, width), of which so many rows will be used at once, that can be :func:`lengthened`.

    Raises
    ------
    MemoryError
        If there is not enough.
    """
    row = width * np.dtype(dtype).itemsize
    reserve(used * row)
    whole = _addresses(length * width, np.dtype(dtype)) if length * row >= LARGE else None
    return np.empty((length, width), dtype) if whole is None else whole[: length * width].reshape(length, width)


def lengthened(array: NDArray[Any], length: int) -> NDArray[Any]:
    """Array with more rows, the first of which are those of `array`, which must be dropped.

    Large ones are moved, once, to where they can grow without being copied or filled with zeros.

    Raises
    ------
    MemoryError
        If there is not enough.
    """
    row, whole = int(np.prod(array.shape[1:], dtype=np.int64)), array.base
    if not (isinstance(whole, np.ndarray) and whole.size >= length * row):
        whole = _addresses(length * row, array.dtype) if array.nbytes >= LARGE else None
        if whole is None:
            stretch(array, length)
            return array
        whole[: array.size] = array.ravel()
    reserve((length - len(array)) * row * array.itemsize)
    return whole[: length * row].reshape(length, *array.shape[1:])


def _addresses(size: int, dtype: np.dtype[Any]) -> NDArray[Any] | None:
    """Array for so many numbers and more, without memory before it is written; None where the system cannot do that."""
    try:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NO_RESERVE
        mapping = mmap.mmap(-1, max(8 * size * dtype.itemsize, ADDRESSES), flags=flags)
    except (AttributeError, OSError, ValueError, OverflowError):
        return None
    return np.frombuffer(mapping, dtype)
