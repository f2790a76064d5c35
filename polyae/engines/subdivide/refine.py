"""Vertices as solutions of linear systems, and values there: compiled.

The rows that vanish at a vertex are known to within bounds.  Let x' solve ``(A + dA) x' + (b + db) = 0``, B be close to
the inverse of A and ``c = ‖I - B (A + dA)‖ <= ‖I - B A‖ + ‖|B| |dA|‖ < 1`` (maximum norms).  Then a point x is at most
``‖|B| (|A x + b| + |dA| |x| + |db|)‖ / (1 - c)`` away from x'.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.mesh import Mesh
from polyae.lp.corner import PIVOT_TOLERANCE
from polyae.predicates.compiled import gamma_kernel
from polyae.predicates.jit import compiled
from polyae.tolerances import SAFETY

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["evaluate_anew", "refine"]

#: Added to bounds, more than what products lose to underflow.
UNDERFLOW = 1e-300
#: Newton steps: the first from where interpolation left a vertex, the second for its own rounding.
STEPS = 2


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
def _finite(errors: Float) -> bool:
    """Whether all bounds of some rows are numbers; infinite ones turn to NaN, which is lost in a maximum."""
    total = 0.0
    for i in range(errors.shape[0]):
        for c in range(errors.shape[1]):
            total += errors[i, c]
    return total < np.inf


@compiled
def _contraction(rows: Float, errors: Float, inverse: Float) -> float:
    """Bound on the maximum norm of ``I - inverse @ matrix``, for every matrix within the bounds of the rows."""
    h, worst = len(inverse), 0.0
    for i in range(h):
        total = 0.0
        for k in range(h):
            defect, size, spread = (1.0 if i == k else 0.0), 0.0, 0.0
            for c in range(h):
                product = inverse[i, c] * rows[c, k]
                defect -= product
                size += abs(product)
                spread += abs(inverse[i, c]) * errors[c, k]
            total += abs(defect) + spread * (1.0 + gamma_kernel(h)) + gamma_kernel(h + 2) * (size + 1.0)
        worst = max(worst, total)
    return worst * (1.0 + gamma_kernel(h + 2))


@compiled
def _residuals(rows: Float, errors: Float, point: Float, residual: Float, bound: Float) -> None:
    """Rows at a point, and bounds on their exact absolute values."""
    h = len(point)
    for i in range(h):
        value, size, spread = rows[i, h], abs(rows[i, h]), errors[i, h]
        for c in range(h):
            product = rows[i, c] * point[c]
            value += product
            size += abs(product)
            spread += errors[i, c] * abs(point[c])
        residual[i] = value
        bound[i] = (abs(value) + gamma_kernel(h + 2) * size + spread) * (1.0 + gamma_kernel(h + 4)) + UNDERFLOW


@compiled
def refine(mesh: Mesh, vertices: Int, rows: Float, errors: Float) -> None:
    """Improve the positions of vertices, and their bounds, where rows tell more than the mesh does.

    Parameters
    ----------
    vertices : array of int, shape (m,)
    rows, errors : arrays, shape (m, h, h + 1)
        Independent rows that vanish at each of them, about of unit length, and bounds on the errors of their entries.
    """
    h = mesh.coordinates.shape[1]
    scratch, inverse = np.empty((h, h)), np.empty((h, h))
    point, residual, bound = np.empty(h), np.empty(h), np.empty(h)
    for k in range(len(vertices)):
        v = vertices[k]
        scratch[:] = rows[k, :, :h]
        if not _finite(errors[k]) or not _invert(scratch, inverse):
            continue
        contraction = _contraction(rows[k], errors[k], inverse)
        if not contraction < 0.5:
            continue
        point[:] = mesh.coordinates[v]
        for _ in range(STEPS):
            _residuals(rows[k], errors[k], point, residual, bound)
            for i in range(h):
                for c in range(h):
                    point[i] -= inverse[i, c] * residual[c]
        _residuals(rows[k], errors[k], point, residual, bound)
        error = 0.0
        for i in range(h):
            total = 0.0
            for c in range(h):
                total += abs(inverse[i, c]) * bound[c]
            error = max(error, total)
        error = error * (1.0 + gamma_kernel(h + 2)) / (1.0 - contraction) * (1.0 + gamma_kernel(2)) + UNDERFLOW
        if error < mesh.position_error[v]:
            mesh.coordinates[v] = point
            mesh.position_error[v] = error


@compiled
def evaluate_anew(mesh: Mesh, vertices: Int, rows: Float, errors: Float, first_unit: int, row_of: Int) -> None:
    """Improve the values at vertices, and their bounds, where affine maps tell more than the mesh does.

    Parameters
    ----------
    vertices : array of int, shape (m,)
    rows, errors : arrays, shape (m, n, h + 1)
        All outputs of the mesh's layer around each of them, and bounds on the errors of their entries.
    first_unit, row_of : int, array of int
        See :class:`polyae.engines.subdivide.layer_units.LayerUnits`.
    """
    n, h = rows.shape[1], mesh.coordinates.shape[1]
    values, own, found = mesh.values, mesh.own, np.empty(n)
    for k in range(len(vertices)):
        v, worst, largest = vertices[k], 0.0, 0.0
        position_error = mesh.position_error[v]
        if not _finite(errors[k]):
            continue
        for j in range(n):
            value, size = rows[k, j, h], abs(rows[k, j, h])
            spread, steep = errors[k, j, h], 0.0
            for c in range(h):
                z = mesh.coordinates[v, c]
                value += rows[k, j, c] * z
                size += abs(rows[k, j, c] * z)
                spread += errors[k, j, c] * abs(z)
                steep += abs(rows[k, j, c]) + errors[k, j, c]
            found[j] = value
            worst = max(worst, (gamma_kernel(h + 2) * size + spread + steep * position_error) * SAFETY)
            largest = max(largest, abs(value))
        worst = worst * SAFETY + UNDERFLOW
        if worst < mesh.error[v]:
            values[v], mesh.error[v], mesh.size[v] = found, worst, largest
            for s in range(own.shape[1]):
                if own[v, s] >= first_unit:
                    values[v, row_of[own[v, s] - first_unit]] = 0.0
