"""Every engine on networks whose regions can be counted by hand."""

from collections.abc import Callable
from itertools import combinations
from math import comb

import numpy as np
import pytest

from polyae import Ball, Box, Layer, Network, Polytope, Space, enumerate_regions
from tests.engines.zoo import ENGINES, cube, drawn, patterns, relu_network

ABS = -1.0

pytestmark = pytest.mark.parametrize("engine", ENGINES)


def zaslavsky(units: int, h: int) -> int:
    return sum(comb(units, j) for j in range(h + 1))


@pytest.mark.parametrize(("h", "units"), [(1, 9), (2, 12), (3, 9), (4, 7), (5, 6)])
def test_hyperplanes_in_general_position(engine: str, h: int, units: int) -> None:
    """Zaslavsky 1975; the facets of an arrangement are the regions cut out on each hyperplane."""
    rng = np.random.default_rng(h)
    net = relu_network((rng.normal(size=(units, h)), rng.normal(size=units)))
    cx = enumerate_regions(net, Space(h), engine=engine)
    assert len(cx) == zaslavsky(units, h)
    assert cx.num_adjacent_pairs == units * zaslavsky(units - 1, h - 1)


@pytest.mark.parametrize(("h", "units"), [(2, 7), (3, 6), (4, 6)])
def test_central_hyperplanes_in_general_position(engine: str, h: int, units: int) -> None:
    weight = np.random.default_rng(h).normal(size=(units, h))
    cx = enumerate_regions(relu_network((weight, np.zeros(units))), Ball([0.0] * h, 1.0), engine=engine)
    assert len(cx) == 2 * sum(comb(units - 1, j) for j in range(h))


@pytest.mark.parametrize(("h", "units"), [(2, 30), (3, 14), (4, 10), (5, 9)])
def test_cones_are_decided_in_floating_point(engine: str, h: int, units: int) -> None:
    """A hyperplane is cut by the others into the regions of a central arrangement one dimension lower."""
    weight = np.random.default_rng(h).normal(size=(units, h))
    cx = enumerate_regions(relu_network((weight, np.zeros(units))), Space(h), engine=engine)
    assert len(cx) == 2 * sum(comb(units - 1, j) for j in range(h))
    assert cx.num_adjacent_pairs == units * 2 * sum(comb(units - 2, j) for j in range(h - 1))
    assert engine == "reference" or cx.decisions.exact_share < 1e-3


@pytest.mark.parametrize(("depth", "slope"), [(1, ABS), (3, ABS), (6, ABS)])
def test_folded_line(engine: str, depth: int, slope: float) -> None:
    """t -> 2|t| - 1 folds [-1, 1] onto itself: every layer doubles the regions."""
    layers = [Layer([[1.0]], [0.0], slope), *(Layer([[2.0]], [-1.0], slope) for _ in range(depth - 1))]
    cx = enumerate_regions(Network([*layers, Layer([[1.0]], [0.0])]), Box([-1], [1]), engine=engine)
    assert (len(cx), cx.num_adjacent_pairs) == (2**depth, 2**depth - 1)


def test_hamming_distance_one_is_not_adjacency(engine: str) -> None:
    net = relu_network(([[1.0]], [0.0]), ([[1.0]], [-1.0]), slope=ABS)
    cx = enumerate_regions(net, Space(1), engine=engine)
    assert patterns(cx) == [(False, False), (False, True), (True, False), (True, True)]
    assert cx.edges.tolist() == [[0, 1], [0, 2], [2, 3]]


