"""Every engine against exact counts on file and in the literature."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from polyae import Space, enumerate_regions
from tests.engines.zoo import (
    ENGINES,
    assert_identical,
    benchmark_network,
    counts,
    cube,
    data_goldens,
    data_network,
    described_network,
    drawn,
)

LARGEST = {"march": (9000, 25000), "reference": (300, 25000)}
"""Regions of the largest benchmark that an engine enumerates: in a slice of the tests, and in all of them, where the
reference engine takes 50 minutes for one network."""

pytestmark = pytest.mark.parametrize("engine", ENGINES)


@pytest.mark.parametrize("name", sorted(data_goldens()))
def test_networks_of_the_project(engine: str, name: str) -> None:
    golden, net = data_goldens()[name], data_network(name)
    box = cube(net.input_dim, *golden["box"])
    for domain, suffix in ((box, ""), (Space(net.input_dim), "_whole_space")):
        found = counts(enumerate_regions(net, domain, engine=engine))
        assert found == {key: golden[key + suffix] for key in found}


def test_integer_networks(engine: str, reference: Path) -> None:
    for entry in json.loads((reference / "golden" / "integer_networks.json").read_text()):
        net = described_network(entry)
        found = counts(enumerate_regions(net, cube(net.input_dim, *entry["box"]), engine=engine))
        assert common(entry, found) == common(found, entry), entry["name"]
        assert "distinct_affine_maps" in common(entry, found)


def common(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if key in other}


@pytest.mark.timeout(3 * 3600)
@pytest.mark.parametrize("index", range(10))
def test_benchmark_networks(engine: str, index: int, reference: Path, cases: Callable[[int, int], int]) -> None:
    entry = json.loads((reference / "golden" / "benchmark_networks.json").read_text())[index]
    net = benchmark_network(entry)
    checked = []
    for domain, suffix in ((cube(net.input_dim, -1, 1), ""), (Space(net.input_dim), "_whole_space")):
        if entry.get(f"regions{suffix}", math.inf) <= cases(*LARGEST[engine]):
            cx = enumerate_regions(net, domain, engine=engine)
            checked.append(len(cx))
            assert len(cx) == entry[f"regions{suffix}"]
            assert cx.num_adjacent_pairs == entry.get(f"adjacent_pairs{suffix}", cx.num_adjacent_pairs)
            if engine == "reference":
                assert_identical(cx, enumerate_regions(net, domain, engine="march"))
            generic = not (entry.get("zero_bias") or entry.get("duplicate"))
            assert not generic or cx.decisions.exact_share < 1e-3
    if not checked:
        pytest.skip(f"{entry['name']} has too many regions for this run")


@pytest.mark.parametrize(
    ("sizes", "bias", "regions", "pairs"),
    [
        ([2, 8, 8, 5], True, 33, 54),
        ([2, 16, 16, 5], True, 101, 180),
        ([3, 8, 8, 5], True, 164, 390),
        ([2, 8, 8, 5], False, 30, 30),
    ],
)
def test_published_counts(engine: str, sizes: list[int], bias: bool, regions: int, pairs: int) -> None:
    cx = enumerate_regions(drawn(sizes, 0, bias=bias), cube(sizes[0], -1, 1), engine=engine)
    assert (len(cx), cx.num_adjacent_pairs) == (regions, pairs)
