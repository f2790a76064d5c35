"""Arrays of real numbers, from whatever a caller gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.errors import DataError, SettingError

__all__ = ["real_array", "real_number"]

KINDS = {"U": "text", "S": "bytes", "c": "complex numbers"}


def real_array(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return values as float64, or say which argument does not hold real numbers.

    Parameters
    ----------
    values : array-like
        Tensors too, on any device and with or without a gradient.
    name : str
        What the message calls it.

    Raises
    ------
    DataError
        If the values are text, complex, ragged, absent, or in a tensor that NumPy cannot read.

    Examples
    --------
    >>> real_array([1, 2], "radii")
    array([1., 2.])
    """
    try:
        if hasattr(values, "detach"):  # a tensor; importing torch takes a second
            values = values.detach().cpu()
        array = np.asarray(values)
        if array.dtype == object and None in array.ravel().tolist():
            raise TypeError("got None")
        if array.dtype.kind not in "biufO":
            raise TypeError(f"got {KINDS.get(array.dtype.kind, array.dtype)}")
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:  # the last is torch's
        reason = "its rows differ in length" if "inhomogeneous" in str(error) else error  # NumPy's own word
        raise DataError(f"{name} must be an array of real numbers: {reason}") from error


def real_number(value: object, name: str) -> float:
    """Return a setting as a float, or say which one is no real number.

    Raises
    ------
    SettingError
        If it is text, absent, or anything else but an int, a float, or a NumPy number.

    Examples
    --------
    >>> real_number(np.float32(0.5), "gap")
    0.5
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if not isinstance(value, int | float | np.integer | np.floating):
        raise SettingError(f"{name} must be a real number, got {value!r:.40} ({type(value).__name__})")
    return float(value)
