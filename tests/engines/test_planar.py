"""Planar subdivision against rational arithmetic, the other subdivisions, and shapely."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry import MultiPoint
from shapely.geometry import Polygon as Shape

from polyae import Ball, Box, Domain, Layer, Network, Polytope, RegionComplex, enumerate_regions
from polyae.complex.enumerate import arrange
from polyae.engines import memory
from polyae.engines.skeleton import Skeleton
from polyae.engines.subdivide.by_edges import EdgeSubdivision
from polyae.engines.subdivide.layers import first_rows, layer_plans
from polyae.engines.subdivide.planar import mesh as planar_mesh
from polyae.engines.subdivide.planar import start
from polyae.engines.subdivide.planar.first import polygon
from polyae.engines.subdivide.planar.mesh import FIELDS, LINE, LINKS, NEXT, NONE, TAIL, TWIN, name_sides
from polyae.engines.subdivide.planar.place import meet
from polyae.engines.subdivide.planar.read import read_regions
from polyae.engines.subdivide.planar.subdivision import PlanarSubdivision
from polyae.engines.subdivide.polytope_faces import polytope_faces
from polyae.predicates.rational import homogeneous, to_fractions
from tests.engines.test_subdivide_positions import CASES
from tests.engines.zoo import assert_identical, cube, data_network, drawn

Float = NDArray[np.float64]
PLANAR = sorted(name for name, (net, _) in CASES.items() if net.input_dim == 2)


def subdivided(net: Network, where: Domain) -> PlanarSubdivision:
    arrangement = arrange(net, where)
    faces = polytope_faces(where)
    assert faces is not None
    return PlanarSubdivision(arrangement, faces)


def fraction(x: float) -> Fraction:
    return Fraction(float(x))


NUMBERS = st.floats(-2.0, 2.0).filter(lambda x: x == 0 or abs(x) > 1e-100)
ROWS = st.tuples(NUMBERS, NUMBERS, st.floats(-1e6, 1e6))


@given(ROWS, ROWS, st.sampled_from([0.0, 1e-16, 1e-12, 1e-3]), st.integers(0, 2**32 - 1))
def test_lines_meet_within_the_bound(row: tuple[float, ...], other: tuple[float, ...], error: float, seed: int) -> None:
    """For all rows that are as far from the given ones as their errors allow."""
    rows, others = np.array([row]), np.array([other])
    x, y, bound = meet(rows, np.array([error]), 0, others, np.array([0.0]), 0)
    off = error * np.random.default_rng(seed).uniform(-1, 1, 3)
    a = [fraction(p) + fraction(q) for p, q in zip(row, off, strict=True)]
    b = [fraction(p) for p in other]
    det = a[0] * b[1] - a[1] * b[0]
    if not np.isfinite(bound):
        return
    assert det != 0
    point = (a[1] * b[2] - a[2] * b[1]) / det, (a[2] * b[0] - a[0] * b[2]) / det
    assert abs(point[0] - fraction(x)) <= fraction(bound)
    assert abs(point[1] - fraction(y)) <= fraction(bound)


def test_lines_at_right_angles_meet_to_the_last_digits() -> None:
    rows = np.array([[1.0, 0.5, 0.1], [-0.5, 1.0, 0.7]])
    x, y, bound = meet(rows, np.zeros(2), 0, rows, np.zeros(2), 1)
    assert bound < 1e-14
    assert rows @ [x, y, 1.0] == pytest.approx([0.0, 0.0], abs=1e-15)
    assert meet(rows, np.zeros(2), 0, 2 * rows, np.zeros(2), 0)[2] == np.inf


@pytest.mark.parametrize("name", PLANAR)
def test_vertices_and_values_are_within_their_bounds(name: str) -> None:
    net, where = CASES[name]
    made = subdivided(net, where)
    mesh, rational, number = made.mesh, made.arrangement.rational, len(layer_plans(net)) - 1
    name_sides(mesh, np.arange(len(made._order), dtype=np.int32))
    patterns = made.twins.patterns(mesh.pattern_words(np.arange(made.count)))
    for v in range(made.count):
        point = made.exact.point(mesh, v)
        off = max(abs(fraction(x) - y) for x, y in zip(mesh.coordinates[v], to_fractions(point), strict=True))
        assert off <= fraction(mesh.position_error[v])
        for value, wanted in zip(mesh.values[v], rational.layer_at(patterns[v], number, point), strict=True):
            assert abs(fraction(value) - Fraction(int(wanted.p), int(wanted.q))) <= fraction(mesh.error[v])
    assert np.median(mesh.position_error[: made.count]) < 1e-9


@pytest.mark.parametrize("name", PLANAR)
def test_half_edges_go_around_regions_and_have_twins(name: str) -> None:
    made = subdivided(*CASES[name])
    used = int(made.counters[LINKS])
    links = made.mesh.links[:used].reshape(-1, FIELDS).astype(np.int64)
    following, twin = links[:, NEXT] // FIELDS, links[:, TWIN] // FIELDS
    inner = links[:, TWIN] != NONE
    assert sorted(following.tolist()) == list(range(len(links)))
    assert np.array_equal(twin[twin[inner]], np.flatnonzero(inner))
    assert np.array_equal(links[twin[inner], TAIL], links[following[inner], TAIL])
    assert np.array_equal(links[twin[inner], LINE], links[inner, LINE])
    side = made.mesh.side[: len(links)]
    assert np.array_equal(side[following], side)
    assert (side[twin[inner]] != side[inner]).all()
    assert made.outside == int((~inner).sum())
    assert np.array_equal(links[made.mesh.spoke[: made.count] // FIELDS, TAIL], np.arange(made.count))


@pytest.mark.parametrize("name", PLANAR)
def test_regions_are_polygons_that_fill_the_domain(name: str) -> None:
    """Against shapely: every one is convex and counterclockwise, and the areas add up."""
    made = subdivided(*CASES[name])
    mesh, corners, total = made.mesh, len(made.faces.vertices), 0.0
    for region in made._order.tolist():
        start_, around = int(mesh.first[region]), []
        h = start_
        while not around or h != start_:
            around.append(mesh.coordinates[mesh.links[h + TAIL]])
            h = int(mesh.links[h + NEXT])
        shape = Shape(around)
        assert shape.exterior.is_ccw
        assert shape.area == pytest.approx(shape.convex_hull.area, rel=1e-6, abs=1e-12)
        total += shape.area
    assert total == pytest.approx(MultiPoint(mesh.coordinates[:corners]).convex_hull.area, rel=1e-9)


@pytest.mark.parametrize("name", PLANAR)
def test_edges_and_half_edges_find_the_same(name: str) -> None:
    """The two subdivisions in general position share the formulas for new vertices, not their bookkeeping."""
    planar = subdivided(*CASES[name])
    by_edges = EdgeSubdivision(planar.arrangement, planar.faces, 0)
    one, other = planar.enumeration(), by_edges.enumeration()
    assert one.f_vector == other.f_vector
    assert_identical(RegionComplex(planar.arrangement, one), RegionComplex(planar.arrangement, other))
    mine, others = planar.skeleton(), by_edges.skeleton()

    def named(skeleton: Skeleton) -> list[object]:
        points = (skeleton.vertices.round(6) + 0.0).tolist()
        names = [(*skeleton.vertex_units(v).tolist(), *point) for v, point in enumerate(points)]
        return sorted(tuple(sorted((names[a], names[b]))) for a, b in skeleton.edges.tolist())

    assert named(mine) == named(others)


@pytest.mark.parametrize("name", PLANAR)
def test_regions_come_in_canonical_order(name: str) -> None:
    made = subdivided(*CASES[name])
    assert len(made._order) == len(set(made._order.tolist()))
    packed = made.enumeration().packed
    rows = list(map(bytes, packed))
    assert rows == sorted(rows)


def deep() -> tuple[Network, Domain]:
    """Bounds that grow from vertex to vertex leave many signs open."""
    return drawn([2, *10 * [16], 1], 1), cube(2, -30, 30)


def test_open_signs_are_decided_in_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds, decide = [], PlanarSubdivision._decide

    def counted(self: PlanarSubdivision, *arguments: object) -> None:
        rounds.append(int((~self.mesh.proved[: self.count]).sum()))
        decide(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(PlanarSubdivision, "_decide", counted)
    found = enumerate_regions(*deep(), engine="subdivide")
    assert sum(rounds) > 10
    assert min(rounds) > 0
    assert_identical(found, enumerate_regions(*deep(), engine="march"))


def test_what_float64_cannot_tell_is_computed_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no help from better positions, rationals decide."""
    monkeypatch.setattr("polyae.engines.subdivide.positions.Positions.refine", lambda *arguments: None)
    found = enumerate_regions(*deep(), engine="subdivide")
    assert found.engine == "subdivide"
    assert found.decisions.exact > 10
    assert_identical(found, enumerate_regions(*deep(), engine="march"))


