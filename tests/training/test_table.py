"""Tables of runs: plan, resumption, choice of the best setting, and the command."""

import math
from pathlib import Path

import pytest

from polyae.errors import FileFormatError, SettingError
from polyae.training.paper_table import paper_figure
from polyae.training.protocol import ModelName, RunSettings
from polyae.training.runs import read_metrics, run
from polyae.training.synthetic import synthetic_control
from polyae.training.table import Row, Table, fill, markdown, plan, projected_seconds, read_rows, run_folder, write_rows

DATA = synthetic_control(num_train=24, num_test=12)
SMALL = RunSettings(epochs=2, batch_size=8, hidden=(8,), latent_dim=2, num_generators=1)


def small_table() -> Table:
    return Table([DATA], plan(["ae", "contractive"], runs=2, weights=[0.1, 1.0], noises=[0.1], common=SMALL))


def without_time(rows: list[Row]) -> list[tuple[object, ...]]:
    return [tuple(v for k, v in vars(row).items() if "seconds" not in k) for row in rows]


def test_plan_varies_what_concerns_a_model() -> None:
    models: tuple[ModelName, ...] = ("ae", "denoising", "contractive", "first order")
    settings = plan(models, runs=3, weights=[1.0, 2.0], noises=[0.1, 0.2, 0.5])
    assert [sum(s.model == m for s in settings) for m in models] == [3, 9, 18, 6]
    assert {s.seed for s in settings} == {0, 1, 2} and len(set(settings)) == 36
    with pytest.raises(SettingError, match="at least"):
        plan(["ae"], runs=0, weights=[1.0], noises=[0.1])


def test_a_stopped_table_goes_on_to_the_same_rows(tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    seen: list[Row] = []

    def kill(row: Row) -> None:
        seen.append(row)
        if len(seen) == 3:
            raise Killed

    whole = fill(small_table(), tmp_path / "whole")
    with pytest.raises(Killed):
        fill(small_table(), tmp_path / "stopped", kill)
    resumed = fill(small_table(), tmp_path / "stopped")
    assert len(whole) == 6 and without_time(whole) == without_time(resumed)
    assert [row.seconds for row in resumed[:3]] == [row.seconds for row in seen]  # not run again
    assert whole[0].test_error == run(DATA, small_table().settings[0]).test_error


def test_a_batched_table_has_the_same_rows_up_to_rounding(tmp_path: Path) -> None:
    single, batched = fill(small_table(), tmp_path / "a"), fill(small_table(), tmp_path / "b", batched=True)
    again = fill(small_table(), tmp_path / "b", batched=True)
    assert without_time(batched) == without_time(again)
    for a, b in zip(single, batched, strict=True):
        assert (a.model, a.weight, a.seed, a.epochs) == (b.model, b.weight, b.seed, b.epochs)
        assert b.test_error == pytest.approx(a.test_error, rel=1e-4) and b.processor_seconds > 0
    for settings in small_table().settings:
        assert len(read_metrics(run_folder(tmp_path / "b", DATA.name, settings))) == 2
    wild = Table([DATA], plan(["denoising"], runs=1, weights=[1.0], noises=[0.1, 1e30], common=SMALL))
    fine, lost = fill(wild, tmp_path / "c", batched=True)
    assert math.isnan(lost.test_error) and fine.epochs == 2


def test_rows_survive_a_file(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    rows = [Row("CBF", "ae", 1.0, 0.1, seed, 3, 2, 0.5, 0.25, 1.5, 1.25) for seed in range(2)]
    write_rows(rows, tmp_path / "a.parquet")
    assert read_rows(tmp_path / "a.parquet") == rows
    (tmp_path / "b.parquet").write_bytes(b"no table")
    for name in ("b.parquet", "c.parquet"):
        with pytest.raises(FileFormatError, match=name):
            read_rows(tmp_path / name)


def test_markdown_takes_the_best_setting_by_validation() -> None:
    def rows(weight: float, validation: float, tests: list[float]) -> list[Row]:
        return [Row("CBF", "first order", weight, 0.1, s, 9, 5, validation, t, 1.0, 1.0) for s, t in enumerate(tests)]

    text = markdown(rows(1.0, 0.4, [0.5, 0.6]) + rows(10.0, 0.3, [0.7, 0.9]) + rows(100.0, math.nan, [math.nan] * 2))
    # Mean 80, standard deviation 100 * sqrt(0.02); the worse test error does not matter, nor do runs that diverged.
    assert "80.00 ± 14.14, λ 10 (43.99 ± 1.2)" in text
    assert "diverged" in markdown(rows(1.0, math.nan, [math.nan]))


def test_diverged_runs_are_rows(tmp_path: Path) -> None:
    settings = plan(["ae"], runs=1, weights=[1.0], noises=[0.1], common=RunSettings(epochs=2, learning_rate=1e30))
    (row,) = fill(Table([DATA], settings), tmp_path)
    assert math.isnan(row.test_error) and row.epochs == 0


def test_projection_multiplies_the_measured_step() -> None:
    (ae, contractive) = projected_seconds(small_table())
    # 24 data, 5 for validation, batches of 8: 3 steps an epoch, 2 epochs, 2 and 4 runs.
    assert ae[3] == pytest.approx(ae[2] * 12) and contractive[3] == pytest.approx(contractive[2] * 24)


def test_figures_of_the_paper(reference: Path) -> None:
    """Every figure of the reference table, cell by cell."""
    columns = ("ae", "denoising", "contractive", "first order", "second order exact")
    checked = 0
    for line in (reference / "paper_table1.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if "±" not in line or len(cells) != 6:
            continue
        name = cells[0].partition("(")[2].rstrip(")") or cells[0]
        for model, cell in zip(columns, cells[1:], strict=True):
            expected = None if cell == "-" else tuple(float(x) for x in cell.split("±"))
            assert paper_figure(name, model) == expected, (name, model)  # type: ignore[arg-type]
            checked += 1
    assert checked == 75
