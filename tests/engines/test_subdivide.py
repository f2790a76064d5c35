"""Subdivision against marching and the rational brute force."""

from collections.abc import Callable

import numpy as np
import pytest

from polyae import Ball, Box, Space, enumerate_regions
from polyae.errors import SettingError
from tests.engines.zoo import assert_same, data_network, domain
from tests.reference.brute_force import enumerate_exact
from tests.reference.random_networks import random_case


def test_equals_marching_and_brute_force_on_random_networks(cases: Callable[[int, int], int]) -> None:
    compared = 0
    for seed in range(cases(400, 4000)):
        net, description = random_case(seed)
        where = domain(description)
        if not where.bounded or where.curved:
            continue
        found = enumerate_regions(net, where, engine="subdivide")
        marched = enumerate_regions(net, where, engine="march")
        assert np.array_equal(found.packed, marched.packed), seed
        assert np.array_equal(found.edges, marched.edges), seed
        assert np.array_equal(found.edge_units, marched.edge_units), seed
        assert found.guarantee == "exact"
        assert_same(found, enumerate_exact(net, description), seed)
        compared += 1
    assert compared > cases(150, 1500)


def test_generic_networks_are_subdivided_and_not_handed_on() -> None:
    net = data_network("generic_2-8-8-4")
    found = enumerate_regions(net, Box([-1, -1], [1, 1]), engine="subdivide")
    assert found.engine == "subdivide"
    assert found.decisions.exact_share < 1e-3
    assert np.array_equal(found.locate(found.witnesses), np.arange(len(found)))


@pytest.mark.parametrize("where", [Space(2), Ball([0, 0], 1)])
def test_domains_without_vertices_are_marched(where: Space | Ball) -> None:
    net = data_network("generic_2-8-8-4")
    found = enumerate_regions(net, where, engine="subdivide")
    assert found.engine == "march"
    assert np.array_equal(found.packed, enumerate_regions(net, where, engine="march").packed)


def test_a_region_budget_needs_marching() -> None:
    with pytest.raises(SettingError, match="subdivide"):
        enumerate_regions(data_network("generic_2-8-8-4"), Box([-1, -1], [1, 1]), engine="subdivide", max_regions=5)
    partial = enumerate_regions(data_network("generic_2-8-8-4"), Box([-1, -1], [1, 1]), max_regions=5)
    assert partial.engine == "march"
    assert not partial.complete
