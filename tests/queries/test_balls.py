"""Regions and data in balls, against exact distances of every region of a brute-force enumeration."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from polyae import Layer, Network, count_in_balls, enumerate_regions, load
from polyae.domains import Ball, Box, Space
from polyae.engines.outward import round as outward_round
from polyae.engines.outward.deviations import FOUND, OVER, nearest_by_deviations
from polyae.engines.outward.linear import nearest_by_program
from polyae.engines.outward.round import Outcome
from polyae.errors import DataError, FileFormatError, PolyaeError, SettingError, ShapeError
from polyae.lp.distance import exact_distance_power
from polyae.networks.slices import Slice
from polyae.predicates.cell import Arrangement, Cell
from polyae.predicates.compilation import LOADING
from polyae.predicates.rational import homogeneous
from polyae.queries.region_curve import load_curve, region_curve

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


def dense(rng: np.random.Generator, sizes: list[int]) -> list[Layer]:
    """Random layers of ReLUs of these widths."""
    return [Layer(rng.normal(size=(b, a)), rng.normal(size=b), 0.0) for a, b in pairwise(sizes)]


@pytest.mark.parametrize("p", NORMS)
def test_counts_equal_the_brute_force(p: float, cases: Callable[[int, int], int]) -> None:
    touched = 0
    for seed in range(cases(15, 200)):
        rng = np.random.default_rng(seed)
        h = int(rng.integers(1, 4))
        net = random_network(rng, h, ("box", [-2.0] * h, [2.0] * h))
        centre = special_centre(rng, net)
        powers = true_powers(net, centre, p)
        radii = [*touching_radii(powers, p), 0.5, 3.0]
        exact = [Fraction(r) ** (2 if p == 2 else 1) for r in radii]
        touched += sum(x in powers for x in exact)
        expected = [sum(d < x for d in powers) for x in exact]
        assert count_in_balls(net, centre, radii, p=p).regions_exact == tuple(expected), seed
    assert touched > 5


@pytest.mark.parametrize("p", NORMS)
def test_distances_equal_the_brute_force(p: float, cases: Callable[[int, int], int]) -> None:
    """Every region of the whole space, in order; bounds hold the exact distance and are sharp.

    They are wider where a facet begins, at its nearest point, as a thin wedge: seeds 1182 and 1199, 2,800 away.
    """
    total = sharp = 0
    for seed in sorted({*range(1000, 1000 + cases(8, 200)), 1182, 1199}):
        rng = np.random.default_rng(seed)
        h = int(rng.integers(1, 4))
        net = random_network(rng, h, ("box", [-2.0] * h, [2.0] * h))
        centre = special_centre(rng, net)
        powers = sorted(true_powers(net, centre, p))
        exponent = 2 if p == 2 else 1
        curve = region_curve(net, centre, 1.01 * float(powers[-1]) ** (1 / exponent) + 0.1, p)
        mine = [Fraction(int(x.p), int(x.q)) for x in map(curve.exact_power, range(len(curve)))]
        assert sorted(mine) == powers, seed
        assert (np.diff(curve.distances[:, 0]) >= 0).all()
        for (low, high), true in zip(curve.distances.tolist(), mine, strict=True):
            assert Fraction(low) ** exponent <= true <= Fraction(high) ** exponent
            assert high - low <= 1e-5 * (1 + high), seed
            total, sharp = total + 1, sharp + (high - low <= 1e-6 * (1 + high))
    assert total - 3 <= sharp and total > 40


@pytest.mark.parametrize("p", NORMS)
def test_counts_equal_a_full_enumeration_with_distances(p: float, cases: Callable[[int, int], int]) -> None:
    for seed in range(cases(2, 20)):
        rng = np.random.default_rng(seed)
        h = int(rng.integers(2, 4))
        sizes = [h, *((14, 10) if h == 2 else (8, 6))]
        net = Network(dense(rng, sizes))
        centre = 2 * rng.normal(size=h)
        cx = enumerate_regions(net, Ball(centre, 2.0, p))
        powers = []
        for i in range(len(cx)):
            cell = cx.arrangement.cell(np.asarray(cx[i].pattern))
            rows = [cell.integers(k) for k in np.flatnonzero(cell.source >= 0)]
            powers.append(exact_distance_power(rows, homogeneous(cx.witnesses[i].tolist()), centre, p))
        true = np.array([Fraction(int(x.p), int(x.q)) for x in powers])
        radii = [0.1, 0.5, 1.0, 1.5, 2.0]
        expected = [int((true < Fraction(r) ** (2 if p == 2 else 1)).sum()) for r in radii]
        assert count_in_balls(net, centre, radii, p=p).regions_exact == tuple(expected)
        assert expected[-1] == len(cx) > 3


def test_many_regions_in_special_position() -> None:
    """Without biases all regions meet in the origin, which takes rational arithmetic in more than 64 of them."""
    layers = dense(np.random.default_rng(777), [2, 24, 16])
    net = Network([Layer(layer.weight, np.zeros(layer.n_out), 0.0) for layer in layers])
    counts = count_in_balls(net, [0.3, -0.2], [0.36, 0.37])
    everything = enumerate_regions(net, Box([-1.0, -1.0], [1.0, 1.0]))
    assert counts.regions_exact[1] == len(everything) > 64
    assert counts.regions_lower[0] < len(everything)


@pytest.mark.parametrize("p", NORMS)
def test_many_inputs_give_the_counts_of_a_subspace(p: float) -> None:
    """With inputs that do not matter the network of the others has the same counts in every norm."""
    rng = np.random.default_rng(4)
    for _ in range(3):
        sizes = [3, 6, 5]
        layers = dense(rng, sizes)
        padded = Layer(np.hstack([layers[0].weight, np.zeros((6, 9))]), layers[0].bias, 0.0)
        centre, radii = rng.normal(size=3), [0.3, 1.0, 2.0, 4.0]
        small = count_in_balls(Network(layers), centre, radii, p=p)
        large = count_in_balls(Network([padded, layers[1]]), np.append(centre, rng.normal(size=9)), radii, p=p)
        assert small.regions_exact == large.regions_exact
        assert small.regions_exact[-1] > 10  # type: ignore[operator]


def test_many_inputs_give_the_distances_of_a_program() -> None:
    """SciPy's solver finds the distance of every region that outward marching found, in thirty dimensions."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(0)
    net = Network(dense(rng, [30, 7, 5]))
    centre = rng.normal(size=30)
    curve = region_curve(net, centre, 0.8)
    assert len(curve) > 20
    for i in range(0, len(curve), 5):
        cell = curve_cell(net, curve.patterns(i, i + 1)[0])
        values = cell.rows.values
        solved = minimize(
            lambda y: (y @ y, 2 * y), np.zeros(30), jac=True, method="SLSQP", options={"ftol": 1e-14, "maxiter": 500},
            constraints={"type": "ineq", "fun": lambda y, v=values: v[:, :-1] @ (centre + y) + v[:, -1],
                         "jac": lambda y, v=values: v[:, :-1]},
        )  # fmt: skip
        assert math.sqrt(solved.fun) == pytest.approx(curve.distances[i, 1], abs=1e-6)


