"""Volumes by faces: closed forms, Qhull's triangulation, and regions that add up to their domain."""

from math import factorial

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from polyae import Box, Layer, Network, enumerate_regions, radii
from polyae.complex.polytope import clear_vertices
from polyae.complex.volume import _by_faces, polytope_volume
from polyae.errors import JobTooLargeError

Float = NDArray[np.float64]


def unit(rows: Float) -> Float:
    return rows / np.linalg.norm(rows[:, :-1], axis=1, keepdims=True)


def cube(h: int) -> tuple[Float, Float]:
    corners = np.stack(np.meshgrid(*[[-1.0, 1.0]] * h), axis=-1).reshape(-1, h)
    return np.column_stack([np.vstack([np.eye(h), -np.eye(h)]), np.ones(2 * h)]), corners


def random_polytope(h: int, seed: int) -> tuple[Float, Float]:
    rng = np.random.default_rng(seed)
    rows = unit(np.column_stack([rng.normal(size=(2 * h, h)), rng.uniform(0.5, 2.0, 2 * h)]))
    walls, _ = cube(h)
    rows = np.vstack([rows, walls + 2 * np.eye(h + 1)[h]])
    corners = clear_vertices(rows, np.zeros(h), 1e7)
    assert corners is not None
    return rows, corners


@pytest.mark.parametrize("h", [5, 6, 8, 10])
def test_cubes_and_simplices(h: int) -> None:
    assert _by_faces(*cube(h)) == pytest.approx(2.0**h, rel=1e-13)
    rows = unit(np.vstack([np.eye(h, h + 1), np.append(-np.ones(h), 1.0)]))
    corners = np.vstack([np.zeros(h), np.eye(h)])
    assert polytope_volume(rows, corners) == pytest.approx(1 / factorial(h), rel=1e-13)


@pytest.mark.parametrize("h", [3, 4, 5, 6])
def test_random_polytopes_by_qhull(h: int) -> None:
    for seed in range(4):
        rows, corners = random_polytope(h, seed)
        assert _by_faces(rows, corners) == pytest.approx(ConvexHull(corners).volume, rel=1e-11)


@pytest.mark.parametrize("h", [5, 6])
def test_pyramids_over_cubes(h: int) -> None:
    """More than h rows meet in the apex, which all pyramids then share."""
    base, corners = cube(h - 1)
    sides = np.column_stack([base[:, :-1], -np.ones(len(base)), base[:, -1]])
    rows = unit(np.vstack([sides, np.eye(h + 1)[h - 1]]))
    points = np.vstack([np.column_stack([corners, np.zeros(len(corners))]), np.eye(h)[h - 1]])
    assert _by_faces(rows, points) == pytest.approx(2.0 ** (h - 1) / h, rel=1e-13)


def test_redundant_rows_that_touch_a_face() -> None:
    """Half a cube, cut through vertices: one wall keeps a face of dimension 6, where 9 rows meet in each vertex."""
    net = Network([Layer([[1.0, 1.0, *[0.0] * 6]], [0.0], 0.0), Layer(np.ones((9, 1)), [0.0] * 9)])
    cx = enumerate_regions(net, Box([-1] * 8, [1] * 8))
    rows, corners = cube(8)
    cut = unit(np.array([[1.0, 1.0, *[0.0] * 7]]))
    half = corners[corners[:, 0] + corners[:, 1] >= 0]
    assert _by_faces(np.vstack([rows, cut, cut]), half) == pytest.approx(128.0, rel=1e-13)
    assert [region.volume for region in cx] == pytest.approx([128.0, 128.0], rel=1e-9)
    assert radii(cx).latent_volume == pytest.approx([128.0, 128.0], rel=1e-6)


def test_many_rows_in_every_vertex_are_left_to_qhull() -> None:
    """Cross-polytopes: 2^(h - 1) facets meet in a vertex."""
    h = 5
    signs = cube(h)[1]
    rows, corners = unit(np.column_stack([signs, np.ones(len(signs))])), np.vstack([np.eye(h), -np.eye(h)])
    assert _by_faces(rows, corners) is None
    assert polytope_volume(rows, corners) == pytest.approx(2.0**h / factorial(h), rel=1e-12)


def test_a_missing_vertex_is_noticed_and_one_too_many_does_no_harm() -> None:
    rows, corners = cube(5)
    assert _by_faces(rows, corners[1:]) is None
    assert _by_faces(rows, np.vstack([corners, 0.5 * (corners[:1] + corners[1:2])])) == pytest.approx(32.0, rel=1e-13)


def test_regions_fill_their_domain() -> None:
    h, rng = 7, np.random.default_rng(0)
    net = Network([Layer(rng.normal(size=(4, h)), rng.normal(size=4), 0.0), Layer(rng.normal(size=(9, 4)), [0.0] * 9)])
    cx = enumerate_regions(net, Box([-1] * h, [1] * h))
    assert len(cx) > 8
    assert sum(region.volume for region in cx) == pytest.approx(2.0**h, rel=1e-9)
    assert radii(cx).latent_volume.sum() == pytest.approx(2.0**h, rel=1e-6)


def test_what_would_take_too_long_is_refused_or_done_without_vertices() -> None:
    h, rng = 20, np.random.default_rng(0)
    net = Network([Layer(rng.normal(size=(40, h)), rng.normal(size=40), 0.0), Layer(np.ones((1, 40)), [0.0])])
    region = enumerate_regions(net, Box([-1] * h, [1] * h), max_regions=1)[0]
    for name in ("vertices", "volume"):
        with pytest.raises(JobTooLargeError, match=r"dimension 20 .* chebyshev_ball"):
            getattr(region, name)
    centre, radius = region.chebyshev_ball
    heights = region.inequalities @ np.append(centre, 1.0)
    assert heights.min() == pytest.approx(radius, rel=1e-9) and (heights < radius * (1 + 1e-9)).sum() > h
    signs = cube(10)[1]
    rows, corners = unit(np.column_stack([signs, np.ones(len(signs))])), np.vstack([np.eye(10), -np.eye(10)])
    with pytest.raises(JobTooLargeError, match="20 vertices in dimension 10"):
        polytope_volume(rows, corners)
