"""Loaders of data files, and the generated series against the archive's."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from polyae.errors import DataError, FileFormatError
from polyae.training.archives import load_cifar10_subset, load_dataset, load_idx, load_mnist, load_ts, load_tsv
from polyae.training.synthetic import cbf, cbf_series, control_series, standardised, synthetic_control


def idx(*shape: int, values: bytes) -> bytes:
    return b"\x00\x00\x08" + bytes([len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + values


def test_tsv_and_ts_hold_the_same(tmp_path: Path) -> None:
    series, labels = [[1.5, -2.0, 1e-3], [0.0, 4.0, 5.0]], ["1", "2"]
    tsv, ts = tmp_path / "a.tsv", tmp_path / "a.ts"
    rows = zip(labels, series, strict=True)
    tsv.write_text("".join("\t".join([y, *map(str, x)]) + "\n" for y, x in rows))
    rows = zip(labels, series, strict=True)
    body = "".join(",".join(map(str, x)) + f":{y}\n" for y, x in rows)
    ts.write_text("# a comment\n@problemName a\n@univariate true\n@classLabel true 1 2\n@data\n" + body)
    for values, names in (load_tsv(tsv), load_ts(ts)):
        assert values.tolist() == series and names.tolist() == labels


def test_ucr_folder_with_either_format(tmp_path: Path) -> None:
    folder = tmp_path / "Tiny"
    folder.mkdir()
    (folder / "Tiny_TRAIN.tsv").write_text("1\t1.0\t2.0\n")
    (folder / "Tiny_TEST.ts").write_text("@data\n3,4:2\n5,6:1\n")
    data = load_dataset(tmp_path, "Tiny")
    assert (data.name, data.train.tolist(), data.test.tolist()) == ("Tiny", [[1, 2]], [[3, 4], [5, 6]])
    assert data.test_labels is not None and data.test_labels.tolist() == ["2", "1"]


def test_train_file_split_in_place_of_a_missing_test_file(tmp_path: Path) -> None:
    folder = tmp_path / "ucr" / "Tiny"
    folder.mkdir(parents=True)
    (folder / "Tiny_TRAIN.tsv").write_text("".join(f"{i}\t{i}.0\t{i}.5\n" for i in range(7)))
    with pytest.raises(FileFormatError, match=r"Tiny_TEST\.tsv; it is to be had from the UCR .*Tiny:TRAIN splits"):
        load_dataset(tmp_path, "Tiny")
    data, again = load_dataset(tmp_path, "Tiny:TRAIN"), load_dataset(tmp_path, "Tiny:TRAIN")
    assert data.name == "Tiny, TRAIN file split" and (len(data.train), len(data.test)) == (5, 2)
    assert sorted(np.concatenate([data.train, data.test])[:, 0]) == list(range(7))
    assert np.array_equal(data.test, again.test) and data.test_labels is not None
    assert data.test_labels.tolist() == [str(int(x)) for x in data.test[:, 0]]
    (folder / "Tiny_TRAIN.tsv").write_text("1\t1.0\n2\t2.0\n")
    with pytest.raises(DataError, match="cannot be split"):
        load_dataset(tmp_path, "Tiny:TRAIN")


def test_mnist_gzipped_or_not(tmp_path: Path) -> None:
    pixels = bytes(range(8))
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(2, 2, 2, values=pixels))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(2, values=b"\x07\x01"), mtime=0))
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(
        gzip.compress(idx(1, 2, 2, values=b"\xff\x00\xff\x00"), mtime=0)
    )
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(1, values=b"\x03"))
    data = load_mnist(tmp_path)
    assert (data.train * 255).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert data.test.tolist() == [[1, 0, 1, 0]]
    assert data.train_labels is not None and data.train_labels.tolist() == [7, 1]


def test_cifar_subset(tmp_path: Path) -> None:
    images = np.arange(2 * 32 * 32 * 3).astype(np.uint8).reshape(2, 32, 32, 3)
    np.savez(tmp_path / "cifar10_subset_5000_1000.npz", x_train=images, y_train=[1, 2], x_test=images[:1], y_test=[1])
    data = load_dataset(tmp_path, "CIFAR10")
    assert np.array_equal(data.train * 255, images.reshape(2, -1)) and data.dim == 3072


UCR = ["CBF", "Trace", "FaceFour", "SyntheticControl"]


@pytest.mark.parametrize("name", UCR)
def test_series_of_the_archive(reference: Path, name: str) -> None:
    sizes = {
        "CBF": (30, 900, 128),
        "Trace": (100, 100, 275),
        "FaceFour": (24, 88, 350),
        "SyntheticControl": (300, 300, 60),
    }
    data = load_dataset(reference / "datasets", name)
    assert (len(data.train), len(data.test), data.dim) == sizes[name]
    assert np.allclose(data.train.mean(axis=1), 0, atol=1e-6)
    assert np.allclose(data.train.std(axis=1, ddof=1), 1, atol=1e-5)


def test_images_of_the_archives(reference: Path) -> None:
    mnist, cifar = (load_dataset(reference / "datasets", name) for name in ("MNIST", "CIFAR10"))
    assert (mnist.train.shape, mnist.test.shape) == ((60000, 784), (10000, 784))
    assert mnist.train_labels is not None and mnist.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert (cifar.train.shape, cifar.test.shape) == ((5000, 3072), (1000, 3072))
    assert cifar.train_labels is not None and np.bincount(cifar.train_labels).tolist() == [500] * 10


def test_missing_test_file_of_the_archive_is_named(reference: Path) -> None:
    with pytest.raises(FileFormatError, match=r"Yoga_TEST\.tsv; it is to be had from the UCR"):
        load_dataset(reference / "datasets", "Yoga")


def class_means(series: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    return np.array([series[labels == c].mean(axis=0) for c in range(1, classes + 1)])


@pytest.mark.parametrize(("name", "make", "classes"), [("CBF", cbf, 3), ("SyntheticControl", synthetic_control, 6)])
def test_generated_series_look_like_the_archive(reference: Path, name: str, make, classes: int) -> None:
    real, ours = load_dataset(reference / "datasets", name), make(num_train=3000, num_test=60)
    theirs = np.vstack([real.train, real.test])
    labels = np.concatenate([real.train_labels, real.test_labels]).astype(int)
    assert ours.dim == real.dim
    apart = class_means(ours.train, ours.train_labels, classes) - class_means(theirs, labels, classes)
    spread = max(theirs[labels == c].std(axis=0).max() for c in range(1, classes + 1))
    smallest = min(np.bincount(labels)[1:])
    # Means of that many series: five standard errors, for all coordinates together.
    assert np.abs(apart).max() < 5 * spread * np.sqrt(1 / smallest + classes / 3000)


def test_equations_of_the_control_charts() -> None:
    labels = np.repeat(np.arange(1, 7), 2000)
    raw = control_series(labels, np.random.default_rng(0))
    t = np.arange(60)
    means = class_means(raw, labels, 6)
    assert np.abs(means[0] - 30).max() < 0.5
    assert np.abs(means[2] - 30 - 0.35 * t).max() < 0.6 and np.abs(means[3] - 30 + 0.35 * t).max() < 0.6
    step = 13.75 * np.clip((t - 20) / 20, 0, 1)
    assert np.abs(means[4] - 30 - step).max() < 0.9 and np.abs(means[5] - 30 + step).max() < 0.9
    assert np.abs(raw[labels == 1] - 30).max() <= 6 and raw[labels == 1].std() == pytest.approx(np.sqrt(12), rel=0.01)
    assert np.abs(raw[labels == 2] - 30).max() <= 21


def test_equations_of_cylinder_bell_and_funnel() -> None:
    labels = np.repeat([1, 2, 3], 3000)
    raw = cbf_series(labels, np.random.default_rng(0))
    means = class_means(raw, labels, 3)
    assert np.abs(means[:, :15]).max() < 0.1  # before the earliest onset
    assert means[0, 32:47] == pytest.approx(np.full(15, 6.0), abs=0.2)  # between the latest onset and earliest end
    # A bell and a funnel on one interval add up to the cylinder.
    assert np.abs(means[1] + means[2] - means[0])[32:47].max() < 0.3
    assert means[1].argmax() > means[2].argmax()


def test_generated_data_are_standardised_seeded_and_balanced() -> None:
    a, b, c = cbf(seed=1), cbf(seed=1), cbf(seed=2)
    assert np.array_equal(a.train, b.train) and not np.array_equal(a.train, c.train)
    assert not np.isin(a.train, a.test).any()
    assert a.train_labels is not None and np.bincount(a.train_labels).tolist() == [0, 10, 10, 10]
    assert np.allclose(standardised(a.test), a.test)
    with pytest.raises(DataError, match="3 classes"):
        cbf(num_train=2)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", "1\t1.0\n2\t3.0\t4.0\n", r"a\.tsv, line 2: a series of 2 numbers among ones of 1"),
        ("a.tsv", "1\t1.0\tx\n", r"a\.tsv, line 1: could not convert"),
        ("a.tsv", "1\t1.0\tNaN\n", "line 1: a number is missing"),
        ("a.tsv", "\n", "holds no series"),
        ("a.tsv", "1\n", "a series of 0 numbers"),
        ("a.ts", "1,2:1\n", "data before the line @data"),
        ("a.ts", "@univariate false\n@data\n", "only univariate"),
        ("a.ts", "@data\n1,2\n", "1 parts between colons"),
        ("a.ts", "@data\n1,2:3,4:1\n", "3 parts between colons"),
        ("a.ts", "@data\n1,?:1\n", "could not convert"),
    ],
)
def test_malformed_series_are_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(FileFormatError, match=message):
        (load_ts if name.endswith(".ts") else load_tsv)(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x", idx(3, values=b"ab"), "truncated or damaged"),
        ("x", idx(3, values=b"abcd"), "truncated or damaged"),
        ("x", b"\x00\x00\x0d\x01", "it begins with 00000d01"),
        ("x", b"", "not an IDX file"),
        ("x", b"\x00\x00\x08\x03\x00", "truncated or damaged"),
        ("x.gz", gzip.compress(idx(3, values=b"abc"), mtime=0)[:-4], "cannot be unpacked"),
        ("x.gz", b"no gzip", "cannot be unpacked"),
    ],
)
def test_damaged_idx_files_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileFormatError, match=message):
        load_idx(tmp_path / name)


def test_other_missing_and_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="no folder"):
        load_dataset(tmp_path / "none", "CBF")
    with pytest.raises(DataError, match=r"'\.\./x' is not the name"):
        load_dataset(tmp_path, "../x")
    with pytest.raises(FileFormatError, match="MNIST database"):
        load_dataset(tmp_path, "MNIST")
    with pytest.raises(FileFormatError, match="cifar"):
        load_dataset(tmp_path, "CIFAR10")
    (tmp_path / "cifar10_subset_5000_1000.npz").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(FileFormatError, match="not the subset of CIFAR-10"):
        load_cifar10_subset(tmp_path)
    (tmp_path / "a.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileFormatError, match="cannot be read as text"):
        load_tsv(tmp_path / "a.tsv")
