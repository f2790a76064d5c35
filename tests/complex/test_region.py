"""Views of single regions: consistent with the complex, with the network and with other libraries."""

from itertools import combinations

import numpy as np
import pytest
import shapely
from scipy.optimize import linprog

from polyae import Ball, Box, Polytope, RegionComplex, Space, enumerate_regions
from polyae.errors import DomainError, UnboundedDomainError
from tests.engines.zoo import cube, data_goldens, data_network, domain, drawn, relu_network
from tests.reference.random_networks import random_case

CROSS = relu_network(([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]))


@pytest.fixture(scope="module", params=sorted(data_goldens()))
def cx(request: pytest.FixtureRequest) -> RegionComplex:
    net = data_network(request.param)
    return enumerate_regions(net, cube(net.input_dim, *data_goldens()[request.param]["box"]))


@pytest.fixture(scope="module")
def plane() -> RegionComplex:
    return enumerate_regions(drawn([2, 16, 16, 5], 0), cube(2, -1, 1))


def test_facets_and_neighbours_are_the_edges(cx: RegionComplex) -> None:
    edges = {frozenset(e) for e in cx.edges.tolist()}
    for region in cx:
        behind = [f.neighbour for f in region.facets if not f.boundary]
        assert sorted(behind) == region.neighbours.tolist()
        assert {frozenset((region.index, j)) for j in behind} == {e for e in edges if region.index in e}
        assert all(f.neighbour is None and f.units == () for f in region.facets if f.boundary and not f.units)


def test_facets_carry_the_units_that_vanish_there(cx: RegionComplex) -> None:
    """Seen from one side or from the other, where a unit may be identically zero; the lowest is the edge's."""
    for region in list(cx)[:30]:
        for facet in region.facets:
            if facet.neighbour is None:
                continue
            flipped = np.flatnonzero(cx.patterns[facet.neighbour] != region.pattern)
            (back,) = (f for f in cx[facet.neighbour].facets if f.neighbour == region.index)
            assert set(flipped.tolist()) <= {*facet.units, *back.units}
            assert min(facet.units) == min(back.units) == flipped[0]
            number = cx.adjacency[region.index, facet.neighbour] - 1
            assert min(facet.units) == cx.edge_units[number]


def test_inequalities_hold_at_the_witness_and_facets_face_their_neighbour(cx: RegionComplex) -> None:
    for region in list(cx)[:60]:
        for facet in region.facets:
            assert np.linalg.norm(facet.normal) == pytest.approx(1.0, abs=1e-12)
            assert facet.normal @ region.witness + facet.offset > 0
            if facet.neighbour is not None:
                assert facet.normal @ cx.witnesses[facet.neighbour] + facet.offset < 0


def test_the_affine_map_is_the_network(cx: RegionComplex) -> None:
    for region in cx:
        a, b = region.affine
        assert a.shape == (cx.network.output_dim, cx.network.input_dim)
        assert a @ region.witness + b == pytest.approx(cx.network(region.witness), rel=1e-9, abs=1e-9)
        assert region.pattern.tolist() == cx.patterns[region.index].tolist()


def test_largest_balls_inside(cx: RegionComplex) -> None:
    """Inside, as large as another solver says."""
    for region in list(cx)[:60]:
        centre, radius = region.chebyshev_ball
        rows = region.inequalities
        heights = rows[:, :-1] @ centre + rows[:, -1]
        assert heights.min() == pytest.approx(radius, rel=1e-7)
        cost = np.append(np.zeros(rows.shape[1] - 1), -1)
        free = [(None, None)] * (len(cost) - 1)
        other = linprog(
            cost, A_ub=np.column_stack([-rows[:, :-1], np.ones(len(rows))]), b_ub=rows[:, -1], bounds=[*free, (0, None)]
        )
        assert radius == pytest.approx(-other.fun, rel=1e-6, abs=1e-9)


