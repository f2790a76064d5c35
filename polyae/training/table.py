"""A table of experiments: data sets times models times settings times seeds, one run after the other."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from polyae.atomic import make_folder, whole_file
from polyae.errors import FileFormatError, NetworkError, SettingError
from polyae.training.batched import BATCHED, run_batch
from polyae.training.data import Dataset
from polyae.training.paper_table import paper_figure
from polyae.training.protocol import ModelName, RunSettings
from polyae.training.runs import METRICS, Epoch, RunResult, run, seconds_per_step, write_metrics

__all__ = [
    "Row", "Table", "fill", "markdown", "plan", "projected_seconds", "read_rows", "run_folder",
    "setting_text", "write_rows",
]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One finished run; the errors are NaN if it diverged."""

    data: str
    model: str
    weight: float
    noise: float
    seed: int
    epochs: int
    best_epoch: int
    validation_error: float
    test_error: float
    seconds: float
    processor_seconds: float


@dataclass(frozen=True)
class Table:
    """What is to be run: data sets, and settings that all of them are run with."""

    data: Sequence[Dataset]
    settings: Sequence[RunSettings]


def plan(
    models: Sequence[ModelName],
    *,
    runs: int,
    weights: Sequence[float],
    noises: Sequence[float],
    common: RunSettings | None = None,
) -> list[RunSettings]:
    """Settings of all runs on one data set: every model with every λ and noise that concern it, and every seed.

    Noise concerns the denoising and the contractive model, λ all but "ae" and "denoising".

    Raises
    ------
    SettingError
        If something is empty or out of range.

    Examples
    --------
    >>> len(plan(["ae", "denoising", "second order exact"], runs=2, weights=[1.0, 10.0], noises=[0.1]))
    8
    """
    if not models or not weights or not noises or runs < 1:
        raise SettingError("a table takes a model, a run, a weight and a noise at least")
    base = RunSettings() if common is None else common
    found = []
    for model in models:
        kind = replace(base, model=model)
        match model:
            case "ae":
                grid = [kind]
            case "denoising":
                grid = [replace(kind, noise=noise) for noise in noises]
            case "contractive":
                grid = [replace(kind, weight=weight, noise=noise) for weight in weights for noise in noises]
            case _:
                grid = [replace(kind, weight=weight) for weight in weights]
        found += [replace(each, seed=base.seed + k) for each in grid for k in range(runs)]
    return found


def projected_seconds(table: Table) -> list[tuple[str, str, float, float]]:
    """Data set, model, measured seconds a step, and seconds of all its runs as projected from that."""
    found: list[tuple[str, str, float, float]] = []
    for data in table.data:
        for model in dict.fromkeys(s.model for s in table.settings):
            chosen = [s for s in table.settings if s.model == model]
            each = seconds_per_step(data, chosen[0])
            total = sum(s.num_steps(len(data.train)) for s in chosen) * each
            found.append((data.name, model, each, total))
    return found


def run_folder(folder: Path, data: str, settings: RunSettings) -> Path:
    """Where the checkpoint and the metrics of one run of a table are."""
    name = f"{settings.model}-{settings.weight:g}-{settings.noise:g}-{settings.seed}"
    return folder / data.replace(" ", "-") / name.replace(" ", "-")


def _row(data: Dataset, settings: RunSettings, result: RunResult | None, times: tuple[float, float]) -> Row:
    """A row from a result, or from None for a run that diverged in these times."""
    common = (data.name, settings.model, settings.weight, settings.noise, settings.seed)
    if result is None:
        return Row(*common, 0, 0, math.nan, math.nan, *times)
    best, epochs = result.best, result.epochs
    times = sum(epoch.seconds for epoch in epochs), sum(epoch.processor_seconds for epoch in epochs)
    return Row(*common, len(epochs), best.number, best.validation_error, best.test_error, *times)


def _one(data: Dataset, settings: RunSettings, folder: Path, on_epoch: Callable[[Epoch], None] | None) -> Row:
    began, busy = time.perf_counter(), time.process_time()
    try:
        result = run(data, settings, run_folder(folder, data.name, settings), on_epoch=on_epoch)
    except NetworkError:
        return _row(data, settings, None, (time.perf_counter() - began, time.process_time() - busy))
    return _row(data, settings, result, (math.nan, math.nan))


