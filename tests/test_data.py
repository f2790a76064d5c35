"""The networks and exact counts of the data folder are what they claim to be."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from data.make_networks import counts, drawn_networks, network, on_box, on_space

FOLDER = Path(__file__).resolve().parent.parent / "data"
GOLDENS: dict[str, dict[str, Any]] = {g["name"]: g for g in json.loads((FOLDER / "goldens.json").read_text())}


def read(name: str) -> dict[str, Any]:
    described: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return described


def part(golden: dict[str, Any], counted: dict[str, int]) -> dict[str, int]:
    return {key: golden[key] for key in counted}


def test_every_network_has_its_golden_and_box() -> None:
    files = {path.stem for path in FOLDER.glob("*.json")} - {"goldens"}
    assert files == set(GOLDENS)
    for name in files:
        described = read(name)
        assert (described["name"], described["box"]) == (name, GOLDENS[name]["box"])


def test_the_script_draws_the_networks_on_file() -> None:
    for described in drawn_networks():
        assert described == read(described["name"])


def test_trained_weights_are_single_precision() -> None:
    trained = [name for name in GOLDENS if name.startswith("digits")]
    assert len(trained) == 2
    for name in trained:
        net = network(read(name))
        assert net.output_dim == 64
        for layer in net.layers:
            assert np.array_equal(layer.weight, layer.weight.astype(np.float32))
            assert np.array_equal(layer.bias, layer.bias.astype(np.float32))


def test_counts_on_the_box(cases: Callable[[int, int], int]) -> None:
    for name in chosen(cases(5, len(GOLDENS))):
        found = counts(on_box(read(name)))
        assert found == part(GOLDENS[name], found), name


def test_counts_on_the_whole_space(cases: Callable[[int, int], int]) -> None:
    for name in chosen(cases(3, len(GOLDENS))):
        found = counts(on_space(read(name)), "_whole_space")
        assert found == part(GOLDENS[name], found), name


def chosen(size: int) -> list[str]:
    """A seeded slice of the networks."""
    return [str(name) for name in np.random.default_rng(0).permutation(sorted(GOLDENS))[:size]]


def test_whole_space_has_at_least_the_regions_of_the_box() -> None:
    for golden in GOLDENS.values():
        for key in ("regions", "adjacent_pairs", "distinct_affine_maps"):
            assert golden[key] <= golden[f"{key}_whole_space"]
        for suffix in ("", "_whole_space"):
            maps, pieces = golden[f"distinct_affine_maps{suffix}"], golden[f"linear_regions{suffix}"]
            assert maps <= pieces <= golden[f"regions{suffix}"]
