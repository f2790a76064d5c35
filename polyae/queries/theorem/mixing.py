"""Upper bound on the smaller of two convex functions over a simplex.

Where the nearest piece changes, the distance is a minimum of convex functions a, b, ... and has a ridge.
Either one alone overshoots there by the first order of the simplex; but ``min(a, b) <= μ a + (1 - μ) b``,
which is convex, for every μ in [0, 1].  So ``min_μ max_v (μ a_v + (1 - μ) b_v)`` over corners v bounds the
minimum, and follows the ridge.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

__all__ = ["mixed_bound"]


def mixed_bound(values: Float) -> Float:
    """Best such bound (n,) over all pairs of functions.

    Parameters
    ----------
    values : array, shape (n, functions, corners)
        Of convex functions, whose minimum is to be bounded.

    Examples
    --------
    Of ``t`` and ``1 - t`` on [0, 1], either reaches 1, but their minimum only 1/2.

    >>> mixed_bound(np.array([[[0.0, 1.0], [1.0, 0.0]]]))
    array([0.5])
    """
    best = values.max(axis=2).min(axis=1)
    for i, j in combinations(range(values.shape[1]), 2):
        other, lead = values[:, j], values[:, i] - values[:, j]
        # The maximum of lines in μ is least at an end or where two of them cross.
        for v, w in combinations(range(values.shape[2]), 2):
            turn = lead[:, v] - lead[:, w]
            crossing = (other[:, w] - other[:, v]) / np.where(turn == 0, 1.0, turn)
            mu = np.clip(crossing, 0.0, 1.0)[:, None]
            best = np.minimum(best, (other + mu * lead).max(axis=1))
    # A few roundings of nonnegative numbers.
    return best * (1 + 1e-14)
