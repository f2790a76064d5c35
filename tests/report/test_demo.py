"""The demonstration, made small: its numbers agree with what is computed afresh from the files it leaves."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest

import polyae
from polyae.cli.app import run
from polyae.report import demo as demo_module
from polyae.report.demo import Demo, DemoSettings
from polyae.report.digits_study import DigitsSettings

PICTURES = {"partition", "neighbours", "radii", "degrees", "orbit", "theorem", "balls"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "new" / "folder"
    assert run(["demo", "--quick", "--strict", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def summary(folder: Path) -> dict:
    return json.loads((folder / "summary.json").read_text(), parse_constant=pytest.fail)


def test_counts_are_those_of_the_network_it_left(folder: Path, summary: dict) -> None:
    digits = summary["digits"]
    net = polyae.read_network(folder / "digits_decoder.json")
    cx = polyae.enumerate_regions(net, polyae.Box(digits["domain"]["lo"], digits["domain"]["hi"]), engine="reference")
    assert (digits["regions"], digits["adjacent_pairs"]) == (len(cx), cx.num_adjacent_pairs)
    assert digits["degree"]["mean"] == pytest.approx(2 * len(cx.edges) / len(cx))
    assert digits["guarantee"] == "exact"
    for near in digits["neighbours_of_codes"]:
        home = cx.locate(np.array(near["code"]))
        assert home == near["region"]
        assert sorted(near["neighbours"]) == cx[home].neighbours.tolist()
        assert near["agrees_with_complex"] is True


def test_shares_add_up(summary: dict) -> None:
    digits, balls = summary["digits"], summary["balls"]
    assert digits["share_with_data"] == pytest.approx(digits["regions_with_data"] / digits["regions"])
    assert 1 <= digits["regions_with_training_data"] <= digits["regions_with_data"] <= digits["regions"]
    assert digits["data"]["train"] + digits["data"]["test"] == 1797 == balls["data"][-1]
    assert balls["regions"] == sorted(balls["regions"])


def test_theorem_of_the_networks_it_left(folder: Path, summary: dict) -> None:
    orbit = summary["orbit"]
    thetas = np.linspace(*orbit["interval"], 400)
    curve = polyae.load_manifold(folder / "orbit.npz").charts[0].points(thetas[:, None])
    for name in ("plain", "regularised"):
        model = orbit[name]
        net = polyae.read_network(folder / f"orbit_{name}.json")
        z = np.linspace(model["domain"]["lo"][0], model["domain"]["hi"][0], 400)[:, None]
        away = np.linalg.norm(net(z)[:, None] - curve[None], axis=2)
        step = np.linalg.norm(np.diff(curve, axis=0), axis=1).max()
        assert model["u1"][0] - step <= away.min(axis=1).max() <= model["u1"][1] + step
        assert model["u2"][0] - 0.1 <= away.min(axis=0).max()
        assert model["u1"][1] <= model["max_delta_rho"][1] + 1e-9


def test_pictures_and_page(folder: Path) -> None:
    assert {path.stem for path in folder.glob("*.png")} == PICTURES
    page = (folder / "report.html").read_text(encoding="utf-8")
    embedded = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert {base64.b64decode(code) for code in embedded} == {path.read_bytes() for path in folder.glob("*.png")}
    assert "polyae demo --quick" in page
    assert "has not finished" not in page
    outside = re.findall(r'(?:src|href)="(?!data:)', page)
    assert outside == [] and "<script" not in page


def test_same_seed_same_numbers(
    folder: Path, summary: dict, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo", "--quick", "--json", "--out", str(tmp_path)]) == 0
    again = json.loads(capsys.readouterr().out)
    timeless = [_without_times(value) for value in (again, summary)]
    assert timeless[0] == timeless[1]


def _without_times(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_times(entry) for key, entry in value.items() if "seconds" not in key}
    return value


def test_interrupt_leaves_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo_module, "study_orbit", interrupt)
    settings = DemoSettings(digits=DigitsSettings((8,), (6, 6), epochs=2, num_codes=1))
    told: list[str] = []
    summary = Demo(tmp_path, settings, lambda section: told.append(section.key)).run()
    assert summary["complete"] is False
    assert told == ["digits"]
    stored = json.loads((tmp_path / "summary.json").read_text())
    assert stored["digits"]["regions"] == summary["digits"]["regions"] >= 1
    assert "orbit" not in stored
    assert "has not finished" in (tmp_path / "report.html").read_text()
    assert (tmp_path / "partition.png").exists()


def test_a_folder_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken = tmp_path / "taken"
    taken.write_text("")
    assert run(["demo", "--out", str(taken)]) == 2
    assert run(["demo", "--out", str(taken / "below")]) == 2
    complaints = capsys.readouterr().err.splitlines()
    assert len(complaints) == 2 and all("taken" in line for line in complaints)
