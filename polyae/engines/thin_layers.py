"""Cells behind a layer with fewer active units than the dimension, on which proofs in floating point fail.

All rows behind such a layer are affine functions of its r < h active units, so that their multipliers at a vertex of
the cell are exactly zero for some of the h rows that meet there, which floating point cannot tell from negative
ones.  In the r coordinates of the active units they are in general position: a row that is redundant on the
polyhedron of these (``t ≥ 0`` and the rows behind the layer) is redundant in the cell, which that polyhedron's
preimage contains.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.lp.facet_search import FACET, REDUNDANT, decide_rows, search_workspace
from polyae.networks.network import Network
from polyae.predicates.affine import OUT_OF_RANGE
from polyae.predicates.compiled import build_rows, evaluate_rows, strictly_inside, workspace
from polyae.predicates.flat import FlatNetwork

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bits = NDArray[np.uint8]

__all__ = ["thin_cell_facets"]


def _decide(flat: FlatNetwork, bits: Bits, point: Float) -> tuple[Int, NDArray[np.int8], Float]:
    """Source and status of every row of a cell, and its distance from the point; nothing if there is a doubt."""
    cell, search = workspace(flat, len(bits)), search_workspace(len(bits) + len(flat.walls), len(point))
    m = build_rows(flat, bits, cell)
    if m < 0 or not strictly_inside(cell, m, point):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int8), np.zeros(0)
    decide_rows(cell, m, point, search, flat)
    evaluate_rows(cell, m, point)
    lengths = np.linalg.norm(cell.rows[:-1, :m], axis=0)
    return cell.source[:m], search.status[:m], cell.values[:m] / lengths


def _behind(network: Network, flat: FlatNetwork, layer: int, active: Int) -> FlatNetwork:
    """The layers behind one, as a network of its active units, on the domain where these are positive."""
    layers = network.layers[layer + 1 :]
    first = int(flat.sizes[1 : layer + 2].sum())
    skipped = int((flat.sizes[: layer + 2] * flat.sizes[1 : layer + 3])[: layer + 1].sum())
    unit, r = int(network.unit_offsets[layer + 1]), len(active)
    following = flat.weights[skipped:].reshape(-1)
    head = following[: layers[0].weight.size].reshape(layers[0].n_in, layers[0].n_out)[active].ravel()
    unit_of, twin_of = flat.unit_of[first:], flat.twin_of[unit:]
    return flat._replace(
        sizes=np.array([r, *(y.n_out for y in layers)]),
        weights=np.concatenate([head, following[layers[0].weight.size :]]),
        biases=flat.biases[first:], slopes=flat.slopes[first:],
        unit_of=np.where(unit_of < 0, unit_of, unit_of - unit), twin_of=np.where(twin_of < 0, twin_of, twin_of - unit),
        walls=np.eye(r, r + 1), wall_errors=np.zeros(r), lo=np.zeros(r), hi=np.full(r, np.inf), centre=np.zeros(r),
    )  # fmt: skip


def _redundant_behind(network: Network, flat: FlatNetwork, layer: int, bits: Bits, inputs: Float) -> Int:
    """Units of a layer with few active ones, and of those behind it, whose rows are redundant."""
    here, start = network.layers[layer], int(network.unit_offsets[layer])
    on = bits[start : start + len(here.units)].astype(bool)
    if len(here.units) < here.n_out or here.slope.any() or not 0 < on.sum() < network.input_dim:
        return np.zeros(0, dtype=np.int64)
    active, unit = np.flatnonzero(on), start + len(here.units)
    point = here.weight[active] @ inputs + here.bias[active]
    source, status, _ = _decide(_behind(network, flat, layer, active), bits[unit:], point)
    units, walls = (source[(status == REDUNDANT) & chosen] for chosen in (source >= 0, source < 0))
    return np.concatenate([start + active[-1 - walls], unit + units])


@OUT_OF_RANGE
def thin_cell_facets(network: Network, flat: FlatNetwork, bits: Bits, point: Float) -> tuple[Int, Float] | None:
    """Units on the facets of a cell with a thin layer, and their distances; None if a row stays in doubt.

    Parameters
    ----------
    network : Network
    flat : FlatNetwork
        Of the network on the domain.
    bits : array of uint8, shape (units,)
    point : array, shape (h,)
        Strictly inside.
    """
    source, status, away = _decide(flat, bits, point)
    redundant, inputs, start = np.zeros(len(bits), dtype=bool), point, 0
    for layer, each in enumerate(network.layers[:-1]):
        redundant[_redundant_behind(network, flat, layer, bits, inputs)] = True
        values = each.weight @ inputs + each.bias
        on = np.ones(each.n_out, dtype=bool)
        on[each.units] = bits[start : start + len(each.units)]
        inputs, start = np.where(on, values, each.slope * values), start + len(each.units)
    facet = status == FACET
    decided = facet | (status == REDUNDANT) | ((source >= 0) & redundant[np.maximum(source, 0)])
    if not len(source) or not decided.all():
        return None
    chosen = facet & (source >= 0)
    return source[chosen], away[chosen]
