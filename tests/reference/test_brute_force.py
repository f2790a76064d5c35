"""The brute force against closed forms, hand examples and counts of independent programs."""

import json
import math
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, pairwise, product
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from flint import fmpq
from hypothesis import given
from scipy.optimize import linprog

from polyae.networks.network import Layer, Network
from tests.reference import distances
from tests.reference.brute_force import (
    Description,
    ExactRegions,
    Pattern,
    distance2_exact,
    distance_exact,
    enumerate_exact,
)
from tests.reference.random_networks import network_cases, random_case
from tests.reference.rational_lp import Row, interior_point, maximise, rational, value

ABS, RELU = -1.0, 0.0


def counts(found: ExactRegions) -> tuple[int, int]:
    return len(found.patterns), len(found.adjacent)


def one_layer(weight: object, bias: object, slope: float = RELU) -> Network:
    n = len(bias)  # type: ignore[arg-type]
    return Network([Layer(weight, bias, slope), Layer(np.eye(n), np.zeros(n))])  # type: ignore[arg-type]


def from_torch(sizes: list[int], seed: int, bias: bool = True) -> Network:
    """Linear layers drawn in float64, one after the other, with ReLU between them."""
    torch.manual_seed(seed)
    drawn = [torch.nn.Linear(i, o, bias=bias, dtype=torch.float64) for i, o in pairwise(sizes)]
    layers = []
    for k, linear in enumerate(drawn):
        offset = linear.bias.detach().numpy() if bias else np.zeros(linear.out_features)
        layers.append(Layer(linear.weight.detach().numpy(), offset, RELU if k < len(drawn) - 1 else 1.0))
    return Network(layers)


# Linear programs


@pytest.mark.parametrize("seed", range(30))
def test_simplex_agrees_with_another_solver(seed: int) -> None:
    rng = np.random.default_rng(seed)
    h, m = int(rng.integers(1, 5)), int(rng.integers(2, 12))
    a, c = rng.integers(-3, 4, size=(m, h)), rng.integers(-3, 4, size=h)
    b = rng.integers(0, 5, size=m)
    rows = [(*map(int, n), int(t)) for n, t in zip(a, b, strict=True)]
    theirs = linprog(-c, A_ub=-a, b_ub=b, bounds=(None, None), method="highs")
    objective = (*map(int, c), 0)
    if theirs.status == 3:
        with pytest.raises(ArithmeticError):
            maximise(rows, objective, [fmpq(0)] * h)
        far, x = maximise(rows, objective, [fmpq(0)] * h, enough=1000)
        assert far > 1000 and value(objective, x) == far and all(value(row, x) >= 0 for row in rows)
    else:
        best, x = maximise(rows, objective, [fmpq(0)] * h)
        assert float(Fraction(int(best.p), int(best.q))) == pytest.approx(-theirs.fun, abs=1e-9)
        assert value(objective, x) == best and all(value(row, x) >= 0 for row in rows)


def test_cycling_example_ends() -> None:
    """Chvatal's degenerate example, page 31, on which the largest-coefficient rule cycles."""
    rows: list[Row] = [(-1, 11, 5, -18, 0), (-1, 3, 1, -2, 0), (-1, 0, 0, 0, 1)]
    rows += [(*(int(j == k) for j in range(4)), 0) for k in range(4)]
    best, x = maximise(rows, (10, -57, -9, -24, 0), [fmpq(0)] * 4)
    assert best == 1 and x == [1, 0, 1, 0]


def test_interior_of_thin_flat_and_empty_sets() -> None:
    assert interior_point([(2**60, -1), (-(2**60), 2)], 1) is not None
    assert interior_point([(1, -1), (-1, 1)], 1) is None
    assert interior_point([(1, -2), (-1, 1)], 1) is None
    assert interior_point([(5,)], 0) == [] and interior_point([(0,)], 0) is None


# Distances


def test_distances_to_a_corner_a_face_and_from_inside() -> None:
    square = [(1, 0, -1), (-1, 0, 2), (0, 1, -1), (0, -1, 2)]
    assert distance2_exact(square, [0, 0]) == 2 and distance2_exact(square, [Fraction(3, 2), 5]) == 9
    assert distance2_exact(square, [1.25, 1.75]) == 0
    assert distance_exact(square, [0, 0], 1) == 2 and distance_exact(square, [0, -3], 1) == 5
    assert distance_exact(square, [0, -3], math.inf) == 4 and distance_exact(square, [1.5, 1.5], 1) == 0
    assert distance2_exact([(3, 4, -5)], [0, 0]) == 1 and distance_exact([(3, 4, -7)], [0, 0], math.inf) == 1
    with pytest.raises(ArithmeticError, match="empty"):
        distance2_exact([(1, -1), (-1, 0)], [0])
    with pytest.raises(ValueError, match="p = 2"):
        distance_exact(square, [0, 0], 2)


