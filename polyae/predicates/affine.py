"""Affine functions of the units on a region, in float64 with rigorous error bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.memo import once_for_each
from polyae.networks.network import Layer, Network
from polyae.tolerances import UNDERFLOW_GUARD, UNIT_ROUNDOFF, gamma

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

__all__ = [
    "OUT_OF_RANGE",
    "BoundedRows",
    "evaluate",
    "forward",
    "guarded",
    "layer_rows",
    "output_rows",
    "scaled",
    "shared_rows",
    "shared_values",
    "unit_rows",
    "weights_of_states",
]

#: Overflow makes bounds infinite or undefined, which decides nothing and needs no warning.
OUT_OF_RANGE = np.errstate(over="ignore", invalid="ignore")


@dataclass(frozen=True)
class BoundedRows:
    """Affine functions ``row[:-1] @ z + row[-1]`` known to within entrywise bounds.

    Attributes
    ----------
    values, errors : array, shape (..., m, h + 1)
    """

    values: Float
    errors: Float


def guarded(values: Float, errors: Float) -> BoundedRows:
    """Give up the bound of numbers so small, or so large, that the error analysis does not hold.

    What remains is 0 or at least ``UNDERFLOW_GUARD``, so that products of two such numbers are normal.
    """
    broken = ((np.abs(values) < UNDERFLOW_GUARD) & (values != 0)) | ~np.isfinite(values)
    if broken.any():
        errors = np.where(broken, np.inf, errors)
    small = (errors < UNDERFLOW_GUARD) & (errors > 0)
    return BoundedRows(values, np.where(small, UNDERFLOW_GUARD, errors) if small.any() else errors)


def _tiny(numbers: Float) -> NDArray[np.bool_]:
    """Numbers whose products may underflow."""
    return np.asarray((np.abs(numbers) < UNDERFLOW_GUARD) & (numbers != 0))


def _through_units(slope: Float, values: Float, errors: Float) -> BoundedRows:
    out = slope * values
    exact = (slope == 0) | (np.abs(slope) == 1)
    passed = np.where(slope == 0, 0.0, np.abs(slope) * errors) * (1 + gamma(1))
    passed = passed + np.where(exact, 0.0, UNIT_ROUNDOFF) * np.abs(out)
    return guarded(out, np.where(_tiny(slope), np.inf, passed))


def _product(weight: Float, values: Float) -> Float:
    """``weight @ values`` for stacks (..., n, c) of few columns, as one product of matrices."""
    columns = values.swapaxes(-2, -1)
    flat = np.ascontiguousarray(columns).reshape(-1, weight.shape[1]) @ weight.T
    return flat.reshape(*columns.shape[:-1], len(weight)).swapaxes(-2, -1)


def _through_weights(layer: Layer, values: Float, errors: Float, first: bool) -> BoundedRows:
    out = _product(layer.weight, values)
    out[..., -1] += layer.bias
    if first:  # the product with the identity is exact
        return guarded(out, np.zeros_like(out))
    magnitude, g = np.abs(layer.weight), gamma(layer.n_in + 1)
    # One product for what comes in as error and what rounding adds; its own rounding is covered by (1 + 2 g).
    bound = _product(magnitude, (errors * (1 + 2 * g) + g * np.abs(values)) * (1 + 2 * g))
    bound[..., -1] += g * np.abs(layer.bias) * (1 + 2 * g)
    return guarded(out, np.where(_tiny(layer.weight).any(axis=1, keepdims=True), np.inf, bound))


def _by_layers(network: Network, pattern: Bool) -> Iterator[tuple[BoundedRows, BoundedRows]]:
    """All outputs of one layer after the other, before and after its units."""
    identity = np.eye(network.input_dim, network.input_dim + 1)
    values = np.broadcast_to(identity, (*pattern.shape[:-1], *identity.shape))
    rows = BoundedRows(values, np.zeros_like(values))
    for i, (layer, slope) in enumerate(zip(network.layers, network.slopes(pattern), strict=True)):
        pre = _through_weights(layer, rows.values, rows.errors, first=i == 0)
        rows = _through_units(slope[..., None], pre.values, pre.errors)
        yield pre, rows


@OUT_OF_RANGE
def layer_rows(network: Network, pattern: Bool, count: int) -> list[BoundedRows]:
    """All outputs of the first layers, `count` of them, before their units, on regions of given patterns.

    Parameters
    ----------
    network : Network
    pattern : array of bool, shape (..., units)
        Of the units of layers before the last one; the others do not matter.
    count : int

    Returns
    -------
    list of BoundedRows, shapes (..., n_out, h + 1)
    """
    return [pre for pre, _ in islice(_by_layers(network, pattern), count)]


@OUT_OF_RANGE
def _rows(network: Network, pattern: Bool) -> tuple[list[BoundedRows], BoundedRows]:
    by_layer = list(_by_layers(network, pattern))
    units = [
        BoundedRows(pre.values[..., layer.units, :], pre.errors[..., layer.units, :])
        for layer, (pre, _) in zip(network.layers, by_layer, strict=True)
    ]
    return units, by_layer[-1][1]


@OUT_OF_RANGE
def scaled(rows: BoundedRows) -> BoundedRows:
    """Scale rows by powers of two to about unit length, which rounds nothing that is not given up."""
    size = np.abs(rows.values[..., :-1]).max(axis=-1, initial=0.0, keepdims=True)
    # The largest power keeps the factor finite where the numbers are subnormal.
    factor = np.exp2(np.minimum(-np.floor(np.log2(np.where((size > 0) & np.isfinite(size), size, 1.0))), 1000.0))
    return guarded(rows.values * factor, rows.errors * factor)


def _shared(network: Network, patterns: Bool, point: Float | None = None) -> Iterator[tuple[BoundedRows, Int]]:
    """Pre-activations of one layer after the other, and last the outputs, of runs of regions; the run of each region.

    As affine functions of the input, or their values at a point as the only column.
    """
    start = np.eye(network.input_dim, network.input_dim + 1) if point is None else point[:, None]
    rows, owner = BoundedRows(start[None], np.zeros((1, *start.shape))), np.zeros(len(patterns), dtype=np.int64)
    fresh = np.arange(len(patterns)) == 0
    for i, (layer, offset) in enumerate(zip(network.layers, network.unit_offsets, strict=False)):
        pre = _through_weights(layer, rows.values, rows.errors, first=i == 0 and point is None)
        yield pre, owner
        mine = patterns[:, offset : offset + len(layer.units)]
        fresh[1:] |= (mine[1:] != mine[:-1]).any(axis=1)
        first = np.flatnonzero(fresh)
        slope = np.tile(layer.slope, (len(first), 1))
        slope[:, layer.units] = np.where(mine[first], 1.0, slope[:, layer.units])
        parent = owner[first]
        rows = _through_units(slope[..., None], _take(pre.values, parent), _take(pre.errors, parent))
        owner = np.cumsum(fresh) - 1
    yield rows, owner


@OUT_OF_RANGE
def shared_rows(network: Network, patterns: Bool) -> tuple[list[tuple[BoundedRows, Int]], BoundedRows]:
    """Pre-activations of all layers, and outputs, on many regions: earlier layers that agree are treated once.

    Parameters
    ----------
    network : Network
    patterns : array of bool, shape (n, units)
        Consecutive ones share what they have in common from the first layer on, so they had better be sorted.

    Returns
    -------
    layers : list of (BoundedRows, array of int)
        For each layer the rows (r, units of the layer, h + 1) of r <= n runs of regions, and the run of each region.
    outputs : BoundedRows, shape (n, d, h + 1)
    """
    *layers, (rows, owner) = _shared(network, patterns)
    return [
        (BoundedRows(pre.values[:, layer.units], pre.errors[:, layer.units]), run)
        for layer, (pre, run) in zip(network.layers, layers, strict=True)
    ], BoundedRows(_take(rows.values, owner), _take(rows.errors, owner))


@OUT_OF_RANGE
def shared_values(network: Network, patterns: Bool, layer: int, point: Float) -> tuple[BoundedRows, Int]:
    """Values at one point of the affine functions that a layer's outputs are, before their units, on many regions.

    The point need not lie in any of the regions.

    Parameters
    ----------
    network : Network
    patterns : array of bool, shape (n, units)
        Sorted, as :func:`shared_rows` wants them.
    layer : int
    point : array, shape (h,)

    Returns
    -------
    values : BoundedRows, shape (r, n_out)
        Of r <= n runs of regions that agree in all layers before.
    owner : array of int, shape (n,)
        The run of each region.
    """
    rows, owner = next(islice(_shared(network, patterns, point), layer, None))
    return BoundedRows(rows.values[..., 0], rows.errors[..., 0]), owner


@OUT_OF_RANGE
def weights_of_states(network: Network, layer: int, weights: Float) -> tuple[BoundedRows, BoundedRows]:
    """What a linear functional of the network's output weighs each output of a layer with, by the state of its unit.

    Parameters
    ----------
    network : Network
    layer : int
        The layers behind it must be affine.
    weights : array, shape (d,)
        Of the network's outputs.

    Returns
    -------
    off, on : BoundedRows, shape (n_out,)
        Equal where there is no unit.
    """
    on = BoundedRows(weights[:, None], np.zeros((len(weights), 1)))
    for behind in network.layers[:layer:-1]:
        on = _through_weights(Layer(behind.weight.T, np.zeros(behind.n_in)), on.values, on.errors, first=False)
    off = _through_units(network.layers[layer].slope[:, None], on.values, on.errors)
    return BoundedRows(off.values[:, 0], off.errors[:, 0]), BoundedRows(on.values[:, 0], on.errors[:, 0])


def _take(values: Float, numbers: Int) -> Float:
    """``values[numbers]``, with the units last in memory as they were."""
    return values.swapaxes(-2, -1)[numbers].swapaxes(-2, -1)


def unit_rows(network: Network, pattern: Bool) -> BoundedRows:
    """Pre-activations of all units as affine functions of the input, on regions of given patterns.

    Parameters
    ----------
    network : Network
    pattern : array of bool, shape (..., units)

    Returns
    -------
    BoundedRows, shape (..., units, h + 1)
    """
    units, _ = _rows(network, pattern)
    return BoundedRows(
        np.concatenate([u.values for u in units], axis=-2), np.concatenate([u.errors for u in units], axis=-2)
    )


def output_rows(network: Network, pattern: Bool) -> BoundedRows:
    """Affine map ``[A | B]`` of regions of given patterns, shape (..., d, h + 1)."""
    return _rows(network, pattern)[1]


@OUT_OF_RANGE
def evaluate(rows: BoundedRows, points: Float) -> tuple[Float, Float]:
    """Values of m rows at n points, and their error bounds: two arrays of shape (n, m).

    Raises
    ------
    ValueError
        If the shapes do not fit (from NumPy).
    """
    coefficients, errors = rows.values[:, :-1], rows.errors[:, :-1]
    magnitude = np.abs(points)
    values = points @ coefficients.T + rows.values[:, -1]
    size = magnitude @ np.abs(coefficients).T + np.abs(rows.values[:, -1])
    bounds = magnitude @ errors.T * (1 + gamma(points.shape[1])) + rows.errors[:, -1]
    bounds += gamma(points.shape[1] + 2) * size
    if _tiny(points).any():
        bounds = np.full_like(bounds, np.inf)
    return values, bounds


class _ForwardLayer(NamedTuple):
    """What a forward pass with error bounds needs of a layer beside its weights.

    Attributes
    ----------
    magnitude : array, shape (n_in, n_out)
        Absolute values of the weights.
    growth : array, shape (n_out,)
        Lipschitz constant of each unit.
    before, behind : array, shape (n_out,)
        Infinite for outputs whose weights, or slope, are so small that products may underflow, else 0.
    """

    layer: Layer
    magnitude: Float
    growth: Float
    before: Float
    behind: Float


@once_for_each
def _forward_layers(network: Network) -> list[_ForwardLayer]:
    """Layers up to the last one that has units."""
    last = max((i for i, layer in enumerate(network.layers) if len(layer.units)), default=-1)
    return [
        _ForwardLayer(
            layer, np.abs(layer.weight).T, np.maximum(1.0, np.abs(layer.slope)),
            np.where(_tiny(layer.weight).any(axis=1), np.inf, 0.0), np.where(_tiny(layer.slope), np.inf, 0.0),
        )
        for layer in network.layers[: last + 1]
    ]  # fmt: skip


@OUT_OF_RANGE
def forward(network: Network, points: Float) -> tuple[Float, Float]:
    """Pre-activations of all units at n points, and their error bounds: two arrays (n, units).

    A unit's function is Lipschitz, so the bound passes through it whichever state it is in.
    """
    x, ex = points, np.where(_tiny(points), np.inf, 0.0)
    values, errors = [np.zeros((len(points), 0))], [np.zeros((len(points), 0))]
    for layer, magnitude, growth, before, behind in _forward_layers(network):
        t = x @ layer.weight.T + layer.bias
        et = ex @ magnitude * (1 + gamma(layer.n_in))
        et += gamma(layer.n_in + 1) * ((np.abs(x) + ex) @ magnitude + np.abs(layer.bias))
        et = guarded(t, np.maximum(et, before)).errors
        values.append(t[:, layer.units])
        errors.append(et[:, layer.units])
        x = np.where(t > 0, t, layer.slope * t)
        ex = growth * et * (1 + gamma(1)) + UNIT_ROUNDOFF * np.abs(x)
        ex = guarded(x, np.maximum(ex, behind)).errors
    return np.concatenate(values, axis=1), np.concatenate(errors, axis=1)
