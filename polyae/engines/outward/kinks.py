"""Where a convex piecewise linear function of one variable begins to rise: a weighted median, in linear time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["first_rise"]


@compiled
def first_rise(kinks: Float, rises: Float, names: Int, number: int, slope: float) -> int:
    """Place of the first kink behind which the slope, negative at first, is not; -1 if there is none.

    Kinks are put into another order until it is found, in linear time on average.
    """
    low, high = 0, number
    while high > low:
        pivot = kinks[(low + high) // 2]
        # Smaller ones, equal ones, and larger ones.
        i, j, k = low, low, high
        before, equal = 0.0, 0.0
        while j < k:
            if kinks[j] < pivot:
                before += rises[j]
                _swap(kinks, rises, names, i, j)
                i, j = i + 1, j + 1
            elif kinks[j] > pivot:
                k -= 1
                _swap(kinks, rises, names, j, k)
            else:
                equal += rises[j]
                j += 1
        if slope + before >= 0.0:
            high = i
        elif slope + before + equal >= 0.0:
            best = i
            for a in range(i, k):
                if rises[a] > rises[best]:
                    best = a
            return best
        else:
            slope += before + equal
            low = k
    return -1


@compiled
def _swap(kinks: Float, rises: Float, names: Int, i: int, j: int) -> None:
    kinks[i], kinks[j] = kinks[j], kinks[i]
    rises[i], rises[j] = rises[j], rises[i]
    names[i], names[j] = names[j], names[i]
