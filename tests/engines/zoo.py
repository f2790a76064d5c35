"""Engines, networks and domains that the tests of several packages draw on.

Every engine in ``ENGINES`` inherits all checks of this folder.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from polyae import Ball, Box, Domain, Layer, Network, Polytope, RegionComplex, Space
from polyae.engines.reference import cross_facets, start_region
from polyae.lp.highs_solver import HighsProgram
from polyae.predicates.cell import Arrangement
from polyae.predicates.rational import homogeneous
from tests.reference.brute_force import Description, ExactRegions

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

ENGINES = ("march", "reference")
DATA = Path(__file__).resolve().parents[2] / "data"
KINDS: dict[str, type[Domain]] = {"box": Box, "polytope": Polytope, "ball": Ball, "space": Space}


def domain(description: Description) -> Domain:
    """The domain that the brute force is given as a tuple."""
    kind, *arguments = description
    return KINDS[kind](*arguments)


def cube(h: int, lo: float, hi: float) -> Box:
    return Box([lo] * h, [hi] * h)


def relu_network(*layers: tuple[Any, Any], slope: float = 0.0) -> Network:
    """Hidden layers (weight, bias) with units of one slope; the output repeats the last of them."""
    n = len(layers[-1][1])
    return Network([*(Layer(w, b, slope) for w, b in layers), Layer(np.eye(n), np.zeros(n))])


def from_linear(linear: list[torch.nn.Linear]) -> Network:
    """ReLU network with the weights of linear modules."""
    layers = []
    for k, module in enumerate(linear):
        weight = module.weight.detach().double().numpy()
        bias = np.zeros(len(weight)) if module.bias is None else module.bias.detach().double().numpy()
        layers.append(Layer(weight, bias, 1.0 if k == len(linear) - 1 else 0.0))
    return Network(layers)


def drawn(sizes: list[int], seed: int, dtype: torch.dtype = torch.float64, bias: bool = True) -> Network:
    """Default-initialised linear layers, drawn one after the other."""
    torch.manual_seed(seed)
    return from_linear([torch.nn.Linear(i, o, bias=bias, dtype=dtype) for i, o in pairwise(sizes)])


def benchmark_network(entry: dict[str, Any]) -> Network:
    """Network of an entry of ``benchmark_networks.json``: drawn in float32, then widened."""
    net = drawn([entry["h"], *entry["hidden"], 20], entry["seed"], torch.float32)
    layers = [[y.weight.copy(), y.bias.copy(), y.slope] for y in net.layers]
    for weight, bias, _ in layers[:-1] if entry.get("duplicate") else []:
        weight[1], bias[1] = weight[0], bias[0]
    if entry.get("zero_bias"):
        layers = [[weight, np.zeros_like(bias), slope] for weight, bias, slope in layers]
    return Network([Layer(*layer) for layer in layers])


def described_network(entry: dict[str, Any]) -> Network:
    """Network of an entry that lists its layers: hidden ones of one slope, the last one affine."""
    *hidden, last = entry["layers"]
    layers = [Layer(y["weight"], y["bias"], entry["negative_slope"]) for y in hidden]
    return Network([*layers, Layer(last["weight"], last["bias"])])


def data_network(name: str) -> Network:
    return described_network(json.loads((DATA / f"{name}.json").read_text()))


def data_goldens() -> dict[str, dict[str, Any]]:
    return {g["name"]: g for g in json.loads((DATA / "goldens.json").read_text())}


def counts(cx: RegionComplex) -> dict[str, int]:
    return {
        "regions": len(cx),
        "adjacent_pairs": cx.num_adjacent_pairs,
        "distinct_affine_maps": cx.num_distinct_affine_maps,
        "linear_regions": cx.num_linear_regions,
    }


def patterns(cx: RegionComplex) -> list[tuple[bool, ...]]:
    return [tuple(row) for row in cx.patterns.tolist()]


def assert_same(cx: RegionComplex, exact: ExactRegions, label: object = None) -> None:
    """The complex is the one that the brute force found, to the last pair."""
    rows = patterns(cx)
    assert set(rows) == exact.patterns and len(rows) == len(exact.patterns), label
    pairs = [frozenset((rows[i], rows[j])) for i, j in cx.edges]
    assert set(pairs) == exact.adjacent and len(pairs) == len(exact.adjacent), label
    assert cx.num_distinct_affine_maps == exact.distinct_affine_maps, label
    assert cx.num_linear_regions == exact.linear_regions, label
    assert (cx.complete, cx.guarantee) == (True, "exact"), label


def neighbours_by_programs(arrangement: Arrangement, code: Float) -> tuple[Bool, Bool, Float]:
    """Pattern at a code, those beyond its facets and their distances, by one HiGHS program a row."""
    pattern, witness = start_region(arrangement, homogeneous(code.tolist()))
    cell = arrangement.cell(pattern)
    steps, _ = cross_facets(cell, witness, HighsProgram)
    around = np.array([step.pattern for step in steps], dtype=bool).reshape(len(steps), len(pattern))
    rows = cell.rows.values[[int(step.facet.rows[0]) for step in steps]]
    heights = np.abs(rows[:, :-1] @ code + rows[:, -1]) / np.linalg.norm(rows[:, :-1], axis=1)
    order = np.lexsort(around.T[::-1]) if len(steps) else []
    return pattern, around[order], heights[order]


def assert_identical(found: RegionComplex, other: RegionComplex, label: object = None) -> None:
    """Patterns, adjacent pairs and the units between them, in one numbering."""
    assert np.array_equal(found.packed, other.packed), label
    assert np.array_equal(found.edges, other.edges), label
    assert np.array_equal(found.edge_units, other.edge_units), label
