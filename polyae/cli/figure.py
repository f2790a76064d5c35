"""``polyae figure``: the paper's figures 1 and 3, from exact partitions and counts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyae.arrays import whole_number
from polyae.atomic import check_writable, whole_file
from polyae.cli.output import JsonOption, finish
from polyae.errors import FileFormatError, SettingError

if TYPE_CHECKING:
    from polyae.training.data import Dataset

__all__ = ["figure_command"]

NumberArgument = Annotated[int, typer.Argument(metavar="1|3", help="Which figure of the paper.")]
OutOption = Annotated[Path, typer.Option("--out", metavar="FILE.png", help="Where to draw it.")]
DataOption = Annotated[str, typer.Option("--data", metavar="NAME", help="digits, or with --root MNIST, CIFAR10, ….")]
RootOption = Annotated[Path | None, typer.Option("--root", metavar="DIR", help="Folder with data files.")]
LatentOption = Annotated[bool, typer.Option("--latent", help="Figure 3 in latent space: the decoder, and codes.")]
BudgetOption = Annotated[float, typer.Option("--budget", metavar="SECONDS", help="Figure 3: for each network.")]
StepsOption = Annotated[int, typer.Option("--steps", metavar="N", help="Figure 3: training steps; 0 for none.")]
SeedOption = Annotated[int, typer.Option("--seed", metavar="N")]


def figure_command(
    number: NumberArgument,
    out: OutOption,
    data: DataOption = "digits",
    root: RootOption = None,
    latent: LatentOption = False,
    budget: BudgetOption = 60.0,
    steps: StepsOption = 600,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Draw figure 1 (partition of a plane in data space) or 3 (data and regions in balls) of Cosentino et al. 2021.

    The numbers of figure 3 are written to a .json file beside it.
    """
    from polyae.report.figures import png
    from polyae.report.paper_figures import BallFigure, PartitionFigure, balls_figure, count_networks, partitions_figure
    from polyae.report.threads import one_thread

    if number not in (1, 3):
        raise SettingError(f"figure {number}: choose 1 or 3")
    if not (budget > 0 and steps >= 0):
        raise SettingError(f"--budget is positive and --steps not negative, got {budget} and {steps}")
    whole_number(seed, "--seed")
    if out.suffix.lower() != ".png":
        raise FileFormatError(f"--out {out}: the name of a figure ends in .png")
    for path in (out, out.with_suffix(".json")):
        check_writable(path)
    known = _dataset(data, root)
    numbers: dict[str, Any] = {}
    with one_thread():
        if number == 1:
            figure = partitions_figure(PartitionFigure(seed=seed), known)
        else:
            settings = BallFigure(latent=latent, budget=budget, steps=steps, seed=seed)
            counts = count_networks(settings, known, progress=sys.stderr.isatty())
            figure = balls_figure(settings, known, counts)
            numbers = {name: _numbers(c) for name, c in counts.items() if c is not None}
    with whole_file(out) as file:
        file.write_bytes(png(figure))
    if numbers:
        with whole_file(out.with_suffix(".json")) as file:
            file.write_text(json.dumps(numbers) + "\n", encoding="utf-8")
    finish({"figure": number, "out": str(out)}, as_json)


def _numbers(counts: Any) -> Any:
    from polyae.report.plain import plain

    return plain({
        "radii": counts.radii, "regions_lower": counts.regions_lower, "regions_upper": list(counts.regions_upper),
        "regions_exact": list(counts.regions_exact), "estimate": counts.estimate,
        "estimate_std": counts.estimate_std, "data": counts.data, "exact_radius": counts.exact_radius,
        "heavy_tail": counts.heavy_tail,
    })  # fmt: skip


def _dataset(name: str, root: Path | None) -> Dataset:
    from polyae.training.archives import load_dataset
    from polyae.training.data import digits

    if root is not None:
        return load_dataset(root, name)
    if name != "digits":
        raise SettingError(f"--data {name}: without --root there are the digits only")
    return digits()