def test_deep_network_with_more_hamming_pairs_than_adjacent_ones(engine: str, cases: Callable[[int, int], int]) -> None:
    if engine not in ENGINES[: cases(1, len(ENGINES))]:
        pytest.skip("the first engine alone in a slice of the tests")
    cx = enumerate_regions(drawn([2, 16, 16, 16, 10], 12), cube(2, -4, 4), engine=engine)
    rows = cx.patterns.astype(np.int64)
    distance = rows @ (1 - rows).T + (1 - rows) @ rows.T
    assert (len(cx), cx.num_adjacent_pairs, int((distance == 1).sum()) // 2) == (787, 1523, 1527)


def test_duplicate_and_opposite_units_flip_together(engine: str) -> None:
    net = relu_network(([[1.0, 0.0], [2.0, 0.0], [-1.0, 0.0]], [0.0] * 3))
    cx = enumerate_regions(net, Space(2), engine=engine)
    assert patterns(cx) == [(False, False, True), (True, True, False)]
    assert cx[0].facets[0].units == (0, 1, 2)


def test_a_unit_that_vanishes_on_the_facet_need_not_flip(engine: str) -> None:
    """f = x, g = |f|: g vanishes where f does, and is positive on both sides."""
    net = Network([Layer([[1.0]], [0.0], ABS), Layer([[1.0]], [0.0], 0.0), Layer([[1.0]], [0.0])])
    cx = enumerate_regions(net, Space(1), engine=engine)
    assert patterns(cx) == [(False, True), (True, True)] and cx.num_adjacent_pairs == 1


def test_identically_zero_units_are_off(engine: str) -> None:
    net = Network([Layer([[1.0]], [0.0], 0.0), Layer([[1.0], [0.0], [0.0]], [0.0, 0.0, 2.0], 0.0)])
    cx = enumerate_regions(net, Box([-1], [1]), engine=engine)
    assert patterns(cx) == [(False, False, False, True), (True, True, False, True)]


@pytest.mark.parametrize("domain", [cube(2, -1, 1), Ball([0, 0], 1, np.inf), Ball([0, 0], 1, 1)])
def test_hyperplanes_on_faces_and_through_corners_cut_nothing(engine: str, domain: Box | Ball) -> None:
    net = relu_network(([[1.0, 0.0], [1.0, 1.0], [0.0, -1.0]], [-1.0, -2.0, -1.0]))
    assert len(enumerate_regions(net, domain, engine=engine)) == 1


def test_no_units_make_one_region(engine: str) -> None:
    net = Network([Layer([[1.0, 2.0]], [3.0])])
    for domain in (Space(2), cube(2, 0, 1), Ball([0, 0], 1), Polytope([[1, 1]], [1])):
        cx = enumerate_regions(net, domain, engine=engine)
        assert (len(cx), cx.num_adjacent_pairs, cx.patterns.shape) == (1, 0, (1, 0))


@pytest.mark.parametrize("radius", [1.0, np.nextafter(1.0, 0.0), np.nextafter(1.0, 2.0)])
def test_a_region_that_only_touches_the_ball_is_outside(engine: str, radius: float) -> None:
    """The line 3 x + 4 y = 5 has distance 1 from the origin; so has its image in a deeper layer."""
    net = relu_network(([[3.0, 4.0], [-3.0, -4.0]], [-5.0, -5.0]), ([[1.0, 0.0]], [0.0]))
    cx = enumerate_regions(net, Ball([0, 0], radius), engine=engine)
    assert len(cx) == (3 if radius > 1 else 1)


@pytest.mark.parametrize(("radius", "pairs"), [(1.0, 3), (2.0, 3), (float(np.nextafter(2.0, 3.0)), 4)])
def test_a_facet_that_only_touches_the_ball_is_outside(engine: str, radius: float, pairs: int) -> None:
    """The two regions above y = -2|x| share the half-line above the origin, at distance 2 of the centre."""
    bend = Layer([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], [ABS, 1.0])
    net = Network([bend, Layer([[2.0, 1.0]], [0.0], 0.0)])
    cx = enumerate_regions(net, Ball([0.0, -2.0], radius), engine=engine)
    assert (len(cx), cx.num_adjacent_pairs) == (4, pairs)


@pytest.mark.parametrize("p", [1, 2, np.inf])
def test_balls_of_unit_cells(engine: str, p: float) -> None:
    """Unit squares that meet the open ball of radius 2 around the origin; pairs by their common sides."""
    walls = [(row, -float(k)) for row in ([1.0, 0.0], [0.0, 1.0]) for k in range(-2, 3)]
    net = relu_network(([w for w, _ in walls], [b for _, b in walls]))
    cx = enumerate_regions(net, Ball([0, 0], 2, p), engine=engine)
    squares = [(i, j) for i in range(-2, 2) for j in range(-2, 2)]
    met = [s for s in squares if np.linalg.norm([nearest(s[0]), nearest(s[1])], ord=p) < 2]
    pairs = [(a, b) for a, b in combinations(met, 2) if abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1]
    sides = [side_distance(a, b, p) < 2 for a, b in pairs]
    assert (len(cx), cx.num_adjacent_pairs) == (len(met), sum(sides))


def nearest(k: int) -> float:
    """Point of [k, k + 1] nearest to 0."""
    return float(np.clip(0, k, k + 1))


def side_distance(a: tuple[int, int], b: tuple[int, int], p: float) -> float:
    """Distance from the origin to the common side of two squares."""
    point = [nearest(a[k]) if a[k] == b[k] else float(max(a[k], b[k])) for k in (0, 1)]
    return float(np.linalg.norm(point, ord=p))


@pytest.mark.parametrize("p", [1, 2, np.inf])
@pytest.mark.parametrize("radius", [1e-200, 1e-9, 1e9, 1e200])
def test_balls_of_any_size(engine: str, radius: float, p: float) -> None:
    """Six lines through the centre cut every ball alike; the seventh meets the larger ones only."""
    angles = np.arange(7) * np.pi / 7
    weight = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    net = relu_network((weight, np.append(np.zeros(6), -1e-3)))
    cx = enumerate_regions(net, Ball([0, 0], radius, p), engine=engine)
    assert len(cx) == (12 if radius < 1e-3 else 19)
