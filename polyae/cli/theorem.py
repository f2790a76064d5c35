"""``polyae bound``: the theorem for a decoder and a model of the data manifold, and the refinement study."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from polyae.atomic import check_writable, whole_file
from polyae.cli.domains import DomainOptions
from polyae.cli.groups import grouped
from polyae.cli.output import JsonOption, StrictOption, finish
from polyae.cli.sources import EnumerationOptions, complex_of
from polyae.cli.values import read_array
from polyae.domains import Domain
from polyae.errors import FileFormatError, SettingError
from polyae.networks.network import Network
from polyae.queries.manifolds import load_manifold
from polyae.queries.theorem.bound import theorem_bound
from polyae.queries.theorem.inputs import check_inputs
from polyae.queries.theorem.transport import groups_of
from polyae.report.theorem_numbers import theorem_numbers
from polyae.report.theorem_text import theorem_text

__all__ = ["bound_command"]

ManifoldOption = Annotated[
    Path | None,
    typer.Option("--manifold", "--orbit", metavar="FILE", help="Orbit, union or samples: .json, .npz, .npy."),
]
GapOption = Annotated[float, typer.Option("--gap", metavar="R", help="Relative width at which u1 and u2 are settled.")]
BudgetOption = Annotated[int, typer.Option("--budget", metavar="N", help="Simplices at most, for each of them.")]
TimeOption = Annotated[float | None, typer.Option("--bound-seconds", metavar="S", help="Stop the bounds after S s.")]
ReadingsOption = Annotated[str, typer.Option("--readings", metavar="sound|all", help="Also the false readings.")]
GeneratorsOption = Annotated[
    Path | None, typer.Option("--generators", metavar="FILE.npy", help="Generators of H2, (m, d, d), say learned.")
]
FigureOption = Annotated[
    Path | None, typer.Option("--figure", metavar="FILE.png", help="Draw where the distances are attained.")
]
StudyOption = Annotated[
    Path | None,
    typer.Option("--study", metavar="FOLDER", help="Refinement study instead: closed forms and trained models."),
]
NetOption = Annotated[Path | None, typer.Argument(metavar="NET", help="Network, or a saved complex (.npz).")]


@grouped
def bound_command(
    domain: DomainOptions,
    enumeration: EnumerationOptions,
    net: NetOption = None,
    manifold: ManifoldOption = None,
    gap: GapOption = 1e-4,
    budget: BudgetOption = 500_000,
    bound_seconds: TimeOption = None,
    readings: ReadingsOption = "sound",
    generators: GeneratorsOption = None,
    figure: FigureOption = None,
    study: StudyOption = None,
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Evaluate both sides of the theorem for a decoder and a model of its data.

    The result is partial if the complex is, or if u1 or u2 did not reach the gap within the budget.  With --study,
    the two sides of known and of trained decoders with more and more regions; a rerun continues.  The threads of
    --workers serve hypothesis H2 too.
    """
    if study is not None:
        if net is not None or manifold is not None:
            raise SettingError("--study has networks and manifolds of its own; leave out NET and --manifold")
        from polyae.report.refinement import run_study, study_table

        rows = run_study(study, progress=sys.stderr.isatty())
        finish({"rows": rows}, as_json, text={"study": study_table(rows)})
        return
    if net is None or manifold is None:
        raise SettingError("polyae bound needs NET and --manifold FILE, or --study FOLDER")
    chosen, workers = _readings(readings), enumeration.workers
    if figure is not None:
        if figure.suffix.lower() != ".png":
            raise FileFormatError(f"--figure {figure}: the name of a figure ends in .png")
        check_writable(figure)
    model = load_manifold(manifold)
    given = None if generators is None else read_array(generators, "--generators")
    settings = {"gap": gap, "budget": budget, "max_seconds": bound_seconds, "workers": workers, "readings": chosen}

    def check(network: Network, stated: Domain) -> None:
        check_inputs(network, stated, model, settings)
        groups_of(model, given)

    cx = complex_of(net, domain, enumeration, check)
    bound = theorem_bound(
        cx, model, gap=gap, budget=budget, max_seconds=bound_seconds, readings=chosen, generators=given,
        workers=workers, progress=sys.stderr.isatty(),
    )  # fmt: skip
    if figure is not None:
        from polyae.report.distance_figure import distance_figure
        from polyae.report.figures import png

        with whole_file(figure) as file:
            file.write_bytes(png(distance_figure(cx, model, bound)))
    partial = bound.restricted or not bound.decided
    finish(theorem_numbers(cx, bound), as_json, strict=strict, partial=partial, text=theorem_text(cx, bound))


def _readings(name: str) -> Literal["sound", "all"]:
    match name:
        case "sound" | "all":
            return name
    raise SettingError(f"--readings {name}: choose sound or all")
