"""Reading and writing manifolds: JSON by hand or by program, npz for large generators, npy for samples.

A manifold is a record of fields, which tell its kind:

=============  ==================================  ================================================
kind           fields                              shapes
=============  ==================================  ================================================
Orbit          ``G``, ``x0``, ``interval``         (d, d), (d,), (2,)
ProductOrbit   ``G``, ``x0``, ``box``              (m, d, d), (d,), (m, 2)
PointCloud     ``points``, ``noise``, ``cover``    (n, d), and two numbers, which may be left out
Union          ``parts``                           a list of records
=============  ==================================  ================================================

In JSON infinity is ``"inf"``, and a generator may be named instead of written out, by a function of
:mod:`polyae.queries.manifolds.generators` and its arguments: ``{"rotation": {"dim": 3, "plane": [0, 1]}}``,
``{"image_rotation": {"height": 8, "width": 8}}``, ``{"image_shift": {"height": 8, "width": 8, "axis": 1}}``,
``{"scaling": {"weights": [1, 2]}}``.  An npz file holds the fields as arrays; part i of a union has ``i.`` before its
names.  An npy file holds the points of a PointCloud.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyae.atomic import whole_file
from polyae.errors import FileFormatError, PolyaeError, SettingError
from polyae.queries.manifolds.generators import (
    image_rotation_generator,
    image_shift_generator,
    rotation_generator,
    scaling_generator,
)
from polyae.queries.manifolds.manifold import Manifold
from polyae.queries.manifolds.orbits import Orbit, ProductOrbit
from polyae.queries.manifolds.point_cloud import PointCloud
from polyae.queries.manifolds.union import Union

Float = NDArray[np.float64]
Record = dict[str, Any]

__all__ = ["load_manifold", "save_manifold"]

#: Generators that a JSON file may name.
NAMED: dict[str, Callable[..., Float]] = {
    "rotation": rotation_generator,
    "image_rotation": image_rotation_generator,
    "image_shift": image_shift_generator,
    "scaling": scaling_generator,
}

#: Fields that a kind has, and those that it may have.
KINDS = (
    ({"G", "x0", "interval"}, set[str]()),
    ({"G", "x0", "box"}, set[str]()),
    ({"points"}, {"noise", "cover"}),
    ({"parts"}, set[str]()),
)


def save_manifold(manifold: Manifold, path: str | Path) -> None:
    """Write a manifold to a ``.json`` or ``.npz`` file; see :mod:`polyae.queries.manifolds.files`.

    Raises
    ------
    FileFormatError
        If the name ends otherwise, or the file cannot be written.
    SettingError
        If it is no Manifold, or of a class that cannot be written.
    """
    if not isinstance(manifold, Manifold):
        raise SettingError(f"a Manifold is needed, got {type(manifold).__name__}")
    path = Path(path)
    if path.suffix not in (".json", ".npz"):
        raise FileFormatError(f"{path}: a manifold is written to a .json or .npz file")
    with whole_file(path) as file:
        if path.suffix == ".json":
            file.write_text(json.dumps(_plain(manifold.record)) + "\n", encoding="utf-8")
        else:
            with open(file, "wb") as archive:
                np.savez(archive, **_flat(manifold.record))


def load_manifold(path: str | Path) -> Manifold:
    """Read a manifold from a ``.json``, ``.npz`` or ``.npy`` file; see :mod:`polyae.queries.manifolds.files`.

    No code in the file is run.

    Raises
    ------
    FileFormatError
        If the file is missing, of another format, or lacks a field.
    ShapeError, DataError, SettingError
        If a field does not fit, as from the constructors.
    """
    path = Path(path)
    if path.suffix == ".json":
        return _build(_read_json(path), str(path))
    stored = _read_arrays(path)
    if isinstance(stored, np.ndarray):
        return _build({"points": stored}, str(path))
    return _build(_nested(stored), str(path))


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileFormatError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise FileFormatError(f"{path}: not a readable JSON file of a manifold ({error})") from error


def _read_arrays(path: Path) -> NDArray[Any] | dict[str, NDArray[Any]]:
    try:
        stored = np.load(path, allow_pickle=False)
        if isinstance(stored, np.ndarray):
            return stored
        with stored:
            return {name: np.asarray(stored[name]) for name in stored.files}
    except OSError as error:
        raise FileFormatError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        # NumPy's own message would have the user load what may be malicious.
        raise FileFormatError(f"{path}: not a whole npz or npy file of numbers") from error


def _build(record: Any, where: str) -> Manifold:
    """Manifold of a record."""
    if not isinstance(record, dict):
        raise FileFormatError(f"{where}: a manifold is a record with named fields, got {type(record).__name__}")
    names = set(record)
    if not any(needed <= names <= needed | optional for needed, optional in KINDS):
        kinds = "; ".join(", ".join(sorted(needed)) for needed, _ in KINDS)
        raise FileFormatError(f"{where}: fields {', '.join(sorted(names)) or 'none'}; a manifold has one of: {kinds}")
    if "parts" in record and not isinstance(record["parts"], list):
        raise FileFormatError(f"{where}: 'parts' must be a list of manifolds")
    parts = [_build(part, f"{where}, part {i}") for i, part in enumerate(record.get("parts", []))]
    given = {k: _written_out(v, where) if k == "G" else v for k, v in record.items() if k != "parts"}
    fields = {k: _numbers(v, f"{where}: the field {k!r}") for k, v in given.items()}
    try:
        return _construct(fields, parts)
    except PolyaeError as error:
        raise type(error)(f"{where}: {error}") from error


def _construct(fields: dict[str, Float], parts: list[Manifold]) -> Manifold:
    if "interval" in fields:
        return Orbit(fields["G"], fields["x0"], fields["interval"])
    if "box" in fields:
        return ProductOrbit(fields["G"], fields["x0"], fields["box"])
    if "points" not in fields:
        return Union(parts)
    limits = {name: value for name, value in fields.items() if name != "points"}
    for name, value in limits.items():
        if value.size != 1:
            raise FileFormatError(f"{name} must be a single number, got shape {value.shape}")
    return PointCloud(fields["points"], **{name: value.item() for name, value in limits.items()})


def _written_out(value: Any, where: str) -> Any:
    """A generator or a list of them, with named ones replaced by their matrices."""
    if isinstance(value, list):
        return [_written_out(item, where) if isinstance(item, dict) else item for item in value]
    if not isinstance(value, dict):
        return value
    name, arguments = next(iter(value.items()), ("", None))
    if len(value) != 1 or name not in NAMED or not isinstance(arguments, dict):
        raise FileFormatError(
            f"{where}: a named generator is one of {', '.join(NAMED)} with its arguments, got {value}"
        )
    try:
        return NAMED[name](**arguments)
    except TypeError as error:
        raise FileFormatError(f"{where}: arguments of the generator {name!r}: {error}") from error
    except PolyaeError as error:
        raise type(error)(f"{where}: {error}") from error


def _numbers(value: Any, what: str) -> Float:
    try:
        array = np.asarray(np.inf if isinstance(value, str) and value == "inf" else value)
    except ValueError as error:
        raise FileFormatError(f"{what} is ragged: {error}") from error
    if array.dtype.kind not in "fiu":
        raise FileFormatError(f"{what} must hold real numbers, not {array.dtype}")
    return array.astype(np.float64)


def _plain(value: Any) -> Any:
    """Lists and numbers for JSON."""
    if isinstance(value, dict):
        return {name: _plain(field) for name, field in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    plain = np.asarray(value).tolist()
    return "inf" if plain == np.inf else plain


def _flat(record: Record) -> dict[str, Any]:
    """Arrays for npz."""
    if "parts" not in record:
        return record
    return {f"{i}.{name}": field for i, part in enumerate(record["parts"]) for name, field in part.items()}


def _nested(arrays: dict[str, NDArray[Any]]) -> Record:
    """Inverse of `_flat`."""
    parts: dict[int, Record] = {}
    for name, array in arrays.items():
        number, dot, field = name.partition(".")
        if not (dot and number.isdecimal()):
            return dict(arrays)
        parts.setdefault(int(number), {})[field] = array
    return {"parts": [parts[i] for i in sorted(parts)]} if parts else {}