@pytest.mark.parametrize("room", [4, 40])
def test_meshes_grow(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    net, where = drawn([2, 30, 30, 1], 1), cube(2, -2, 2)
    wanted = enumerate_regions(net, where, engine="march")
    monkeypatch.setattr(planar_mesh, "_SPARE", [])
    monkeypatch.setattr(start, "FIRST_ROOM", room)
    assert_identical(enumerate_regions(net, where, engine="subdivide"), wanted)
    monkeypatch.setattr(planar_mesh, "_SPARE", [])
    monkeypatch.setattr(memory, "LARGE", 1)  # all arrays move to where they can grow
    assert_identical(enumerate_regions(net, where, engine="subdivide"), wanted)
    monkeypatch.setattr(planar_mesh, "_SPARE", [])
    monkeypatch.setattr(memory, "_addresses", lambda *arguments: None)  # and cannot
    assert_identical(enumerate_regions(net, where, engine="subdivide"), wanted)


def test_more_edges_than_have_names_are_marched(monkeypatch: pytest.MonkeyPatch) -> None:
    net, where = drawn([2, 30, 30, 1], 1), cube(2, -2, 2)
    monkeypatch.setattr(planar_mesh, "_SPARE", [])
    monkeypatch.setattr(start, "FIRST_ROOM", 4)
    monkeypatch.setattr(planar_mesh, "NONE", 4000)
    assert enumerate_regions(net, where, engine="subdivide").engine == "march"


def test_work_space_is_used_again_by_one_at_a_time() -> None:
    """Results do not depend on what was enumerated before, nor on what is at the same time."""
    jobs = [(drawn([2, n, m, 1], n), cube(2, -1, 1)) for n, m in ((5, 70), (30, 30), (70, 5), (12, 12), (3, 3))]
    wanted = [enumerate_regions(net, where, engine="march") for net, where in jobs]
    for _ in range(2):
        for (net, where), cx in zip(jobs, wanted, strict=True):
            assert_identical(enumerate_regions(net, where, engine="subdivide"), cx)
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda job: enumerate_regions(*job, engine="subdivide"), 8 * jobs))
    for found, cx in zip(again, 8 * wanted, strict=True):
        assert_identical(found, cx)


