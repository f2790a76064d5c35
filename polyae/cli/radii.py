"""``polyae radii``: sizes of the regions."""

from __future__ import annotations

from typing import Annotated

import typer

from polyae.cli.domains import DomainOptions
from polyae.cli.groups import grouped
from polyae.cli.output import JsonOption, StrictOption, finish
from polyae.cli.sources import EnumerationOptions, SourceArgument, complex_of
from polyae.queries.radii import NAMES, radii

__all__ = ["radii_command"]

SummaryOption = Annotated[bool, typer.Option("--summary", help="In JSON too, statistics instead of all radii.")]


@grouped
def radii_command(
    net: SourceArgument,
    domain: DomainOptions,
    enumeration: EnumerationOptions,
    summary: SummaryOption = False,
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compute in- and circumradii of all regions, in latent space and of their images in data space."""
    cx = complex_of(net, domain, enumeration)
    found = radii(cx)
    result = {"complete": cx.complete, "regions_guarantee": cx.guarantee, **found.summary()}
    if not found.tight.all():
        result["note"] = f"intervals wider than {found.accuracy:g} are given by their upper ends"
    if as_json and not summary:
        for i, name in enumerate(NAMES):
            result |= {name: found.values[:, i], f"{name}_lower": found.lower[:, i], f"{name}_upper": found.upper[:, i]}
    finish(result, as_json, strict=strict, partial=not cx.complete)
