"""Cells behind layers with few active units: the reference engine finds the same facets."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from polyae import Ball, Box, Layer, Network, Space, enumerate_regions
from polyae.complex.enumerate import arrange
from polyae.engines import local, reference
from tests.engines.zoo import assert_identical, neighbours_by_programs


def network(
    widths: tuple[int, ...], shifts: tuple[float, ...], seed: int, slope: float = 0.0, linear: int | None = None
) -> Network:
    """Random layers, one of them linear; a negative shift of a layer's biases leaves few of its units active."""
    rng = np.random.default_rng(seed)
    layers = []
    for i, (n_in, n_out) in enumerate(pairwise(widths)):
        weight = rng.normal(size=(n_out, n_in)) / np.sqrt(n_in)
        here = 1.0 if i in (linear, len(widths) - 2) else slope
        layers.append(Layer(weight, shifts[i] + rng.normal(size=n_out), slope=here))
    return Network(layers)


SHAPES: dict[str, tuple[Any, ...]] = {
    "first": ((5, 9, 14, 8, 3), (-0.5, 0.5, 0.0, 0.0)),
    "second": ((5, 14, 9, 12, 3), (0.5, -1.0, 0.5, 0.0)),
    "both": ((6, 9, 8, 12, 3), (-0.5, -0.5, 0.5, 0.0)),
    "last": ((5, 9, 3), (-0.5, 0.0)),
    "fewer units than inputs": ((8, 6, 9, 3), (0.5, 0.0, 0.0)),
    "linear bottleneck": ((7, 10, 3, 9, 3), (0.5, 0.0, 0.0, 0.0), 1),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_facets_are_those_of_the_reference_engine(shape: str, cases: Any) -> None:
    widths, shifts, *linear = SHAPES[shape]
    for seed in range(cases(3, 40)):
        net = network(widths, shifts, seed, linear=linear[0] if linear else None)
        arrangement = arrange(net, Space(net.input_dim))
        codes = np.random.default_rng(seed).normal(size=(8, net.input_dim))
        found = local.expand_points(arrangement, codes)
        for i, code in enumerate(codes):
            pattern, around, away = neighbours_by_programs(arrangement, code)
            mine = found.owner == i
            assert np.array_equal(found.patterns[i], pattern)
            assert np.array_equal(found.neighbours[mine], around)
            assert np.allclose(found.distances[mine], away)


def test_few_active_units_do_not_call_rational_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network((10, 16, 32, 64, 3), (-0.5, 0.3, 0.0, 0.0), 0)
    codes = np.random.default_rng(1).normal(size=(20, 10))
    assert (net.pattern(codes)[:, :16].sum(axis=1) < 10).sum() > 5
    asked: list[int] = []
    exactly = local._expand_exactly
    monkeypatch.setattr(local, "_expand_exactly", lambda *given: asked.append(1) or exactly(*given))
    local.expand_points(arrange(net, Space(10)), codes)
    assert not asked


@pytest.mark.parametrize(("slope", "domain"), [(0.2, Space(5)), (0.0, Box([-2] * 5, [2] * 5))])
def test_other_slopes_and_bounded_domains(slope: float, domain: Any) -> None:
    net = network(*SHAPES["first"], 1, slope)
    arrangement = arrange(net, domain)
    codes = np.random.default_rng(2).uniform(-1, 1, size=(6, 5))
    found = local.expand_points(arrangement, codes)
    for i, code in enumerate(codes):
        _, around, _ = neighbours_by_programs(arrangement, code)
        assert np.array_equal(found.neighbours[found.owner == i], around)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("bias", [0.0, 0.3])
def test_marching_equals_the_reference_engine(seed: int, bias: float) -> None:
    """Most cells have a thin layer; without biases all of them are cones."""
    net = network((4, 5, 6, 3), (0.0, 0.0, 0.0), seed)
    net = Network([Layer(y.weight, bias * y.bias, y.slope) for y in net.layers])
    marched = enumerate_regions(net, Space(4), engine="march")
    assert_identical(marched, enumerate_regions(net, Space(4), engine="reference"))
    assert marched.decisions.exact_share < 0.02


@pytest.mark.parametrize("where", [Space(10), Box([-1e-7] * 10, [1e-7] * 10), Ball([0] * 10, 3)])
def test_no_programs_choose_the_first_region_of_a_network_without_biases(
    where: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = network((10, 32, 64, 3), (0.0, 0.0, 0.0), 0)
    net = Network([Layer(y.weight, 0.0 * y.bias, y.slope) for y in net.layers])
    monkeypatch.delattr(reference, "least_pattern")
    pattern, witness = reference.start_region(arrange(net, where))
    assert np.array_equal(pattern, net.pattern(witness.point[None])[0])
    assert where.contains(witness.point[None])[0]
