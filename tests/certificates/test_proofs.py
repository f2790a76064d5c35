"""Proved counts are right, true complexes can be proved, and false ones cannot even be certified."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given

import polyae
from polyae import Ball, Box, Layer, Network, Polytope, RegionComplex, Space, enumerate_regions
from polyae.check import Verdict, check
from polyae.engines.enumeration import Enumeration
from polyae.errors import CertificateError, FileFormatError
from tests.engines.zoo import (
    benchmark_network,
    cube,
    data_goldens,
    data_network,
    described_network,
    domain,
)
from tests.reference.brute_force import Description, enumerate_exact
from tests.reference.random_networks import network_cases, random_case


def proved(cx: RegionComplex, folder: Path) -> Verdict:
    path = folder / "certificate"
    cx.certify(path)
    return check(path, cx.network.to_dict())


# Against exact counts


@pytest.mark.timeout(1800)
def test_seeded_networks_against_brute_force(tmp_path: Path, cases: Callable[[int, int], int]) -> None:
    """Degenerate ones above all; what is proved is what subdivision in rationals finds."""
    for seed in range(cases(60, 1000)):
        net, description = random_case(seed)
        if description[0] == "ball":
            continue
        exact = enumerate_exact(net, description)
        verdict = proved(enumerate_regions(net, domain(description)), tmp_path)
        assert verdict[:2] == (len(exact.patterns), len(exact.adjacent)), seed


@given(case=network_cases())
def test_drawn_networks_against_brute_force(case: tuple[Network, Description]) -> None:
    net, description = case
    if description[0] != "ball":
        exact = enumerate_exact(net, description)
        with TemporaryDirectory() as folder:
            verdict = proved(enumerate_regions(net, domain(description)), Path(folder))
        assert verdict[:2] == (len(exact.patterns), len(exact.adjacent))


@pytest.mark.parametrize("engine", ["march", "reference", "subdivide"])
def test_whichever_engine_found_it(engine: str, tmp_path: Path) -> None:
    for name in ("deep_2-6-6-6-3", "zero_bias_2-8-8-4", "leaky_3-6-5-3"):
        net, golden = data_network(name), data_goldens()[name]
        cx = enumerate_regions(net, cube(net.input_dim, *golden["box"]), engine=engine)
        assert proved(cx, tmp_path)[:2] == (golden["regions"], golden["adjacent_pairs"])


@pytest.mark.parametrize("name", sorted(data_goldens()))
def test_networks_of_the_project(name: str, tmp_path: Path) -> None:
    golden, net = data_goldens()[name], data_network(name)
    for place, suffix in ((cube(net.input_dim, *golden["box"]), ""), (Space(net.input_dim), "_whole_space")):
        verdict = proved(enumerate_regions(net, place), tmp_path)
        assert verdict[:2] == (golden[f"regions{suffix}"], golden[f"adjacent_pairs{suffix}"])


def test_integer_networks(reference: Path, tmp_path: Path) -> None:
    for entry in json.loads((reference / "golden" / "integer_networks.json").read_text()):
        net = described_network(entry)
        verdict = proved(enumerate_regions(net, cube(net.input_dim, *entry["box"])), tmp_path)
        assert verdict[:2] == (entry["regions"], entry["adjacent_pairs"]), entry["name"]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("index", range(10))
def test_benchmark_networks(index: int, reference: Path, tmp_path: Path, cases: Callable[[int, int], int]) -> None:
    entry = json.loads((reference / "golden" / "benchmark_networks.json").read_text())[index]
    net, done = benchmark_network(entry), 0
    for place, suffix in ((cube(net.input_dim, -1, 1), ""), (Space(net.input_dim), "_whole_space")):
        if entry.get(f"regions{suffix}", math.inf) <= cases(1000, 7000):
            verdict = proved(enumerate_regions(net, place), tmp_path)
            pairs = entry.get(f"adjacent_pairs{suffix}", verdict.pairs)
            assert verdict[:2] == (entry[f"regions{suffix}"], pairs)
            done += 1
    if not done:
        pytest.skip(f"{entry['name']} has too many regions for this run")


# Special places


def test_no_unit_and_no_facet(tmp_path: Path) -> None:
    affine = Network([Layer([[1.0, 2.0]], [0.0])])
    assert proved(enumerate_regions(affine, Space(2)), tmp_path)[:2] == (1, 0)
    assert proved(enumerate_regions(affine, Box([0, 0], [1, 1])), tmp_path)[:2] == (1, 0)


def test_hyperplanes_on_the_boundary_and_constant_units(tmp_path: Path) -> None:
    """The first unit vanishes on a wall, the third is a constant, the fourth zero, the last copies the second."""
    hidden = Layer([[1, 0], [1, 1], [0, 0], [0, 0], [2, 2]], [1, 0, -3, 0, 0], slope=0)
    net = Network([hidden, Layer(np.ones((1, 5)), [0])])
    assert proved(enumerate_regions(net, Box([-1, -1], [1, 1])), tmp_path)[:2] == (2, 1)
    assert proved(enumerate_regions(net, Space(2)), tmp_path)[:2] == (4, 4)


def test_polytope_with_idle_rows(tmp_path: Path) -> None:
    """Twice the same half-space, one that only touches, one that is no condition at all."""
    triangle = Polytope([[-1, 0], [-2, 0], [0, -1], [1, 1], [-1, -1], [0, 0]], [0, 0, 0, 1, 0, 5])
    net = Network([Layer([[1, -1]], [0], slope=-1), Layer([[1]], [0])])
    verdict = proved(enumerate_regions(net, triangle), tmp_path)
    assert verdict[:2] == (2, 1) and "Polytope(A=[[-1.0, 0.0], [-2.0, 0.0]" in verdict.statement


def test_points_that_no_float_reaches(tmp_path: Path) -> None:
    """Regions without a float64 point, or next to one: witness or proof are rational."""
    thin = Network([Layer([[1.0], [1.0]], [-0.3, -np.nextafter(0.3, 1)], slope=0), Layer([[1.0, 1.0]], [0.0])])
    cx = enumerate_regions(thin, Box([-1], [1]))
    assert list(cx.exact_witnesses) == [1] and proved(cx, tmp_path)[:2] == (3, 2)
    for exponent in (-60, -500, -1000):
        deep = Layer([[2.0**-exponent, 0.0]], [-1.0], slope=0)
        net = Network([Layer(np.eye(2), [0.0, 0.0], slope=0), deep, Layer([[1.0]], [0.0])])
        assert proved(enumerate_regions(net, Box([-1, -1], [1, 1])), tmp_path)[:2] == (6, 7)


# False complexes


def altered(cx: RegionComplex, **changes: object) -> RegionComplex:
    return RegionComplex(cx.arrangement, replace(cx.enumeration(), **changes))


def without_region(cx: RegionComplex, gone: int) -> RegionComplex:
    found: Enumeration = cx.enumeration()
    keep = np.flatnonzero(np.arange(len(cx)) != gone)
    new = np.cumsum(np.arange(len(cx)) != gone) - 1
    edges = (found.edges != gone).all(axis=1)
    return altered(
        cx, packed=found.packed[keep], witnesses=found.witnesses[keep], expanded=found.expanded[keep],
        edges=new[found.edges[edges]].astype(np.int32), edge_units=found.edge_units[edges],
        exact_witnesses={int(new[i]): w for i, w in found.exact_witnesses.items() if i != gone},
    )  # fmt: skip


@pytest.mark.parametrize("name", ["duplicate_2-8-6-3", "line_1-8-6-3", "deep_2-6-6-6-3"])
def test_a_complex_that_lacks_something_cannot_be_certified(name: str, cases: Callable[[int, int], int]) -> None:
    cx = enumerate_regions(data_network(name), Space(data_network(name).input_dim))
    for gone in range(0, len(cx), cases(7, 1)):
        with pytest.raises(CertificateError, match="lacks"):
            list(without_region(cx, gone).certificate())
    for gone in range(0, cx.num_adjacent_pairs, cases(9, 1)):
        keep = np.arange(cx.num_adjacent_pairs) != gone
        with pytest.raises(CertificateError, match="lacks"):
            list(altered(cx, edges=cx.edges[keep], edge_units=cx.edge_units[keep]).certificate())


def test_a_complex_with_a_pair_too_many_cannot_be_certified() -> None:
    cx = enumerate_regions(data_network("deep_2-6-6-6-3"), Space(2))
    i, j = next((0, j) for j in range(1, len(cx)) if j not in cx[0].neighbours)
    unit = next(u for u in range(cx.network.num_units) if u not in cx.edge_units[(cx.edges == 0).any(axis=1)])
    more = altered(cx, edges=np.vstack([cx.edges, [[i, j]]]), edge_units=np.append(cx.edge_units, unit))
    with pytest.raises(CertificateError, match="share no facet"):
        list(more.certificate())


def test_what_cannot_be_certified(tmp_path: Path) -> None:
    net = data_network("line_1-8-6-3")
    for where, reason in ((Ball([0], 1), "half-spaces"), (Ball([0], 1, p=1), "state it as a Box or a Polytope")):
        with pytest.raises(CertificateError, match=reason):
            enumerate_regions(net, where).certify(tmp_path / "certificate")
    with pytest.raises(CertificateError, match="max_regions"):
        enumerate_regions(net, Space(1), max_regions=2).certify(tmp_path / "certificate")
    with pytest.raises(CertificateError, match="float"):
        enumerate_regions(net, Space(1), arithmetic="float").prove()
    assert not list(tmp_path.iterdir())


# The guarantee, and files


def test_guarantee_is_that_of_the_checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cx = enumerate_regions(data_network("leaky_3-6-5-3"), Space(3))
    assert cx.guarantee == "exact"
    cx.certify(tmp_path / "certificate")
    assert cx.guarantee == "exact"
    cx.prove(tmp_path / "certificate", workers=2)
    assert cx.guarantee == "proved"
    cx.save(tmp_path / "complex.npz")
    assert polyae.load(tmp_path / "complex.npz").guarantee == "exact"
    wrong = enumerate_regions(data_network("leaky_3-6-5-3"), Space(3))
    monkeypatch.setattr("polyae.complex.certificate.check", lambda *_: Verdict(1, 0, "proved: 1 region"))
    with pytest.raises(CertificateError, match="proved: 1 region"):
        wrong.prove()
    assert wrong.guarantee == "exact"


def test_a_refuted_complex_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """A witness that the library takes for inside and that is not."""
    cx = enumerate_regions(data_network("line_1-8-6-3"), Space(1))
    monkeypatch.setattr("polyae.complex.certificate._coordinates", lambda point: [0.125])
    with pytest.raises(CertificateError, match="it is not true that"):
        cx.prove()
    assert cx.guarantee == "exact"


def test_an_interrupted_certificate_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from polyae.complex import certificate

    cx = enumerate_regions(data_network("leaky_3-6-5-3"), Space(3))
    cx.certify(tmp_path / "whole")
    made: list[int] = []
    record = certificate._record

    def limited(prover: object, number: int, *rest: object) -> object:
        if len(made) == 100:
            raise KeyboardInterrupt
        made.append(number)
        return record(prover, number, *rest)

    monkeypatch.setattr(certificate, "_record", limited)
    with pytest.raises(KeyboardInterrupt):
        cx.certify(tmp_path / "part")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["part.partial", "whole"]
    made.clear()
    with open(tmp_path / "part.partial", "ab") as file:
        file.write(b'{"pattern":"01')  # a killed process leaves half a line
    monkeypatch.setattr(certificate, "_record", lambda *args: (made.append(args[1]), record(*args))[1])
    cx.certify(tmp_path / "part")
    assert made == list(range(100, len(cx)))
    assert (tmp_path / "part").read_bytes() == (tmp_path / "whole").read_bytes()
    assert not (tmp_path / "part.partial").exists()


def test_the_rest_of_another_certificate_is_not_continued(tmp_path: Path) -> None:
    cx = enumerate_regions(data_network("line_1-8-6-3"), Space(1))
    (tmp_path / "certificate.partial").write_text("something else\nand more\n")
    assert proved(cx, tmp_path)[:2] == (14, 13)


def test_nowhere_to_write(tmp_path: Path) -> None:
    cx = enumerate_regions(data_network("line_1-8-6-3"), Space(1))
    with pytest.raises(FileFormatError, match="cannot write"):
        cx.certify(tmp_path / "none" / "certificate")
