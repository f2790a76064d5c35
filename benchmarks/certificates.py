"""Certificates: how large, how fast they are written and checked, beside enumerating and beside mere reading."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polyae
from benchmarks.networks import HIDDEN, default_initialised, unit_box
from polyae.check import check

__all__ = ["run"]

CHOSEN = ("h2_64x64", "h4_16x16", "h6_12x12")

Best = Callable[..., tuple[float, Any]]


def run(best: Best) -> Iterator[dict[str, Any]]:
    """One row a network: sizes in bytes a region, rates in regions a second of one core."""
    for name in CHOSEN:
        h, hidden = HIDDEN[name]
        network = default_initialised(h, hidden)
        enumeration, cx = best(lambda network=network, h=h: polyae.enumerate_regions(network, unit_box(h)), 2)
        with TemporaryDirectory() as folder:
            path = Path(folder, "certificate")
            writing, _ = best(lambda cx=cx, path=path: cx.certify(path), 1)
            checking, verdict = best(lambda path=path, net=network: check(path, net.to_dict()), 1)
            reading, _ = best(lambda path=path: _read(path), 2)
            size = path.stat().st_size
        yield {
            "network": name,
            "regions": verdict.regions,
            "bytes_a_region": size / len(cx),
            "certified_a_second": len(cx) / writing,
            "checked_a_second": len(cx) / checking,
            "certified_by_enumerated": writing / enumeration,
            "checked_by_read": checking / reading,
        }


def _read(path: Path) -> int:
    with open(path, "rb") as file:
        return sum(len(json.loads(line)) for line in file)
