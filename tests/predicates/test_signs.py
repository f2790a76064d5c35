"""Signs decided by the kernel are those of exact arithmetic, above all near hyperplanes."""

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from polyae import Ball, Network, Space, enumerate_regions
from polyae.predicates.cell import Arrangement
from polyae.predicates.euclid import ball_signs
from polyae.predicates.kernel import Kernel
from polyae.predicates.position import closed_domain
from polyae.predicates.runs import overlapping_runs
from tests.engines.zoo import data_network, domain
from tests.reference.random_networks import random_case

from .test_bounds import exact_preactivations

Float = NDArray[np.float64]


def near_hyperplanes(net: Network, rng: np.random.Generator, count: int) -> Float:
    """Points where some unit's pre-activation is zero but for rounding, and their float neighbours."""
    points = rng.integers(-8, 9, size=(count, net.input_dim)) / 4.0
    for _ in range(3):
        values = net.preactivations(points)
        unit = rng.integers(values.shape[1])
        step = 1e-7
        slopes = [
            (net.preactivations(points + step * e)[:, unit] - values[:, unit]) / step for e in np.eye(net.input_dim)
        ]
        normal = np.round(np.stack(slopes, axis=1), 6)
        length = (normal**2).sum(axis=1)
        share = np.divide(values[:, unit], length, out=np.zeros(count), where=length > 0)
        points = points - share[:, None] * normal
    return np.concatenate([points, np.nextafter(points, np.inf)])


@pytest.mark.parametrize("part", range(2))
def test_unit_signs_near_hyperplanes(part: int, cases: Callable[[int, int], int]) -> None:
    doubtful = 0
    for seed in range(part, cases(60, 600), 2):
        net, _ = random_case(seed)
        if not net.num_units:
            continue
        arrangement = Arrangement(net, Space(net.input_dim))
        points = near_hyperplanes(net, np.random.default_rng(seed), 10)
        truth = [[(t > 0) - (t < 0) for t in exact_preactivations(net, p)] for p in points.tolist()]
        assert arrangement.unit_signs(points).tolist() == truth, seed
        doubtful += arrangement.kernel.counts.exact
    assert doubtful > 50


@given(st.integers(0, 10**6))
def test_cell_and_wall_signs(seed: int) -> None:
    """Rows of a cell at points near the domain's walls and the cell's own rows."""
    net, description = random_case(seed)
    cx = enumerate_regions(net, domain(description), max_regions=3)
    cell, rng = cx[0]._cell, np.random.default_rng(seed)
    lo, hi = (np.clip(side, -4, 4) for side in cx.domain.bounding_box())
    points = np.where(rng.random((6, net.input_dim)) < 0.5, lo, rng.uniform(lo, hi, size=(6, net.input_dim)))
    for point in (*points, cx.witnesses[0]):
        exact = [
            sum((Fraction(int(a)) * Fraction(x) for a, x in zip(row, [*point, 1], strict=True)), Fraction(0))
            for row in map(cell.integers, range(len(cell.source)))
        ]
        assert cell.signs_at(point).tolist() == [(t > 0) - (t < 0) for t in exact]
        walls = [t for t, source in zip(exact, cell.source, strict=True) if source < 0]
        assert cx.arrangement.wall_signs(point[None, :])[0].tolist() == [(t > 0) - (t < 0) for t in walls]


@given(
    centre=st.lists(st.floats(-2, 2) | st.integers(-2, 2).map(float), min_size=2, max_size=2),
    radius=st.floats(1e-3, 4) | st.sampled_from([1e-200, 1e200, 1.0, 5.0]),
    angle=st.floats(0, 7) | st.just(None),
    ulps=st.integers(-2, 2),
)
def test_ball_signs_near_the_sphere(centre: list[float], radius: float, angle: float | None, ulps: int) -> None:
    ball = Ball(centre, radius)
    direction = np.array([0.6, 0.8]) if angle is None else np.array([np.cos(angle), np.sin(angle)])
    point = ball.centre + radius * direction
    for _ in range(abs(ulps)):
        point = np.nextafter(point, np.inf * ulps)
    squared = sum((Fraction(x) - Fraction(c)) ** 2 for x, c in zip(point.tolist(), centre, strict=True))
    gap = Fraction(radius) ** 2 - squared
    assert ball_signs(Kernel(), ball, point[None, :])[0] == (gap > 0) - (gap < 0)


def test_closed_domain_holds_its_boundary() -> None:
    arrangement = Arrangement(data_network("generic_2-8-8-4"), Ball([0.0, 0.0], 5.0))
    just_out = [np.nextafter(3.0, 4.0), 4.0]
    points = np.array([[3.0, 4.0], [0.0, -5.0], just_out, [np.nan, 0.0], [np.inf, 0.0], [0.0, 0.0]])
    assert closed_domain(arrangement, points).tolist() == [True, True, False, False, False, True]


def test_counters_tell_filtered_from_exact_decisions() -> None:
    asked: list[list[int]] = []

    def exact(doubtful: Sequence[int]) -> list[int]:
        asked.append(list(doubtful))
        return [-1, 0, 1]

    kernel = Kernel()
    values, bounds = np.array([2.0, 1e-20, 0.0, -3.0, np.nan, 0.0]), np.array([1e-9, 1e-9, 0.0, 1e-9, 1.0, 1e-300])
    assert kernel.signs(values, bounds, exact).tolist() == [1, -1, 0, -1, 0, 1]
    assert asked == [[1, 4, 5]]
    assert (kernel.counts.filtered, kernel.counts.exact, kernel.counts.assumed) == (3, 3, 0)
    assert kernel.counts.exact_share == 0.5


def test_float_arithmetic_takes_doubtful_values_for_zero() -> None:
    kernel = Kernel("float")
    signs = kernel.signs(np.array([1.0, -1e-20]), np.array([1e-9, 1e-9]), lambda _: pytest.fail("no rationals here"))
    assert signs.tolist() == [1, 0] and kernel.counts.assumed == 1 and kernel.counts.exact_share == 0


@given(st.lists(st.tuples(st.integers(-5, 5), st.floats(0, 1) | st.just(np.inf)), max_size=12))
def test_runs_never_part_intervals_that_overlap(intervals: list[tuple[int, float]]) -> None:
    values, widths = (
        (np.array(x, dtype=float) for x in zip(*intervals, strict=True)) if intervals else (np.zeros(0),) * 2
    )
    runs = overlapping_runs(values, widths)
    assert sorted(i for run in runs for i in run) == list(range(len(values)))
    number = {i: k for k, run in enumerate(runs) for i in run}
    for i in range(len(values)):
        for j in range(i):
            if abs(values[i] - values[j]) <= widths[i] + widths[j]:
                assert number[i] == number[j]
