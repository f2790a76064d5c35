"""Diameters, widths, contact radii, volumes and exact radii, against other libraries, closed forms and brute force."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, pairwise

import cvxpy
import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
from scipy.spatial.distance import cdist, pdist

from polyae import Ball, Box, Layer, Network, Polytope, Radii, Space, enumerate_regions, radii, squared_circumradii
from polyae.complex.region_complex import RegionComplex
from polyae.errors import DomainError, JobTooLargeError, SettingError, ShapeError, UnboundedDomainError
from polyae.lp.generators import most_vertices
from polyae.queries.radii import NAMES

from ..engines.zoo import domain
from ..reference.random_networks import random_case, random_network
from .closed_forms import parabola, polygon, torus

Float = NDArray[np.float64]


def linear(matrix: Float | list[list[float]]) -> Network:
    return Network([Layer(matrix, np.zeros(len(matrix)))])


def relu(seed: int, *widths: int) -> Network:
    rng = np.random.default_rng(seed)
    sizes = list(pairwise(widths))
    return Network(
        [
            Layer(rng.normal(size=(b, a)) / math.sqrt(a), 0.5 * rng.normal(size=b), 1.0 if (a, b) == sizes[-1] else 0.0)
            for a, b in sizes
        ]
    )


def cube(h: int, reach: float = 1.0) -> Box:
    return Box([-reach] * h, [reach] * h)


def brute_width(points: Float) -> float:
    """Least width over the facets of the difference body, by Qhull."""
    if points.shape[1] == 1:
        return float(np.ptp(points))
    differences = (points[:, None] - points[None]).reshape(-1, points.shape[1])
    # Beyond four dimensions Qhull's merging may give up; joggled input moves the width by rounding only.
    options = "QJ" if points.shape[1] > 4 else None
    return float(-ConvexHull(differences, qhull_options=options).equations[:, -1].max())


def check(found: Radii, i: int, points: Float, prefix: str, slack: float = 1e-9) -> None:
    """Compare one row with what other libraries say of the corners (v, k) of the region or its flattened image."""
    h = points.shape[1]
    slack = slack if h <= 4 else 1e-4  # joggled input is less accurate than what it checks
    expected = {
        "diameter": float(pdist(points).max()),
        "width": brute_width(points),
        "volume": float(np.ptp(points)) if h == 1 else ConvexHull(points).volume,
    }
    for name, value in expected.items():
        low, high = found.interval(f"{prefix}_{name}")  # type: ignore[arg-type]
        assert low[i] <= value * (1 + slack) and high[i] >= value * (1 - slack), name
        if h <= 4:
            assert high[i] - low[i] <= 1e-6 * high[i], name


# Other libraries


@pytest.mark.parametrize("h", [1, 2, 3, 4, 5])
def test_random_networks(h: int, cases: Callable[[int, int], int]) -> None:
    for seed in range(cases(2, 12)):
        cx = enumerate_regions(relu(seed, h, 6, h + 2), cube(h))
        found = radii(cx)
        for i in range(0, len(cx), max(1, len(cx) // 8)):
            corners, (a, _) = cx[i].vertices, cx[i].affine
            check(found, i, corners, "latent", 1e-7)
            size = np.linalg.svd(a, compute_uv=False)
            if size[-1] > 1e-4 * size[0]:
                check(found, i, corners @ np.linalg.qr(a)[1].T, "data", 1e-6)
            else:
                assert found.data_width[i] <= 1e-3 and found.data_diameter[i] == pytest.approx(
                    pdist(corners @ a.T).max(), rel=1e-6, abs=1e-12
                )


def test_areas_and_bounding_circles_by_shapely() -> None:
    cx = enumerate_regions(relu(3, 2, 12, 8, 2), cube(2, 2.0))
    found = radii(cx)
    for i in range(len(cx)):
        shape = cx[i].polygon
        image = shapely.MultiPoint(cx.network(cx[i].vertices)).convex_hull
        assert found.latent_volume[i] == pytest.approx(shape.area, rel=1e-6)
        assert found.data_volume[i] == pytest.approx(image.area, rel=1e-6, abs=1e-12)
        assert found.latent_circumradius[i] == pytest.approx(shapely.minimum_bounding_radius(shape), rel=1e-6)
        assert found.data_circumradius[i] == pytest.approx(shapely.minimum_bounding_radius(image), rel=1e-6, abs=1e-12)
    assert found.latent_volume.sum() == pytest.approx(16.0, rel=1e-6)


def test_enclosing_balls_by_cvxpy() -> None:
    cx = enumerate_regions(relu(4, 3, 7, 6), cube(3))
    found = radii(cx)
    for i in range(0, len(cx), max(1, len(cx) // 4)):
        for points, name in ((cx[i].vertices, "latent"), (cx.network(cx[i].vertices), "data")):
            centre, radius = cvxpy.Variable(points.shape[1]), cvxpy.Variable()
            limits = [cvxpy.norm(p - centre) <= radius for p in points]
            cvxpy.Problem(cvxpy.Minimize(radius), limits).solve(solver="CLARABEL")
            assert getattr(found, f"{name}_circumradius")[i] == pytest.approx(float(radius.value), rel=1e-6)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_degenerate_networks(dim: int, cases: Callable[[int, int], int]) -> None:
    """Volumes fill the domain, and every region's exact and floating-point radii agree."""
    for seed in range(cases(6, 100)):
        net = random_network(np.random.default_rng(seed), dim, ("box", [-2.0] * dim, [2.0] * dim))
        cx = enumerate_regions(net, cube(dim, 2.0))
        # The centre of a largest ball need not be unique, so both get anchors.
        found = radii(cx, anchors=cx.witnesses)
        assert found.latent_volume.sum() == pytest.approx(4.0**dim, rel=1e-6)
        assert (found.lower <= found.values).all() and (found.values <= found.upper).all()
        exact = radii(cx, anchors=cx.witnesses, accuracy=1e-15)
        assert (found.lower <= exact.upper).all() and (exact.lower <= found.upper).all()
        # Qhull cannot tell the thinnest from flat.
        solid = np.flatnonzero(found.latent_inradius > 1e-12)
        for i in solid[:: max(1, len(solid) // 5)]:
            check(found, i, cx[i].vertices, "latent", 1e-7)


# Closed forms


@pytest.mark.parametrize("h", range(1, 6))
def test_box_and_its_stretched_image(h: int) -> None:
    """Sides 2, images of sides 2, 4, 6, …"""
    sides = 2.0 * np.arange(1, h + 1)
    found = radii(enumerate_regions(linear(np.diag(sides / 2)), cube(h)))
    diagonal = float(np.linalg.norm(sides))
    assert found.latent_diameter[0] == pytest.approx(2 * math.sqrt(h))
    assert found.latent_contact_radius[0] >= math.sqrt(h) - 1e-9
    assert found.latent_width[0] == pytest.approx(2) and found.latent_volume[0] == pytest.approx(2.0**h)
    assert found.data_diameter[0] == pytest.approx(diagonal) and found.data_volume[0] == pytest.approx(np.prod(sides))
    assert found.data_width[0] == pytest.approx(2) and found.data_circumradius[0] == pytest.approx(diagonal / 2)


@pytest.mark.parametrize("h", range(1, 5))
def test_width_of_a_regular_simplex(h: int) -> None:
    """Side √2: width ``2 / √(h + 1)`` for odd h, ``2 √(h + 1) / √(h (h + 2))`` for even (Alexander 1977)."""
    corners = np.eye(h + 1) - np.full((h + 1, h + 1), 1 / (h + 1))
    basis = np.linalg.svd(corners)[2][:h]
    hull = corners @ basis.T
    if h == 1:
        shape = Polytope([[1.0], [-1.0]], [float(hull.max()), float(-hull.min())])
    else:
        equations = ConvexHull(hull).equations
        shape = Polytope(equations[:, :-1], -equations[:, -1])
    found = radii(enumerate_regions(linear(basis.T.tolist()), shape))
    width = 2 / math.sqrt(h + 1) if h % 2 else 2 * math.sqrt(h + 1) / math.sqrt(h * (h + 2))
    for prefix in ("latent", "data"):
        assert getattr(found, f"{prefix}_width")[0] == pytest.approx(width, rel=1e-9)
        assert getattr(found, f"{prefix}_diameter")[0] == pytest.approx(math.sqrt(2), rel=1e-9)
        assert getattr(found, f"{prefix}_volume")[0] == pytest.approx(math.sqrt(h + 1) / math.factorial(h), rel=1e-9)


def test_circle_parabola_and_torus() -> None:
    """Tests A, B, C: pieces touch the manifold in the middle, which is the Chebyshev centre's image."""
    net, box = polygon(8, 1.7)
    half = 1.7 * math.tan(math.pi / 8)
    found = radii(enumerate_regions(net, box))
    for name, value in (("contact_radius", half), ("diameter", 2 * half), ("width", 2 * half), ("volume", 2 * half)):
        np.testing.assert_allclose(getattr(found, f"data_{name}"), value, rtol=1e-9)
    net, box, _ = parabola(2.0, 8)
    tangents = -2 + 0.5 * (np.arange(8) + 0.5)
    np.testing.assert_allclose(
        np.sort(radii(enumerate_regions(net, box)).data_diameter), np.sort(0.5 * np.sqrt(1 + tangents**2)), rtol=1e-9
    )
    net, box, _ = torus((5, 8), (1.0, 0.3))
    sides = [2 * r * math.tan(math.pi / k) for k, r in ((5, 1.0), (8, 0.3))]
    found = radii(enumerate_regions(net, box))
    np.testing.assert_allclose(found.data_volume, sides[0] * sides[1], rtol=1e-9)
    np.testing.assert_allclose(found.data_width, min(sides), rtol=1e-9)
    np.testing.assert_allclose(found.data_diameter, math.hypot(*sides), rtol=1e-9)


def test_contact_radius_from_given_anchors() -> None:
    cx = enumerate_regions(relu(5, 2, 6, 4), cube(2))
    anchors = cx.witnesses + np.random.default_rng(0).normal(scale=1e-3, size=cx.witnesses.shape)
    found = radii(cx, anchors=anchors)
    for i in range(len(cx)):
        corners, (a, _) = cx[i].vertices, cx[i].affine
        offsets = corners - anchors[i]
        assert found.latent_contact_radius[i] == pytest.approx(np.linalg.norm(offsets, axis=1).max(), rel=1e-6)
        assert found.data_contact_radius[i] == pytest.approx(np.linalg.norm(offsets @ a.T, axis=1).max(), rel=1e-6)
    assert (found.latent_contact_radius >= found.latent_circumradius * (1 - 1e-9)).all()


# Thin and unbounded


@pytest.mark.parametrize("gap", [2.0**-20, 2.0**-34, 2.0**-48])
def test_slanted_sliver(gap: float) -> None:
    """Between x + y = 0 and x + y = gap, in a square turned by 45 degrees: gap / √2 wide."""
    unit = Layer([[1.0, 1.0], [1.0, 1.0]], [0.0, -gap], 0.0)
    net = Network([unit, Layer([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0])])
    turned = Polytope([[1, 1], [-1, -1], [1, -1], [-1, 1]], [2, 2, 2, 2])
    found = radii(enumerate_regions(net, turned))
    thin = int(found.thinnest(1, by="latent_width")[0])
    assert found.latent_width[thin] == pytest.approx(gap / math.sqrt(2), rel=1e-6)
    assert found.latent_volume[thin] == pytest.approx(gap / math.sqrt(2) * 2 * math.sqrt(2), rel=1e-6)
    assert found.latent_diameter[thin] == pytest.approx(2 * math.sqrt(2), rel=1e-6)
    assert found.latent_width[thin] == pytest.approx(2 * found.latent_inradius[thin], rel=1e-6)


def test_strips_and_prisms() -> None:
    """A strip has a width, a half-strip too, a quadrant none; a triangle times a line that of the triangle."""
    strip = radii(enumerate_regions(linear([[2.0, 0.0], [0.0, 1.0]]), Polytope([[1, 0], [-1, 0]], [3, 0])))
    assert strip.latent_width[0] == pytest.approx(3) and strip.data_width[0] == pytest.approx(6)
    assert strip.latent_diameter[0] == strip.latent_volume[0] == strip.data_contact_radius[0] == math.inf
    half = radii(enumerate_regions(linear(np.eye(2)), Polytope([[1, 0], [-1, 0], [0, -1]], [3, 0, 0])))
    assert half.latent_width[0] == pytest.approx(3)
    corner = radii(enumerate_regions(linear(np.eye(2)), Polytope([[-1, 0], [0, -1]], [0, 0])))
    assert corner.latent_width[0] == math.inf
    prism = Polytope([[-1, 0, 0], [0, -1, 0], [1, 1, 0]], [0, 0, 1])
    found = radii(enumerate_regions(linear(np.diag([1.0, 2.0, 5.0])), prism))
    assert found.latent_width[0] == pytest.approx(1 / math.sqrt(2))
    assert found.data_width[0] == pytest.approx(2 / math.sqrt(5))


def test_flat_images_have_no_width_and_no_volume() -> None:
    found = radii(enumerate_regions(linear([[1.0, 1.0], [2.0, 2.0], [0.0, 0.0]]), cube(2)))
    for name in ("inradius", "width", "volume"):
        low, high = found.interval(f"data_{name}")  # type: ignore[arg-type]
        assert low[0] == high[0] == 0.0
    assert found.data_diameter[0] == pytest.approx(2 * math.sqrt(20))


# Too many vertices


@pytest.mark.parametrize("h", [2, 3, 5])
def test_intervals_without_vertices(h: int) -> None:
    """Every interval that linear programs give holds the value from vertices."""
    cx = enumerate_regions(relu(6, h, 7, h + 1), cube(h))
    known, boxed = radii(cx), radii(cx, max_vertices=1)
    assert not boxed.tight.all()
    for i, name in enumerate(NAMES):
        assert (boxed.lower[:, i] <= known.upper[:, i]).all(), name
        assert (boxed.upper[:, i] >= known.lower[:, i]).all(), name
    bounds = boxed.interval("data_circumradius")
    assert (bounds[1] <= (math.sqrt(h) + 0.1) * bounds[0]).mean() > 0.5


def test_intervals_without_vertices_of_thin_and_unbounded_regions() -> None:
    net = Network([Layer([[1.0, 1.0], [1.0, 1.0]], [0.0, -(2.0**-40)], 0.0), Layer(np.eye(2), [0.0, 0.0])])
    for where in (cube(2), Space(2), Polytope([[1, 0], [-1, 0]], [1, 1])):
        cx = enumerate_regions(net, where)
        known, boxed = radii(cx), radii(cx, max_vertices=1)
        for i, name in enumerate(NAMES):
            assert (boxed.lower[:, i] <= known.upper[:, i] * (1 + 1e-9)).all(), name
            assert (boxed.upper[:, i] >= known.lower[:, i] * (1 - 1e-9)).all(), name


def test_upper_bound_theorem() -> None:
    """Cubes, simplices and cyclic polytopes: 7 facets in R^4 make at most 14 vertices."""
    assert [most_vertices(h + 1, h) for h in range(1, 6)] == [2, 3, 4, 5, 6]
    assert most_vertices(7, 4) == 14 and most_vertices(8, 4) == 20 and most_vertices(10, 3) == 16


# Euclidean balls


def test_intervals_on_a_disc() -> None:
    """A half disc of radius 1: diameter 2, width 1, area π/2."""
    net = Network([Layer([[1.0, 0.0]], [0.0], 0.0), Layer([[1.0], [1.0]], [0.0, 0.0])])
    found = radii(enumerate_regions(net, Ball([0, 0], 1)))
    for name, value in (("diameter", 2.0), ("width", 1.0), ("volume", math.pi / 2)):
        low, high = found.interval(f"latent_{name}")  # type: ignore[arg-type]
        assert (low <= value + 1e-9).all() and (high >= value - 1e-9).all()


def test_samples_lie_inside_the_intervals_on_a_ball(cases: Callable[[int, int], int]) -> None:
    for seed in range(cases(2, 20)):
        cx = enumerate_regions(relu(seed, 2, 6, 3), Ball([0.0, 0.0], 1.5))
        found = radii(cx)
        points = np.random.default_rng(seed).uniform(-1.5, 1.5, size=(4000, 2))
        numbers = np.asarray(cx.locate(points))
        for i in range(len(cx)):
            mine = points[numbers == i]
            if len(mine) > 1:
                assert pdist(mine).max() <= found.latent_diameter[i] * (1 + 1e-9)
                assert pdist(cx.network(mine)).max() <= found.data_diameter[i] * (1 + 1e-9)
                assert cdist(mine, cx.witnesses[i : i + 1]).max() <= found.latent_contact_radius[i] * (1 + 1e-9)
                assert len(mine) / 4000 * 9 <= found.latent_volume[i] + 0.4


# Exact squared radii


def exact_brute(points: list[list[Fraction]]) -> Fraction:
    """Least squared radius over the circumspheres of one to three points that hold all (k = 2)."""
    best = None
    for size in (1, 2, 3):
        for chosen in combinations(points, size):
            centre = circumcentre(list(chosen))
            if centre is None:
                continue
            worst = max(sum((x - c) ** 2 for x, c in zip(p, centre, strict=True)) for p in points)
            best = worst if best is None else min(best, worst)
    assert best is not None
    return best


def circumcentre(chosen: list[list[Fraction]]) -> list[Fraction] | None:
    if len(chosen) == 1:
        return chosen[0]
    if len(chosen) == 2:
        return [(a + b) / 2 for a, b in zip(*chosen, strict=True)]
    (ax, ay), (bx, by), (cx, cy) = chosen
    twice = 2 * (ax * (by - cy) + bx * (cy - ay) + cx * (ay - by))
    if not twice:
        return None
    a, b, c = ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy
    return [
        (a * (by - cy) + b * (cy - ay) + c * (ay - by)) / twice,
        (a * (cx - bx) + b * (ax - cx) + c * (bx - ax)) / twice,
    ]


def test_exact_radii_against_all_support_sets() -> None:
    """Integer networks, whose vertices are rational: all circumspheres in fractions."""
    rng = np.random.default_rng(7)
    for _ in range(4):
        net = Network(
            [
                Layer(rng.integers(-3, 4, size=(4, 2)), rng.integers(-2, 3, size=4), 0.0),
                Layer(rng.integers(-3, 4, size=(2, 4)), [0, 0]),
            ]
        )
        cx = enumerate_regions(net, cube(2))
        latent, data = squared_circumradii(cx, space="latent"), squared_circumradii(cx)
        for i in range(len(cx)):
            corners = [[Fraction(x).limit_denominator(10**6) for x in p] for p in cx[i].vertices.tolist()]
            a = [[Fraction(x) for x in row] for row in cx[i].affine[0].tolist()]
            images = [[sum(m * x for m, x in zip(row, p, strict=True)) for row in a] for p in corners]
            assert latent[i] == exact_brute(corners) and data[i] == exact_brute(images)


def test_exact_radii_against_intervals() -> None:
    cx = enumerate_regions(relu(8, 3, 6, 5), cube(3))
    found, numbers = radii(cx), range(0, len(cx), 7)
    for space in ("latent", "data"):
        low, high = found.interval(f"{space}_circumradius")  # type: ignore[arg-type]
        for i, square in zip(numbers, squared_circumradii(cx, numbers, space=space), strict=True):  # type: ignore[arg-type]
            assert Fraction(low[i]) ** 2 <= square <= Fraction(high[i]) ** 2


def test_exact_radii_of_a_degenerate_image_and_errors() -> None:
    cx = enumerate_regions(linear([[1.0, 1.0]]), cube(2))
    assert squared_circumradii(cx) == [Fraction(4)] and squared_circumradii(cx, space="latent") == [Fraction(2)]
    with pytest.raises(SettingError, match="no region 1"):
        squared_circumradii(cx, [1])
    with pytest.raises(SettingError, match="space"):
        squared_circumradii(cx, space="image")  # type: ignore[arg-type]
    with pytest.raises(JobTooLargeError, match="more than 3"):
        squared_circumradii(cx, max_vertices=3)
    with pytest.raises(UnboundedDomainError, match="region 0"):
        squared_circumradii(enumerate_regions(linear([[1.0, 1.0]]), Space(2)))
    with pytest.raises(DomainError, match="Euclidean ball"):
        squared_circumradii(enumerate_regions(linear([[1.0, 1.0]]), Ball([0, 0], 1)))


def test_bad_settings() -> None:
    cx: RegionComplex = enumerate_regions(linear([[1.0, 1.0]]), cube(2))
    for accuracy in (0.0, 1.0, math.nan):
        with pytest.raises(SettingError, match="accuracy"):
            radii(cx, accuracy=accuracy)
    with pytest.raises(SettingError, match="max_vertices"):
        radii(cx, max_vertices=0)
    for anchors in ([[0.0, 0.0], [1.0, 1.0]], [0.0, 0.0]):
        with pytest.raises(ShapeError, match="anchors"):
            radii(cx, anchors=anchors)


# Every kind of domain


def test_three_ways_agree_on_degenerate_cases(cases: Callable[[int, int], int]) -> None:
    """Floating point, rationals and linear programs give intervals with a common point, on all kinds of domains."""
    for seed in range(cases(4, 200)):
        net, description = random_case(seed)
        cx = enumerate_regions(net, domain(description))
        at = cx.witnesses  # centres of largest balls need not be unique
        plain, boxed = radii(cx, anchors=at), radii(cx, anchors=at, max_vertices=1)
        exact = plain if cx.domain.curved else radii(cx, anchors=at, accuracy=1e-15)
        for found in (plain, boxed, exact):
            assert (found.lower <= found.upper).all() and (found.lower >= 0).all(), seed
        for found in (plain, boxed):
            assert (found.lower <= exact.upper).all() and (exact.lower <= found.upper).all(), seed
        for space in (0, 6):
            inner, outer, contact, diameter, width, _ = plain.upper.T[space : space + 6]
            assert (plain.lower[:, space] <= outer * (1 + 1e-6)).all() and (2 * inner >= 0).all(), seed
            assert (plain.lower[:, space + 3] <= 2 * outer * (1 + 1e-6)).all(), seed
            assert (plain.lower[:, space + 1] <= contact * (1 + 1e-6)).all(), seed
            assert (plain.lower[:, space + 4] <= diameter * (1 + 1e-6)).all(), seed
            assert (2 * plain.lower[:, space] <= width * (1 + 1e-6)).all(), seed
