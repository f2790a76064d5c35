"""Vertices of the first layer placed anew, from the weights themselves.

Interpolation from vertex to vertex lets bounds grow by a factor at every step, most of all in the first layer,
whose units cut whole domains.  There the rows of units and walls are known without error, so a vertex is
the solution of a linear system: with B close to the inverse of its matrix A and ``c = ‖I - B A‖ < 1``, a point x
is at most ``‖B (A x + b)‖ / (1 - c)`` away from the solution (maximum norms).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.mesh import FaceTable, Mesh
from polyae.lp.corner import PIVOT_TOLERANCE
from polyae.predicates.compiled import gamma_kernel
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["refine"]

#: Added to residuals, more than what products lose to underflow.
UNDERFLOW = 1e-300


@compiled
def _invert(matrix: Float, inverse: Float) -> bool:
    """Gauss-Jordan with row pivoting; False if the matrix looks singular."""
    h = len(matrix)
    inverse[:] = 0.0
    for i in range(h):
        inverse[i, i] = 1.0
    for k in range(h):
        best = k
        for i in range(k + 1, h):
            if abs(matrix[i, k]) > abs(matrix[best, k]):
                best = i
        if abs(matrix[best, k]) < PIVOT_TOLERANCE:
            return False
        for c in range(h):
            matrix[k, c], matrix[best, c] = matrix[best, c], matrix[k, c]
            inverse[k, c], inverse[best, c] = inverse[best, c], inverse[k, c]
        pivot = matrix[k, k]
        for c in range(h):
            matrix[k, c] /= pivot
            inverse[k, c] /= pivot
        for i in range(h):
            if i != k and matrix[i, k] != 0.0:
                factor = matrix[i, k]
                for c in range(h):
                    matrix[i, c] -= factor * matrix[k, c]
                    inverse[i, c] -= factor * inverse[k, c]
    return True


@compiled
def _contraction(matrix: Float, inverse: Float) -> float:
    """Bound on the maximum norm of ``I - inverse @ matrix``."""
    h, worst = len(matrix), 0.0
    for i in range(h):
        total = 0.0
        for k in range(h):
            defect, size = (1.0 if i == k else 0.0), 0.0
            for c in range(h):
                product = inverse[i, c] * matrix[c, k]
                defect -= product
                size += abs(product)
            total += abs(defect) + gamma_kernel(h + 2) * (size + 1.0)
        worst = max(worst, total)
    return worst * (1.0 + gamma_kernel(h))


@compiled
def _residuals(matrix: Float, offset: Float, offset_error: Float, point: Float, residual: Float, bound: Float) -> None:
    """Rows at a point, and bounds on their exact absolute values."""
    h = len(point)
    for i in range(h):
        value, size = offset[i], abs(offset[i])
        for c in range(h):
            product = matrix[i, c] * point[c]
            value += product
            size += abs(product)
        residual[i] = value
        bound[i] = (abs(value) + gamma_kernel(h + 2) * size + offset_error[i]) * (1.0 + gamma_kernel(2)) + UNDERFLOW


@compiled
def refine(
    mesh: Mesh, faces: FaceTable, walls: Float, wall_errors: Float, basis: Int, weight: Float, bias: Float, first: int,
    count: int,
) -> None:  # fmt: skip
    """Improve the positions of the vertices from `first` on, and their bounds.

    Parameters
    ----------
    walls : array, shape (k, h + 1)
    wall_errors : array, shape (k,)
        Bounds on the errors of the offsets.
    basis : array of int, shape (faces, h)
        As many independent walls through each face as its codimension, then -1.
    weight, bias : arrays, shape (units, h) and (units,)
        Of the first layer, by units.
    """
    h = mesh.coordinates.shape[1]
    matrix, scratch, inverse = np.empty((h, h)), np.empty((h, h)), np.empty((h, h))
    offset, offset_error = np.empty(h), np.empty(h)
    point, residual, bound = np.empty(h), np.empty(h), np.empty(h)
    for v in range(first, count):
        own = faces.dims[mesh.face[v]]
        for i in range(own):
            matrix[i], offset[i] = weight[mesh.own[v, i]], bias[mesh.own[v, i]]
            offset_error[i] = 0.0
        for i in range(own, h):
            wall = basis[mesh.face[v], i - own]
            matrix[i], offset[i], offset_error[i] = walls[wall, :h], walls[wall, h], wall_errors[wall]
        scratch[:] = matrix
        if not _invert(scratch, inverse):
            continue
        contraction = _contraction(matrix, inverse)
        if not contraction < 0.5:
            continue
        point[:] = mesh.coordinates[v]
        _residuals(matrix, offset, offset_error, point, residual, bound)
        for i in range(h):
            for k in range(h):
                point[i] -= inverse[i, k] * residual[k]
        _residuals(matrix, offset, offset_error, point, residual, bound)
        error = 0.0
        for i in range(h):
            total = 0.0
            for k in range(h):
                total += abs(inverse[i, k]) * bound[k]
            error = max(error, total)
        error = error * (1.0 + gamma_kernel(h + 2)) / (1.0 - contraction) * (1.0 + gamma_kernel(2)) + UNDERFLOW
        if error < mesh.position_error[v]:
            mesh.coordinates[v] = point
            mesh.position_error[v] = error
