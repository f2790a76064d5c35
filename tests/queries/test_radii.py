"""Radii of regions and of their images, against closed forms, brute force and linear programs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog

from polyae import (
    Ball,
    Box,
    Layer,
    Network,
    Polytope,
    Radii,
    Region,
    Space,
    enumerate_regions,
    radii,
    read_network,
    squared_circumradii,
)
from polyae.complex.region_complex import RegionComplex
from polyae.errors import SettingError, ShapeError
from polyae.queries.enclosing_ball import enclosing_ball, enclosing_balls
from polyae.queries.radii import NAMES as NAMES_OF_ALL

Float = NDArray[np.float64]
DATA = Path(__file__).resolve().parents[2] / "data"
NAMES = [g["name"] for g in json.loads((DATA / "goldens.json").read_text())]


def brute_circumradius(points: Float) -> float:
    """Least radius over the circumspheres of all support sets that hold all points."""
    best = math.inf
    for size in range(1, points.shape[1] + 2):
        for chosen in map(list, combinations(range(len(points)), size)):
            edges = points[chosen[1:]] - points[chosen[0]]
            right = 0.5 * (edges**2).sum(axis=1)
            centre = points[chosen[0]] + (np.linalg.lstsq(edges, right, rcond=None)[0] if size > 1 else 0.0)
            best = min(best, float(np.linalg.norm(points - centre, axis=1).max()))
    return best


# Minimum enclosing balls


@pytest.mark.parametrize("kind", ["random", "integer", "sphere", "flat"])
def test_enclosing_ball_against_all_support_sets(kind: str) -> None:
    rng = np.random.default_rng(len(kind))
    for _ in range(150):
        k, m = int(rng.integers(1, 5)), int(rng.integers(1, 8))
        points = rng.normal(size=(m, k)) if kind != "integer" else rng.integers(-2, 3, size=(m, k)).astype(float)
        if kind == "sphere":
            points /= np.linalg.norm(points, axis=1)[:, None]
        if kind == "flat":
            points *= np.append(1.0, np.full(k - 1, 1e-9))
        _, lower, upper = enclosing_balls(np.array([0, m]), points)
        assert upper[0] == pytest.approx(brute_circumradius(points), rel=1e-9, abs=1e-15)
        assert (1 - 1e-9) * upper[0] <= lower[0] <= upper[0]


@pytest.mark.parametrize("h", range(1, 9))
def test_enclosing_ball_of_cube_and_simplex(h: int) -> None:
    cube = np.array(np.meshgrid(*[[-1.0, 1.0]] * h)).reshape(h, -1).T
    centre, radius = enclosing_ball(cube + 3.0)
    assert radius == pytest.approx(math.sqrt(h), rel=1e-12)
    np.testing.assert_allclose(centre, 3.0, atol=1e-12)
    assert enclosing_ball(np.eye(h))[1] == pytest.approx(math.sqrt(1 - 1 / h), rel=1e-12, abs=1e-15)


def test_enclosing_ball_of_repeated_points_and_scales() -> None:
    assert enclosing_ball([[1.0, 2.0]] * 4)[1] == 0.0
    points = np.random.default_rng(0).normal(size=(9, 3))
    radius = enclosing_ball(points)[1]
    for scale in (1e-200, 1e-8, 1e8, 1e200):
        assert enclosing_ball(scale * points)[1] == pytest.approx(scale * radius, rel=1e-12)
    _, lower, upper = enclosing_balls(np.array([0, 0, 9]), points)
    assert upper.tolist() == [0.0, radius] and lower[0] == 0.0


@pytest.mark.parametrize("bad", [[], [[]], [1.0, 2.0], [[math.nan, 0.0]]])
def test_enclosing_ball_of_no_points(bad: list[float]) -> None:
    with pytest.raises(ShapeError, match="nonempty matrix"):
        enclosing_ball(bad)


# Closed forms


def linear(matrix: list[list[float]]) -> Network:
    """One region, mapped by a matrix."""
    return Network([Layer(matrix, np.zeros(len(matrix)))])


def only(found: Radii) -> tuple[float, float, float, float]:
    assert len(found) == 1 and tight(found)
    return tuple(float(getattr(found, n)[0]) for n in NAMES_OF_RADII)  # type: ignore[return-value]


def tight(found: Radii) -> bool:
    """Whether all in- and circumradii are known to the accuracy asked for."""
    return bool(found.tight[:, [NAMES_OF_ALL.index(name) for name in NAMES_OF_RADII]].all())


NAMES_OF_RADII = ("latent_inradius", "latent_circumradius", "data_inradius", "data_circumradius")


def test_square_stretched_to_a_rectangle() -> None:
    found = only(radii(enumerate_regions(linear([[3, 0], [0, 4]]), Box([-1, -1], [1, 1]))))
    assert found == pytest.approx((1, math.sqrt(2), 3, 5), rel=1e-12)


@pytest.mark.parametrize("h", range(1, 6))
def test_simplex_mapped_into_a_larger_space(h: int) -> None:
    """The standard simplex, doubled and rotated into h + 2 dimensions."""
    rng = np.random.default_rng(h)
    basis = np.linalg.qr(rng.normal(size=(h + 2, h)))[0]
    simplex = Polytope(np.vstack([-np.eye(h), np.ones((1, h))]), [*[0.0] * h, 1.0])
    inner = 1 / (h + math.sqrt(h))
    outer = 0.5 if h == 1 else math.sqrt(1 - 1 / h)
    found = only(radii(enumerate_regions(linear((2 * basis).tolist()), simplex)))
    assert found == pytest.approx((inner, outer, 2 * inner, 2 * outer), rel=1e-9)


def test_flat_images() -> None:
    """A square squeezed to a segment of length 2 sqrt(2), and to a point; d smaller than h."""
    box = Box([-1, -1], [1, 1])
    for matrix, outer in [([[1, 1], [1, 1], [0, 0]], math.sqrt(8)), ([[0, 0]] * 3, 0.0), ([[1, 1]], 2.0)]:
        found = only(radii(enumerate_regions(linear(matrix), box)))
        assert found == pytest.approx((1, math.sqrt(2), 0, outer), rel=1e-12, abs=1e-15)


def test_nearly_flat_image_is_measured() -> None:
    """The second singular value is 1e-12 of the first, and no rounding."""
    found = only(radii(enumerate_regions(linear([[1, 0], [0, 2.0**-40]]), Box([-1, -1], [1, 1]))))
    assert found == pytest.approx((1, math.sqrt(2), 2.0**-40, 1.0), rel=1e-12)


def test_unbounded_cones() -> None:
    """Four quadrants: one maps to 0, two to half-lines, one to itself."""
    net = Network([Layer(np.eye(2), [0, 0], 0.0), Layer([[1, 0], [0, 1], [0, 0]], [1, 2, 3])])
    cx = enumerate_regions(net, Space(2))
    found = radii(cx)
    assert found.latent_inradius.tolist() == found.latent_circumradius.tolist() == [math.inf] * 4
    assert [p.tolist() for p in cx.patterns] == [[False, False], [False, True], [True, False], [True, True]]
    assert found.data_inradius.tolist() == [0, 0, 0, math.inf]
    assert found.data_circumradius.tolist() == [0, math.inf, math.inf, math.inf]
    assert tight(found) and found.unbounded.all()


def test_strip_whose_recession_direction_is_killed() -> None:
    """0 < x < 3, y free, mapped to (2x, x): an unbounded region with a finite image."""
    slab = Polytope([[1, 0], [-1, 0]], [3, 0])
    found = only(radii(enumerate_regions(linear([[2, 0], [1, 0]]), slab)))
    assert found == pytest.approx((1.5, math.inf, 0, 1.5 * math.sqrt(5)), rel=1e-12)
    half_strip = Polytope([[1, 0], [-1, 0], [0, -1]], [3, 0, 0])
    found = only(radii(enumerate_regions(linear([[2, 0], [1, 0]]), half_strip)))
    assert found == pytest.approx((1.5, math.inf, 0, 1.5 * math.sqrt(5)), rel=1e-12)


def test_one_region_of_the_whole_space() -> None:
    assert only(radii(enumerate_regions(linear([[1, 0], [0, 1]]), Space(2)))) == (math.inf,) * 4
    assert only(radii(enumerate_regions(linear([[0, 0]]), Space(2)))) == (math.inf, math.inf, 0, 0)


def test_polygonal_approximation_of_a_circle() -> None:
    """Test A: K equal segments around a circle of radius r have half-length r tan(pi / K)."""
    k, r = 8, 1.7
    phi = 2 * math.pi * (np.arange(k) + 0.5) / k
    tau, w = np.stack([-np.sin(phi), np.cos(phi)], axis=1), 2 * r * math.tan(math.pi / k)
    v0 = r * np.array([math.cos(phi[0]), math.sin(phi[0])]) - w / 2 * tau[0]
    first = Layer(np.ones((k, 1)), -w * np.arange(k), [1.0, *[0.0] * (k - 1)])
    weight = np.column_stack([tau[0], *(tau[1:] - tau[:-1])])
    cx = enumerate_regions(Network([first, Layer(weight, v0)]), Box([0.0], [k * w]))
    found = radii(cx)
    assert len(cx) == k
    np.testing.assert_allclose(found.data_circumradius, r * math.tan(math.pi / k), rtol=1e-9)
    np.testing.assert_allclose(found.data_inradius, r * math.tan(math.pi / k), rtol=1e-9)
    assert found.data_circumradius.sum() == pytest.approx(5.633304448, abs=1e-8)


@pytest.mark.parametrize("width", [1e-7, 1e-9, 1e-12, 1e-15])
def test_thin_region(width: float) -> None:
    """Between x = 1 and x = 1 + width, as float64 numbers."""
    gap = (1.0 + width) - 1.0
    net = Network([Layer([[1.0, 0.0], [1.0, 0.0]], [-1.0, -1.0 - width], 0.0), Layer(3 * np.eye(2), [0.0, 0.0])])
    cx = enumerate_regions(net, Box([0.0, 0.0], [2.0, 1.0]))
    found = radii(cx)
    thin = int(found.thinnest(1)[0])
    assert len(cx) == 3 and cx[thin].pattern.tolist() == [True, False]
    assert found.latent_inradius[thin] == pytest.approx(gap / 2, rel=1e-12)
    assert found.latent_circumradius[thin] == pytest.approx(0.5, rel=1e-12)
    assert found.data_inradius[thin] == 0 and found.data_circumradius[thin] == pytest.approx(1.5 * gap, rel=1e-6)


# Networks


def true_radii(region: Region) -> tuple[float, float, float, float]:
    """Brute force: linear programs by SciPy, balls over all support sets."""
    rows, (a, _) = region.inequalities, region.affine
    inner = []
    for metric in (np.eye(a.shape[1]), np.linalg.pinv(a)):
        weights = np.linalg.norm(rows[:, :-1] @ metric, axis=1)
        table = np.column_stack([-rows[:, :-1], weights])
        cost = np.append(np.zeros(a.shape[1]), -1.0)
        inner.append(-linprog(cost, A_ub=table, b_ub=rows[:, -1], bounds=(None, None)).fun)
    if np.linalg.matrix_rank(a) < a.shape[1]:
        inner[1] = 0.0
    images = region.vertices @ np.linalg.qr(a)[1].T
    return inner[0], brute_circumradius(region.vertices), inner[1], brute_circumradius(images)


@pytest.fixture(scope="module", params=[n for n in NAMES if not n.startswith("integer")])
def data_complex(request: pytest.FixtureRequest) -> RegionComplex:
    net = read_network(DATA / f"{request.param}.json")
    lo, hi = json.loads((DATA / f"{request.param}.json").read_text())["box"]
    return enumerate_regions(net, Box([lo] * net.input_dim, [hi] * net.input_dim))


def test_radii_of_trained_and_degenerate_networks(data_complex: RegionComplex) -> None:
    found = radii(data_complex)
    assert tight(found) and len(found) == len(data_complex)
    for i in range(0, len(found), max(1, len(found) // 12)):
        mine = [found.interval(name)[1][i] for name in NAMES_OF_RADII]
        np.testing.assert_allclose(mine, true_radii(data_complex[i]), rtol=1e-6, atol=1e-9)


def test_inequalities_between_radii(data_complex: RegionComplex) -> None:
    found = radii(data_complex)
    h = data_complex.domain.dim
    assert (found.latent_inradius > 0).all()
    assert (h * found.latent_inradius <= h * found.latent_circumradius).all()
    assert (found.data_inradius <= found.data_circumradius * (1 + 1e-9)).all()
    stretch = np.array([np.linalg.norm(region.affine[0], 2) for region in data_complex])
    assert (found.data_circumradius <= stretch * found.latent_circumradius * (1 + 1e-9)).all()
    assert (found.data_inradius <= stretch * found.latent_inradius * (1 + 1e-9)).all()


def test_careful_and_clear_paths_agree(data_complex: RegionComplex) -> None:
    """An accuracy that float64 never reaches sends every region to rational arithmetic."""
    plain, careful = radii(data_complex), radii(data_complex, accuracy=1e-15)
    for name in NAMES_OF_ALL:
        low, high = plain.interval(name)
        exact = careful.interval(name)[1]
        np.testing.assert_allclose(plain.interval(name)[1], exact, rtol=2e-6, atol=1e-13)
        assert (low <= exact * (1 + 1e-11)).all() and (high >= exact * (1 - 1e-11)).all()


# Euclidean balls


def test_disc_and_half_disc() -> None:
    """Exact values lie in the intervals: the disc (1, 1); a half disc (1/2, 1); a quarter (sqrt2 - 1, 1/sqrt2)."""
    eye = [[1, 0], [0, 1]]
    disc = radii(enumerate_regions(linear(eye), Ball([0.5, 0], 1)))
    for name in NAMES_OF_RADII:
        low, high = disc.interval(name)
        assert low[0] <= 1 + 1e-12 and high[0] >= 1 - 1e-12
    assert disc.latent_inradius[0] == pytest.approx(1) and disc.latent_circumradius[0] == pytest.approx(1)
    half = radii(enumerate_regions(Network([Layer([[1, 0]], [0], 0.0), Layer([[1], [1]], [0, 0])]), Ball([0, 0], 1)))
    quarter = radii(enumerate_regions(Network([Layer(eye, [0, 0], -1.0), Layer(eye, [0, 0])]), Ball([0, 0], 1)))
    for found, inner, outer in [(half, 0.5, 1.0), (quarter, math.sqrt(2) - 1, math.sqrt(0.5))]:
        assert (found.interval("latent_inradius")[0] <= inner + 1e-9).all()
        assert (found.latent_inradius >= inner - 1e-9).all()
        np.testing.assert_allclose(found.interval("latent_inradius")[0], found.latent_inradius, rtol=1e-6)
        assert (found.interval("latent_circumradius")[0] <= outer + 1e-9).all()
        assert (found.latent_circumradius >= outer - 1e-9).all() and (found.latent_circumradius <= 1 + 1e-8).all()
    assert (quarter.interval("data_inradius")[0] <= math.sqrt(2) - 1 + 1e-9).all()
    tilted = Network([Layer([[1, 2]], [0], 0.0), Layer([[1], [1]], [0, 0])])
    assert not tight(radii(enumerate_regions(tilted, Ball([0, 0], 1))))


def test_intervals_hold_what_is_sampled(cases: Callable[[int, int], int]) -> None:
    """Points of a region in the ball are no farther apart than twice the upper circumradius."""
    for seed in range(cases(5, 40)):
        rng = np.random.default_rng(seed)
        net = Network(
            [Layer(rng.normal(size=(6, 2)), rng.normal(size=6), 0.0), Layer(rng.normal(size=(3, 6)), [0.0] * 3)]
        )
        cx = enumerate_regions(net, Ball([0.0, 0.0], 1.5))
        found = radii(cx)
        for name in NAMES_OF_RADII:
            low, high = found.interval(name)
            assert (low <= high).all() and (low >= 0).all()
        points = rng.uniform(-1.5, 1.5, size=(4000, 2))
        numbers = np.asarray(cx.locate(points))
        for i in range(len(cx)):
            mine = points[numbers == i]
            if len(mine):
                assert enclosing_ball(mine)[1] <= found.latent_circumradius[i] * (1 + 1e-9)
                assert enclosing_ball(net(mine))[1] <= found.data_circumradius[i] * (1 + 1e-9)
                spare = (cx[i].inequalities @ np.column_stack([mine, np.ones(len(mine))]).T).min(axis=0)
                spare = np.minimum(spare, 1.5 - np.linalg.norm(mine, axis=1))
                assert spare.max() <= found.latent_inradius[i] * (1 + 1e-9)


# The result


def test_largest_thinnest_and_summary() -> None:
    net = Network([Layer([[1, 0], [0, 1], [-1, -1]], [0.0, 0.0, 1.0], 0.0), Layer(np.ones((2, 3)), [0.0, 0.0])])
    found = radii(enumerate_regions(net, Space(2)))
    finite = np.flatnonzero(np.isfinite(found.latent_circumradius))
    assert len(finite) == 1 and finite[0] not in found.largest(6) and set(found.largest(99)) == set(range(7))
    assert found.thinnest(1).tolist() == finite.tolist()
    assert found.largest(1, by="data_circumradius")[0] in np.flatnonzero(np.isinf(found.data_circumradius))
    summary = json.loads(json.dumps(found.summary()))
    assert summary["regions"] == summary["tight"] == 7 and summary["latent_circumradius"]["unbounded"] == 6
    inner = 1 / (2 + math.sqrt(2))
    assert all(summary["latent_inradius"][key] == pytest.approx(inner) for key in ("min", "median", "mean", "max"))
    everywhere = radii(enumerate_regions(linear([[1, 0], [0, 1]]), Space(2))).summary()
    assert everywhere["latent_inradius"] == {"min": None, "median": None, "mean": None, "max": None, "unbounded": 1}


def test_radii_are_shown_as_a_table() -> None:
    net = Network([Layer([[1, 0], [0, 1], [-1, -1]], [0.0, 0.0, 1.0], 0.0), Layer(np.ones((2, 3)), [0.0, 0.0])])
    found = radii(enumerate_regions(net, Space(2)))
    head, names, *rows, note = str(found).splitlines()
    assert head == repr(found) and "7 regions" in head and len(head) < 100
    assert names.split() == ["radius", "least", "median", "largest", "unbounded", "wide", "intervals"]
    table = {cells[0]: cells[1:] for cells in map(str.split, rows)}
    assert tuple(table) == NAMES_OF_ALL and table["latent_circumradius"][3:] == ["6", "0"]
    finite = found.latent_circumradius[np.isfinite(found.latent_circumradius)]
    assert float(table["latent_circumradius"][0]) == pytest.approx(finite[0], rel=1e-5)
    assert found.notes == (note,) and note.startswith("6 of 7 regions are unbounded")
    assert radii(enumerate_regions(net, Box([-1, -1], [1, 1]))).notes == ()


def test_what_is_no_complex_is_named() -> None:
    net = linear([[1.0]])
    for call in (radii, squared_circumradii):
        with pytest.raises(SettingError, match="cx is a RegionComplex, got Network: enumerate_regions"):
            call(net)  # type: ignore[arg-type]


@pytest.mark.parametrize("k", [0, -1, 1.5])
def test_bad_requests(k: float) -> None:
    found = radii(enumerate_regions(linear([[1.0]]), Box([0.0], [1.0])))
    with pytest.raises(SettingError, match="whole number, at least 1"):
        found.largest(k)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="no radius"):
        found.interval("radius")  # type: ignore[arg-type]


def test_partial_complex_gives_the_radii_of_whole_regions() -> None:
    net = read_network(DATA / "generic_2-8-8-4.json")
    box = Box([-2, -2], [2, 2])
    whole, part = enumerate_regions(net, box), enumerate_regions(net, box, max_regions=15)
    numbers = whole.find(part.patterns)
    for name in NAMES_OF_RADII:
        expected = radii(whole).interval(name)[1][numbers]
        np.testing.assert_allclose(radii(part).interval(name)[1], expected, rtol=1e-7)
