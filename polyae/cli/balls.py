"""``polyae count``: regions and data in balls."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from polyae.atomic import check_writable, whole_file
from polyae.cli.domains import norm
from polyae.cli.output import JsonOption, StrictOption, finish
from polyae.cli.sources import MaxRegionsOption, NetworkArgument
from polyae.cli.values import matrix_file, read_archive, vector
from polyae.complex.progress import radius_bar
from polyae.errors import FileFormatError, SettingError
from polyae.networks.files import read_network
from polyae.networks.slices import Slice
from polyae.queries.balls import BallCounts, count_in_balls
from polyae.queries.region_curve import load_curve

__all__ = ["count_command"]

CentreOption = Annotated[str, typer.Option("--centre", metavar="V", help="Centre of the balls: a,b,c or @file.npy.")]
RadiiOption = Annotated[str, typer.Option("--radii", metavar="V", help="Radii: a,b,c or @file.npy.")]
DataOption = Annotated[Path | None, typer.Option("--data", metavar="FILE.npy", help="Data in the input space, (n, d).")]
NormOption = Annotated[str, typer.Option("--norm", metavar="1|2|inf", help="Norm of the balls.")]
SliceOption = Annotated[
    Path | None,
    typer.Option("--slice", metavar="FILE", help="Points (k+1, d) in .npy, or origin and directions in .npz."),
]
BudgetOption = Annotated[
    float | None, typer.Option("--budget", metavar="SECONDS", help="For the exact part and the estimates beyond it.")
]
StateOption = Annotated[
    Path | None, typer.Option("--state", metavar="FILE.npz", help="Keeps the regions found; a rerun gets farther.")
]
FigureOption = Annotated[Path | None, typer.Option("--figure", metavar="FILE.png", help="Draw the curves.")]
RunsOption = Annotated[int, typer.Option("--runs", metavar="N", help="Independent estimates of a count; 0 for none.")]
SeedOption = Annotated[int, typer.Option("--seed", metavar="N", help="Of the estimates.")]


def count_command(
    net: NetworkArgument,
    centre: CentreOption,
    radii: RadiiOption,
    data: DataOption = None,
    norm_name: NormOption = "2",
    slice_file: SliceOption = None,
    budget: BudgetOption = None,
    max_regions: MaxRegionsOption = None,
    state: StateOption = None,
    figure: FigureOption = None,
    runs: RunsOption = 32,
    seed: SeedOption = 0,
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Count regions that meet balls around a centre, and data in these balls.

    Exact as far as --budget and --max-regions allow; beyond, between certified bounds and estimated.
    """
    network, p = read_network(net), norm(norm_name)
    on = None if slice_file is None else _slice(slice_file)
    points = None if data is None else matrix_file(data, "--data")
    middle, sizes = vector(centre, "--centre"), vector(radii, "--radii")
    if budget is not None and not budget > 0:
        raise SettingError(f"--budget must be positive, got {budget}")
    for path, name in ((state, "--state"), (figure, "--figure")):
        if path is not None:
            _check_file(path, name)
    restricted = network if on is None else on.restrict(network)
    begun = load_curve(state, restricted) if state is not None and state.exists() else None
    if begun is not None and not (np.array_equal(begun.centre, middle) and begun.p == p):
        raise SettingError(f"--state: {state} belongs to another centre or norm; give another file")
    with radius_bar("counting", sys.stderr.isatty()) as show:
        counts = count_in_balls(
            network, middle, sizes, points, p, on=on, max_regions=max_regions, max_seconds=budget, runs=runs, seed=seed,
            resume=begun, keep=None if state is None else lambda curve: curve.save(state),
            progress=show,
        )  # fmt: skip
    if figure is not None:
        _draw(counts, figure)
    _report(counts, as_json, strict)


def _check_file(path: Path, name: str) -> None:
    ending = ".npz" if name == "--state" else ".png"
    if path.suffix.lower() != ending:
        raise FileFormatError(f"{name} {path}: the name of this file ends in {ending}")
    check_writable(path)


def _slice(path: Path) -> Slice:
    if path.suffix.lower() == ".npz":
        return Slice(*read_archive(path, "--slice", ("origin", "directions")))
    return Slice.through(matrix_file(path, "--slice"))


def _draw(counts: BallCounts, path: Path) -> None:
    from polyae.report.count_figures import counts_figure
    from polyae.report.figures import png

    with whole_file(path) as file:
        file.write_bytes(png(counts_figure(counts)))


def _report(counts: BallCounts, as_json: bool, strict: bool) -> None:
    result = {
        "radii": counts.radii, "regions_lower": counts.regions_lower, "regions_upper": list(counts.regions_upper),
        "regions_exact": list(counts.regions_exact), "estimate": counts.estimate,
        "estimate_std": counts.estimate_std, "data": counts.data, "exact_radius": counts.exact_radius,
    }  # fmt: skip
    for note in counts.notes if as_json else ():  # which the text holds itself
        print(f"polyae: {note}", file=sys.stderr)
    finish(result, as_json, strict=strict, partial=not counts.complete, text=str(counts))
