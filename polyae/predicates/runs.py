"""Numbers known to within bounds, grouped into runs that nothing tells apart."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["chains", "overlapping_runs"]


def overlapping_runs(values: NDArray[np.float64], widths: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Group indices into maximal chains of overlapping intervals ``value ± width``.

    Equal numbers always share a run; NaN and infinite widths overlap everything.

    Examples
    --------
    >>> [run.tolist() for run in overlapping_runs(np.array([3.0, 1.0, 3.1]), np.array([0.1, 0.1, 0.1]))]
    [[1], [0, 2]]
    """
    order, starts = chains(values, widths)
    runs = [order[a:b] for a, b in pairwise([*starts.tolist(), len(order)])]
    return [run if len(run) == 1 else np.sort(run) for run in runs]


def chains(values: NDArray[np.float64], widths: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices in the order of the runs of :func:`overlapping_runs`, and where in that order each run starts.

    Examples
    --------
    >>> order, starts = chains(np.array([3.0, 1.0, 3.1]), np.array([0.1, 0.1, 0.1]))
    >>> order.tolist(), starts.tolist()
    ([1, 0, 2], [0, 1])
    """
    known = np.isfinite(values) & np.isfinite(widths)
    centre, half = np.where(known, values, 0.0), np.where(known, widths, np.inf)
    low, high = centre - half, centre + half
    order = np.argsort(low, kind="stable")
    reach = np.maximum.accumulate(high[order])
    breaks = np.flatnonzero(low[order][1:] > reach[:-1]) + 1
    return order, np.concatenate([np.zeros(min(1, len(order)), dtype=np.int64), breaks])
