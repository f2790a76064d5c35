"""Affine functions of the units on a region, in float64 with rigorous error bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.networks.network import Layer, Network
from polyae.tolerances import UNDERFLOW_GUARD, UNIT_ROUNDOFF, gamma

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

__all__ = ["BoundedRows", "evaluate", "forward", "output_rows", "unit_rows"]


@dataclass(frozen=True)
class BoundedRows:
    """Affine functions ``row[:-1] @ z + row[-1]`` known to within entrywise bounds.

    Attributes
    ----------
    values, errors : array, shape (..., m, h + 1)
    """

    values: Float
    errors: Float


def _guard(values: Float, errors: Float) -> Float:
    """Give up the bound of numbers so small, or so large, that the error analysis does not hold."""
    broken = ((np.abs(values) < UNDERFLOW_GUARD) & (values != 0)) | ~np.isfinite(values)
    return np.where(broken, np.inf, errors) if broken.any() else errors


def _through_units(slope: Float, values: Float, errors: Float) -> tuple[Float, Float]:
    out = slope * values
    exact = (slope == 0) | (np.abs(slope) == 1)
    return out, np.where(slope == 0, 0.0, np.abs(slope) * errors) + np.where(exact, 0.0, UNIT_ROUNDOFF) * np.abs(out)


def _through_weights(layer: Layer, values: Float, errors: Float, first: bool) -> tuple[Float, Float]:
    out = layer.weight @ values
    out[..., -1] += layer.bias
    if first:  # the product with the identity is exact
        return out, _guard(out, np.zeros_like(out))
    magnitude = np.abs(layer.weight)
    size = magnitude @ (np.abs(values) + errors)
    size[..., -1] += np.abs(layer.bias)
    return out, _guard(out, magnitude @ errors * (1 + gamma(layer.n_in)) + gamma(layer.n_in + 1) * size)


def _rows(network: Network, pattern: Bool) -> tuple[list[BoundedRows], BoundedRows]:
    identity = np.eye(network.input_dim, network.input_dim + 1)
    values = np.broadcast_to(identity, (*pattern.shape[:-1], *identity.shape))
    errors = np.zeros_like(values)
    units = []
    for i, (layer, slope) in enumerate(zip(network.layers, network.slopes(pattern), strict=True)):
        values, errors = _through_weights(layer, values, errors, first=i == 0)
        units.append(BoundedRows(values[..., layer.units, :], errors[..., layer.units, :]))
        values, errors = _through_units(slope[..., None], values, errors)
    return units, BoundedRows(values, errors)


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
    if ((magnitude < UNDERFLOW_GUARD) & (magnitude > 0)).any():
        bounds = np.full_like(bounds, np.inf)
    return values, bounds


def forward(network: Network, points: Float) -> tuple[Float, Float]:
    """Pre-activations of all units at n points, and their error bounds: two arrays (n, units).

    A unit's function is Lipschitz, so the bound passes through it whichever state it is in.
    """
    x, ex = points, np.zeros_like(points)
    values, errors = [], []
    for layer in network.layers:
        magnitude = np.abs(layer.weight).T
        t = x @ layer.weight.T + layer.bias
        et = ex @ magnitude * (1 + gamma(layer.n_in))
        et += gamma(layer.n_in + 1) * ((np.abs(x) + ex) @ magnitude + np.abs(layer.bias))
        et = _guard(t, et)
        values.append(t[:, layer.units])
        errors.append(et[:, layer.units])
        x = np.where(t > 0, t, layer.slope * t)
        ex = np.maximum(1.0, np.abs(layer.slope)) * et + UNIT_ROUNDOFF * np.abs(x)
    return np.concatenate(values, axis=1), np.concatenate(errors, axis=1)
