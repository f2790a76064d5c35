"""Parts of the subdivision engine against plain references."""

import time
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from flint import fmpq, fmpz
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from polyae.complex.canonical import _sorted_rows
from polyae.engines.edge_order import unique_edges
from polyae.engines.subdivide.exact import nearest
from polyae.engines.subdivide.layer_units import LayerUnits, layer_units, list_edge, sum_of_hashes
from polyae.engines.subdivide.layers import Points, layer_plans, next_values
from polyae.engines.subdivide.mesh import Hashes
from polyae.engines.subdivide.words import bit_of, first_bit, pack_word, unpacked
from polyae.networks.network import Layer, Network
from polyae.predicates.order import float_of, rank_of
from polyae.predicates.rational import ExactNetwork, _dyadic, homogeneous, integer_row, rounded

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def as_bytes(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Words whose bytes in memory are those of the numbers, the highest first."""
    return words.astype(">u8").view(np.uint64)


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("values", [2, 7, 2**63])
@pytest.mark.parametrize("count", [0, 1, 2, 12, 13, 500])
def test_rows_are_sorted_as_by_lexsort(width: int, values: int, count: int) -> None:
    """Few values make for many equal words; equal rows may come in any order."""
    rng = np.random.default_rng(width + count)
    words = rng.integers(0, values, size=(count, width), dtype=np.uint64) << np.uint64(0 if values > 7 else 61)
    order = _sorted_rows(as_bytes(words))
    assert np.array_equal(np.sort(order), np.arange(count))
    assert np.array_equal(words[order], words[np.lexsort(words.T[::-1])])


@pytest.mark.parametrize(
    "shape", ["rising", "falling", "equal", "pipe", "vee", "two rising", "two falling", "zigzag", "saw", "riffled"]
)
def test_rows_in_awkward_order_are_sorted(shape: str) -> None:
    """And in about the time of rows in no order: the square of their number would be thousands of times as long."""
    n = 40_000
    rising = np.arange(n, dtype=np.uint64)
    words = {
        "rising": rising, "falling": rising[::-1], "equal": 0 * rising,
        "pipe": np.concatenate([rising[::2], rising[1::2][::-1]]),
        "vee": np.concatenate([rising[1::2][::-1], rising[::2]]),
        "two rising": np.concatenate([rising[::2], rising[1::2]]),
        "two falling": np.concatenate([rising[::2][::-1], rising[1::2][::-1]]),
        "zigzag": np.where(rising % 2, rising, n - rising), "saw": rising % 100,
        "riffled": rising.reshape(2, -1).T.ravel(),
    }[shape].reshape(-1, 1)  # fmt: skip
    drawn = np.random.default_rng(0).permutation(rising)[:, None]
    times = []
    for rows in (drawn[:100], drawn, words):
        began = time.process_time()
        order = _sorted_rows(as_bytes(rows))
        times.append(time.process_time() - began)
        assert np.array_equal(np.sort(order), np.arange(len(rows)))
        assert np.array_equal(rows[order], np.sort(rows, axis=0))
    assert times[2] < 30 * times[1]


@pytest.mark.parametrize("regions", [30, 1000])
def test_repeated_edges_are_dropped(regions: int) -> None:
    rng = np.random.default_rng(1)
    edges = np.sort(rng.integers(0, 30, size=(500, 2), dtype=np.int32), axis=1)
    units = (edges.sum(axis=1) * 100).astype(np.int32)
    wanted = sorted(set(zip(*edges.T.tolist(), units.tolist(), strict=True)))
    count = unique_edges(edges, units, regions)
    assert list(zip(*edges[:count].T.tolist(), units[:count].tolist(), strict=True)) == wanted


@given(NUMBERS, NUMBERS)
def test_bits_are_in_the_order_of_nonnegative_numbers(x: float, y: float) -> None:
    assert float_of(rank_of(x)) == x
    assert (rank_of(abs(x)) < rank_of(abs(y))) == (abs(x) < abs(y))
    assert rank_of(abs(x)) < rank_of(np.inf) < rank_of(np.nan)
    assert x >= 0 or rank_of(x) < 0


@given(st.integers(1, 2**64 - 1))
def test_first_bit(word: int) -> None:
    assert first_bit(np.uint64(word)) == 64 - word.bit_length()
    assert int(bit_of(64 + first_bit(np.uint64(word)))) == 1 << (word.bit_length() - 1)


@pytest.mark.parametrize(("start", "count"), [(0, 1), (0, 64), (63, 2), (5, 130), (17, 47)])
def test_signs_are_packed_in_order(start: int, count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    values[count // 2] = 0.0 if count > 1 else -1.0
    width = (start + count + 63) // 64
    words, row, place, bound, doubtful = np.zeros(width, dtype=np.uint64), 0, start, 0.3, 0
    for i in range(width):
        some = min(64 - place, count - row)
        words[i], open_ = pack_word(values[None, :], 0, bound, row, some, place)
        row, place, doubtful = row + some, 0, doubtful + open_
    assert doubtful == (np.abs(values) <= bound).sum()
    bits = unpacked(words[None, :], 64 * width)[0]
    assert np.array_equal(
        bits, np.concatenate([np.zeros(start, bool), values > 0, np.zeros(64 * width, bool)])[: len(bits)]
    )


def some_units(before: int, count: int, twins: list[int]) -> tuple[LayerUnits, Hashes]:
    """Units of a second layer, some of which are twins of the first unit there."""
    rng = np.random.default_rng(before)
    net = Network([
        Layer(rng.normal(size=(before, 2)), np.ones(before), 0.0),
        Layer(rng.normal(size=(count, before)), np.ones(count), 0.0),
    ])  # fmt: skip
    plan, hashes = layer_plans(net)[1], Hashes.drawn(3, net.num_units, 1)
    chosen = ~np.isin(np.arange(count), twins)
    return layer_units(plan._replace(units=plan.units[chosen], rows=plan.rows[chosen]), hashes), hashes


@pytest.mark.parametrize(
    ("before", "count", "twins"), [(1, 1, []), (5, 3, [1]), (60, 70, [3, 69]), (64, 128, []), (63, 2, [1])]
)
def test_sums_of_hashes_and_waiting_edges(before: int, count: int, twins: list[int]) -> None:
    layer, hashes = some_units(before, count, twins)
    rng, total = np.random.default_rng(count), before + count
    bits = rng.random((20, total)) < 0.3
    bits[:, [before + k for k in twins]] = False
    padded = np.zeros((20, 64 * ((total + 63) // 64)), dtype=bool)
    padded[:, :total] = bits
    words = np.packbits(padded, axis=1).view(">u8").astype(np.uint64)
    following = np.full(20, -1, dtype=np.int32)
    for number in range(len(layer.units) + 1):
        layer.waiting[:] = -1
        for v in range(19):
            wanted = sum(int(hashes.positive[u]) for u in layer.units[:number] if bits[v, u]) % 2**64
            assert int(sum_of_hashes(words, v, layer.units, layer.sums, number)) == wanted
            list_edge(layer.waiting, following, words, v, v + 1, v, layer.units, number)
        for place, unit in enumerate(range(layer.units[0], layer.units[-1] + 1)):
            found, e = [], int(layer.waiting[place])
            while e >= 0:
                found.append(e)
                e = int(following[e])
            differs = bits[:-1] != bits[1:]
            later = [u for u in layer.units[number:].tolist() if u < unit]
            wanted_edges = [v for v in range(19) if differs[v, unit] and not differs[v, later].any()]
            assert sorted(found) == (wanted_edges if unit in layer.units[number:] else [])


@pytest.mark.parametrize("scale", [1e-160, 1e-3, 1.0, 1e60])
@pytest.mark.parametrize("slope", [0.0, 0.01, -1.0, 2.0])
def test_values_of_layers_are_within_their_bounds(scale: float, slope: float) -> None:
    rng = np.random.default_rng(7)
    widths = [3, 40, 40, 11]
    net = Network([
        Layer(scale * rng.normal(size=(n, m)), scale * rng.normal(size=n), slope)
        for m, n in pairwise(widths)
    ])  # fmt: skip
    points, before, exact = Points.at(rng.normal(size=(6, 3))), None, ExactNetwork(net)
    for number, plan in enumerate(layer_plans(net)):
        if scale ** (number + 1) * 1e9 > 1e150:
            break
        points = next_values(points, 6, plan, before)
        for x, values, error in zip(points.coordinates, points.values, points.error, strict=True):
            true = exact.layer_values(homogeneous(x), number)
            for value, wanted in zip(values.tolist(), true, strict=True):
                off = abs(Fraction(value) - Fraction(int(wanted.p), int(wanted.q)))
                assert off <= Fraction(error)
                assert error < 1e-9 * max(points.size.max(), 1e-250)
        before = plan


@given(st.lists(st.fractions() | NUMBERS, min_size=1, max_size=4))
def test_integer_rows_are_in_proportion(values: list[Fraction | float]) -> None:
    row, exact = integer_row(values), [Fraction(v) for v in values]
    k = next((i for i, x in enumerate(exact) if x), None)
    if k is None:
        assert not any(row)
        return
    factor = Fraction(int(row[k])) / exact[k]
    assert factor > 0
    assert [Fraction(int(x)) for x in row] == [factor * x for x in exact]


@given(st.lists(NUMBERS | st.integers(-9, 9).map(float), max_size=5))
def test_integers_over_the_least_power_of_two(values: list[float]) -> None:
    integers, exponent = _dyadic(np.array(values))
    assert [Fraction(n, 1 << exponent) for n in integers] == [Fraction(v) for v in values]
    assert exponent == 0 or any(n % 2 for n in integers)


@given(st.lists(st.integers(-(2**80), 2**80), min_size=1, max_size=3), st.integers(1, 2**90))
def test_points_are_rounded_to_the_nearest(numbers: list[int], den: int) -> None:
    point = rounded([*map(fmpz, numbers), fmpz(den)])
    assert point.tolist() == [float(Fraction(n, den)) for n in numbers]
    values = [nearest(fmpq(n, den)) for n in numbers]
    assert values == point.tolist()


def test_values_too_small_keep_their_sign() -> None:
    assert nearest(fmpq(-1, fmpz(10) ** 400)) < 0.0 < nearest(fmpq(1, fmpz(10) ** 400))
    assert nearest(fmpq(0)) == 0.0
