"""Complexes on disk: what is read is what was written, or a clear error."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polyae
from polyae import RegionComplex, enumerate_regions
from polyae.complex.storage import SCHEMA_VERSION
from polyae.errors import FileFormatError
from polyae.predicates.rational import to_fractions
from tests.engines.zoo import cube, data_network, domain
from tests.reference.random_networks import random_case


@pytest.fixture(scope="module")
def cx() -> RegionComplex:
    return enumerate_regions(data_network("absolute_2-6-5-3"), cube(2, -2, 2))


def assert_equal(one: RegionComplex, other: RegionComplex) -> None:
    for name in ("packed", "witnesses", "edges", "edge_units", "expanded"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert np.array_equal(mine, theirs) and mine.dtype == theirs.dtype, name
    for name in ("network", "domain", "status", "engine", "seconds", "arithmetic", "decisions", "guarantee"):
        assert getattr(one, name) == getattr(other, name), name
    exact = [{i: to_fractions(w) for i, w in each.exact_witnesses.items()} for each in (one, other)]
    assert exact[0] == exact[1]


def test_random_complexes_survive(tmp_path: Path, cases: Callable[[int, int], int]) -> None:
    for seed in range(cases(20, 200)):
        net, description = random_case(seed)
        cx = enumerate_regions(net, domain(description), max_regions=None if seed % 3 else 4)
        cx.save(tmp_path / "a.npz")
        again = polyae.load(tmp_path / "a.npz")
        assert_equal(cx, again)
        assert again.num_distinct_affine_maps == cx.num_distinct_affine_maps


def test_saving_replaces_the_old_file_and_leaves_no_other(cx: RegionComplex, tmp_path: Path) -> None:
    path = tmp_path / "cx.npz"
    path.write_text("old")
    cx.save(str(path))
    assert_equal(polyae.load(str(path)), cx)
    assert [p.name for p in tmp_path.iterdir()] == ["cx.npz"]


def test_a_missing_file_or_folder_is_named(cx: RegionComplex, tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"cannot read .*none.npz: No such file"):
        polyae.load(tmp_path / "none.npz")
    with pytest.raises(FileFormatError, match=r"cannot read .*: Is a directory"):
        polyae.load(tmp_path)
    with pytest.raises(FileFormatError, match=r"cannot write .*none/cx.npz: No such file"):
        cx.save(tmp_path / "none" / "cx.npz")


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\x80\x04N."])
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cx.npz"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="not a whole region complex"):
        polyae.load(path)


def test_other_arrays_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", header=np.zeros(3))
    np.savez(tmp_path / "b.npz", packed=np.array([{}], dtype=object))
    np.save(tmp_path / "c.npy", np.zeros(3))
    for name in ("a.npz", "b.npz", "c.npy"):
        with pytest.raises(FileFormatError, match="not a whole region complex"):
            polyae.load(tmp_path / name)


def test_an_archive_of_another_program_is_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    with pytest.raises(FileFormatError, match="no file of polyae"):
        polyae.load(tmp_path / "other.npz")


def test_a_file_cut_off_anywhere_is_refused(cx: RegionComplex, tmp_path: Path) -> None:
    path = tmp_path / "cx.npz"
    cx.save(path)
    content = path.read_bytes()
    for length in np.random.default_rng(0).integers(0, len(content), size=60):
        path.write_bytes(content[:length])
        with pytest.raises(FileFormatError):
            polyae.load(path)


def test_a_damaged_byte_is_noticed_or_harmless(
    cx: RegionComplex, tmp_path: Path, cases: Callable[[int, int], int]
) -> None:
    """Checksums cover the arrays; what they do not cover, such as dates, does not matter."""
    path = tmp_path / "cx.npz"
    cx.save(path)
    content, rng, refused = path.read_bytes(), np.random.default_rng(1), 0
    total = cases(200, 4000)
    for place, flip in zip(rng.integers(len(content), size=total), rng.integers(1, 256, size=total), strict=True):
        path.write_bytes(content[:place] + bytes([content[place] ^ flip]) + content[place + 1 :])
        try:
            again = polyae.load(path)
        except FileFormatError:
            refused += 1
        else:
            assert_equal(again, cx)
    assert refused > total / 2


def rewritten(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> None:
    """Write a file anew after a change to its header or its arrays."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    header = json.loads(str(arrays.pop("header")))
    change(header, arrays)
    np.savez(path, header=np.array(json.dumps(header)), **arrays)


CHANGES: list[tuple[Callable[[dict[str, Any], dict[str, Any]], object], str]] = [
    (lambda h, a: h.update(schema=SCHEMA_VERSION + 1), f"schema {SCHEMA_VERSION + 1}.*update"),
    (lambda h, a: h.pop("schema"), "schema None"),
    (lambda h, a: h.update(format="something else"), "not a region complex"),
    (lambda h, a: h.pop("network"), "damaged: 'network'"),
    (lambda h, a: h["network"]["layers"][0].update(bias=[1.0]), "damaged.*bias"),
    (lambda h, a: h.update(domain={"kind": "cone"}), "damaged.*domain"),
    (lambda h, a: h.update(status="FINISHED"), "damaged.*FINISHED"),
    (lambda h, a: h.update(arithmetic="decimal"), "damaged.*arithmetic"),
    (lambda h, a: h.update(exact_witnesses={"0": ["1/0", "2"]}), "damaged"),
    (lambda h, a: h.update(exact_witnesses={"99999": ["1", "2"]}), "damaged.*regions from 0 to 99999"),
    (lambda h, a: h.update(decisions={"guessed": 1}), "damaged.*guessed"),
    (lambda h, a: h.update(f_vector=[4, 4, 1]), "damaged: f_vector"),
    (lambda h, a: h.update(f_vector="many"), "damaged"),
    (lambda h, a: a.pop("edges"), "edges"),
    (lambda h, a: a.update(edges=a["edges"] + 1), "damaged.*regions from"),
    (lambda h, a: a.update(edges=a["edges"][:-1]), "damaged: edge_units has shape"),
    (lambda h, a: a.update(witnesses=a["witnesses"][:, :1]), "damaged: witnesses has shape"),
    (lambda h, a: a.update(packed=a["packed"][:, :1]), "damaged: packed has shape"),
    (lambda h, a: a.update(expanded=a["expanded"][1:]), "damaged: expanded has shape"),
]


@pytest.mark.parametrize(("change", "message"), CHANGES)
def test_inconsistent_files_are_refused(
    cx: RegionComplex, tmp_path: Path, change: Callable[[dict[str, Any], dict[str, Any]], object], message: str
) -> None:
    path = tmp_path / "cx.npz"
    cx.save(path)
    rewritten(path, lambda h, a: None)
    assert_equal(polyae.load(path), cx)
    rewritten(path, change)
    with pytest.raises(FileFormatError, match=message):
        polyae.load(path)
