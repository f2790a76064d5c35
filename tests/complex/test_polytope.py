"""Vertices, volumes and inscribed balls of single polyhedra, against closed forms and the brute way."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
import shapely
from flint import fmpq
from numpy.typing import NDArray
from scipy.optimize import linprog

from polyae import Ball, Box, Network, Space, enumerate_regions, read_network
from polyae.complex.facet_rows import facet_rows
from polyae.complex.polytope import Polyhedron
from polyae.complex.region_complex import RegionComplex
from polyae.errors import DomainError, UnboundedDomainError
from polyae.lp.generators import exact_generators, exact_volume
from polyae.networks.network import Layer
from polyae.predicates.rational import homogeneous, integer_row

Float = NDArray[np.float64]
DATA = Path(__file__).resolve().parents[2] / "data"
NAMES = [g["name"] for g in json.loads((DATA / "goldens.json").read_text())]


def polyhedron(rows: list[list[float]] | Float, inside: list[float]) -> Polyhedron:
    exact = np.array(rows, dtype=float)
    scaled = exact / np.linalg.norm(exact[:, :-1], axis=1)[:, None]
    return Polyhedron(
        scaled,
        1e-16,
        np.array(inside, dtype=float),
        lambda: [integer_row(row.tolist()) for row in exact],
        lambda: homogeneous(inside),
    )


def cube(h: int, half: float = 1.0) -> Float:
    eye = np.eye(h)
    return np.column_stack([np.vstack([eye, -eye]), np.full(2 * h, half)])


def as_set(points: Float, digits: int = 9) -> set[tuple[float, ...]]:
    return {tuple(p) for p in (np.round(points, digits) + 0.0).tolist()}


def brute_vertices(rows: Float) -> Float:
    """Feasible intersections of h hyperplanes in general position."""
    h = rows.shape[1] - 1
    found = []
    for chosen in map(list, combinations(range(len(rows)), h)):
        if abs(np.linalg.det(rows[chosen, :-1])) > 1e-9:
            point = np.linalg.solve(rows[chosen, :-1], -rows[chosen, -1])
            if (rows[:, :-1] @ point + rows[:, -1] > -1e-9).all():
                found.append(point)
    return np.array(found).reshape(-1, h)


@pytest.mark.parametrize("h", range(1, 9))
def test_cube(h: int) -> None:
    p = polyhedron(cube(h), [0.1] * h)
    assert as_set(p.vertices) == set(product((-1.0, 1.0), repeat=h)) and len(p.vertices) == 2**h
    assert p.bounded and p.inscribed_ball[1] == pytest.approx(1.0, rel=1e-12)
    if h < 8:
        assert p.volume == pytest.approx(2.0**h, rel=1e-12)


@pytest.mark.parametrize("h", range(1, 9))
def test_standard_simplex(h: int) -> None:
    rows = np.vstack([np.column_stack([np.eye(h), np.zeros(h)]), np.append(-np.ones(h), 1.0)])
    p = polyhedron(rows, [1 / (2 * h)] * h)
    assert as_set(p.vertices) == as_set(np.vstack([np.zeros(h), np.eye(h)]))
    assert p.volume == pytest.approx(1 / math.factorial(h), rel=1e-12)
    assert p.inscribed_ball[1] == pytest.approx(1 / (h + math.sqrt(h)), rel=1e-12)


@pytest.mark.parametrize("h", [2, 3, 4, 5])
def test_cross_polytope_has_vertices_on_many_facets(h: int) -> None:
    rows = np.array([[*signs, 1.0] for signs in product((-1.0, 1.0), repeat=h)])
    p = polyhedron(rows, [0.0] * h)
    assert as_set(p.vertices) == as_set(np.vstack([np.eye(h), -np.eye(h)])) and len(p.vertices) == 2 * h
    assert p.volume == pytest.approx(2**h / math.factorial(h), rel=1e-12)
    assert exact_volume(p.generators, h) == Fraction(2**h, math.factorial(h))


@pytest.mark.parametrize("h", range(1, 7))
def test_orthant(h: int) -> None:
    p = polyhedron(np.column_stack([np.eye(h), -np.ones(h)]), [2.0] * h)
    assert p.vertices.tolist() == [[1.0] * h] and not p.bounded
    assert p.volume == math.inf and p.inscribed_ball[1] == math.inf
    assert sorted(map(list, p.generators.rays)) == sorted(np.eye(h, dtype=int).tolist())


def test_half_plane_slab_and_half_strip() -> None:
    half_plane = polyhedron([[3, 4, 0]], [1, 1])
    assert half_plane.vertices.shape == (0, 2) and not half_plane.bounded and len(half_plane.generators.lines) == 1
    slab = polyhedron([[3, 4, 5], [-3, -4, 5]], [0, 0])
    assert slab.vertices.shape == (0, 2) and not slab.bounded
    assert slab.inscribed_ball[1] == pytest.approx(1.0, rel=1e-15) and slab.volume == math.inf
    strip = polyhedron([[1, 0, 1], [-1, 0, 1], [0, 1, 0]], [0, 1])
    assert as_set(strip.vertices) == {(-1.0, 0.0), (1.0, 0.0)}
    assert strip.inscribed_ball[1] == pytest.approx(1.0) and not strip.bounded


def test_no_rows_is_the_whole_space() -> None:
    whole = polyhedron(np.zeros((0, 4)), [0.0] * 3)
    assert not whole.bounded and whole.vertices.shape == (0, 3) and whole.inscribed_ball[1] == math.inf


@pytest.mark.parametrize("angle", [2.0**-20, 2.0**-40, 2.0**-60])
def test_nearly_parallel_sides_are_bounded_when_they_meet(angle: float) -> None:
    """A wedge that closes at distance 1 / angle, and one that never closes."""
    closing = polyhedron([[1, 0, 0], [0, 1, 0], [-angle, -1, 1]], [1, 0.25])
    assert closing.bounded and closing.volume == pytest.approx(0.5 / angle, rel=1e-12)
    opening = polyhedron([[1, 0, 0], [0, 1, 0], [angle, -1, 1]], [1, 0.25])
    assert not opening.bounded and as_set(opening.vertices) == {(0.0, 0.0), (0.0, 1.0)}
    assert opening.inscribed_ball[1] == math.inf


@pytest.mark.parametrize("h", [1, 2, 3, 4])
@pytest.mark.parametrize("width", [1e-6, 1e-8, 1e-12, 1e-15, 1e-200])
def test_thin_slab(h: int, width: float) -> None:
    rows = cube(h)
    rows[0, -1], rows[h, -1] = 0.0, width
    p = polyhedron(rows, [width / 2, *[0.0] * (h - 1)])
    assert len(p.vertices) == 2**h and as_set(p.vertices[:, 1:]) == set(product((-1.0, 1.0), repeat=h - 1))
    ends = np.repeat([0.0, width], 2 ** (h - 1))
    np.testing.assert_allclose(np.sort(p.vertices[:, 0]), ends, rtol=1e-9, atol=1e-9 * width)
    assert p.volume == pytest.approx(width * 2.0 ** (h - 1), rel=1e-12)
    assert p.inscribed_ball[1] == pytest.approx(width / 2, rel=1e-12)


@pytest.mark.parametrize("shift", [1e-9, 1e-13])
def test_thin_and_tilted(shift: float) -> None:
    """Between x = y and x = y + shift: a parallelogram of area shift."""
    p = polyhedron([[1, -1, 0], [-1, 1, shift], [0, 1, 0], [0, -1, 1]], [shift / 2 + 0.5, 0.5])
    assert p.volume == pytest.approx(shift, rel=1e-12)
    assert p.inscribed_ball[1] == pytest.approx(shift / math.sqrt(8), rel=1e-12)


@pytest.mark.parametrize("h", [2, 3, 4])
def test_random_polytopes_against_all_subsets_of_rows(h: int) -> None:
    rng = np.random.default_rng(h)
    for _ in range(40):
        extra = rng.normal(size=(int(rng.integers(0, 7)), h))
        rows = np.vstack([cube(h), np.column_stack([extra, rng.uniform(0.1, 2, size=len(extra))])])
        rows /= np.linalg.norm(rows[:, :-1], axis=1)[:, None]
        p = polyhedron(rows, [0.0] * h)
        brute = brute_vertices(rows)
        assert as_set(p.vertices, 7) == as_set(brute, 7)
        assert as_set(
            np.array([[float(Fraction(int(x.p), int(x.q))) for x in v] for v in p.generators.vertices]), 7
        ) == as_set(brute, 7)
        assert p.volume == pytest.approx(float(exact_volume(p.generators, h)), rel=1e-10)
        program = linprog(np.append(np.zeros(h), -1.0), A_ub=np.column_stack([-rows[:, :-1], np.ones(len(rows))]),
                          b_ub=rows[:, -1], bounds=(None, None))  # fmt: skip
        assert p.inscribed_ball[1] == pytest.approx(-program.fun, rel=1e-9)


@pytest.mark.parametrize("h", [2, 3])
def test_random_cones_and_unbounded_polyhedra(h: int) -> None:
    rng = np.random.default_rng(10 + h)
    open_ones = 0
    for _ in range(40):
        count = int(rng.integers(h, h + 4))
        rows = np.column_stack([rng.normal(size=(count, h)), rng.uniform(0.1, 1, size=count)])
        p = polyhedron(rows, [0.0] * h)
        assert as_set(p.vertices, 7) == as_set(brute_vertices(rows), 7)
        for ray in p.generators.rays:
            assert (rows[:, :-1] @ np.array([float(x) for x in ray]) > -1e-9 * float(max(map(abs, ray)))).all()
        # Unbounded iff some direction d with nonnegative rows has d_k = 1 or -1.
        tries = []
        for k, end in product(range(h), (-1, 1)):
            bounds = [(end, end) if j == k else (None, None) for j in range(h)]
            tries.append(linprog(np.zeros(h), A_ub=-rows[:, :-1], b_ub=np.zeros(count), bounds=bounds))
        assert p.bounded == all(t.status == 2 for t in tries)
        open_ones += not p.bounded
    assert 5 < open_ones < 40


def test_generators_of_a_prism_without_end() -> None:
    """A triangle times a line in a skew direction."""
    rows = [[1, 0, 1, 0], [0, 1, 1, 0], [-1, -1, -2, 1]]
    found = exact_generators([integer_row(row) for row in rows], 3)
    assert len(found.vertices) == 3 and not found.rays and len(found.lines) == 1
    assert [int(sum(a * b for a, b in zip(row, found.lines[0], strict=False))) for row in rows] == [0, 0, 0]
    assert all(isinstance(x, fmpq) for v in found.vertices for x in v)


# Regions


def data_network(name: str) -> tuple[Network, Box]:
    net = read_network(DATA / f"{name}.json")
    lo, hi = json.loads((DATA / f"{name}.json").read_text())["box"]
    return net, Box([lo] * net.input_dim, [hi] * net.input_dim)


@pytest.fixture(scope="module", params=[n for n in NAMES if not n.startswith("digits")])
def boxed(request: pytest.FixtureRequest) -> RegionComplex:
    return enumerate_regions(*data_network(request.param))


def test_volumes_add_up_to_the_box(boxed: RegionComplex) -> None:
    box = boxed.domain
    assert isinstance(box, Box)
    chosen = list(boxed)
    total = math.fsum(region.volume for region in chosen)
    assert total == pytest.approx(float(np.prod(box.hi - box.lo)), rel=1e-9)


def test_rows_from_edges_give_the_regions_of_the_facet_search(boxed: RegionComplex) -> None:
    rows = facet_rows(boxed)
    for i in range(0, len(boxed), max(1, len(boxed) // 25)):
        region, plain = boxed[i], rows.polyhedron(i)
        assert as_set(plain.vertices, 7) == as_set(region.vertices, 7)
        assert plain.inscribed_ball[1] == pytest.approx(region.chebyshev_ball[1], rel=1e-9)
        assert plain.volume == pytest.approx(region.volume, rel=1e-8, abs=1e-12)
        exact = np.array([[float(x) for x in row] for row in plain.exact_rows])
        exact /= np.linalg.norm(exact[:, :-1], axis=1)[:, None]
        np.testing.assert_allclose(exact, plain.rows, rtol=1e-9, atol=1e-9)


def test_polygons_agree_with_half_plane_intersections() -> None:
    cx = enumerate_regions(*data_network("generic_2-8-8-4"))
    box = shapely.box(*cx.domain.bounding_box()[0], *cx.domain.bounding_box()[1])
    for region in cx:
        polygon = box
        for a, b, c in region.inequalities:
            foot, along = -c * np.array([a, b]), 50 * np.array([-b, a])
            deep = 100 * np.array([a, b])
            polygon &= shapely.Polygon([foot - along, foot + along, foot + along + deep, foot - along + deep])
        assert region.polygon.symmetric_difference(polygon).area < 1e-9
        assert region.volume == pytest.approx(polygon.area, rel=1e-9, abs=1e-12)


def test_unbounded_regions_of_a_cross() -> None:
    net = Network([Layer(np.eye(2), [0.0, 0.0], 0.0), Layer([[1.0, 1.0]], [0.0])])
    for region in enumerate_regions(net, Space(2)):
        assert region.vertices.tolist() == [[0.0, 0.0]]
        assert not region.bounded and region.volume == math.inf and region.chebyshev_ball[1] == math.inf
        with pytest.raises(UnboundedDomainError, match="unbounded"):
            _ = region.polygon


def test_bounded_regions_of_the_whole_space() -> None:
    """Three lines around a triangle: one of the seven regions is bounded."""
    net = Network([Layer([[1, 0], [0, 1], [-1, -1]], [0.0, 0.0, 1.0], 0.0), Layer(np.ones((1, 3)), [0.0])])
    cx = enumerate_regions(net, Space(2))
    assert len(cx) == 7
    bounded = [region for region in cx if region.bounded]
    assert [region.volume for region in bounded] == pytest.approx([0.5])
    assert sorted(len(region.vertices) for region in cx) == [1, 1, 1, 2, 2, 2, 3]


def test_a_region_in_a_euclidean_ball_is_no_polytope() -> None:
    net = Network([Layer(np.eye(2), [0.0, 0.0], 0.0), Layer([[1.0, 1.0]], [0.0])])
    region = enumerate_regions(net, Ball([0.0, 0.0], 1.0))[0]
    for ask in ("vertices", "volume"):
        with pytest.raises(DomainError, match="no polytope"):
            getattr(region, ask)
    assert region.bounded and region.polygon.area == pytest.approx(math.pi / 4, rel=1e-4)


def test_partial_complex_knows_its_regions_whole() -> None:
    net, box = data_network("generic_2-8-8-4")
    whole, part = enumerate_regions(net, box), enumerate_regions(net, box, max_regions=20)
    assert not part.complete
    rows = facet_rows(part)
    for i, j in enumerate(whole.find(part.patterns)):
        assert rows.polyhedron(i).volume == pytest.approx(whole[int(j)].volume, rel=1e-9)
