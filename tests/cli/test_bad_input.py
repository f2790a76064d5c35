"""Every bad input ends in exit code 2 and one line on standard error that names the offender."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from .conftest import DATA, Polyae

PLANE = DATA / "generic_2-8-8-4.json"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["Missing command"]),
        (["enumarate"], ["enumarate"]),
        (["enumerate"], ["NET"]),
        (["enumerate", "nowhere.json", "--space"], ["nowhere.json", "No such file"]),
        (["enumerate", PLANE], ["--box", "--space"]),
        (["enumerate", PLANE, "--spaec"], ["--spaec"]),
        (["enumerate", PLANE, "--box", "1"], ["--box"]),
        (["enumerate", PLANE, "--box", "1", "-1"], ["empty or flat"]),
        (["enumerate", PLANE, "--box", "0,0", "1,0"], ["axis 1"]),
        (["enumerate", PLANE, "--box", "a", "1"], ["--box", "a,b,c"]),
        (["enumerate", PLANE, "--box", "-inf", "1"], ["finite"]),
        (["enumerate", PLANE, "--box", "0,0,0", "1,1,1"], ["dimension 3", "2 inputs"]),
        (["enumerate", PLANE, "--box", "@nowhere.npy", "1"], ["nowhere.npy", "No such file"]),
        (["enumerate", PLANE, "--box", "0", "1", "--space"], ["--box and --space"]),
        (["enumerate", PLANE, "--ball", "0,0", "0"], ["radius"]),
        (["enumerate", PLANE, "--ball", "0,0", "1,2"], ["one number"]),
        (["enumerate", PLANE, "--ball", "0,0", "1", "--norm", "3"], ["--norm 3"]),
        (["enumerate", PLANE, "--space", "--norm", "1"], ["--norm", "--ball"]),
        (["enumerate", PLANE, "--polytope", "nowhere.npz"], ["nowhere.npz"]),
        (["enumerate", PLANE, "--space", "--engine", "none"], ["none"]),
        (["enumerate", PLANE, "--space", "--solver", "none"], ["none"]),
        (["enumerate", PLANE, "--space", "--arithmetic", "none"], ["none"]),
        (["enumerate", PLANE, "--space", "--max-regions", "0"], ["max_regions"]),
        (["enumerate", PLANE, "--space", "--max-regions", "many"], ["--max-regions"]),
        (["enumerate", PLANE, "--space", "--max-seconds", "-1"], ["max_seconds"]),
        (["enumerate", PLANE, "--space", "--out", "nowhere/x.npz"], ["nowhere"]),
        (["enumerate", PLANE, "--space", "--out", "a" * 300 + ".npz"], ["too long"]),
        (["enumerate", PLANE, "--space", "--graphml", DATA], ["Is a directory"]),
        (["enumerate", PLANE, "--resume", "nowhere.npz"], ["nowhere.npz"]),
        (["enumerate", "complex.npz", "--space"], ["complex.npz", ".json", "saved complex"]),
        (["neighbours", PLANE], ["--at"]),
        (["neighbours", PLANE, "--at", "0"], ["--at has shape (1,), expected (2,)"]),
        (["neighbours", PLANE, "--at", "0,nan"], ["finite"]),
        (["neighbours", PLANE, "--at", "3,3", "--box", "-1", "1"], ["domain"]),
        (["info", "nowhere.json"], ["nowhere.json"]),
        (["info", "nowhere.npz"], ["nowhere.npz"]),
        (["info", "net.onnx"], ["net.onnx", ".safetensors"]),
        (["train"], ["--out"]),
        (["train", "--out", "net.txt"], ["net.txt", ".json"]),
        (["train", "--out", "nowhere/net.json"], ["nowhere"]),
        (["train", "--out", "net.json", "--model", "none"], ["--model none"]),
        (["train", "--out", "net.json", "--data", "none"], ["--data none"]),
        (["train", "--out", "net.json", "--hidden", "8,-1"], ["--hidden 8,-1"]),
        (["train", "--out", "net.json", "--latent", "0"], ["width"]),
        (["train", "--out", "net.json", "--epochs", "0"], ["epochs"]),
        (["train", "--out", "net.json", "--seed", "-1"], ["--seed"]),
        (["train", "--out", "net.json", "--encoder", "./net.json"], ["--encoder", "--out"]),
        (["train", "--out", "net.json", "--latent", "999999999999"], ["out of memory"]),
        (["count", PLANE, "--centre", "0,0", "--radii", "1", "--seed", "-1"], ["seed", "at least 0, got -1"]),
        (["figure", "1", "--out", "f.png", "--seed", "-1"], ["--seed", "at least 0, got -1"]),
        (["bound", PLANE, "--study", "folder"], ["--study", "NET"]),
    ],
    ids=lambda value: " ".join(str(getattr(v, "name", v)) for v in value),
)
def test_one_line_names_the_offender(
    cli: Polyae, arguments: list[object], words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = cli(*arguments)
    assert answer.complains(*words), answer.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("json", [[], ["--json"]])
def test_a_file_cut_off(cli: Polyae, tmp_path: Path, json: list[str]) -> None:
    path = tmp_path / "cut.json"
    path.write_text(PLANE.read_text()[:200])
    assert cli("enumerate", path, "--space", *json).complains("cut.json", "cut off")


@pytest.fixture
def complexes(cli: Polyae, tmp_path: Path) -> tuple[Path, Path]:
    """A complex, and the first part of its file."""
    whole, cut = tmp_path / "whole.npz", tmp_path / "cut.npz"
    assert cli("enumerate", PLANE, "--box", -1, 1, "--out", whole).code == 0
    cut.write_bytes(whole.read_bytes()[:300])
    return whole, cut


def test_complexes_cut_off(cli: Polyae, complexes: tuple[Path, Path]) -> None:
    _, cut = complexes
    assert cli("info", cut).complains("cut.npz")
    assert cli("enumerate", PLANE, "--resume", cut).complains("cut.npz")


def test_a_complex_of_another_kind(cli: Polyae, complexes: tuple[Path, Path]) -> None:
    whole, _ = complexes
    assert cli("enumerate", PLANE, "--resume", whole, "--box", -2, 2).complains("another network or domain")
    assert cli("enumerate", PLANE, "--polytope", whole).complains("'A'")


def test_arrays_cut_off(cli: Polyae, complexes: tuple[Path, Path], tmp_path: Path) -> None:
    assert cli("enumerate", PLANE, "--polytope", complexes[1]).complains("cut.npz")
    vector = tmp_path / "v.npy"
    np.save(vector, np.zeros(2))
    vector.write_bytes(vector.read_bytes()[:-3])
    assert cli("neighbours", PLANE, "--at", f"@{vector}").complains("v.npy")
    np.save(vector, np.zeros((2, 2)))
    assert cli("neighbours", PLANE, "--at", f"@{vector}").complains("vector")
    np.save(vector, np.array(["a", "b"]))
    assert cli("neighbours", PLANE, "--at", f"@{vector}").complains("real numbers")


def test_complex_inequalities_are_refused(cli: Polyae, tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", A=np.eye(2) * 1j, b=np.ones(2))
    assert cli("enumerate", PLANE, "--polytope", tmp_path / "p.npz").complains("p.npz", "complex")


def test_a_byte_order_mark_is_no_hindrance(cli: Polyae, tmp_path: Path) -> None:
    path = tmp_path / "bom.json"
    path.write_text(PLANE.read_text(), encoding="utf-8-sig")
    assert cli("info", path).code == 0


def test_flat_and_empty_polytopes(cli: Polyae, tmp_path: Path) -> None:
    path = tmp_path / "p.npz"
    for b in ([1, -1, 1, 1], [1, -2, 1, 1]):
        np.savez(path, A=[[1, 0], [-1, 0], [0, 1], [0, -1]], b=b)
        assert cli("enumerate", PLANE, "--polytope", path).complains("empty or flat")


def test_the_installed_command() -> None:
    """The same through a process of its own: exit code, one line, nothing on standard output."""
    code = "from polyae.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "info", "nowhere.json"], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "polyae: nowhere.json: No such file or directory\n"


@pytest.mark.parametrize(("target", "code", "said"), [("closed", 141, ""), ("/dev/full", 2, "No space left on device")])
def test_output_that_goes_nowhere(target: str, code: int, said: str) -> None:
    """A reader that has gone, and a disk that is full: no traceback, not even at exit."""
    if target == "closed":
        reader, writer = os.pipe()
        os.close(reader)
    elif not Path(target).exists():
        pytest.skip(f"there is no {target}")
    else:
        writer = os.open(target, os.O_WRONLY)
    command = [sys.executable, "-m", "polyae", "info", str(PLANE), "--json"]
    try:
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (code, f"polyae: {said}\n" if said else "")