@pytest.mark.parametrize("p", [1.0, math.inf])
def test_nearest_points_in_many_dimensions_are_those_of_highs(p: float, cases: Callable[[int, int], int]) -> None:
    """Rows that matter and rows that do not, faces that are empty, and limits on either side of the distance."""
    from scipy.optimize import linprog

    outcomes = set()
    for seed in range(cases(6, 60)):
        rng = np.random.default_rng(seed)
        n, count = 70, int(rng.integers(2, 12))
        normals = rng.normal(size=(count, n)) + 2 * rng.normal(size=(2, n))[rng.integers(2, size=count)]
        normals /= np.linalg.norm(normals, axis=1)[:, None]
        heights = np.append(rng.normal(), np.abs(rng.normal(size=count - 1)))
        # Variables y and bounds of its entries, one for all of them in the infinity-norm.
        size = np.eye(n) if p == 1 else np.ones((n, 1))
        around = np.block([[np.eye(n), -size], [-np.eye(n), -size]])
        face = np.hstack([normals, np.zeros((count, size.shape[1]))])
        solved = linprog(
            np.append(np.zeros(n), np.ones(size.shape[1])), np.vstack([around, -face[1:]]),
            np.append(np.zeros(2 * n), heights[1:]), face[:1], -heights[:1], bounds=(None, None),
        )  # fmt: skip
        for limit in (0.9 * solved.fun, 1.1 * solved.fun):
            weights, point = np.zeros(count), np.zeros(n)
            if p == 1:
                found = nearest_by_program(normals, heights, count, 0, limit, weights, point)
            else:
                outcome = nearest_by_deviations(normals, heights, count, 0, limit, weights, point)
                found = outcome == FOUND
                assert found or outcome == OVER
            assert found == (limit > solved.fun), seed
            outcomes.add((found, int((weights[1:] > 0).any())))
        assert np.linalg.norm(point, ord=p) == pytest.approx(solved.fun, rel=1e-7)
        assert abs((normals @ point + heights)[0]) < 1e-9 and (normals @ point + heights).min() > -1e-8
        assert -(weights @ heights) / np.linalg.norm(weights @ normals, ord=1 if p == math.inf else math.inf) == (
            pytest.approx(solved.fun, rel=1e-7)
        )
    assert len(outcomes) == 4


