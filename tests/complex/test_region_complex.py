"""The complex as a whole: counts, graph, and files of other programs."""

import copy
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from polyae import Ball, Box, Network, Region, RegionComplex, Space, enumerate_regions
from polyae.errors import SettingError
from tests.engines.zoo import cube, data_network, domain, drawn, patterns, relu_network
from tests.reference.random_networks import random_case

ABS = -1.0


@pytest.fixture(scope="module")
def cx() -> RegionComplex:
    return enumerate_regions(data_network("deep_2-6-6-6-3"), cube(2, -2, 2))


# Order and indexing


def test_regions_are_sorted_and_different(cx: RegionComplex) -> None:
    rows = patterns(cx)
    assert rows == sorted(set(rows)) and len(rows) == len(cx)
    pairs = cx.edges.tolist()
    assert pairs == sorted(pairs) and all(i < j for i, j in pairs)


def test_indexing(cx: RegionComplex) -> None:
    assert cx[-1].index == len(cx) - 1 and cx[np.int64(3)].index == 3
    assert [r.index for r in cx] == list(range(len(cx)))
    assert all(isinstance(r, Region) for r in cx)
    for index in (len(cx), -len(cx) - 1):
        with pytest.raises(IndexError, match=f"no region {index}; the complex has {len(cx)}"):
            cx[index]
    for index in (1.5, "0", None):
        with pytest.raises(TypeError):
            cx[index]  # type: ignore[index]


def test_arrays_are_read_only(cx: RegionComplex) -> None:
    for array in (cx.packed, cx.witnesses, cx.edges, cx.edge_units, cx.expanded):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_what_it_says_about_itself(cx: RegionComplex) -> None:
    assert repr(cx) == "RegionComplex(43 regions, 69 adjacent pairs, complete, exact arithmetic)"
    assert cx.engine == "subdivide" and cx.seconds > 0 and cx.expanded.all()
    assert cx.patterns.shape == (43, 18) and cx.packed.dtype == np.uint8


# Counts


def test_equal_maps_on_regions_that_do_not_touch_are_two_linear_regions() -> None:
    """A bump is 0 left and right of its support; ReLU(|x| - 1) is 0 on two regions that touch."""
    bump = relu_network(([[1.0]] * 3, [1.0, 0.0, -1.0]))
    bump = Network([*bump.layers[:1], type(bump.layers[0])([[1.0, -2.0, 1.0]], [0.0])])
    found = enumerate_regions(bump, Space(1))
    assert (len(found), found.num_distinct_affine_maps, found.num_linear_regions) == (4, 3, 4)
    dead = relu_network(([[1.0]], [0.0]), ([[1.0]], [-1.0]))
    found = enumerate_regions(dead, Space(1))
    assert (len(found), found.num_distinct_affine_maps, found.num_linear_regions) == (3, 2, 2)
    assert found.linear_region_labels.tolist() == [0, 0, 1] == found.affine_map_labels.tolist()


@pytest.mark.parametrize("gap", [0.0, 2.0**-52, 1e-12])
def test_maps_are_equal_only_if_they_are_equal_exactly(gap: float) -> None:
    """|x| with slopes -1 and 1 + gap after mirroring: x -> ((1 + gap) |x|, |x|) read through one unit each."""
    net = relu_network(([[1.0], [-1.0], [-1.0 - gap]], [0.0, 0.0, 1.0 + gap]))
    last = type(net.layers[0])([[1.0, 1.0, 0.0]], [0.0])
    found = enumerate_regions(Network([net.layers[0], last]), Space(1))
    assert (len(found), found.num_distinct_affine_maps) == (3, 2)
    bent = type(net.layers[0])([[1.0, -1.0 - gap, 0.0]], [0.0])
    found = enumerate_regions(Network([net.layers[0], bent]), Space(1))
    assert found.num_distinct_affine_maps == (1 if gap == 0 else 2)


# Geometry of the whole


