"""Cells behind a layer with fewer active outputs than the dimension, on which proofs in floating point fail.

All rows behind such a layer are affine functions of its r < h active outputs, so that their multipliers at a vertex of
the cell are exactly zero for some of the h rows that meet there, which floating point cannot tell from negative
ones.  In the r coordinates of the active outputs they are in general position: a row that is redundant on the
polyhedron of these (``t ≥ 0`` for active units, and the rows behind the layer) is redundant in the cell, which that
polyhedron's preimage contains.

One reservation: a row that vanishes in the apex of a cone alone may vanish on a whole facet of the cell, if the cell's
image is a single ray.  But so do all rows of the cone then, its facets among them, which are not redundant and cannot
be told to be facets of the cell.  So these verdicts count only together, if no row is left in doubt.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.lp.facet_search import DOUBTFUL, REDUNDANT, FacetSearch, decide_rows, search_workspace
from polyae.predicates.compiled import CellRows, build_rows, strictly_inside, workspace
from polyae.predicates.flat import FlatNetwork
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bits = NDArray[np.uint8]

__all__ = ["settle_behind_thin_layers"]


@compiled
def _active_outputs(flat: FlatNetwork, bits: Bits, first: int, n_out: int) -> Int:
    """Outputs of a layer that are not zero on the cell; none if one of them is multiplied by its slope."""
    active, count = np.empty(n_out, dtype=np.int64), 0
    for u in range(n_out):
        unit = flat.unit_of[first + u]
        slope = 1.0 if unit >= 0 and bits[unit] == 1 else flat.slopes[first + u]
        if slope != 0.0 and slope != 1.0:
            return active[:0]
        if slope != 0.0:
            active[count] = u
            count += 1
    return active[:count]


@compiled
def _behind(flat: FlatNetwork, layer: int, at: int, first: int, unit: int, active: Int, walls: Float) -> FlatNetwork:
    """The layers behind one, as a network of its active outputs.

    Parameters
    ----------
    layer : int
    at, first, unit : int
        Where weights, outputs and units of the layers behind it start.
    active : array of int, shape (r,)
    walls : array, shape (k, r + 1)
        ``t ≥ 0`` for the active outputs that are units.
    """
    r, n_in, n_out = len(active), flat.sizes[layer + 1], flat.sizes[layer + 2]
    sizes = flat.sizes[layer + 1 :].copy()
    sizes[0] = r
    rest = at + n_in * n_out
    weights = np.empty(r * n_out + len(flat.weights) - rest)
    for k in range(r):
        weights[k * n_out : (k + 1) * n_out] = flat.weights[at + active[k] * n_out : at + (active[k] + 1) * n_out]
    weights[r * n_out :] = flat.weights[rest:]
    unit_of, twin_of = flat.unit_of[first:].copy(), flat.twin_of[unit:].copy()
    for numbers in (unit_of, twin_of):
        for k in range(len(numbers)):
            numbers[k] -= unit if numbers[k] >= 0 else 0
    return FlatNetwork(
        sizes, weights, flat.biases[first:].copy(), flat.slopes[first:].copy(), unit_of, twin_of, walls,
        np.zeros(len(walls)), np.zeros(r), np.full(r, np.inf), np.zeros(r), np.inf, flat.covered,
    )  # fmt: skip


@compiled
def _redundant_units(small: FlatNetwork, bits: Bits, point: Float) -> tuple[Int, Int]:
    """Units, and walls, whose rows are redundant on the polyhedron of a network behind a thin layer."""
    rows, none = len(bits) + len(small.walls), np.zeros(0, dtype=np.int64)
    cell = workspace(small, len(bits))
    m = build_rows(small, bits, cell)
    if m < 0 or not strictly_inside(cell, m, point):
        return none, none
    search = search_workspace(rows, len(point))
    decide_rows(cell, m, point, search, small)
    units, walls = np.empty(m, dtype=np.int64), np.empty(m, dtype=np.int64)
    count, wall_count = 0, 0
    for i in range(m):
        if search.status[i] == REDUNDANT and cell.source[i] >= 0:
            units[count] = cell.source[i]
            count += 1
        elif search.status[i] == REDUNDANT:
            walls[wall_count] = -1 - cell.source[i]
            wall_count += 1
    return units[:count], walls[:wall_count]


@compiled
def _walls(flat: FlatNetwork, first: int, active: Int) -> tuple[Int, Float]:
    """Units among the active outputs of a layer, and ``t ≥ 0`` for each."""
    own, walls, count = np.empty(len(active), dtype=np.int64), np.zeros((len(active), len(active) + 1)), 0
    for k in range(len(active)):
        if flat.unit_of[first + active[k]] >= 0:
            own[count], walls[count, k] = flat.unit_of[first + active[k]], 1.0
            count += 1
    return own[:count], walls[:count]


@compiled
def _outputs(flat: FlatNetwork, at: int, first: int, n_out: int, inputs: Float) -> Float:
    outputs = flat.biases[first : first + n_out].copy()
    for v in range(len(inputs)):
        for u in range(n_out):
            outputs[u] += flat.weights[at + v * n_out + u] * inputs[v]
    return outputs


@compiled
def settle_behind_thin_layers(
    flat: FlatNetwork, bits: Bits, cell: CellRows, m: int, inside: Float, search: FacetSearch
) -> int:
    """Prove doubtful rows of a cell redundant in the coordinates of its thin layers; how many rows stay in doubt.

    Unless there are none, the new verdicts are not to be used.

    Parameters
    ----------
    flat : FlatNetwork
    bits : array of uint8, shape (units,)
    cell : CellRows
        With m rows.
    inside : array, shape (h,)
        Strictly inside.
    search : FacetSearch
        Changed in place.
    """
    row_of, left = np.full(len(bits), -1, dtype=np.int64), 0
    for i in range(m):
        left += 1 if search.status[i] == DOUBTFUL else 0
        if cell.source[i] >= 0:
            row_of[cell.source[i]] = i
    inputs, at, first, unit = inside.copy(), 0, 0, 0
    for layer in range(len(flat.sizes) - 2):
        if left == 0:
            break
        n_in, n_out = flat.sizes[layer], flat.sizes[layer + 1]
        outputs = _outputs(flat, at, first, n_out, inputs)
        active = _active_outputs(flat, bits, first, n_out)
        for u in range(n_out):
            unit += 1 if flat.unit_of[first + u] >= 0 else 0
        at += n_in * n_out
        if 0 < len(active) < len(inside):
            own, walls = _walls(flat, first, active)
            small = _behind(flat, layer, at, first + n_out, unit, active, walls)
            units, redundant_walls = _redundant_units(small, bits[unit:], outputs[active])
            for u in units:
                left -= _settle(search, row_of[unit + u])
            for k in redundant_walls:
                left -= _settle(search, row_of[own[k]])
        for u in range(n_out):
            number = flat.unit_of[first + u]
            outputs[u] *= 1.0 if number >= 0 and bits[number] == 1 else flat.slopes[first + u]
        inputs, first = outputs, first + n_out
    return left


@compiled
def _settle(search: FacetSearch, row: int) -> int:
    """Call a doubtful row redundant; 1 if it was one."""
    if row < 0 or search.status[row] != DOUBTFUL:
        return 0
    search.status[row] = REDUNDANT
    return 1