def test_deviations_find_the_points_of_highs(cases: Callable[[int, int], int]) -> None:
    """Few and many dimensions, the centre on the hyperplane and on other sides of rows, parallel rows, empty facets."""
    from scipy.optimize import linprog

    seen = []
    for seed in range(cases(60, 1500)):
        rng = np.random.default_rng(seed)
        n, count = int(rng.choice([1, 2, 3, 6, 20, 70])), int(rng.integers(1, 14))
        normals = rng.normal(size=(count, n)) + 2 * rng.normal(size=(2, n))[rng.integers(2, size=count)]
        heights = rng.normal(size=count)
        if seed % 3 == 0:
            normals, heights = np.rint(0.5 * normals), rng.integers(-1, 3, size=count).astype(float)
            normals[~normals.any(axis=1), 0] = 1.0
        length = np.linalg.norm(normals, axis=1)
        normals, heights = normals / length[:, None], heights / length
        around = np.block([[np.eye(n), -np.ones((n, 1))], [-np.eye(n), -np.ones((n, 1))]])
        face = np.hstack([normals, np.zeros((count, 1))])
        solved = linprog(
            np.append(np.zeros(n), 1.0), np.vstack([around, -face[1:]]), np.append(np.zeros(2 * n), heights[1:]),
            face[:1], -heights[:1], bounds=(None, None),
        )  # fmt: skip
        weights, point = np.zeros(count), np.zeros(n)
        outcome = nearest_by_deviations(normals, heights, count, 0, 1e6, weights, point)
        seen.append((solved.status, outcome))
        if outcome == FOUND:
            assert np.abs(point).max(initial=0.0) == pytest.approx(solved.fun, rel=1e-7, abs=1e-9), seed
            assert abs(normals[0] @ point + heights[0]) < 1e-9 and (normals @ point + heights).min() > -1e-8
            if solved.fun > 1e-9:
                assert -(weights @ heights) / np.abs(weights @ normals).sum() == pytest.approx(solved.fun, rel=1e-7)
    assert set(seen) == {(0, FOUND), (2, OVER)}


def curve_cell(net: Network, pattern: np.ndarray) -> Cell:
    return Arrangement(net, Space(net.input_dim)).cell(pattern)


@pytest.mark.parametrize(("p", "reach"), [(1, 2.0), (2, math.sqrt(2)), (math.inf, 1.0)])
def test_a_square_that_is_touched_is_outside(p: float, reach: float) -> None:
    """Lines x = 1 and y = 1: the farthest of the four quadrants is at the corner (1, 1)."""
    net = Network([Layer(np.eye(2), [-1.0, -1.0], 0.0), Layer([[1.0, 1.0]], [0.0])])
    steps = [math.nextafter(1.0, 0.0), 1.0, math.nextafter(1.0, 2.0)]
    inside = [1, 1, 4 if p == math.inf else 3]
    assert count_in_balls(net, [0.0, 0.0], steps, p=p).regions_lower.tolist() == inside
    corner = [0.999 * reach, 1.001 * reach]
    assert count_in_balls(net, [0.0, 0.0], corner, p=p).regions_lower.tolist() == [1 if p == math.inf else 3, 4]
    assert count_in_balls(net, [1.0, 1.0], [1e-12], p=p).regions_lower.tolist() == [4]
    assert count_in_balls(net, [1.0, 0.0], [1e-12, 1.0, 1.5], p=p).regions_lower.tolist() == [2, 2, 4]


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
    assert found.regions_exact == tuple(count_in_balls(net, [0.1, 0.2], [r]).regions_exact[0] for r in radii)


