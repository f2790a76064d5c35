"""The network itself: evaluation, patterns, affine maps, composition, refusals."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from polyae.errors import NetworkError, ShapeError
from polyae.networks import Layer, Network

SLOPES = [0.0, 0.01, -1.0, 1.0, 2.0]


def random_network(seed: int) -> Network:
    rng = np.random.default_rng(seed)
    widths = rng.integers(1, 6, size=rng.integers(2, 5))
    return Network(
        Layer(rng.normal(size=(m, n)), rng.normal(size=m), rng.choice(SLOPES, size=m))
        for n, m in itertools.pairwise(widths)
    )


def forward(network: Network, x: list[Fraction]) -> tuple[list[Fraction], list[bool]]:
    """Plain rational evaluation: output, and the state of every unit."""
    pattern = []
    for layer in network.layers:
        out = []
        for row, b, s in zip(layer.weight, layer.bias, layer.slope, strict=True):
            t = sum((Fraction(w) * v for w, v in zip(row, x, strict=True)), Fraction(b))
            out.append(t if t > 0 else Fraction(s) * t)
            if s != 1:
                pattern.append(t > 0)
        x = out
    return x, pattern


@pytest.mark.parametrize("seed", range(30))
def test_evaluation_pattern_and_affine_map_against_rationals(seed: int) -> None:
    network = random_network(seed)
    for x in np.random.default_rng(seed).normal(size=(5, network.input_dim)):
        exact, pattern = forward(network, [Fraction(v) for v in x])
        assert network.pattern(x).tolist() == pattern
        a, b = network.affine(pattern)
        np.testing.assert_allclose(network(x), [float(v) for v in exact], rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(a @ x + b, [float(v) for v in exact], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_a_batch_is_its_points(seed: int) -> None:
    network = random_network(seed)
    x = np.random.default_rng(seed).normal(size=(2, 3, network.input_dim))
    assert network(x).shape == (2, 3, network.output_dim)
    assert network.pattern(x).shape == (2, 3, network.num_units)
    np.testing.assert_allclose(network(x)[1, 2], network(x[1, 2]), rtol=1e-12, atol=1e-14)
    assert np.array_equal(network.pattern(x)[1, 2], network.pattern(x[1, 2]))


def test_outputs_of_slope_one_are_no_units() -> None:
    network = Network([Layer(np.eye(3), np.zeros(3), [0.0, 1.0, -1.0]), Layer(np.ones((1, 3)), [0.0])])
    assert network.num_units == 2
    assert network.unit_offsets.tolist() == [0, 2, 2]
    assert network([-1.0, -2.0, -3.0]) == 0 - 2 + 3


def test_composition_evaluates_one_after_the_other() -> None:
    first, second = random_network(1), random_network(2)
    second = Network([Layer(np.ones((second.input_dim, first.output_dim)), np.zeros(second.input_dim)), *second.layers])
    x = np.random.default_rng(0).normal(size=(7, first.input_dim))
    assert np.array_equal((first >> second)(x), second(first(x)))
    with pytest.raises(NetworkError, match=r"cannot compose.* 2 outputs, the second takes 1"):
        Network([Layer([[1.0], [1.0]], [0.0, 0.0])]) >> Network([Layer([[1.0]], [0.0])])


def test_identity_by_numbers() -> None:
    a, b = random_network(3), random_network(3)
    assert a == b
    assert hash(a) == hash(b)
    moved = Layer(a.layers[0].weight, a.layers[0].bias + 2.0**-40, a.layers[0].slope)
    assert a != Network([moved, *a.layers[1:]])
    assert Network([Layer([[0.0]], [0.0])]) == Network([Layer([[-0.0]], [0.0])])


def test_a_network_is_frozen_and_owns_its_numbers() -> None:
    weight = np.eye(2)
    network = Network([Layer(weight, [0.0, 0.0])])
    weight[0, 0] = 7.0
    assert network.layers[0].weight[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        network.layers[0].weight[0, 0] = 7.0


@pytest.mark.parametrize(
    ("layers", "error", "message"),
    [
        (lambda: [], NetworkError, "at least one layer"),
        (lambda: None, NetworkError, "made of polyae.Layer, got NoneType"),
        (lambda: [np.eye(2)], NetworkError, "made of polyae.Layer, got ndarray"),
        (lambda: [Layer(np.zeros((0, 2)), [])], NetworkError, "at least one input and one output"),
        (lambda: [Layer(np.eye(2), [0, 0]), Layer(np.eye(3), [0] * 3)], NetworkError, "layer 0 has 2 outputs"),
        (lambda: [Layer([1.0, 2.0], [0.0])], ShapeError, "weight must have 2 axes"),
        (lambda: [Layer(np.eye(2), [0.0])], ShapeError, r"bias has shape \(1,\)"),
        (lambda: [Layer(np.eye(2), [0.0, 0.0], [0.0])], ShapeError, r"slope has shape \(1,\)"),
        (lambda: [Layer([[np.nan]], [0.0])], NetworkError, r"weight holds nan at \(0, 0\)"),
        (lambda: [Layer([[1.0]], [np.inf])], NetworkError, r"bias holds inf at \(0,\)"),
        (lambda: [Layer([[1.0]], [0.0], np.nan)], NetworkError, "slope holds nan"),
    ],
)
def test_what_is_no_network(layers, error, message) -> None:
    with pytest.raises(error, match=message):
        Network(layers())


def test_points_and_patterns_of_the_wrong_shape() -> None:
    network = Network([Layer(np.eye(2), [0.0, 0.0], 0.0)])
    with pytest.raises(ShapeError, match=r"points has shape .* expected \(\.\.\., 2\)"):
        network([1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match=r"has shape \(2,\), got \(3,\)"):
        network.affine([True, False, True])
