"""From one layer to the next: values at all vertices by one matrix product, with their bounds."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.lattice import Lattice
from polyae.engines.subdivide.mesh import Mesh
from polyae.engines.subdivide.signs import rows_by_unit
from polyae.engines.subdivide.special import OutOfRange
from polyae.engines.subdivide.start import LARGEST
from polyae.networks.network import Layer, Network
from polyae.predicates.jit import compiled, reduction
from polyae.tolerances import SAFETY, UNDERFLOW, UNIT_ROUNDOFF, gamma

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["LayerPlan", "clear", "layer_plans", "next_values", "set_zeros"]

#: What has vertices with values.
M = TypeVar("M", Mesh, Lattice)


class LayerPlan(NamedTuple):
    """One layer: its units that are inserted, their rows, and how steep its outputs can be.

    Attributes
    ----------
    layer : Layer
    units, rows : arrays of int
        Units that stand for themselves (not for an earlier twin), and their outputs.
    per_steepness : array, shape (n_out,)
        One over a Lipschitz constant of each output, for distances in the maximum norm.
    """

    layer: Layer
    units: Int
    rows: Int
    per_steepness: Float


def layer_plans(network: Network, twins: Int) -> list[LayerPlan]:
    """Plans of the layers up to the last one with units."""
    plans = []
    steep = np.ones(network.input_dim)
    for layer, start in zip(network.layers, network.unit_offsets, strict=False):
        steep = (np.abs(layer.weight) @ steep) * (1.0 + 2 * gamma(layer.n_in))
        units = start + np.arange(len(layer.units))
        chosen = twins[units] == units
        plans.append(LayerPlan(layer, units[chosen], layer.units[chosen], 1.0 / np.clip(steep, 1e-300, 1e300)))
        steep = steep * np.maximum(1.0, np.abs(layer.slope))
    used = [k for k, plan in enumerate(plans) if len(plan.units)]
    return plans[: used[-1] + 1] if used else []


def next_values(mesh: M, count: int, plan: LayerPlan, before: Layer | None) -> M:
    """Mesh or lattice with the values of a layer, from those of the layer before or from the coordinates."""
    layer = plan.layer
    reach = np.empty(count)
    if before is None:
        x, error = mesh.coordinates[:count], mesh.position_error[:count]
        reach = np.abs(x).max(axis=1)
    else:
        x, error = mesh.values[:count], mesh.error[:count]
        steep = max(1.0, float(np.abs(before.slope).max()))
        error = (error + 2 * UNIT_ROUNDOFF * (mesh.size[:count] + error)) * steep
        _activate(x, before.slope, reach)
    values = np.empty((len(mesh.error), layer.n_out))
    np.matmul(x, layer.weight.T, out=values[:count])
    _add(values[:count], layer.bias, mesh.size)
    if not mesh.size[:count].max() < LARGEST:
        raise OutOfRange("values are out of the range of the error analysis")
    row_sum = float(np.abs(layer.weight).sum(axis=1).max(initial=0.0)) * (1.0 + gamma(layer.n_in))
    rounding = gamma(layer.n_in + 1) * (row_sum * (reach + error) + np.abs(layer.bias).max(initial=0.0))
    mesh.error[:count] = (row_sum * error + rounding) * SAFETY + UNDERFLOW
    return mesh._replace(values=values)


@reduction
def _add(values: Float, offset: Float, largest: Float) -> None:
    """Add an offset to every row; the largest absolute value of each."""
    for v in range(len(values)):
        row, top = values[v], 0.0
        for i in range(len(row)):
            row[i] += offset[i]
            top = max(top, abs(row[i]))
        largest[v] = top


@reduction
def _activate(values: Float, slope: Float, largest: Float) -> None:
    """Units applied in place; the largest absolute value of every row."""
    for v in range(len(values)):
        row, top = values[v], 0.0
        for i in range(len(row)):
            row[i] = row[i] if row[i] > 0.0 else slope[i] * row[i]
            top = max(top, abs(row[i]))
        largest[v] = top


@compiled
def set_zeros(mesh: Mesh, count: int, units: Int, rows: Int) -> None:
    """Values of units that vanish at a vertex, all of one layer so far, are exactly 0."""
    row_of, values, own = rows_by_unit(units, rows), mesh.values, mesh.own
    for v in range(count):
        for s in range(own.shape[1]):
            if own[v, s] >= 0:
                values[v, row_of[own[v, s]]] = 0.0


@reduction
def _least_room(values: Float, error: float, scale: Float, far: Float) -> tuple[float, int]:
    """Least distance to the zeros of a unit that is not 0 itself, and the number of those that are.

    Over all outputs, so that the loop is vectorised; those that do not count have scale 0 and are infinitely `far`.
    """
    least, zeros = np.inf, 0
    bound = min(error, 1e300)
    for i in range(len(values)):
        x = abs(values[i])
        zero = x == 0.0
        zeros += 1 if zero & (scale[i] > 0.0) else 0
        room = (x - bound) * scale[i] + far[i]
        least = min(least, np.inf if zero else room)
    return least, zeros


@compiled
def clear(mesh: Mesh, count: int, edges: int, units: Int, rows: Int, per_steepness: Float) -> None:
    """Lower the clearance of all vertices, and set the reach of edges, to the zeros of a finished layer's units.

    Values of units that vanish at a vertex are exactly 0; there must be as many zeros as such units.
    """
    values, error, clearance, own = mesh.values, mesh.error, mesh.clearance, mesh.own
    ends, missing, reach = mesh.ends, mesh.missing, mesh.reach
    scale, far = np.zeros(len(per_steepness)), np.full(len(per_steepness), np.inf)
    for row in rows:
        scale[row], far[row] = per_steepness[row], 0.0
    for v in range(count):
        least, zeros = _least_room(values[v], error[v], scale, far)
        for s in range(own.shape[1]):
            zeros -= 1 if own[v, s] >= units[0] else 0
        clearance[v] = min(clearance[v], max(0.0, least / SAFETY)) if zeros == 0 else 0.0
    row_of = rows_by_unit(units, rows)
    for e in range(edges):
        for end in range(2):
            slot, other = missing[e, end], ends[e, 1 - end]
            unit = own[ends[e, end], slot] if slot >= 0 else -1
            if unit >= units[0]:
                row = row_of[unit]
                reach[e, end] = max(0.0, (abs(values[other, row]) - error[other]) * per_steepness[row] / SAFETY)
