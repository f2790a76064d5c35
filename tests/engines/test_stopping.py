"""Limits, interruption and resuming: partial results that say so, and lose nothing."""

import signal
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polyae
from polyae import Network, RegionComplex, Space, enumerate_regions
from polyae.complex.progress import ProgressBar
from polyae.engines import march, reference
from polyae.engines.enumeration import Status
from polyae.errors import FileFormatError, SettingError, ShapeError
from tests.engines.zoo import ENGINES, assert_identical, cube, data_network, patterns, relu_network

pytestmark = pytest.mark.parametrize("engine", ENGINES)
BOX = cube(2, -1, 1)


@pytest.fixture(scope="module")
def net() -> Network:
    return data_network("generic_2-8-8-4")


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engines look at clock and keyboard after every few regions."""
    monkeypatch.setattr(march, "SMALLEST_BATCH", 4)
    monkeypatch.setattr(march, "LARGEST_BATCH", 4)
    monkeypatch.setattr(reference, "PROGRESS_INTERVAL", 0.0)


def assert_whole_and_identical(one: RegionComplex, other: RegionComplex) -> None:
    assert_identical(one, other)
    assert one.complete and other.complete and one.guarantee == other.guarantee == "exact"


def assert_part(part: RegionComplex, whole: RegionComplex) -> None:
    """A partial complex holds true regions and true edges, each once, and all edges of its expanded regions."""
    assert not part.complete and part.guarantee == "partial"
    names, all_names = patterns(part), patterns(whole)
    edges = {frozenset((names[i], names[j])) for i, j in part.edges}
    true_edges = {frozenset((all_names[i], all_names[j])) for i, j in whole.edges}
    assert set(names) < set(all_names)
    assert edges <= true_edges and len(edges) == len(part.edges)
    expanded = {names[i] for i in np.flatnonzero(part.expanded)}
    assert {e for e in true_edges if e & expanded} <= edges


@pytest.mark.parametrize("limit", [1, 2, 17, 112])
def test_max_regions_then_resume(engine: str, net: Network, limit: int) -> None:
    whole = enumerate_regions(net, BOX, engine=engine)
    part = enumerate_regions(net, BOX, engine=engine, max_regions=limit)
    assert len(part) == limit and part.status is Status.MAX_REGIONS
    assert_part(part, whole)
    assert_whole_and_identical(enumerate_regions(net, BOX, engine=engine, resume=part), whole)


def test_a_limit_that_is_not_exceeded_leaves_the_result_complete(engine: str, net: Network) -> None:
    whole = enumerate_regions(net, BOX, engine=engine)
    for limit in (len(whole), len(whole) + 1):
        assert_whole_and_identical(enumerate_regions(net, BOX, engine=engine, max_regions=limit), whole)


def test_resuming_in_steps_and_through_files(engine: str, net: Network, tmp_path: Path) -> None:
    part = enumerate_regions(net, BOX, engine=engine, max_regions=5)
    for limit in count(20, 15):
        part.save(tmp_path / "part.npz")
        part = enumerate_regions(net, BOX, engine=engine, max_regions=limit, resume=polyae.load(tmp_path / "part.npz"))
        if part.complete:
            break
        assert len(part) == limit
    assert_whole_and_identical(part, enumerate_regions(net, BOX, engine=engine))


def test_max_seconds_then_resume(engine: str, net: Network) -> None:
    part = enumerate_regions(net, Space(2), engine=engine, max_seconds=1e-9)
    assert part.status is Status.MAX_SECONDS and "max_seconds" in part.status.value
    whole = enumerate_regions(net, Space(2), engine=engine)
    assert_part(part, whole)
    assert_whole_and_identical(enumerate_regions(net, Space(2), engine=engine, resume=part), whole)


@pytest.mark.parametrize("after", [0, 3, 10])
def test_ctrl_c_then_resume(engine: str, net: Network, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = enumerate_regions(net, BOX, engine=engine)
    calls = count()

    def update(bar: ProgressBar, found: int, waiting: int) -> None:
        if next(calls) == after:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ProgressBar, "update", update)
    part = enumerate_regions(net, BOX, engine=engine)
    assert part.status is Status.INTERRUPTED
    assert_part(part, whole)
    assert_whole_and_identical(enumerate_regions(net, BOX, engine=engine, resume=part), whole)


def test_a_run_in_stages_saves_after_each(
    engine: str, net: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("polyae.complex.checkpoints.STAGE_SECONDS", 0.1 if engine == "reference" else 1e-9)
    whole = enumerate_regions(net, Space(2), engine=engine)
    saved: list[RegionComplex] = []
    save = RegionComplex.save

    def keep(cx: RegionComplex, path: Path) -> None:
        save(cx, path)
        saved.append(polyae.load(path))

    monkeypatch.setattr(RegionComplex, "save", keep)
    file = tmp_path / "saved.npz"
    assert_whole_and_identical(enumerate_regions(net, Space(2), engine=engine, checkpoint=file), whole)
    done = [int(part.expanded.sum()) for part in saved]
    assert done == sorted(set(done)) and len(done) > 5
    part = saved[len(saved) // 2]
    assert part.status is Status.CHECKPOINT
    assert_part(part, whole)
    assert_whole_and_identical(enumerate_regions(net, Space(2), engine=engine, resume=part), whole)


def test_stages_keep_to_the_limits(engine: str, net: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polyae.complex.checkpoints.STAGE_SECONDS", 1e-9)
    file = tmp_path / "saved.npz"
    part = enumerate_regions(net, Space(2), engine=engine, max_regions=17, checkpoint=file)
    assert len(part) == 17 and part.status is Status.MAX_REGIONS
    part = enumerate_regions(net, Space(2), engine=engine, max_seconds=1e-9, checkpoint=file)
    assert part.status is Status.MAX_SECONDS
    with pytest.raises(FileFormatError, match="no folder"):
        enumerate_regions(net, Space(2), engine=engine, checkpoint=tmp_path / "nowhere" / "saved.npz")


def test_resuming_a_complete_complex_changes_nothing(engine: str, net: Network) -> None:
    whole = enumerate_regions(net, BOX, engine=engine)
    assert_whole_and_identical(enumerate_regions(net, BOX, engine=engine, resume=whole), whole)


def test_resuming_asks_for_the_same_network_domain_and_arithmetic(engine: str, net: Network) -> None:
    part = enumerate_regions(net, BOX, engine=engine, max_regions=5)
    other = relu_network(([[1.0, 0.0]], [0.0]))
    for network, domain in ((other, BOX), (net, cube(2, -1, 2))):
        with pytest.raises(SettingError, match="another network or domain"):
            enumerate_regions(network, domain, engine=engine, resume=part)
    unproved = enumerate_regions(net, BOX, engine=engine, max_regions=5, arithmetic="float")
    with pytest.raises(SettingError, match="arithmetic"):
        enumerate_regions(net, BOX, engine=engine, resume=unproved)


@pytest.mark.parametrize("option", [{"max_regions": 0}, {"max_regions": -1}, {"max_seconds": 0.0}])
def test_limits_must_be_positive(engine: str, net: Network, option: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=next(iter(option))):
        enumerate_regions(net, BOX, engine=engine, **option)


def test_the_dimensions_of_network_and_domain_must_agree(engine: str, net: Network) -> None:
    with pytest.raises(ShapeError, match="dimension 3"):
        enumerate_regions(net, Space(3), engine=engine)


def test_float_arithmetic_finds_the_same_on_generic_networks(engine: str, net: Network) -> None:
    unproved = enumerate_regions(net, BOX, engine=engine, arithmetic="float")
    exact = enumerate_regions(net, BOX, engine=engine)
    assert (unproved.guarantee, exact.guarantee) == ("float", "exact")
    assert np.array_equal(unproved.packed, exact.packed) and np.array_equal(unproved.edges, exact.edges)
    assert unproved.decisions.exact == 0 == exact.decisions.assumed
    assert exact.decisions.filtered > 1000 * exact.decisions.exact


def test_the_progress_bar_is_on_standard_error_and_counts(
    engine: str, net: Network, capsys: pytest.CaptureFixture[str]
) -> None:
    cx = enumerate_regions(net, BOX, engine=engine, progress=True)
    captured = capsys.readouterr()
    assert f"{len(cx)} regions" in captured.err and captured.out == ""
    enumerate_regions(net, BOX, engine=engine)
    assert capsys.readouterr() == ("", "")
