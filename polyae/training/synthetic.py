"""Two classical time-series data sets from their published equations, for use without any files."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from polyae.arrays import whole_number
from polyae.errors import DataError
from polyae.training.data import Dataset

Float = NDArray[np.float64]
Int = NDArray[np.int64]

CBF_LENGTH = 128
CONTROL_LENGTH = 60

__all__ = ["cbf", "cbf_series", "control_series", "standardised", "synthetic_control"]


def standardised(series: Float) -> Float:
    """Series (n, length) with mean 0 and standard deviation 1 (ddof = 1), as in the UCR archive."""
    centred = series - series.mean(axis=1, keepdims=True)
    return centred / centred.std(axis=1, ddof=1, keepdims=True)


def cbf_series(labels: Int, generator: np.random.Generator) -> Float:
    """Cylinder (1), bell (2) and funnel (3) of Saito (1994), before standardisation: shape (n, 128).

    ``x(t) = (6 + η) χ_[a,b](t) s(t) + ε(t)`` at t = 1, …, 128 with η, ε(t) standard normal, a uniform integer
    in [16, 32], b - a in [32, 96]; s is 1, ``(t - a) / (b - a)`` or ``(b - t) / (b - a)``.
    """
    n = len(labels)
    t = np.arange(1, CBF_LENGTH + 1)
    a = generator.integers(16, 33, size=(n, 1))
    b = a + generator.integers(32, 97, size=(n, 1))
    shapes = np.stack([np.ones((n, CBF_LENGTH)), (t - a) / (b - a), (b - t) / (b - a)])
    shape = shapes[labels - 1, np.arange(n)] * ((a <= t) & (t <= b))
    return (6 + generator.standard_normal((n, 1))) * shape + generator.standard_normal((n, CBF_LENGTH))


def control_series(labels: Int, generator: np.random.Generator) -> Float:
    """Control charts of Alcock and Manolopoulos (1999), before standardisation: shape (n, 60).

    All are ``m + r s`` with m = 30, s = 2 and r uniform in [-3, 3], t = 0, …, 59, and (1) nothing more,
    (2) ``a sin(2πt/T)`` with a, T uniform in [10, 15], (3) and (4) ``± g t``, g uniform in [0.2, 0.5], (5) and
    (6) ``± x [t ≥ t3]`` with x uniform in [7.5, 20] and t3 in [n/3, 2n/3].

    The equations are published with t from 1; the cycles of the published data start at t = 0.
    """
    n, t = len(labels), np.arange(CONTROL_LENGTH)

    def uniform(lo: float, hi: float, width: int = 1) -> Float:
        return generator.uniform(lo, hi, size=(n, width))

    base = 30 + 2 * uniform(-3, 3, CONTROL_LENGTH)
    cycle = uniform(10, 15) * np.sin(2 * np.pi * t / uniform(10, 15))
    trend = uniform(0.2, 0.5) * t
    shift = uniform(7.5, 20) * (t >= uniform(CONTROL_LENGTH / 3, 2 * CONTROL_LENGTH / 3))
    extra = np.stack([np.zeros_like(base), cycle, trend, -trend, shift, -shift])
    return base + extra[labels - 1, np.arange(n)]


def _balanced(count: int, classes: int, name: str) -> Int:
    if count < classes:
        raise DataError(f"{name} has {classes} classes, so it takes that many data at least; got {count}")
    return np.arange(count) % classes + 1


def _dataset(
    name: str, classes: int, series: Callable[[Int, np.random.Generator], Float], sizes: tuple[int, int], seed: int
) -> Dataset:
    generator = np.random.default_rng(whole_number(seed, "seed"))
    train, test = (_balanced(count, classes, name) for count in sizes)
    made = [standardised(series(labels, generator)) for labels in (train, test)]
    return Dataset(f"{name}, generated", made[0], made[1], train, test)


def cbf(*, num_train: int = 30, num_test: int = 900, seed: int = 0) -> Dataset:
    """Cylinder-bell-funnel series, standardised, classes in turn; sizes as in the UCR archive by default.

    Raises
    ------
    DataError
        If a part has fewer data than classes.

    Examples
    --------
    >>> cbf().train.shape, cbf().test.shape
    ((30, 128), (900, 128))
    """
    return _dataset("CBF", 3, cbf_series, (num_train, num_test), seed)


def synthetic_control(*, num_train: int = 300, num_test: int = 300, seed: int = 0) -> Dataset:
    """Synthetic control charts, standardised, classes in turn; sizes as in the UCR archive by default.

    Raises
    ------
    DataError
        If a part has fewer data than classes.

    Examples
    --------
    >>> synthetic_control().train.shape
    (300, 60)
    """
    return _dataset("SyntheticControl", 6, control_series, (num_train, num_test), seed)
