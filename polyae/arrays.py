"""Arrays of real numbers, from whatever a caller gives."""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.errors import DataError, SettingError, ShapeError

__all__ = ["bit_array", "check_finite", "finite_array", "real_array", "real_number", "whole_number"]

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


def finite_array(
    values: ArrayLike, name: str, shape: tuple[int | str | EllipsisType, ...] | None = None
) -> NDArray[np.float64]:
    """Return values as a float64 array of their own, of a shape and finite, or say where they are not.

    Parameters
    ----------
    values : array-like
        As :func:`real_array` takes them.
    name : str
        What the messages call it.
    shape : tuple, optional
        What it must have: numbers, a letter where any number will do, and an ellipsis in front for any axes.

    Raises
    ------
    ShapeError
        If the shape is another one.
    DataError
        If a number is NaN or infinite, or there are no real numbers.

    Examples
    --------
    >>> finite_array([1, 2], "codes", (..., 2))
    array([1., 2.])
    """
    array = np.array(real_array(values, name))
    if shape is not None and not _fits(array.shape, shape):
        wanted = ", ".join("..." if n is ... else str(n) for n in shape) + ("," if len(shape) == 1 else "")
        raise ShapeError(f"{name} has shape {array.shape}, expected ({wanted})")
    check_finite(array, name)
    return array


def check_finite(array: NDArray[np.float64], name: str) -> None:
    """Refuse NaN and infinity.

    Raises
    ------
    DataError
        If there is one; the message says where.
    """
    finite = np.isfinite(array)
    if not finite.all():
        index = tuple(int(i) for i in np.argwhere(~finite)[0])
        match index:
            case ():
                where = ""
            case (i,):
                where = f" at entry {i}"
            case (i, j):
                where = f" in row {i}, column {j}"
            case _:
                where = f" at {index}"
        raise DataError(f"{name} holds {array[index]}{where}; every number must be finite")


def _fits(shape: tuple[int, ...], wanted: tuple[int | str | EllipsisType, ...]) -> bool:
    if wanted[:1] == (...,):
        wanted = wanted[1:]
        shape = shape[max(len(shape) - len(wanted), 0) :]
    return len(shape) == len(wanted) and all(isinstance(n, str) or m == n for m, n in zip(shape, wanted, strict=True))


def bit_array(values: ArrayLike, name: str) -> NDArray[np.bool_]:
    """Return zeros and ones, or truth values, as booleans.

    Parameters
    ----------
    values : array-like
        Numbers or truth values, a string of 0 and 1, or strings of one length, each of which becomes a row.
    name : str
        What the messages call it.

    Raises
    ------
    DataError
        If there is anything else.
    ShapeError
        If strings differ in length.

    Examples
    --------
    >>> bit_array([1, 0], "pattern")
    array([ True, False])
    >>> bit_array(["10", "11"], "patterns")
    array([[ True, False],
           [ True,  True]])
    """
    if isinstance(values, str):
        return _bits(values, name)
    array = np.asarray(values)
    if array.dtype.kind in "UO" and array.ndim == 1:
        texts = values if isinstance(values, list | tuple) else array.tolist()
        if texts and all(isinstance(text, str) for text in texts):
            return _bit_rows(texts, name)
    if array.dtype != bool and array.size:
        array = real_array(values, name)
        for value in array[(array != 0) & (array != 1)].ravel()[:1]:
            raise DataError(f"{name} holds {value}; the state of a unit is 0 or 1")
    return array.astype(bool)


def _bits(text: str, name: str) -> NDArray[np.bool_]:
    for place, state in enumerate(text):
        if state not in "01":
            raise DataError(f"{name} holds {state!r} at place {place} of {text!r:.40}; the state of a unit is 0 or 1")
    return np.frombuffer(text.encode(), dtype=np.uint8) == ord("1")


def _bit_rows(texts: Sequence[str], name: str) -> NDArray[np.bool_]:
    for i, text in enumerate(texts):
        if len(text) != len(texts[0]):
            length = f"{len(text)} states in row {i}, after rows of {len(texts[0])}"
            raise ShapeError(f"{name} holds {text!r:.40} of {length}")
    return np.stack([_bits(text, name) for text in texts])


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


def whole_number(value: object, name: str, least: int = 0) -> int:
    """Return a setting as an int, or say which one is no whole number, or too small.

    Raises
    ------
    SettingError
        If it is none.

    Examples
    --------
    >>> whole_number(np.int64(3), "seed")
    3
    """
    if isinstance(value, int | np.integer) and value >= least:
        return int(value)
    raise SettingError(f"{name} must be a whole number, at least {least}, got {value!r:.40}")
