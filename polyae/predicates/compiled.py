"""Compiled rows of a region with rigorous error bounds: the fast twin of :mod:`polyae.predicates.affine`.

Bounds are kept per unit, one for all coefficients and one for the offset, which costs a matrix-vector
product a layer instead of a matrix product.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.flat import FlatNetwork
from polyae.predicates.jit import callable_from_compiled, compiled, inlined
from polyae.tolerances import LARGEST_COEFFICIENT, UNDERFLOW_GUARD, UNIT_ROUNDOFF

Float = NDArray[np.float64]
Int = NDArray[np.int64]

#: Far more than the products of a row and a point can lose by underflow, 2^-1075 each.
UNDERFLOW = 2.0**-1000

__all__ = [
    "UNDERFLOW",
    "CellRows",
    "beyond_alone",
    "build_rows",
    "evaluate_rows",
    "gamma_kernel",
    "in_open_ball",
    "misses_ball",
    "strictly_inside",
    "workspace",
]


class CellRows(NamedTuple):
    """Rows of one cell, and work space to build them.

    Arrays run over rows or units last, so that every loop over them is vectorised.

    Attributes
    ----------
    rows : array, shape (h + 1, m)
        Columns are normal and offset of a row; positive inside, scaled by powers of two to about unit length.
    coefficient_error, offset_error : arrays, shape (m,)
        Bounds on the errors of every coefficient, and of the offset.
    source : array of int, shape (m,)
        Unit, or ``-1 - k`` for wall k.
    values, bounds : arrays, shape (m,)
        Rows at a point, with their errors; see :func:`evaluate_rows`.
    x, y : work space for activations and pre-activations, shape (h + 1, width)
    x_error, y_error, scratch : work space, shape (2, width)
    kept : work space of int, shape (width,)
    """

    rows: Float
    coefficient_error: Float
    offset_error: Float
    source: Int
    values: Float
    bounds: Float
    x: Float
    y: Float
    x_error: Float
    y_error: Float
    scratch: Float
    kept: Int


@callable_from_compiled
def workspace(flat: FlatNetwork, units: int) -> CellRows:
    """Work space for the cells of one arrangement."""
    h, m, width = int(flat.sizes[0]), units + len(flat.walls), int(flat.sizes.max())
    return CellRows(
        np.empty((h + 1, m)), np.empty(m), np.empty(m), np.empty(m, dtype=np.int64), np.empty(m), np.empty(m),
        np.empty((h + 1, width)), np.empty((h + 1, width)), np.empty((2, width)), np.empty((2, width)),
        np.empty((2, width)), np.empty(width, dtype=np.int64),
    )  # fmt: skip


@inlined
def gamma_kernel(n: int) -> float:
    """Compiled :func:`polyae.tolerances.gamma`."""
    nu = (n + 2) * UNIT_ROUNDOFF
    return nu / (1.0 - nu)


@compiled
def _first_layer(weights: Float, biases: Float, n_in: int, n_out: int, y: Float, y_error: Float) -> None:
    """Pre-activations of the first layer: the weights themselves, without error."""
    for k in range(n_in):
        for u in range(n_out):
            y[k, u] = weights[k * n_out + u]
    for u in range(n_out):
        y[n_in, u] = biases[u]
        y_error[0, u] = y_error[1, u] = 0.0


@compiled
def _layer(
    weights: Float, biases: Float, n_in: int, n_out: int, x: Float, x_error: Float, y: Float, y_error: Float
) -> None:
    """Pre-activations y of a layer from the activations x before it, with error bounds.

    With E the bounds of x, those of y are ``|W| ((1 + g) E + g (|x| + E))``, g for sums of n products.
    """
    h = x.shape[0] - 1
    growth, rounding = 1.0 + gamma_kernel(n_in), gamma_kernel(n_in + 1)
    for u in range(n_out):
        y_error[0, u], y_error[1, u] = 0.0, rounding * abs(biases[u])
    for k in range(h + 1):
        for u in range(n_out):
            y[k, u] = biases[u] if k == h else 0.0
    for v in range(n_in):
        if x_error[0, v] < 0.0:  # an activation that is exactly zero
            continue
        at, top = v * n_out, 0.0
        for k in range(h + 1):
            factor = x[k, v]
            if k < h:
                top = max(top, abs(factor))
            for u in range(n_out):
                y[k, u] += weights[at + u] * factor
        error_a = (growth * x_error[0, v] + rounding * (top + x_error[0, v])) * growth
        error_c = (growth * x_error[1, v] + rounding * (abs(x[h, v]) + x_error[1, v])) * growth
        for u in range(n_out):
            magnitude = abs(weights[at + u])
            y_error[0, u] += magnitude * error_a
            y_error[1, u] += magnitude * error_c


@compiled
def _activate(slopes: Float, n_out: int, x: Float, x_error: Float, y: Float, y_error: Float, top: Float) -> None:
    """Activations from pre-activations; a negative error marks one that is exactly zero."""
    h = x.shape[0] - 1
    for k in range(h + 1):
        for u in range(n_out):
            x[k, u] = slopes[u] * y[k, u]
    for u in range(n_out):
        size = abs(slopes[u])
        rounded = 0.0 if size == 1.0 else UNIT_ROUNDOFF
        x_error[0, u] = size * (y_error[0, u] * (1.0 + 4 * rounded) + 2 * rounded * top[u])
        x_error[1, u] = size * (y_error[1, u] * (1.0 + 4 * rounded) + 2 * rounded * abs(y[h, u]))
        if size == 0.0:
            x_error[0, u] = -1.0


@compiled
def _tops(y: Float, n_out: int, top: Float) -> bool:
    """Largest coefficient of every pre-activation; False if the error analysis does not cover a number."""
    h = y.shape[0] - 1
    beyond = 0
    for u in range(n_out):
        top[u] = 0.0
    for k in range(h + 1):
        for u in range(n_out):
            size = abs(y[k, u])
            covered = (size == 0.0) | ((size > UNDERFLOW_GUARD) & (size < 1.0 / UNDERFLOW_GUARD))
            beyond += 0 if covered else 1
            if k < h:
                top[u] = size if size > top[u] else top[u]
    return beyond == 0


@compiled
def _store(cell: CellRows, m: int, count: int) -> None:
    """Append the kept pre-activations as rows, multiplied by the factors in ``scratch[1]``."""
    h = cell.rows.shape[0] - 1
    for k in range(h + 1):
        for i in range(count):
            u = cell.kept[i]
            cell.rows[k, m + i] = cell.scratch[1, u] * cell.y[k, u]
    for i in range(count):
        u = cell.kept[i]
        cell.coefficient_error[m + i] = abs(cell.scratch[1, u]) * cell.y_error[0, u]
        cell.offset_error[m + i] = abs(cell.scratch[1, u]) * cell.y_error[1, u]


@compiled
def _keep(flat: FlatNetwork, first: int, n_out: int, bits: NDArray[np.uint8], cell: CellRows, m: int) -> int:
    """Choose the outputs that give a row, and their factors; -1 if that is doubtful, or a constant unit's bit wrong."""
    h, count = cell.rows.shape[0] - 1, 0
    for u in range(n_out):
        unit = flat.unit_of[first + u]
        if unit < 0 or flat.twin_of[unit] != unit:
            continue
        top = cell.scratch[0, u]
        if top > cell.y_error[0, u]:
            scale = math.ldexp(1.0, -math.frexp(top)[1])
            cell.scratch[1, u] = scale if bits[unit] else -scale
            cell.source[m + count] = unit
            cell.kept[count] = u
            count += 1
        else:
            value = cell.y[h, u]
            constant = top == 0.0 and cell.y_error[0, u] == 0.0 and abs(value) > cell.y_error[1, u]
            if not constant or (value > 0.0) != (bits[unit] != 0):
                return -1
    return count


