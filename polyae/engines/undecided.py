"""What the compiled search can prove about a region that it could not settle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.lp.facet_search import DOUBTFUL, FACET, REDUNDANT, FacetSearch, decide_rows
from polyae.lp.facets import Known, Verdicts
from polyae.predicates.compiled import CellRows, build_rows, strictly_inside
from polyae.predicates.flat import FlatNetwork

__all__ = ["proved_so_far"]


def proved_so_far(
    flat: FlatNetwork, pattern: NDArray[np.bool_], point: NDArray[np.float64], cell: CellRows, search: FacetSearch
) -> Known:
    """Verdicts on rows of a cell, and the rows that meet where the search for the others ended.

    Parameters
    ----------
    flat : FlatNetwork
    pattern : array of bool, shape (units,)
    point : array, shape (h,)
        Nothing is known unless it lies strictly inside, provably in float64.
    cell, search
        Work space.
    """
    m = build_rows(flat, pattern.astype(np.uint8), cell)
    if m < 0 or not strictly_inside(cell, m, point):
        return Known()
    decide_rows(cell, m, point, search, flat)
    status, source = search.status[:m], cell.source[:m].tolist()
    verdicts: Verdicts = {source[i]: None for i in np.flatnonzero(status == REDUNDANT)}
    verdicts |= {source[i]: search.beyond[i].copy() for i in np.flatnonzero(status == FACET)}
    bases = {
        source[i]: [source[k] for k in search.basis[i].tolist() if k >= 0]
        for i in np.flatnonzero((status == DOUBTFUL) & (search.basis[:m] >= 0).any(axis=1))
    }
    return Known(verdicts, bases)
