"""Regions and data in balls, against exact distances of every region of a brute-force enumeration."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from polyae import Ball, Layer, Network, count_in_balls, enumerate_regions
from polyae.complex.facet_rows import facet_rows
from polyae.errors import PolyaeError, SettingError, ShapeError
from polyae.queries.distance import enclose_distance, exact_distance_power

from ..reference.brute_force import distance2_exact, distance_exact, enumerate_exact
from ..reference.random_networks import random_network

NORMS = (1, 2, math.inf)


def true_powers(net: Network, centre: list[float], p: float) -> list[Fraction]:
    """Distance (squared for p = 2) of every region of the whole space."""
    found = enumerate_exact(net, ("space", net.input_dim))
    every = found.rows.values()
    if p == 2:
        return [distance2_exact(rows, centre) for rows in every]
    return [distance_exact(rows, centre, p) for rows in every]


def touching_radii(powers: list[Fraction], p: float) -> list[float]:
    """Float radii at and beside the distances."""
    roots = sorted({math.sqrt(x) if p == 2 else float(x) for x in powers if x > 0})[:6]
    return [r for x in roots for r in (math.nextafter(x, 0.0), x, math.nextafter(x, math.inf))]


def special_centre(rng: np.random.Generator, net: Network) -> list[float]:
    """Some point, a point on a hyperplane of the first layer, or the origin."""
    h, kind = net.input_dim, int(rng.integers(3))
    point = rng.integers(-2, 3, size=h).astype(float)
    weight, bias = net.layers[0].weight[0], net.layers[0].bias[0]
    if kind == 1 and weight.any():
        k = int(np.argmax(np.abs(weight)))
        point[k] = -(bias + weight @ point - weight[k] * point[k]) / weight[k]
    return (point if kind else rng.normal(size=h)).tolist()


@pytest.mark.parametrize("p", NORMS)
def test_counts_equal_the_brute_force(p: float, cases: Callable[[int, int], int]) -> None:
    touched = 0
    for seed in range(cases(25, 200)):
        rng = np.random.default_rng(seed)
        h = int(rng.integers(1, 4))
        net = random_network(rng, h, ("box", [-2.0] * h, [2.0] * h))
        centre = special_centre(rng, net)
        powers = true_powers(net, centre, p)
        radii = [*touching_radii(powers, p), 0.5, 3.0]
        exact = [Fraction(r) ** (2 if p == 2 else 1) for r in radii]
        touched += sum(x in powers for x in exact)
        expected = [sum(d < x for d in powers) for x in exact]
        assert count_in_balls(net, centre, radii, p=p).regions.tolist() == expected, seed
    assert touched > 10


@pytest.mark.parametrize("p", NORMS)
def test_enclosures_hold_the_exact_distance(p: float) -> None:
    """On the regions of a larger ball, whose rows are those of the edges only."""
    rng = np.random.default_rng(5)
    layers = [(6, 3), (4, 6), (2, 4)]
    net = Network([Layer(rng.normal(size=s), rng.normal(size=s[0]), float(s[0] == 2)) for s in layers])
    cx = enumerate_regions(net, Ball([0.0] * 3, 2.0))
    rows = facet_rows(cx, walls=False)
    centre, sharp = np.array([0.5, -0.25, 0.125]), 0
    for i in range(len(cx)):
        mine = slice(rows.first[i], rows.first[i + 1])
        low, high = enclose_distance(rows.values[mine], rows.errors[mine], cx.witnesses[i], centre, p)
        power = exact_distance_power(rows.exact(i), rows.exact_witness(i), centre, p)
        true = Fraction(int(power.p), int(power.q))
        exponent = 2 if p == 2 else 1
        assert Fraction(low) ** exponent <= true
        assert high == math.inf or true <= Fraction(high) ** exponent
        sharp += high - low <= 1e-9 * (1 + high)
    assert len(cx) > 5 and sharp > 0.9 * len(cx)


@pytest.mark.parametrize(("p", "reach"), [(1, 2.0), (2, math.sqrt(2)), (math.inf, 1.0)])
def test_a_square_that_is_touched_is_outside(p: float, reach: float) -> None:
    """Lines x = 1 and y = 1: the farthest of the four quadrants is at the corner (1, 1)."""
    net = Network([Layer(np.eye(2), [-1.0, -1.0], 0.0), Layer([[1.0, 1.0]], [0.0])])
    steps = [math.nextafter(1.0, 0.0), 1.0, math.nextafter(1.0, 2.0)]
    inside = [1, 1, 4 if p == math.inf else 3]
    assert count_in_balls(net, [0.0, 0.0], steps, p=p).regions.tolist() == inside
    corner = [0.999 * reach, 1.001 * reach]
    assert count_in_balls(net, [0.0, 0.0], corner, p=p).regions.tolist() == [1 if p == math.inf else 3, 4]
    assert count_in_balls(net, [1.0, 1.0], [1e-12], p=p).regions.tolist() == [4]
    assert count_in_balls(net, [1.0, 0.0], [1e-12, 1.0, 1.5], p=p).regions.tolist() == [2, 2, 4]


@pytest.mark.parametrize("p", NORMS)
def test_data_are_counted_in_the_closed_ball(p: float) -> None:
    net = Network([Layer(np.eye(2), [0.0, 0.0], 0.0), Layer([[1.0, 1.0]], [0.0])])
    tenth = [[0.1, 0.2], [0.3, 0.4], [3.0, 4.0], [-3.0, -4.0], [0.0, 0.0], [1e200, 0.0]]
    radii = [5.0, 7.0, 4.0, math.nextafter(5.0, 0), math.nextafter(7.0, 0), math.nextafter(4.0, 0)]
    found = count_in_balls(net, [0.0, 0.0], radii, data=tenth, p=p).data
    exact = [[Fraction(a) for a in map(abs, x)] for x in tenth]
    measure = {1: sum, 2: lambda x: sum(a * a for a in x), math.inf: max}[p]
    expected = [sum(measure(x) <= Fraction(r) ** (2 if p == 2 else 1) for x in exact) for r in radii]
    assert found is not None and found.tolist() == expected
    assert len(set(expected)) > 1


def test_data_near_the_sphere_are_compared_exactly() -> None:
    rng = np.random.default_rng(0)
    net = Network([Layer(np.eye(3), [0.0] * 3, 0.0), Layer(np.ones((1, 3)), [0.0])])
    points = rng.normal(size=(200, 3))
    points /= np.linalg.norm(points, axis=1)[:, None]
    centre = rng.normal(size=3)
    points += centre
    found = count_in_balls(net, centre, [1.0], data=points).data
    expected = sum(
        sum((Fraction(a) - Fraction(c)) ** 2 for a, c in zip(x, centre.tolist(), strict=True)) <= 1
        for x in points.tolist()
    )
    assert found is not None and found.tolist() == [expected] and 0 < expected < 200


def test_order_and_repetition_of_radii_are_kept() -> None:
    net = random_network(np.random.default_rng(3), 2, ("box", [-2.0] * 2, [2.0] * 2))
    radii = [2.0, 0.5, 2.0, 1.0]
    found = count_in_balls(net, [0.1, 0.2], radii)
    assert found.radii.tolist() == radii and found.data is None and found.complete
    assert found.regions.tolist() == [count_in_balls(net, [0.1, 0.2], [r]).regions[0] for r in radii]


def test_a_limit_gives_lower_bounds_and_says_so() -> None:
    rng = np.random.default_rng(1)
    net = Network([Layer(rng.normal(size=(20, 2)), rng.normal(size=20), 0.0), Layer(np.ones((1, 20)), [0.0])])
    whole = count_in_balls(net, [0.0, 0.0], [0.5, 1.0, 2.0])
    part = count_in_balls(net, [0.0, 0.0], [0.5, 1.0, 2.0], max_regions=10)
    assert whole.complete and not part.complete and "max_regions" in part.message
    assert (part.regions <= whole.regions).all() and part.regions[-1] == 10 < whole.regions[-1]


NET = Network([Layer(np.eye(2), [0.0, 0.0], 0.0), Layer([[1.0, 1.0]], [0.0])])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"radii": []}, SettingError, "nonempty"),
        ({"radii": 1.0}, SettingError, "nonempty"),
        ({"radii": [1.0, 0.0]}, SettingError, "radius 1 is 0.0"),
        ({"radii": [-1.0]}, SettingError, "radius 0 is -1.0"),
        ({"radii": [math.inf]}, SettingError, "finite"),
        ({"radii": [math.nan]}, SettingError, "positive"),
        ({"centre": [0.0]}, ShapeError, "centre has shape"),
        ({"centre": [[0.0, 0.0]]}, ShapeError, "centre has shape"),
        ({"centre": [0.0, math.nan]}, ShapeError, "centre holds nan"),
        ({"data": [[1.0, 2.0, 3.0]]}, ShapeError, "data has shape"),
        ({"data": [1.0, 2.0]}, ShapeError, "data has shape"),
        ({"data": [[1.0, math.inf]]}, ShapeError, "data holds inf"),
        ({"p": 3}, SettingError, "norm p"),
        ({"max_regions": 0}, SettingError, "max_regions"),
    ],
)
def test_bad_input(change: dict[str, object], error: type[PolyaeError], message: str) -> None:
    arguments: dict[str, object] = {"centre": [0.0, 0.0], "radii": [1.0]} | change
    with pytest.raises(error, match=message):
        count_in_balls(NET, **arguments)  # type: ignore[arg-type]
