"""Counts around many centres and regions that hold data, against counting one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from polyae import Box, Layer, Network, curve_statistics, enumerate_regions, neighbours, occupancy, region_curve
from polyae.errors import SettingError, ShapeError
from polyae.queries.count_statistics import ball_volume_log


def network() -> Network:
    rng = np.random.default_rng(2)
    return Network([Layer(rng.normal(size=(8, 2)), rng.normal(size=8), 0.0), Layer(np.ones((1, 8)), [0.0])])


def test_statistics_are_those_of_single_curves() -> None:
    net, radii = network(), [0.3, 0.9]
    centres = np.random.default_rng(0).normal(size=(5, 2))
    stats = curve_statistics(net, centres, radii)
    single = np.array([region_curve(net, c, 0.9).count(radii)[0] for c in centres])
    assert (stats.counts == single).all() and stats.exact.all()
    assert stats.mean.tolist() == single.mean(axis=0).tolist()
    assert (stats.least == single.min(axis=0)).all() and (stats.most == single.max(axis=0)).all()
    assert stats.quantiles([0.5])[0].tolist() == np.median(single, axis=0).tolist()
    assert np.allclose(stats.std_error, single.std(axis=0, ddof=1) / math.sqrt(5))
    assert np.allclose(np.exp(stats.log_density), single.mean(axis=0) / (math.pi * np.array(radii) ** 2))
    assert np.isnan(curve_statistics(net, centres[:1], radii).std_error).all()
    part = curve_statistics(net, centres, [5.0], max_regions=3)
    assert not part.exact.any() and (part.counts <= 3).all()


def test_results_are_shown_shortly() -> None:
    net = network()
    stats = curve_statistics(net, [[0.0, 0.0], [1.0, 1.0]], [0.3, 0.9])
    head, names, *rows = str(stats).splitlines()
    assert head == repr(stats) and "2 centres in R^2" in head and "complete" in head and len(rows) == 2
    assert float(rows[1].split()[1]) == stats.mean[1] and len(rows[0]) == len(names)
    found = occupancy(net, [[0.0, 0.0], [0.0, 0.0]], region_curve(net, [0.0, 0.0], 5.0))
    assert repr(found) == f"Occupancy(1 of {found.regions} regions hold 2 data, 0 on boundaries)"
    near = neighbours(net, [0.0, 0.0])
    assert repr(near).startswith(f"Neighbourhood({len(near)} neighbours, nearest facet at distance 0.")
    assert repr(neighbours(net, [[0.0, 0.0]])) == f"NeighbourhoodBatch(1 codes, {len(near)} neighbours)"
    assert curve_statistics(net, [[0.0, 0.0]], 0.3, "2").counts.tolist() == stats.counts[:1, :1].tolist()


def test_volumes_are_those_of_sampling() -> None:
    points = np.random.default_rng(1).uniform(-1, 1, size=(200_000, 3))
    for p in (1, 2, math.inf):
        inside = (np.linalg.norm(points, ord=p, axis=1) < 1).mean()
        assert 8 * inside == pytest.approx(math.exp(ball_volume_log(3, 1.0, p)), rel=0.02)
    assert ball_volume_log(784, 1.0, 2) < -1000


def test_occupied_regions_are_those_that_locate_finds() -> None:
    net = network()
    data = np.random.default_rng(3).normal(size=(60, 2))
    cx = enumerate_regions(net, Box([-6.0, -6.0], [6.0, 6.0]))
    numbers = np.bincount(cx.locate(data), minlength=len(cx))
    found = occupancy(net, data)
    assert found.per_region.tolist() == sorted(numbers[numbers > 0].tolist(), reverse=True)
    assert found.occupied == (numbers > 0).sum() and found.empty_share is None
    assert found.data_per_region == pytest.approx(60 / found.occupied)
    curve = region_curve(net, [0.0, 0.0], 0.5)
    inner = occupancy(net, data, curve)
    held = {bytes(np.packbits(net.pattern(x))) for x in data} & set(map(bytes, curve.found.packed))
    assert inner.regions == len(curve) and inner.occupied == len(held)
    assert inner.empty_share == pytest.approx(1 - len(held) / len(curve))


def test_data_on_boundaries_lie_in_no_region() -> None:
    """The second unit is dead: its zero is no boundary."""
    net = Network([Layer([[1.0], [0.0]], [0.0, 0.0], 0.0), Layer([[1.0, 1.0]], [0.0])])
    found = occupancy(net, [[0.0], [1.0], [2.0], [-1.0]])
    assert (found.per_region.tolist(), found.on_boundaries) == ([2, 1], 1)
    assert occupancy(net, np.zeros((0, 1))).occupied == 0


def test_bad_input() -> None:
    with pytest.raises(ShapeError, match="centres holds no point"):
        curve_statistics(network(), np.zeros((0, 2)), [1.0])
    with pytest.raises(ShapeError, match="centres has shape"):
        curve_statistics(network(), [[1.0]], [1.0])
    with pytest.raises(SettingError, match="nonempty"):
        curve_statistics(network(), [[1.0, 1.0]], [])
    with pytest.raises(ShapeError, match="data has shape"):
        occupancy(network(), [[1.0]])
