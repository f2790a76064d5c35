"""Exact neighbours of a code: those of its region in the enumerated complex."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import ArrayLike

from polyae import Ball, Box, Layer, Network, Polytope, RegionComplex, Space, enumerate_regions, neighbours
from polyae.complex.enumerate import arrange
from polyae.errors import OutsideDomainError, SettingError, ShapeError
from polyae.lp.solvers import SOLVERS
from polyae.predicates.rational import ExactNetwork, homogeneous
from tests.engines.zoo import (
    cube,
    data_goldens,
    data_network,
    domain,
    neighbours_by_programs,
    patterns,
    relu_network,
)
from tests.reference.brute_force import ExactRegions, enumerate_exact
from tests.reference.random_networks import random_case

CROSS = relu_network(([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]))


def assert_like_complex(cx: RegionComplex) -> None:
    """At every float64 witness."""
    for i, pattern in enumerate(patterns(cx)):
        if i in cx.exact_witnesses:
            continue
        found = neighbours(cx.network, cx.witnesses[i], cx.domain)
        assert tuple(found.pattern.tolist()) == pattern
        expected = cx.patterns[cx[i].neighbours]
        assert found.neighbours.tolist() == expected.tolist()
        assert len(found) == len(expected)
        assert [u.tolist() for u in found.flipped] == [
            np.flatnonzero(row != cx.patterns[i]).tolist() for row in expected
        ]


@pytest.mark.parametrize("name", sorted(data_goldens()))
def test_networks_of_the_project(name: str) -> None:
    net = data_network(name)
    assert_like_complex(enumerate_regions(net, cube(net.input_dim, *data_goldens()[name]["box"])))


def test_random_networks_and_domains(cases: Callable[[int, int], int]) -> None:
    for seed in range(cases(60, 600)):
        net, description = random_case(seed)
        assert_like_complex(enumerate_regions(net, domain(description)))


@pytest.mark.parametrize("solver", sorted(SOLVERS))
def test_every_solver(solver: str) -> None:
    net = data_network("digits_2-8-12-64")
    for z in np.random.default_rng(0).uniform(-2, 2, size=(5, 2)):
        assert neighbours(net, z, solver=solver).neighbours.tolist() == neighbours(net, z).neighbours.tolist()


def test_without_a_domain_all_of_space_is_meant() -> None:
    net = data_network("digits_leaky_3-5-6-64")
    for z in np.random.default_rng(1).uniform(-1, 1, size=(5, 3)):
        everywhere, inside = neighbours(net, z), neighbours(net, z, cube(3, -1, 1))
        assert everywhere.neighbours.tolist() == neighbours(net, z, Space(3)).neighbours.tolist()
        assert {tuple(p) for p in inside.neighbours.tolist()} <= {tuple(p) for p in everywhere.neighbours.tolist()}


def closures(exact: ExactRegions, point: list[float]) -> list[tuple[bool, ...]]:
    """Patterns of all regions whose closure holds a point."""
    z = [Fraction(x) for x in point]

    def height(row: tuple[int, ...]) -> Fraction:
        return sum((a * x for a, x in zip(row, z, strict=False)), Fraction(row[-1]))

    return sorted(p for p, rows in exact.rows.items() if all(height(row) >= 0 for row in rows))


def test_on_a_boundary_the_least_pattern_is_taken(cases: Callable[[int, int], int]) -> None:
    """Half-integers often lie on the hyperplanes of integer networks, and on their intersections."""
    several = 0
    for seed in range(cases(60, 600)):
        net, description = random_case(seed)
        if domain(description).curved:
            continue
        exact = enumerate_exact(net, description)
        for point in np.random.default_rng(seed).integers(-4, 5, size=(6, net.input_dim)) / 2:
            held = closures(exact, point.tolist())
            if not held:
                with pytest.raises(OutsideDomainError):
                    neighbours(net, point, domain(description))
                continue
            found = neighbours(net, point, domain(description))
            assert tuple(found.pattern.tolist()) == held[0], seed
            around = {frozenset((held[0], tuple(p))) for p in found.neighbours.tolist()}
            assert around == {pair for pair in exact.adjacent if held[0] in pair}, seed
            several += len(held) > 1
    assert several > 20


def test_in_the_corner_of_the_domain_and_on_a_sphere() -> None:
    found = neighbours(CROSS, [0.0, 0.0], Box([0, 0], [1, 1]))
    assert (found.pattern.tolist(), len(found)) == ([True, True], 0)
    found = neighbours(CROSS, [0.0, 1.0], Ball([0, 0], 1))
    assert found.pattern.tolist() == [False, True]
    assert found.neighbours.tolist() == [[False, False], [True, True]]


def test_distances_to_the_facets() -> None:
    found = neighbours(CROSS, [3.0, 4.0])
    assert found.neighbours.tolist() == [[False, True], [True, False]]
    assert found.distances.tolist() == [3.0, 4.0]
    assert [u.tolist() for u in found.flipped] == [[0], [1]]


def test_a_network_without_units_has_no_neighbours() -> None:
    found = neighbours(Network([Layer([[1.0, 1.0]], [0.0])]), [0.0, 0.0])
    assert found.pattern.shape == (0,) and found.neighbours.shape == (0, 0) and found.flipped == []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_batch_is_its_codes_one_by_one(workers: int, cases: Callable[[int, int], int]) -> None:
    """Several codes in one region, on boundaries too."""
    for seed in range(cases(15, 200)):
        net, description = random_case(seed)
        place = domain(description)
        points = np.random.default_rng(seed).integers(-4, 5, size=(12, net.input_dim)) / 4
        points = points[place.contains(points)]
        batch = neighbours(net, points, place, workers=workers)
        assert len(batch) == len(points) and len(batch.patterns) == len(points)
        for point, found in zip(points, batch, strict=True):
            alone = neighbours(net, point, place)
            assert found.pattern.tolist() == alone.pattern.tolist(), seed
            assert found.neighbours.tolist() == alone.neighbours.tolist(), seed
            assert found.distances.tolist() == pytest.approx(alone.distances.tolist())


def test_indexing_a_batch() -> None:
    batch = neighbours(CROSS, [[3.0, 4.0], [-1.0, 2.0]])
    assert batch[-1].pattern.tolist() == batch[1].pattern.tolist() == [False, True]
    assert batch.owner.tolist() == [0, 0, 1, 1]
    with pytest.raises(IndexError, match="no code 2; the batch has 2"):
        batch[2]
    assert len(neighbours(CROSS, np.zeros((0, 2)))) == 0


def test_one_code_outside_refuses_the_batch() -> None:
    with pytest.raises(OutsideDomainError, match="outside"):
        neighbours(CROSS, [[0.5, 0.5], [1.5, 0.5]], cube(2, -1, 1))


OUTSIDE = [
    (Box([-1, -1], [1, 1]), [1.0 + 1e-15, 0.0]),
    (Ball([0, 0], 5), [3.0, np.nextafter(4.0, 5.0)]),
    (Ball([0, 0], 1, 1), [0.75, 0.5]),
    (Polytope([[1, 1]], [1]), [1.0, 1e-300]),
]


@pytest.mark.parametrize(("dom", "z"), OUTSIDE)
def test_codes_outside_the_domain_are_refused(dom: Box | Ball | Polytope, z: list[float]) -> None:
    with pytest.raises(OutsideDomainError, match="outside"):
        neighbours(CROSS, z, dom)


@pytest.mark.parametrize("z", [[1.0], [1.0, 2.0, 3.0], [[[1.0, 2.0]]], 1.0])
def test_codes_of_wrong_shape_are_refused(z: ArrayLike) -> None:
    with pytest.raises(ShapeError, match=r"z has shape .* expected \(.*2\)"):
        neighbours(CROSS, z)


def test_the_domain_must_fit_the_network() -> None:
    with pytest.raises(ShapeError, match="dimension 3"):
        neighbours(CROSS, [0.0, 0.0], Space(3))


def test_unknown_arithmetic_is_refused() -> None:
    with pytest.raises(SettingError, match="arithmetic"):
        neighbours(CROSS, [0.0, 0.0], arithmetic="decimal")  # type: ignore[arg-type]


def test_unknown_solver_is_refused_though_none_is_needed() -> None:
    with pytest.raises(SettingError, match="no solver 'simplex'; choose one of cvxpy, highs, scipy"):
        neighbours(CROSS, [3.0, 4.0], solver="simplex")


@pytest.mark.parametrize("widths", [(8, 8), (3, 1, 4)])
@pytest.mark.parametrize("size", [1e300, 1e308, 1.7e308])
def test_codes_of_the_largest_size(widths: tuple[int, ...], size: float) -> None:
    """Regions are decided though values overflow; distances are those of rational arithmetic."""
    net = random_network(2, widths)
    for code in ([size, size], [-size, size], [size, 0.0]):
        found, exact = neighbours(net, code), ExactNetwork(net)
        assert (np.array(exact.signs_at(homogeneous(code))) > 0).tolist() == found.pattern.tolist()
        for flipped, distance in zip(found.flipped, found.distances, strict=True):
            *normal, offset = (int(x) for x in exact.unit_row(found.pattern, int(flipped[0])))
            squared = Fraction(sum(a * Fraction(x) for a, x in zip(normal, code, strict=True)) + offset) ** 2
            squared /= sum(a * a for a in normal)
            if np.isfinite(distance):
                assert abs(squared - Fraction(distance) ** 2) <= squared * Fraction(1, 10**12)
            else:
                assert squared > Fraction(np.finfo(float).max) ** 2 * (1 - Fraction(1, 10**12))


def random_network(h: int, widths: tuple[int, ...]) -> Network:
    rng = np.random.default_rng(widths)
    sizes = [h, *widths]
    shapes = list(zip(sizes[1:], sizes, strict=False))
    return relu_network(*((rng.normal(size=s).tolist(), rng.normal(size=s[0]).tolist()) for s in shapes))


def test_codes_in_special_position_like_the_reference_engine(cases: Callable[[int, int], int]) -> None:
    """Networks without biases, of which float64 leaves some rows open."""
    for seed in range(cases(6, 100)):
        rng = np.random.default_rng(seed)
        net = relu_network(*((rng.normal(size=s).tolist(), [0.0] * s[0]) for s in ((8, 3), (8, 8))))
        codes = rng.normal(size=(5, 3))
        arrangement = arrange(net, Space(3))
        batch = neighbours(net, codes)
        for code, found in zip(codes, batch, strict=True):
            pattern, around, away = neighbours_by_programs(arrangement, code)
            assert np.array_equal(found.pattern, pattern)
            assert np.array_equal(found.neighbours, around)
            assert np.allclose(found.distances, away)
