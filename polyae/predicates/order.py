"""The order of float64 numbers as that of integers, for loops over largest and least values.

Compilers vectorise such loops over integers; over floating-point numbers they have to mind NaN and the two zeros.
"""

from __future__ import annotations

import numpy as np

from polyae.predicates.jit import compiled

__all__ = ["INFINITE_RANK", "float_of", "rank_of"]


@compiled
def rank_of(x: float) -> int:
    """The bits of a float64: rising with nonnegative numbers, then infinity and NaN; negative for all others."""
    return int(np.float64(x).view(np.int64))


@compiled
def float_of(rank: int) -> float:
    """Inverse of :func:`rank_of`."""
    return float(np.int64(rank).view(np.float64))


#: The rank of infinity.
INFINITE_RANK = np.int64(np.float64(np.inf).view(np.int64))
