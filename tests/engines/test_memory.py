"""How much memory there is, and what happens where it does not suffice."""

from pathlib import Path

import numpy as np
import pytest

from polyae import enumerate_regions
from polyae.engines import memory
from polyae.engines.enumeration import Status
from polyae.engines.memory import available_memory, empty_rows, lengthened, reserve, stretch
from polyae.errors import JobTooLargeError
from tests.engines.zoo import assert_identical, cube, data_network, drawn

GIB = 2**30


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the system tells of 8 GiB and of no group."""
    (tmp_path / "meminfo").write_text(f"MemTotal: 9999999999 kB\nMemAvailable: {8 * GIB // 1024} kB\n")
    monkeypatch.setattr(memory, "MACHINE", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "GROUP", tmp_path)
    return tmp_path


def confine(folder: Path, limit: str) -> None:
    """Add a group that uses 1 GiB, half of it for files."""
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{GIB}\n")
    (folder / "memory.stat").write_text(f"anon {GIB // 2}\ninactive_file {GIB // 2}\n")


def test_what_is_left(system: Path) -> None:
    assert available_memory() == 8 * GIB
    confine(system, "max")
    assert available_memory() == 8 * GIB
    confine(system, str(2 * GIB))
    assert available_memory() == 1.5 * GIB
    (system / "meminfo").unlink()
    assert available_memory() == 1.5 * GIB
    (system / "memory.max").unlink()
    assert available_memory() == np.inf


def test_most_of_what_is_left_is_refused(system: Path) -> None:
    reserve(6 * GIB)
    with pytest.raises(MemoryError, match=r"7\.0 GiB more are needed, of 8\.0 that are left"):
        reserve(7 * GIB)
    array = np.full((3, 2), 5.0)
    with pytest.raises(MemoryError):
        stretch(array, 2**29)
    stretch(array, 4)
    assert (array[:3] == 5.0).all()
    assert array.shape == (4, 2)


@pytest.mark.parametrize("rows", [3, 1 << 17])
@pytest.mark.parametrize("addresses", [True, False])
def test_arrays_grow_and_keep_what_they_hold(rows: int, addresses: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not addresses:
        monkeypatch.setattr(memory, "_addresses", lambda *arguments: None)
    for array in (np.empty((rows, 3)), empty_rows(rows, rows, 3, np.float64)):
        array[:] = wanted = np.arange(3.0 * rows).reshape(rows, 3)
        longer = lengthened(array, 2 * rows)
        longer[rows:] = 7.0
        longest = lengthened(longer, 5 * rows)
        assert longest.shape == (5 * rows, 3)
        assert (longest[:rows] == wanted).all()
        assert (longest[rows : 2 * rows] == 7.0).all()


def test_large_arrays_are_moved_once(system: Path) -> None:
    array = np.empty(memory.LARGE // 8)
    moved = lengthened(array, 2 * len(array))
    assert not np.shares_memory(moved, array)
    longer = lengthened(moved, 5 * len(array))
    assert np.shares_memory(longer, moved)
    with pytest.raises(MemoryError, match="are needed"):
        lengthened(longer, GIB)


@pytest.mark.parametrize("name", ["generic_2-8-8-4", "zero_bias_2-8-8-4"])
def test_meshes_too_large_for_the_memory_are_marched(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net, where = data_network(name), cube(2, -1, 1)
    cx = enumerate_regions(net, where, engine="march")
    monkeypatch.setattr(memory, "UNASKED", 0)
    monkeypatch.setattr(memory, "available_memory", lambda: 100.0)
    found = enumerate_regions(net, where, engine="subdivide")
    assert (found.engine, found.complete) == ("march", True)
    assert_identical(found, cx)
    with pytest.raises(JobTooLargeError, match="choose a smaller domain"):
        _ = cx.skeleton


def test_a_march_out_of_memory_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    net, where = drawn([3, 12, 12, 1], 0), cube(3, -2, 2)
    whole = enumerate_regions(net, where, engine="march")
    monkeypatch.setattr(memory, "UNASKED", 0)
    monkeypatch.setattr(memory, "available_memory", lambda: 100.0)
    part = enumerate_regions(net, where, engine="march")
    assert (part.complete, part.status) == (False, Status.OUT_OF_MEMORY)
    assert 0 < len(part) < len(whole)
    monkeypatch.undo()
    assert_identical(enumerate_regions(net, where, resume=part), whole)
