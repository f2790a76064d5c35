"""Data sets from files that the user has: UCR time series, MNIST, a subset of CIFAR-10."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polyae.errors import DataError, FileFormatError
from polyae.training.data import Dataset

Float = NDArray[np.float64]

SOURCES = {
    "ucr": "the UCR Time Series Archive, https://www.cs.ucr.edu/~eamonn/time_series_data_2018",
    "ts": "https://www.timeseriesclassification.com",
    "mnist": "the MNIST database of LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist",
    "cifar10": "drawn from CIFAR-10, https://www.cs.toronto.edu/~kriz/cifar.html, as arrays x_train, y_train, …",
}
#: Ending of a name that asks for a split of the TRAIN file.
SPLIT = ":TRAIN"
CIFAR_FILE = "cifar10_subset_5000_1000.npz"

__all__ = [
    "load_cifar10_subset",
    "load_dataset",
    "load_idx",
    "load_mnist",
    "load_ts",
    "load_tsv",
    "load_ucr",
    "split_train_file",
]


def _missing(path: Path, source: str) -> FileFormatError:
    return FileFormatError(f"there is no file {path}; it is to be had from {SOURCES[source]}")


def _lines(path: Path, source: str) -> list[str]:
    if not path.is_file():
        raise _missing(path, source)
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"{path} cannot be read as text: {error}") from error


def _numbers(path: Path, line: int, fields: list[str]) -> list[float]:
    try:
        return [float(field) for field in fields]
    except ValueError as error:
        raise FileFormatError(f"{path}, line {line}: {error}") from error


def _table(path: Path, rows: list[tuple[int, str, list[float]]], source: str) -> tuple[Float, NDArray[np.str_]]:
    if not rows:
        raise FileFormatError(f"{path} holds no series; get it anew from {SOURCES[source]}")
    width = len(rows[0][2])
    for line, _, values in rows:
        if len(values) != width or width == 0:
            raise FileFormatError(f"{path}, line {line}: a series of {len(values)} numbers among ones of {width}")
        if not np.isfinite(values).all():
            raise FileFormatError(f"{path}, line {line}: a number is missing or not finite")
    return np.array([values for _, _, values in rows]), np.array([label for _, label, _ in rows])


def load_tsv(path: Path) -> tuple[Float, NDArray[np.str_]]:
    """Series (n, length) and labels (n,) of a UCR file: label first, tab-separated, no header.

    Raises
    ------
    FileFormatError
        If the file is missing or malformed.
    """
    rows = []
    for number, text in enumerate(_lines(path, "ucr"), 1):
        if text.strip():
            label, *fields = text.split("\t")
            rows.append((number, label, _numbers(path, number, fields)))
    return _table(path, rows, "ucr")


def load_ts(path: Path) -> tuple[Float, NDArray[np.str_]]:
    """Series (n, length) and labels (n,) of a ``.ts`` file: ``@`` header, then values by commas, ``:label`` last.

    Only univariate series of equal length without time stamps are read.

    Raises
    ------
    FileFormatError
        If the file is missing, malformed, or of another kind.
    """
    rows: list[tuple[int, str, list[float]]] = []
    inside = False
    for number, text in enumerate(_lines(path, "ts"), 1):
        text = text.strip()
        if not text or text.startswith("#"):
            continue
        if inside:
            rows.append(_ts_row(path, number, text))
        elif text.lower() == "@data":
            inside = True
        elif not text.startswith("@"):
            raise FileFormatError(f"{path}, line {number}: data before the line @data")
        elif text.lower() in ("@timestamps true", "@univariate false"):
            raise FileFormatError(f"{path}, line {number}: only univariate series without time stamps are read")
    return _table(path, rows, "ts")


def _ts_row(path: Path, number: int, text: str) -> tuple[int, str, list[float]]:
    parts = text.split(":")
    if len(parts) != 2:
        raise FileFormatError(f"{path}, line {number}: {len(parts)} parts between colons; a series and a label wanted")
    return number, parts[1], _numbers(path, number, parts[0].split(","))


def _part(folder: Path, name: str, part: str) -> tuple[Float, NDArray[np.str_]]:
    modern = folder / f"{name}_{part}.ts"
    return load_ts(modern) if modern.is_file() else load_tsv(folder / f"{name}_{part}.tsv")


def _folder(root: Path, name: str) -> Path:
    return next((f for f in (root / "ucr" / name, root / name) if f.is_dir()), root / "ucr" / name)


def load_ucr(root: Path, name: str) -> Dataset:
    """One data set of the UCR archive, ``.tsv`` or ``.ts``, from its folder in `root`, in ``root/ucr`` or below.

    Raises
    ------
    FileFormatError
        If one of its two files is missing or malformed.
    """
    folder = _folder(root, name)
    train, train_labels = _part(folder, name, "TRAIN")
    if not any((folder / f"{name}_TEST.{ending}").is_file() for ending in ("ts", "tsv")):
        missing = _missing(folder / f"{name}_TEST.tsv", "ucr")
        raise FileFormatError(f"{missing}; the name {name}{SPLIT} splits the TRAIN file instead")
    test, test_labels = _part(folder, name, "TEST")
    return Dataset(name, train, test, train_labels, test_labels)


def split_train_file(root: Path, name: str) -> Dataset:
    """A data set of the archive whose TEST file is not at hand: a third of the TRAIN file, drawn once, is tested on.

    It is named "…, TRAIN file split", because its errors are not those of the official test data.

    Raises
    ------
    FileFormatError
        If the TRAIN file is missing or malformed.
    DataError
        If it holds fewer than three series.
    """
    series, labels = _part(_folder(root, name), name, "TRAIN")
    if len(series) < 3:
        raise DataError(f"{name}: {len(series)} series cannot be split into data to train and to test on")
    order = np.random.default_rng(0).permutation(len(series))
    test, train = np.sort(order[: len(series) // 3]), np.sort(order[len(series) // 3 :])
    return Dataset(f"{name}, TRAIN file split", series[train], series[test], labels[train], labels[test])


def load_idx(path: Path) -> NDArray[np.uint8]:
    """Array of an IDX file of unsigned bytes, gzipped or not: big-endian sizes, then the bytes.

    Raises
    ------
    FileFormatError
        If the file is missing, truncated, damaged, or holds another type.
    """
    if not path.is_file():
        raise _missing(path, "mnist")
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise FileFormatError(f"{path} cannot be unpacked ({error}); get it anew from {SOURCES['mnist']}") from error
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise FileFormatError(f"{path} is not an IDX file of unsigned bytes: it begins with {content[:4].hex()}")
    head = 4 + 4 * content[3]
    shape = np.frombuffer(content[4:head], dtype=">u4") if len(content) >= head else np.zeros(0, dtype=">u4")
    if len(content) != head + int(np.prod(shape, dtype=np.int64)) or not len(shape):
        raise FileFormatError(f"{path} has {len(content)} bytes, not what its header says; it is truncated or damaged")
    return np.frombuffer(content, dtype=np.uint8, offset=head).reshape(shape.astype(int))


def load_mnist(root: Path) -> Dataset:
    """MNIST from the four IDX files in ``root/mnist`` or `root`, pixels in [0, 1], (60000, 784) and (10000, 784).

    Raises
    ------
    FileFormatError
        If a file is missing or malformed.
    DataError
        If labels and images do not fit.
    """
    folder = root / "mnist" if (root / "mnist").is_dir() else root
    arrays = {}
    for part, prefix in (("train", "train"), ("test", "t10k")):
        for what, name in (("images", "images-idx3"), ("labels", "labels-idx1")):
            plain = folder / f"{prefix}-{name}-ubyte"
            arrays[part, what] = load_idx(plain if plain.is_file() else plain.with_name(plain.name + ".gz"))
    train, test = (
        arrays[part, "images"].reshape(len(arrays[part, "images"]), -1) / 255.0 for part in ("train", "test")
    )
    return Dataset("MNIST", train, test, arrays["train", "labels"], arrays["test", "labels"])


def load_cifar10_subset(root: Path) -> Dataset:
    """A subset of CIFAR-10 from one ``.npz`` in ``root/cifar10`` or `root`, values in [0, 1], d = 3072.

    Raises
    ------
    FileFormatError
        If the file is missing or malformed.
    """
    path = next((f for f in (root / "cifar10" / CIFAR_FILE, root / CIFAR_FILE) if f.is_file()), None)
    if path is None:
        raise _missing(root / "cifar10" / CIFAR_FILE, "cifar10")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            x_train, y_train, x_test, y_test = (arrays[k] for k in ("x_train", "y_train", "x_test", "y_test"))
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise FileFormatError(f"{path} is not the subset of CIFAR-10 ({error}); {SOURCES['cifar10']}") from error
    train, test = (x.reshape(len(x), -1) / 255.0 for x in (x_train, x_test))
    return Dataset("CIFAR10 subset", train, test, y_train, y_test)


def load_dataset(root: str | Path, name: str) -> Dataset:
    """One data set of a folder: "MNIST", "CIFAR10", or the name of a UCR data set such as "CBF".

    "CBF:TRAIN" splits the TRAIN file of a UCR data set, see :func:`split_train_file`.

    Raises
    ------
    FileFormatError
        If the folder or a file in it is missing or malformed.
    DataError
        If the name is not one of a data set.
    """
    folder = Path(root)
    if not folder.is_dir():
        raise FileFormatError(f"there is no folder {folder} to take data from")
    official, split = name.removesuffix(SPLIT), name.endswith(SPLIT)
    if not official.isalnum():
        raise DataError(f"{name!r} is not the name of a data set; give MNIST, CIFAR10 or one of the UCR archive")
    match name.lower():
        case "mnist":
            return load_mnist(folder)
        case "cifar10":
            return load_cifar10_subset(folder)
    return split_train_file(folder, official) if split else load_ucr(folder, name)
