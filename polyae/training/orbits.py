"""Data on the orbit of a one-parameter group, such as the rotations of an image.

Model of the data: ``x(θ) = exp(θG) x(0)`` (section 4 of Cosentino et al., 2021).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import expm

from polyae.arrays import finite_array, whole_number
from polyae.errors import DataError, ShapeError
from polyae.queries.manifolds.generators import image_rotation_generator
from polyae.training.data import Dataset

Float = NDArray[np.float64]

__all__ = ["image_rotation_generator", "orbit_dataset", "orbit_points"]


def _check_orbit(generator: ArrayLike, start: ArrayLike) -> tuple[Float, Float]:
    g, x0 = finite_array(generator, "generator"), finite_array(start, "start")
    if x0.ndim != 1 or g.shape != (x0.size, x0.size):
        raise ShapeError(f"a generator of shape {g.shape} does not act on a start of shape {x0.shape}")
    return g, x0


def _skew_orbit(g: Float, x0: Float, thetas: Float) -> Float:
    # iG is Hermitian: with iG = V diag(λ) Vᴴ the exponential is V diag(exp(-iθλ)) Vᴴ.
    values, vectors = np.linalg.eigh(1j * g)
    phases = np.exp(-1j * np.outer(thetas, values))
    return np.ascontiguousarray(((phases * (vectors.conj().T @ x0)) @ vectors.T).real)


def orbit_points(generator: ArrayLike, start: ArrayLike, thetas: ArrayLike) -> Float:
    """Points ``exp(θG) x0`` of an orbit.

    Parameters
    ----------
    generator : array, shape (d, d)
    start : array, shape (d,)
        The point x0 of parameter 0.
    thetas : array, shape (n,)

    Returns
    -------
    array, shape (n, d)
        By the eigenvectors of a skew-symmetric generator, by the matrix exponential otherwise.

    Raises
    ------
    ShapeError
        If the generator does not act on the start, or the parameters are not a vector.
    DataError
        If a number is not finite.

    Examples
    --------
    >>> orbit_points([[0, -1], [1, 0]], [1, 0], [0, np.pi / 2]).round(12) + 0.0
    array([[1., 0.],
           [0., 1.]])
    """
    g, x0 = _check_orbit(generator, start)
    parameters = finite_array(thetas, "thetas", ("n",))
    if np.array_equal(g, -g.T):
        return _skew_orbit(g, x0, parameters)
    return np.array([expm(theta * g) @ x0 for theta in parameters]).reshape(-1, x0.size)


def orbit_dataset(
    generator: ArrayLike,
    start: ArrayLike,
    interval: tuple[float, float],
    *,
    num_train: int = 256,
    num_test: int = 256,
    seed: int = 0,
    name: str = "orbit",
) -> Dataset:
    """Sample an orbit: uniform random parameters to train on, an even grid to test on.

    Parameters
    ----------
    generator : array, shape (d, d)
    start : array, shape (d,)
    interval : pair of float
        First and last parameter.
    num_train, num_test : int
    seed : int
        Seed of the parameters to train on.
    name : str

    Returns
    -------
    Dataset
        Its labels are the parameters θ.

    Raises
    ------
    DataError
        If the interval is empty or unbounded, or a count is not positive.
    """
    lo, hi = interval
    if not (np.isfinite([lo, hi]).all() and lo < hi):
        raise DataError(f"{name}: the interval of an orbit is bounded and not empty, got [{lo}, {hi}]")
    if min(num_train, num_test) < 1:
        raise DataError(f"{name}: needs data to train and to test on, got counts {num_train} and {num_test}")
    train = np.random.default_rng(whole_number(seed, "seed")).uniform(lo, hi, num_train)
    test = np.linspace(lo, hi, num_test)
    return Dataset(name, orbit_points(generator, start, train), orbit_points(generator, start, test), train, test)
