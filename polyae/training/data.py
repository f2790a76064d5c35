"""Data to train on: the digit scans that scikit-learn carries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from polyae.arrays import check_finite, real_array, whole_number
from polyae.errors import DataError

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Dataset", "digit_seven", "digits"]

_GREY_LEVELS = 16.0


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Named data, split into a part to train on and a part to test on; the arrays are read-only.

    Parameters
    ----------
    name : str
    train : array, shape (n, d)
    test : array, shape (m, d)
    train_labels, test_labels : array, shape (n,) and (m,), optional
        Class of every datum, or its position on an orbit.

    Raises
    ------
    DataError
        If an array is empty, has the wrong shape or holds a number that is not finite.
    """

    name: str
    train: Float
    test: Float
    train_labels: NDArray[np.generic] | None = None
    test_labels: NDArray[np.generic] | None = None

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            values = np.array(real_array(getattr(self, part), f"{self.name}: {part}"))
            if values.ndim != 2 or 0 in values.shape:
                raise DataError(f"{self.name}: {part} has shape {values.shape}; it takes (number of data, dimension)")
            check_finite(values, f"{self.name}: {part}")
            self._freeze(part, values)
            self._check_labels(part, len(values))
        if self.train.shape[1] != self.test.shape[1]:
            raise DataError(f"{self.name}: train has {self.train.shape[1]} coordinates, test {self.test.shape[1]}")

    def __repr__(self) -> str:
        return f"Dataset({self.name}, {len(self.train):,} to train and {len(self.test):,} to test on, d = {self.dim})"

    def _freeze(self, field: str, values: NDArray[np.generic]) -> None:
        values.setflags(write=False)
        object.__setattr__(self, field, values)

    def _check_labels(self, part: str, count: int) -> None:
        labels = getattr(self, f"{part}_labels")
        if labels is None:
            return
        labels = np.array(labels)
        if labels.shape != (count,):
            raise DataError(f"{self.name}: {part} has {count} data but labels of shape {labels.shape}")
        self._freeze(f"{part}_labels", labels)

    @property
    def dim(self) -> int:
        """Dimension d of the data space."""
        return self.train.shape[1]


def _scans() -> tuple[Float, Int]:
    pixels, labels = load_digits(return_X_y=True)
    return np.asarray(pixels, dtype=np.float64) / _GREY_LEVELS, np.asarray(labels, dtype=np.int64)


def digits(*, test_fraction: float = 0.2, seed: int = 0) -> Dataset:
    """Return the 1,797 scans of handwritten digits, 8 x 8 pixels in [0, 1], row by row.

    Parameters
    ----------
    test_fraction : float
        Share of the scans kept for testing, between 0 and 1.
    seed : int
        Seed of the split.

    Raises
    ------
    DataError
        If the share leaves nothing to train on or nothing to test on.

    Examples
    --------
    >>> data = digits()
    >>> data.train.shape, data.test.shape
    ((1438, 64), (359, 64))
    """
    pixels, labels = _scans()
    held_out = round(test_fraction * len(pixels))
    if not 0 < held_out < len(pixels):
        raise DataError(f"test_fraction {test_fraction} keeps {held_out} of {len(pixels)} scans; take one in (0, 1)")
    order = np.random.default_rng(whole_number(seed, "seed")).permutation(len(pixels))
    test, train = order[:held_out], order[held_out:]
    return Dataset("digits", pixels[train], pixels[test], labels[train], labels[test])


def digit_seven(index: int = 0) -> Float:
    """Return a scan of a "7" from the digits: shape (64,), row by row, in [0, 1].

    Parameters
    ----------
    index : int
        Which of the sevens, in the order of the data set.

    Raises
    ------
    DataError
        If there are not so many sevens.
    """
    pixels, labels = _scans()
    sevens = pixels[labels == 7]
    if not 0 <= index < len(sevens):
        raise DataError(f"there is no seven number {index}: the digits hold {len(sevens)}, counted from 0")
    return sevens[index]
