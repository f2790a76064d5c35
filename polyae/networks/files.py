"""Networks on disk: JSON for people, safetensors for size.

A JSON file is one object::

    {"layers": [{"weight": [[...]], "bias": [...], "activation": "relu", "negative_slope": 0}, ...],
     "negative_slope": 0}

``activation`` is relu, leaky_relu, abs, prelu or identity; ``negative_slope`` a number, or a list of one
per output.  Both are optional in a layer: without them the last layer is affine and the others take the
slope at the top level (0, a ReLU, by default; -1 is the absolute value).  Other keys at the top level
are left alone.  A safetensors file holds the same object as text in its metadata under ``polyae.network``,
with the arrays of layer ``i`` taken out into tensors named ``layers.i.weight``, ``layers.i.bias`` and,
where the slope differs from output to output, ``layers.i.negative_slope``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from polyae.atomic import whole_file
from polyae.errors import FileFormatError, NetworkError, ShapeError, UnsupportedLayerError
from polyae.networks.network import Float, Layer, Network, check_network

__all__ = ["SUFFIXES", "TORCH_SUFFIXES", "network_from_dict", "read_network", "write_network"]

METADATA_KEY = "polyae.network"
FIXED_SLOPES = {"relu": 0.0, "abs": -1.0, "identity": 1.0}
ACTIVATIONS = (*FIXED_SLOPES, "leaky_relu", "prelu")
LAYER_KEYS = {"weight", "bias", "activation", "negative_slope", "name"}
SUFFIXES = (".json", ".safetensors")
TORCH_SUFFIXES = (".pt", ".pth", ".ckpt", ".bin")
FROM_TORCH = "polyae.write_network(polyae.from_torch(module), path) makes one of a torch module"
OF_COMPLEX = "; polyae.load reads a saved complex, whose .network it is"
ARRAY_KEYS = ("weight", "bias", "negative_slope")


def read_network(path: str | Path) -> Network:
    """Read a network from a ``.json`` or ``.safetensors`` file; nothing in the file is executed.

    Raises
    ------
    FileFormatError
        If the file is missing, truncated, or lacks or mistypes a key.
    UnsupportedLayerError
        If an activation is not one of relu, leaky_relu, abs, prelu, identity.
    NetworkError, ShapeError
        If a weight is not finite or shapes do not fit.  All messages name the file and the layer.
    """
    path = Path(path)
    with _located(path):
        reader = {".json": _read_json, ".safetensors": _read_safetensors}[_suffix(path)]
        return network_from_dict(reader(path))


def write_network(network: Network, path: str | Path) -> None:
    """Write a network to a ``.json`` or ``.safetensors`` file; reading it gives an equal network.

    Raises
    ------
    FileFormatError
        If the name has another ending or the file cannot be written.
    SettingError
        If it is no Network.
    """
    check_network(network)
    path = Path(path)
    with _located(path):
        encoded = {".json": _as_json, ".safetensors": _as_safetensors}[_suffix(path)](network)
    with whole_file(path) as file:
        file.write_bytes(encoded)


def network_from_dict(description: Mapping[str, Any]) -> Network:
    """Make a network of the object that a JSON file holds; arrays may be lists or NumPy arrays.

    Raises
    ------
    FileFormatError, UnsupportedLayerError, NetworkError, ShapeError
        As :func:`read_network`.

    Examples
    --------
    >>> hidden = {"weight": [[1, 2], [0, 1]], "bias": [0, -1]}
    >>> network_from_dict({"layers": [hidden, {"weight": [[1, 1]], "bias": [0]}], "negative_slope": -1})
    Network(2-2-1, 2 units)
    """
    if not isinstance(description, Mapping):
        raise FileFormatError(f"a network is one object with the key 'layers', got {_kind(description)}")
    layers = description.get("layers")
    if not isinstance(layers, list):
        raise FileFormatError(f"the key 'layers' must be a list of layers, got {_kind(layers)}")
    given = description.get("negative_slope")
    default = None if given is None else float(_numbers(given, 0, "the key 'negative_slope'"))
    return Network(_layer(entry, i, default, last=i == len(layers) - 1) for i, entry in enumerate(layers))


def _layer(entry: Any, index: int, default: float | None, last: bool) -> Layer:
    name = f"layer {index}"
    if not isinstance(entry, Mapping):
        raise FileFormatError(f"{name} must be an object with 'weight' and 'bias', got {_kind(entry)}")
    if unknown := sorted(set(entry) - LAYER_KEYS):
        raise FileFormatError(f"{name} has the unknown key {unknown[0]!r}; known are {', '.join(sorted(LAYER_KEYS))}")
    for key in ("weight", "bias"):
        if key not in entry:
            raise FileFormatError(f"{name} lacks the key {key!r}")
    weight = _numbers(entry["weight"], 2, f"{name}: weight")
    bias = _numbers(entry["bias"], 1, f"{name}: bias")
    slope = _slope(entry, name, default, last)
    return Layer(weight, bias, slope, name=name)


def _slope(entry: Mapping[str, Any], name: str, default: float | None, last: bool) -> Float | float:
    activation, given = entry.get("activation"), entry.get("negative_slope")
    slope = None if given is None else _slopes(given, f"{name}: negative_slope")
    if activation is None:
        if slope is not None:
            return slope
        return 1.0 if last else default or 0.0
    if activation not in ACTIVATIONS:
        raise UnsupportedLayerError(f"{name}: activation is {activation!r}, must be one of {', '.join(ACTIVATIONS)}")
    if activation in FIXED_SLOPES:
        fixed = FIXED_SLOPES[activation]
        if slope is not None and (slope != fixed).any():
            raise FileFormatError(f"{name}: negative_slope contradicts the activation {activation!r} (slope {fixed:g})")
        return fixed
    chosen = default if slope is None else slope
    if chosen is None:
        raise FileFormatError(f"{name}: the activation {activation!r} needs the key 'negative_slope'")
    return chosen


def _slopes(value: Any, name: str) -> Float:
    return _numbers(value, 1 if isinstance(value, list | tuple) else np.ndim(value), name)


def _numbers(value: Any, ndim: int, name: str) -> Float:
    """A float64 array of `value`, whose entries must be numbers and not merely convertible to them."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "iuf":
            raise FileFormatError(f"{name} must hold real numbers, got {value.dtype}")
    else:
        _check_nesting(value, ndim, name)
    try:
        array = np.array(value, dtype=np.float64)
    except OverflowError as error:
        raise NetworkError(f"{name} holds an integer beyond the range of float64") from error
    except ValueError as error:
        raise ShapeError(f"{name} has rows of different lengths") from error
    if array.ndim != ndim:
        raise ShapeError(f"{name} must have {ndim} axes, got shape {array.shape}")
    return array


