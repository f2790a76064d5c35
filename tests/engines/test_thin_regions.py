"""Regions far thinner than any solver's tolerance, down to those without a float64 point."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import polyae
from polyae import Box, Network, RegionComplex, Space, enumerate_regions
from polyae.predicates.rational import to_fractions
from tests.engines.zoo import ENGINES, assert_same, cube, patterns, relu_network
from tests.reference.brute_force import enumerate_exact

pytestmark = pytest.mark.parametrize("engine", ENGINES)


def slabs(h: int, width: float, offset: float) -> Network:
    """Two parallel hyperplanes `width` apart, and one that crosses both: at h = 1 only the pair."""
    normal = np.arange(1.0, h + 1)
    across = np.eye(h)[-1] * (h > 1)
    return relu_network(([normal, normal, across], [-offset, -offset - width, -0.125]))


@pytest.mark.parametrize("h", [1, 2, 3])
@pytest.mark.parametrize("width", [1e-8, 1e-12, 1e-15])
@pytest.mark.parametrize("offset", [0.0, 0.375])
def test_slabs(engine: str, h: int, width: float, offset: float, tmp_path: Path) -> None:
    """The width is a share of the domain's, which is 1."""
    cx = enumerate_regions(slabs(h, width, offset), cube(h, -0.5, 0.5), engine=engine)
    assert len(cx) == (3 if h == 1 else 6)
    assert cx.num_adjacent_pairs == (2 if h == 1 else 7)
    assert_same(cx, enumerate_exact(cx.network, ("box", [-0.5] * h, [0.5] * h)))
    assert_witnesses_inside(cx)
    cx.save(tmp_path / "thin.npz")
    assert_same_witnesses(polyae.load(tmp_path / "thin.npz"), cx)


def test_a_region_without_a_float_point_has_a_rational_witness(engine: str, tmp_path: Path) -> None:
    """Two biases one ulp apart: no float64 lies between the breakpoints."""
    net = relu_network(([[1.0], [1.0]], [-0.3, -float(np.nextafter(0.3, 1))]))
    cx = enumerate_regions(net, cube(1, -1, 1), engine=engine)
    assert patterns(cx) == [(False, False), (True, False), (True, True)]
    assert list(cx.exact_witnesses) == [1]
    assert_witnesses_inside(cx)
    cx.save(tmp_path / "thin.npz")
    again = polyae.load(tmp_path / "thin.npz")
    assert_same_witnesses(again, cx)
    assert sorted(f.neighbour for f in again[1].facets) == [0, 2]


@pytest.mark.parametrize("exponent", [-60, -200, -500])
def test_deep_products_make_regions_of_any_width(engine: str, exponent: int) -> None:
    """The second layer's breakpoint lies at z = 2^exponent; its weight is a power of two."""
    net = relu_network(([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]), ([[2.0**-exponent, 0.0]], [-1.0]))
    description = ("box", [-1.0, -1.0], [1.0, 1.0])
    cx = enumerate_regions(net, Box(*description[1:]), engine=engine)
    assert (len(cx), cx.num_adjacent_pairs) == (6, 7)
    assert_same(cx, enumerate_exact(net, description))
    assert_witnesses_inside(cx)


@pytest.mark.parametrize("tilt", [1e-9, 1e-13, 2.0**-52])
def test_thin_wedges(engine: str, tilt: float) -> None:
    """Lines through one point that differ by a tiny angle, and a third one through their meeting point."""
    net = relu_network(([[1.0, 1.0], [1.0, 1.0 + tilt], [1.0, -1.0]], [0.0, 0.0, 0.0]))
    for domain, description in ((Space(2), ("space", 2)), (cube(2, -1, 1), ("box", [-1, -1], [1, 1]))):
        cx = enumerate_regions(net, domain, engine=engine)
        assert (len(cx), cx.num_adjacent_pairs) == (6, 6)
        assert_same(cx, enumerate_exact(net, description))


def test_thin_simplex_between_almost_concurrent_planes(engine: str) -> None:
    """Four planes that miss a common point by 1e-13 enclose a tetrahedron of that size."""
    weight = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0]]
    net = relu_network((weight, [-0.1, -0.2, -0.3, -(0.1 + 0.2 + 0.3) - 1e-13]))
    cx = enumerate_regions(net, cube(3, -1, 1), engine=engine)
    assert len(cx) == 15
    assert_same(cx, enumerate_exact(net, ("box", [-1] * 3, [1] * 3)))


def test_sliver_along_a_face_and_in_a_corner_of_the_domain(engine: str) -> None:
    step = float(np.nextafter(1.0, 0.0))
    net = relu_network(([[1.0, 0.0], [1.0, 1.0]], [-step, -2.0 * step]))
    cx = enumerate_regions(net, cube(2, -1, 1), engine=engine)
    assert_same(cx, enumerate_exact(net, ("box", [-1, -1], [1, 1])))
    assert len(cx) == 4


def assert_witnesses_inside(cx: RegionComplex) -> None:
    """Patterns of the witnesses in exact arithmetic: no unit vanishes, and each state is right."""
    for i, pattern in enumerate(patterns(cx)):
        exact = cx.exact_witnesses.get(i)
        point = [Fraction(x) for x in cx.witnesses[i]] if exact is None else list(to_fractions(exact))
        assert exact_signs(cx.network, point) == [1 if bit else -1 for bit in pattern]


def exact_signs(net: Network, point: list[Fraction]) -> list[int]:
    signs: list[int] = []
    for layer in net.layers:
        pre = [
            sum((Fraction(w) * x for w, x in zip(row, point, strict=True)), Fraction(b))
            for row, b in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
        ]
        signs += [(pre[k] > 0) - (pre[k] < 0) for k in layer.units]
        point = [t if t > 0 else Fraction(s) * t for t, s in zip(pre, layer.slope.tolist(), strict=True)]
    return signs


def assert_same_witnesses(one: RegionComplex, other: RegionComplex) -> None:
    exact = [{i: to_fractions(w) for i, w in cx.exact_witnesses.items()} for cx in (one, other)]
    assert exact[0] == exact[1]
    assert np.array_equal(one.witnesses, other.witnesses)
    assert_witnesses_inside(one)
