"""Orbits against matrix exponentials, their derivatives against finite differences, bounds against samples."""

import numpy as np
import pytest
from scipy.linalg import expm

from polyae.errors import DataError, ShapeError
from polyae.queries.manifolds import Chart, Orbit, ProductOrbit

RNG_SEED = 5


def generators(m: int, d: int, skew: bool) -> np.ndarray:
    g = np.random.default_rng(RNG_SEED).normal(size=(m, d, d))
    return g - g.transpose(0, 2, 1) if skew else g


def manifolds() -> list[Chart]:
    x0 = np.random.default_rng(1).normal(size=4)
    nilpotent = np.diag(np.ones(3), -1)
    both = np.stack([generators(1, 4, True)[0], generators(1, 4, False)[0]])
    return [
        Orbit(generators(1, 4, True)[0], x0, (-1, 2)),
        Orbit(generators(1, 4, False)[0], x0, (-1, 2)),
        Orbit(nilpotent, x0, (-3, 3)),
        Orbit(np.zeros((4, 4)), x0, (0, 1)),
        ProductOrbit(generators(2, 4, True), x0, [(-1, 1), (0, 2)]),
        ProductOrbit(both, x0, [(-1, 1), (0, 1)]),
        ProductOrbit(generators(3, 4, True), x0, [(-1, 1), (0, 1), (-2, 0)]),
    ]


def parameters(manifold: Chart, count: int) -> np.ndarray:
    return np.random.default_rng(2).uniform(manifold.lo, manifold.hi, size=(count, manifold.dim))


@pytest.mark.parametrize("manifold", manifolds(), ids=repr)
def test_points_are_products_of_exponentials(manifold: ProductOrbit) -> None:
    for theta, point in zip(parameters(manifold, 9), manifold.points(parameters(manifold, 9)), strict=True):
        product = np.eye(4)
        for t, g in zip(theta, manifold.generators, strict=True):
            product = product @ expm(t * g)
        np.testing.assert_allclose(point, product @ manifold.x0, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("manifold", manifolds(), ids=repr)
def test_derivatives_against_differences(manifold: Chart) -> None:
    theta, step = parameters(manifold, 5), 1e-5
    jet = manifold.jet(theta)
    np.testing.assert_allclose(jet.x, manifold.points(theta), atol=1e-12)
    for j in range(manifold.dim):
        shift = step * np.eye(manifold.dim)[j]
        ahead, behind = manifold.jet(theta + shift), manifold.jet(theta - shift)
        size = 1 + np.abs(jet.second).max()
        np.testing.assert_allclose(jet.first[:, j], (ahead.x - behind.x) / (2 * step), atol=1e-8 * size**2)
        np.testing.assert_allclose(jet.second[:, j], (ahead.first - behind.first) / (2 * step), atol=1e-8 * size**2)


@pytest.mark.parametrize("manifold", manifolds(), ids=repr)
def test_derivative_bounds_hold_on_their_cells(manifold: Chart) -> None:
    rng = np.random.default_rng(3)
    centre, half = parameters(manifold, 20), np.full((20, manifold.dim), 0.2)
    bounds = manifold.derivative_bounds(centre, half)
    for _ in range(20):
        at = manifold.jet(centre + half * rng.uniform(-1, 1, size=half.shape))
        direction = rng.normal(size=manifold.dim)
        length = np.abs(direction) @ manifold.scales
        first = np.linalg.norm(np.einsum("njd,j->nd", at.first, direction), axis=1)
        second = np.linalg.norm(np.einsum("njkd,j,k->nd", at.second, direction, direction), axis=1)
        assert (first <= bounds[:, 0] * length * (1 + 1e-12)).all()
        assert (second <= bounds[:, 1] * length**2 * (1 + 1e-12)).all()


def test_derivative_bounds_beyond_the_largest_number_are_infinite() -> None:
    orbit = Orbit([[2.0, 1.0], [0.0, -1.0]], [1.0, 1.0], (-1, 1))
    assert np.isinf(orbit.derivative_bounds(np.zeros((1, 1)), np.full((1, 1), 1e3))).all()


def test_the_group_acts_on_matrices() -> None:
    orbit = ProductOrbit(generators(2, 4, True), np.ones(4), [(0, 1), (0, 1)])
    columns = np.random.default_rng(4).normal(size=(2, 3, 4))
    theta = np.array([[0.3, -0.2], [0.1, 0.7]])
    moved = orbit.act(theta, columns)
    for i in range(2):
        product = expm(theta[i, 0] * orbit.generators[0]) @ expm(theta[i, 1] * orbit.generators[1])
        np.testing.assert_allclose(moved[i].T, product @ columns[i].T, atol=1e-12)


@pytest.mark.parametrize("manifold", manifolds(), ids=repr)
def test_the_grid_covers_the_box(manifold: Chart) -> None:
    centres, half = manifold.grid(50)
    assert len(centres) >= 50
    for theta in parameters(manifold, 100):
        assert (np.abs(theta - centres) <= half * (1 + 1e-12)).all(axis=1).any()


def test_a_long_orbit_keeps_its_length() -> None:
    g = generators(1, 6, True)[0]
    orbit = Orbit(g, np.ones(6), (0, 1000))
    points = orbit.points(np.linspace(0, 1000, 101)[:, None])
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), np.sqrt(6), rtol=1e-11)


def test_closed() -> None:
    turn = np.array([[0.0, -2.0], [2.0, 0.0]])
    assert Orbit(turn, [1, 0], (0.5, 0.5 + np.pi)).closed
    assert not Orbit(turn, [1, 0], (0, 3.14)).closed


def test_errors() -> None:
    with pytest.raises(ShapeError, match="square"):
        Orbit(np.zeros((2, 3)), [1, 0], (0, 1))
    with pytest.raises(ShapeError, match="length 2"):
        Orbit(np.zeros((2, 2)), [1, 0, 0], (0, 1))
    with pytest.raises(ShapeError, match="pair"):
        Orbit(np.zeros((2, 2)), [1, 0], (0, 1, 2))
    with pytest.raises(DataError, match="empty"):
        Orbit(np.zeros((2, 2)), [1, 0], (1, 1))
    with pytest.raises(DataError, match="finite"):
        Orbit([[0, np.nan], [0, 0]], [1, 0], (0, 1))
    with pytest.raises(DataError, match="finite"):
        Orbit(np.zeros((2, 2)), [1, 0], (0, np.inf))
    with pytest.raises(DataError, match=r"generators .* differ in length"):
        ProductOrbit([np.zeros((2, 2)), np.zeros((3, 3))], [1, 0], [(0, 1), (0, 1)])
    with pytest.raises(ShapeError, match="one pair each"):
        ProductOrbit([np.zeros((2, 2))], [1, 0], [(0, 1), (0, 1)])
    with pytest.raises(ShapeError, match=r"\(n, 1\)"):
        Orbit(np.zeros((2, 2)), [1, 0], (0, 1)).points([0.5])
