"""Scaling by powers of two changes no region, however far the numbers leave the usual range."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from polyae import Box, Layer, Network, Space, enumerate_regions
from tests.engines.zoo import ENGINES, assert_same, domain, patterns
from tests.reference.brute_force import enumerate_exact
from tests.reference.random_networks import random_case

pytestmark = pytest.mark.parametrize("engine", ENGINES)


def rescaled(net: Network, exponents: list[int]) -> Network:
    """Multiply the outputs of layer i by 2^exponents[i], units and all."""
    factors = [0, *exponents]
    layers = []
    for layer, before, after in zip(net.layers, factors, exponents, strict=False):
        layers.append(Layer(np.ldexp(layer.weight, after - before), np.ldexp(layer.bias, after), layer.slope))
    return Network(layers)


@pytest.mark.parametrize("size", [40, 250, 450])
def test_rescaled_layers(engine: str, size: int, cases: Callable[[int, int], int]) -> None:
    for seed in range(cases(20, 200)):
        net, description = random_case(seed)
        rng = np.random.default_rng(seed)
        scaled = rescaled(net, rng.integers(-size, size + 1, size=len(net.layers)).tolist())
        cx = enumerate_regions(scaled, domain(description), engine=engine)
        assert_same(cx, enumerate_exact(net, description), seed)


@pytest.mark.parametrize("exponent", [-500, -200, -60, 60, 200, 500])
def test_rescaled_domains(engine: str, exponent: int, cases: Callable[[int, int], int]) -> None:
    """Networks without bias on a box and on a smaller or larger copy of it."""
    for seed in range(cases(8, 80)):
        rng = np.random.default_rng(seed)
        widths = [2, *rng.integers(1, 6, size=2).tolist()]
        layers = [
            Layer(rng.integers(-3, 4, size=(o, i)), rng.integers(-1, 2, size=o) * 2.0**exponent, 0.0)
            for i, o in pairwise(widths)
        ]
        net = Network(layers)
        box = ("box", [-(2.0**exponent)] * 2, [2.0**exponent] * 2)
        assert_same(enumerate_regions(net, domain(box), engine=engine), enumerate_exact(net, box), seed)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("exponents", [(1000, 1000, 0), (-1070, 0, 900), (1000, -1070, 1000), (-1070, -1070, 0)])
def test_rows_beyond_the_range_of_float64(
    engine: str, exponents: tuple[int, int, int], cases: Callable[[int, int], int]
) -> None:
    """Layers with weights so large, or subnormal, that float64 cannot hold their product."""
    for seed in range(cases(6, 60)):
        rng = np.random.default_rng(seed)
        layers = [
            Layer(np.ldexp(rng.integers(-3, 4, size=(o, i)), e), rng.integers(-1, 2, size=o) * (k == 0), 0.0)
            for k, ((i, o), e) in enumerate(zip(pairwise([2, 4, 3, 1]), exponents, strict=True))
        ]
        for description in (("space", 2), ("box", [-1.0, -1.0], [1.0, 1e300])):
            cx = enumerate_regions(Network(layers), domain(description), engine=engine)
            assert_same(cx, enumerate_exact(Network(layers), description), seed)


@pytest.mark.parametrize("weights", [(1e-130, 1e-300), (1e-200, 1e-200)])
def test_breakpoints_behind_products_that_underflow(engine: str, weights: tuple[float, float]) -> None:
    """The slope of the second layer's unit is a positive number that float64 rounds to 0."""
    first, second = weights
    for slope in (1.0, -1.0):
        net = Network([Layer([[first]], [0.0], slope), Layer([[second]], [-1e-300], 0.0), Layer([[1.0]], [0.0])])
        cx = enumerate_regions(net, Space(1), engine=engine)
        assert_same(cx, enumerate_exact(net, ("space", 1)))
        assert len(cx) == (2 if slope == 1 else 4)


def test_a_constant_that_underflows_keeps_its_sign(engine: str) -> None:
    net = Network([Layer([[0.0], [1.0]], [1e-200, 0.0], [1.0, 0.0]), Layer([[1e-200, 0.0]], [0.0], 0.0)])
    assert patterns(enumerate_regions(net, Box([-1], [1]), engine=engine)) == [(False, True), (True, True)]
