"""``polyae bound``: the theorem for a decoder and an orbit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from polyae.cli.domains import DomainOptions
from polyae.cli.groups import grouped
from polyae.cli.output import JsonOption, StrictOption, finish
from polyae.cli.sources import EnumerationOptions, SourceArgument, complex_of
from polyae.errors import SettingError
from polyae.queries.manifolds import load_manifold
from polyae.queries.theorem.bound import TheoremBound, theorem_bound
from polyae.report.theorem_numbers import theorem_numbers

__all__ = ["bound_command"]

OrbitOption = Annotated[Path, typer.Option("--orbit", metavar="FILE.npz", help="Arrays G, x0, and interval or box.")]
GapOption = Annotated[float, typer.Option("--gap", metavar="R", help="Relative width at which u1 and u2 are settled.")]
BudgetOption = Annotated[int, typer.Option("--budget", metavar="N", help="Simplices at most, for each of them.")]
ReadingsOption = Annotated[str, typer.Option("--readings", metavar="sound|all", help="Also the false readings.")]


@grouped
def bound_command(
    net: SourceArgument,
    orbit: OrbitOption,
    domain: DomainOptions,
    enumeration: EnumerationOptions,
    gap: GapOption = 1e-4,
    budget: BudgetOption = 500_000,
    readings: ReadingsOption = "sound",
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Evaluate both sides of the theorem for a decoder and the orbit that models its data.

    The result is partial if the complex is, or if u1 or u2 did not reach the gap within the budget.
    """
    chosen = _readings(readings)
    manifold = load_manifold(orbit)
    cx = complex_of(net, domain, enumeration)
    bound = theorem_bound(cx, manifold, gap=gap, budget=budget, readings=chosen)
    partial = bound.restricted or not bound.decided
    numbers = theorem_numbers(cx, bound)
    finish(numbers, as_json, strict=strict, partial=partial, text=numbers | {"readings": _lines(bound)})


def _lines(bound: TheoremBound) -> str:
    return "".join(f"\n  {verdict.reading.name}: {verdict}" for verdict in bound.verdicts)


def _readings(name: str) -> Literal["sound", "all"]:
    match name:
        case "sound" | "all":
            return name
    raise SettingError(f"--readings {name}: choose sound or all")