def test_numbers_out_of_range_are_marched() -> None:
    net = Network([Layer([[1e200, 0.0], [0.0, 1.0]], [0.5e200, 0.2], 0.0), Layer([[1.0, 1.0]], [0.0])])
    found = enumerate_regions(net, cube(2, -1, 1), engine="subdivide")
    assert (found.engine, len(found)) == ("march", 4)


DOMAINS: dict[str, Domain] = {
    "box": Box([-1.0, 0.25], [3.0, 0.5]),
    "diamond": Ball([0.1, -0.2], 2.0, p=1),
    "triangle": Polytope([[1.0, 2.0], [-1.0, 0.0], [0.0, -1.0]], [2.0, 1.0, 1.0]),
    "repeated walls": Polytope([[1, 0], [2, 0], [-1, 0], [0, 1], [0, -1], [1, 1]], [1.0, 2.0, 1.0, 1.0, 1.0, 2.0]),
    "heptagon": Polytope(
        [[np.cos(t), np.sin(t)] for t in np.arange(7) * 2 * np.pi / 7], np.linspace(0.5, 1.5, 7)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(DOMAINS))
def test_corners_go_around_the_domain(name: str) -> None:
    where = DOMAINS[name]
    faces, outline = polytope_faces(where), polygon(where)
    assert faces is not None
    points = np.array([[float(x) for x in to_fractions(faces.vertices[v])] for v in outline.around[:, 0]])
    shape = Shape(points)
    assert shape.exterior.is_ccw
    assert shape.area == pytest.approx(shape.convex_hull.area)
    for (vertex, edge), (end, _) in pairwise([*outline.around.tolist(), outline.around[0].tolist()]):
        row = outline.sides[edge - outline.first_edge]
        for v in (vertex, end):
            at = [float(x) for x in to_fractions(faces.vertices[v])]
            assert row @ [*at, 1.0] == pytest.approx(0.0, abs=1e-12)
    net = drawn([2, 12, 12, 1], 4)
    assert_identical(enumerate_regions(net, where, engine="subdivide"), enumerate_regions(net, where, engine="march"))


def test_witnesses_that_bounds_do_not_prove_are_looked_at_again() -> None:
    """With poor positions no mean of vertices is known to be inside; what is claimed holds for any of them."""
    made = subdivided(data_network("generic_2-8-8-4"), cube(2, -1, 1))
    made.mesh.position_error[: made.count] = 0.3
    order, count = made._order, len(made._order)
    witnesses, proved = np.empty((count, 2)), np.empty(count, dtype=np.bool_)
    facets = made._f_vector()[1] - made.outside
    pairs, units = np.empty((facets, 2), dtype=np.int32), np.empty(facets, dtype=np.int32)
    assert read_regions(made.mesh, order, witnesses, proved, pairs, units) == facets
    assert not proved.any()
    assert len(made.enumeration().packed) == count
    cx = RegionComplex(made.arrangement, made.enumeration())
    assert np.array_equal(cx.locate(cx.witnesses), np.arange(count))


def test_first_layers_with_outputs_that_are_no_units(cases: Callable[[int, int], int]) -> None:
    """Signs of the first layer are taken word by word where all outputs in between are units, else one by one."""
    for seed in range(cases(10, 200)):
        rng = np.random.default_rng(seed)
        n, m = int(rng.integers(1, 80)), int(rng.integers(1, 8))
        first, slope = rng.normal(size=(n, 2)), np.where(rng.random(n) < 0.2, 1.0, 0.0)
        if n > 3:
            first[2] = 0.0 if seed % 2 else -2 * first[0]
        bias = rng.normal(size=n) * (first.any(axis=1))
        if n > 3 and not seed % 2:
            bias[2] = -2 * bias[0]
        net = Network([
            Layer(first, bias, slope), Layer(rng.normal(size=(m, n)), rng.normal(size=m), 0.0),
            Layer(np.ones((1, m)), [0.0]),
        ])  # fmt: skip
        found = enumerate_regions(net, cube(2, -1, 1), engine="subdivide")
        assert_identical(found, enumerate_regions(net, cube(2, -1, 1), engine="march"), seed)


def test_rows_of_the_first_layer_are_its_weights() -> None:
    net = drawn([2, 9, 4, 1], 2)
    rows = first_rows(net)
    exact = [homogeneous(row) for row in np.column_stack([net.layers[0].weight, net.layers[0].bias])]
    for row, wanted in zip(rows.values, exact, strict=True):
        ratios = {fraction(x) / Fraction(int(y), int(wanted[-1])) for x, y in zip(row, wanted[:-1], strict=True)}
        assert len(ratios) == 1
    assert not rows.errors.any()