def test_polygons_tile_the_domain(plane: RegionComplex) -> None:
    polygons = [region.polygon for region in plane]
    assert sum(p.area for p in polygons) == pytest.approx(4.0, rel=1e-9)
    assert all(shapely.box(-1, -1, 1, 1).buffer(1e-12).covers(p) for p in polygons)
    assert all(a.intersection(b).area < 1e-12 for a, b in combinations(polygons, 2))
    for region, polygon in zip(plane, polygons, strict=True):
        assert polygon.is_valid and polygon.area == pytest.approx(region.volume, rel=1e-9)
        assert polygon.contains(shapely.Point(*region.witness))


def test_neighbours_are_the_polygons_that_share_a_side(plane: RegionComplex) -> None:
    polygons = [region.polygon for region in plane]
    sides = [(i, j) for i, j in combinations(range(len(plane)), 2) if shared(polygons[i], polygons[j]) > 1e-7]
    assert sides == [tuple(e) for e in plane.edges.tolist()]


def shared(a: shapely.Polygon, b: shapely.Polygon) -> float:
    """Length of the common boundary."""
    if a.distance(b) > 1e-9:
        return 0.0
    return float(a.buffer(1e-9).intersection(b.buffer(1e-9)).length) / 2


def test_polygons_in_a_disc() -> None:
    """A quarter of a disc, to the accuracy of 256 segments; straight sides stay straight."""
    cx = enumerate_regions(CROSS, Ball([0, 0], 2))
    for region in cx:
        assert region.polygon.area == pytest.approx(np.pi, rel=1e-4)
        with pytest.raises(DomainError, match="no polytope"):
            _ = region.vertices


def test_facets_in_a_ball_are_those_that_meet_it() -> None:
    """Of the unit square around the centre only two sides lead on, and the walls of the ball's box are none."""
    net = relu_network(([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]], [0.5, 0.5, -3.0, -3.0]))
    region = enumerate_regions(net, Ball([0, 0], 1))[-1]
    assert sorted(f.units for f in region.facets) == [(0,), (1,)]


def test_vertices_of_known_shapes() -> None:
    square = enumerate_regions(CROSS, Box([-1, -1], [2, 1]))[3]
    assert sorted(map(tuple, np.round(square.vertices, 12).tolist())) == [(0, 0), (0, 1), (2, 0), (2, 1)]
    assert square.volume == pytest.approx(2.0) and square.bounded
    triangle = enumerate_regions(CROSS, Polytope([[1, 1], [-1, 0], [0, -1]], [1, 1, 1]))[3]
    assert sorted(map(tuple, np.round(triangle.vertices, 12).tolist())) == [(0, 0), (0, 1), (1, 0)]
    segment = enumerate_regions(relu_network(([[1.0]], [-0.25])), Box([0], [1]))[1]
    assert sorted(segment.vertices.ravel().tolist()) == pytest.approx([0.25, 1.0])


def test_unbounded_regions_say_so() -> None:
    region = enumerate_regions(CROSS, Space(2))[0]
    assert not region.bounded and region.volume == np.inf and region.chebyshev_ball[1] == np.inf
    assert region.vertices.tolist() == [[0.0, 0.0]]
    with pytest.raises(UnboundedDomainError, match="region 0 is unbounded"):
        _ = region.polygon


def test_polygons_exist_in_the_plane_only() -> None:
    cx = enumerate_regions(drawn([3, 4, 2], 0), cube(3, -1, 1))
    with pytest.raises(DomainError, match="dimension 2, this region has dimension 3"):
        _ = cx[0].polygon


def test_regions_behind_the_edge_of_a_partial_complex_are_unknown() -> None:
    net, description = random_case(13)
    whole = enumerate_regions(net, domain(description))
    part = enumerate_regions(net, domain(description), max_regions=len(whole) // 2)
    for region in part:
        twin = whole[int(whole.find(region.pattern[None, :])[0])]
        assert len(region.facets) == len(twin.facets)
        known = [f.neighbour for f in region.facets if f.neighbour is not None]
        assert {tuple(part.patterns[j]) for j in known} <= {tuple(whole.patterns[j]) for j in twin.neighbours}
    assert any(f.neighbour is None and not f.boundary for r in part for f in r.facets)
