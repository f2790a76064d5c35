"""Finding the region of a point, inside regions, on their boundaries and outside."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from polyae import Ball, Polytope, RegionComplex, Space, enumerate_regions
from polyae.errors import DataError, ShapeError
from tests.engines.zoo import cube, data_goldens, data_network, domain, drawn, patterns, relu_network
from tests.reference.brute_force import ExactRegions, enumerate_exact
from tests.reference.random_networks import random_case

CROSS = relu_network(([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]))


@pytest.fixture(scope="module")
def digits() -> RegionComplex:
    return enumerate_regions(data_network("digits_2-8-12-64"), cube(2, -2, 2))


@pytest.mark.parametrize("sizes", [[2, 16, 16, 16, 10], [3, 8, 8, 5], [4, 8, 8, 5]])
def test_random_points_have_the_pattern_of_their_region(sizes: list[int]) -> None:
    h = sizes[0]
    cx = enumerate_regions(drawn(sizes, 0), cube(h, -1, 1))
    points = np.random.default_rng(0).uniform(-1, 1, size=(100_000, h))
    found = cx.locate(points)
    assert found.min() >= 0
    assert np.array_equal(cx.patterns[found], cx.network.pattern(points))


@pytest.mark.parametrize("name", sorted(data_goldens()))
def test_every_witness_is_found(name: str) -> None:
    cx = enumerate_regions(data_network(name), Space(data_network(name).input_dim))
    plain = [i for i in range(len(cx)) if i not in cx.exact_witnesses]
    assert cx.locate(cx.witnesses[plain]).tolist() == plain


def lowest_closure(exact: ExactRegions, cx: RegionComplex, point: list[float]) -> int:
    """Lowest number of the regions whose closure in the closed domain holds a point, -1 if none does."""
    z = [Fraction(x) for x in point]
    if cx.domain.curved:
        squared = sum((x - Fraction(c)) ** 2 for x, c in zip(z, cx.domain.centre, strict=True))
        if squared > Fraction(cx.domain.radius) ** 2:
            return -1
    for i, pattern in enumerate(patterns(cx)):
        heights = (sum((a * x for a, x in zip(row, z, strict=False)), Fraction(row[-1])) for row in exact.rows[pattern])
        if all(t >= 0 for t in heights):
            return i
    return -1


def test_boundary_points_belong_to_the_lowest_region(cases: Callable[[int, int], int]) -> None:
    on_boundary = outside = 0
    for seed in range(cases(50, 800)):
        net, description = random_case(seed)
        cx, exact = enumerate_regions(net, domain(description)), enumerate_exact(net, description)
        points = np.random.default_rng(seed).integers(-4, 5, size=(15, net.input_dim)) / 2
        expected = [lowest_closure(exact, cx, p) for p in points.tolist()]
        assert cx.locate(points).tolist() == expected, seed
        on_boundary += int((cx.arrangement.unit_signs(points) == 0).any(axis=1).sum())
        outside += expected.count(-1)
    assert on_boundary > 100 and outside > 100


def test_opposite_units_at_the_origin() -> None:
    """The sign pattern there, both off, is no region's."""
    cx = enumerate_regions(relu_network(([[1.0], [-1.0]], [0.0, 0.0])), cube(1, -1, 1))
    assert patterns(cx) == [(False, True), (True, False)]
    assert cx.locate([0.0]) == 0


def test_one_point_gives_a_number_and_several_an_array() -> None:
    cx = enumerate_regions(CROSS, cube(2, -1, 1))
    assert cx.locate([0.5, 0.5]) == 3 and isinstance(cx.locate([0.5, 0.5]), int)
    assert cx.locate(np.zeros((0, 2))).shape == (0,)
    assert cx.locate([[0.5, -0.5], [-0.5, 0.5], [2.0, 0.0], [-1.0, -1.0]]).tolist() == [2, 1, -1, 0]


def test_points_outside_are_nowhere() -> None:
    step = np.nextafter(1.0, 2.0)
    box = enumerate_regions(CROSS, cube(2, -1, 1))
    assert box.locate([[step, 0.0], [1.0, 1.0]]).tolist() == [-1, 3]
    ball = enumerate_regions(CROSS, Ball([0, 0], 5))
    assert ball.locate([[3.0, 4.0], [3.0, np.nextafter(4.0, 5.0)]]).tolist() == [3, -1]
    half = enumerate_regions(CROSS, Polytope([[1.0, 1.0]], [0.0]))
    assert half.locate([[1.0, -1.0], [1.0, -step], [1.0, np.nextafter(-1.0, 0.0)]]).tolist() == [2, 2, -1]
    assert enumerate_regions(CROSS, Space(2)).locate([[1e300, -1e300], [-1e308, 0.0]]).tolist() == [2, 0]


def test_what_a_partial_complex_lacks_is_nowhere(digits: RegionComplex) -> None:
    part = enumerate_regions(digits.network, digits.domain, max_regions=40)
    points = np.random.default_rng(3).uniform(-2, 2, size=(5000, 2))
    found, true = part.locate(points), digits.locate(points)
    held = digits.find(part.patterns)
    assert set(found) > {-1}
    assert np.array_equal(found >= 0, np.isin(true, held))
    assert np.array_equal(held[found[found >= 0]], true[found >= 0])


def test_find_is_the_inverse_of_patterns(digits: RegionComplex) -> None:
    order = np.random.default_rng(0).permutation(len(digits))
    assert np.array_equal(digits.find(digits.patterns[order]), order)
    absent = digits.patterns[:1].copy()
    absent[0, :] = ~absent[0, :]
    assert digits.find(absent).tolist() == [-1]
    assert digits.find(np.zeros((0, 20), dtype=bool)).shape == (0,)


def test_find_takes_strings(digits: RegionComplex) -> None:
    texts = [text for _, text in digits.to_networkx().nodes(data="pattern")]
    assert digits.find(texts).tolist() == list(range(len(digits))) == digits.find(np.array(texts)).tolist()
    assert digits.find(texts[7]).tolist() == [7] == digits.find(tuple(texts[7:8])).tolist()
    assert digits.find(np.array(texts, dtype=object)[2:4]).tolist() == [2, 3]
    assert np.array_equal(digits.network.affine(texts[3])[0], digits.network.affine(digits.patterns[3])[0])
    with pytest.raises(ShapeError, match=r"shape \(1, 19\), expected \(k, 20\)"):
        digits.find(texts[0][:-1])
    with pytest.raises(ShapeError, match=f"'{texts[5]}1' of 21 states in row 1, after rows of 20"):
        digits.find([texts[0], texts[5] + "1"])
    for given in (texts[4][:3] + "x" + texts[4][4:], [texts[0], texts[4][:3] + "x" + texts[4][4:]]):
        with pytest.raises(DataError, match=f"'x' at place 3 of '{texts[4][:3]}x.*is 0 or 1"):
            digits.find(given)
    with pytest.raises(DataError, match="text"):
        digits.find([[texts[0]]])


def test_wrong_shapes_are_refused(digits: RegionComplex) -> None:
    for points in ([1.0], [[1.0, 2.0, 3.0]], 1.0, np.zeros((2, 2, 2))):
        with pytest.raises(ShapeError, match="expected"):
            digits.locate(points)
    for bits in (np.zeros(19, dtype=bool), np.zeros((1, 19), dtype=bool)):
        with pytest.raises(ShapeError, match="expected"):
            digits.find(bits)