def busy_network() -> Network:
    rng = np.random.default_rng(1)
    return Network([Layer(rng.normal(size=(20, 2)), rng.normal(size=20), 0.0), Layer(np.ones((1, 20)), [0.0])])


def test_a_limit_gives_an_exact_part_and_bounds() -> None:
    net, radii = busy_network(), [0.2, 0.5, 1.0, 2.0]
    whole = count_in_balls(net, [0.0, 0.0], radii)
    part = count_in_balls(net, [0.0, 0.0], radii, max_regions=20)
    assert whole.complete and not part.complete and "max_regions" in part.message
    assert len(part.curve) == 20 and part.regions_lower[-1] <= 20
    assert part.exact_radius < 2.0 and None in part.regions_exact and part.regions_exact[0] is not None
    for k, true in enumerate(whole.regions_lower.tolist()):
        exact = part.regions_exact[k]
        assert exact is None or exact == true == part.regions_upper[k] == part.estimate[k]
        assert part.regions_lower[k] <= true <= part.regions_upper[k]
        # Counts up to the nodes of a descent are exact: here all of a descent's children are kept.
        assert part.estimate[k] == pytest.approx(true, rel=0.2)


def test_an_exact_curve_goes_on_where_it_stopped(tmp_path: Path) -> None:
    net = busy_network()
    whole = region_curve(net, [0.1, -0.2], 2.0)
    part = region_curve(net, [0.1, -0.2], 2.0, max_regions=len(whole) // 3)
    assert 0 < part.exact_radius < 2.0
    assert (part.count([part.exact_radius])[0] == whole.count([part.exact_radius])[0]).all()
    part.save(tmp_path / "part.npz")
    again = region_curve(net, [0.1, -0.2], 2.0, resume=load_curve(tmp_path / "part.npz", net))
    assert sorted(map(bytes, again.found.packed)) == sorted(map(bytes, whole.found.packed))
    assert np.allclose(again.distances, whole.distances, atol=1e-9)
    with pytest.raises(SettingError, match="another network"):
        load_curve(tmp_path / "part.npz", NET)
    with pytest.raises(SettingError, match="another network, centre or norm"):
        region_curve(net, [0.0, -0.2], 2.0, resume=part)
    with pytest.raises(FileFormatError, match="not a region complex, but a polyae region curve"):
        load(tmp_path / "part.npz")
    (tmp_path / "bad.npz").write_bytes((tmp_path / "part.npz").read_bytes()[:-40])
    with pytest.raises(FileFormatError, match="not a whole region curve"):
        load_curve(tmp_path / "bad.npz", net)
    with pytest.raises(FileFormatError, match="cannot read"):
        load_curve(tmp_path / "none.npz", net)
    with pytest.raises(FileFormatError, match="cannot write"):
        part.save(tmp_path / "no" / "part.npz")


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_runs_without_time_arrive_all_the_same(p: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gets farther than the one before, though it looks at all facets of all its regions first."""
    monkeypatch.setattr(outward_round, "FIRST_STEPS", 1)
    net = busy_network()
    whole = region_curve(net, [0.1, -0.2], 2.0, p)
    curve = region_curve(net, [0.1, -0.2], 2.0, p, max_seconds=1e-9)
    runs = 1
    while curve.outcome is not Outcome.REACHED:
        before = (len(curve), curve.exact_radius)
        curve = region_curve(net, [0.1, -0.2], 2.0, p, max_seconds=1e-9, resume=curve)
        assert curve.outcome is Outcome.REACHED or (len(curve) > before[0] or curve.exact_radius > before[1])
        runs += 1
    assert runs > 5 and sorted(map(bytes, curve.found.packed)) == sorted(map(bytes, whole.found.packed))


def test_time_that_compilation_takes_is_not_the_search_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes of compilation in the first step leave a search of a few seconds untouched."""
    original = outward_round.advance

    def compiling(*arguments: object) -> int:
        if LOADING.seconds < 600:
            monkeypatch.setattr(time, "perf_counter", lambda now=time.perf_counter: now() + 600)
            LOADING.seconds += 600
        return original(*arguments)

    monkeypatch.setattr(LOADING, "seconds", 0.0)
    monkeypatch.setattr(outward_round, "advance", compiling)
    curve = region_curve(busy_network(), [0.0, 0.0], 2.0, max_seconds=30.0)
    assert curve.outcome is Outcome.REACHED and LOADING.seconds >= 600


def test_an_interrupt_keeps_what_is_found() -> None:
    net = busy_network()

    def stop(regions: int, radius: float) -> None:
        if regions > 30:
            raise KeyboardInterrupt

    whole = region_curve(net, [0.0, 0.0], 2.0)
    part = region_curve(net, [0.0, 0.0], 2.0, progress=stop)
    assert len(part) > 30 and "interrupted" in part.outcome.value
    radius = part.exact_radius
    assert part.count([radius])[0] == whole.count([radius])[0]


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_a_slice_counts_as_its_rational_composition(dim: int) -> None:
    """With small integers the product of slice and first layer is exact, so both ways are one network."""
    rng = np.random.default_rng(dim)
    weight, bias = rng.integers(-3, 4, size=(6, 8)).astype(float), rng.integers(-2, 3, size=6).astype(float)
    net = Network([Layer(weight, bias, 0.0), Layer(rng.normal(size=(5, 6)), rng.normal(size=5), 0.0)])
    on = Slice(rng.integers(-2, 3, size=8), rng.integers(-2, 3, size=(dim, 8)))
    composed = Layer(weight @ on.directions.T, weight @ on.origin + bias, 0.0)
    radii = [0.2, 0.7, 1.9]
    centre = rng.normal(size=dim)
    sliced = count_in_balls(net, centre, radii, on=on)
    assert sliced.regions_exact == count_in_balls(Network([composed, net.layers[1]]), centre, radii).regions_exact
    assert sliced.regions_exact[-1] > 3  # type: ignore[operator]


def test_data_beside_a_slice_are_those_of_the_whole_space() -> None:
    net = Network([Layer(np.eye(3), [-1.0, -1.0, -1.0], 0.0), Layer(np.ones((1, 3)), [0.0])])
    on = Slice.through([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    found = count_in_balls(net, [0.0, 0.0], [1.0, 1.25], [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]], on=on)
    assert found.data is not None and found.data.tolist() == [2, 2]
    assert found.regions_exact == (1, 3)
    with pytest.raises(SettingError, match="lengths differ"):
        count_in_balls(net, [0.0], [1.0], [[0.0, 0.0, 1.0]], on=Slice([0.0] * 3, [[2.0, 0.0, 0.0]]))


NET = Network([Layer(np.eye(2), [0.0, 0.0], 0.0), Layer([[1.0, 1.0]], [0.0])])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"radii": []}, SettingError, "nonempty"),
        ({"radii": [[1.0]]}, SettingError, "radii must be a number or a nonempty list"),
        ({"radii": ["a"]}, DataError, "radii must be an array of real numbers"),
        ({"radii": "1.0"}, DataError, "radii must be an array of real numbers"),
        ({"radii": None}, DataError, "radii"),
        ({"centre": ["a", 0.0]}, DataError, "centre"),
        ({"data": [["a", 0.0]]}, DataError, "data"),
        ({"radii": [1.0, 0.0]}, SettingError, "radius 1 is 0.0"),
        ({"radii": [-1.0]}, SettingError, "radius 0 is -1.0"),
        ({"radii": [math.inf]}, SettingError, "finite"),
        ({"radii": [math.nan]}, SettingError, "positive"),
        ({"centre": [0.0]}, ShapeError, "centre has shape"),
        ({"centre": [[0.0, 0.0]]}, ShapeError, "centre has shape"),
        ({"centre": [0.0, math.nan]}, DataError, "centre holds nan at entry 1"),
        ({"data": [[1.0, 2.0, 3.0]]}, ShapeError, "data has shape"),
        ({"data": [1.0, 2.0]}, ShapeError, "data has shape"),
        ({"data": [[1.0, math.inf]]}, DataError, "data holds inf in row 0, column 1"),
        ({"p": 3}, SettingError, "norm p must be 1, 2 or inf, got 3"),
        ({"p": "two"}, SettingError, "got 'two'"),
        ({"max_regions": 0}, SettingError, "max_regions"),
        ({"max_seconds": 0.0}, SettingError, "max_seconds"),
        ({"runs": 3}, SettingError, "at least 8 runs"),
    ],
)
def test_bad_input(change: dict[str, object], error: type[PolyaeError], message: str) -> None:
    arguments: dict[str, object] = {"centre": [0.0, 0.0], "radii": [1.0]} | change
    with pytest.raises(error, match=message):
        count_in_balls(NET, **arguments)  # type: ignore[arg-type]


