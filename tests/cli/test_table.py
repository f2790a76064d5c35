"""``polyae table``, and ``polyae train`` for the models of the protocol."""

import json
from pathlib import Path

import pytest

from polyae import read_network
from tests.cli.conftest import Polyae

SMALL = ("--epochs", 1, "--hidden", "8", "--latent", 2)
TABLE = (*SMALL, "--datasets", "control", "--runs", 1, "--lambdas", "1", "--noises", "0.1", "--json")


def test_table_and_its_resumption(cli: Polyae, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    out = tmp_path / "t.parquet"
    options = ("--batched", "--models", "ae,second-order-exact", "--neighbours", 1, "--out", out, *TABLE)
    first = cli("table", *options)
    assert first.code == 0 and first.json["runs"] == 2 and "2 runs, " in first.err
    assert " in all" in first.err and "second order exact, λ 1, seed 0: test error " in first.err
    assert ", ae, seed 0: test error " in first.err and first.json["seconds"] > 0
    text = (tmp_path / "t.md").read_text(encoding="utf-8")
    assert "over 1 run (the paper" in text and "1 epoch (the paper" in text
    assert "(95.61 ± 1.3)" in text and "(86.83 ± 0.6)" in text and "1 random neighbours" in text
    assert cli("table", *options).code == 0
    assert (tmp_path / "t.md").read_text(encoding="utf-8") == text


def test_projection_alone(cli: Polyae, tmp_path: Path) -> None:
    answer = cli("table", "--models", "ae", "--dry-run", "--out", tmp_path / "t.parquet", *TABLE)
    assert answer.json["runs"] == 1 and answer.json["projected_seconds"] > 0
    assert "1 run, " in answer.err and " s in all" in answer.err and "min" not in answer.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model", ["denoising", "contractive", "first-order", "second-order-sampled"])
def test_train_a_model_of_the_protocol(cli: Polyae, tmp_path: Path, model: str) -> None:
    out, encoder = tmp_path / "net.json", tmp_path / "encoder.json"
    answer = cli("train", "--model", model, "--data", "control", "--out", out, "--encoder", encoder, *SMALL, "--json")
    assert answer.code == 0, answer
    assert repr(read_network(out)) == "Network(2-8-60, 8 units)"
    assert repr(read_network(encoder)) == "Network(60-8-2, 8 units)"
    epochs = json.loads(Path(answer.json["metrics"]).read_text())["epochs"]
    assert epochs[answer.json["best_epoch"]]["test_error"] == answer.json["test_error"]


def test_data_files(cli: Polyae, tmp_path: Path) -> None:
    folder = tmp_path / "Tiny"
    folder.mkdir()
    for part in ("TRAIN", "TEST"):
        (folder / f"Tiny_{part}.tsv").write_text("1\t1.0\t2.0\n2\t0.5\t0.25\n")
    common = ("--root", tmp_path, "--data", "Tiny", *SMALL)
    assert cli("train", "--out", tmp_path / "a.json", *common, "--json").code == 0
    assert repr(read_network(tmp_path / "a.json")) == "Network(2-8-2, 8 units)"
    (folder / "Tiny_TEST.tsv").unlink()
    assert cli("train", "--out", tmp_path / "a.json", *common).complains("Tiny_TEST.tsv", "UCR")


def test_bad_options(cli: Polyae, tmp_path: Path) -> None:
    out = tmp_path / "t.parquet"
    assert cli("table", "--out", tmp_path / "none" / "t.parquet").complains("no folder")
    assert cli("table", "--out", tmp_path / "t.csv").complains("t.csv", ".parquet")
    assert cli("table", "--out", out, "--datasets", "CBF").complains("--datasets CBF", "--root")
    assert cli("table", "--out", out, "--models", "vae").complains("--model vae")
    assert cli("table", "--out", out, "--neighbours", -1).complains("--neighbours")
    assert cli("table", "--out", out, "--runs", 0).complains("at least")
    assert cli("table", "--out", out, "--lambdas", "x").complains("--lambdas x")
