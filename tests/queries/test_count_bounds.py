"""Units stable in a ball and upper bounds on counts, against enumerations and closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from math import comb

import numpy as np
import pytest

from polyae import Layer, Network, region_curve
from polyae.predicates.stable_units import unit_ranges, unit_states
from polyae.queries.count_bounds import montufar_bound, most_regions, most_regions_in_ball

NORMS = (1.0, 2.0, math.inf)


def stable_network(rng: np.random.Generator) -> Network:
    """A few layers with many units that are stable near the origin: ReLU, leaky, absolute value, or mixed."""
    h = int(rng.integers(1, 4))
    sizes = [h, *rng.integers(2, 6, size=int(rng.integers(1, 4))).tolist()]
    kinds = [[0.0], [0.01], [-1.0], [0.0, 0.01, -1.0, 2.0, 1.0]][int(rng.integers(4))]
    layers = []
    for a, b in pairwise(sizes):
        bias = rng.normal(size=b) * rng.choice([0.3, 3.0], size=b)
        layers.append(Layer(rng.normal(size=(b, a)), bias, rng.choice(kinds, size=b)))
    return Network([*layers, Layer(np.ones((1, sizes[-1])), [0.0])])


def unit_ball_points(rng: np.random.Generator, n: int, h: int, p: float) -> np.ndarray:
    points = rng.normal(size=(n, h))
    points /= np.linalg.norm(points, ord=p, axis=1)[:, None]
    return points * rng.uniform(size=(n, 1)) ** (1 / h)


def test_exact_counts_never_cross_the_bounds(cases: Callable[[int, int], int]) -> None:
    below = stable = 0
    for seed in range(cases(60, 500)):
        rng = np.random.default_rng(seed)
        net = stable_network(rng)
        p, centre = NORMS[seed % 3], 0.3 * rng.normal(size=net.input_dim)
        curve = region_curve(net, centre, 2.0, p)
        for radius in (0.25, 1.0, 2.0):
            states = unit_states(net, centre, radius, p)
            upper, true = most_regions(net, states), int(curve.count([radius])[0][0])
            assert true <= upper <= montufar_bound(net, states), seed
            below += true < upper
            stable += int((states != 0).sum())
            patterns = net.pattern(centre + radius * unit_ball_points(rng, 50, net.input_dim, p))
            assert (patterns[:, states == 1]).all() and not patterns[:, states == -1].any()
    assert below and stable


@pytest.mark.parametrize("p", NORMS)
def test_ranges_hold_values_and_are_those_of_one_layer(p: float) -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        net = stable_network(rng)
        centre, radius = rng.normal(size=net.input_dim), float(rng.uniform(0.1, 2))
        low, high = unit_ranges(net, centre, radius, p)
        values = net.preactivations(centre + radius * unit_ball_points(rng, 300, net.input_dim, p))
        assert (values >= low).all() and (values <= high).all()
        first = net.layers[0].weight[net.layers[0].units]
        q = {1.0: math.inf, 2.0: 2, math.inf: 1}[p]
        sharp = 2 * radius * np.linalg.norm(first, ord=q, axis=1)
        assert np.allclose((high - low)[: len(first)], sharp)


def test_one_layer_is_zaslavskys_bound() -> None:
    for n, h in ((6, 1), (7, 2), (9, 3)):
        net = Network([Layer(np.ones((n, h)), np.zeros(n), 0.0), Layer(np.ones((1, n)), [0.0])])
        assert most_regions(net, np.zeros(n, dtype=np.int8)) == sum(comb(n, j) for j in range(h + 1))


def serra(sizes: list[int]) -> int:
    """Serra et al. (2018), the sum written out."""

    def total(layer: int, dim: int) -> int:
        if layer == len(sizes):
            return 1
        n = sizes[layer]
        return sum(comb(n, j) * total(layer + 1, min(dim, n - j)) for j in range(min(dim, n) + 1))

    return total(1, sizes[0])


@pytest.mark.parametrize("sizes", [[2, 3, 4], [3, 2, 5, 4], [5, 8, 3, 6], [1, 4, 4]])
def test_relus_give_serras_bound(sizes: list[int]) -> None:
    layers = [Layer(np.ones((b, a)), np.zeros(b), 0.0) for a, b in pairwise(sizes)]
    units = np.zeros(sum(sizes[1:]), dtype=np.int8)
    assert most_regions(Network(layers), units) == serra(sizes)
    leaky = [Layer(np.ones((b, a)), np.zeros(b), 0.1) for a, b in pairwise(sizes)]
    assert most_regions(Network(leaky), units) == montufar_bound(Network(leaky), units)


def test_absolute_values_are_not_bounded_like_relus() -> None:
    """1-1-5 with absolute values has 12 regions, where Serra's bound would allow 7."""
    heights = [0.5, 1.0, 1.5, 2.0, 2.5]
    net = Network([Layer([[1.0]], [0.0], -1.0), Layer(np.ones((5, 1)), [-x for x in heights], -1.0)])
    assert region_curve(net, [0.0], 3.0).count([3.0])[0][0] == 12 <= most_regions_in_ball(net, np.zeros(1), 3.0, 2)
    assert serra([1, 1, 5]) == 7


def test_units_that_are_on_carry_dimensions() -> None:
    """A stable layer in between: dropping its units would bound two dimensions by one."""
    lines = Layer([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0.0, 0.0, 0.1], 0.0)
    net = Network([Layer(np.eye(2), [5.0, 5.0], 0.0), Layer(lines.weight, lines.bias - 5 * lines.weight.sum(1), 0.0)])
    states = unit_states(net, np.zeros(2), 1.0, 2)
    assert states.tolist() == [1, 1, 0, 0, 0]
    assert region_curve(net, [0.0, 0.0], 1.0).count([1.0])[0][0] == 7 == most_regions(net, states)
