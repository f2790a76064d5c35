"""A binary heap of candidates in flat arrays, for compiled code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Heap", "new_heap", "pop", "push", "stretched"]


class Heap(NamedTuple):
    """Candidates, the one with the least key first.

    Attributes
    ----------
    size : array of int, shape (1,)
    keys, high : arrays, shape (capacity,)
    items : array of int, shape (capacity,)
    """

    size: Int
    keys: Float
    high: Float
    items: Int


def new_heap(capacity: int = 1024) -> Heap:
    """Empty heap."""
    return Heap(np.zeros(1, dtype=np.int64), np.empty(capacity), np.empty(capacity), np.empty(capacity, dtype=np.int64))


def stretched(heap: Heap, capacity: int) -> Heap:
    """Heap with room for so many."""
    if capacity <= len(heap.keys):
        return heap
    more = new_heap(max(capacity, 2 * len(heap.keys)))
    used = int(heap.size[0])
    more.size[0] = used
    for old, new in zip(heap[1:], more[1:], strict=True):
        new[:used] = old[:used]
    return more


@compiled
def push(heap: Heap, key: float, high: float, item: int) -> None:
    """Add a candidate; there must be room."""
    at = heap.size[0]
    heap.size[0] = at + 1
    while at > 0 and heap.keys[(at - 1) >> 1] > key:
        above = (at - 1) >> 1
        heap.keys[at], heap.high[at], heap.items[at] = heap.keys[above], heap.high[above], heap.items[above]
        at = above
    heap.keys[at], heap.high[at], heap.items[at] = key, high, item


@compiled
def pop(heap: Heap) -> None:
    """Take the first candidate away; there must be one."""
    last = heap.size[0] - 1
    heap.size[0] = last
    key, high, item = heap.keys[last], heap.high[last], heap.items[last]
    at = 0
    while 2 * at + 1 < last:
        below = 2 * at + 1
        if below + 1 < last and heap.keys[below + 1] < heap.keys[below]:
            below += 1
        if heap.keys[below] >= key:
            break
        heap.keys[at], heap.high[at], heap.items[at] = heap.keys[below], heap.high[below], heap.items[below]
        at = below
    if last > 0:
        heap.keys[at], heap.high[at], heap.items[at] = key, high, item