def _check_nesting(value: Any, ndim: int, name: str, at: tuple[int, ...] = ()) -> None:
    if ndim == 0:
        fits, need = isinstance(value, Real) and not isinstance(value, bool), "a number"
    else:
        fits, need = isinstance(value, list | tuple), "a list"
    if not fits:
        raise FileFormatError(f"{name}{''.join(f'[{i}]' for i in at)} must be {need}, got {_kind(value)}")
    if ndim > 0:
        for i, item in enumerate(value):
            _check_nesting(item, ndim - 1, name, (*at, i))


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    return f"{value!r}" if isinstance(value, str | int | float) else f"a {type(value).__name__}"


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"this is not JSON, or cut off: {error}") from error


def _read_safetensors(path: Path) -> Any:
    with safe_open(path, framework="numpy") as file:
        text = (file.metadata() or {}).get(METADATA_KEY)
        try:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (it has no __iter__)
        except TypeError as error:
            raise FileFormatError(f"a tensor's type is not one that NumPy has: {error}") from error
    if text is None:
        raise FileFormatError(f"the metadata lacks {METADATA_KEY!r}: {FROM_TORCH}")
    try:
        description = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"the metadata {METADATA_KEY!r} is not JSON: {error}") from error
    return _with_tensors(description, tensors)


def _with_tensors(description: Any, tensors: dict[str, Any]) -> Any:
    """Put the tensors into their layers, leaving what is malformed to :func:`network_from_dict`."""
    layers = description.get("layers") if isinstance(description, dict) else None
    for i, entry in enumerate(layers if isinstance(layers, list) else []):
        for key in ARRAY_KEYS if isinstance(entry, dict) else ():
            if (tensor := tensors.pop(f"layers.{i}.{key}", None)) is not None:
                entry[key] = tensor
    if tensors:
        raise FileFormatError(f"the tensor {min(tensors)!r} belongs to no layer")
    return description


def _as_json(network: Network) -> bytes:
    return (json.dumps(network.to_dict()) + "\n").encode()


def _as_safetensors(network: Network) -> bytes:
    description, tensors = network.to_dict(), {}
    for i, entry in enumerate(description["layers"]):
        for key in ARRAY_KEYS:
            if isinstance(entry.get(key), list):
                tensors[f"layers.{i}.{key}"] = np.array(entry.pop(key), dtype=np.float64)
    return save(tensors, metadata={METADATA_KEY: json.dumps(description)})


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        advice = f"; {FROM_TORCH}" if suffix in TORCH_SUFFIXES else OF_COMPLEX if suffix == ".npz" else ""
        raise FileFormatError(f"the name of a network file ends in .json or .safetensors{advice}")
    return suffix


@contextmanager
def _located(path: Path) -> Iterator[None]:
    """Put the file's name in front of every message."""
    try:
        yield
    except (NetworkError, ShapeError, FileFormatError) as error:
        raise type(error)(f"{path}: {error}") from error
    except SafetensorError as error:
        raise FileFormatError(f"{path}: no whole safetensors file: {error}") from error
    except OSError as error:
        raise FileFormatError(f"{path}: {error.strerror or error}") from error