@compiled
def build_rows(flat: FlatNetwork, bits: NDArray[np.uint8], cell: CellRows) -> int:
    """Rows of the cell of one pattern; one for all twins, none for units that certainly do not vary.

    Returns the number of rows, or -1 if a unit's row could not be told from zero, a unit vanishes
    identically or is constant with the other sign, or a number is out of the range of the error analysis.
    So a point strictly inside all rows proves the pattern, but for the bits of twins.
    """
    h, m = flat.sizes[0], 0
    at, first, n_in = 0, 0, h
    if not flat.covered:
        return -1
    for layer in range(len(flat.sizes) - 1):
        n_out = flat.sizes[layer + 1]
        weights, biases = flat.weights[at : at + n_in * n_out], flat.biases[first : first + n_out]
        if layer == 0:
            _first_layer(weights, biases, n_in, n_out, cell.y, cell.y_error)
        else:
            _layer(weights, biases, n_in, n_out, cell.x, cell.x_error, cell.y, cell.y_error)
        if not _tops(cell.y, n_out, cell.scratch[0]):
            return -1
        kept = _keep(flat, first, n_out, bits, cell, m)
        if kept < 0:
            return -1
        _store(cell, m, kept)
        m += kept
        if layer + 2 < len(flat.sizes):
            slopes = cell.scratch[1]
            for u in range(n_out):
                unit = flat.unit_of[first + u]
                slopes[u] = 1.0 if unit >= 0 and bits[unit] else flat.slopes[first + u]
            _activate(slopes, n_out, cell.x, cell.x_error, cell.y, cell.y_error, cell.scratch[0])
        at += n_out * n_in
        first += n_out
        n_in = n_out
    for k in range(len(flat.walls)):
        for c in range(h + 1):
            cell.rows[c, m] = flat.walls[k, c]
        cell.coefficient_error[m] = 0.0
        cell.offset_error[m] = flat.wall_errors[k]
        cell.source[m] = -1 - k
        m += 1
    return m


