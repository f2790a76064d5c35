"""New vertices of the first layer: positions and values, with bounds.

A vertex of the first layer is where two lines meet.  Lines of the first layer, and of the domain, are known almost to
the last bit, so that its bound does not depend on how it came about.  For rows a, b with ``det = a0 b1 - a1 b0`` and
residuals r, s at a point p, the exact meeting point is ``p - (b1 r - a1 s, a0 s - b0 r) / det``.

In later layers vertices are interpolated, see :mod:`polyae.engines.subdivide.placing`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.planar.first import FirstLayer, Polygon
from polyae.engines.subdivide.planar.mesh import WALL, PlanarMesh
from polyae.predicates.compiled import gamma_kernel
from polyae.predicates.jit import borrowing, inlined
from polyae.predicates.order import float_of, rank_of
from polyae.tolerances import SAFETY, UNDERFLOW

Float = NDArray[np.float64]

__all__ = ["evaluate", "meet", "place_on_lines", "value_bound"]

#: Lines whose determinant is not certainly larger count as parallel; products that underflow are lost in what is.
PARALLEL = 1e-30


@borrowing
def meet(rows: Float, errors: Float, i: int, others: Float, more: Float, j: int) -> tuple[float, float, float]:
    """Point in which row i and row j of others vanish, and a bound on its error in the maximum norm.

    Parameters
    ----------
    rows, others : arrays, shape (k, 3)
        Coefficients and offsets.
    errors, more : arrays, shape (k,)
        Bounds on the errors of all three.

    Returns
    -------
    x, y, bound : float
        The bound is infinite if the lines look parallel.
    """
    a0, a1, a2, e = rows[i, 0], rows[i, 1], rows[i, 2], errors[i]
    b0, b1, b2, f = others[j, 0], others[j, 1], others[j, 2], more[j]
    left, right, g = a0 * b1, a1 * b0, gamma_kernel(4)
    det, long_a, long_b = left - right, abs(a0) + abs(a1), abs(b0) + abs(b1)
    least = abs(det) - (g * (abs(left) + abs(right)) + e * long_b + f * long_a + 2 * e * f) * SAFETY
    if not least > PARALLEL:
        return 0.0, 0.0, np.inf
    x, y = (a1 * b2 - a2 * b1) / det, (a2 * b0 - a0 * b2) / det
    reach = abs(x) + abs(y) + 1.0
    r = abs(a0 * x + a1 * y + a2) + g * (abs(a0 * x) + abs(a1 * y) + abs(a2)) + e * reach
    s = abs(b0 * x + b1 * y + b2) + g * (abs(b0 * x) + abs(b1 * y) + abs(b2)) + f * reach
    far = max((abs(b1) + f) * r + (abs(a1) + e) * s, (abs(b0) + f) * r + (abs(a0) + e) * s)
    return x, y, far / least * SAFETY + UNDERFLOW


@borrowing
def evaluate(columns: Float, x: float, y: float, values: Float, w: int) -> float:
    """Row w of the values: outputs of the first layer at a point; returns the largest absolute value."""
    top = np.int64(0)
    for i in range(values.shape[1]):
        value = columns[0, i] * x + columns[1, i] * y + columns[2, i]
        values[w, i] = value
        top = max(top, rank_of(abs(value)))
    return float_of(top)


@borrowing
def value_bound(row_sum: float, offset: float, reach: float, position_error: float) -> float:
    """Bound on the errors of outputs of the first layer, at a point of coordinates up to `reach`.

    Parameters
    ----------
    row_sum, offset : float
        Bounds on the sums of absolute weights, and on the biases.
    """
    return (row_sum * position_error + gamma_kernel(3) * (row_sum * reach + offset)) * SAFETY + UNDERFLOW


@inlined
def place_on_lines(mesh: PlanarMesh, lines: FirstLayer, domain: Polygon, w: int, unit: int, line: int) -> bool:
    """Put vertex w where a unit of the first layer meets another, or an edge of the domain; False if it cannot be."""
    if line < WALL:
        x, y, far = meet(lines.rows, lines.errors, unit, lines.rows, lines.errors, line)
    else:
        x, y, far = meet(lines.rows, lines.errors, unit, domain.sides, domain.errors, line - WALL - domain.first_edge)
    if far < np.inf:
        mesh.coordinates[w, 0], mesh.coordinates[w, 1], mesh.position_error[w] = x, y, far
        mesh.error[w] = value_bound(lines.row_sum, lines.offset, max(abs(x), abs(y)), far)
        mesh.size[w] = evaluate(lines.columns, x, y, mesh.values, w)
        mesh.values[w, lines.row_of[unit]] = 0.0
        if line < WALL:
            mesh.values[w, lines.row_of[line]] = 0.0
    return far < np.inf
