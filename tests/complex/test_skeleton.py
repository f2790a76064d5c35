"""Vertices, edges and f-vectors against closed forms, the regions' own vertices and plain evaluation."""

from collections.abc import Callable
from math import comb

import numpy as np
import pytest

import polyae
from polyae import Ball, Box, Polytope, Space, enumerate_regions
from polyae.errors import SettingError
from tests.engines.zoo import cube, data_network, domain, relu_network
from tests.reference.random_networks import random_case

NEAR = 1e-9
"""Far above rounding in the small networks here, far below the distances between their vertices."""


@pytest.mark.parametrize("h", [1, 2, 3, 4])
def test_a_grid(h: int) -> None:
    """Three hyperplanes across every axis: the product of h subdivided intervals."""
    weight, bias = np.repeat(np.eye(h), 3, axis=0), np.tile([-0.5, 0.0, 0.25], h)
    cx = enumerate_regions(relu_network((weight, bias)), cube(h, -1, 1))
    assert cx.f_vector == tuple(comb(h, k) * 4**k * 5 ** (h - k) for k in range(h + 1))
    ticks = np.array([-1, -0.25, 0, 0.5, 1])
    expected = np.stack(np.meshgrid(*[ticks] * h, indexing="ij"), axis=-1).reshape(-1, h)
    assert np.array_equal(np.unique(cx.vertices, axis=0), expected)
    for v, point in enumerate(cx.vertices):
        assert len(cx.skeleton.vertex_units(v)) == (np.abs(point) < 1).sum()


@pytest.mark.parametrize("n", [2, 5, 9])
def test_lines_through_one_point(n: int) -> None:
    angles = 0.1 + np.pi * np.arange(n) / n
    normals = np.column_stack([np.cos(angles), np.sin(angles)])
    cx = enumerate_regions(relu_network((normals, np.zeros(n))), cube(2, -1, 1))
    assert (cx.engine, cx.f_vector, cx.euler_characteristic) == ("subdivide", (5 + 2 * n, 4 + 4 * n, 2 * n), 1)
    centre = int(np.abs(cx.vertices).max(axis=1).argmin())
    assert cx.skeleton.vertex_units(centre).tolist() == list(range(n))


@pytest.mark.parametrize("n", [3, 6])
def test_planes_through_one_point(n: int) -> None:
    """A central arrangement in general position otherwise has n (n - 1) + 2 chambers."""
    weight = np.random.default_rng(n).normal(size=(n, 3))
    cx = enumerate_regions(relu_network((weight, np.zeros(n))), cube(3, -1, 1))
    assert len(cx) == n * (n - 1) + 2
    assert cx.euler_characteristic == 1


def test_one_hyperplane_of_several_layers() -> None:
    """Units of two layers on the diagonal, with a duplicate and a negative among them."""
    diagonal = ([[1.0, -1.0], [2.0, -2.0], [-1.0, 1.0]], np.zeros(3))
    again = ([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]], np.zeros(2))
    cx = enumerate_regions(relu_network(diagonal, again), cube(2, -1, 1))
    assert (len(cx), cx.f_vector) == (2, (4, 5, 2))
    inside = [e for e in range(5) if len(cx.skeleton.edge_units(e))]
    assert [cx.skeleton.edge_units(e).tolist() for e in inside] == [[0, 1, 2, 3, 4]]


def test_random_networks(cases: Callable[[int, int], int]) -> None:
    """With weights of quarters, so that what is nearly 0 is 0; half of all seeds are drawn so."""
    compared = 0
    for seed in range(cases(60, 2000)):
        net, description = random_case(seed)
        where = domain(description)
        quarters = all(not (4 * rows(y) % 1).any() for y in net.layers)
        if not quarters or not where.bounded or where.curved or where.dim > 3:
            continue
        cx = enumerate_regions(net, where)
        skeleton = cx.skeleton
        assert skeleton.euler_characteristic == 1, seed
        corners = np.vstack([region.vertices for region in cx])
        assert_same_points(cx.vertices, corners, seed)
        check_units(cx, seed)
        compared += 1
    assert compared > cases(7, 300)


def assert_same_points(vertices: np.ndarray, corners: np.ndarray, seed: int) -> None:
    near = np.abs(vertices[:, None] - corners[None]).max(axis=-1) < NEAR
    assert near.any(axis=0).all() and near.any(axis=1).all(), seed
    gaps = np.abs(vertices[:, None] - vertices[None]).max(axis=-1) + np.eye(len(vertices))
    assert gaps.min() > NEAR, seed


def check_units(cx: polyae.RegionComplex, seed: int) -> None:
    """Units that are listed vanish, the others do not; edges inside the domain are as many as they should be."""
    skeleton, always = cx.skeleton, np.array([not r.any() for y in cx.network.layers for r in rows(y)], dtype=bool)
    values = cx.network.preactivations(cx.vertices)
    middles = cx.vertices[skeleton.edges].mean(axis=1)
    at_edges = cx.network.preactivations(middles)
    for number, wanted in [
        *((skeleton.vertex_units(v), values[v]) for v in range(len(values))),
        *((skeleton.edge_units(e), at_edges[e]) for e in range(len(middles))),
    ]:
        zero = (np.abs(wanted) < NEAR) & ~always
        assert number.tolist() == np.flatnonzero(zero).tolist(), seed
    if cx.domain.dim == 2:
        halfspaces = cx.domain.halfspaces()
        inside = (middles @ halfspaces.normals.T + halfspaces.offsets > NEAR).all(axis=1)
        assert inside.sum() == cx.num_adjacent_pairs, seed
        assert len(skeleton.edges) == skeleton.f_vector[1]


def rows(layer: polyae.Layer) -> np.ndarray:
    return np.column_stack([layer.weight, layer.bias])[layer.units]


@pytest.mark.parametrize("where", [Space(2), Ball([0, 0], 1), Polytope([[1, 0]], [1])])
def test_other_domains_have_no_skeleton(where: polyae.Domain) -> None:
    cx = enumerate_regions(data_network("generic_2-8-8-4"), where)
    assert cx.f_vector is None and cx.euler_characteristic is None
    with pytest.raises(SettingError, match="bounded polytope"):
        _ = cx.vertices


def test_partial_complexes_have_no_skeleton() -> None:
    cx = enumerate_regions(data_network("generic_2-8-8-4"), Box([-1, -1], [1, 1]), max_regions=5)
    with pytest.raises(SettingError, match="partial"):
        _ = cx.skeleton


def test_the_f_vector_is_kept_in_files(tmp_path: object) -> None:
    cx = enumerate_regions(data_network("generic_2-8-8-4"), Box([-1, -1], [1, 1]))
    cx.save(f"{tmp_path}/cx.npz")
    again = polyae.load(f"{tmp_path}/cx.npz")
    assert again.f_vector == cx.f_vector == again.skeleton.f_vector
