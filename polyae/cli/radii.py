"""``polyae radii``: sizes of the regions."""

from __future__ import annotations

from typing import Annotated

import typer

from polyae.cli.domains import DomainOptions
from polyae.cli.groups import grouped
from polyae.cli.output import JsonOption, StrictOption, finish
from polyae.cli.sources import EnumerationOptions, SourceArgument, complex_of
from polyae.queries.radii import radii

__all__ = ["radii_command"]

RADII = ("latent_inradius", "latent_circumradius", "data_inradius", "data_circumradius")

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
    result = {"complete": cx.complete, "guarantee": cx.guarantee, **found.summary()}
    if as_json and not summary:
        result |= {name: getattr(found, name) for name in RADII}
    finish(result, as_json, strict=strict, partial=not cx.complete)
