"""Subdivision against marching and the rational brute force."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from polyae import Ball, Box, Domain, Layer, Network, RegionComplex, Space, enumerate_regions
from polyae.complex.enumerate import arrange, choose_engine
from polyae.engines.subdivide.by_edges import EdgeSubdivision
from polyae.engines.subdivide.by_faces import FaceSubdivision
from polyae.engines.subdivide.polytope_faces import polytope_faces
from polyae.errors import SettingError
from tests.engines.zoo import (
    assert_identical,
    assert_same,
    benchmark_network,
    cube,
    data_goldens,
    data_network,
    described_network,
    domain,
)
from tests.reference.brute_force import enumerate_exact
from tests.reference.random_networks import random_case


def test_equals_marching_and_brute_force_on_random_networks(cases: Callable[[int, int], int]) -> None:
    """Among bounded polytopes, about half of the seeds."""
    compared = 0
    for seed in range(cases(400, 4000)):
        net, description = random_case(seed)
        where = domain(description)
        if not where.bounded or where.curved:
            continue
        found = enumerate_regions(net, where, engine="subdivide")
        assert (found.engine, found.guarantee) == ("subdivide", "exact")
        assert_identical(found, enumerate_regions(net, where, engine="march"), seed)
        assert_same(found, enumerate_exact(net, description), seed)
        assert found.euler_characteristic == 1
        compared += 1
    assert compared >= cases(200, 2000)


def golden_cases(folder: Path, most: int) -> list[tuple[Network, Domain]]:
    found: list[tuple[Network, Domain]] = []
    for name, golden in data_goldens().items():
        net = data_network(name)
        found.append((net, cube(net.input_dim, *golden["box"])))
    for entry in json.loads((folder / "golden" / "integer_networks.json").read_text()):
        net = described_network(entry)
        found.append((net, cube(net.input_dim, *entry["box"])))
    for entry in json.loads((folder / "golden" / "benchmark_networks.json").read_text()):
        if entry["regions"] <= most:
            found.append((benchmark_network(entry), cube(entry["h"], -1, 1)))
    return found


def test_equals_marching_on_all_goldens(reference: Path, cases: Callable[[int, int], int]) -> None:
    for net, where in golden_cases(reference, cases(9000, 25000)):
        found = enumerate_regions(net, where, engine="subdivide")
        assert found.engine == "subdivide"
        assert_identical(found, enumerate_regions(net, where, engine="march"), net)


@pytest.mark.parametrize("name", ["generic_2-8-8-4", "digits_2-8-12-64"])
def test_faces_equal_edges_in_general_position(name: str) -> None:
    """The two subdivisions share neither their bookkeeping nor how they read regions off."""
    arrangement = arrange(data_network(name), Box([-2, -2], [2, 2]))
    faces = polytope_faces(arrangement.domain)
    by_edges, by_faces = EdgeSubdivision(arrangement, faces, 0), FaceSubdivision(arrangement, faces)
    one, other = by_edges.enumeration(), by_faces.enumeration()
    assert one.f_vector == other.f_vector
    assert_identical(RegionComplex(arrangement, one), RegionComplex(arrangement, other))
    points, others = (np.unique(made.skeleton().vertices.round(9), axis=0) for made in (by_edges, by_faces))
    assert np.array_equal(points, others)


@pytest.mark.parametrize("name", ["generic_2-8-8-4", "digits_2-8-12-64"])
def test_general_position_needs_no_exact_arithmetic(name: str) -> None:
    found = enumerate_regions(data_network(name), Box([-1, -1], [1, 1]), engine="subdivide")
    assert found.engine == "subdivide"
    assert found.decisions.exact_share < 1e-3
    assert np.array_equal(found.locate(found.witnesses), np.arange(len(found)))


def test_float_arithmetic_in_special_position_is_marched() -> None:
    """Signs that are taken for zero within an error bound need not belong to any subdivision."""
    for name, engine in (("generic_2-8-8-4", "subdivide"), ("zero_bias_2-8-8-4", "march")):
        found = enumerate_regions(data_network(name), cube(2, -1, 1), engine="subdivide", arithmetic="float")
        assert (found.engine, found.guarantee) == (engine, "float")


@pytest.mark.parametrize("where", [Space(2), Ball([0, 0], 1)])
def test_domains_without_vertices_are_marched(where: Space | Ball) -> None:
    net = data_network("generic_2-8-8-4")
    found = enumerate_regions(net, where, engine="subdivide")
    assert found.engine == "march"
    assert_identical(found, enumerate_regions(net, where, engine="march"))


def test_numbers_out_of_range_are_marched() -> None:
    net = Network([Layer([[1e200]], [0.5e200], 0.0), Layer([[1.0]], [0.0])])
    found = enumerate_regions(net, cube(1, -1, 1), engine="subdivide")
    assert (found.engine, len(found)) == ("march", 2)


@pytest.mark.parametrize(
    ("h", "units", "engine"),
    [(1, 1, "subdivide"), (6, 2, "subdivide"), (7, 2, "march"), (7, 28, "subdivide"), (8, 64, "march")],
)
def test_which_engine_is_faster(h: int, units: int, engine: str) -> None:
    weight = np.zeros((units, h))
    weight[:, 0] = 1.0
    net = Network([Layer(weight, 2.0 + np.arange(units), 0.0), Layer(np.ones((1, units)), [0.0])])
    assert choose_engine("auto", "highs", arrange(net, cube(h, -1, 1)), whole=True).name == engine


def test_a_region_budget_needs_marching() -> None:
    with pytest.raises(SettingError, match="subdivide"):
        enumerate_regions(data_network("generic_2-8-8-4"), Box([-1, -1], [1, 1]), engine="subdivide", max_regions=5)
    partial = enumerate_regions(data_network("generic_2-8-8-4"), Box([-1, -1], [1, 1]), max_regions=5)
    assert partial.engine == "march"
    assert not partial.complete