@pytest.mark.parametrize(
    ("net", "place", "volume"),
    [
        (drawn([1, 8, 8, 5], 0), Box([-1], [2]), 3.0),
        (drawn([2, 16, 16, 5], 0), Box([-1, -2], [1, 1]), 6.0),
        (data_network("deep_2-6-6-6-3"), Ball([0, 0], 1.5, 1), 4.5),
        (drawn([3, 8, 8, 5], 0), cube(3, -1, 1), 8.0),
        (data_network("integer_4-6-5-3"), cube(4, -2, 2), 256.0),
        (drawn([4, 6, 6, 5], 0), Ball([0.5] * 4, 1, np.inf), 16.0),
        (drawn([4, 6, 6, 5], 0), Ball([0] * 4, 2, 1), 32 / 3),
    ],
)
def test_volumes_add_up_to_the_domain(net: Network, place: Box | Ball, volume: float) -> None:
    found = enumerate_regions(net, place)
    volumes = [region.volume for region in found]
    assert min(volumes) > 0
    assert sum(volumes) == pytest.approx(volume, rel=1e-9)


def test_volumes_of_degenerate_networks(cases: Callable[[int, int], int]) -> None:
    for seed in range(cases(60, 600)):
        net, description = random_case(seed)
        if description[0] == "box":
            found = enumerate_regions(net, domain(description))
            volume = np.prod(np.subtract(description[2], description[1]))
            assert sum(region.volume for region in found) == pytest.approx(volume, rel=1e-9), seed


# The graph


def test_networkx(cx: RegionComplex) -> None:
    graph = cx.to_networkx()
    assert sorted(graph.nodes) == list(range(len(cx)))
    assert sorted(map(sorted, graph.edges)) == cx.edges.tolist()
    assert [graph.nodes[i]["pattern"] for i in range(len(cx))] == [
        "".join("01"[b] for b in row) for row in cx.patterns.astype(int).tolist()
    ]
    assert [graph.edges[i, j]["unit"] for i, j in cx.edges.tolist()] == cx.edge_units.tolist()
    assert nx.is_connected(graph)
    assert graph.graph["guarantee"] == "exact"


def test_edge_units_flip_across_their_edge(cx: RegionComplex) -> None:
    """The lowest unit behind a facet is the first that differs."""
    bits = cx.patterns
    for (i, j), unit in zip(cx.edges, cx.edge_units, strict=True):
        assert np.flatnonzero(bits[i] != bits[j])[0] == unit


def test_graphml_round_trip(cx: RegionComplex, tmp_path: Path) -> None:
    cx.to_graphml(tmp_path / "cx.graphml")
    again = nx.read_graphml(tmp_path / "cx.graphml", node_type=int)
    graph = cx.to_networkx()
    assert dict(again.nodes(data=True)) == dict(graph.nodes(data=True))
    assert nx.utils.edges_equal(again.edges(data=True), graph.edges(data=True))
    assert again.graph["domain"] == repr(cx.domain)


def test_adjacency_matrix(cx: RegionComplex) -> None:
    dense = cx.adjacency.toarray()
    assert np.array_equal(dense, dense.T) and (dense > 0).sum() == 2 * len(cx.edges)
    assert [dense[i, j] for i, j in cx.edges] == list(range(1, len(cx.edges) + 1))


@pytest.mark.parametrize("remake", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_and_pickles_are_equal(remake: Callable[[Any], Any]) -> None:
    cx = enumerate_regions(data_network("generic_2-8-8-4"), Box([-1, -1], [1, 1]))
    assert cx.num_distinct_affine_maps and cx[3].facets  # fills the caches
    again = remake(cx)
    assert again.network == cx.network and again.domain == cx.domain and again.status is cx.status
    for name in ("packed", "witnesses", "edges", "edge_units", "affine_map_labels"):
        assert np.array_equal(getattr(again, name), getattr(cx, name)), name
    assert not again.packed.flags.writeable
    region = remake(cx[3])
    assert [f.neighbour for f in region.facets] == [f.neighbour for f in cx[3].facets]


def test_slices_are_lists_of_regions() -> None:
    cx = enumerate_regions(data_network("generic_2-8-8-4"), Box([-1, -1], [1, 1]))
    assert [r.index for r in cx[2:5]] == [2, 3, 4]
    assert [r.index for r in cx[::-1]] == list(range(len(cx)))[::-1]


@pytest.mark.parametrize(
    "options",
    [
        {"max_regions": "a"}, {"max_regions": 1.5}, {"max_regions": 0}, {"max_seconds": math.nan}, {"max_seconds": "a"},
        {"hops": 1.5}, {"hops": -1}, {"hops": 1, "engine": "reference"}, {"resume": "cx.npz"},
    ],
)  # fmt: skip
def test_options_of_a_wrong_kind_are_named(options: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=next(iter(options))):
        enumerate_regions(data_network("generic_2-8-8-4"), Box([-1, -1], [1, 1]), **options)
