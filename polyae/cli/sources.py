"""A region complex on the command line: a saved one, or a network to enumerate on a stated domain."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from polyae.cli.domains import DomainOptions
from polyae.complex.enumerate import enumerate_regions
from polyae.complex.region_complex import RegionComplex, load
from polyae.domains import Domain
from polyae.errors import FileFormatError, SettingError
from polyae.networks.files import SUFFIXES, TORCH_SUFFIXES, read_network
from polyae.networks.network import Network

__all__ = [
    "EnumerationOptions",
    "MaxRegionsOption",
    "MaxSecondsOption",
    "NetworkArgument",
    "SourceArgument",
    "arithmetic_of",
    "complex_of",
    "is_complex",
]

NetworkArgument = Annotated[Path, typer.Argument(metavar="NET", help="Network, .json or .safetensors.")]
SourceArgument = Annotated[Path, typer.Argument(metavar="NET", help="Network, or a saved complex (.npz).")]
MaxRegionsOption = Annotated[int | None, typer.Option(metavar="N", help="Stop, partial, at N regions.")]
MaxSecondsOption = Annotated[float | None, typer.Option(metavar="S", help="Stop, partial, after S seconds.")]


def arithmetic_of(name: str) -> Literal["exact", "float"]:
    """Return the name of an arithmetic that exists.

    Raises
    ------
    SettingError
        If there is none of that name.
    """
    match name:
        case "exact" | "float":
            return name
    raise SettingError(f"--arithmetic {name}: choose exact or float")


@dataclass(frozen=True)
class EnumerationOptions:
    """The options of an enumeration."""

    engine: Annotated[
        str,
        typer.Option(
            metavar="auto|subdivide|march|reference",
            help="Cut the domain, march from facet to facet, or march slowly by linear programs; auto is the faster.",
        ),
    ] = "auto"
    solver: Annotated[
        str,
        typer.Option(
            metavar="highs|scipy|cvxpy", help="Linear programs of the reference engine, and what march cannot prove."
        ),
    ] = "highs"
    arithmetic: Annotated[str, typer.Option(metavar="exact|float", help="Proved decisions, or float64.")] = "exact"
    max_regions: MaxRegionsOption = None
    max_seconds: MaxSecondsOption = None
    workers: Annotated[int, typer.Option(metavar="N", help="Threads of march.")] = 1

    def run(
        self,
        network: Network,
        domain: Domain,
        resume: RegionComplex | None = None,
        checkpoint: Path | None = None,
    ) -> RegionComplex:
        """Enumerate, with a progress bar where someone can see it."""
        return enumerate_regions(
            network,
            domain,
            engine=self.engine,
            solver=self.solver,
            arithmetic=arithmetic_of(self.arithmetic),
            max_regions=self.max_regions,
            max_seconds=self.max_seconds,
            resume=resume,
            workers=self.workers,
            checkpoint=checkpoint,
            progress=sys.stderr.isatty(),
        )


def is_complex(source: Path) -> bool:
    """Whether a file's name is that of a saved complex, and not that of a network.

    Raises
    ------
    FileFormatError
        If it is neither's.
    """
    suffix = source.suffix.lower()
    if suffix not in (".npz", *SUFFIXES, *TORCH_SUFFIXES):  # for torch's, the reader of networks has advice
        raise FileFormatError(
            f"{source}: the name of a network ends in {' or '.join(SUFFIXES)}, that of a saved complex in .npz"
        )
    return suffix == ".npz"


Check = Callable[[Network, Domain], None]


def complex_of(
    source: Path, domain: DomainOptions, enumeration: EnumerationOptions, check: Check | None = None
) -> RegionComplex:
    """Load a saved complex, or enumerate a network on the stated domain.

    Before the work `check` is called, to refuse what would be refused after it.

    Raises
    ------
    SettingError
        If a domain is missing, or given for a complex that has its own.
    """
    if not is_complex(source):
        network = read_network(source)
        stated = domain.stated(network.input_dim)
        if check is not None:
            check(network, stated)
        return enumeration.run(network, stated)
    if domain.given:
        raise SettingError(f"{source} is a complex with a domain of its own; leave out {domain.given[0]}")
    cx = load(source)
    if check is not None:
        check(cx.network, cx.domain)
    return cx
