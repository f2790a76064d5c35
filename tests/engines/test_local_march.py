"""Marching from given points, and only so many facets away from them."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from polyae import Ball, Box, Domain, Layer, Network, Space, enumerate_regions
from polyae.errors import SettingError, ShapeError


def network(seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)
    sizes = [3, 9, 9]
    layers = [Layer(rng.normal(size=(o, i)), rng.normal(size=o), 0.0) for i, o in pairwise(sizes)]
    return Network([*layers, Layer(rng.normal(size=(2, 9)), np.zeros(2))])


NET, BOX = network(), Box([-1] * 3, [1] * 3)
WHOLE = enumerate_regions(NET, BOX)


@pytest.mark.parametrize("engine", ["march", "reference"])
def test_start_points_do_not_change_the_result(engine: str) -> None:
    starts = np.random.default_rng(1).uniform(-1, 1, (3, 3))
    found = enumerate_regions(NET, BOX, starts=starts, engine=engine)
    assert found.complete
    assert np.array_equal(found.packed, WHOLE.packed)
    assert np.array_equal(found.edges, WHOLE.edges)


@pytest.mark.parametrize("hops", [0, 1, 2, 3])
def test_hops_are_distances_in_the_region_graph(hops: int) -> None:
    starts = np.random.default_rng(hops).uniform(-1, 1, (2, 3))
    found = enumerate_regions(NET, BOX, starts=starts, hops=hops)
    graph = WHOLE.to_networkx()
    near = nx.multi_source_dijkstra_path_length(
        graph, set(np.atleast_1d(WHOLE.locate(starts)).tolist()), cutoff=hops, weight=None
    )
    numbers = WHOLE.find(found.patterns)
    assert set(numbers.tolist()) == set(near)
    edges = {tuple(sorted(pair)) for pair in numbers[found.edges].tolist()}
    assert edges == {tuple(sorted(pair)) for pair in graph.subgraph(near).edges}
    assert not found.complete
    assert found.guarantee == "partial"
    assert "hops" in found.status.value


def test_hops_beyond_the_last_region_are_complete() -> None:
    found = enumerate_regions(NET, BOX, hops=1000)
    assert found.complete
    assert len(found) == len(WHOLE)


@pytest.mark.parametrize("domain", [BOX, Ball([0.1, 0.0, 0.2], 1.5, 2), Space(3)])
def test_threads_change_nothing(domain: Domain) -> None:
    one = enumerate_regions(NET, domain, engine="march")
    other = enumerate_regions(NET, domain, engine="march", workers=3)
    for name in ("packed", "witnesses", "expanded", "edges", "edge_units"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert one.decisions == other.decisions


@pytest.mark.parametrize("workers", [1, 2])
def test_a_limited_run_is_the_same_with_threads_and_resumes_to_the_whole(workers: int) -> None:
    part = enumerate_regions(NET, BOX, engine="march", max_regions=len(WHOLE) // 2, workers=workers)
    alone = enumerate_regions(NET, BOX, engine="march", max_regions=len(WHOLE) // 2)
    assert not part.complete and len(part) == len(WHOLE) // 2
    assert np.array_equal(part.packed, alone.packed) and np.array_equal(part.edges, alone.edges)
    whole = enumerate_regions(NET, BOX, engine="march", resume=part, workers=workers)
    assert whole.complete
    assert np.array_equal(whole.packed, WHOLE.packed) and np.array_equal(whole.edges, WHOLE.edges)


def test_bad_starts_and_hops_are_refused() -> None:
    with pytest.raises(SettingError, match="hops"):
        enumerate_regions(NET, BOX, hops=-1)
    with pytest.raises(SettingError, match="engine"):
        enumerate_regions(NET, BOX, hops=1, engine="reference")
    with pytest.raises(SettingError, match="workers"):
        enumerate_regions(NET, BOX, workers=0)
    with pytest.raises(ShapeError, match="starts"):
        enumerate_regions(NET, BOX, starts=[[0.0, 0.0]])
