"""Unions, samples, residuals of H2 and vertices, each against an independent computation."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from polyae import Box, Orbit, PointCloud, ProductOrbit, Union, enumerate_regions
from polyae.complex.facet_rows import facet_rows
from polyae.queries.theorem import theorem_bound
from polyae.queries.theorem.chart_tree import ManifoldTree
from polyae.queries.theorem.lie_residuals import lie_residuals
from polyae.queries.theorem.vertices import covered_regions
from polyae.report.refinement import CASES, run_study, study_table

from ..reference.random_networks import random_network
from .closed_forms import circle, polygon


def test_a_union_of_two_circles() -> None:
    net, box = polygon(8, 1.0)
    rings = Union([circle(1.0), circle(3.0)])
    result = theorem_bound(enumerate_regions(net, box), rings, gap=1e-6)
    assert result.u1.contains(1 / np.cos(np.pi / 8) - 1)
    # From the outer circle, opposite the middle of a side.
    assert result.u2.contains(2.0) and result.u2_chart == 1
    assert result.decided and result.verdict("contact in every piece").outcome == "holds"


def test_samples_bound_one_side_each() -> None:
    net, box = polygon(8, 1.0)
    cx, angles = enumerate_regions(net, box), 2 * np.pi * np.arange(360) / 360
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    known = theorem_bound(cx, PointCloud(points, cover=np.pi / 360), gap=1e-3)
    assert known.u1.contains(1 / np.cos(np.pi / 8) - 1) and known.u2.contains(1 - np.cos(np.pi / 8))
    assert known.residuals is None and np.isnan(known.contacts.angles).all()
    unknown = theorem_bound(cx, PointCloud(points), gap=1e-3)
    assert unknown.u1.lower == 0.0 and unknown.u2.upper == np.inf
    assert any("samples" in note for note in unknown.notes)
    assert "bound" in unknown.verdict("anchored").advice or unknown.verdict("anchored").outcome == "holds"


@pytest.mark.parametrize("size", [0.0, 1e-18, 1e-12])
def test_an_orbit_that_hardly_moves_is_not_cut_for_nothing(size: float) -> None:
    tree = ManifoldTree(Orbit(size * np.array([[0.0, -1.0], [1.0, 0.0]]), [3.0, 4.0], (-1, 1)))
    points = np.random.default_rng(0).normal(size=(20, 2))
    found = tree.nearest(points, 0.0)
    away = np.linalg.norm(points - [3.0, 4.0], axis=1)
    assert (found.lower <= away + 1e-11).all() and (away - 1e-11 <= found.upper).all()
    assert (found.upper - found.lower < 1e-11).all() and len(tree.charts[0]) < 20_000


@pytest.mark.parametrize("skew", [True, False])
def test_the_least_residual_is_global(skew: bool, cases: Callable[[int, int], int]) -> None:
    rng = np.random.default_rng(int(skew))
    for _ in range(cases(3, 30)):
        m, d, h = int(rng.integers(1, 3)), 4, int(rng.integers(1, 3))
        generators = rng.normal(size=(m, d, d)) * (1.0 if skew else 0.4)
        if skew:
            generators = generators - generators.transpose(0, 2, 1)
        group = ProductOrbit(generators, np.zeros(d), [(-1.0, 1.0)] * m)
        maps = rng.normal(size=(3, d, h))
        edges = np.array([[0, 1], [1, 2]])
        found = lie_residuals(maps, edges, group, gap=1e-2)
        threads = lie_residuals(maps, edges, group, gap=1e-2, workers=2)
        np.testing.assert_array_equal(threads.exponential_lower, found.exponential_lower)
        assert (found.exponential_lower <= found.exponential).all()
        width = found.exponential - found.exponential_lower
        assert (width <= 1.1e-2 * np.maximum(found.exponential, found.sizes)).all()
        theta = rng.uniform(-2, 2, size=(4000, m))
        for e, pair in enumerate(edges):
            for way, (i, j) in enumerate((pair, pair[::-1])):
                source = np.broadcast_to(maps[j].T, (len(theta), h, d))
                away = np.linalg.norm(group.act(theta, source) - maps[i].T, axis=(1, 2))
                assert found.exponential_lower[e, way] <= away.min()
                here = group.act(found.theta[e, way][None], source[:1])[0]
                assert np.linalg.norm(here - maps[i].T) <= found.exponential[e, way] + 1e-12
                moved = np.stack([(g @ maps[j]).ravel() for g in generators], axis=1)
                rest = np.linalg.lstsq(moved, (maps[i] - maps[j]).ravel(), rcond=None)[0]
                size = np.linalg.norm((maps[i] - maps[j]).ravel() - moved @ rest)
                assert found.linear[e, way] == pytest.approx(size, rel=1e-9, abs=1e-12)


def test_vertices_against_rationals(cases: Callable[[int, int], int]) -> None:
    for seed in range(cases(12, 300)):
        rng = np.random.default_rng(seed)
        h = int(rng.integers(1, 4))
        net = random_network(rng, h, ("box", [-2.0] * h, [2.0] * h))
        rows = facet_rows(enumerate_regions(net, Box([-2.0] * h, [2.0] * h)))
        cover = covered_regions(rows)
        for i in range(len(rows.complex)):
            mine = cover.vertices[cover.first[i] : cover.first[i + 1]]
            made = rows.polyhedron(i).generators.vertices
            exact = np.array([[int(x.p) / int(x.q) for x in point] for point in made])
            apart = np.linalg.norm(exact[:, None] - mine[None], axis=2)
            # Corners that nearly coincide may have been merged; every exact one is near a simplex.
            assert apart.min(axis=1).max() <= 2 * cover.bound[i] + 1e-14
            assert apart.min(axis=0).max() <= 2 * cover.bound[i] + 1e-14
        corners = cover.vertices[cover.simplices]
        volume = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1])).sum() / np.prod(np.arange(1, h + 1))
        assert volume == pytest.approx(4.0**h, rel=1e-9)


def test_a_study_goes_on_where_it_ended(tmp_path: Path) -> None:
    first = [case for case in CASES if case[1] in ("A-4", "B-4")]
    rows = run_study(tmp_path / "study", first)
    assert [row["regions"] for row in rows] == [4, 4]
    assert rows[0]["u1"][0] <= 1 / np.cos(np.pi / 4) - 1 <= rows[0]["u1"][1]
    assert rows[0]["sum_radii"][0] <= 4 <= rows[0]["sum_radii"][1]
    kept = (tmp_path / "study" / "A-4.json").stat().st_mtime_ns
    rows = run_study(tmp_path / "study", [*first, *[case for case in CASES if case[1] == "A-8"]])
    assert len(rows) == 3 and (tmp_path / "study" / "A-4.json").stat().st_mtime_ns == kept
    assert (tmp_path / "study" / "study.png").stat().st_size > 0 and "A-8" in study_table(rows)
