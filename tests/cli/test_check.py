"""``polyae check``, ``--certify`` and ``--prove``."""

import json
from pathlib import Path

import pytest

import polyae

from .conftest import DATA, Polyae

NET = DATA / "duplicate_2-8-6-3.json"


@pytest.fixture
def certificate(cli: Polyae, tmp_path: Path) -> Path:
    path = tmp_path / "certificate"
    assert cli("enumerate", NET, "--box", -1, 1, "--certify", path, "--json").json["guarantee"] == "exact"
    return path


@pytest.mark.parametrize("workers", [1, 2])
def test_proved(cli: Polyae, certificate: Path, workers: int) -> None:
    answer = cli("check", certificate, NET, "--workers", workers)
    statement = "proved: 24 regions, 39 adjacent pairs on Box(lo=[-1.0, -1.0], hi=[1.0, 1.0])\n"
    assert answer == (0, statement, "")
    assert cli("check", certificate, NET, "--json").json == {"proved": True, "regions": 24, "adjacent_pairs": 39}


def test_refuted(cli: Polyae, certificate: Path) -> None:
    lines = certificate.read_text().splitlines()
    record = json.loads(lines[5])
    record["facets"][0]["beyond"] = record["inside"]
    lines[5] = json.dumps(record)
    certificate.write_text("\n".join(lines) + "\n")
    answer = cli("check", certificate, NET)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("polyae: refuted: region 4: it is not true that ") and answer.err.count("\n") == 1
    answer = cli("check", certificate, NET, "--json")
    assert answer.code == 1 and answer.json["proved"] is False and "region 4" in answer.json["refuted"]


def test_of_another_network_cut_off_or_missing(cli: Polyae, certificate: Path) -> None:
    other = DATA / "leaky_3-6-5-3.json"
    assert cli("check", certificate, other).complains(str(certificate), "it belongs to another network")
    assert cli("check", NET, NET).complains("not a whole certificate", "it is no polyae certificate 1")
    assert cli("check", certificate, certificate.parent / "none.json").complains("none.json")
    assert cli("check", certificate, NET, "--workers", 0).complains("--workers")
    certificate.write_bytes(certificate.read_bytes()[:-50])
    assert cli("check", certificate, NET).complains(str(certificate))
    certificate.unlink()
    assert cli("check", certificate, NET).complains(str(certificate), "No such file")


def test_other_formats_are_brought_to_json(cli: Polyae, certificate: Path, tmp_path: Path) -> None:
    net = tmp_path / "net.safetensors"
    polyae.write_network(polyae.read_network(NET), net)
    assert cli("check", certificate, net).code == 0


def test_prove(cli: Polyae, tmp_path: Path) -> None:
    assert cli("enumerate", NET, "--space", "--prove", "--json").json["guarantee"] == "proved"
    path = tmp_path / "certificate"
    assert cli("enumerate", NET, "--space", "--prove", "--certify", path, "--json").json["regions"] == 39
    assert cli("check", path, NET).out == "proved: 39 regions, 68 adjacent pairs on Space(dim=2)\n"


def test_what_cannot_be_proved(cli: Polyae, tmp_path: Path) -> None:
    path = tmp_path / "certificate"
    answer = cli("enumerate", NET, "--ball", "0,0", 1, "--certify", path)
    assert answer.complains("no certificate on Ball", "half-spaces")
    out = tmp_path / "part.npz"
    answer = cli("enumerate", NET, "--space", "--max-regions", 5, "--certify", path, "--out", out)
    assert answer.complains("only a complete complex", "max_regions") and len(polyae.load(out)) == 5
    assert cli("enumerate", NET, "--space", "--certify", tmp_path / "none" / "c").complains("cannot write", "none")
    assert not path.exists()
    assert cli("enumerate", NET, "--resume", out, "--prove", "--json").json["guarantee"] == "proved"


def test_a_missing_certificate(cli: Polyae, tmp_path: Path) -> None:
    assert cli("check", tmp_path / "none", NET).complains("none cannot be read: No such file or directory")


def test_fewer_records_than_the_header_says(cli: Polyae, certificate: Path) -> None:
    lines = certificate.read_text().splitlines()
    sides = sum(facet["neighbour"] is not None for facet in json.loads(lines[-1])["facets"])
    certificate.write_text("\n".join(lines[:-1]) + "\n")
    answer = cli("check", certificate, NET)
    said = f"24 regions and 39 pairs of its header: it holds 23 regions and {78 - sides} sides of pairs"
    assert answer.code == 1 and said in answer.err
