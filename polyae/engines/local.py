"""Regions around given points, without marching: facets and neighbours of a batch of codes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from polyae.engines.frontier import flip_masks, to_bits
from polyae.engines.reference import cross_facets, start_region
from polyae.engines.thin_layers import settle_behind_thin_layers
from polyae.engines.undecided import proved_so_far
from polyae.lp.facet_search import FACET, FacetSearch, decide_rows, search_workspace
from polyae.lp.program import CellProgram
from polyae.lp.solvers import solver_class
from polyae.predicates.affine import OUT_OF_RANGE
from polyae.predicates.cell import Arrangement
from polyae.predicates.compiled import CellRows, build_rows, evaluate_rows, strictly_inside, workspace
from polyae.predicates.flat import FlatNetwork, flatten
from polyae.predicates.jit import compiled
from polyae.predicates.rational import homogeneous

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

__all__ = ["LocalRegions", "expand_points"]


@dataclass(frozen=True)
class LocalRegions:
    """Regions of n points and the k regions that share a facet with one of them.

    Attributes
    ----------
    patterns : array of bool, shape (n, units)
    owner : array of int, shape (k,)
        Point that each neighbour belongs to, ascending.
    neighbours : array of bool, shape (k, units)
        Sorted by pattern within one owner.
    distances : array, shape (k,)
        Euclidean distance of the point from the facet's hyperplane.
    """

    patterns: Bool
    owner: NDArray[np.int64]
    neighbours: Bool
    distances: Float


@compiled
def _expand(
    flat: FlatNetwork, bits: NDArray[np.uint8], points: Float, cell: CellRows, search: FacetSearch,
    units: NDArray[np.int32], distances: Float, counts: NDArray[np.int64],
) -> None:  # fmt: skip
    """Facets of a batch of points: units and distances, and how many; -1 for what is not proved."""
    h = points.shape[1]
    for p in range(len(points)):
        counts[p] = -1
        m = build_rows(flat, bits[p], cell)
        if m < 0 or not strictly_inside(cell, m, points[p]):
            continue
        left = decide_rows(cell, m, points[p], search, flat)
        if left > 0 and settle_behind_thin_layers(flat, bits[p], cell, m, points[p], search) > 0:
            continue
        evaluate_rows(cell, m, points[p])
        count = 0
        for i in range(m):
            if search.status[i] == FACET and cell.source[i] >= 0:
                length = 0.0
                for k in range(h):
                    length += cell.rows[k, i] ** 2
                units[p, count] = cell.source[i]
                distances[p, count] = cell.values[i] / np.sqrt(length)
                count += 1
        counts[p] = count


def _in_threads(
    flat: FlatNetwork, bits: NDArray[np.uint8], points: Float, workers: int
) -> tuple[NDArray[np.int32], Float, NDArray[np.int64]]:
    count, total = len(points), bits.shape[1]
    width = total + len(flat.walls)
    units = np.empty((count, max(width, 1)), dtype=np.int32)
    distances = np.empty(units.shape)
    counts = np.empty(count, dtype=np.int64)

    def part(chosen: slice) -> None:
        cell = workspace(flat, total)
        search = search_workspace(width, points.shape[1])
        _expand(flat, bits[chosen], points[chosen], cell, search, units[chosen], distances[chosen], counts[chosen])

    if (share := min(workers, count)) < 2:
        part(slice(count))
    else:
        ends = np.linspace(0, count, share + 1).astype(int).tolist()
        with ThreadPoolExecutor(share) as pool:
            list(pool.map(part, [slice(a, b) for a, b in pairwise(ends)]))
    return units, distances, counts


@OUT_OF_RANGE
def _proposed_bits(arrangement: Arrangement, flat: FlatNetwork, points: Float) -> NDArray[np.uint8]:
    """Patterns at points: as float64 has them, since compiled code proves them; proved here where there are twins."""
    own = (flat.twin_of == np.arange(len(flat.twin_of))) | (flat.twin_of < 0)
    if not own.all():
        return (arrangement.unit_signs(points) > 0).astype(np.uint8)
    return arrangement.network.pattern(points).astype(np.uint8)


def expand_points(arrangement: Arrangement, points: Float, solver: str = "highs", workers: int = 1) -> LocalRegions:
    """Region of every point, and all its neighbours inside the domain.

    Parameters
    ----------
    arrangement : Arrangement
    points : array, shape (n, h)
        In the domain.  On a boundary between regions the least pattern among those whose closure holds the
        point is taken.
    solver : str
        For what the compiled search cannot prove.
    workers : int
        Threads.

    Raises
    ------
    OutsideDomainError
        If a point lies outside the domain.
    SettingError
        If there is no such solver.
    """
    program_class = solver_class(solver)
    flat = flatten(arrangement)
    bits = _proposed_bits(arrangement, flat, points)
    units, distances, counts = _in_threads(flat, bits, points, workers)
    if arrangement.domain.curved:
        counts[:] = -1
    masks, total = flip_masks(arrangement.network), arrangement.network.num_units
    patterns = bits.astype(bool)
    arrangement.kernel.counts.filtered += total * int((counts >= 0).sum())
    found: list[tuple[Bool, Float]] = []
    for p in range(len(points)):
        if counts[p] >= 0:
            flips = to_bits(masks[units[p, : counts[p]]], total)
            found.append(_sorted(patterns[p] ^ flips, distances[p, : counts[p]]))
        else:
            patterns[p], around, away = _expand_exactly(arrangement, flat, points[p], program_class)
            found.append(_sorted(around, away))
    owner = np.repeat(np.arange(len(points)), [len(f[0]) for f in found])
    empty = np.zeros((0, arrangement.network.num_units), dtype=bool)
    neighbours = np.concatenate([empty, *(f[0] for f in found)])
    return LocalRegions(patterns, owner, neighbours, np.concatenate([np.zeros(0), *(f[1] for f in found)]))


def _sorted(patterns: Bool, distances: Float) -> tuple[Bool, Float]:
    if not len(patterns):
        return patterns, distances
    order = np.lexsort(np.packbits(patterns, axis=1).T[::-1])
    return patterns[order], distances[order]


def _expand_exactly(
    arrangement: Arrangement, flat: FlatNetwork, point: Float, program_class: type[CellProgram]
) -> tuple[Bool, Bool, Float]:
    pattern, witness = start_region(arrangement, homogeneous(point.tolist()))
    cell = arrangement.cell(pattern)
    spaces = workspace(flat, len(pattern)), search_workspace(len(pattern) + len(flat.walls), len(point))
    steps, _ = cross_facets(cell, witness, program_class, proved_so_far(flat, pattern, witness.point, *spaces))
    rows = cell.rows.values[[int(s.facet.rows[0]) for s in steps]]
    around = np.array([s.pattern for s in steps], dtype=bool).reshape(len(steps), len(pattern))
    return pattern, around, _heights(rows, point)


@OUT_OF_RANGE
def _heights(rows: Float, point: Float) -> Float:
    """Distances of a point from the hyperplanes of rows; infinite beyond the largest float64 number."""
    # A power of two keeps sums from overflowing before they are divided.
    scale = np.exp2(max(0.0, np.frexp(np.abs(point).max())[1] - 1.0))
    height = np.abs(rows[:, :-1] @ (point / scale) + rows[:, -1] / scale)
    return np.asarray(height / np.linalg.norm(rows[:, :-1], axis=1) * scale)
