"""Vectors, whole numbers and data files as they are written on the command line."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polyae.arrays import check_finite, real_array
from polyae.errors import DataError, FileFormatError, PolyaeError, SettingError

Float = NDArray[np.float64]

__all__ = ["matrix_file", "number", "read_archive", "vector", "whole_numbers"]


def vector(text: str, name: str) -> Float:
    """Numbers from ``a,b,c``, or from the file in ``@file.npy``.

    Raises
    ------
    SettingError
        If the text is not a list of finite numbers.
    FileFormatError
        If the file is missing or not a NumPy array.

    Examples
    --------
    >>> vector("-1,2.5e-1", "--at")
    array([-1.  ,  0.25])
    """
    if text.startswith("@"):
        values = read_array(Path(text[1:]), name)
        if values.ndim != 1 or not values.size:
            raise SettingError(f"{name}: {text[1:]} holds an array of shape {values.shape}; a vector is needed")
    else:
        try:
            values = np.array([float(part) for part in text.split(",")])
        except ValueError as error:
            raise SettingError(f"{name} {text}: give numbers as a,b,c or a file as @file.npy") from error
    if not np.isfinite(values).all():
        raise SettingError(f"{name} {text}: every number must be finite")
    return values


def number(text: str, name: str) -> float:
    """One number.

    Raises
    ------
    SettingError
        If the text is not one finite number.
    """
    values = vector(text, name)
    if values.size != 1:
        raise SettingError(f"{name}: one number is needed, got {text}")
    return float(values[0])


def whole_numbers(text: str, name: str) -> tuple[int, ...]:
    """Positive whole numbers from ``a,b,c``.

    Raises
    ------
    SettingError
        If one of them is not a positive whole number.
    """
    parts = text.split(",")
    if not all(part.strip().isascii() and part.strip().isdigit() and int(part) > 0 for part in parts):
        raise SettingError(f"{name} {text}: give positive whole numbers as a,b,c")
    return tuple(int(part) for part in parts)


def matrix_file(path: Path, name: str) -> Float:
    """Data (n, d) from a ``.npy`` file.

    Raises
    ------
    FileFormatError
        If the file is missing or not a NumPy array.
    DataError
        If it is not a matrix of finite numbers.
    """
    values = read_array(path, name)
    if values.ndim != 2:
        raise DataError(f"{name}: {path} has shape {values.shape}; data have one row each, shape (n, d)")
    check_finite(values, f"{name}: {path}")
    return values


def read_array(path: Path, name: str) -> Float:
    """Read one array of real numbers from a ``.npy`` file, as float64."""
    try:
        with open(path, "rb") as file:
            values = np.load(file, allow_pickle=False)
        if not isinstance(values, np.ndarray) or values.dtype.kind not in "iufb":
            raise FileFormatError(f"{name}: {path} does not hold one array of real numbers (.npy)")
        return np.asarray(values, dtype=np.float64)
    except FileFormatError:
        raise
    except OSError as error:
        raise FileFormatError(f"{name}: cannot read {path}: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:
        raise FileFormatError(f"{name}: {path} is not a whole NumPy file (.npy)") from error


def read_archive(path: Path, name: str, keys: tuple[str, ...]) -> list[Float]:
    """Read the named arrays of a ``.npz`` file, as float64.

    Raises
    ------
    FileFormatError
        If the file is missing or truncated, or lacks an array.
    DataError
        If an array does not hold real numbers.
    """
    try:
        # NumPy leaves the file open when the archive is damaged; the block closes it.
        with open(path, "rb") as file:
            return _arrays(np.load(file, allow_pickle=False), f"{name}: {path}", keys)
    except PolyaeError:
        raise
    except OSError as error:
        raise FileFormatError(f"{name}: cannot read {path}: {error.strerror or error}") from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise FileFormatError(f"{name}: {path} is not a whole NumPy archive (.npz)") from error


def _arrays(archive: object, where: str, keys: tuple[str, ...]) -> list[Float]:
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise FileFormatError(f"{where} holds one array; a .npz file with {', '.join(keys)} is needed")
    for key in keys:
        if key not in archive:
            raise FileFormatError(f"{where} lacks the array {key!r}; it needs {', '.join(keys)}")
    return [real_array(archive[key], f"{where}, {key},") for key in keys]
