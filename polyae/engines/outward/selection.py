"""Choice of a few nodes of a tree so that sums over all of them stay unbiased.

Sorted by their distance from the centre, nodes are cut into strata of equal importance, and one of each is kept with a
probability in proportion to its own (Chen 1992); a node so important that it would fill a stratum is kept as it is
(Fearnhead & Clifford 2003).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.outward.tree import Children
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["select"]


@compiled
def _threshold(importance: Float, most: int) -> float:
    """The c for which ``Σ min(1, importance / c)`` is `most`."""
    ordered = np.sort(importance)
    below = 0.0
    for i in range(len(ordered)):
        below += ordered[i]
        kept = len(ordered) - i - 1
        # Of the most important, `kept` are kept; the others share the rest of the places.
        if most > kept and (i + 1 == len(ordered) or ordered[i + 1] * (most - kept) >= below):
            return below / (most - kept)
    return below / most


@compiled
def select(children: Children, count: int, most: int, draw: float, kept: Int, weights: Float) -> int:
    """Choose at most so many children, and their new weights; how many there are."""
    if count <= most:
        for t in range(count):
            kept[t], weights[t] = t, children.weights[t]
        return count
    importance = children.weights[:count] * children.guesses[:count]
    c = _threshold(importance, most)
    number, at = 0, draw
    passed = 0.0
    for t in np.argsort(children.distances[:count]):
        if importance[t] >= c:
            kept[number], weights[number] = t, children.weights[t]
            number += 1
            continue
        passed += importance[t] / c
        if passed > at:
            at += 1.0
            kept[number], weights[number] = t, children.weights[t] * c / importance[t]
            number += 1
    return number
