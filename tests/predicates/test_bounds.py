"""Floating-point error bounds contain the truth, for weights of any size."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from polyae import Layer, Network
from polyae.predicates.affine import BoundedRows, evaluate, forward, output_rows, unit_rows
from polyae.predicates.rational import ExactNetwork, homogeneous
from polyae.tolerances import gamma

Float = NDArray[np.float64]
Exact = list[Fraction]

PLAIN = st.integers(-3, 3).map(float) | st.floats(2.0**-30, 2) | st.floats(-2, -(2.0**-30))
EXTREME = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [5e-324, 1e-300, 1e-155, 1e-130, 1e130, 1e155, 1e300]
)
SLOPES = st.sampled_from([0.0, 0.01, -1.0, 2.0, 1.0])


@st.composite
def networks(draw: st.DrawFn, numbers: st.SearchStrategy[float], slopes: st.SearchStrategy[float] = SLOPES) -> Network:
    """Up to three layers of up to three outputs."""
    widths = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    layers = []
    for n_in, n_out in pairwise(widths):
        row = st.lists(numbers, min_size=n_in, max_size=n_in)
        weight = draw(st.lists(row, min_size=n_out, max_size=n_out))
        bias = draw(st.lists(numbers, min_size=n_out, max_size=n_out))
        layers.append(Layer(weight, bias, draw(st.lists(slopes, min_size=n_out, max_size=n_out))))
    return Network(layers)


def exact_affine(net: Network, pattern: list[bool]) -> tuple[list[Exact], list[Exact]]:
    """Rows ``[normal, offset]`` of all units, and of the outputs, under a pattern."""
    h, states = net.input_dim, iter(pattern)
    values = [[Fraction(int(i == k)) for i in range(h + 1)] for k in range(h)]
    units = []
    for layer in net.layers:
        pre = []
        for row, b in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True):
            pre.append(
                [sum((Fraction(w) * v[k] for w, v in zip(row, values, strict=True)), Fraction(0)) for k in range(h + 1)]
            )
            pre[-1][h] += Fraction(b)
        units += [pre[k] for k in layer.units]
        slopes = [Fraction(1) if s == 1 or next(states) else Fraction(s) for s in layer.slope.tolist()]
        values = [[s * x for x in row] for s, row in zip(slopes, pre, strict=True)]
    return units, values


def exact_preactivations(net: Network, point: list[float]) -> Exact:
    x, found = [Fraction(t) for t in point], []
    for layer in net.layers:
        pre = [
            sum((Fraction(w) * t for w, t in zip(row, x, strict=True)), Fraction(b))
            for row, b in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
        ]
        found += [pre[k] for k in layer.units]
        x = [t if t > 0 else Fraction(s) * t for t, s in zip(pre, layer.slope.tolist(), strict=True)]
    return found


def assert_contains(values: Float, bounds: Float, truth: Exact) -> None:
    """``|value - truth| <= bound`` in rationals; an infinite or undefined bound claims nothing."""
    for value, bound, exact in zip(values.ravel().tolist(), bounds.ravel().tolist(), truth, strict=True):
        if np.isfinite(bound) and np.isfinite(value):
            assert abs(Fraction(value) - exact) <= Fraction(bound), (value, bound, float(exact))
        else:
            assert not abs(value) > bound


def check_network(net: Network, point: list[float]) -> None:
    with np.errstate(all="ignore"):
        values, bounds = forward(net, np.array([point]))
        assert_contains(values, bounds, exact_preactivations(net, point))


def check_rows(net: Network, pattern: list[bool]) -> None:
    bits = np.array(pattern, dtype=bool)
    units, outputs = exact_affine(net, pattern)
    with np.errstate(all="ignore"):
        for rows, truth in ((unit_rows(net, bits), units), (output_rows(net, bits), outputs)):
            assert_contains(rows.values, rows.errors, [x for row in truth for x in row])


@given(net=networks(PLAIN), data=st.data())
def test_forward_on_plain_numbers(net: Network, data: st.DataObject) -> None:
    point = data.draw(st.lists(PLAIN, min_size=net.input_dim, max_size=net.input_dim))
    _, bounds = forward(net, np.array([point]))
    assert np.isfinite(bounds).all()
    check_network(net, point)


@given(net=networks(PLAIN | EXTREME, SLOPES | EXTREME), data=st.data())
def test_forward_on_extreme_numbers(net: Network, data: st.DataObject) -> None:
    check_network(net, data.draw(st.lists(PLAIN | EXTREME, min_size=net.input_dim, max_size=net.input_dim)))


@given(net=networks(PLAIN), data=st.data())
def test_rows_on_plain_numbers(net: Network, data: st.DataObject) -> None:
    check_rows(net, data.draw(st.lists(st.booleans(), min_size=net.num_units, max_size=net.num_units)))


@given(net=networks(PLAIN | EXTREME, SLOPES | EXTREME), data=st.data())
def test_rows_on_extreme_numbers(net: Network, data: st.DataObject) -> None:
    check_rows(net, data.draw(st.lists(st.booleans(), min_size=net.num_units, max_size=net.num_units)))


def test_products_that_underflow_prove_nothing() -> None:
    """Each is a positive number that float64 rounds to 0."""
    tiny = Network([Layer([[1e-200]], [0.0], 0.0)])
    deep = Network([Layer([[1e-130]], [0.0], 0.0), Layer([[1e-300]], [0.0], 0.0)])
    for net, point in ((tiny, 1e-200), (deep, 1.0)):
        values, bounds = forward(net, np.array([[point]]))
        assert not (np.abs(values) > bounds)[0, -1]
        assert not (values == bounds)[0, -1]
    rows = unit_rows(deep, np.array([True, True]))
    assert rows.errors[1, 0] > 0


@given(
    rows=st.lists(st.lists(PLAIN | EXTREME, min_size=3, max_size=3), min_size=1, max_size=4),
    error=st.sampled_from([0.0, 1e-16, 1e-3]),
    point=st.lists(PLAIN | EXTREME, min_size=2, max_size=2),
    shift=st.floats(-1, 1),
)
def test_evaluate_covers_every_row_within_its_error(
    rows: list[list[float]], error: float, point: list[float], shift: float
) -> None:
    values = np.array(rows)
    with np.errstate(all="ignore"):
        errors = np.where(np.abs(values) < 1e-100, np.where(values == 0, 0.0, np.inf), error * np.abs(values))
        found, bounds = evaluate(BoundedRows(values, errors), np.array([point]))
    truth = []
    for row, spread in zip(values.tolist(), errors.tolist(), strict=True):
        moved = [
            Fraction(a) + (Fraction(e) * Fraction(shift) if np.isfinite(e) else 0)
            for a, e in zip(row, spread, strict=True)
        ]
        truth.append(sum((a * Fraction(x) for a, x in zip(moved, [*point, 1.0], strict=True)), Fraction(0)))
    assert_contains(found, bounds, truth)


@given(st.integers(1, 10**6))
def test_gamma_bounds_the_error_of_a_sum_of_products(n: int) -> None:
    """``n u / (1 - n u)`` exactly."""
    u = Fraction(1, 2**53)
    assert Fraction(gamma(n)) >= n * u / (1 - n * u)


@given(net=networks(PLAIN), data=st.data())
def test_exact_rows_and_signs(net: Network, data: st.DataObject) -> None:
    pattern = data.draw(st.lists(st.booleans(), min_size=net.num_units, max_size=net.num_units))
    point = data.draw(st.lists(PLAIN, min_size=net.input_dim, max_size=net.input_dim))
    rational = ExactNetwork(net)
    units, outputs = exact_affine(net, pattern)
    for number, row in enumerate(units):
        assert_positive_multiple([int(x) for x in rational.unit_row(np.array(pattern, dtype=bool), number)], row)
    assert rational.output_map(np.array(pattern, dtype=bool)) == tuple(map(tuple, outputs))
    signs = [(t > 0) - (t < 0) for t in exact_preactivations(net, point)]
    assert rational.signs_at(homogeneous(point)) == signs


def assert_positive_multiple(integers: list[int], row: Exact) -> None:
    assert [(x > 0) - (x < 0) for x in integers] == [(x > 0) - (x < 0) for x in row]
    assert all(a * y == b * x for a, x in zip(integers, row, strict=True) for b, y in zip(integers, row, strict=True))
