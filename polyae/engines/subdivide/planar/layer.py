"""The units of one layer, and their signs at the vertices of a planar mesh."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.layers import LayerPlan
from polyae.engines.subdivide.planar.mesh import PlanarMesh
from polyae.engines.subdivide.words import Words, bit_of, pack_signs
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["PlanarLayer", "enter_signs", "enter_signs_at", "planar_layer"]


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
    """

    units: Int
    rows: Int
    row_of: Int
    begin: int
    inserted: Words


def planar_layer(plan: LayerPlan) -> PlanarLayer:
    """Units of a plan."""
    first, last = int(plan.units[0]), int(plan.units[-1])
    row_of = np.zeros(last - first + 1, dtype=np.int64)
    row_of[plan.units - first] = plan.rows
    bits = np.zeros(64 * ((last >> 6) - (first >> 6) + 1), dtype=np.uint8)
    bits[plan.units - (first & ~63)] = 1
    inserted = np.packbits(bits).view(">u8").astype(np.uint64)
    return PlanarLayer(plan.units, plan.rows, row_of, first >> 6, inserted)


@compiled
def enter_signs(mesh: PlanarMesh, first: int, last: int, layer: PlanarLayer) -> None:
    """Signs of all units of a new layer at vertices ``first <= v < last``, proved or not."""
    values, error, signs, proved = mesh.values, mesh.error, mesh.signs, mesh.proved
    units, rows, inserted = layer.units, layer.rows, layer.inserted
    width = len(inserted)
    flags, packed = np.zeros(64 * width, dtype=np.uint8), np.zeros(width, dtype=np.uint64)
    consecutive = rows[-1] - rows[0] == units[-1] - units[0]
    for v in range(first, last):
        proved[v] = False
        if consecutive:
            proved[v] = pack_signs(values[v, rows[0] : rows[-1] + 1], units[0] & 63, flags, packed) > error[v]
            for i in range(width):
                signs[v, i] = packed[i] & inserted[i]
                signs[v, width + i] = ~packed[i] & inserted[i]
        if not proved[v]:
            proved[v] = _enter_each(mesh, v, layer)


@compiled
def _enter_each(mesh: PlanarMesh, v: int, layer: PlanarLayer) -> bool:
    """Signs of a vertex's values, and whether the bound proves those of all units that do not vanish by definition."""
    values, error, signs, own = mesh.values, mesh.error, mesh.signs, mesh.own
    units, rows, width = layer.units, layer.rows, len(layer.inserted)
    signs[v] = np.uint64(0)
    proved = True
    for k in range(len(units)):
        unit, x = units[k], values[v, rows[k]]
        if unit != own[v, 0] and unit != own[v, 1]:
            word = (unit >> 6) - layer.begin
            signs[v, word if x > 0.0 else width + word] |= bit_of(unit)
            proved &= abs(x) > error[v]
    return bool(proved)


@compiled
def enter_signs_at(mesh: PlanarMesh, vertices: Int, layer: PlanarLayer) -> None:
    """Signs at some vertices, from values that are better than they were."""
    proved = mesh.proved
    for k in range(len(vertices)):
        proved[vertices[k]] = _enter_each(mesh, vertices[k], layer)
