"""Files of manifolds: what is written is read back, and what is wrong is named."""

import json
from pathlib import Path

import numpy as np
import pytest

from polyae import Manifold, Orbit, PointCloud, ProductOrbit, Union, load_manifold, save_manifold
from polyae.errors import DataError, FileFormatError, PolyaeError, SettingError, ShapeError

TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
ORBIT = Orbit(TURN, [1 / 3, 2], (0, np.pi))
PRODUCT = ProductOrbit([TURN, np.eye(2)], [1, 2], [(0, 1), (2, 3)])
CLOUD = PointCloud([[0.1, 0.2], [1e-300, 3.0], [4.0, 5.0]])
KNOWN = PointCloud([[0.1, 0.2]], noise=0.01, cover=0.5)
UNION = Union([ORBIT, PRODUCT, CLOUD, KNOWN, *[Orbit(k * TURN, [k, 0], (0, 1)) for k in range(1, 9)]])


def same(a: Manifold, b: Manifold) -> bool:
    """Whether two manifolds are equal to the last bit."""
    if isinstance(a, Union) and isinstance(b, Union):
        return len(a.parts) == len(b.parts) and all(map(same, a.parts, b.parts))
    left, right = a.record, b.record
    return type(a) is type(b) and set(left) == set(right) and all(np.array_equal(left[k], right[k]) for k in left)


@pytest.mark.parametrize("manifold", [ORBIT, PRODUCT, CLOUD, KNOWN, UNION], ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("suffix", ["json", "npz"])
def test_files_round_trip(manifold: Manifold, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"manifold.{suffix}"
    save_manifold(manifold, path)
    again = load_manifold(path)
    assert same(again, manifold)
    assert (again.noise, again.cover, again.ambient) == (manifold.noise, manifold.cover, manifold.ambient)


def test_a_matrix_is_a_cloud(tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", np.arange(6.0).reshape(3, 2))
    assert same(load_manifold(tmp_path / "data.npy"), PointCloud([[0, 1], [2, 3], [4, 5]]))


def test_a_file_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "rings.json"
    ring = '{"G": [[0, -1], [1, 0]], "x0": [%d, 0], "interval": [-3.2, 3.2]}'
    path.write_text('{"parts": [' + ring % 1 + "," + ring % 2 + ', {"points": [[0, 0]], "cover": "inf"}]}')
    union = load_manifold(path)
    assert len(union.charts) == 2 and union.cover == np.inf and union.samples.tolist() == [[0, 0]]


BAD_RECORDS = [
    ([], "named fields"),
    ({}, "fields none"),
    ({"G": [[0]], "x0": [1]}, "fields G, x0"),
    ({"G": [[0]], "x0": [1], "interval": [0, 1], "speed": 3}, "speed"),
    ({"points": [[0]], "x0": [1]}, "points, x0"),
    ({"points": [[0, 1], [2]]}, "ragged"),
    ({"points": [["a"]]}, "real numbers"),
    ({"points": [[0]], "noise": [1, 2]}, "noise must be a single number"),
    ({"parts": {}}, "list"),
    ({"parts": [3]}, "part 0"),
]


@pytest.mark.parametrize(("record", "message"), BAD_RECORDS, ids=[message for _, message in BAD_RECORDS])
def test_bad_records(record: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(record))
    with pytest.raises(FileFormatError, match=message):
        load_manifold(path)


def test_bad_values_name_the_file_and_the_part(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({"parts": [KNOWN.record | {"points": [[1, 2]], "noise": -1.0}]}))
    with pytest.raises(SettingError, match=r"bad\.json, part 0: noise"):
        load_manifold(path)
    path.write_text(json.dumps({"G": [[0]], "x0": [1, 2], "interval": [0, 1]}))
    with pytest.raises(ShapeError, match=r"bad\.json: x0"):
        load_manifold(path)
    path.write_text(json.dumps({"parts": []}))
    with pytest.raises(DataError, match=r"bad\.json: a union needs"):
        load_manifold(path)


def test_unreadable_files(tmp_path: Path) -> None:
    for name in ("absent.json", "absent.npz"):
        with pytest.raises(FileFormatError, match=name):
            load_manifold(tmp_path / name)
    for name in ("bad.json", "bad.npz"):
        (tmp_path / name).write_bytes(b"\xff not an archive")
        with pytest.raises(FileFormatError, match=name):
            load_manifold(tmp_path / name)
    with (tmp_path / "text.npz").open("wb") as file:
        np.savez(file, G=np.array(["a"]), x0=np.ones(2), interval=np.ones(2))
    with pytest.raises(FileFormatError, match="real numbers"):
        load_manifold(tmp_path / "text.npz")
    with (tmp_path / "objects.npz").open("wb") as file:
        np.savez(file, G=np.array([{}], dtype=object), x0=np.ones(2), interval=np.ones(2))
    with pytest.raises(FileFormatError, match="objects"):
        load_manifold(tmp_path / "objects.npz")


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"\.json or \.npz"):
        save_manifold(ORBIT, tmp_path / "orbit.txt")
    for name in ("absent/orbit.json", "absent/orbit.npz"):
        with pytest.raises(FileFormatError, match="orbit"):
            save_manifold(ORBIT, tmp_path / name)


@pytest.mark.parametrize("name", ["none.json", "none.npz", "none.npy"])
def test_missing_files(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=rf"^cannot read .*{name}: No such file or directory$"):
        load_manifold(tmp_path / name)


def test_arrays_that_make_no_samples_are_named_with_their_file(tmp_path: Path) -> None:
    for name, array, reason in (
        ("nan.npy", np.full((1, 2), np.nan), "points holds nan in row 0"),
        ("vector.npy", np.zeros(2), "nonempty matrix"),
        ("text.npy", np.array(["a"]), "real numbers"),
    ):
        np.save(tmp_path / name, array)
        with pytest.raises(PolyaeError, match=f"{name}: .*{reason}"):
            load_manifold(tmp_path / name)
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "junk.npz").write_bytes(bytes(range(256)))
    for name in ("objects.npy", "junk.npz"):
        with pytest.raises(FileFormatError, match=f"{name}: not a whole npz or npy file of numbers$"):
            load_manifold(tmp_path / name)
