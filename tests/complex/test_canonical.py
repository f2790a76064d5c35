"""The canonical order of regions and edges, against plain sorting."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from polyae import Box, Layer, Network
from polyae.complex.canonical import sort_canonically
from polyae.complex.enumerate import arrange
from polyae.engines.edge_order import edges_in_order
from polyae.engines.enumeration import Budget, Enumeration
from polyae.engines.march import March
from polyae.predicates.rational import homogeneous

Packed = NDArray[np.uint8]
Index = NDArray[np.int32] | NDArray[np.int64]


def enumeration() -> Enumeration:
    rng = np.random.default_rng(5)
    net = Network([Layer(rng.normal(size=(12, 3)), rng.normal(size=12), 0.0), Layer(np.ones((1, 12)), [0.0])])
    return March().run(arrange(net, Box([-1] * 3, [1] * 3)), Budget())


@pytest.mark.parametrize("unit_shift", [0, 2**30])
@pytest.mark.parametrize("writeable", [True, False])
def test_regions_sort_by_pattern_and_edges_keep_their_units(unit_shift: int, writeable: bool) -> None:
    found = enumeration()
    units = found.edge_units + np.int32(unit_shift)
    rows = list(map(bytes, found.packed))
    wanted = {
        tuple(sorted((rows[i], rows[j]))): unit
        for (i, j), unit in zip(found.edges.tolist(), units.tolist(), strict=True)
    }
    points = dict(zip(rows, found.witnesses.tolist(), strict=True))
    found = replace(found, edges=found.edges.copy(), edge_units=units)
    found.edges.setflags(write=writeable)
    before = found.edges.copy()
    given = found.edges
    sort_canonically(found)
    names = list(map(bytes, found.packed))
    assert names == sorted(rows)
    assert [points[name] for name in names] == found.witnesses.tolist()
    assert found.edges.tolist() == sorted(found.edges.tolist())
    assert (found.edges[:, 0] < found.edges[:, 1]).all()
    pairs = [(names[i], names[j]) for i, j in found.edges.tolist()]
    assert dict(zip(pairs, found.edge_units.tolist(), strict=True)) == wanted
    assert writeable or np.array_equal(given, before)


def result(rows: Packed, edges: Index, units: Index) -> Enumeration:
    """An engine's result with witnesses that tell the regions apart."""
    count = len(rows)
    return replace(
        enumeration(), packed=rows.copy(order="K"), witnesses=np.arange(2.0 * count).reshape(count, 2),
        exact_witnesses={k: homogeneous([float(k), 0.0]) for k in range(0, count, 7)},
        expanded=np.arange(count) % 3 > 0, edges=edges.astype(np.int32), edge_units=units.astype(np.int32),
    )  # fmt: skip


def assert_sorted(rows: Packed, edges: Index, units: Index) -> None:
    """Against Python's sorting of the rows as bytes, and of edges as tuples."""
    found = result(rows, edges, units)
    sort_canonically(found)
    order = sorted(range(len(rows)), key=lambda i: bytes(rows[i]))
    rank = {old: new for new, old in enumerate(order)}
    assert np.array_equal(found.packed, rows[order])
    assert found.witnesses[:, 0].tolist() == [2.0 * old for old in order]
    assert found.expanded.tolist() == [old % 3 > 0 for old in order]
    assert found.exact_witnesses == {
        new: homogeneous([float(old), 0.0]) for new, old in enumerate(order) if old % 7 == 0
    }
    wanted = sorted((*sorted((rank[i], rank[j])), u) for (i, j), u in zip(edges.tolist(), units.tolist(), strict=True))
    assert [(*pair, u) for pair, u in zip(found.edges.tolist(), found.edge_units.tolist(), strict=True)] == wanted


