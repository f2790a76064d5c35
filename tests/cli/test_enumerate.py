import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest

import polyae
from polyae.cli.stopping import StopSignals
from polyae.engines import reference
from polyae.engines.enumeration import Status

from .conftest import DATA, Polyae
from .test_progress import Terminal

KEYS = {
    "regions", "linear_regions", "distinct_affine_maps", "adjacent_pairs", "complete", "guarantee", "engine", "seconds",
}  # fmt: skip


GOLDENS = json.loads((DATA / "goldens.json").read_text())
COUNTS = ("regions", "adjacent_pairs", "distinct_affine_maps", "linear_regions")


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden["name"])
def test_counts_of_the_rational_brute_force(cli: Polyae, golden: dict) -> None:
    answer = cli("enumerate", DATA / f"{golden['name']}.json", "--box", *golden["box"], "--json")
    assert {name: answer.json[name] for name in COUNTS} == {name: golden[name] for name in COUNTS}


@pytest.mark.parametrize(
    ("domain", "regions", "pairs"),
    [
        (["--box", "-1", "1"], 4, 4),
        (["--box", "-1,-2", "1,3"], 4, 4),
        (["--box", "0.5,-2", "1,3"], 2, 1),
        (["--ball", "0,0", "1"], 4, 4),
        (["--ball", "1,1", "1", "--norm", "2"], 1, 0),
        (["--ball", "1,1", "1.1", "--norm", "1"], 3, 2),
        (["--ball", "1,1", "1.1", "--norm", "inf"], 4, 4),
        (["--space"], 4, 4),
    ],
)
def test_quadrants(cli: Polyae, cross: Path, domain: list[str], regions: int, pairs: int) -> None:
    answer = cli("enumerate", cross, *domain, "--json")
    assert answer.code == 0
    assert answer.json.keys() >= KEYS
    assert (answer.json["regions"], answer.json["adjacent_pairs"]) == (regions, pairs)
    assert answer.json["complete"] is True
    assert answer.json["guarantee"] == "exact"


def test_numbers_of_faces(cli: Polyae, cross: Path, tmp_path: Path) -> None:
    answer = cli("enumerate", cross, "--box", "-1", "1", "--out", tmp_path / "cross.npz", "--json")
    assert (answer.json["engine"], answer.json["f_vector"]) == ("subdivide", [9, 12, 4])
    assert answer.json["euler_characteristic"] == 1
    assert cli("info", tmp_path / "cross.npz", "--json").json["complex"]["f_vector"] == [9, 12, 4]
    lines = [line.split(maxsplit=2) for line in cli("info", tmp_path / "cross.npz").out.splitlines()]
    assert ["f", "vector", "9 12 4"] in lines and all(len(words) < 3 or len(words[2]) < 100 for words in lines)
    assert cli("enumerate", cross, "--box", "-1", "1", "--engine", "march", "--json").json["f_vector"] is None
    assert cli("enumerate", cross, "--ball", "0,0", "1", "--norm", "1", "--json").json["f_vector"] == [5, 8, 4]


def test_picture_of_a_plane(cli: Polyae, cross: Path, tmp_path: Path) -> None:
    out = tmp_path / "plane.png"
    assert cli("enumerate", cross, "--box", "-1", "1", "--figure", out).code == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    assert cli("enumerate", cross, "--space", "--figure", tmp_path / "none.png").complains("unbounded", "Box")
    assert cli("enumerate", cross, "--box", "-1", "1", "--figure", tmp_path / "none.pdf").complains("none.pdf", ".png")
    assert sorted(path.name for path in tmp_path.glob("*.p*")) == ["plane.png"]


@pytest.mark.parametrize(
    ("domain", "engine"),
    [
        (["--box", "-1", "1"], "subdivide"),
        (["--ball", "0,0", "1", "--norm", "1"], "subdivide"),
        (["--ball", "0,0", "1", "--norm", "inf"], "subdivide"),
        (["--ball", "0,0", "1"], "march"),
        (["--space"], "march"),
        (["--box", "-1", "1", "--max-regions", "3"], "march"),
    ],
)
def test_which_engine_auto_takes(cli: Polyae, cross: Path, domain: list[str], engine: str) -> None:
    assert cli("enumerate", cross, *domain, "--json").json["engine"] == engine


def test_polytope_and_vector_files(cli: Polyae, cross: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "triangle.npz", A=[[-1, 0], [0, -1], [1, 1]], b=[1, 1, 0])
    answer = cli("enumerate", cross, "--polytope", tmp_path / "triangle.npz", "--json")
    assert answer.json["regions"] == 3  # the triangle only touches the quadrant of two positive numbers
    np.save(tmp_path / "lo.npy", np.array([-1.0, 0.5]))
    assert cli("enumerate", cross, "--box", f"@{tmp_path / 'lo.npy'}", "1", "--json").json["regions"] == 2


def test_options(cli: Polyae, cross: Path) -> None:
    options = ["--engine", "reference", "--solver", "scipy", "--arithmetic", "float"]
    answer = cli("enumerate", cross, "--box", -1, 1, *options, "--json")
    assert (answer.json["regions"], answer.json["engine"], answer.json["guarantee"]) == (4, "reference", "float")


