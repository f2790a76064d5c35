from pathlib import Path

import numpy as np
import pytest
import torch

import polyae
from polyae.training.data import digits

from .conftest import DATA, Polyae


def test_neighbours(cli: Polyae, cross: Path) -> None:
    answer = cli("neighbours", cross, "--at", "1,-2", "--json")
    assert answer.code == 0
    assert answer.json["pattern"] == "10"
    assert answer.json["neighbours"] == [
        {"pattern": "00", "flipped": [0], "distance": 1.0},
        {"pattern": "11", "flipped": [1], "distance": 2.0},
    ]


def test_neighbours_in_a_domain_and_from_a_file(cli: Polyae, cross: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "code.npy", np.array([1.0, -2.0]))
    answer = cli("neighbours", cross, "--at", f"@{tmp_path / 'code.npy'}", "--box", "0.5,-3", "3,3", "--json")
    assert [near["flipped"] for near in answer.json["neighbours"]] == [[1]]


def test_info(cli: Polyae) -> None:
    path = DATA / "digits_leaky_3-5-6-64.json"
    answer, net = cli("info", path, "--json").json, polyae.read_network(path)
    assert (answer["input_dim"], answer["output_dim"], answer["units"]) == (3, 64, 11)
    assert answer["parameters"] == 3 * 5 + 5 + 5 * 6 + 6 + 6 * 64 + 64
    assert [layer["outputs"] for layer in answer["layers"]] == [5, 6, 64]
    assert answer["digest"] == net.digest
    assert cli("info", "points.npy").complains("points.npy", ".json or .safetensors", "saved complex in .npz")


@pytest.mark.parametrize("suffix", ["json", "safetensors"])
def test_train(cli: Polyae, tmp_path: Path, suffix: str) -> None:
    out, encoder = tmp_path / f"decoder.{suffix}", tmp_path / f"encoder.{suffix}"
    answer = cli("train", "--hidden", "16,8", "--epochs", 5, "--out", out, "--encoder", encoder, "--json")
    assert answer.code == 0
    decoder, coder = polyae.read_network(out), polyae.read_network(encoder)
    assert (decoder.input_dim, decoder.num_units, decoder.output_dim) == (2, 24, 64)
    test = digits(seed=0).test
    assert answer.json["test_error"] == pytest.approx(((coder >> decoder)(test) - test).__pow__(2).mean(), rel=1e-5)
    assert answer.json["test_error"] < ((test - test.mean(axis=0)) ** 2).mean() * 1.2


def test_train_depends_on_its_seed_alone(cli: Polyae, tmp_path: Path) -> None:
    torch.manual_seed(5)
    files = [tmp_path / name for name in ("a.json", "b.json", "c.json")]
    for path, seed in zip(files, (3, 3, 4), strict=True):
        cli("train", "--hidden", "8", "--epochs", 1, "--seed", seed, "--out", path)
        torch.manual_seed(6)
    first, again, other = (polyae.read_network(path) for path in files)
    assert first == again
    assert first != other


def test_train_with_exact_neighbours(cli: Polyae, tmp_path: Path) -> None:
    plain, lie = tmp_path / "plain.json", tmp_path / "lie.json"
    common = ["--data", "seven", "--latent", 1, "--hidden", "8", "--epochs", 2, "--json"]
    assert cli("train", "--out", plain, *common).code == 0
    answer = cli("train", "--model", "lie", "--codes", 2, "--out", lie, *common)
    assert (answer.code, answer.json["steps"]) == (0, 8)
    assert polyae.read_network(lie).input_dim == 1
    assert polyae.read_network(lie) != polyae.read_network(plain)
