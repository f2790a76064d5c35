"""Exact against sampled neighbours at equal steps and at equal time."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from polyae.errors import FileFormatError
from polyae.training.equal_time import Comparison, compare, comparison_markdown, within
from polyae.training.protocol import ModelName, RunSettings
from polyae.training.runs import METRICS, Epoch, read_metrics
from polyae.training.synthetic import synthetic_control
from polyae.training.table import Table, plan, run_folder

DATA = synthetic_control(num_train=24, num_test=12)  # 19 to train on: 3 steps an epoch of 8
SMALL = RunSettings(epochs=4, batch_size=8, hidden=(8,), latent_dim=2, num_generators=1)
MODELS: tuple[ModelName, ...] = ("second order sampled", "second order exact")


def epochs(seconds: float, validation: list[float], test: list[float]) -> list[Epoch]:
    pairs = zip(validation, test, strict=True)
    return [Epoch(i, 1.0, 1.0, v, t, 9.0, seconds) for i, (v, t) in enumerate(pairs)]


def write(folder: Path, found: list[Epoch]) -> None:
    folder.mkdir(parents=True)
    (folder / METRICS).write_text(json.dumps({"epochs": [asdict(e) for e in found]}))


def test_epochs_within_a_time() -> None:
    found = epochs(2.0, [1.0] * 4, [1.0] * 4)
    assert [len(within(found, t)) for t in (0.5, 3.9, 4.0, 7.0, 100.0)] == [1, 1, 2, 3, 4]


def test_exact_runs_are_cut_where_the_sampled_run_ended(tmp_path: Path) -> None:
    table = Table([DATA], plan(MODELS, runs=2, weights=[0.1, 1.0], noises=[0.1], common=SMALL))
    for settings in table.settings:
        if settings.weight == 1.0 and settings.seed == 0:
            exact = settings.model == "second order exact"
            # The best exact epoch is the last, beyond the time of the sampled run.
            validation, test = ([4, 2, 3, 1], [0.8, 0.6, 0.7, 0.5]) if exact else ([1, 2, 3, 4], [0.9, 0.1, 0.1, 0.1])
            write(run_folder(tmp_path, DATA.name, settings), epochs(3.0 if exact else 1.5, validation, test))
        elif settings.weight == 1.0:
            write(run_folder(tmp_path, DATA.name, settings), epochs(1.0, [1.0] * 3, [0.0] * 3))  # not finished
    (found,) = compare(table, tmp_path)  # nothing to compare at the other λ and for the other seed
    assert found == Comparison(DATA.name, 1.0, [0.9], [0.5], [0.6], 2.0, 0.5, 1.0)
    assert "| 1 | 90.00 | 50.00 | 60.00 | 2 | 500.0 / 1000.0 |" in comparison_markdown([found])


def test_damaged_metrics_are_named(tmp_path: Path) -> None:
    assert read_metrics(tmp_path) == []
    (tmp_path / METRICS).write_text("{")
    with pytest.raises(FileFormatError, match=METRICS):
        read_metrics(tmp_path)
