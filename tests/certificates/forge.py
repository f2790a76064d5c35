"""Certificates as objects that tests can change, and the answer of the checker to them."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polyae import Network, enumerate_regions
from polyae.check import FalseStatement, Unreadable, Verdict, check
from polyae.domains import Domain

__all__ = ["Forgery", "certified", "facet_of", "renumbered", "without_facet"]


@dataclass
class Forgery:
    """A certificate in pieces.

    Attributes
    ----------
    network : what the network's file holds
    header, records : what the lines of the certificate hold
    """

    network: Any
    header: Any
    records: list[Any] = field(default_factory=list)

    def copy(self) -> Forgery:
        return deepcopy(self)

    def write(self, path: Path) -> Path:
        path.write_text("".join(json.dumps(line) + "\n" for line in (self.header, *self.records)))
        return path

    def verdict(self, folder: Path, workers: int = 1) -> Verdict:
        return check(self.write(folder / "forged"), self.network, workers)

    def accepted(self, folder: Path) -> bool:
        """Whether the checker takes it; any exception but its own two is an error of the checker."""
        try:
            self.verdict(folder)
        except (FalseStatement, Unreadable):
            return False
        return True

    def complaint(self, folder: Path, workers: int = 1) -> str:
        try:
            return f"accepted: {self.verdict(folder, workers).statement}"
        except (FalseStatement, Unreadable) as error:
            return f"{type(error).__name__}: {error}"

    def count(self) -> None:
        """Let the header tell what is listed."""
        facets = [f["neighbour"] for r in self.records for f in r["facets"]]
        self.header["regions"] = len(self.records)
        self.header["pairs"] = sum(n is not None for n in facets) // 2


def certified(network: Network, domain: Domain) -> Forgery:
    header, *records = map(json.loads, enumerate_regions(network, domain).certificate())
    return Forgery(network.to_dict(), header, records)


def renumbered(forgery: Forgery, order: list[int]) -> Forgery:
    """The regions of the given old numbers, in this order; what leads to one that is left out leads nowhere."""
    new = {old: i for i, old in enumerate(order)}
    records = [deepcopy(forgery.records[old]) for old in order]
    for record in records:
        for facet in record["facets"]:
            facet["neighbour"] = new.get(facet["neighbour"])
    return Forgery(forgery.network, deepcopy(forgery.header), records)


def facet_of(record: Any, other: int) -> int:
    """Number of the facet towards a neighbour."""
    return next(f for f, facet in enumerate(record["facets"]) if facet["neighbour"] == other)


def without_facet(record: Any, gone: int) -> None:
    """Take a facet out of a record, and out of its proofs."""
    del record["facets"][gone]
    for proof in record["redundant"]:
        proof["by"] = [f - (f > gone) for f in proof["by"] if f != gone]
