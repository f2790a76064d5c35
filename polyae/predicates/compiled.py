"""Compiled rows of a region with rigorous error bounds: the fast twin of :mod:`polyae.predicates.affine`.

Bounds are kept per unit, one for all coefficients and one for the offset, which costs a matrix-vector
product a layer instead of a matrix product.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from polyae.domains import Ball, Domain
from polyae.networks.network import Network
from polyae.predicates.cell import Arrangement
from polyae.tolerances import UNDERFLOW_GUARD, UNIT_ROUNDOFF

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["CellRows", "FlatNetwork", "build_rows", "flatten", "gamma_kernel", "in_open_ball", "misses_ball", "point_bound", "workspace"]


class FlatNetwork(NamedTuple):
    """A network, and the walls of a domain, as flat arrays for compiled code.

    Attributes
    ----------
    sizes : widths of input and layers
    weights, biases, slopes : all layers, one after the other, row-major
    unit_of : unit behind every output of every layer, -1 for a linear one
    twin_of : for every unit the first unit of its layer with the same hyperplane in every region, or -1
    walls, wall_errors : half-spaces of the domain (k, h + 1), and the error bounds of their offsets
    lo, hi : box around the domain, infinite where it is unbounded
    centre, radius : of a Euclidean ball as domain; the radius is infinite elsewhere
    """

    sizes: Int
    weights: Float
    biases: Float
    slopes: Float
    unit_of: Int
    twin_of: Int
    walls: Float
    wall_errors: Float
    lo: Float
    hi: Float
    centre: Float
    radius: float


class CellRows(NamedTuple):
    """Work space for the rows of one cell.

    Attributes
    ----------
    rows : array, shape (m, h + 1)
        Positive inside; scaled by powers of two to about unit length.
    coefficient_error, offset_error : arrays, shape (m,)
        Bounds on the errors of every coefficient, and of the offset.
    source : array of int, shape (m,)
        Unit, or ``-1 - k`` for wall k.
    x, x_error, y, y_error : work space for activations, shape (width, h + 1) and (width, 2)
    """

    rows: Float
    coefficient_error: Float
    offset_error: Float
    source: Int
    x: Float
    x_error: Float
    y: Float
    y_error: Float


def flatten(arrangement: Arrangement) -> FlatNetwork:
    """Flat arrays of an arrangement."""
    net = arrangement.network
    unit_of = []
    for layer, start in zip(net.layers, net.unit_offsets, strict=False):
        numbers = np.full(layer.n_out, -1, dtype=np.int64)
        numbers[layer.units] = start + np.arange(len(layer.units))
        unit_of.append(numbers)
    lo, hi = arrangement.bounding_box
    return FlatNetwork(
        np.array([net.input_dim, *(y.n_out for y in net.layers)], dtype=np.int64),
        np.concatenate([y.weight.ravel() for y in net.layers]),
        np.concatenate([y.bias for y in net.layers]),
        np.concatenate([y.slope for y in net.layers]),
        np.concatenate(unit_of),
        twins(net),
        arrangement.walls.values.copy(),
        arrangement.walls.errors[:, -1].copy(),
        np.array(lo),
        np.array(hi),
        *_ball(arrangement.domain),
    )


def _ball(domain: Domain) -> tuple[Float, float]:
    if isinstance(domain, Ball) and domain.curved:
        return np.array(domain.centre), domain.radius
    return np.zeros(domain.dim), np.inf


def twins(network: Network) -> Int:
    """First unit of each unit's layer whose weights and bias are a multiple of its own, exactly.

    Such units vanish on the same hyperplane in every region, so one row stands for all of them; -1 marks
    a unit that is zero everywhere and so never flips.
    """
    result = np.arange(network.num_units)
    for layer, start in zip(network.layers, network.unit_offsets, strict=False):
        seen: dict[tuple[int, ...], int] = {}
        rows = np.column_stack([layer.weight, layer.bias])[layer.units]
        for k, row in enumerate(rows):
            result[start + k] = seen.setdefault(_direction(row), int(start) + k) if row.any() else -1
    return result


def _direction(row: Float) -> tuple[int, ...]:
    ratios = [float(v).as_integer_ratio() for v in row]
    den = max(d for _, d in ratios)
    integers = [n * (den // d) for n, d in ratios]
    divisor = math.gcd(*integers) or 1
    lead = next((x for x in integers if x), 1)
    return tuple(x // (divisor if lead > 0 else -divisor) for x in integers)


def workspace(flat: FlatNetwork, units: int) -> CellRows:
    """Work space for the cells of one arrangement."""
    h, m, width = int(flat.sizes[0]), units + len(flat.walls), int(flat.sizes.max())
    return CellRows(
        np.empty((m, h + 1)), np.empty(m), np.empty(m), np.empty(m, dtype=np.int64),
        np.empty((width, h + 1)), np.empty((width, 2)), np.empty((width, h + 1)), np.empty((width, 2)),
    )  # fmt: skip


@nb.njit(cache=True, inline="always")
def gamma_kernel(n: int) -> float:
    """Compiled :func:`polyae.tolerances.gamma`."""
    nu = (n + 2) * UNIT_ROUNDOFF
    return nu / (1.0 - nu)


@nb.njit(cache=True)
def _layer(flat: FlatNetwork, layer: int, at: int, first_output: int, cell: CellRows, n_x: int) -> None:
    """Pre-activations of one layer into ``cell.y``: rows and their two error bounds."""
    h = flat.sizes[0]
    growth, rounding = 1.0 + gamma_kernel(n_x), gamma_kernel(n_x + 1)
    for u in range(flat.sizes[layer + 1]):
        y = cell.y[u]
        y[:] = 0.0
        error_a = error_c = size_a = size_c = 0.0  # of coefficients, and of the offset
        for v in range(n_x):
            w = flat.weights[at + u * n_x + v]
            x = cell.x[v]
            if w == 0.0 or cell.x_error[v, 0] < 0.0:  # an activation that is exactly zero
                continue
            top = 0.0
            for k in range(h):
                y[k] += w * x[k]
                top = max(top, abs(x[k]))
            y[h] += w * x[h]
            magnitude = abs(w)
            error_a += magnitude * cell.x_error[v, 0]
            error_c += magnitude * cell.x_error[v, 1]
            size_a += magnitude * (top + cell.x_error[v, 0])
            size_c += magnitude * (abs(x[h]) + cell.x_error[v, 1])
        bias = flat.biases[first_output + u]
        y[h] += bias
        if layer == 0:
            cell.y_error[u, 0] = cell.y_error[u, 1] = 0.0
        else:
            cell.y_error[u, 0] = error_a * growth + rounding * size_a
            cell.y_error[u, 1] = error_c * growth + rounding * (size_c + abs(bias))


@nb.njit(cache=True)
def _activate(flat: FlatNetwork, u: int, slope: float, cell: CellRows) -> None:
    """Activation u from pre-activation u; a negative error marks one that is exactly zero."""
    h = flat.sizes[0]
    if slope == 0.0:
        cell.x_error[u, 0] = -1.0
        return
    rounded = 0.0 if abs(slope) == 1.0 else UNIT_ROUNDOFF
    top = 0.0
    for k in range(h + 1):
        cell.x[u, k] = slope * cell.y[u, k]
        if k < h:
            top = max(top, abs(cell.x[u, k]))
    cell.x_error[u, 0] = abs(slope) * cell.y_error[u, 0] * (1.0 + 2 * rounded) + rounded * top
    cell.x_error[u, 1] = abs(slope) * cell.y_error[u, 1] * (1.0 + 2 * rounded) + rounded * abs(cell.x[u, h])


@nb.njit(cache=True)
def _store(cell: CellRows, m: int, values: Float, errors: Float, sign: float, source: int) -> bool:
    """Append an oriented, scaled row; False if the error analysis does not cover it."""
    h = len(values) - 1
    top = 0.0
    for k in range(h + 1):
        magnitude = abs(values[k])
        if magnitude != 0.0 and not (UNDERFLOW_GUARD < magnitude < 1.0 / UNDERFLOW_GUARD):
            return False
        if k < h:
            top = max(top, magnitude)
    scale = math.ldexp(1.0, -math.frexp(top)[1])
    for k in range(h + 1):
        cell.rows[m, k] = sign * scale * values[k]
    cell.coefficient_error[m] = scale * errors[0]
    cell.offset_error[m] = scale * errors[1]
    cell.source[m] = source
    return True


@nb.njit(cache=True)
def build_rows(flat: FlatNetwork, bits: NDArray[np.uint8], cell: CellRows) -> int:
    """Rows of the cell of one pattern; one for all twins, none for units that certainly do not vary.

    Returns the number of rows, or -1 if a unit's row could not be told from zero, a unit vanishes
    identically, or a number is out of the range of the error analysis.
    """
    h, m = flat.sizes[0], 0
    at, first_output, n_x = 0, 0, h
    for v in range(h):
        cell.x[v] = 0.0
        cell.x[v, v] = 1.0
        cell.x_error[v] = 0.0
    for layer in range(len(flat.sizes) - 1):
        _layer(flat, layer, at, first_output, cell, n_x)
        n_out = flat.sizes[layer + 1]
        for u in range(n_out):
            unit = flat.unit_of[first_output + u]
            slope = flat.slopes[first_output + u]
            if unit >= 0:
                on = bits[unit] != 0
                if flat.twin_of[unit] == unit:
                    kind = _kind(cell.y[u], cell.y_error[u])
                    if kind < 0:
                        return -1
                    if kind > 0:
                        if not _store(cell, m, cell.y[u], cell.y_error[u], 1.0 if on else -1.0, unit):
                            return -1
                        m += 1
                if on:
                    slope = 1.0
            _activate(flat, u, slope, cell)
        at += n_out * n_x
        first_output += n_out
        n_x = n_out
    for k in range(len(flat.walls)):
        cell.rows[m] = flat.walls[k]
        cell.coefficient_error[m] = 0.0
        cell.offset_error[m] = flat.wall_errors[k]
        cell.source[m] = -1 - k
        m += 1
    return m


@nb.njit(cache=True)
def _kind(values: Float, errors: Float) -> int:
    """1: the unit varies on the region; 0: it is a nonzero constant; -1: neither is certain."""
    h = len(values) - 1
    top = 0.0
    for k in range(h):
        top = max(top, abs(values[k]))
    if top > errors[0]:
        return 1
    if top == 0.0 and errors[0] == 0.0 and abs(values[h]) > errors[1]:
        return 0
    return -1


@nb.njit(cache=True)
def point_bound(cell: CellRows, row: int, point: Float) -> tuple[float, float]:
    """Value of a row at a point, and a bound on its error."""
    h = len(point)
    value, size, length = cell.rows[row, h], abs(cell.rows[row, h]), 0.0
    for k in range(h):
        product = cell.rows[row, k] * point[k]
        value += product
        size += abs(product)
        length += abs(point[k])
    error = cell.coefficient_error[row] * length + cell.offset_error[row]
    return value, error * (1.0 + gamma_kernel(h + 2)) + gamma_kernel(h + 2) * size


@nb.njit(cache=True)
def in_open_ball(flat: FlatNetwork, point: Float) -> bool:
    """Whether a point is certainly in the open Euclidean ball of a curved domain; true elsewhere."""
    if flat.radius == np.inf:
        return True
    squared = 0.0
    for k in range(len(point)):
        squared += (point[k] - flat.centre[k]) ** 2
    radius = flat.radius * flat.radius
    return radius > UNDERFLOW_GUARD and radius - squared > gamma_kernel(len(point) + 4) * (radius + squared)


@nb.njit(cache=True)
def misses_ball(flat: FlatNetwork, cell: CellRows, row: int) -> bool:
    """Whether the hyperplane of a row certainly stays outside the open ball of a curved domain."""
    if flat.radius == np.inf:
        return False
    value, bound = point_bound(cell, row, flat.centre)
    squared = 0.0
    for k in range(len(flat.centre)):
        squared += (abs(cell.rows[row, k]) + cell.coefficient_error[row]) ** 2
    return abs(value) - bound > flat.radius * math.sqrt(squared) * (1.0 + gamma_kernel(len(flat.centre) + 4))
