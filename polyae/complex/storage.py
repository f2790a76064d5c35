"""Region complexes on disk: one compressed NumPy archive, no pickles, written atomically."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from polyae.domains import Domain, domain_from_dict
from polyae.engines.enumeration import Enumeration, Status
from polyae.errors import FileFormatError, PolyaeError
from polyae.networks.files import network_from_dict
from polyae.networks.network import Network
from polyae.predicates.kernel import Arithmetic, DecisionCounts
from polyae.predicates.rational import HomogeneousPoint, homogeneous, to_fractions

__all__ = ["SCHEMA_VERSION", "read_complex_file", "write_complex_file"]

#: Raised whenever a field changes its meaning; readers refuse what is newer than they are.
SCHEMA_VERSION = 1
_ARRAYS = ("packed", "witnesses", "edges", "edge_units", "expanded")


def write_complex_file(
    path: str | Path, network: Network, domain: Domain, arithmetic: Arithmetic, found: Enumeration
) -> None:
    """Write a complex; the file appears under its name only when it is whole."""
    target = Path(path)
    header = {
        "format": "polyae region complex",
        "schema": SCHEMA_VERSION,
        "network": network.to_dict(),
        "domain": domain.to_dict(),
        "arithmetic": arithmetic,
        "status": found.status.name,
        "engine": found.engine,
        "seconds": found.seconds,
        "decisions": asdict(found.decisions),
        "exact_witnesses": {str(i): [str(x) for x in to_fractions(w)] for i, w in found.exact_witnesses.items()},
    }
    arrays = {name: getattr(found, name) for name in _ARRAYS}
    partial = target.with_name(target.name + ".partial")
    try:
        with open(partial, "wb") as file:
            np.savez_compressed(file, header=np.array(json.dumps(header)), **arrays)
        os.replace(partial, target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FileFormatError(f"cannot write {target}: {error.strerror or error}") from error


def read_complex_file(path: str | Path) -> tuple[Network, Domain, Arithmetic, Enumeration]:
    """Read what :func:`write_complex_file` wrote.

    Raises
    ------
    FileFormatError
        If the file is missing, truncated, of another kind, or of a newer schema.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            header = json.loads(str(archive["header"]))
            arrays = {name: archive[name] for name in _ARRAYS}
    except OSError as error:
        raise FileFormatError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FileFormatError(f"{path} is not a whole region complex: {error}") from error
    return _parse(path, header, arrays)


def _parse(
    path: str | Path, header: dict[str, Any], arrays: dict[str, Any]
) -> tuple[Network, Domain, Arithmetic, Enumeration]:
    if header.get("format") != "polyae region complex":
        raise FileFormatError(f"{path} is not a region complex")
    if header["schema"] > SCHEMA_VERSION:
        raise FileFormatError(
            f"{path} has schema {header['schema']}; this version reads up to {SCHEMA_VERSION}: update polyae"
        )
    try:
        network, domain = network_from_dict(header["network"]), domain_from_dict(header["domain"])
        exact = {int(i): _point(w) for i, w in header["exact_witnesses"].items()}
        found = Enumeration(
            **arrays,
            exact_witnesses=exact,
            status=Status[header["status"]],
            engine=header["engine"],
            seconds=header["seconds"],
            decisions=DecisionCounts(**header["decisions"]),
        )
    except (KeyError, TypeError, PolyaeError) as error:
        raise FileFormatError(f"{path} is damaged: {error}") from error
    if len({len(found.packed), len(found.witnesses), len(found.expanded)}) != 1 or len(found.edges) != len(
        found.edge_units
    ):
        raise FileFormatError(f"{path} is damaged: its arrays differ in length")
    return network, domain, header["arithmetic"], found


def _point(values: list[str]) -> HomogeneousPoint:
    return homogeneous([Fraction(v) for v in values])
