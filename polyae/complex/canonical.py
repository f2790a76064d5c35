"""The canonical order of a complex: regions by pattern, edges by their regions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.enumeration import Enumeration

Int = NDArray[np.int32]

__all__ = ["pattern_keys", "sort_canonically"]

#: Edges that are renumbered at a time, to keep temporary arrays small.
CHUNK = 1 << 14


def pattern_keys(packed: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Rows as fixed-width byte strings, which NumPy compares in the order of the patterns."""
    if packed.shape[1] == 0:
        return np.full(len(packed), b"", dtype="S1")
    return np.ascontiguousarray(packed).view(f"S{packed.shape[1]}").ravel()


def sort_canonically(found: Enumeration) -> None:
    """Number the regions by pattern, units in order, and sort the edges; array after array, to keep the peak low."""
    order = np.argsort(pattern_keys(found.packed), kind="stable")
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    found.packed = found.packed[order]
    found.witnesses = found.witnesses[order]
    found.expanded = found.expanded[order]
    found.exact_witnesses = {int(rank[i]): w for i, w in found.exact_witnesses.items()}
    del order
    _sort_edges(found, rank)


def _sort_edges(found: Enumeration, rank: Int) -> None:
    """Sort in one key an edge, which holds both regions and the unit, if 63 bits are enough for it."""
    if not (found.edges.flags.writeable and found.edge_units.flags.writeable):
        found.edges, found.edge_units = found.edges.copy(), found.edge_units.copy()
    edges, units = found.edges, found.edge_units
    base = int(units.max(initial=0)) + 1
    fits = len(rank) ** 2 * base < 2**63
    keys = np.empty(len(edges), dtype=np.int64)
    for start in range(0, len(edges), CHUNK):
        part = slice(start, start + CHUNK)
        pairs = np.sort(rank[edges[part]], axis=1)
        keys[part] = pairs[:, 0] * np.int64(len(rank)) + pairs[:, 1]
        edges[part] = pairs
        if fits:
            keys[part] = keys[part] * base + units[part]
    if not fits:
        order = np.argsort(keys)
        found.edges, found.edge_units = edges[order], units[order]
        return
    keys.sort()
    for start in range(0, len(edges), CHUNK):
        part = slice(start, start + CHUNK)
        pair, units[part] = np.divmod(keys[part], base)
        edges[part, 0], edges[part, 1] = np.divmod(pair, len(rank))
