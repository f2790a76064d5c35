"""Estimates of counts: unbiased, with intervals that cover, and warnings where they do not."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from polyae import Layer, Network, count_in_balls, region_curve
from polyae.engines.outward.descent import Descent
from polyae.errors import SettingError
from polyae.queries.count_estimate import RegionEstimate, estimate_regions

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "counting.md"


def network(seed: int, sizes: list[int], slope: float = 0.0) -> Network:
    rng = np.random.default_rng(seed)
    shapes = [(b, a) for a, b in pairwise(sizes)]
    return Network([Layer(rng.normal(size=s) / math.sqrt(s[1]), rng.normal(size=s[0]), slope) for s in shapes])


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_few_regions_are_counted_exactly(p: float) -> None:
    """A descent that keeps every node is a count, on networks in special position too."""
    for seed, slope in enumerate((0.0, 0.1, -1.0)):
        net = network(seed, [3, 5, 4], slope)
        doubled = Layer(np.vstack([net.layers[0].weight, net.layers[0].weight[:2]]),
                        np.append(net.layers[0].bias, net.layers[0].bias[:2]), slope)  # fmt: skip
        wide = Network([doubled, Layer(np.hstack([net.layers[1].weight, np.zeros((4, 2))]), net.layers[1].bias, slope)])
        for one in (net, wide):
            true = int(region_curve(one, np.zeros(3), 1.5, p).count([1.5])[0][0])
            found = estimate_regions(one, np.zeros(3), 1.5, p, nodes=1000)
            assert found is not None and (found.value, found.std) == (true, 0.0) and true > 5


@pytest.mark.parametrize(("nodes", "growth"), [(1, 0.0), (1, 4.0), (8, 0.0), (8, 4.0)])
def test_descents_are_unbiased(nodes: int, growth: float) -> None:
    """Knuth's descent, tilted, stratified, and both: the mean of many runs is the count within four errors."""
    net, radius = network(3, [3, 8, 8]), 1.2
    true = int(region_curve(net, np.zeros(3), radius).count([radius])[0][0])
    rng = np.random.default_rng(0)
    descent = Descent(net, np.zeros(3), radius, 2, nodes, growth)
    runs = np.array([descent.run(rng) for _ in range(1500 // nodes + 200)])
    assert abs(runs.mean() - true) < 4 * runs.std() / math.sqrt(len(runs))
    assert runs.std() > 0 and true > 30


def test_strata_and_tilting_help() -> None:
    net, rng = network(3, [4, 10, 10]), np.random.default_rng(1)

    def spread(nodes: int, growth: float) -> float:
        descent = Descent(net, np.zeros(4), 1.2, 2, nodes, growth)
        runs = np.array([descent.run(rng) for _ in range(200)])
        return float(runs.std() / runs.mean())

    assert spread(16, 3.0) < 0.5 * spread(1, 0.0)


@pytest.mark.parametrize(
    ("sizes", "slope", "biased"),
    [
        ((4, 10, 8), 0.0, True), ((4, 10, 8), 0.1, True), ((4, 14, 10), -1.0, True), ((3, 12, 12), -1.0, True),
        ((3, 20, 12), 0.0, True), ((2, 30, 24), 0.0, True), ((4, 14, 10), 0.0, False), ((3, 16, 16), 0.1, False),
    ],
)  # fmt: skip
def test_intervals_cover(sizes: tuple[int, ...], slope: float, biased: bool, cases: Callable[[int, int], int]) -> None:
    """Nominal 95%, all settings as they are by default: at least 90% of 200 repetitions without a warning."""
    net = network(sum(sizes), list(sizes), slope)
    if not biased:
        # The ball does not reach the origin, where all hyperplanes meet.
        net = Network([Layer(y.weight, np.zeros(y.n_out), y.slope) for y in net.layers])
    centre, radius = np.random.default_rng(0).normal(size=sizes[0]), 2.0 if biased else 0.5
    true, repetitions = len(region_curve(net, centre, radius)), cases(1, 200)
    row = f"| {'-'.join(map(str, sizes))} | {slope:g} | {'yes' if biased else 'no'} | {true:,} |"
    assert row in DOCUMENT.read_text(encoding="utf-8").splitlines()
    covered = warned = 0
    for repetition in range(repetitions):
        found = estimate_regions(net, centre, radius, seed=repetition)
        assert found is not None
        if found.heavy_tail:
            warned += 1
        else:
            low, high = found.interval()
            covered += low <= true <= high
    print(f"{sizes} {slope} {biased}: {true} regions, {covered} of {repetitions - warned} covered, {warned} warned")
    if repetitions > 100:
        assert covered >= 0.9 * (repetitions - warned)
    elif not warned:  # one nominal 95% interval; the count is within twice its width
        assert low - (high - low) / 2 <= true <= high + (high - low) / 2


def test_heavy_tails_are_reported() -> None:
    even, uneven = RegionEstimate(np.full(32, 5.0), 0.0), RegionEstimate(np.append(np.ones(31), 1e6), 0.0)
    assert not even.heavy_tail and even.effective == pytest.approx(32) and even.std == 0
    assert uneven.heavy_tail and uneven.effective == pytest.approx(1.0, rel=1e-3)
    # Two values of a Bernoulli sample of share q have the skewness (1 - 2 q) / sqrt(q (1 - q)).
    for hits, warns in ((4, True), (10, False)):
        runs, q = np.append(np.full(32 - hits, 10.0), np.full(hits, 11.0)), hits / 32
        found = RegionEstimate(runs, 0.0)
        assert found.skewness == pytest.approx((1 - 2 * q) / math.sqrt(q * (1 - q)))
        assert found.heavy_tail == warns == (25 * found.skewness**2 > 32)


def test_an_estimate_is_reproducible_and_stops_in_time() -> None:
    net = network(0, [6, 24, 24])
    first, again = (estimate_regions(net, np.zeros(6), 1.0, runs=8, seed=5) for _ in range(2))
    assert first is not None and again is not None and first.runs.tolist() == again.runs.tolist()
    assert estimate_regions(net, np.zeros(6), 1.0, runs=1000, max_seconds=1e-9) is None
    with pytest.raises(SettingError, match="8 runs"):
        estimate_regions(net, np.zeros(6), 1.0, runs=4)


def test_counts_say_which_of_them_are_estimated() -> None:
    net = network(0, [4, 16, 16])
    counts = count_in_balls(net, np.zeros(4), [0.2, 1.5], max_regions=60)
    assert counts.regions_exact[0] is not None and counts.regions_exact[1] is None
    assert counts.estimate_std[0] == 0 and counts.estimate_std[1] > 0
    assert counts.regions_lower[1] <= counts.estimate[1] <= counts.regions_upper[1]
    without = count_in_balls(net, np.zeros(4), [0.2, 1.5], max_regions=60, runs=0)
    assert np.isnan(without.estimate[1]) and np.isnan(without.estimate_std[1])
