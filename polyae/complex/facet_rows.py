"""Inequalities of all regions at once, from the edges of the complex: no linear program is needed.

The lowest unit behind a facet has one and the same affine function on both sides, because nothing
changes in the layers before it; so every edge gives one row, which bounds its two regions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from polyae.complex.patterns import unpack
from polyae.complex.polytope import Polyhedron
from polyae.complex.region_complex import RegionComplex
from polyae.predicates.affine import BoundedRows, shared_rows
from polyae.predicates.rational import HomogeneousPoint, IntegerRow, homogeneous
from polyae.tolerances import gamma

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
Visit = Callable[[slice, Bool, BoundedRows], None]

__all__ = ["FacetRows", "facet_rows"]

#: Numbers held at a time while rows are computed: 32 MiB of float64; with less, calls cost more than the cache gains.
BLOCK = 1 << 22


@dataclass(frozen=True)
class FacetRows:
    """Rows of the facets of n regions; some may be redundant.

    Attributes
    ----------
    complex : RegionComplex
    first : array of int, shape (n + 1,)
        Region i has the rows ``first[i]:first[i + 1]``.
    values : array, shape (total, h + 1)
        Normals of length 1, positive inside.
    errors : array, shape (total, h + 1)
        Bounds on the entries of the rows.
    off : array, shape (total,)
        Bound on how far each row is off at the region's witness.
    source : array of int, shape (total,)
        Unit behind each row; ``-1 - k`` for half-space k of the domain.
    """

    complex: RegionComplex
    first: Int
    values: Float
    errors: Float
    off: Float
    source: Int

    def exact(self, i: int) -> list[IntegerRow]:
        """Rows of one region as integers."""
        arrangement = self.complex.arrangement
        pattern = unpack(self.complex.packed[i : i + 1], self.complex.network.num_units)[0]
        found = []
        for source in self.source[self.first[i] : self.first[i + 1]].tolist():
            if source < 0:
                found.append(arrangement.wall_integers[-1 - source])
            else:
                side = 1 if pattern[source] else -1
                found.append([side * x for x in arrangement.rational.unit_row(pattern, source)])
        return found

    def exact_witness(self, i: int) -> HomogeneousPoint:
        """A point strictly inside one region."""
        return self.complex.exact_witnesses.get(i) or homogeneous(self.complex.witnesses[i].tolist())

    def polyhedron(self, i: int) -> Polyhedron:
        """One region (on a Euclidean ball: its polyhedron)."""
        mine = slice(self.first[i], self.first[i + 1])
        return Polyhedron(
            self.values[mine],
            float(self.off[mine].max(initial=0.0)),
            self.complex.witnesses[i],
            partial(self.exact, i),
            partial(self.exact_witness, i),
        )


def facet_rows(cx: RegionComplex, walls: bool = True, visit: Visit | None = None) -> FacetRows:
    """Rows of all facets of all regions.

    Regions whose facets are not all known, which occur in a partial complex, get the rows of all units.

    Parameters
    ----------
    cx : RegionComplex
    walls : bool
        Whether to add the half-spaces of the domain to every region (for a Euclidean ball those of the box
        around it).
    visit : callable, optional
        Called with successive slices of the regions, their patterns (n, units) and their affine maps (n, d, h + 1),
        which come out by the way.
    """
    known = cx.expanded[cx.edges]
    parts = [_edge_sides(cx, known, visit)]
    if walls:
        count, rows = len(cx), cx.arrangement.walls
        every = np.repeat(np.arange(count), len(rows.values))
        source = np.tile(-1 - np.arange(len(rows.values)), count)
        parts.append((every, source, np.tile(rows.values, (count, 1)), np.tile(rows.errors, (count, 1))))
    for i in np.flatnonzero(~cx.expanded):
        parts.append(_all_rows(cx, int(i)))
    region, source, values, errors = (np.concatenate(x) for x in zip(*parts, strict=True))
    order = np.argsort(region, kind="stable")
    region, values, errors = region[order], values[order], errors[order]
    length = np.linalg.norm(values[:, :-1], axis=1, keepdims=True)
    # Division rounds once more, in the norm and in the quotient.
    errors = errors / length + gamma(values.shape[1] + 4) * np.abs(values) / length
    with np.errstate(invalid="ignore"):
        off = (errors[:, :-1] * np.abs(cx.witnesses)[region]).sum(axis=1) + errors[:, -1]
    first = np.concatenate([[0], np.cumsum(np.bincount(region, minlength=len(cx)))])
    return FacetRows(cx, first, values / length, errors, np.nan_to_num(off, nan=np.inf), source[order])


_Part = tuple[Int, Int, Float, Float]


def _edge_sides(cx: RegionComplex, known: Bool, visit: Visit | None) -> _Part:
    """Region, unit, row and error bound of both sides of every edge, where the region is fully known."""
    values, errors = _edge_rows(cx, visit)
    region, unit = cx.edges.T.ravel().astype(np.int64), np.tile(cx.edge_units, 2).astype(np.int64)
    keep = known.T.ravel()
    return region[keep], unit[keep], np.concatenate([values, -values])[keep], np.tile(errors, (2, 1))[keep]


def _edge_rows(cx: RegionComplex, visit: Visit | None) -> tuple[Float, Float]:
    """Row of every edge, positive on its first region."""
    network, edges = cx.network, cx.edges
    width = cx.domain.dim + 1
    values, errors = np.empty((len(edges), width)), np.empty((len(edges), width))
    step = max(1, BLOCK // (8 * width * sum(layer.n_out for layer in network.layers)))
    # Edges are sorted by their first region, whose rows are computed once.
    for start in range(0, len(cx), step):
        patterns = unpack(cx.packed[start : start + step], network.num_units)
        mine = slice(*np.searchsorted(edges[:, 0], [start, start + step]))
        local, units = edges[mine, 0] - start, cx.edge_units[mine]
        layers, outputs = shared_rows(network, patterns)
        for (rows, owner), offset in zip(layers, network.unit_offsets, strict=False):
            here = np.flatnonzero((units >= offset) & (units < offset + rows.values.shape[1]))
            chosen = owner[local[here]], units[here] - offset
            side = np.where(patterns[local[here], units[here]], 1.0, -1.0)
            values[mine][here], errors[mine][here] = rows.values[chosen] * side[:, None], rows.errors[chosen]
        if visit is not None:
            visit(slice(start, start + len(patterns)), patterns, outputs)
    return values, errors


def _all_rows(cx: RegionComplex, i: int) -> _Part:
    cell = cx.arrangement.cell(unpack(cx.packed[i : i + 1], cx.network.num_units)[0])
    units = cell.source >= 0
    source = cell.source[units]
    return np.full(len(source), i), source, cell.rows.values[units], cell.rows.errors[units]