def drawn_edges(rng: np.random.Generator, regions: int, count: int) -> tuple[Index, Index]:
    """Pairs of regions either way round, some with several units."""
    first = rng.integers(regions, size=count)
    edges = np.column_stack([first, (first + rng.integers(1, regions, size=count)) % regions])
    return np.concatenate([edges, edges[: count // 4]]), rng.integers(2**31, size=count + count // 4)


@pytest.mark.parametrize("width", [0, 1, 4, 8, 9, 16, 19, 40])
@pytest.mark.parametrize("values", [2, 3, 256])
@pytest.mark.parametrize("order", ["drawn", "sorted", "reversed", "one out of place"])
def test_patterns_of_any_width_are_sorted_as_byte_strings(width: int, values: int, order: str) -> None:
    """Few values make many words agree."""
    rng = np.random.default_rng([width, values])
    rows = np.unique(rng.integers(0, values, size=(400, width), dtype=np.uint8), axis=0) if width else np.zeros((1, 0))
    rows = rows.astype(np.uint8) * np.uint8(101 if values == 3 else 1)
    rows = rows[np.array(sorted(range(len(rows)), key=lambda i: bytes(rows[i])))]
    if order == "drawn":
        rows = rng.permutation(rows)
    elif order == "reversed":
        rows = rows[::-1]
    elif order == "one out of place":
        rows = np.roll(rows, 1, axis=0)
    edges, units = drawn_edges(rng, len(rows), 900) if len(rows) > 1 else (np.zeros((0, 2)), np.zeros(0))
    assert_sorted(np.asarray(rows, order="F" if order == "sorted" else "C"), edges, units)


@pytest.mark.parametrize("shared", [8, 16, 20])
def test_patterns_with_a_long_common_start_are_sorted(shared: int) -> None:
    rng = np.random.default_rng(shared)
    rows = np.unique(rng.integers(0, 256, size=(3000, 24), dtype=np.uint8), axis=0)
    rows[:, :shared] = rows[:1, :shared] * (rng.integers(0, 2, size=len(rows)) > 0)[:, None]
    rows = rng.permutation(np.unique(rows, axis=0))
    assert_sorted(rows, *drawn_edges(rng, len(rows), 5000))


def test_edges_of_regions_with_many_neighbours_are_sorted() -> None:
    """A grid and two regions next to all others, each once by its higher number."""
    rng = np.random.default_rng(0)
    rows = np.arange(3000, dtype=">u4").view(np.uint8).reshape(-1, 4)
    hub = np.column_stack([rng.permutation(np.arange(1, 3000)), np.zeros(2999, dtype=int)])
    other = np.column_stack([np.full(1500, 1200), rng.permutation(np.arange(1300, 2800))])
    edges = rng.permutation(np.concatenate([hub, other, hub]))
    assert_sorted(rows, edges, rng.integers(5, size=len(edges)))
    assert_sorted(rng.permutation(rows), edges, rng.integers(2**31, size=len(edges)))


@pytest.mark.parametrize("write", [True, False])
def test_what_is_in_order_is_left_as_it_is(write: bool) -> None:
    found = enumeration()
    sort_canonically(found)
    arrays = [found.packed, found.witnesses, found.expanded, found.edges, found.edge_units]
    before = [array.copy() for array in arrays]
    for array in arrays:
        array.setflags(write=write)
    sort_canonically(found)
    after = [found.packed, found.witnesses, found.expanded, found.edges, found.edge_units]
    assert all(one is other for one, other in zip(arrays, after, strict=True))
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("edges", "units", "ordered"),
    [
        ([], [], True),
        ([(0, 1)], [3], True),
        ([(1, 0)], [3], False),
        ([(0, 1), (0, 2), (1, 2)], [5, 4, 3], True),
        ([(0, 2), (0, 1)], [0, 1], False),
        ([(1, 2), (0, 3)], [0, 1], False),
        ([(0, 1), (0, 1)], [2, 2], True),
        ([(0, 1), (0, 1)], [2, 1], False),
    ],
)
def test_edges_are_known_to_be_in_order(edges: list[tuple[int, int]], units: list[int], ordered: bool) -> None:
    pairs = np.array(edges, dtype=np.int32).reshape(-1, 2)
    assert edges_in_order(pairs, np.array(units, dtype=np.int32)) == ordered
