"""Generators of common groups: rotations of vectors and images, shifts, translations, scalings.

Each is a matrix G that acts on vectors or on images flattened row by row, for ``exp(θG) x0``.

A translation ``x0 + θ v`` is not linear in x0.  On one orbit it is nevertheless an exponential: with w orthogonal
to v and ``w·x0 = 1``, the matrix ``G = v wᵀ`` has ``G² = 0`` and ``exp(θG) x0 = x0 + θ v``.  No coordinate has to be
added, unless x0 itself lies along v; then append a constant one to all data.  A shift of an image that comes in again
at the other side is linear, and skew-symmetric.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.arrays import finite_array
from polyae.errors import SettingError, ShapeError

Float = NDArray[np.float64]

__all__ = [
    "image_rotation_generator",
    "image_shift_generator",
    "rotation_generator",
    "scaling_generator",
    "translation_generators",
]

#: Share of x0 that must lie outside the span of the directions of translation.
OUTSIDE = 1e-8


def rotation_generator(dim: int, plane: tuple[int, int] = (0, 1)) -> Float:
    """Rotation of vectors in a coordinate plane (i, j), from axis i towards axis j: shape (dim, dim).

    Raises
    ------
    ShapeError
        If i and j are not two different axes.

    Examples
    --------
    >>> rotation_generator(3, (0, 2))
    array([[ 0.,  0., -1.],
           [ 0.,  0.,  0.],
           [ 1.,  0.,  0.]])
    """
    i, j = plane
    if not (0 <= i < dim and 0 <= j < dim and i != j):
        raise ShapeError(f"a plane of rotation in dimension {dim} has two different axes below {dim}, got {plane}")
    result = np.zeros((dim, dim))
    result[j, i], result[i, j] = 1.0, -1.0
    return result


def scaling_generator(weights: ArrayLike) -> Float:
    """Scaling of vectors, coordinate k by ``exp(θ weights[k])``: shape (d, d).

    Raises
    ------
    ShapeError
        If the weights are no nonempty vector.
    DataError
        If a weight is not finite.
    """
    array = finite_array(weights, "weights")
    if array.ndim != 1 or not array.size:
        raise ShapeError(f"weights of a scaling form a vector, got shape {array.shape}")
    return np.diag(array)


def translation_generators(directions: ArrayLike, x0: ArrayLike) -> Float:
    """Translations of the orbit of x0 along m directions, ``exp(Σ θ_k G_k) x0 = x0 + Σ θ_k v_k``.

    They commute, and act so on all points of ``x0 + span(v)``, but not on other points.

    Parameters
    ----------
    directions : array, shape (m, d)
    x0 : array, shape (d,)

    Returns
    -------
    array, shape (m, d, d)

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DataError
        If a number is not finite.
    SettingError
        If x0 lies in the span of the directions.

    Examples
    --------
    >>> G = translation_generators([[1.0, 0.0]], [3.0, 2.0])[0]
    >>> (G @ [3.0, 2.0]).tolist(), (G @ G).any()
    ([1.0, 0.0], np.False_)
    """
    moves, start = finite_array(directions, "directions"), finite_array(x0, "x0")
    if start.ndim != 1 or moves.ndim != 2 or moves.shape[1:] != start.shape or not len(moves):
        raise ShapeError(
            f"directions have shape {moves.shape}, expected (m, {start.size}) for x0 of shape {start.shape}"
        )
    basis, sizes, _ = np.linalg.svd(moves.T, full_matrices=False)
    basis = basis[:, sizes > OUTSIDE * sizes[0]]
    across = start - basis @ (basis.T @ start)
    across -= basis @ (basis.T @ across)
    if not np.linalg.norm(across) > OUTSIDE * np.linalg.norm(start):
        raise SettingError("x0 lies in the span of the directions: append a constant coordinate to all data")
    return moves[:, :, None] * (across / (across @ across))


def image_rotation_generator(height: int, width: int | None = None) -> Float:
    """Rotation of a `height` x `width` image about its centre; square if no width is given.

    The matrix is ``x ∂_y - y ∂_x`` on the pixel grid, with the derivative taken of the sinc
    interpolant, so ``exp(θG)`` turns an image counter-clockwise (as it is displayed, row 0 on top)
    by θ radians.

    A derivative along one axis commutes with the coordinate of the other one, and the sinc
    derivative is skew-symmetric; hence G is skew-symmetric without any correction, ``exp(θG)`` is
    orthogonal for every θ, and G commutes with the rotation of a square grid by a right angle.  The
    derivative is spectral because it has to be good up to the grid's own frequency: on the 8 x 8
    sevens a quarter turn by ``exp(πG/2)`` is off the exact one by 25 % in norm, with central differences
    (whose waves are too slow at high frequency) by 68 %, and with the periodic spectral
    derivative (for which the coordinates jump at the border) by 79 %.

    Returns
    -------
    array, shape (height * width, height * width)
        Acts on images that are flattened row by row.

    Raises
    ------
    ShapeError
        If a side is less than 2.
    """
    width = height if width is None else width
    if min(height, width) < 2:
        raise ShapeError(f"an image to rotate needs at least 2 pixels a side, got {height} x {width}")
    turned = np.kron(_sinc_derivative(height), _coordinate(width))
    return turned - np.kron(_coordinate(height), _sinc_derivative(width))


def image_shift_generator(height: int, width: int, axis: int) -> Float:
    """Circular shift of an image along an axis, 0 for down and 1 for right, by θ pixels.

    The derivative of the trigonometric interpolant, negated.  ``exp(G)`` moves every pixel on by one, exactly if the
    side is odd.  A side of even length has one frequency, alternating pixels, that no real one-parameter group can
    shift by one pixel (its eigenvalue -1 is simple); it is left at rest.

    Returns
    -------
    array, shape (height * width, height * width)

    Raises
    ------
    ShapeError
        If a side is not positive.
    SettingError
        If the axis is not 0 or 1.
    """
    if min(height, width) < 1:
        raise ShapeError(f"an image to shift needs at least 1 pixel a side, got {height} x {width}")
    if axis not in (0, 1):
        raise SettingError(f"axis of a shift is 0 or 1, got {axis}")
    down = -_periodic_derivative(height) if axis == 0 else np.eye(height)
    right = -_periodic_derivative(width) if axis == 1 else np.eye(width)
    return np.asarray(np.kron(down, right))


def _coordinate(side: int) -> Float:
    return np.diag(np.arange(side) - (side - 1) / 2)


def _sinc_derivative(side: int) -> Float:
    """Derivative at the grid points of the band-limited function through `side` samples, zero elsewhere."""
    step = np.subtract.outer(np.arange(side), np.arange(side))
    off_diagonal = step != 0
    return np.where(off_diagonal, (-1.0) ** step / np.where(off_diagonal, step, 1), 0.0)


def _periodic_derivative(side: int) -> Float:
    """Derivative at the grid points of the trigonometric interpolant (Trefethen 2000, chapter 3)."""
    step = np.subtract.outer(np.arange(side), np.arange(side))
    angle = np.pi * np.where(step == 0, 1, step) / side
    factor = 1 / np.sin(angle) if side % 2 else np.cos(angle) / np.sin(angle)
    values = np.where(step == 0, 0.0, np.pi / side * (-1.0) ** step * factor)
    return (values - values.T) / 2