def test_a_radius_and_norms_by_name() -> None:
    assert count_in_balls(NET, [0.5, 1.0], 0.75).regions_exact == (2,)
    for p, name in ((1, "1"), (2, "2"), (math.inf, "inf")):
        same = count_in_balls(NET, [0.5, 1.0], [0.75, 1.1, 1.25], [[0.0, 0.0]], name)
        by_number = count_in_balls(NET, [0.5, 1.0], [0.75, 1.1, 1.25], p=p)
        assert same.p == p and same.regions_exact == by_number.regions_exact
        assert region_curve(NET, [0.5, 1.0], 1.25, name).p == p
    for bad, message in ((["a"], "radius must be an array"), ([1.0, 2.0], "one number, got 2"), (-1, "radius is -1")):
        with pytest.raises(PolyaeError, match=message):
            region_curve(NET, [0.5, 1.0], bad)  # type: ignore[arg-type]


def test_counts_are_shown_as_a_table() -> None:
    rng = np.random.default_rng(1)
    net = Network(dense(rng, [2, 20, 1]))
    radii = [0.01, 0.5, 2.0]
    part = count_in_balls(net, [0.0, 0.0], radii, rng.normal(size=(50, 2)), max_regions=12)
    head, names, *lines = str(part).splitlines()
    assert head == repr(part) and "R^2, 2-norm" in head and "partial" in head and len(head) < 120
    assert f"{part.exact_radius:.6g}" in head and len(repr(part.curve)) < 120 and "12 regions" in repr(part.curve)
    assert names.split() == ["radius", "lower", "exact", "upper", "estimate", "data"]
    for k, line in enumerate(lines[:3]):
        cells = line.split()
        assert len(line) == len(names) and float(cells[0]) == radii[k] and int(cells[1]) == part.regions_lower[k]
        assert cells[2] == ("-" if part.regions_exact[k] is None else str(part.regions_exact[k]))
        assert int(cells[3].replace(",", "")) == part.regions_upper[k]
        assert (cells[4] == "-") == (part.estimates[k] is None) and int(cells[-1]) == part.data[k]  # type: ignore[index]
    assert lines[3] == part.message and not part.without_estimate


