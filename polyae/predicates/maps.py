"""Which regions carry one and the same affine map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.affine import OUT_OF_RANGE, output_rows
from polyae.predicates.cell import Arrangement
from polyae.predicates.runs import overlapping_runs
from polyae.tolerances import gamma

__all__ = ["map_classes"]

#: Numbers held at a time while maps are hashed: 32 MiB of float64.
BLOCK = 1 << 22


def map_classes(arrangement: Arrangement, patterns: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Label regions so that two have one label iff their affine maps are equal.

    Every map is hashed by its inner product with fixed weights, in float64 with an error bound; only
    maps whose hashes could be equal are compared, as rationals.

    Parameters
    ----------
    arrangement : Arrangement
    patterns : array of bool, shape (n, units)

    Returns
    -------
    array of int, shape (n,)
        Labels 0, 1, ... in order of first appearance.
    """
    hashes, widths = _hashes(arrangement, patterns)
    kernel, compared = arrangement.kernel, 0
    labels = np.empty(len(patterns), dtype=np.int64)
    count = 0
    for run in overlapping_runs(hashes, widths):
        if len(run) == 1 or not kernel.exact:
            labels[run] = count
            count += 1
            continue
        compared += len(run)
        classes: dict[object, int] = {}
        for i in run:
            labels[i] = count + classes.setdefault(arrangement.rational.output_map(patterns[i]), len(classes))
        count += len(classes)
    kernel.counts.exact += compared
    kernel.counts.filtered += len(patterns) - compared
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]


@OUT_OF_RANGE
def _hashes(arrangement: Arrangement, patterns: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    net = arrangement.network
    size = net.output_dim * (net.input_dim + 1)
    # Any weights will do; these are spread over (0.5, 1.5) without a pattern.
    weights = 0.5 + (0.6180339887498949 * np.arange(1, size + 1)) % 1.0
    step = max(1, BLOCK // (4 * size + sum(y.n_out for y in net.layers) * (net.input_dim + 1)))
    hashes, widths = np.empty(len(patterns)), np.empty(len(patterns))
    for start in range(0, len(patterns), step):
        rows = output_rows(net, patterns[start : start + step])
        values = rows.values.reshape(len(rows.values), size)
        errors = rows.errors.reshape(len(rows.values), size)
        hashes[start : start + step] = values @ weights
        widths[start : start + step] = (errors @ weights + gamma(size) * (np.abs(values) @ weights)) * (1 + gamma(size))
    return hashes, widths
