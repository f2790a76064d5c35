"""Files are whole or absent, whatever happens while they are written."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import polyae
from polyae.atomic import check_writable, whole_file
from polyae.errors import FileFormatError
from polyae.queries.manifolds import Orbit, save_manifold


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("bad")])
def test_what_stood_there_stays_when_writing_fails(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    expected = FileFormatError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected), whole_file(target) as file:
        file.write_text("half")
        raise error
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.txt", "old")]


def test_the_name_keeps_its_ending_and_links_are_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "deep" / "a.tar.gz", tmp_path / "latest.gz"
    target.parent.mkdir()
    link.symlink_to(target)
    with whole_file(link) as file:
        assert file.suffix == ".gz" and file.parent == target.parent
        file.write_text("new")
    assert link.is_symlink() and target.read_text() == "new"
    assert [p.name for p in target.parent.iterdir()] == ["a.tar.gz"]


def test_what_is_no_ordinary_file_is_written_directly(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with whole_file(tmp_path / "pipe") as file:
        assert file == tmp_path / "pipe"
    assert (tmp_path / "pipe").is_fifo()
    with pytest.raises(FileFormatError, match=r"cannot write .*: Is a directory"), whole_file(tmp_path) as file:
        file.write_text("new")


NET = polyae.Network([polyae.Layer(np.eye(2), [0, 0], 0.0), polyae.Layer([[1, 1]], [0])])
WRITERS: dict[str, Callable[[Path], None]] = {
    "net.json": lambda path: polyae.write_network(NET, path),
    "net.safetensors": lambda path: polyae.write_network(NET, path),
    "cx.npz": lambda path: polyae.enumerate_regions(NET, polyae.Box([-1, -1], [1, 1])).save(path),
    "cx.graphml": lambda path: polyae.enumerate_regions(NET, polyae.Box([-1, -1], [1, 1])).to_graphml(path),
    "orbit.npz": lambda path: save_manifold(Orbit([[0, -1], [1, 0]], [1, 0], (0, 1)), path),
    "orbit.json": lambda path: save_manifold(Orbit([[0, -1], [1, 0]], [1, 0], (0, 1)), path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_writes_whole_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old file stays until the new one takes its name, and stays for good if that fails."""
    path = tmp_path / name
    WRITERS[name](path)
    first = path.read_bytes()
    seen = []

    def full(source: Path, target: Path) -> None:
        seen.append((Path(target).name, path.read_bytes()))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(FileFormatError, match=f"cannot write .*{name}: No space left on device"):
        WRITERS[name](path)
    assert seen == [(name, first)]
    assert [p.name for p in tmp_path.iterdir()] == [name] and path.read_bytes() == first


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_names_a_folder_that_is_missing(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=f"cannot write .*none/{name}: No such file"):
        WRITERS[name](tmp_path / "none" / name)


def test_what_cannot_be_written_is_found_before_the_work(tmp_path: Path) -> None:
    check_writable(tmp_path / "new.npz")
    (tmp_path / "old.npz").write_text("old")
    check_writable(tmp_path / "old.npz")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("old.npz", "old")]
    bad = {
        tmp_path: "Is a directory",
        tmp_path / "none" / "a.npz": "(there is no folder|No such file)",
        tmp_path / ("a" * 300): "too long",
    }
    for path, reason in bad.items():
        with pytest.raises(FileFormatError, match=f"cannot write .*{reason}"):
            check_writable(path)
        with pytest.raises(FileFormatError, match=f"cannot write .*{reason}"), whole_file(path) as file:
            file.write_text("new")
