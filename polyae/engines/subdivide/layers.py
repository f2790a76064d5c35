"""From one layer to the next: values at all vertices by one matrix product, with their bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.memory import empty_rows
from polyae.engines.subdivide.mesh import Mesh
from polyae.engines.subdivide.special import OutOfRange
from polyae.engines.subdivide.start import LARGEST
from polyae.engines.subdivide.vertices import V
from polyae.memo import once_for_each
from polyae.networks.network import Layer, Network
from polyae.predicates.affine import OUT_OF_RANGE, BoundedRows, layer_rows, scaled
from polyae.predicates.compiled import gamma_kernel
from polyae.predicates.flat import twins
from polyae.predicates.jit import any_order, borrowing, compiled
from polyae.predicates.order import float_of, rank_of
from polyae.tolerances import SAFETY, UNDERFLOW, UNIT_ROUNDOFF, gamma

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["LayerPlan", "Points", "clear", "first_rows", "layer_plans", "next_values", "of_units", "rows_by_unit"]

#: Values that are worked on at a time: a quarter of a megabyte.
BLOCK = 1 << 15
#: More than the share in a length of a component that is lost when it is squared.
UNSQUARED = 1e-150


class Points(NamedTuple):
    """Points with values, as far as :class:`polyae.engines.subdivide.mesh.Mesh` has the same for vertices."""

    coordinates: Float
    position_error: Float
    values: Float
    error: Float
    size: Float

    @classmethod
    def at(cls, coordinates: Float) -> Points:
        """Exact points, without values."""
        count = len(coordinates)
        return cls(coordinates, np.zeros(count), np.empty((count, 0)), np.empty(count), np.empty(count))


class LayerPlan(NamedTuple):
    """One layer: its units that are inserted, their rows, and how steep its outputs can be.

    Attributes
    ----------
    layer : Layer
    units, rows : arrays of int
        Units that stand for themselves (not for an earlier twin), and their outputs.
    per_steepness : array, shape (n_out,)
        One over a Lipschitz constant of each output, for distances in the maximum norm.
    row_sum, row_length, offset : float
        Bounds on the sum of absolute weights and the Euclidean length of each row, and on the biases.
    """

    layer: Layer
    units: Int
    rows: Int
    per_steepness: Float
    row_sum: float
    row_length: float
    offset: float


@once_for_each
@OUT_OF_RANGE
def layer_plans(network: Network) -> list[LayerPlan]:
    """Plans of the layers up to the last one with units."""
    plans = []
    steep, first = np.ones(network.input_dim), twins(network)
    for layer, start in zip(network.layers, network.unit_offsets, strict=False):
        steep = (np.abs(layer.weight) @ steep) * (1.0 + 2 * gamma(layer.n_in))
        units = start + np.arange(len(layer.units))
        plans.append(_plan(layer, units, first[units] == units, 1.0 / np.clip(steep, 1e-300, 1e300)))
        steep = steep * np.maximum(1.0, np.abs(layer.slope))
    used = [k for k, plan in enumerate(plans) if len(plan.units)]
    return plans[: used[-1] + 1] if used else []


def _plan(layer: Layer, units: Int, chosen: NDArray[np.bool_], per_steepness: Float) -> LayerPlan:
    return LayerPlan(
        layer,
        units[chosen],
        layer.units[chosen],
        per_steepness,
        row_sum=max(float(np.abs(layer.weight).sum(axis=1).max()) * (1.0 + gamma(layer.n_in)), UNDERFLOW),
        row_length=float(np.sqrt((layer.weight**2).sum(axis=1)).max()) * (1.0 + gamma(layer.n_in))
        + UNSQUARED * layer.n_in,
        offset=float(np.abs(layer.bias).max()),
    )


def rows_by_unit(plan: LayerPlan) -> Int:
    """Row of every unit, counted from the first one that is inserted on; 0 for what is not inserted."""
    first, last = int(plan.units[0]), int(plan.units[-1])
    row_of = np.zeros(last - first + 1, dtype=np.int64)
    row_of[plan.units - first] = plan.rows
    return row_of


@once_for_each
def first_rows(network: Network) -> BoundedRows:
    """Units of the first layer, which no pattern changes."""
    pattern = np.zeros(network.num_units, dtype=bool)
    return scaled(of_units(layer_rows(network, pattern, 1)[0], network.layers[0]))


def of_units(rows: BoundedRows, layer: Layer) -> BoundedRows:
    """Rows of a layer's units, out of those of all its outputs."""
    return BoundedRows(rows.values[..., layer.units, :], rows.errors[..., layer.units, :])


