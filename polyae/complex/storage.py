"""Region complexes on disk: one compressed NumPy archive, no pickles, written atomically."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from polyae.atomic import whole_file
from polyae.domains import Domain, domain_from_dict
from polyae.engines.enumeration import Enumeration, Status
from polyae.errors import FileFormatError, PolyaeError
from polyae.networks.files import network_from_dict
from polyae.networks.network import Network
from polyae.predicates.kernel import Arithmetic, DecisionCounts, Kernel
from polyae.predicates.rational import HomogeneousPoint, homogeneous, to_fractions

__all__ = ["SCHEMA_VERSION", "read_complex_file", "write_complex_file"]

FORMAT = "polyae region complex"
#: Raised whenever a field changes its meaning; readers refuse what is newer than they are.
SCHEMA_VERSION = 1
#: What reading a damaged archive can raise.
DAMAGE = (
    ValueError, KeyError, TypeError, EOFError, NotImplementedError, RuntimeError, OverflowError, MemoryError,
    ZeroDivisionError, struct.error, zlib.error, zipfile.BadZipFile,
)  # fmt: skip
_ARRAYS = ("packed", "witnesses", "edges", "edge_units", "expanded")


def write_complex_file(
    path: str | Path, network: Network, domain: Domain, arithmetic: Arithmetic, found: Enumeration
) -> None:
    """Write a complex; the file appears under its name only when it is whole."""
    header = {
        "format": FORMAT,
        "schema": SCHEMA_VERSION,
        "network": network.to_dict(),
        "domain": domain.to_dict(),
        "arithmetic": arithmetic,
        "status": found.status.name,
        "engine": found.engine,
        "seconds": found.seconds,
        "decisions": asdict(found.decisions),
        "f_vector": found.f_vector,
        "exact_witnesses": {str(i): [str(x) for x in to_fractions(w)] for i, w in found.exact_witnesses.items()},
    }
    arrays = {name: getattr(found, name) for name in _ARRAYS}
    with whole_file(path) as whole, open(whole, "wb") as file:
        np.savez_compressed(file, header=np.array(json.dumps(header)), **arrays)


def read_complex_file(path: str | Path) -> tuple[Network, Domain, Arithmetic, Enumeration]:
    """Read what :func:`write_complex_file` wrote.

    Raises
    ------
    FileFormatError
        If the file is missing, truncated, of another kind, or of a newer schema.
    """
    try:
        with open(Path(path), "rb") as file:
            header, arrays = _unpacked(file)
    except OSError as error:
        raise FileFormatError(f"cannot read {path}: {error.strerror or error}") from error
    except DAMAGE as error:
        raise FileFormatError(f"{path} is not a whole region complex: {error}") from error
    if header.get("format") != FORMAT:
        raise FileFormatError(f"{path} is not a region complex, but a {header.get('format')}")
    schema = header.get("schema")
    if not isinstance(schema, int) or schema > SCHEMA_VERSION:
        raise FileFormatError(f"{path} has schema {schema}; this version reads up to {SCHEMA_VERSION}: update polyae")
    try:
        return _parsed(header, arrays)
    except (AttributeError, *DAMAGE, PolyaeError) as error:
        raise FileFormatError(f"{path} is damaged: {error}") from error


def _unpacked(file: BinaryIO) -> tuple[dict[str, Any], dict[str, Any]]:
    with zipfile.ZipFile(file) as archive:
        if "header.npy" not in archive.namelist():
            raise ValueError("it is no file of polyae, all of which hold the array 'header'")
        header = json.loads(str(_array(archive, "header")))
        if not isinstance(header, dict):
            raise ValueError("its header is no object")
        wanted = _ARRAYS if header.get("format") == FORMAT else ()
        return header, {name: _array(archive, name) for name in wanted}


def _array(archive: zipfile.ZipFile, name: str) -> Any:
    with archive.open(f"{name}.npy") as member:
        array = np.lib.format.read_array(member, allow_pickle=False)
        member.read()  # to the end, where the checksum is compared
    return array


def _parsed(header: dict[str, Any], arrays: dict[str, Any]) -> tuple[Network, Domain, Arithmetic, Enumeration]:
    network, domain = network_from_dict(header["network"]), domain_from_dict(header["domain"])
    found = Enumeration(
        **arrays,
        exact_witnesses={int(i): _point(w) for i, w in header["exact_witnesses"].items()},
        status=Status[header["status"]],
        engine=str(header["engine"]),
        seconds=float(header["seconds"]),
        decisions=DecisionCounts(**header["decisions"]),
        f_vector=_f_vector(header.get("f_vector")),
    )
    _check(network, found)
    return network, domain, Kernel(header["arithmetic"]).arithmetic, found


def _f_vector(counts: list[int] | None) -> tuple[int, ...] | None:
    """None in files of before it was kept."""
    return None if counts is None else tuple(int(n) for n in counts)


def _check(network: Network, found: Enumeration) -> None:
    """Shapes and ranges fit each other."""
    count, pairs = len(found.packed), len(found.edges)
    shapes = {
        "packed": (count, (network.num_units + 7) // 8),
        "witnesses": (count, network.input_dim),
        "edges": (pairs, 2),
        "edge_units": (pairs,),
        "expanded": (count,),
    }
    for name, shape in shapes.items():
        if getattr(found, name).shape != shape:
            raise ValueError(f"{name} has shape {getattr(found, name).shape}, expected {shape}")
    if found.f_vector is not None and (len(found.f_vector) != network.input_dim + 1 or found.f_vector[-1] != count):
        raise ValueError(f"f_vector {found.f_vector} does not fit {count} regions")
    low = min([int(found.edges.min(initial=0)), *found.exact_witnesses])
    high = max([int(found.edges.max(initial=0)), *found.exact_witnesses])
    if not 0 <= low <= high < count:
        raise ValueError(f"it names regions from {low} to {high} and has {count}")


def _point(values: list[str]) -> HomogeneousPoint:
    return homogeneous([Fraction(v) for v in values])
