"""The units of one layer, as compiled code takes them while it inserts one after the other.

Each edge waits in the list of the next unit that has different signs at its ends, so that the edges that a unit
cuts are at hand.  The hash of the units that have been inserted is a sum over them, put together from the sums
of eight units at a time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.layers import LayerPlan, rows_by_unit
from polyae.engines.subdivide.mesh import Hashes
from polyae.engines.subdivide.words import Words, bit_of, first_bit
from polyae.predicates.jit import borrowing, compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["LayerUnits", "layer_units", "list_edge", "sum_of_hashes"]


class LayerUnits(NamedTuple):
    """Units that are inserted, and work space.

    Attributes
    ----------
    units, rows : arrays of int, shape (k,)
        Units, rising, and the columns of ``mesh.values`` that hold their values.
    row_of : array of int
        Column of every unit, counted from ``units[0]`` on; 0 for what is not inserted.
    scale, far : arrays, shape (n_out,)
        One over a Lipschitz constant of each output, and 0; or 0 and infinity if it is not inserted.
    waiting : array of int32
        First edge in the list of every unit, counted from ``units[0]`` on; -1 for none.
    sums : array of uint64, shape (bytes, 256)
        Sum of the hashes of the units in every byte of the words that hold the layer.
    """

    units: Int
    rows: Int
    row_of: Int
    scale: Float
    far: Float
    waiting: NDArray[np.int32]
    sums: Words


def layer_units(plan: LayerPlan, hashes: Hashes) -> LayerUnits:
    """Units of a plan; no edge waits."""
    first, last = int(plan.units[0]), int(plan.units[-1])
    row_of = rows_by_unit(plan)
    scale, far = np.zeros(plan.layer.n_out), np.full(plan.layer.n_out, np.inf)
    scale[plan.rows], far[plan.rows] = plan.per_steepness[plan.rows], 0.0
    bits = np.zeros(64 * ((last >> 6) - (first >> 6) + 1), dtype=np.uint64)
    bits[plan.units - (first & ~63)] = hashes.positive[plan.units]
    waiting = np.full(len(row_of), -1, dtype=np.int32)
    return LayerUnits(plan.units, plan.rows, row_of, scale, far, waiting, _sums_by_byte(bits))


@compiled
def _sums_by_byte(numbers: Words) -> Words:
    """Sums over the subsets of eight numbers at a time; the first number counts where the highest bit is set."""
    sums = np.zeros((len(numbers) // 8, 256), dtype=np.uint64)
    for i in range(len(sums)):
        for b in range(8):
            for low in range(1 << b):
                sums[i, (1 << b) + low] = sums[i, low] + numbers[8 * i + 7 - b]
    return sums


@borrowing
def sum_of_hashes(words: Words, v: int, units: Int, sums: Words, number: int) -> np.uint64:
    """Sum of the hashes of the first units of a layer, `number` of them, that are positive at vertex v."""
    total = np.uint64(0)
    if number == 0:
        return total
    first, last = units[0] >> 6, units[number - 1]
    for i in range(first, (last >> 6) + 1):
        word = words[v, i]
        if i == last >> 6:
            word &= ~(bit_of(last) - np.uint64(1))
        for b in range(8):
            total += sums[8 * (i - first) + b, np.int64((word >> np.uint64(56 - 8 * b)) & np.uint64(255))]
    return total


@borrowing
def list_edge(
    waiting: NDArray[np.int32], following: NDArray[np.int32], words: Words, a: int, b: int, e: int, units: Int,
    number: int,
) -> None:  # fmt: skip
    """Let edge e, between vertices a and b, wait for the next unit, from `number` on, that differs between them."""
    if number == len(units):
        return
    i, last = units[number] >> 6, units[-1] >> 6
    differ = (words[a, i] ^ words[b, i]) & ((bit_of(units[number]) << np.uint64(1)) - np.uint64(1))
    while differ == np.uint64(0) and i < last:
        i += 1
        differ = words[a, i] ^ words[b, i]
    if differ != np.uint64(0):
        place = 64 * i + first_bit(differ) - units[0]
        following[e] = waiting[place]
        waiting[place] = e