def _batches(
    data: Dataset, settings: Sequence[RunSettings], folder: Path, on_epoch: Callable[[Epoch], None] | None
) -> dict[RunSettings, Row]:
    """Rows of the models that can be stacked, every model as one program."""
    rows = {}
    for model in BATCHED:
        chosen = [each for each in settings if each.model == model]
        if not chosen:
            continue
        results = run_batch(data, chosen, folder / data.name.replace(" ", "-"), on_epoch=on_epoch)
        for each, result in zip(chosen, results, strict=True):
            rows[each] = _row(data, each, result, (math.nan, math.nan))
            if result is not None:
                target = make_folder(run_folder(folder, data.name, each))
                write_metrics(data, result, target / METRICS)
    return rows


def fill(
    table: Table,
    folder: Path,
    on_row: Callable[[Row], None] | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
    *,
    batched: bool = False,
) -> list[Row]:
    """Run what has not been run yet; every run has its own folder, so that a killed table goes on where it was.

    Errors as :func:`polyae.training.runs.run`, but a run that diverges is a row with errors NaN.  `batched` trains all
    runs of one of the smaller models as one program, see :mod:`polyae.training.batched`.
    """
    rows = []
    for data in table.data:
        together = _batches(data, table.settings, folder, on_epoch) if batched else {}
        for settings in table.settings:
            rows.append(together[settings] if settings in together else _one(data, settings, folder, on_epoch))
            if on_row is not None:
                on_row(rows[-1])
    return rows


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write all rows into one Parquet file.

    Raises
    ------
    SettingError
        If pyarrow is not installed.
    FileFormatError
        If the file cannot be written.
    """
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        raise SettingError("Parquet files need pyarrow: pip install 'polyae[table]'") from error
    with whole_file(path) as file:
        parquet.write_table(arrow.Table.from_pylist([vars(row) for row in rows]), file)


def read_rows(path: Path) -> list[Row]:
    """Rows of a file that :func:`write_rows` wrote.

    Raises
    ------
    FileFormatError
        If it is missing or not such a file.
    """
    from pyarrow import ArrowException, parquet

    try:
        return [Row(**row) for row in parquet.read_table(path).to_pylist()]
    except (OSError, ArrowException, TypeError) as error:
        raise FileFormatError(f"{path} is not a table of runs: {error}") from error


def _best(rows: Sequence[Row]) -> list[Row]:
    """Runs of the setting (λ, noise) with the least mean validation error; runs that diverged count as infinite."""
    groups = defaultdict(list)
    for row in rows:
        groups[row.weight, row.noise].append(row)
    errors = {key: np.mean([r.validation_error for r in group]) for key, group in groups.items()}
    return groups[min(errors, key=lambda key: math.inf if math.isnan(errors[key]) else errors[key])]


def setting_text(model: str, weight: float, noise: float) -> str:
    """λ and σ as far as they concern a model, each after a comma.

    Examples
    --------
    >>> setting_text("contractive", 10.0, 0.1), setting_text("ae", 1.0, 0.1)
    (', λ 10, σ 0.1', '')
    """
    penalty, blur = f", λ {weight:g}", f", σ {noise:g}"
    return {"ae": "", "denoising": blur, "contractive": penalty + blur}.get(model, penalty)


def _cell(data: str, model: ModelName, rows: Sequence[Row]) -> str:
    if not rows:
        return "-"
    best = _best(rows)
    errors = 100 * np.array([row.test_error for row in best])
    if np.isnan(errors).any():
        return "diverged"
    setting = setting_text(model, best[0].weight, best[0].noise)
    spread = f" ± {errors.std(ddof=1):.2f}" if len(errors) > 1 else ""
    theirs = paper_figure(data.partition(",")[0].partition(" ")[0], model)
    paper = "" if theirs is None else f" ({theirs[0]:g} ± {theirs[1]:g})"
    return f"{errors.mean():.2f}{spread}{setting}{paper}"


def markdown(rows: Sequence[Row]) -> str:
    """Test errors times 100, mean ± standard deviation over seeds at the best setting, the paper's in brackets."""
    models = list(dict.fromkeys(row.model for row in rows))
    lines = ["| data | " + " | ".join(models) + " |", "|---" * (len(models) + 1) + "|"]
    for data in dict.fromkeys(row.data for row in rows):
        cells = [_cell(data, m, [r for r in rows if (r.data, r.model) == (data, m)]) for m in models]  # type: ignore[arg-type]
        lines.append(f"| {data} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
