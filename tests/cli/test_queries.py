"""The commands that ask something of regions: radii, bound, count."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import polyae

from .conftest import Polyae


@pytest.fixture
def octagon(tmp_path: Path) -> tuple[Path, Path]:
    """A decoder that draws the polygon of 8 sides around a circle of radius 1.7, and the circle."""
    count, r = 8, 1.7
    phi = 2 * np.pi * (np.arange(count) + 0.5) / count
    tau = np.column_stack([-np.sin(phi), np.cos(phi)])
    w = 2 * r * math.tan(math.pi / count)
    start = r * np.array([math.cos(phi[0]), math.sin(phi[0])]) - w / 2 * tau[0]
    # Unit 0 is the identity on the interval, unit k bends the curve at kw.
    bends = polyae.Layer(np.ones((count, 1)), -w * np.arange(count), slope=0)
    net = polyae.Network([bends, polyae.Layer(np.diff(tau, axis=0, prepend=np.zeros((1, 2))).T, start)])
    polyae.write_network(net, tmp_path / "octagon.json")
    polyae.save_manifold(polyae.Orbit([[0, -1], [1, 0]], [r, 0], (0, 2 * np.pi)), tmp_path / "circle.npz")
    return tmp_path / "octagon.json", tmp_path / "circle.npz"


LENGTH = 16 * 1.7 * math.tan(math.pi / 8)


def test_bound_of_the_circumscribed_polygon(cli: Polyae, octagon: tuple[Path, Path]) -> None:
    net, circle = octagon
    answer = cli("bound", net, "--orbit", circle, "--box", 0, LENGTH, "--json").json
    truth = {
        "u1": 1.7 * (1 / math.cos(math.pi / 8) - 1),
        "u2": 1.7 * (1 - math.cos(math.pi / 8)),
        "sum_radii": LENGTH / 2,
        "max_rho": LENGTH / 16,
    }
    for name, value in truth.items():
        low, high = answer[name]
        assert low - 1e-9 <= value <= high + 1e-9, name
        assert high - low <= 1e-3 * value
    assert answer["h2"]["exponential"]["max"] < 1e-6
    assert answer["h1"]["angle"]["max"] < 1e-3
    assert {row["outcome"] for row in answer["readings"]} == {"holds"}


def test_bound_in_words(cli: Polyae, octagon: tuple[Path, Path]) -> None:
    net, circle = octagon
    answer = cli("bound", net, "--orbit", circle, "--box", 0, LENGTH, "--readings", "all")
    assert answer.code == 0
    anchored = next(line for line in answer.out.splitlines() if line.startswith("  anchored"))
    # u1 / max ρ of the octagon; the intervals are in square brackets.
    ratio = (1 / math.cos(math.pi / 8) - 1) / math.tan(math.pi / 8)
    assert f"{ratio:.4g}" in anchored and anchored.count("[") == 2 and "u1 <= max (δ + ρ)" in anchored
    lines = answer.out.splitlines()
    assert max(map(len, lines)) < 160 and "chart" not in answer.out
    truth = {
        "u1": 1.7 * (1 / math.cos(math.pi / 8) - 1),
        "u2": 1.7 * (1 - math.cos(math.pi / 8)),
        "Σ R_circ": LENGTH / 2,
    }
    for name, value in truth.items():
        line = next(line for line in lines if line[2:].startswith(name))
        low, high = (float(end) for end in line.partition("[")[2].partition("]")[0].split(","))
        assert low <= value <= high, name
    assert any(line.split() == ["over", "the", "regions", "least", "mean", "largest"] for line in lines)


def test_bound_in_words_of_samples_and_a_part(cli: Polyae, octagon: tuple[Path, Path], tmp_path: Path) -> None:
    np.save(tmp_path / "cloud.npy", np.eye(2))
    answer = cli("bound", octagon[0], "--manifold", tmp_path / "cloud.npy", "--box", 0, LENGTH, "--max-regions", 3)
    assert answer.out.startswith("3 regions found so far") and "attained at sample " in answer.out
    assert "settled as far as samples alone allow" in answer.out
    assert "not measured: X has no generators" in answer.out


def test_bound_draws_where_it_is_attained(cli: Polyae, octagon: tuple[Path, Path], tmp_path: Path) -> None:
    net, circle = octagon
    out = tmp_path / "bound.png"
    assert cli("bound", net, "--orbit", circle, "--box", 0, LENGTH, "--figure", out).code == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    none = tmp_path / "none" / "bound.png"
    assert cli("bound", net, "--orbit", circle, "--box", 0, LENGTH, "--figure", none).complains("no folder")
    assert cli("bound", net, "--orbit", circle, "--box", 0, 1, "--figure", tmp_path / "a.svg").complains(".png")


def test_bound_refuses_before_it_enumerates(
    cli: Polyae, octagon: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("enumerated")

    monkeypatch.setattr("polyae.cli.sources.enumerate_regions", never)
    net, circle = octagon
    np.save(tmp_path / "turn.npy", np.zeros((1, 3, 3)))
    polyae.save_manifold(polyae.Orbit(np.eye(3), [1, 0, 0], (0, 1)), tmp_path / "space.npz")
    assert cli("bound", net, "--orbit", circle, "--space").complains("bounded")
    assert cli("bound", net, "--orbit", circle, "--box", 0, 1, "--budget", 0).complains("budget")
    assert cli("bound", net, "--orbit", tmp_path / "space.npz", "--box", 0, 1).complains("dimension 3")
    turn = tmp_path / "turn.npy"
    assert cli("bound", net, "--orbit", circle, "--box", 0, 1, "--generators", turn).complains("(m, 2, 2)")


def test_bound_refuses(cli: Polyae, octagon: tuple[Path, Path], cross: Path, tmp_path: Path) -> None:
    net, circle = octagon
    assert cli("bound", net, "--box", 0, 1).complains("--manifold")
    assert cli("bound", "--manifold", circle).complains("NET")
    assert cli("bound", net, "--orbit", circle).complains("--box")
    assert cli("bound", net, "--orbit", circle, "--space").complains("bounded")
    assert cli("bound", net, "--orbit", tmp_path / "no.npz", "--box", 0, 1).complains("no.npz")
    assert cli("bound", net, "--orbit", net, "--box", 0, 1).complains("octagon.json")
    assert cli("bound", cross, "--orbit", circle, "--box", 0, 1).complains("dimension")
    assert cli("bound", net, "--orbit", circle, "--box", 0, 1, "--gap", 2).complains("gap")
    assert cli("bound", net, "--orbit", circle, "--box", 0, 1, "--readings", "some").complains("--readings some")


def test_bound_of_a_part(cli: Polyae, octagon: tuple[Path, Path]) -> None:
    net, circle = octagon
    answer = cli("bound", net, "--orbit", circle, "--box", 0, LENGTH, "--max-regions", 3, "--strict", "--json")
    assert answer.code == 1
    assert (answer.json["restricted"], answer.json["regions"]) == (True, 3)


def test_radii_of_quadrants(cli: Polyae, cross: Path, tmp_path: Path) -> None:
    answer = cli("radii", cross, "--box", -1, 1, "--json").json
    assert answer["latent_inradius"] == pytest.approx([0.5] * 4)
    assert answer["latent_circumradius"] == pytest.approx([math.sqrt(0.5)] * 4)
    saved = tmp_path / "cross.npz"
    cli("enumerate", cross, "--box", -1, 1, "--out", saved)
    assert cli("radii", saved, "--json").json == answer
    assert cli("radii", saved, "--box", -1, 1).complains("--box")


def test_unbounded_radii_are_json(cli: Polyae, cross: Path) -> None:
    answer = cli("radii", cross, "--space", "--json").json
    assert [float(r) for r in answer["latent_circumradius"]] == [math.inf] * 4
    assert answer["note"].startswith("4 of 4 regions are unbounded")
    assert "4 of 4 regions are unbounded" in cli("radii", cross, "--space").out
    assert "unbounded:" not in cli("radii", cross, "--box", -1, 1).out


def test_exact_radii_need_polytopes(cli: Polyae, cross: Path, tmp_path: Path) -> None:
    assert cli("radii", cross, "--space", "--exact", "--json").complains("--exact", "bounded domain")
    assert cli("radii", cross, "--ball", "0,0", 1, "--exact", "--json").complains("--exact", "Euclidean ball")
    cli("enumerate", cross, "--space", "--out", tmp_path / "all.npz")
    assert cli("radii", tmp_path / "all.npz", "--exact", "--json").complains("--exact", "bounded domain")


def test_radii_summary_and_part(cli: Polyae, cross: Path) -> None:
    answer = cli("radii", cross, "--box", -1, 1, "--summary", "--max-regions", 2, "--strict", "--json")
    assert answer.code == 1
    assert answer.json["latent_inradius"]["max"] == pytest.approx(0.5)
    assert answer.json["complete"] is False


def test_largest_thinnest_and_exact_radii(cli: Polyae, tmp_path: Path) -> None:
    """A strip of width 1 beside one of width 3, both of height 2."""
    net = polyae.Network([polyae.Layer([[1, 0]], [0.0], 0.0), polyae.Layer([[1], [1]], [0.0, 0.0])])
    polyae.write_network(net, tmp_path / "strips.json")
    answer = cli(
        "radii", tmp_path / "strips.json", "--box", "-1,0", "3,2", "--largest", 1, "--thinnest", 1,
        "--by", "latent_width", "--exact", "--json",
    ).json  # fmt: skip
    assert sorted(answer["latent_volume"]) == pytest.approx([2, 6])
    assert answer["largest"][0]["latent_width"] == pytest.approx(2)
    assert answer["thinnest"][0]["region"] == answer["latent_volume"].index(min(answer["latent_volume"]))
    assert answer["thinnest"][0]["lower"] <= 1 <= answer["thinnest"][0]["upper"]
    assert sorted(answer["latent_squared_circumradius"]) == ["13/4", "5/4"]
    assert sorted(answer["data_squared_circumradius"]) == ["0", "9/2"]
    assert "thinnest" in cli("radii", tmp_path / "strips.json", "--box", "-1,0", "3,2", "--thinnest", 2).out


def test_bad_options_of_radii(cli: Polyae, cross: Path) -> None:
    domain = ("radii", cross, "--box", -1, 1)
    assert cli(*domain, "--largest", 1, "--by", "size").complains("--by size")
    assert cli(*domain, "--by", "latent_width").complains("--largest or --thinnest")
    assert cli(*domain, "--thinnest", 0).complains("--thinnest 0")
    assert cli(*domain, "--exact").complains("--json")
    assert cli(*domain, "--accuracy", 2).complains("accuracy")


@pytest.mark.parametrize(("norm", "regions"), [("1", [1, 3, 3, 3]), ("2", [1, 3, 3, 4]), ("inf", [1, 4, 4, 4])])
def test_count_around_a_quadrant_point(cli: Polyae, cross: Path, tmp_path: Path, norm: str, regions: list[int]) -> None:
    """From (1, 1) the axes are at distance 1 in every norm, the origin at 2, sqrt 2 and 1."""
    np.save(tmp_path / "data.npy", np.array([[1.0, 1.0], [0.0, 1.0], [-1.0, -1.0]]))
    radii = "1,1.01,1.4,1.5"
    answer = cli(
        "count", cross, "--centre", "1,1", "--radii", radii, "--data", tmp_path / "data.npy", "--norm", norm, "--json"
    ).json
    assert answer["regions_exact"] == answer["regions_lower"] == answer["regions_upper"] == regions
    assert answer["data"] == [2, 2, 2, 2]
    assert answer["estimate"] == regions and answer["estimate_std"] == [0.0] * 4
    assert answer["exact_radius"] == 1.5
    keys = ["radii", "regions_lower", "regions_upper", "regions_exact", "estimate", "estimate_std", "data"]
    assert list(answer) == [*keys, "exact_radius"]


def test_count_in_text_is_a_table(cli: Polyae, cross: Path) -> None:
    """An aligned line a radius, and the notes; what JSON cannot hold goes to standard error."""
    base = ["count", cross, "--centre", "1,1.5", "--radii", "0.5,3", "--max-regions", 2, "--runs", 0]
    answer = cli(*base)
    head, names, *rows = answer.out.splitlines()
    assert "R^2" in head and "partial" in head and names.split()[0] == "radius"
    assert rows[0].split() == ["0.5", "1", "1", "1", "-", "-"] and rows[1].split() == ["3", "2", "-", "4", "-", "-"]
    assert len(rows[0]) == len(rows[1]) == len(names)
    assert "max_regions" in rows[2] and rows[3] == "no estimate at radius 3: none was asked for" and not answer.err
    assert "no estimate at radius 3" in cli(*base, "--json").err


def test_count_refuses(cli: Polyae, cross: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "wide.npy", np.zeros((3, 5)))
    np.save(tmp_path / "flat.npy", np.zeros(3))
    base = ["count", cross, "--centre", "1,1"]
    assert cli(*base).complains("--radii")
    assert cli(*base, "--radii", "").complains("--radii")
    assert cli(*base, "--radii", "1,-1").complains("radius 1")
    assert cli(*base, "--radii", "1", "--norm", "3").complains("--norm 3")
    assert cli(*base, "--radii", "1", "--data", tmp_path / "wide.npy").complains("(3, 5)")
    assert cli(*base, "--radii", "1", "--data", tmp_path / "flat.npy").complains("flat.npy")
    assert cli(*base, "--radii", "1", "--data", tmp_path / "no.npy").complains("no.npy")
    assert cli("count", cross, "--centre", "1", "--radii", "1").complains("centre")


def test_count_of_a_part_goes_on(cli: Polyae, cross: Path, tmp_path: Path) -> None:
    state, figure = tmp_path / "state.npz", tmp_path / "counts.png"
    base = ["count", cross, "--centre", "1,1.5", "--radii", "0.5,3", "--state", state]
    answer = cli(*base, "--max-regions", 2, "--strict", "--figure", figure, "--json")
    part = json.loads(answer.out)
    assert (answer.code, part["regions_lower"], part["regions_exact"]) == (1, [1, 2], [1, None])
    assert part["regions_upper"][1] == 4 == part["estimate"][1] and part["data"] is None
    assert 0.5 < part["exact_radius"] < 3 and "max_regions" in answer.err
    assert figure.read_bytes()[:4] == b"\x89PNG"
    assert cli(*base, "--json").json["regions_exact"] == [1, 4]
    assert cli(*base, "--norm", 1).complains("--state")
    one = ["count", cross, "--centre", "1,1", "--radii", 1]
    (tmp_path / "folder.npz").mkdir()
    assert cli(*one, "--state", tmp_path / "no" / "s.npz").complains("no folder")
    assert cli(*one, "--state", tmp_path / "folder.npz").complains("folder.npz")
    assert cli(*one, "--state", tmp_path / "state.json").complains("--state")
    assert cli(*one, "--figure", tmp_path / "no" / "f.png").complains("no folder")
    assert cli(*one, "--figure", tmp_path / "f.npz").complains("--figure")
    assert cli(*one, "--budget", 0).complains("--budget")


def test_count_on_a_slice(cli: Polyae, cross: Path, tmp_path: Path) -> None:
    """A diagonal crosses the axes at distances sqrt(1/2) and sqrt(2); an exact one meets both in the origin."""
    np.save(tmp_path / "line.npy", np.array([[-1.0, -0.5], [1.0, 1.5]]))
    base = ["count", cross, "--slice", tmp_path / "line.npy", "--centre", "0", "--radii", "1.41,1.42", "--json"]
    assert cli(*base).json["regions_exact"] == [2, 3]
    np.savez(tmp_path / "line.npz", origin=np.array([-1.0, -1.0]), directions=np.array([[1.0, 1.0]]))
    base[3] = tmp_path / "line.npz"
    base[7] = "1,1.001"
    assert cli(*base).json["regions_exact"] == [1, 2]
