"""Domains: what they refuse, and that what they say about themselves is exact."""

import json
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyae import Ball, Box, Domain, Polytope, Space
from polyae.domains import domain_from_dict
from polyae.errors import DataError, DomainError, JobTooLargeError, PolyaeError, ShapeError
from tests.engines.zoo import domain
from tests.reference.random_networks import random_case

DOMAINS: list[Domain] = [
    Box([-1, 0.1], [1e-3, 2]),
    Polytope([[1, 1], [-1, 0], [0, -1], [0, 0]], [1, 0, 0.1, 3]),
    Polytope(np.zeros((0, 2)), []),
    Polytope([[1.0, 0.0]], [0.3]),
    Ball([0.1, -2], 0.3, 1),
    Ball([0.1, -2], 0.3, 2),
    Ball([0.1, -2], 0.3, math.inf),
    Space(2),
]


# Refusals

REFUSED: list[tuple[Callable[[], Domain], type[PolyaeError], str]] = [
    (lambda: Box([0, 0], [1, 0]), DomainError, "flat along axis 1"),
    (lambda: Box([0, 2], [1, 1]), DomainError, "empty or flat along axis 1"),
    (lambda: Box([0, 0], [1]), DomainError, "2 axes and hi 1"),
    (lambda: Box([0], [math.inf]), DomainError, "hi must be finite.*Space"),
    (lambda: Box([math.nan], [1]), DomainError, "lo holds NaN"),
    (lambda: Box([0], [math.inf]), DomainError, "hi must be finite.*use Space"),
    (lambda: Ball([0, math.nan], 1), DomainError, "centre holds NaN"),
    (lambda: Box([[0]], [[1]]), ShapeError, "lo must be a vector"),
    (lambda: Box(-1, 1), ShapeError, r"lo must be a vector, got the number -1.0: write \[-1.0\] \* n"),
    (lambda: Box([-1], 1), ShapeError, r"hi must be a vector, got the number 1.0"),
    (lambda: Ball(0, 1), ShapeError, r"centre must be a vector, got the number 0.0"),
    (lambda: Polytope([[1.0]], 1), ShapeError, r"b must be a vector, got the number 1.0"),
    (lambda: Box([], []), ShapeError, "vector"),
    (lambda: Polytope([[1], [-1]], [0, 0]), DomainError, "empty or flat"),
    (lambda: Polytope([[1], [-1]], [0, -1]), DomainError, "empty"),
    (lambda: Polytope([[1, 0], [0, 0]], [1, 0]), DomainError, "row 1 of A is zero"),
    (lambda: Polytope([[1, 0], [0, 0]], [1, -1]), DomainError, "row 1 of A is zero"),
    (lambda: Polytope([[1, 0]], [1, 2]), ShapeError, "1 rows and b 2"),
    (lambda: Polytope([1, 0], [1]), ShapeError, "matrix"),
    (lambda: Polytope([[math.nan]], [1]), DomainError, "A must be finite"),
    (lambda: Polytope([[1.0]], [math.inf]), DomainError, "b must be finite"),
    (lambda: Ball([0, 0], 0), DomainError, "radius must be positive and finite, got 0"),
    (lambda: Ball([0, 0], -1), DomainError, "radius"),
    (lambda: Ball([0, 0], math.nan), DomainError, "radius"),
    (lambda: Ball([0, 0], math.inf), DomainError, "radius"),
    (lambda: Ball([0, math.inf], 1), DomainError, "centre must be finite"),
    (lambda: Ball([0, 0], 1, p=3), DomainError, "1, 2 or inf, got 3"),
    (lambda: Ball([0, 0], 1, p="two"), DomainError, "1, 2 or inf, got 'two'"),
    (lambda: Ball([0, 0], 1, p=[2]), DomainError, "1, 2 or inf"),  # type: ignore[arg-type]
    (lambda: Ball(np.zeros(13), 1, p=1), JobTooLargeError, "2\\^13 facets"),
    (lambda: Space(0), DomainError, "positive integer"),
    (lambda: Space(1.5), DomainError, "positive integer"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("make", "error", "message"), REFUSED)
def test_bad_domains_are_refused(make: Callable[[], Domain], error: type[PolyaeError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        make()
    assert isinstance(caught.value, ValueError)


def test_one_norm_balls_up_to_dimension_12() -> None:
    assert len(Ball(np.zeros(12), 1, p=1).halfspaces()) == 2**12
    assert len(Ball(np.zeros(13), 1, p=2).halfspaces()) == 26


@pytest.mark.parametrize("data", [{}, {"kind": "cone"}, {"kind": "box", "lo": [0]}])
def test_descriptions_of_no_domain_are_refused(data: dict[str, Any]) -> None:
    with pytest.raises(DomainError, match="not the description"):
        domain_from_dict(data)


@pytest.mark.parametrize("dom", DOMAINS, ids=repr)
def test_points_of_another_dimension_are_refused(dom: Domain) -> None:
    for points in ([1.0, 2.0, 3.0], 1.0, np.zeros((4, 1))):
        with pytest.raises(ShapeError, match=r"expected \(\.\.\., 2\)"):
            dom.contains(points)


# Descriptions


@pytest.mark.parametrize("dom", DOMAINS, ids=repr)
def test_a_description_survives_json_to_the_last_bit(dom: Domain) -> None:
    again = domain_from_dict(json.loads(json.dumps(dom.to_dict())))
    assert again == dom and hash(again) == hash(dom) and type(again) is type(dom)
    ours, theirs = dom.halfspaces(), again.halfspaces()
    assert np.array_equal(ours.normals, theirs.normals) and ours.exact_offsets == theirs.exact_offsets


def test_domains_differ_from_each_other() -> None:
    assert len(set(DOMAINS)) == len(DOMAINS)
    assert Box([0.0], [1.0]) != Box([0.0], [np.nextafter(1.0, 2.0)])


def test_domains_are_frozen() -> None:
    lo = np.zeros(2)
    box = Box(lo, [1, 1])
    lo[0] = 5
    assert box.lo.tolist() == [0, 0]
    with pytest.raises(ValueError, match="read-only"):
        box.lo[0] = 1


# Exactness

FLOATS = st.floats(-1e6, 1e6)


@given(
    centre=st.lists(FLOATS, min_size=1, max_size=4),
    radius=st.floats(1e-12, 1e6),
    p=st.sampled_from([1, math.inf]),
)
def test_half_spaces_of_polyhedral_balls_are_exact(centre: list[float], radius: float, p: float) -> None:
    """Every half-space passes at exact distance ``radius`` from the centre, in the dual norm."""
    ball = Ball(centre, radius, p)
    walls = ball.halfspaces()
    assert len(walls) == (2 ** len(centre) if p == 1 else 2 * len(centre))
    for normal, offset, rounded in zip(walls.normals.tolist(), walls.exact_offsets, walls.offsets, strict=True):
        height = sum((Fraction(a) * Fraction(c) for a, c in zip(normal, centre, strict=True)), offset)
        dual = max(map(abs, normal)) if p == 1 else sum(map(abs, normal))
        assert height == Fraction(radius) * Fraction(dual)
        assert rounded == float(offset)


def test_interior_points_lie_strictly_inside(cases: Callable[[int, int], int]) -> None:
    for seed in range(cases(100, 1000)):
        dom = domain(random_case(seed)[1])
        walls, point = dom.halfspaces(), dom.interior_point()
        for normal, offset in zip(walls.normals.tolist(), walls.exact_offsets, strict=True):
            assert sum((Fraction(a) * x for a, x in zip(normal, point, strict=True)), offset) > 0


@pytest.mark.parametrize("dom", DOMAINS, ids=repr)
def test_half_spaces_and_membership_agree(dom: Domain) -> None:
    points = np.random.default_rng(0).uniform(-3, 3, size=(2000, 2))
    walls = dom.halfspaces()
    inside = (points @ walls.normals.T + walls.offsets > 0).all(axis=1)
    if dom.curved:
        inside &= ((points - [0.1, -2]) ** 2).sum(axis=1) < 0.09
    assert np.array_equal(dom.contains(points), inside)
    assert inside.any() and dom.contains(points.reshape(40, 50, 2)).shape == (40, 50)


def test_closed_domains_contain_their_boundary() -> None:
    assert Box([0, 0], [1, 1]).contains([1.0, 0.0])
    assert Ball([0, 0], 5).contains([3.0, 4.0]) and Ball([0, 0], 7, 1).contains([3.0, 4.0])
    assert Polytope([[1, 1]], [1]).contains([0.5, 0.5])
    assert Space(2).contains([[1e300, 0], [0, -1e308]]).tolist() == [True, True]


# Bounds


def test_bounding_boxes_hold_all_of_the_domain(cases: Callable[[int, int], int]) -> None:
    """Extreme points of the domain in random directions, by rejection."""
    for seed in range(cases(100, 1000)):
        dom = domain(random_case(seed)[1])
        lo, hi = dom.bounding_box()
        points = np.random.default_rng(seed).normal(scale=3, size=(500, dom.dim))
        held = points[dom.contains(points)]
        assert (held >= lo).all() and (held <= hi).all(), seed
        assert dom.bounded == bool(np.isfinite(lo).all() and np.isfinite(hi).all())


@pytest.mark.parametrize(
    ("matrix", "bounds", "lo", "hi"),
    [
        ([[1, 1], [-1, 0], [0, -1]], [1, 0, 0], [0, 0], [1, 1]),
        ([[1, 1], [1, -1], [-1, 1], [-1, -1]], [2, 2, 2, 2], [-2, -2], [2, 2]),
        ([[1, 0], [-1, 0]], [1, 1], [-1, -math.inf], [1, math.inf]),
        ([[1, 1], [-1, 0]], [1, 0], [0, -math.inf], [math.inf, 1]),
        ([[1e6, 1], [-1e6, 1], [0, -1]], [0, 0, 1e-3], [-1e-9, -1e-3], [1e-9, 0]),
    ],
)
def test_bounds_of_polytopes(matrix: Any, bounds: Any, lo: list[float], hi: list[float]) -> None:
    """Outer bounds, and close ones; infinite exactly where the polyhedron is unbounded."""
    found_lo, found_hi = Polytope(matrix, bounds).bounding_box()
    assert (found_lo <= lo).all() and (found_hi >= hi).all()
    assert found_lo == pytest.approx(lo, abs=1e-5) and found_hi == pytest.approx(hi, abs=1e-5)


@pytest.mark.parametrize(("dom", "bounded"), list(zip(DOMAINS, [1, 1, 0, 0, 1, 1, 1, 0], strict=True)))
def test_bounded(dom: Domain, bounded: int) -> None:
    assert dom.bounded == bool(bounded)


@pytest.mark.parametrize("unit", [5e-324, 1e-310, 1e-200, 1e-12, 1.0, 1e15, 1e150, 1e300])
@pytest.mark.parametrize("row", [1e-300, 1.0, 1e300])
def test_polytopes_of_any_size_are_certified_and_bounded_tightly(unit: float, row: float) -> None:
    """The box [-1, 2]^2 in other units, its first two rows in others still, where float64 holds that."""
    scale = np.array([row, row, 1.0, 1.0])
    with np.errstate(over="ignore"):
        offsets = np.array([unit, unit, 2 * unit, 2 * unit]) * scale
    if not np.isfinite(offsets).all() or (offsets / scale != [unit, unit, 2 * unit, 2 * unit]).any():
        scale = np.ones(4)
        offsets = np.array([unit, unit, 2 * unit, 2 * unit])
    dom = Polytope(np.vstack([-np.eye(2), np.eye(2)]) * scale[:, None], offsets)
    assert all(-Fraction(unit) < x < 2 * Fraction(unit) for x in dom.interior_point())
    lo, hi = dom.bounding_box()
    assert (lo <= -unit).all() and (hi >= 2 * unit).all() and dom.bounded
    assert (lo >= -unit * (1 + 1e-6) - 1e-323).all() and (hi <= 2 * unit * (1 + 1e-6) + 1e-323).all()


@pytest.mark.parametrize("width", [1e-15, 1e-12, 1e-9, 1.0])
@pytest.mark.parametrize("place", [0.0, 1.0, 1e8, 1e15])
def test_thin_polytopes_anywhere_are_certified_and_flat_ones_refused(width: float, place: float) -> None:
    """A strip of directions that are no axes, which thins out to the next float64 and then to nothing."""
    normal = np.array([0.3, -0.7])
    top = max(place + width, float(np.nextafter(place, math.inf)))
    rows = [normal, -normal, [1, 1], [-1, -1]]
    dom = Polytope(rows, [top, -place, 1, 1])
    height = sum(Fraction(float(a)) * x for a, x in zip(normal, dom.interior_point(), strict=True))
    assert Fraction(place) < height < Fraction(top)
    for offset in (place, float(np.nextafter(place, -math.inf))):
        with pytest.raises(DomainError, match="empty or flat"):
            Polytope(rows, [offset, -place, 1, 1])


def test_negative_zero_is_zero() -> None:
    for one, other in ((Box([-0.0], [1]), Box([0.0], [1])), (Polytope([[1, -0.0]], [1]), Polytope([[1, 0.0]], [1]))):
        assert one == other and hash(one) == hash(other)


def test_norms_go_by_number_or_name() -> None:
    for p, name in ((1, "1"), (2.0, "2"), (math.inf, "inf")):
        assert Ball([0.5], 2, p) == Ball([0.5], 2, name)


def test_representations_stay_short() -> None:
    assert repr(Box([0, 0], [1, 1])) == "Box(lo=[0.0, 0.0], hi=[1.0, 1.0])"
    for dom in (Box(np.zeros(784), np.ones(784)), Polytope(np.ones((500, 30)), np.ones(500)), Ball(np.zeros(784), 1)):
        assert len(repr(dom)) < 120


@pytest.mark.parametrize("bad", ["a", None, 1j, [[0, 1], [0]], 10**400])
def test_what_is_no_array_of_numbers_is_named(bad: Any) -> None:
    makers: list[tuple[str, Callable[[], object]]] = [
        ("lo", lambda: Box([bad], [1])),
        ("A", lambda: Polytope([[bad]], [1])),
        ("centre", lambda: Ball([bad], 1)),
        ("points", lambda: Box([0], [1]).contains([bad])),
    ]
    for name, make in makers:
        with pytest.raises(DataError, match=f"{name} must be an array of real numbers"):
            make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Ball([0], "wide"), lambda: Ball([0], 1, "two"), lambda: Ball([0], None), lambda: Ball([1e308], 1e308),
        lambda: Space(None), lambda: Space("2"), lambda: Space(math.nan), lambda: Space(1.5),
    ],
)  # fmt: skip
def test_other_bad_arguments_are_refused(make: Any) -> None:
    with pytest.raises(DomainError):
        make()
