"""Labels of affine maps against maps in fractions, on patterns that need not be those of regions."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from polyae import Layer, Network, Space
from polyae.predicates import maps
from polyae.predicates.affine import output_rows, shared_values, weights_of_states
from polyae.predicates.cell import Arrangement
from polyae.predicates.kernel import Kernel
from polyae.predicates.maps import map_classes
from tests.networks.strategies import networks
from tests.reference.random_networks import random_case

Bool = NDArray[np.bool_]
RELU, ABS = 0.0, -1.0


def fractions(values: NDArray[np.float64]) -> NDArray[np.object_]:
    return np.vectorize(Fraction, otypes=[object])(values)


def exact_map(net: Network, pattern: Bool) -> tuple[Fraction, ...]:
    """``[A | B]`` in fractions, entry by entry."""
    rows = fractions(np.eye(net.input_dim, net.input_dim + 1))
    states = iter(pattern.tolist())
    for layer in net.layers:
        rows = fractions(layer.weight) @ rows
        rows[:, -1] += fractions(layer.bias)
        slopes = [1.0 if slope != 1 and next(states) else slope for slope in layer.slope.tolist()]
        rows = fractions(np.array(slopes))[:, None] * rows
    return tuple(rows.ravel().tolist())


def exact_labels(net: Network, patterns: Bool) -> list[int]:
    seen: dict[Any, int] = {}
    return [seen.setdefault(exact_map(net, pattern), len(seen)) for pattern in patterns]


def some_patterns(net: Network, seed: int, most: int = 64) -> Bool:
    """Different patterns in order: all of them if they are few."""
    units = net.num_units
    numbers = np.arange(2**units) if 2**units <= most else np.random.default_rng(seed).integers(2**units, size=most)
    return (np.unique(numbers)[:, None] >> np.arange(units)[::-1] & 1).astype(bool)


def labels_and_rationals(net: Network, patterns: Bool, arithmetic: Any = "exact") -> tuple[list[int], int]:
    kernel = Kernel(arithmetic)
    labels = map_classes(Arrangement(net, Space(net.input_dim), kernel), np.packbits(patterns, axis=1))
    assert kernel.counts.exact + kernel.counts.filtered == len(patterns)
    return labels.tolist(), kernel.counts.exact


def check(net: Network, seed: int) -> None:
    patterns = some_patterns(net, seed)
    assert labels_and_rationals(net, patterns)[0] == exact_labels(net, patterns), seed
    shuffled = patterns[np.random.default_rng(seed).permutation(len(patterns))]
    assert labels_and_rationals(net, shuffled)[0] == exact_labels(net, shuffled), seed


def test_degenerate_networks(cases: Callable[[int, int], int]) -> None:
    for seed in range(cases(60, 1000)):
        check(random_case(seed)[0], seed)


def with_idle_parts(seed: int) -> Network:
    """Layers with dead units, idle weights, twins of either sign and a bottleneck; outputs may be units."""
    rng = np.random.default_rng(seed)
    widths = [int(n) for n in rng.integers(1, 5, size=int(rng.integers(2, 6)))]
    layers = []
    for n_in, n_out in pairwise(widths):
        weight, bias = rng.integers(-2, 3, size=(n_out, n_in)) / 2, rng.integers(-1, 2, size=n_out) / 2
        weight[:, rng.random(n_in) < 0.2] = 0.0
        if n_out > 1 and rng.random() < 0.5:
            sign = rng.choice([-1.0, 1.0])
            weight[1], bias[1] = sign * weight[0], sign * bias[0]
        layers.append(Layer(weight, bias, rng.choice([RELU, RELU, ABS, 1.0, 0.01], size=n_out)))
    return Network(layers)


def test_networks_with_idle_parts(cases: Callable[[int, int], int]) -> None:
    repeated = 0
    for seed in range(cases(60, 1200)):
        net = with_idle_parts(seed)
        check(net, seed)
        repeated += len(set(exact_labels(net, some_patterns(net, seed)))) < len(some_patterns(net, seed))
    assert repeated > 25


@given(networks(), st.integers(0, 1000))
def test_any_finite_numbers(net: Network, seed: int) -> None:
    """Overflow and underflow included: what floating point cannot tell apart is told apart by rationals."""
    check(net, seed)


def test_in_small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "BLOCK", 12)
    for seed in range(40):
        check(with_idle_parts(seed), seed)


def generic(last: float, sizes: tuple[int, ...] = (3, 4, 4, 5)) -> list[Layer]:
    rng = np.random.default_rng(1)
    slopes = [RELU] * (len(sizes) - 2) + [last]
    return [
        Layer(rng.normal(size=(m, n)), rng.normal(size=m), slope)
        for n, m, slope in zip(sizes, sizes[1:], slopes, strict=False)
    ]


@pytest.mark.parametrize("last", [RELU, ABS, 1.0])
def test_generic_maps_and_idle_units_need_no_rationals(last: float) -> None:
    """Equal maps there are those of units that do not reach the output, for the layers behind are off."""
    net = Network(generic(last))
    patterns = some_patterns(net, 0, most=600)
    labels, rationals = labels_and_rationals(net, patterns)
    assert labels == exact_labels(net, patterns) and rationals == 0
    assert len(set(labels)) < len(labels)


def test_cancelling_twins_are_compared() -> None:
    """relu(t) - relu(-t) = t whichever of the two is on; relu(t) + relu(-t) = |t|."""
    for sign, expected in [(-1.0, [0, 0]), (1.0, [0, 1])]:
        net = Network([Layer([[0.3, 0.7], [-0.3, -0.7]], [0.1, -0.1], RELU), Layer([[0.9, sign * 0.9]], [0.0])])
        labels, rationals = labels_and_rationals(net, np.array([[False, True], [True, False]]))
        assert labels == expected and rationals == (2 if sign < 0 else 0)


def test_floating_point_arithmetic_takes_what_is_close_for_equal() -> None:
    net = Network([Layer([[0.3], [-0.3]], [0.1, -0.1], RELU), Layer([[1.0, -1.0 - 2.0**-52]], [0.0])])
    patterns = np.array([[False, True], [True, False]])
    assert labels_and_rationals(net, patterns) == ([0, 1], 2)
    assert labels_and_rationals(net, patterns, "float") == ([0, 0], 0)


@pytest.mark.parametrize("units", [0, 1])
def test_one_region(units: int) -> None:
    net = Network([Layer([[2.0]], [1.0], RELU if units else 1.0)])
    assert labels_and_rationals(net, np.zeros((1, units), dtype=bool)) == ([0], 0)


def test_values_and_weights_within_their_bounds() -> None:
    """Rows at a point, and the functional's weights, against fractions and whole rows."""
    net = Network(generic(1.0, (3, 5, 5, 4, 3)))
    patterns, point, weights = some_patterns(net, 0), np.array([0.3, -0.7, 1.1]), np.array([0.9, 1.3, -0.4])
    last = 2
    values, owner = shared_values(net, patterns, last, point)
    off, on = weights_of_states(net, last, weights)
    exact_weights = fractions(weights) @ fractions(net.layers[3].weight)
    assert (np.abs(fractions(on.values) - exact_weights) <= fractions(on.errors)).all()
    assert not off.values.any()
    states = patterns[:, -4:]
    found = (values.values[owner] * states) @ on.values + weights @ net.layers[3].bias
    rows = output_rows(net, patterns).values
    np.testing.assert_allclose(found, (rows[..., :-1] @ point + rows[..., -1]) @ weights, rtol=1e-12)
