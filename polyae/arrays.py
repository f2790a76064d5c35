"""Arrays of real numbers, from whatever a caller gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.errors import DataError

__all__ = ["real_array"]

KINDS = {"U": "text", "S": "bytes", "c": "complex numbers"}


def real_array(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return values as float64, or say which argument does not hold real numbers.

    Parameters
    ----------
    values : array-like
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
        array = np.asarray(values)
        if array.dtype == object and None in array.ravel().tolist():
            raise TypeError("got None")
        if array.dtype.kind not in "biufO":
            raise TypeError(f"got {KINDS.get(array.dtype.kind, array.dtype)}")
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:  # the last is torch's
        raise DataError(f"{name} must be an array of real numbers: {error}") from error