@pytest.mark.parametrize("guess", [(), (0,), (1, 3)])
def test_a_wrong_guess_of_the_active_rows_changes_nothing(guess: tuple[int, ...], monkeypatch: Any) -> None:
    """Row 0 holds a stationary point of the square, the farthest one; its multiplier is negative."""
    square = [(-1, 0, 2), (1, 0, -1), (0, -1, 2), (0, 1, -1)]
    monkeypatch.setattr(distances, "_guess", lambda rows, centre: guess)
    assert distance2_exact(square, [0, 1.5]) == 1 and distance2_exact(square, [0, 0]) == 2


@pytest.mark.parametrize("seed", range(10))
def test_distances_to_a_box_by_clipping(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lo = rng.integers(-3, 3, size=3)
    hi, centre = lo + rng.integers(1, 4, size=3), rng.integers(-6, 7, size=3)
    gap = [int(g) for g in np.abs(np.clip(centre, lo, hi) - centre)]
    rows = [(*row, int(-t)) for row, t in zip(np.eye(3, dtype=int).tolist(), lo, strict=True)]
    rows += [(*row, int(t)) for row, t in zip((-np.eye(3, dtype=int)).tolist(), hi, strict=True)]
    c = [int(t) for t in centre]
    assert distance2_exact(rows, c) == sum(g * g for g in gap)
    assert distance_exact(rows, c, 1) == sum(gap) and distance_exact(rows, c, math.inf) == max(gap)


# Closed forms


@pytest.mark.parametrize(("n", "h"), [(1, 1), (5, 1), (6, 2), (4, 3), (6, 3), (5, 4)])
def test_zaslavsky(n: int, h: int) -> None:
    """Hyperplanes in general position: points of the moment curve as normals, random offsets."""
    rng = np.random.default_rng(n + 10 * h)
    normals = [[float(t**k) for k in range(h)] for t in range(1, n + 1)]
    found = enumerate_exact(one_layer(normals, rng.normal(size=n)), ("space", h))
    facets = n * sum(comb(n - 1, j) for j in range(h))
    assert counts(found) == (sum(comb(n, j) for j in range(h + 1)), facets)


@pytest.mark.parametrize("h", [1, 2, 3, 4])
def test_central_arrangement_in_all_domains_around_the_origin(h: int) -> None:
    """Coordinate hyperplanes: the orthants, each with h neighbours."""
    net = one_layer(np.eye(h), np.zeros(h))
    ones, origin = [1.0] * h, [0.0] * h
    domains: list[Description] = [
        ("space", h),
        ("box", [-1.0] * h, ones),
        ("ball", origin, 0.1, 1),
        ("ball", origin, 0.1, math.inf),
    ]
    domains += [("ball", origin, 0.1, 2), ("polytope", np.ones((1, h)), [1.0])]
    for domain in domains:
        found = enumerate_exact(net, domain)
        assert found.patterns == frozenset(product((False, True), repeat=h))
        assert len(found.adjacent) == h * 2 ** (h - 1)


def test_hamming_distance_one_is_not_adjacency() -> None:
    """Units x and |x| - 1 on the line: (-,+) and (+,+) differ in one unit and do not touch."""
    net = Network([Layer([[1.0]], [0.0], ABS), Layer([[1.0]], [-1.0], RELU), Layer([[1.0]], [0.0])])
    found = enumerate_exact(net, ("space", 1))
    line: list[Pattern] = [(False, True), (False, False), (True, False), (True, True)]
    assert found.patterns == frozenset(line)
    assert found.adjacent == {frozenset(pair) for pair in pairwise(line)}
    assert (found.distinct_affine_maps, found.linear_regions) == (3, 3)


def test_equal_maps_that_do_not_touch_are_two_linear_regions() -> None:
    """ReLU(|x| - 1) is 0 on two touching regions; a bump is 0 on two regions that do not touch."""
    bump = Network([Layer([[1.0]] * 3, [1.0, 0.0, -1.0], RELU), Layer([[1.0, -2.0, 1.0]], [0.0])])
    found = enumerate_exact(bump, ("space", 1))
    assert (*counts(found), found.distinct_affine_maps, found.linear_regions) == (4, 3, 3, 4)


def test_a_unit_that_vanishes_identically_is_off() -> None:
    net = Network([Layer([[1.0]], [0.0], RELU), Layer([[1.0], [0.0], [0.0]], [0.0, 0.0, 2.0], RELU)])
    found = enumerate_exact(net, ("box", [-1.0], [1.0]))
    assert found.patterns == {(False, False, False, True), (True, True, False, True)}


def test_duplicate_and_opposite_units_flip_together() -> None:
    found = enumerate_exact(one_layer([[1.0, 0.0], [2.0, 0.0], [-1.0, 0.0]], [0.0] * 3), ("space", 2))
    assert found.patterns == {(True, True, False), (False, False, True)} and len(found.adjacent) == 1


def test_hyperplanes_on_faces_and_through_corners_cut_nothing() -> None:
    net = one_layer([[1.0, 0.0], [1.0, 1.0], [0.0, -1.0]], [-1.0, -2.0, -1.0])
    for domain in [("box", [-1, -1], [1, 1]), ("ball", [0, 0], 1, math.inf), ("ball", [0, 0], 1, 1)]:
        assert counts(enumerate_exact(net, domain)) == (1, 0)


def test_open_euclidean_ball_is_not_cut_by_a_tangent() -> None:
    net = one_layer([[3.0, 4.0]], [-5.0])
    for radius, regions in [(1.0, 1), (math.nextafter(1.0, 2.0), 2), (math.nextafter(1.0, 0.0), 1)]:
        assert len(enumerate_exact(net, ("ball", [0, 0], radius, 2)).patterns) == regions


@pytest.mark.parametrize(("radius", "pairs"), [(1.0, 3), (2.0, 3), (math.nextafter(2.0, 3.0), 4)])
def test_two_regions_may_meet_the_ball_while_their_facet_does_not(radius: float, pairs: int) -> None:
    """The two regions above y = -2|x| share the half-line above the origin, at distance 2 of the centre."""
    bend = Layer([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], [ABS, 1.0])
    net = Network([bend, Layer([[2.0, 1.0]], [0.0], RELU)])
    assert counts(enumerate_exact(net, ("ball", [0.0, -2.0], radius, 2))) == (4, pairs)


def test_scaling_out_of_the_range_of_tolerances_changes_nothing() -> None:
    tiny = one_layer([[1.0], [1.0]], [0.0, -(2.0**-900)])
    assert counts(enumerate_exact(tiny, ("box", [-1.0], [1.0]))) == (3, 2)


@pytest.mark.parametrize("domain", [("box", [0.0], [0.0]), ("polytope", [[1], [-1]], [1, -1]), ("ball", [0], 0, 2)])
def test_flat_domains_are_refused(domain: Description) -> None:
    with pytest.raises(ValueError, match=r"interior|radius"):
        enumerate_exact(one_layer([[1.0]], [0.0]), domain)


# Counts of independent programs


@pytest.mark.parametrize(
    ("sizes", "bias", "expected"),
    [([2, 8, 8, 5], True, (33, 54)), ([3, 8, 8, 5], True, (164, 390)), ([2, 8, 8, 5], False, (30, 30))],
)
def test_default_initialised_networks(sizes: list[int], bias: bool, expected: tuple[int, int]) -> None:
    h = sizes[0]
    assert counts(enumerate_exact(from_torch(sizes, 0, bias), ("box", [-1] * h, [1] * h))) == expected


@pytest.mark.long
def test_deep_network_with_more_hamming_pairs_than_adjacent_ones() -> None:
    found = enumerate_exact(from_torch([2, 16, 16, 16, 10], 12), ("box", [-4, -4], [4, 4]))
    assert counts(found) == (787, 1523)
    assert sum(sum(map(bool.__ne__, a, b)) == 1 for a, b in combinations(found.patterns, 2)) == 1527


def test_integer_networks(reference: Path) -> None:
    for entry in json.loads((reference / "golden" / "integer_networks.json").read_text()):
        *hidden, last = entry["layers"]
        layers = [Layer(y["weight"], y["bias"], entry["negative_slope"]) for y in hidden]
        net = Network([*layers, Layer(last["weight"], last["bias"])])
        lo, hi = entry["box"]
        found = enumerate_exact(net, ("box", [lo] * net.input_dim, [hi] * net.input_dim))
        expected = (entry["regions"], entry["adjacent_pairs"], entry["distinct_affine_maps"])
        assert (*counts(found), found.distinct_affine_maps) == expected, entry["name"]


# Properties that hold for every network


def exact_pattern(net: Network, x: tuple[Fraction, ...]) -> Pattern:
    pattern: list[bool] = []
    for layer in net.layers:
        outputs = []
        for w, b, s in zip(layer.weight.tolist(), layer.bias.tolist(), layer.slope.tolist(), strict=True):
            pre = sum((Fraction(a) * t for a, t in zip(w, x, strict=True)), start=Fraction(b))
            if s != 1:
                pattern.append(pre > 0)
            outputs.append(pre if pre > 0 else Fraction(s) * pre)
        x = tuple(outputs)
    return tuple(pattern)


@given(network_cases())
def test_witnesses_have_the_pattern_and_the_graph_is_connected(case: tuple[Network, Description]) -> None:
    net, domain = case
    found = enumerate_exact(net, domain)
    for pattern, witness in found.witnesses.items():
        assert exact_pattern(net, witness) == pattern
        assert all(value(row, [rational(t) for t in witness]) > 0 for row in found.rows[pattern])
    assert reachable(found) == found.patterns
    assert found.distinct_affine_maps <= found.linear_regions <= len(found.patterns)


def reachable(found: ExactRegions) -> set[Pattern]:
    """Regions reached over facets from one of them: all, since the domain is convex."""
    start = min(found.patterns)
    seen, queue = {start}, [start]
    while queue:
        here = queue.pop()
        for pair in found.adjacent:
            if here in pair:
                (other,) = pair - {here}
                if other not in seen:
                    seen.add(other)
                    queue.append(other)
    return seen


def combined(found: ExactRegions, rng: np.random.Generator) -> tuple[Fraction, ...]:
    """An exact convex combination of a few witnesses."""
    witnesses = list(found.witnesses.values())
    chosen = [witnesses[i] for i in rng.integers(len(witnesses), size=3)]
    shares = [int(k) for k in rng.integers(1, 1000, size=3)]
    return tuple(
        sum(k * t for k, t in zip(shares, axis, strict=True)) / sum(shares) for axis in zip(*chosen, strict=True)
    )


def test_no_region_is_missed_between_witnesses(cases: Callable[[int, int], int]) -> None:
    """Convex combinations of witnesses lie in the domain, so some region's closure holds them."""
    for seed in range(cases(60, 500)):
        net, domain = random_case(seed)
        found = enumerate_exact(net, domain)
        rng = np.random.default_rng(seed)
        for point in (combined(found, rng) for _ in range(50)):
            x = [rational(t) for t in point]
            holders = [p for p, rows in found.rows.items() if all(value(row, x) >= 0 for row in rows)]
            assert holders
            if all(value(row, x) > 0 for row in found.rows[holders[0]]):
                assert holders == [exact_pattern(net, point)]


def crossings(found: ExactRegions, a: tuple[Fraction, ...], b: tuple[Fraction, ...]) -> set[tuple[Fraction, ...]]:
    """Points between `a` and `b` where some inequality of some region holds with equality."""
    points = set()
    for row in {row for rows in found.rows.values() for row in rows}:
        u, v = (sum((k * t for k, t in zip(row, x, strict=False)), start=Fraction(row[-1])) for x in (a, b))
        if u * v < 0:
            points.add(tuple((v * s - u * t) / (v - u) for s, t in zip(a, b, strict=True)))
    return points


def test_regions_that_alone_hold_a_point_are_adjacent(cases: Callable[[int, int], int]) -> None:
    """Around a point of exactly two closures these two fill a neighbourhood, so they share a facet there."""
    met = 0
    for seed in range(cases(40, 300)):
        net, domain = random_case(seed)
        found = enumerate_exact(net, domain)
        rng = np.random.default_rng(seed)
        segments = [crossings(found, combined(found, rng), combined(found, rng)) for _ in range(3)]
        for point in set().union(*segments):
            x = [rational(t) for t in point]
            holders = [p for p, rows in found.rows.items() if all(value(row, x) >= 0 for row in rows)]
            assert len(holders) != 2 or frozenset(holders) in found.adjacent
            met += len(holders) == 2
    assert met > 50


def test_cases_depend_on_the_seed_alone_and_cover_all_domains() -> None:
    drawn = [random_case(seed) for seed in range(100)]
    assert all(a == random_case(seed)[0] for seed, (a, _) in enumerate(drawn))
    assert {domain[0] for _, domain in drawn} == {"box", "polytope", "space", "ball"}
    assert {net.input_dim for net, _ in drawn} == {1, 2, 3, 4}
