"""Cells behind layers with few active units: the reference engine finds the same facets."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from polyae import Box, Layer, Network, Space
from polyae.complex.enumerate import arrange
from polyae.engines import local
from polyae.engines.thin_layers import thin_cell_facets
from polyae.predicates.flat import flatten
from tests.engines.zoo import neighbours_by_programs


def network(widths: tuple[int, ...], shifts: tuple[float, ...], seed: int, slope: float = 0.0) -> Network:
    """Random layers; a negative shift of a layer's biases leaves few of its units active."""
    rng = np.random.default_rng(seed)
    layers = []
    for i, (n_in, n_out) in enumerate(pairwise(widths)):
        weight = rng.normal(size=(n_out, n_in)) / np.sqrt(n_in)
        layers.append(Layer(weight, shifts[i] + rng.normal(size=n_out), slope=slope if i + 2 < len(widths) else 1.0))
    return Network(layers)


SHAPES = {
    "first": ((5, 9, 14, 8, 3), (-0.5, 0.5, 0.0, 0.0)),
    "second": ((5, 14, 9, 12, 3), (0.5, -1.0, 0.5, 0.0)),
    "both": ((6, 9, 8, 12, 3), (-0.5, -0.5, 0.5, 0.0)),
    "last": ((5, 9, 3), (-0.5, 0.0)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_facets_are_those_of_the_reference_engine(shape: str, cases: Any) -> None:
    used = 0
    for seed in range(cases(3, 40)):
        net = network(*SHAPES[shape], seed)
        arrangement = arrange(net, Space(net.input_dim))
        codes = np.random.default_rng(seed).normal(size=(8, net.input_dim))
        found = local.expand_points(arrangement, codes)
        for i, code in enumerate(codes):
            pattern, around, away = neighbours_by_programs(arrangement, code)
            mine = found.owner == i
            assert np.array_equal(found.patterns[i], pattern)
            assert np.array_equal(found.neighbours[mine], around)
            assert np.allclose(found.distances[mine], away)
            facets = thin_cell_facets(net, flatten(arrangement), pattern.astype(np.uint8), code)
            if facets is not None:
                used += 1
                assert len(facets[0]) == len(around)
    assert used > 0


def test_few_active_units_do_not_call_rational_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network((10, 16, 32, 64, 3), (-0.5, 0.3, 0.0, 0.0), 0)
    codes = np.random.default_rng(1).normal(size=(20, 10))
    assert (net.pattern(codes)[:, :16].sum(axis=1) < 10).sum() > 5
    asked: list[int] = []
    exactly = local._expand_exactly
    monkeypatch.setattr(local, "_expand_exactly", lambda *given: asked.append(1) or exactly(*given))
    local.expand_points(arrange(net, Space(10)), codes)
    assert not asked


@pytest.mark.parametrize(("slope", "domain"), [(0.2, Space(5)), (0.0, Box([-2] * 5, [2] * 5))])
def test_other_slopes_and_bounded_domains(slope: float, domain: Any) -> None:
    net = network(*SHAPES["first"], 1, slope)
    arrangement = arrange(net, domain)
    codes = np.random.default_rng(2).uniform(-1, 1, size=(6, 5))
    found = local.expand_points(arrangement, codes)
    for i, code in enumerate(codes):
        _, around, _ = neighbours_by_programs(arrangement, code)
        assert np.array_equal(found.neighbours[found.owner == i], around)
        facets = thin_cell_facets(net, flatten(arrangement), found.patterns[i].astype(np.uint8), code)
        assert facets is None or len(facets[0]) == len(around)
