"""Facets of single regions: the compiled walk against one HiGHS program a row, in dimension 1 to 16."""

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import torch

from polyae import Box, Layer, Network, Space, from_torch
from polyae.complex.enumerate import arrange
from polyae.engines.local import expand_points
from polyae.predicates.compiled import build_rows, workspace
from polyae.predicates.flat import flatten
from polyae.predicates.rational import homogeneous
from polyae.training.data import digits
from polyae.training.models import Autoencoder
from tests.engines.zoo import neighbours_by_programs

KINDS = ("random", "low rank", "zero bias", "duplicate", "trained")


def network(kind: str, h: int) -> Network:
    """Two hidden layers; "low rank" has one dominant direction each, "trained" is the decoder of an autoencoder."""
    if kind == "trained":
        return trained_decoder(h)
    rng = np.random.default_rng([h, KINDS.index(kind)])
    layers = []
    for n_in, n_out in pairwise([h, h + 4, 10]):
        weight, bias = rng.normal(size=(n_out, n_in)), rng.normal(size=n_out)
        if kind == "low rank":
            weight = np.outer(rng.normal(size=n_out), rng.normal(size=n_in)) + 0.05 * weight
        if kind == "zero bias":
            bias[:] = 0.0
        if kind == "duplicate":
            weight[1], bias[1] = weight[0], bias[0]
            weight[2], bias[2] = -2.0 * weight[0], -2.0 * bias[0]
        layers.append(Layer(weight, bias, 0.0))
    return Network([*layers, Layer(rng.normal(size=(3, 10)), np.zeros(3))])


@cache
def trained_decoder(h: int) -> Network:
    """Decoder h-(h+4)-10-64 of an autoencoder after 300 steps on 256 of scikit-learn's digits."""
    data = torch.tensor(digits().train[:256])
    model = Autoencoder.from_widths(data.shape[1], (10, h + 4), h, seed=h, dtype=torch.float64)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(300):
        optimizer.zero_grad()
        (model(data) - data).square().mean().backward()
        optimizer.step()
    return from_torch(model.decoder)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("h", range(1, 17))
def test_compiled_facets_equal_those_of_linear_programs(kind: str, h: int, cases: Callable[[int, int], int]) -> None:
    net = network(kind, h)
    codes = np.random.default_rng(h).normal(size=(cases(4, 160), h))
    for domain in (Space(h), Box(np.full(h, -6.0), np.full(h, 6.0))):
        half = codes[: len(codes) // 2] if isinstance(domain, Space) else codes[len(codes) // 2 :]
        arrangement = arrange(net, domain)
        found = expand_points(arrangement, half)
        for i, code in enumerate(half):
            pattern, around, away = neighbours_by_programs(arrangement, code)
            mine = found.owner == i
            assert np.array_equal(found.neighbours[mine], around)
            assert np.allclose(found.distances[mine], away)
            assert np.array_equal(found.patterns[i], pattern)


@pytest.mark.parametrize("kind", ["random", "duplicate"])
def test_codes_within_rounding_of_a_hyperplane(kind: str) -> None:
    """The sign of a unit at the foot of its perpendicular is noise, which must not become a pattern."""
    rng = np.random.default_rng(7)
    net, h = network(kind, 3), 3
    arrangement, layer = arrange(net, Space(h)), net.layers[0]
    unit = np.arange(40) % layer.n_out
    codes = rng.normal(size=(40, h))
    heights = (layer.weight[unit] * codes).sum(axis=1) + layer.bias[unit]
    codes -= (heights / (layer.weight[unit] ** 2).sum(axis=1))[:, None] * layer.weight[unit]
    exact = np.array([arrangement.rational.signs_at(homogeneous(code.tolist())) for code in codes])
    assert ((exact > 0) != net.pattern(codes)).any()
    found = expand_points(arrangement, codes)
    assert np.array_equal(np.where(exact == 0, found.patterns, exact > 0), found.patterns)
    for i in range(0, 40, 4):
        _, around, _ = neighbours_by_programs(arrangement, codes[i])
        assert np.array_equal(found.neighbours[found.owner == i], around)


def test_constant_units_whose_sign_float64_gets_wrong() -> None:
    """Twice a unit minus one with twice its weight is the constant -e, where both are on; float64 has 0 for it."""
    for e in (2.0**-52, -(2.0**-52)):
        first = Layer([[0.1], [0.2]], [0.7, 1.4 + e], 0.0)
        net = Network([first, Layer([[2.0, -1.0]], [0.0], 0.0), Layer([[1.0]], [0.0])])
        codes = np.random.default_rng(0).uniform(0, 1000, size=(50, 1))
        found = expand_points(arrange(net, Space(1)), codes)
        assert np.array_equal(found.patterns, [[True, True, e < 0]] * 50)
    assert not net.pattern(codes)[:, 2].all()


@pytest.mark.parametrize(("bits", "rows"), [((1, 1), 2), ((1, 0), 2), ((0, 1), 1), ((0, 0), -1)])
def test_rows_of_a_pattern_with_the_wrong_constant_are_refused(bits: tuple[int, int], rows: int) -> None:
    """Units x and max(0, x) + 1, which is 1 where x is off."""
    net = Network([Layer([[1.0]], [0.0], 0.0), Layer([[1.0]], [1.0], 0.0), Layer([[1.0]], [0.0])])
    flat = flatten(arrange(net, Space(1)))
    assert build_rows(flat, np.array(bits, dtype=np.uint8), workspace(flat, 2)) == rows


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_two_thousand_units_in_dimension_32(cases: Callable[[int, int], int]) -> None:
    rng = np.random.default_rng(0)
    layers = [Layer(rng.uniform(-1, 1, (1000, n)) / n**0.5, rng.uniform(-1, 1, 1000) / n**0.5, 0.0) for n in (32, 1000)]
    net = Network([*layers, Layer(rng.normal(size=(3, 1000)), np.zeros(3))])
    arrangement, codes = arrange(net, Space(32)), rng.normal(size=(cases(1, 3), 32))
    found = expand_points(arrangement, codes)
    for i, code in enumerate(codes):
        pattern, around, away = neighbours_by_programs(arrangement, code)
        assert np.array_equal(found.patterns[i], pattern)
        assert np.array_equal(found.neighbours[found.owner == i], around)
        assert np.allclose(found.distances[found.owner == i], away)
