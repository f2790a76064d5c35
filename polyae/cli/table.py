"""``polyae table``: all models on several data sets, in one Parquet file and one Markdown table."""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyae.atomic import check_writable, whole_file
from polyae.cli.output import JsonOption, duration, finish
from polyae.cli.progress import progress_bar
from polyae.cli.training import model_name
from polyae.cli.values import vector, whole_numbers
from polyae.errors import FileFormatError, SettingError

if TYPE_CHECKING:
    from polyae.training.data import Dataset
    from polyae.training.table import Row, Table

__all__ = ["table_command"]

ALL_MODELS = "ae,denoising,contractive,first-order,second-order-sampled,second-order-exact"

_COMPARISON = (
    "Second order, exact neighbours against sampled ones: test errors as above for every λ, at equal steps and at "
    "equal processor time (the exact run cut where the sampled run of the same seed ended; the oracle's time counts).\n"
)

OutOption = Annotated[
    Path, typer.Option("--out", metavar="FILE.parquet", help="All runs; the table goes to .md beside it.")
]
RootOption = Annotated[Path | None, typer.Option("--root", metavar="DIR", help="Folder with data files.")]
DataOption = Annotated[
    str,
    typer.Option(
        "--datasets", metavar="A,B", help="cbf, control are generated without --root; Yoga:TRAIN splits a TRAIN file."
    ),
]
NeighboursOption = Annotated[int, typer.Option(metavar="N", help="A region, for second-order-exact; 0 is all.")]


def table_command(
    out: OutOption,
    datasets: DataOption = "control,cbf",
    models: Annotated[str, typer.Option(metavar="A,B")] = ALL_MODELS,
    runs: Annotated[int, typer.Option(metavar="N", help="Seeds.")] = 10,
    lambdas: Annotated[str, typer.Option(metavar="A,B")] = "0.001,0.01,0.1,1,10,100,1000",
    noises: Annotated[str, typer.Option(metavar="A,B")] = "0.001,0.01,0.1,1",
    epochs: Annotated[int, typer.Option(metavar="N")] = 125,
    hidden: Annotated[str, typer.Option(metavar="N,N")] = "128,64,32",
    latent: Annotated[int, typer.Option(metavar="H")] = 10,
    neighbours: NeighboursOption = 0,
    root: RootOption = None,
    batched: Annotated[bool, typer.Option("--batched", help="Train the runs of a small model as one program.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would cost.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Train all models with all settings and seeds, and tabulate test errors at the best validation error.

    Run again with the same options, it goes on where it was stopped; every run keeps its checkpoint in a folder
    named after the file with ".runs".
    """
    from polyae.report.threads import one_thread
    from polyae.training.equal_time import compare, comparison_markdown
    from polyae.training.protocol import RunSettings
    from polyae.training.table import Table, markdown, plan, projected_seconds, write_rows

    if out.suffix.lower() != ".parquet":
        raise FileFormatError(f"--out {out}: the name of a file of runs ends in .parquet")
    for path in (out, out.with_suffix(".md")):
        check_writable(path)
    if neighbours < 0:
        raise SettingError(f"--neighbours is not negative, got {neighbours}")
    common = RunSettings(
        epochs=epochs, hidden=tuple(whole_numbers(hidden, "--hidden")), latent_dim=latent, num_generators=latent,
        neighbours=neighbours or None,
    )  # fmt: skip
    table = Table(
        [_dataset(name, root) for name in datasets.split(",")],
        plan([model_name(name) for name in models.split(",")], runs=runs, weights=vector(lambdas, "--lambdas").tolist(),
             noises=vector(noises, "--noises").tolist(), common=common),
    )  # fmt: skip
    with one_thread():
        costs = projected_seconds(table)
        total = sum(cost[3] for cost in costs)
        for data, model, each, seconds in costs:
            print(f"{data}, {model}: {1000 * each:.1f} ms a step, {duration(seconds)}", file=sys.stderr)
        count = len(table.data) * len(table.settings)
        print(f"{_count(count, 'run')}, {duration(total)} in all", file=sys.stderr)
        if dry_run:
            finish({"runs": count, "projected_seconds": total}, as_json)
            return
        folder = out.with_name(out.name + ".runs")
        began = time.monotonic()
        rows = _filled(table, folder, batched)
        taken = time.monotonic() - began
    write_rows(rows, out)
    text = _departures(table) + "\n" + markdown(rows)
    comparisons = compare(table, folder)
    if comparisons:
        text += "\n" + _COMPARISON + "\n" + comparison_markdown(comparisons)
    with whole_file(out.with_suffix(".md")) as file:
        file.write_text(text, encoding="utf-8")
    words = {"runs": len(rows), "time_taken": duration(taken), "table": str(out.with_suffix(".md")), "rows": str(out)}
    finish(words | {"projected_seconds": total, "seconds": taken}, as_json, text=words)


def _dataset(name: str, root: Path | None) -> Dataset:
    from polyae.training.archives import load_dataset
    from polyae.training.synthetic import cbf, synthetic_control

    if root is not None:
        return load_dataset(root, name)
    match name:
        case "cbf":
            return cbf()
        case "control":
            return synthetic_control()
    raise SettingError(f"--datasets {name}: without --root choose cbf or control")


def _filled(table: Table, folder: Path, batched: bool) -> list[Row]:
    """All rows, behind a bar over epochs; those that a run leaves out, or had before, count when it ends."""
    from polyae.training.table import fill

    runs, epochs = len(table.data) * len(table.settings), table.settings[0].epochs
    finished = 0
    with progress_bar("epochs", runs * epochs) as show:

        def row_done(row: Row) -> None:
            nonlocal finished
            finished += 1
            show(finished * epochs)
            _say(row)

        return fill(table, folder, row_done, lambda epoch: show(finished * epochs + epoch.number + 1), batched=batched)


def _say(row: Row) -> None:
    from polyae.training.table import setting_text

    setting = setting_text(row.model, row.weight, row.noise)
    found = "diverged" if math.isnan(row.test_error) else f"test error {row.test_error:.4g}"
    print(f"{row.data}, {row.model}{setting}, seed {row.seed}: {found}", file=sys.stderr)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + "s" * (number != 1)


def _departures(table: Table) -> str:
    first = table.settings[0]
    runs, epochs = _count(len({s.seed for s in table.settings}), "run"), _count(first.epochs, "epoch")
    weights = sorted({s.weight for s in table.settings if s.model not in ("ae", "denoising")})
    near = "all" if first.neighbours is None else f"{first.neighbours} random"
    return (
        "Test mean squared error per coordinate, times 100, at the best validation error; mean ± standard deviation "
        f"over {runs} (the paper: 10) at the λ or noise of the least mean validation error, the paper's figure "
        f"in brackets. {epochs} (the paper: 125), λ of {', '.join(f'{w:g}' for w in weights) or 'none'} "
        "(the paper: 0.001 to 1000). "
        f"Not given by the paper and chosen here: widths {'-'.join(map(str, first.hidden))}, Adam at "
        f"{first.learning_rate:g}, {first.validation:.0%} of the training data for validation, latent samples normal "
        f"with the codes' mean and deviation, {near} neighbours a region for the exact second order, means over "
        'pairs. Data whose names say "generated", "subset" or "split" are not the paper\'s own files.\n'
    )