def test_missing_estimates_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Network(dense(np.random.default_rng(1), [2, 20, 1]))
    asked: dict[str, object] = {"radii": [0.01, 0.5, 2.0], "max_regions": 4}
    none = count_in_balls(net, [0.0, 0.0], runs=0, **asked)  # type: ignore[arg-type]
    assert none.without_estimate == [0.5, 2.0]
    assert none.notes[-1] == "no estimate at radius 0.5, 2: none was asked for" and none.notes[-1] in str(none)
    monkeypatch.setattr("polyae.queries.balls.estimate_regions", lambda *args, **options: None)
    late = count_in_balls(net, [0.0, 0.0], max_seconds=60.0, **asked)  # type: ignore[arg-type]
    assert late.notes[-1] == "no estimate at radius 0.5, 2: the time ran out"
    assert count_in_balls(net, [0.0, 0.0], [0.01]).notes == ()


def test_what_is_no_network_is_named() -> None:
    import torch

    import polyae

    module = torch.nn.Linear(2, 2)
    calls = [
        lambda: region_curve(module, [0.0, 0.0], 1), lambda: count_in_balls(module, [0.0, 0.0], 1),
        lambda: polyae.curve_statistics(module, [[0.0, 0.0]], 1), lambda: polyae.occupancy(module, [[0.0, 0.0]]),
        lambda: polyae.neighbours(module, [0.0, 0.0]), lambda: enumerate_regions(module, Space(2)),
        lambda: count_in_balls(module, [0.0], 1, on=Slice([0.0, 0.0], [[1.0, 0.0]])),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(SettingError, match=r"a Network is needed, got Linear; polyae\.from_torch reads torch"):
            call()