@inlined
def _evaluate(
    rows: Float, coefficient_error: Float, offset_error: Float, m: int, point: Float, values: Float, bounds: Float
) -> None:
    h, length = len(point), 0.0
    for i in range(m):
        values[i] = rows[h, i]
    for k in range(h):
        z = point[k]
        length += abs(z)
        for i in range(m):
            values[i] += rows[k, i] * z
    growth, rounding = 1.0 + gamma_kernel(h + 2), gamma_kernel(h + 2)
    size = LARGEST_COEFFICIENT * length
    for i in range(m):
        error = coefficient_error[i] * length + offset_error[i]
        bounds[i] = error * growth + rounding * (size + abs(rows[h, i])) + UNDERFLOW


@compiled
def evaluate_rows(cell: CellRows, m: int, point: Float) -> None:
    """Values of m rows at a point, and bounds on their errors, into ``cell.values`` and ``cell.bounds``."""
    _evaluate(cell.rows, cell.coefficient_error, cell.offset_error, m, point, cell.values, cell.bounds)


@compiled
def beyond_alone(
    rows: Float, coefficient_error: Float, offset_error: Float, m: int, point: Float, beyond: int,
    values: Float, bounds: Float,
) -> bool:  # fmt: skip
    """Whether a point certainly lies inside all rows, or beyond one of them alone if `beyond` names it (else -1).

    Takes the arrays of :class:`CellRows` one by one, which saves counting references to the others.
    """
    _evaluate(rows, coefficient_error, offset_error, m, point, values, bounds)
    if beyond >= 0:
        values[beyond] = -values[beyond]
    outside = 0
    for i in range(m):
        outside += 0 if values[i] > bounds[i] else 1
    return outside == 0


@compiled
def strictly_inside(cell: CellRows, m: int, point: Float) -> bool:
    """Whether a point certainly lies inside all rows."""
    return beyond_alone(cell.rows, cell.coefficient_error, cell.offset_error, m, point, -1, cell.values, cell.bounds)


@compiled
def in_open_ball(flat: FlatNetwork, point: Float) -> bool:
    """Whether a point is certainly in the open Euclidean ball of a curved domain; true elsewhere."""
    if flat.radius == np.inf:
        return True
    squared = 0.0
    for k in range(len(point)):
        squared += (point[k] - flat.centre[k]) ** 2
    radius = flat.radius * flat.radius
    return radius > UNDERFLOW_GUARD and radius - squared > gamma_kernel(len(point) + 4) * (radius + squared)


@compiled
def misses_ball(flat: FlatNetwork, cell: CellRows, row: int) -> bool:
    """Whether the hyperplane of a row certainly stays outside the open ball of a curved domain."""
    if flat.radius == np.inf:
        return False
    evaluate_rows(cell, row + 1, flat.centre)
    squared = 0.0
    for k in range(len(flat.centre)):
        squared += (abs(cell.rows[k, row]) + cell.coefficient_error[row]) ** 2
    return abs(cell.values[row]) - cell.bounds[row] > flat.radius * math.sqrt(squared) * (
        1.0 + gamma_kernel(len(flat.centre) + 4)
    )