def test_text_for_people(cli: Polyae, cross: Path) -> None:
    answer = cli("enumerate", cross, "--space")
    assert answer.code == 0
    assert "regions               4\n" in answer.out


@pytest.mark.parametrize("strict", [False, True])
def test_partial(cli: Polyae, cross: Path, strict: bool) -> None:
    answer = cli("enumerate", cross, "--space", "--max-regions", 2, "--json", *["--strict"] * strict)
    assert answer.code == int(strict)
    assert answer.json["regions"] == 2
    assert answer.json["complete"] is False
    assert answer.json["guarantee"] == "partial"
    assert "max_regions" in answer.json["status"]


def test_strict_is_content_with_all(cli: Polyae, cross: Path) -> None:
    assert cli("enumerate", cross, "--space", "--strict", "--json").code == 0


def test_save_resume_and_graph(cli: Polyae, cross: Path, tmp_path: Path) -> None:
    part, whole, graph = (tmp_path / name for name in ("part.npz", "whole.npz", "graph.graphml"))
    cli("enumerate", cross, "--box", -1, 1, "--max-regions", 2, "--out", part)
    assert len(polyae.load(part)) == 2
    answer = cli("enumerate", cross, "--resume", part, "--out", whole, "--graphml", graph, "--json")
    assert (answer.json["regions"], answer.json["complete"]) == (4, True)
    assert polyae.load(whole).complete
    assert nx.is_isomorphic(nx.read_graphml(graph), nx.cycle_graph(4))
    info = cli("info", whole, "--json")
    assert info.json["complex"]["regions"] == 4
    assert info.json["units"] == 2


def test_interrupt_keeps_what_is_found(cli: Polyae, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expansions = iter(range(5))

    def interrupt(*arguments: object) -> object:
        if next(expansions, None) is None:
            raise KeyboardInterrupt
        return original(*arguments)

    original = reference.cross_facets
    monkeypatch.setattr("polyae.engines.reference.cross_facets", interrupt)
    monkeypatch.setattr("polyae.cli.enumeration.sys", SimpleNamespace(stderr=(screen := Terminal())))
    net, out = DATA / "digits_2-8-12-64.json", tmp_path / "part.npz"
    answer = cli("enumerate", net, "--box", -1, 1, "--engine", "reference", "--out", out, "--json", "--strict")
    assert answer.code == 1
    assert "interrupted" in answer.json["status"]
    assert 1 < answer.json["regions"] == len(polyae.load(out)) < 82
    assert polyae.load(out).status is Status.INTERRUPTED
    assert "polyae: interrupted; saving" in screen.getvalue()


SLOW_MARCH = """
from polyae.cli.app import main
from polyae.complex import checkpoints

checkpoints.STAGE_SECONDS = 0.2
main()
"""


@pytest.mark.parametrize(("how", "code", "status"), [
    (signal.SIGTERM, 143, Status.INTERRUPTED),
    (signal.SIGINT, 130, Status.INTERRUPTED),
    (signal.SIGKILL, -signal.SIGKILL, Status.CHECKPOINT),
])  # fmt: skip
def test_a_killed_run_goes_on_from_its_file(
    cli: Polyae, tmp_path: Path, how: signal.Signals, code: int, status: Status
) -> None:
    net, out = DATA / "integer_4-6-5-3.json", tmp_path / "part.npz"
    options = ["--space", "--engine", "reference", "--out", str(out)]
    command = [sys.executable, "-c", SLOW_MARCH, "enumerate", str(net), *options, "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while not out.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(how)
    printed = process.communicate()[0]
    assert process.returncode == code
    part = polyae.load(out)
    assert how is signal.SIGKILL or json.loads(printed)["regions"] == len(part)
    assert part.status is status and not part.complete
    assert cli("enumerate", net, "--resume", out, "--json").json["regions"] == 442


def test_the_first_signal_names_the_exit_code() -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        signals = StopSignals()
        signals.listen()
        assert signals.exit_code(1) == 1
        for number in (signal.SIGTERM, signal.SIGINT):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(number)
        assert signals.exit_code(0) == signals.exit_code(1) == 143
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a background job of a shell
        StopSignals().listen()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_an_interrupted_subdivision_leaves_files_as_they_are(
    cli: Polyae, cross: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    out, graph = tmp_path / "found.npz", tmp_path / "found.graphml"
    command = ("enumerate", cross, "--box", -1, 1, "--out", out, "--graphml", graph)
    assert cli(*command).code == 0
    before = out.read_bytes(), graph.read_bytes()
    monkeypatch.setattr("polyae.engines.subdivide.engine._subdivided", interrupt)
    answer = cli(*command, "--strict")
    assert answer.code == 1
    assert "interrupted while subdividing" in answer.out
    assert (out.read_bytes(), graph.read_bytes()) == before


def test_an_interrupt_with_nothing_to_keep_is_told(
    cli: Polyae, cross: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("polyae.cli.info.read_network", interrupt)
    answer = cli("info", cross)
    assert (answer.code, answer.out, answer.err) == (130, "", "polyae: interrupted\n")
