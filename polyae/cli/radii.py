"""``polyae radii``: sizes of the regions."""

from __future__ import annotations

from typing import Annotated, Any, cast

import typer

from polyae.cli.domains import DomainOptions
from polyae.cli.groups import grouped
from polyae.cli.output import JsonOption, StrictOption, finish
from polyae.cli.sources import EnumerationOptions, SourceArgument, complex_of
from polyae.domains import Domain
from polyae.errors import DomainError, SettingError, UnboundedDomainError
from polyae.networks.network import Network
from polyae.queries.radii import NAMES, Radii, RadiusName, radii, squared_circumradii

__all__ = ["radii_command"]

SummaryOption = Annotated[bool, typer.Option("--summary", help="In JSON too, statistics instead of all radii.")]
AccuracyOption = Annotated[float, typer.Option("--accuracy", metavar="R", help="Relative width of an interval.")]
LargestOption = Annotated[int | None, typer.Option("--largest", metavar="K", help="Name the K largest regions.")]
ThinnestOption = Annotated[int | None, typer.Option("--thinnest", metavar="K", help="Name the K thinnest regions.")]
ByOption = Annotated[str | None, typer.Option("--by", metavar="RADIUS", help="What largest and thinnest mean.")]
ExactOption = Annotated[bool, typer.Option("--exact", help="Also squared circumradii, as fractions (JSON).")]


@grouped
def radii_command(
    net: SourceArgument,
    domain: DomainOptions,
    enumeration: EnumerationOptions,
    summary: SummaryOption = False,
    accuracy: AccuracyOption = 1e-6,
    largest: LargestOption = None,
    thinnest: ThinnestOption = None,
    by: ByOption = None,
    exact: ExactOption = False,
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure all regions, in latent space and as images in data space.

    Inradius, circumradius, contact radius from the Chebyshev centre, diameter, width and volume, each as a value
    between a lower and an upper end.  On an unbounded domain those of unbounded regions are infinite.
    """
    _check(by, largest, thinnest, exact, as_json)
    cx = complex_of(net, domain, enumeration, _check_exact if exact else None)
    found = radii(cx, accuracy=accuracy)
    result: dict[str, Any] = {"complete": cx.complete, "regions_guarantee": cx.guarantee, **found.summary()}
    if found.notes:
        result["note"] = "; ".join(found.notes)
    if largest is not None:
        order = cast(RadiusName, by or "latent_circumradius")
        result["largest"] = _ranked(found, found.largest(largest, by=order).tolist(), order)
    if thinnest is not None:
        order = cast(RadiusName, by or "latent_inradius")
        result["thinnest"] = _ranked(found, found.thinnest(thinnest, by=order).tolist(), order)
    if as_json and not summary:
        for i, name in enumerate(NAMES):
            result |= {name: found.values[:, i], f"{name}_lower": found.lower[:, i], f"{name}_upper": found.upper[:, i]}
    if exact:
        for space in ("latent", "data"):
            squares = squared_circumradii(cx, space=space)
            result[f"{space}_squared_circumradius"] = [str(square) for square in squares]
    names = {"tight": f"regions measured to {found.accuracy:g}"}
    words = {names.get(key, key): value for key, value in result.items()}
    finish(result, as_json, strict=strict, partial=not cx.complete, text=words)


def _check(by: str | None, largest: int | None, thinnest: int | None, exact: bool, as_json: bool) -> None:
    if by is not None and by not in NAMES:
        raise SettingError(f"--by {by}: choose one of {', '.join(NAMES)}")
    if by is not None and largest is None and thinnest is None:
        raise SettingError("--by needs --largest or --thinnest")
    for name, count in (("largest", largest), ("thinnest", thinnest)):
        if count is not None and count < 1:
            raise SettingError(f"--{name} {count}: ask for at least one region")
    if exact and not as_json:
        raise SettingError("--exact prints fractions of hundreds of digits: ask for them with --json")


def _check_exact(network: Network, domain: Domain) -> None:
    if not domain.bounded:
        raise UnboundedDomainError("--exact takes a bounded domain: an infinite radius is no fraction")
    if domain.curved:
        raise DomainError("--exact takes no Euclidean ball, which cuts regions into what is no polytope: try --norm 1")


def _ranked(found: Radii, numbers: list[int], by: RadiusName) -> list[dict[str, Any]]:
    low, high = found.interval(by)
    values = getattr(found, by)
    return [{"region": i, by: values[i], "lower": low[i], "upper": high[i]} for i in numbers]
