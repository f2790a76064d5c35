"""Compiled facet test: a walk over vertices that proves rows to be facets or redundant as it goes.

All rows of a cell are kept as a simplex dictionary, affine functions of the h slacks that vanish at the
current vertex.  At a simple vertex those h rows are facets, and every row whose coefficients are all
nonnegative attains its minimum there, so it is redundant if its slack is positive.  The walk minimises
one undecided row after the other (primal simplex, largest coefficient first), which ends with the row
tight, hence a facet, or at its positive minimum.

Nothing is taken from the dictionary on trust: each verdict is proved from the rows themselves, by a
point beyond the facet or by the multipliers of the redundant row.  What cannot be proved, ties and
degenerate vertices above all, is reported as doubtful and goes to rational arithmetic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.lp.dictionary import (
    DOUBTFUL,
    FACET,
    PIVOT_TOLERANCE,
    REDUNDANT,
    UNDECIDED,
    Walk,
    compact,
    first_vertex,
    lowest_coefficients,
    most_negative,
    next_column,
    pivot,
    ratio_test,
    walk_workspace,
)
from polyae.lp.row_proofs import enclosure, prove_facets, prove_redundant, prove_redundant_unbounded
from polyae.predicates.compiled import CellRows
from polyae.predicates.flat import FlatNetwork
from polyae.predicates.jit import compiled, inlined

Float = NDArray[np.float64]

__all__ = ["FACET", "REDUNDANT", "Walk", "vertex_walk", "walk_workspace"]

#: Pivots a row may take before the walk gives up and the cell goes to rational arithmetic.
PIVOTS_PER_ROW = 200


@inlined
def _settle(cell: CellRows, m: int, walk: Walk, width: int, flat: FlatNetwork, bounded: bool, inverse: Float) -> int:
    """Prove what the current vertex shows: its own rows, and those lowest here; how many are redundant."""
    table, h = walk.table, len(walk.nonbasic)
    prove_facets(cell, m, walk, width)
    lowest_coefficients(table, width, walk.lowest)
    contraction, count = -1.0, 0
    for i in range(width):
        row = walk.row_of[i]
        if walk.lowest[i] < -PIVOT_TOLERANCE or walk.status[row] != UNDECIDED or not table[h, i] > 0.0:
            continue
        if bounded:
            proved = prove_redundant(cell, row, i, walk, flat.lo, flat.hi)
        else:
            if contraction < 0.0:
                contraction = enclosure(cell, walk, inverse)
            proved = prove_redundant_unbounded(cell, row, walk, inverse, contraction)
        if proved:
            walk.status[row] = REDUNDANT
            count += 1
    return count


@compiled
def vertex_walk(cell: CellRows, m: int, inside: Float, walk: Walk, flat: FlatNetwork) -> int:
    """Decide the m rows of a cell; returns the number of rows left undecided.

    Parameters
    ----------
    cell : CellRows
    m : int
    inside : array, shape (h,)
        Strictly inside.
    walk : Walk
        Receives ``status``, ``facet_point`` and ``beyond``.
    flat : FlatNetwork
    """
    h, width = len(inside), m
    for i in range(m):
        walk.status[i] = UNDECIDED
    bounded = True
    for k in range(h):
        bounded &= np.isfinite(flat.lo[k]) and np.isfinite(flat.hi[k])
    if not first_vertex(cell, m, inside, walk):
        return m
    inverse = np.empty((h, h))
    left, redundant, pivots = 0, 0, 0
    column = -2  # settle the first vertex before a row is chosen
    while True:
        if column != -1:
            redundant += _settle(cell, m, walk, width, flat, bounded, inverse)
        if column < 0 or walk.status[walk.row_of[column]] != UNDECIDED:
            if 4 * redundant > width:
                width, redundant = compact(walk.table, walk.row_of, walk.lowest, walk.status, width), 0
            column, pivots = next_column(walk.row_of, walk.lowest, walk.status, width), 0
            if column < 0:
                return left
        k, leaving = most_negative(walk.table, column), -1
        if k >= 0 and pivots < PIVOTS_PER_ROW:
            leaving, _ = ratio_test(walk.table, k, 1.0, width, walk.ratios)
        if leaving < 0:
            walk.status[walk.row_of[column]] = DOUBTFUL
            left, column = left + 1, -1
            continue
        pivot(walk.table, walk.place, k, leaving, width, walk.factors, walk.ratios)
        walk.nonbasic[k], pivots = walk.row_of[leaving], pivots + 1
