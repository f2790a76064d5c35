"""Files that are cut off, garbled or absurd: one of two exceptions, soon, and no proof of anything false."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from polyae import Space
from polyae.check import MALFORMED, FalseStatement, Unreadable, check, main, parse_network
from tests.certificates.forge import Forgery, certified
from tests.engines.zoo import DATA, cube, data_network

#: Seconds that any of these files may take; they hold a few dozen regions.
PATIENCE = 10.0
ABSURD = [
    None, True, False, 0, -1, 1, 7, 10**18, 10**400, -(10**400), 0.5, 1e308, 5e-324, "", "x", "1/0", "1e999", "0 0 0",
    "1 1 -1", "1 1 1", "f" * 100_000, " ".join(["f" * 100_000] * 3), "0" * 16, "1" * 16, [], [[]], [0], ["1"],
    [1e308, 5e-324], [[[[[]]]]], {}, {"a": 1},
]  # fmt: skip


@pytest.fixture(scope="module")
def small() -> Forgery:
    return certified(data_network("line_1-8-6-3"), cube(1, -2, 2))


@pytest.fixture(scope="module")
def plane() -> Forgery:
    return certified(data_network("duplicate_2-8-6-3"), Space(2))


def answer(path: Path, network: Any) -> str | None:
    """What is proved, or None; in good time."""
    began = time.monotonic()
    try:
        return check(path, network).statement
    except (FalseStatement, Unreadable):
        return None
    finally:
        assert time.monotonic() - began < PATIENCE


def test_every_truncation_is_refused(small: Forgery, tmp_path: Path, cases: Callable[[int, int], int]) -> None:
    text = small.write(tmp_path / "whole").read_bytes()
    draw = random.Random(3)
    for cut in draw.sample(range(len(text) - 1), cases(150, 1500)):
        (tmp_path / "cut").write_bytes(text[:cut])
        assert answer(tmp_path / "cut", small.network) is None, cut


def test_garbled_bytes_prove_nothing_else(plane: Forgery, tmp_path: Path, cases: Callable[[int, int], int]) -> None:
    """A changed digit of a point may leave it where it proves the same."""
    text = plane.write(tmp_path / "whole").read_bytes()
    truth = answer(tmp_path / "whole", plane.network)
    draw = random.Random(4)
    for _ in range(cases(150, 2000)):
        garbled = bytearray(text)
        for place in draw.sample(range(len(text)), draw.choice([1, 1, 1, 2, 5, 50])):
            garbled[place] = draw.choice(b'0123456789-.eE,:"[]{}ntx \n\x00\xff')
        (tmp_path / "garbled").write_bytes(garbled)
        assert answer(tmp_path / "garbled", plane.network) in (None, truth)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to all parts of an object."""
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from places(part, (*at, key))


def replaced(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = replaced(value[at[0]], at[1:], new)
    return copy


def test_wrong_types_and_absurd_numbers(plane: Forgery, tmp_path: Path, cases: Callable[[int, int], int]) -> None:
    draw = random.Random(5)
    truth = plane.verdict(tmp_path).statement
    todo = [("header", at) for at in places(plane.header)] + [(9, at) for at in places(plane.records[9])]
    for where, at in todo:
        for new in draw.sample(ABSURD, cases(3, len(ABSURD))):
            it = plane.copy()
            if where == "header":
                it.header = replaced(it.header, at, new)
            else:
                it.records[where] = replaced(it.records[where], at, new)
            assert answer(it.write(tmp_path / "absurd"), it.network) in (None, truth), (where, at, new)


def test_absurd_networks(small: Forgery, cases: Callable[[int, int], int]) -> None:
    draw = random.Random(6)
    for at in places(small.network):
        for new in draw.sample(ABSURD, cases(2, len(ABSURD))):
            with suppress(*MALFORMED):
                parse_network(replaced(small.network, at, new))


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "\n\n\n", "{}", "[]", "null", "1", '"x"', "NaN", "[" * 100_000, '{"a":' * 100_000, "\x00" * 1000,
        "9" * 100_000, '{"format": "polyae certificate 1"}', '{"format": "polyae certificate 2"}', "\ufeff{}",
        "x" * (5 << 20),
    ],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_files_of_another_kind(text: str, tmp_path: Path, small: Forgery, capsys: pytest.CaptureFixture[str]) -> None:
    path, network = tmp_path / "file", tmp_path / "net.json"
    path.write_text(text, encoding="utf-8")
    network.write_text(json.dumps(small.network))
    assert answer(path, small.network) is None
    # As the certificate, and as the network.
    small.write(tmp_path / "certificate")
    for arguments in ([path, network], [tmp_path / "certificate", path]):
        assert main([str(a) for a in arguments]) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.startswith("cannot check: ") and err.count("\n") == 1


def test_missing_files_and_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = str(DATA / "line_1-8-6-3.json")
    none = str(tmp_path / "none")
    for arguments in ([none, net], [str(tmp_path), net], [net, none], [net, str(tmp_path)], [net], [], [net, net, "x"]):
        assert main(arguments) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_killed_worker_is_noticed(plane: Forgery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polyae.check._Checker.check", lambda self, start: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(Unreadable):
        plane.verdict(tmp_path, workers=2)


# Alone


def test_runs_alone_as_a_file_and_as_a_module(plane: Forgery, tmp_path: Path) -> None:
    certificate, net = plane.write(tmp_path / "certificate"), DATA / "duplicate_2-8-6-3.json"
    file = Path(__file__).resolve().parents[2] / "polyae" / "check.py"
    for program in ([str(file)], ["-m", "polyae.check"]):
        command = [sys.executable, *program, str(certificate), str(net)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=file.parents[1], check=False)
        assert (done.returncode, done.stdout) == (0, "proved: 39 regions, 68 adjacent pairs on Space(dim=2)\n"), done
    plane.records[3]["facets"][0]["beyond"] = plane.records[3]["inside"]
    command = [sys.executable, str(file), str(plane.write(certificate)), str(net), "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith("refuted: region 3: ") and done.stderr.count("\n") == 1


def test_imports_nothing_else() -> None:
    code = "import sys, polyae.check; print([m for m in sys.modules if m.split('.')[0] in ('numpy', 'polyae')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['polyae', 'polyae.check']"
    text = (Path(__file__).resolve().parents[2] / "polyae" / "check.py").read_text()
    imported = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported - {"flint"} <= set(sys.stdlib_module_names)
    assert text.count("\n") < 300
