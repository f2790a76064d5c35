"""Rows of a region that can matter within a horizon, in the coordinates of a frame, with rigorous bounds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.outward.frame import Frame
from polyae.predicates.compiled import CellRows, evaluate_rows, gamma_kernel
from polyae.predicates.jit import compiled, proposal
from polyae.tolerances import UNDERFLOW, UNIT_ROUNDOFF

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["NearRows", "dual_norm", "inner", "near_rows", "near_workspace", "norm_of"]


class NearRows(NamedTuple):
    """Rows whose hyperplanes come nearer than a horizon, and work space.

    A row is ``normals[j] @ y + heights[j]``, positive inside, ``normals[j]`` about of length 1.

    Attributes
    ----------
    normals : array, shape (capacity, n)
    heights, height_error : arrays, shape (capacity,)
        Values at the centre, and bounds of their errors.
    normal_error : array, shape (capacity,)
        Bounds of the Euclidean norm of the normals' errors, whatever they come from: as gradients at points
        of the frame, and as functionals of x.
    units : array of int, shape (capacity,)
        Units behind the rows.
    tolerances : array, shape (capacity,)
        Values that cannot be told from zero within the horizon.
    gram : array, shape (capacity, capacity)
    """

    normals: Float
    heights: Float
    height_error: Float
    normal_error: Float
    units: Int
    tolerances: Float
    gram: Float


def near_workspace(frame: Frame, capacity: int) -> NearRows:
    """Work space for cells of so many rows."""
    return NearRows(
        np.empty((capacity, frame.dim)), np.empty(capacity), np.empty(capacity), np.empty(capacity),
        np.empty(capacity, dtype=np.int64), np.empty(capacity), np.empty((capacity, capacity)),
    )  # fmt: skip


@compiled
def norm_of(y: Float, p: float) -> float:
    """p-norm of a vector."""
    total = 0.0
    for k in range(len(y)):
        size = abs(y[k])
        if p == 1.0:
            total += size
        elif p == 2.0:
            total += size * size
        else:
            total = max(total, size)
    return np.sqrt(total) if p == 2.0 else total


@compiled
def dual_norm(y: Float, p: float) -> float:
    """Norm dual to the p-norm."""
    return norm_of(y, 1.0) if p == np.inf else (norm_of(y, np.inf) if p == 1.0 else norm_of(y, 2.0))


@compiled
def near_rows(frame: Frame, cell: CellRows, m: int, horizon: float, near: NearRows) -> int:
    """Choose the rows of a cell whose hyperplanes may come nearer than the horizon; how many there are.

    Parameters
    ----------
    frame : Frame
    cell : CellRows
        From :func:`polyae.predicates.compiled.build_rows`, m rows.
    m : int
    horizon : float
    near : NearRows
        Receives the rows, and their inner products.
    """
    k, n = len(frame.centre), near.normals.shape[1]
    plain = len(frame.lift) == 0
    evaluate_rows(cell, m, frame.centre)
    gradients = cell.rows[:k, :m]
    lifted = gradients if plain else _product(frame.lift, gradients)
    spread, rounding = np.sqrt(1.0 * k), gamma_kernel(k + 2)
    shift = 0.0
    for c in range(k):
        shift += frame.centre_error[c]
    count, farthest = 0, 0.0
    for i in range(m):
        length, size, moved = 0.0, 0.0, 0.0
        for c in range(n):
            length += lifted[c, i] ** 2
        length = np.sqrt(length)
        if not plain:
            for c in range(k):
                size += gradients[c, i] ** 2
                moved += abs(gradients[c, i]) * frame.centre_error[c]
            size = np.sqrt(size)
        entry = cell.coefficient_error[i]
        error = entry * spread
        if not plain:
            # Rounding of L g, the drift of points, and errors of g itself; residual as a functional of x.
            error = error * (frame.lift_size + frame.drift + frame.residual)
            error += size * (rounding * frame.lift_size + frame.drift + frame.residual)
        error = error * (1.0 + rounding) * (1.0 + 1e-13) + UNDERFLOW
        height, doubt = cell.values[i], cell.bounds[i] + (moved + entry * shift) * (1.0 + rounding)
        if _far(frame, lifted, i, height, doubt, error, horizon):
            continue
        scale = 1.0 / length if length > 0.0 else 1.0
        for c in range(n):
            near.normals[count, c] = lifted[c, i] * scale
        near.heights[count] = height * scale
        near.height_error[count] = (doubt * scale + 2 * UNIT_ROUNDOFF * abs(height * scale)) * (1.0 + 1e-13) + UNDERFLOW
        near.normal_error[count] = (error * scale + 4 * UNIT_ROUNDOFF) * (1.0 + 1e-13) + UNDERFLOW
        near.units[count] = cell.source[i]
        farthest = max(farthest, abs(near.heights[count]))
        count += 1
    for i in range(count):
        near.tolerances[i] = 4 * (near.height_error[i] + near.normal_error[i] * min(horizon, farthest))
    for i in range(count):
        for j in range(i + 1):
            near.gram[i, j] = near.gram[j, i] = inner(near.normals[i], near.normals[j])
    return count


@proposal
def inner(a: Float, b: Float) -> float:
    """Inner product, summed in any order: a proposal."""
    total = 0.0
    for k in range(len(a)):
        total += a[k] * b[k]
    return total


@compiled
def _product(a: Float, b: Float) -> Float:
    """Matrix product, summed in order; loops cost less to compile than a call of BLAS, and b is narrow."""
    total = np.zeros((len(a), b.shape[1]))
    for i in range(len(a)):
        for k in range(len(b)):
            for j in range(b.shape[1]):
                total[i, j] += a[i, k] * b[k, j]
    return total


@compiled
def _far(frame: Frame, lifted: Float, i: int, height: float, doubt: float, error: float, horizon: float) -> bool:
    """Whether a hyperplane certainly stays out of the ball of the horizon."""
    n = len(lifted)
    size = dual_norm(lifted[:, i], frame.norm)
    slack = error if frame.norm == 2.0 else error * np.sqrt(1.0 * n)
    reach = (size * frame.stretch * (1.0 + gamma_kernel(n + 4)) + slack) * (1.0 + 1e-13)
    return abs(height) - doubt > horizon * reach * (1.0 + 1e-13)
