"""Compiled proofs that rows of a cell are facets or redundant, from the rows themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.lp.dictionary import FACET, PIVOT_TOLERANCE, Walk, safe_steps
from polyae.predicates.compiled import CellRows, gamma_kernel, strictly_inside
from polyae.predicates.jit import compiled, inlined

Float = NDArray[np.float64]

__all__ = ["enclosure", "invert", "prove_facets", "prove_redundant", "prove_redundant_unbounded"]


@inlined
def prove_facets(cell: CellRows, m: int, walk: Walk, width: int) -> None:
    """At a simple vertex: points beyond and on the new facets among the nonbasic rows, proved."""
    table, h = walk.table, len(walk.nonbasic)
    fresh = False
    for k in range(h):
        fresh |= walk.status[walk.nonbasic[k]] != FACET
    if not fresh:
        return
    safe_steps(table, width, walk.ratios, walk.step)
    for k in range(h):
        row = walk.nonbasic[k]
        if walk.status[row] == FACET:
            continue
        for c in range(h):
            coordinate = walk.place[h, c]
            for j in range(h):
                if j != k:
                    coordinate += walk.step[j] * walk.place[j, c]
            walk.facet_point[row, c] = coordinate
            walk.beyond[row, c] = coordinate - walk.step[k] * walk.place[k, c]
        if strictly_inside(cell, m, walk.beyond[row], row):
            walk.status[row] = FACET


@inlined
def prove_redundant(cell: CellRows, row: int, column: int, walk: Walk, lo: Float, hi: Float) -> bool:
    """Whether a row exceeds its combination of the nonbasic rows on the whole box ``lo, hi``."""
    table, h = walk.table, len(walk.nonbasic)
    rounding = gamma_kernel(2 * h + 4)
    lowest, error = 0.0, 0.0
    for c in range(h + 1):
        left, size = cell.rows[c, row], abs(cell.rows[c, row])
        own = cell.offset_error[row] if c == h else cell.coefficient_error[row]
        for k in range(h):
            weight = max(table[k, column], 0.0)
            other = walk.nonbasic[k]
            product = weight * cell.rows[c, other]
            left -= product
            size += abs(product)
            own += weight * (cell.offset_error[other] if c == h else cell.coefficient_error[other])
        reach = 1.0 if c == h else max(abs(lo[c]), abs(hi[c]))
        lowest += left if c == h else min(left * lo[c], left * hi[c])
        error += (own * (1.0 + rounding) + rounding * size) * reach
    return lowest > error * (1.0 + rounding)


@compiled
def invert(matrix: Float, inverse: Float) -> bool:
    """Gauss-Jordan with row pivoting; False if the matrix looks singular."""
    h = len(matrix)
    inverse[:] = 0.0
    for i in range(h):
        inverse[i, i] = 1.0
    for k in range(h):
        best = k
        for i in range(k + 1, h):
            if abs(matrix[i, k]) > abs(matrix[best, k]):
                best = i
        if abs(matrix[best, k]) < PIVOT_TOLERANCE:
            return False
        for c in range(h):
            matrix[k, c], matrix[best, c] = matrix[best, c], matrix[k, c]
            inverse[k, c], inverse[best, c] = inverse[best, c], inverse[k, c]
        pivot = matrix[k, k]
        for c in range(h):
            matrix[k, c] /= pivot
            inverse[k, c] /= pivot
        for i in range(h):
            if i != k and matrix[i, k] != 0.0:
                factor = matrix[i, k]
                for c in range(h):
                    matrix[i, c] -= factor * matrix[k, c]
                    inverse[i, c] -= factor * inverse[k, c]
    return True


@compiled
def enclosure(cell: CellRows, walk: Walk, inverse: Float) -> float:
    """Approximate inverse of the nonbasic normals (as columns); how far from it at most, or 1 if unknown.

    The bound is that of ``lp.facets._prove_redundant_unbounded``.
    """
    h = len(walk.nonbasic)
    for k in range(h):
        for c in range(h):
            walk.solve[c, k] = cell.rows[c, walk.nonbasic[k]]
    if not invert(walk.solve, inverse):
        return 1.0
    worst = 0.0
    for i in range(h):
        total = 0.0
        for k in range(h):
            defect, size, own = (1.0 if i == k else 0.0), 0.0, 0.0
            for c in range(h):
                product = inverse[i, c] * cell.rows[c, walk.nonbasic[k]]
                defect -= product
                size += abs(product)
                own += abs(inverse[i, c]) * cell.coefficient_error[walk.nonbasic[k]]
            total += abs(defect) + gamma_kernel(h + 1) * size + own
        worst = max(worst, total)
    return worst * (1.0 + gamma_kernel(2 * h))


@compiled
def prove_redundant_unbounded(cell: CellRows, row: int, walk: Walk, inverse: Float, contraction: float) -> bool:
    """Whether exact nonnegative multipliers exist that reproduce the row's normal and not its offset."""
    h = len(walk.nonbasic)
    if not contraction < 0.5:
        return False
    for k in range(h):
        y = 0.0
        for c in range(h):
            y += inverse[k, c] * cell.rows[c, row]
        walk.multiplier[k] = y
    for c in range(h):
        left, size = cell.rows[c, row], abs(cell.rows[c, row])
        own = cell.coefficient_error[row]
        for k in range(h):
            product = walk.multiplier[k] * cell.rows[c, walk.nonbasic[k]]
            left -= product
            size += abs(product)
            own += abs(walk.multiplier[k]) * cell.coefficient_error[walk.nonbasic[k]]
        walk.step[c] = abs(left) + own + gamma_kernel(h + 2) * size
    radius = 0.0
    for k in range(h):
        total = 0.0
        for c in range(h):
            total += abs(inverse[k, c]) * walk.step[c]
        radius = max(radius, total)
    radius *= (1.0 + gamma_kernel(2 * h + 4)) / (1.0 - contraction)
    constant, size = cell.rows[h, row], abs(cell.rows[h, row])
    bound = cell.offset_error[row]
    for k in range(h):
        y, other = walk.multiplier[k], walk.nonbasic[k]
        if not y > radius:
            return False
        product = y * cell.rows[h, other]
        constant -= product
        size += abs(product)
        bound += y * cell.offset_error[other] + radius * (abs(cell.rows[h, other]) + cell.offset_error[other])
    return constant > bound * (1.0 + gamma_kernel(2 * h)) + gamma_kernel(h + 2) * size