def next_values(
    mesh: V, count: int, plan: LayerPlan, before: LayerPlan | None, finish: Callable[[V, int, int], None] | None = None
) -> V:
    """Mesh, lattice or points with the values of a layer, from those of the layer before or from the coordinates.

    Block by block of vertices, so that a block stays in the cache while its values are worked on.  What rounding may
    lose is bounded by the sums of absolute values, these by maximum norms and by Cauchy and Schwarz.

    Parameters
    ----------
    finish : callable, optional
        Called with what will be returned and the first and last vertex of every block.

    Raises
    ------
    OutOfRange
        If values are too large for the error analysis.
    MemoryError
        If there is not enough for them.
    """
    layer, inputs = plan.layer, mesh.coordinates if before is None else mesh.values
    if before is None or mesh.values.shape[1] != layer.n_out:
        mesh = mesh._replace(values=empty_rows(count, len(mesh.error), layer.n_out, np.float64))
    block = max(1, BLOCK // max(inputs.shape[1], layer.n_out))
    products, terms = np.empty((min(block, count), layer.n_out)), np.empty(min(block, count))
    for first in range(0, count, block):
        last = min(first + block, count)
        part, size, error = inputs[first:last], mesh.size[first:last], mesh.error[first:last]
        if before is None:
            _measure(part, size, mesh.position_error[first:last], error)
        else:
            _activate(part, before.layer.slope, size, error)
        largest = _bound_terms(part, size, plan.row_sum, plan.row_length, plan.offset, terms)
        if not largest * plan.row_sum + plan.offset < LARGEST:
            raise OutOfRange("values are out of the range of the error analysis")
        np.matmul(part, layer.weight.T, out=products[: last - first])
        _conclude(products, layer.bias, mesh.values[first:last], size, error, terms, plan.row_sum, layer.n_in)
        if finish is not None:
            finish(mesh, first, last)
    return mesh


@compiled
def _measure(points: Float, size: Float, position_error: Float, error: Float) -> None:
    """Inputs of a first layer: the largest absolute value of every row, and bounds on their errors."""
    for v in range(len(points)):
        error[v], top = position_error[v], np.int64(0)
        for i in range(points.shape[1]):
            top = max(top, rank_of(abs(points[v, i])))
        size[v] = float_of(top)


@compiled
def _activate(values: Float, slope: Float, size: Float, error: Float) -> None:
    """Units applied in place, with bounds on the errors, and the largest absolute value of every row."""
    steep = max(1.0, np.abs(slope).max())
    for v in range(len(values)):
        error[v] = (error[v] + 2 * UNIT_ROUNDOFF * (size[v] + error[v])) * steep
        top = np.int64(0)
        for i in range(len(slope)):
            x = values[v, i]
            x = x if x > 0.0 else slope[i] * x
            values[v, i] = x
            top = max(top, rank_of(abs(x)))
        size[v] = float_of(top)


@any_order
def _bound_terms(rows: Float, size: Float, row_sum: float, row_length: float, offset: float, terms: Float) -> float:
    """Bounds on the sums of absolute values that outputs are, and the largest absolute value of all inputs."""
    n, largest = rows.shape[1], 0.0
    for v in range(len(rows)):
        squares = 0.0
        for i in range(n):
            squares += rows[v, i] * rows[v, i]
        length = np.sqrt(squares) * (1.0 + gamma_kernel(n)) + UNSQUARED * n
        terms[v] = min(row_sum * size[v], row_length * length) + offset
        largest = max(largest, size[v])
    return largest


@compiled
def _conclude(
    products: Float, offset: Float, values: Float, size: Float, error: Float, terms: Float, row_sum: float, n_in: int
) -> None:
    """Outputs from products, the largest absolute value of each row, and bounds from those on the inputs' errors."""
    rounding = gamma_kernel(n_in + 1)
    for v in range(len(values)):
        top = np.int64(0)
        for i in range(len(offset)):
            x = products[v, i] + offset[i]
            values[v, i] = x
            top = max(top, rank_of(abs(x)))
        size[v] = float_of(top)
        error[v] = (row_sum * error[v] + rounding * terms[v]) * SAFETY + UNDERFLOW


@borrowing
def clear(mesh: Mesh, count: int, edges: int, units: Int, row_of: Int, per_steepness: Float) -> None:
    """Lower the clearance of all vertices, and set the reach of edges, to the zeros of a finished layer's units."""
    values, error, clearance, room, own = mesh.values, mesh.error, mesh.clearance, mesh.room, mesh.own
    ends, missing, reach = mesh.ends, mesh.missing, mesh.reach
    for v in range(count):
        clearance[v] = min(clearance[v], room[v])
    for e in range(edges):
        for end in range(2):
            slot, other = missing[e, end], ends[e, 1 - end]
            unit = own[ends[e, end], slot] if slot >= 0 else -1
            if unit >= units[0]:
                row = row_of[unit - units[0]]
                reach[e, end] = max(0.0, (abs(values[other, row]) - error[other]) * per_steepness[row] / SAFETY)
