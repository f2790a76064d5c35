"""Both sides, radii and hypotheses against closed forms; errors."""

import numpy as np
import pytest

from polyae import Ball, Box, Layer, Network, Space, enumerate_regions
from polyae.errors import DataError, DomainError, SettingError, ShapeError, UnboundedDomainError
from polyae.queries.manifolds import Manifold, Orbit
from polyae.queries.theorem import TheoremBound, theorem_bound

from .closed_forms import circle, parabola, polygon, torus

GAP = 1e-6


def bound(net: Network, box: Box, manifold: Manifold, gap: float = GAP) -> TheoremBound:
    return theorem_bound(enumerate_regions(net, box), manifold, gap=gap)


def check(result: TheoremBound, u1: float, u2: float, radius_sum: float) -> None:
    for interval, value in ((result.u1, u1), (result.u2, u2), (result.sum_radii, radius_sum)):
        assert interval.contains(value)
        assert interval.relative_width <= GAP
    assert result.twice_sum_radii.contains(2 * radius_sum)
    assert result.decided and not result.restricted


@pytest.mark.parametrize(("count", "radius"), [(3, 1.0), (4, 0.01), (8, 1.7), (17, 300.0), (64, 1.0)])
def test_circumscribed_polygon(count: int, radius: float) -> None:
    result = bound(*polygon(count, radius), circle(radius))
    side = radius * np.tan(np.pi / count)
    check(result, radius * (1 / np.cos(np.pi / count) - 1), radius * (1 - np.cos(np.pi / count)), count * side)
    assert result.max_rho.contains(side) and result.max_delta_rho.contains(side)
    assert all(verdict.outcome == "holds" and verdict.premises_met for verdict in result.verdicts)


def test_hypotheses_of_the_circumscribed_polygon_are_exact() -> None:
    result = bound(*polygon(8, 1.7), circle(1.7))
    assert result.contacts.equal_dimensions
    assert result.contacts.delta.max() < 1e-9
    assert result.contacts.angles.max() < 1e-9
    assert result.residuals is not None
    assert result.residuals.exponential.max() < 1e-9
    np.testing.assert_allclose(np.cos(result.residuals.theta), np.sqrt(0.5), atol=1e-9)
    # The nearest point of the line {A + ε G A} to a unit vector at 45° is at distance 1 - cos 45°.
    np.testing.assert_allclose(result.residuals.linear, 1 - np.sqrt(0.5), atol=1e-12)


@pytest.mark.parametrize(("count", "radius"), [(5, 1.0), (12, 2.5)])
def test_inscribed_polygon(count: int, radius: float) -> None:
    result = bound(*polygon(count, radius * np.cos(np.pi / count)), circle(radius))
    sagitta = radius * (1 - np.cos(np.pi / count))
    check(result, sagitta, sagitta, count * radius * np.sin(np.pi / count))
    assert result.premises.every_contact


@pytest.mark.parametrize(("reach", "count"), [(2.0, 8), (1.0, 4)])
def test_parabola(reach: float, count: int) -> None:
    result = bound(*parabola(reach, count))
    width = 2 * reach / count
    tangents = -reach + width * (np.arange(count) + 0.5)
    radii = width / 2 * np.sqrt(1 + tangents**2)
    assert result.u1.contains(width**2 / 8) and result.u1.relative_width <= GAP
    assert result.sum_radii.contains(radii.sum()) and result.sum_radii.relative_width <= GAP
    np.testing.assert_allclose(result.circumradii, np.stack([radii, radii], axis=1), rtol=1e-9)
    assert (result.circumradii[:, 0] <= radii).all() and (radii <= result.circumradii[:, 1]).all()
    assert result.contacts.delta.max() < 1e-9 and result.contacts.angles.max() < 1e-9
    assert result.residuals is not None
    assert result.residuals.exponential.max() < 1e-9
    assert result.residuals.linear.max() < 1e-12
    # Here the bound of second order is attained.
    tangency = result.verdict("tangency in every piece")
    assert tangency.premises_met and tangency.right.contains(width**2 / 8) and tangency.right.relative_width <= GAP


LARGER = pytest.param((6, 5), (0.3, 2.0), marks=pytest.mark.long)


@pytest.mark.parametrize(("counts", "radii"), [((3, 4), (1.0, 0.5)), LARGER])
def test_torus(counts: tuple[int, int], radii: tuple[float, float]) -> None:
    result = bound(*torus(counts, radii))
    halves, r = np.pi / np.array(counts), np.array(radii)
    radius = np.linalg.norm(r * np.tan(halves))
    # u2 is attained where both circles are farthest from their polygons.
    outside, inside = np.linalg.norm(r * (1 / np.cos(halves) - 1)), np.linalg.norm(r * (1 - np.cos(halves)))
    check(result, outside, inside, np.prod(counts) * radius)
    assert result.max_rho.contains(radius)
    assert result.contacts.equal_dimensions
    assert result.contacts.delta.max() < 1e-9 and result.contacts.angles.max() < 1e-9
    assert result.residuals is not None and result.residuals.exponential.max() < 1e-9


def test_where_the_distances_are_attained() -> None:
    net, box = polygon(6, 1.0)
    result = bound(net, box, circle(1.0))
    assert np.linalg.norm(net(result.u1_at)) - 1 == pytest.approx(result.u1.midpoint, rel=1e-6)
    point = circle(1.0).points(result.u2_at[None])[0]
    samples = net(np.linspace(box.lo, box.hi, 60_001))
    assert np.linalg.norm(samples - point, axis=1).min() == pytest.approx(result.u2.midpoint, rel=1e-4)


