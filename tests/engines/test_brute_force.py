"""Every engine against the brute force in rational arithmetic, on seeded degenerate networks."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given

from polyae import Network, RegionComplex, enumerate_regions
from polyae.predicates.rational import to_fractions
from tests.engines.zoo import ENGINES, assert_same, domain, patterns
from tests.reference.brute_force import Description, ExactRegions, enumerate_exact
from tests.reference.random_networks import network_cases, random_case

PARTS = 4

pytestmark = pytest.mark.parametrize("engine", ENGINES)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
def test_seeded_cases(engine: str, part: int, cases: Callable[[int, int], int]) -> None:
    for seed in range(part, cases(200, 2000), PARTS):
        net, description = random_case(seed)
        cx = enumerate_regions(net, domain(description), engine=engine)
        exact = enumerate_exact(net, description)
        assert_same(cx, exact, seed)
        check_witnesses(cx, exact)


@pytest.mark.parametrize("seed", [223, 860, 1462, 1963])
def test_regions_whose_centre_lies_outside_the_ball(engine: str, seed: int) -> None:
    net, description = random_case(seed)
    assert description[0] == "ball" and description[3] == 2
    cx, exact = enumerate_regions(net, domain(description), engine=engine), enumerate_exact(net, description)
    assert_same(cx, exact)
    check_witnesses(cx, exact)


@given(case=network_cases())
def test_drawn_cases(engine: str, case: tuple[Network, Description]) -> None:
    net, description = case
    assert_same(enumerate_regions(net, domain(description), engine=engine), enumerate_exact(net, description))


@pytest.mark.parametrize("solver", ["scipy", "cvxpy"])
def test_reference_solvers(engine: str, solver: str, cases: Callable[[int, int], int]) -> None:
    for seed in range(cases(12, 200)):
        net, description = random_case(seed)
        cx = enumerate_regions(net, domain(description), engine=engine, solver=solver)
        assert_same(cx, enumerate_exact(net, description), seed)


def test_neighbours_are_symmetric_and_every_facet_has_two_regions(
    engine: str, cases: Callable[[int, int], int]
) -> None:
    """Seen from each region alone, by the views' own facet tests."""
    for seed in range(cases(25, 300)):
        net, description = random_case(seed)
        cx = enumerate_regions(net, domain(description), engine=engine)
        seen = [(r.index, f.neighbour) for r in cx for f in r.facets if not f.boundary]
        assert len(set(seen)) == len(seen), seed
        assert sorted(seen) == sorted(seen_back := [(j, i) for i, j in seen]), (seed, seen_back)
        assert sorted((i, j) for i, j in seen if i < j) == sorted(map(tuple, cx.edges.tolist())), seed


def check_witnesses(cx: RegionComplex, exact: ExactRegions) -> None:
    """Each witness lies strictly inside its region, in exact arithmetic."""
    for i, pattern in enumerate(patterns(cx)):
        witness = cx.exact_witnesses.get(i)
        point = to_fractions(witness) if witness is not None else [Fraction(x) for x in cx.witnesses[i]]
        for *normal, offset in exact.rows[pattern]:
            assert sum((a * x for a, x in zip(normal, point, strict=True)), Fraction(offset)) > 0
        assert_in_open_ball(cx, point)


def assert_in_open_ball(cx: RegionComplex, point: object) -> None:
    if cx.domain.curved:
        gap = [x - Fraction(c) for x, c in zip(point, cx.domain.centre, strict=True)]
        assert sum(t * t for t in gap) < Fraction(cx.domain.radius) ** 2
