"""Proved errors of matrix exponentials and orbits against ball arithmetic of 300 bits."""

from collections.abc import Callable

import numpy as np
import pytest
from flint import arb, arb_mat, ctx

from polyae.queries.manifolds import Orbit, ProductOrbit
from polyae.queries.manifolds.exponential import Exponential, spectral_bound

KINDS = ("skew", "free", "nilpotent", "diagonal", "zero")


def generator(rng: np.random.Generator, kind: str, d: int) -> np.ndarray:
    g = rng.normal(size=(d, d)) * rng.choice([0.01, 1.0, 10.0])
    match kind:
        case "skew":
            return g - g.T
        case "nilpotent":
            return np.triu(g, 1)
        case "diagonal":
            return np.diag(np.diag(g))
        case "zero":
            return 0 * g
    return g


def column(vector: np.ndarray) -> arb_mat:
    return arb_mat([[arb(float(x))] for x in vector])


def exact(g: np.ndarray, t: float, vector: arb_mat) -> arb_mat:
    return (arb_mat([[arb(float(x)) for x in row] for row in g]) * arb(float(t))).exp() * vector


def apart(got: np.ndarray, true: arb_mat) -> float:
    return float(np.sqrt(sum(float(abs(true[i, 0] - arb(float(x))).upper()) ** 2 for i, x in enumerate(got))))


@pytest.fixture(autouse=True)
def many_bits():  # type: ignore[no-untyped-def]
    before, ctx.prec = ctx.prec, 300
    yield
    ctx.prec = before


@pytest.mark.parametrize("kind", KINDS)
def test_errors_of_the_exponential(kind: str, cases: Callable[[int, int], int]) -> None:
    rng = np.random.default_rng(KINDS.index(kind))
    for _ in range(cases(6, 60)):
        d = int(rng.integers(1, 12))
        g, v = generator(rng, kind, d), rng.normal(size=d)
        flow = Exponential(g)
        theta = rng.normal(size=3) * 3 / max(1.0, flow.norm / 5)
        bounds = flow.errors(theta) * np.linalg.norm(v)
        found = flow.apply(theta, np.tile(v, (3, 1)))
        for t, x, bound in zip(theta, found, bounds, strict=True):
            assert apart(x, exact(g, t, column(v))) <= bound
            if kind == "skew":
                assert bound <= 1e-12 * (1 + flow.norm * abs(t)) * np.linalg.norm(v)


@pytest.mark.parametrize("kind", KINDS)
def test_spectral_bound(kind: str) -> None:
    rng = np.random.default_rng(5)
    for d in (1, 2, 7, 40):
        g = generator(rng, kind, d)
        norm = np.linalg.norm(g, 2)
        assert norm * (1 - 1e-14) <= spectral_bound(g) <= norm * d ** (1 / 1024) * (1 + 1e-9)


def test_spectral_bound_over_many_magnitudes() -> None:
    for size in (1e-150, 1e-20, 1e20, 1e150):
        assert spectral_bound(np.diag([3.0, 4.0]) * size) == pytest.approx(4 * size, rel=2e-3)
    assert spectral_bound(np.ones((1, 1))) >= 1.0


@pytest.mark.parametrize("m", [1, 2, 3])
def test_points_and_derivatives_of_orbits(m: int, cases: Callable[[int, int], int]) -> None:
    rng = np.random.default_rng(m)
    for _ in range(cases(4, 30)):
        d = int(rng.integers(2, 6))
        kinds = rng.choice(KINDS, size=m)
        generators, x0 = [generator(rng, str(k), d) for k in kinds], rng.normal(size=d)
        reach = 1.0 / max(1.0, *(np.linalg.norm(g, 2) for g in generators))
        box = np.tile([[-reach, reach]], (m, 1))
        orbit = Orbit(generators[0], x0, box[0]) if m == 1 else ProductOrbit(generators, x0, box)
        theta = rng.uniform(-reach, reach, size=(1, m))
        jet, errors = orbit.jet(theta), orbit.jet_errors(theta)[0]
        bounds = orbit.derivative_bounds(theta, np.full((1, m), reach / 8))[0]

        def derivative(counts, theta=theta[0], generators=generators, x0=x0):  # type: ignore[no-untyped-def]
            vector = column(x0)
            for g, t, n in zip(reversed(generators), theta[::-1], counts[::-1], strict=True):
                vector = exact(g, t, vector)
                for _ in range(n):
                    vector = arb_mat([[arb(float(x)) for x in row] for row in g]) * vector
            return vector

        assert apart(jet.x[0], derivative([0] * m)) <= min(errors[0], orbit.point_errors(theta)[0])
        for j in range(m):
            one = [int(i == j) for i in range(m)]
            true = derivative(one)
            assert apart(jet.first[0, j], true) <= errors[1] * orbit.scales[j]
            assert apart(np.zeros(d), true) <= bounds[0] * orbit.scales[j]
            for k in range(m):
                true = derivative([a + int(i == k) for i, a in enumerate(one)])
                weight = orbit.scales[j] * orbit.scales[k]
                assert apart(jet.second[0, j, k], true) <= errors[2] * weight
                assert apart(np.zeros(d), true) <= bounds[1] * weight