def test_through_the_centre_of_the_circle() -> None:
    # From the centre every point of the circle is equally near: nothing can be pruned there.
    decoder = Network([Layer([[1.0], [0.0]], [0.0, 0.0])])
    result = bound(decoder, Box([-1.0], [1.0]), circle(1.0))
    assert result.u1.contains(1.0) and result.u1.relative_width <= GAP
    assert result.u2.contains(1.0) and result.u2.relative_width <= GAP


def test_a_constant_decoder() -> None:
    result = bound(Network([Layer([[0.0], [0.0]], [3.0, 0.0])]), Box([-1.0], [1.0]), circle(1.0))
    assert result.u1.contains(2.0) and result.u2.contains(4.0)
    assert result.sum_radii.upper < 1e-9
    assert np.isnan(result.contacts.angles).all() and not result.contacts.equal_dimensions


def test_a_budget_ends_the_search_with_a_valid_interval() -> None:
    net, box = polygon(8, 1.7)
    result = theorem_bound(enumerate_regions(net, box), circle(1.7), gap=1e-9, budget=8)
    assert not result.decided and any("budget" in note for note in result.notes)
    assert result.u1.contains(1.7 * (1 / np.cos(np.pi / 8) - 1))
    assert result.u2.contains(1.7 * (1 - np.cos(np.pi / 8)))


def test_unequal_dimensions_are_reported() -> None:
    net, box, manifold = torus((3, 3), (1.0, 1.0))
    first = np.kron(np.diag([1.0, 0.0]), [[0.0, -1.0], [1.0, 0.0]])
    orbit = type(manifold)([first], manifold.x0, [(0, 1)])
    result = bound(net, box, orbit, gap=1e-2)
    assert not result.contacts.equal_dimensions and not result.premises.parallel
    assert any("smaller and the larger" in note for note in result.notes)


def test_a_partial_complex_restricts_both_sides() -> None:
    net, box = polygon(8, 1.0)
    partial = enumerate_regions(net, box, max_regions=3)
    assert len(partial) == 3
    result = theorem_bound(partial, circle(1.0))
    assert result.restricted and "3 regions" in result.notes[0]
    assert result.sum_radii.contains(3 * np.tan(np.pi / 8))
    assert result.u2.lower > 1.0


def test_tangents_of_an_orbit_that_runs_away() -> None:
    # exp(θ) moves so slowly at its start, and so fast later, that no finite bound of second order is in range.
    orbit = Orbit(np.diag([1.0, 0.0]), [1e-3, 1.0], (-1, 1))
    result = bound(Network([Layer([[4.0], [0.0]], [2.0, 1.0])]), Box([-1.0], [1.0]), orbit)
    assert result.verdict("tangency in every piece").right.upper == np.inf
    assert result.u1.contains(6 - 1e-3 * np.e)


def test_errors() -> None:
    net, box = polygon(4, 1.0)
    with pytest.raises(UnboundedDomainError, match="bounded"):
        theorem_bound(enumerate_regions(net, Space(1)), circle(1.0))
    with pytest.raises(DomainError, match="polytope"):
        theorem_bound(enumerate_regions(net, Ball([1.0], 1.0)), circle(1.0))
    cx = enumerate_regions(net, box)
    with pytest.raises(ShapeError, match="dimension 3"):
        theorem_bound(cx, parabola(1.0, 2)[2])
    with pytest.raises(SettingError, match="gap"):
        theorem_bound(cx, circle(1.0), gap=0.0)
    with pytest.raises(SettingError, match="budget"):
        theorem_bound(cx, circle(1.0), budget=0)
    with pytest.raises(SettingError, match="workers"):
        theorem_bound(cx, circle(1.0), workers=0)
    with pytest.raises(SettingError, match="readings"):
        theorem_bound(cx, circle(1.0), readings="some")  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="Orbit"):
        theorem_bound(cx, "circle")  # type: ignore[arg-type]
    for generators in (np.zeros((1, 3, 3)), np.zeros(2), np.zeros((0, 2, 2))):
        with pytest.raises(ShapeError, match=r"\(m, 2, 2\)"):
            theorem_bound(cx, circle(1.0), generators=generators)
    for generators, reason in ((np.full((2, 2), np.nan), "finite"), ([[[0, 1], [1]]], "rows differ in length")):
        with pytest.raises(DataError, match=f"generators .*{reason}"):
            theorem_bound(cx, circle(1.0), generators=generators)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="inradii"):
        theorem_bound(cx, circle(1.0)).verdict("inradii")


def test_arguments_of_another_kind() -> None:
    net, box = polygon(3, 1.0)
    cx, orbit = enumerate_regions(net, box), circle(1.0)
    with pytest.raises(SettingError, match=r"complex_ is a RegionComplex, got Network: enumerate_regions"):
        theorem_bound(net, orbit)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match=r"manifold is an Orbit.*got ndarray$"):
        theorem_bound(cx, np.zeros((9, 2)))  # type: ignore[arg-type]
    for name in ("gap", "budget", "max_seconds", "workers"):
        with pytest.raises(SettingError, match=f"{name} must be a real number, got 'x'"):
            theorem_bound(cx, orbit, **{name: "x"})  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="gap must be a real number, got None"):
        theorem_bound(cx, orbit, gap=None)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="workers must be a whole number"):
        theorem_bound(cx, orbit, workers=1.5)  # type: ignore[arg-type]
