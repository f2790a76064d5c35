"""Numbers known to within bounds, grouped into runs that nothing tells apart."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["overlapping_runs"]


def overlapping_runs(values: NDArray[np.float64], widths: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Group indices into maximal chains of overlapping intervals ``value ± width``.

    Equal numbers always share a run; NaN and infinite widths overlap everything.

    Examples
    --------
    >>> [run.tolist() for run in overlapping_runs(np.array([3.0, 1.0, 3.1]), np.array([0.1, 0.1, 0.1]))]
    [[1], [0, 2]]
    """
    if not len(values):
        return []
    known = np.isfinite(values) & np.isfinite(widths)
    centre, half = np.where(known, values, 0.0), np.where(known, widths, np.inf)
    low, high = centre - half, centre + half
    order = np.argsort(low, kind="stable")
    reach = np.maximum.accumulate(high[order])
    breaks = np.flatnonzero(low[order][1:] > reach[:-1]) + 1
    runs = [order[a:b] for a, b in pairwise([0, *breaks.tolist(), len(order)])]
    return [run if len(run) == 1 else np.sort(run) for run in runs]
