"""The units of one layer, and their signs at the vertices of a planar mesh."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.layers import LayerPlan, layer_plans, rows_by_unit
from polyae.engines.subdivide.planar.mesh import OPEN, Counters, PlanarMesh
from polyae.engines.subdivide.words import Words, bit_of, pack_word
from polyae.memo import once_for_each
from polyae.networks.network import Network
from polyae.predicates.jit import borrowing

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["PlanarLayer", "enter_signs", "enter_signs_at", "pack_signs", "planar_layers"]


class PlanarLayer(NamedTuple):
    """Units that are inserted.

    Attributes
    ----------
    units, rows : arrays of int, shape (k,)
        Units, rising, and the columns of ``mesh.values`` that hold their values.
    row_of : array of int
        Column of every unit, counted from ``units[0]`` on; 0 for what is not inserted.
    begin : int
        The word that holds the first unit.
    inserted : array of uint64, shape (w,)
        Bits of the units in the words from that one on.
    consecutive : bool
        Whether the values of all outputs from the first unit to the last one stand for units.
    """

    units: Int
    rows: Int
    row_of: Int
    begin: int
    inserted: Words
    consecutive: bool


@once_for_each
def planar_layers(network: Network) -> list[PlanarLayer]:
    """Units of all layers that have any, in the order of their plans."""
    return [_planar_layer(plan) for plan in layer_plans(network) if len(plan.units)]


def _planar_layer(plan: LayerPlan) -> PlanarLayer:
    first, last = int(plan.units[0]), int(plan.units[-1])
    bits = np.zeros(64 * ((last >> 6) - (first >> 6) + 1), dtype=np.uint8)
    bits[plan.units - (first & ~63)] = 1
    inserted = np.packbits(bits).view(">u8").astype(np.uint64)
    consecutive = bool(plan.rows[-1] - plan.rows[0] == last - first)
    return PlanarLayer(plan.units, plan.rows, rows_by_unit(plan), first >> 6, inserted, consecutive)


@borrowing
def pack_signs(
    values: Float, signs: Words, v: int, error: float, row: int, count: int, place: int, inserted: Words
) -> int:
    """Enter the signs of a vertex's values, `count` of them from `row` on; how many the bound does not prove.

    Parameters
    ----------
    place : int
        Of the first one in its word.
    """
    open_ = 0
    for i in range(len(inserted)):
        some = min(64 - place, count)
        word, more = pack_word(values, v, error, row, some, place)
        signs[v, i], signs[v, len(inserted) + i] = word & inserted[i], ~word & inserted[i]
        row, count, place, open_ = row + some, count - some, 0, open_ + more
    return open_


@borrowing
def enter_signs(mesh: PlanarMesh, counters: Counters, first: int, last: int, layer: PlanarLayer) -> None:
    """Signs of all units of a new layer at vertices ``first <= v < last``, proved or not."""
    values, error, signs, proved, units, rows = (
        mesh.values, mesh.error, mesh.signs, mesh.proved, layer.units, layer.rows,
    )  # fmt: skip
    inserted, place, count = layer.inserted, units[0] & 63, units[-1] - units[0] + 1
    for v in range(first, last):
        certain = layer.consecutive and pack_signs(values, signs, v, error[v], rows[0], count, place, inserted) == 0
        proved[v] = certain or _enter_each(mesh, v, layer)
        counters[OPEN] += 0 if proved[v] else 1


@borrowing
def _enter_each(mesh: PlanarMesh, v: int, layer: PlanarLayer) -> bool:
    """Signs of a vertex's values, and whether the bound proves those of all units that do not vanish by definition."""
    values, error, signs, own = mesh.values, mesh.error, mesh.signs, mesh.own
    units, rows, width = layer.units, layer.rows, len(layer.inserted)
    for i in range(2 * width):
        signs[v, i] = np.uint64(0)
    proved = True
    for k in range(len(units)):
        unit, x = units[k], values[v, rows[k]]
        if unit != own[v, 0] and unit != own[v, 1]:
            word = (unit >> 6) - layer.begin
            signs[v, word if x > 0.0 else width + word] |= bit_of(unit)
            proved &= abs(x) > error[v]
    return bool(proved)


@borrowing
def enter_signs_at(mesh: PlanarMesh, vertices: Int, layer: PlanarLayer) -> None:
    """Signs at some vertices, from values that are better than they were."""
    proved = mesh.proved
    for k in range(len(vertices)):
        proved[vertices[k]] = _enter_each(mesh, vertices[k], layer)
