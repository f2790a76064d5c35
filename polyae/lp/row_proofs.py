"""Compiled proofs that rows of a cell are redundant, from the rows themselves.

The arrays are those of a :class:`polyae.lp.corner.Corner`; of these the rows alone are taken on trust, with their
error bounds.  The last two lines of ``frame`` are work space.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.lp.corner import FREE
from polyae.predicates.compiled import UNDERFLOW, gamma_kernel
from polyae.predicates.jit import any_order, inlined

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["prove_redundant", "prove_redundant_unbounded"]


@any_order
def prove_redundant(target: Float, found: Float, frame: Float, nonbasic: Int, lo: Float, hi: Float) -> bool:
    """Whether a row exceeds its combination of the nonbasic rows, by its costs, on the whole box ``lo, hi``."""
    h = len(lo)
    rounding = gamma_kernel(2 * h + 4)
    for c in range(h):
        frame[h + 2, c], frame[h + 3, c] = target[c], abs(target[c])
    constant, magnitude = target[h], abs(target[h])
    own, offset_error = target[h + 1], target[h + 2]
    for k in range(h):
        weight, other = frame[h + 1, k], nonbasic[k]
        if other == FREE or weight <= 0.0:
            continue
        own += weight * found[other, h + 1]
        offset_error += weight * found[other, h + 2]
        constant -= weight * found[other, h]
        magnitude += weight * abs(found[other, h])
        for c in range(h):
            product = weight * found[other, c]
            frame[h + 2, c] -= product
            frame[h + 3, c] += abs(product)
    lowest, error = constant, offset_error * (1.0 + rounding) + rounding * magnitude
    for c in range(h):
        lowest += min(frame[h + 2, c] * lo[c], frame[h + 2, c] * hi[c])
        error += (own * (1.0 + rounding) + rounding * frame[h + 3, c]) * max(abs(lo[c]), abs(hi[c]))
    return lowest > error * (1.0 + rounding) + UNDERFLOW


@inlined
def _contraction(found: Float, frame: Float, nonbasic: Int) -> float:
    """Bound on ``‖I - R B‖``, for the edges R and the matrix B of the nonbasic rows' normals.

    In the maximum norm, whatever the true normals within their error bounds; infinite if an edge is free.
    """
    h = frame.shape[1]
    for c in range(h):
        frame[h + 3, c] = 0.0
    own = 0.0
    for k in range(h):
        if nonbasic[k] == FREE:
            return np.inf
        own += found[nonbasic[k], h + 1]
        for c in range(h):
            frame[h + 3, c] += abs(found[nonbasic[k], c])
    worst = 0.0
    for j in range(h):
        total = 0.0
        for k in range(h):
            entry = 0.0
            for c in range(h):
                entry += frame[j, c] * found[nonbasic[k], c]
            total += abs(entry - 1.0) if j == k else abs(entry)
        rounded = 0.0
        for c in range(h):
            rounded += abs(frame[j, c]) * (own * (1.0 + gamma_kernel(h)) + gamma_kernel(h + 2) * frame[h + 3, c])
        worst = max(worst, total + rounded)
    return worst * (1.0 + gamma_kernel(2 * h + 4))


@any_order
def prove_redundant_unbounded(target: Float, found: Float, frame: Float, nonbasic: Int) -> bool:
    """Whether exact positive multipliers exist that reproduce the row's normal and no more than its offset.

    They may reproduce the offset too, if it is zero like those of the nonbasic rows: the row vanishes in the
    cell's apex alone then, since all of these do where it does.

    The exact multipliers lie within ``|R| |residual| / (1 - ‖I - R B‖)`` of the costs (Rump, *Verification
    methods*, 2010), R and B as in :func:`_contraction`.
    """
    h = frame.shape[1]
    contraction = _contraction(found, frame, nonbasic)
    if not contraction < 0.5:
        return False
    for c in range(h):
        frame[h + 2, c], frame[h + 3, c] = target[c], abs(target[c])
    own, offset_error = target[h + 1], target[h + 2]
    constant, magnitude, reach = target[h], abs(target[h]), 0.0
    for k in range(h):
        weight, other = frame[h + 1, k], nonbasic[k]
        own += abs(weight) * found[other, h + 1]
        offset_error += abs(weight) * found[other, h + 2]
        reach += abs(found[other, h]) + found[other, h + 2]
        constant -= weight * found[other, h]
        magnitude += abs(weight * found[other, h])
        for c in range(h):
            product = weight * found[other, c]
            frame[h + 2, c] -= product
            frame[h + 3, c] += abs(product)
    for c in range(h):
        rounded = own * (1.0 + gamma_kernel(h)) + gamma_kernel(h + 2) * frame[h + 3, c]
        frame[h + 2, c] = abs(frame[h + 2, c]) + rounded
    radius, least = 0.0, np.inf
    for k in range(h):
        total = 0.0
        for c in range(h):
            total += abs(frame[k, c]) * frame[h + 2, c]
        radius, least = max(radius, total), min(least, frame[h + 1, k])
    radius *= (1.0 + gamma_kernel(2 * h + 4)) / (1.0 - contraction)
    if not least > radius:
        return False
    apex = h > 1 and target[h] == 0.0 and reach == 0.0 and offset_error == 0.0
    bound = (offset_error + radius * reach) * (1.0 + gamma_kernel(2 * h + 4))
    return apex or constant > bound + gamma_kernel(h + 2) * magnitude + UNDERFLOW
