"""Memory of marching: patterns packed where they are, arrays that grow, the peak in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from polyae.engines.frontier import REGIONS, Counters, add_packed, find_or_add, grown, new_frontier, packed_in_place

ROOT = Path(__file__).resolve().parents[2]
HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.mark.parametrize(("h", "hidden", "half"), [(2, "64x64x64", 6.0), (3, "128x128", 0.2), (4, "32x32", 0.5)])
def test_marching_takes_at_most_200_bytes_a_region_beyond_patterns(h: int, hidden: str, half: float) -> None:
    """From 10^4 regions on.  Memory that is reserved and not written does not count."""
    if not os.access("/proc/self/clear_refs", os.W_OK):
        pytest.skip("the peak of the resident set cannot be reset here")
    if HUGE_PAGES.exists() and "[always]" in HUGE_PAGES.read_text():
        pytest.skip("memory is resident in huge pages here, of which every array has one that is not full")
    command = [sys.executable, "-m", "benchmarks.marching", str(h), hidden, str(half)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    regions, _, grown, returned, packed = map(float, told)
    assert regions > 1e4
    assert returned < grown - regions * packed < 200 * regions


@pytest.mark.parametrize("units", [0, 1, 8, 63, 64, 65, 130, 192])
@pytest.mark.parametrize("count", [1, 1500])
def test_patterns_come_out_as_they_went_in(units: int, count: int) -> None:
    bits = np.random.default_rng(units).integers(0, 2, size=(count, units), dtype=np.uint8)
    packed = np.unique(np.packbits(bits, axis=1), axis=0)
    frontier, counters = new_frontier(units, 2), np.zeros(5, dtype=np.int64)
    frontier = grown(frontier, counters, len(packed), 0)
    add_packed(frontier, counters, packed)
    assert counters[REGIONS] == len(packed)
    assert np.array_equal(packed_in_place(frontier.words, len(packed), units), packed)


def test_arrays_keep_what_they_hold_when_they_grow() -> None:
    """From the first room through what is reserved to what is stretched."""
    counters: Counters = np.zeros(5, dtype=np.int64)
    frontier, count = new_frontier(64, 1, 4), 600_000
    for number in range(0, count, 50_000):
        frontier = grown(frontier, counters, 50_000, 0)
        packed = np.arange(number, number + 50_000, dtype=">u8").view(np.uint8).reshape(-1, 8)
        add_packed(frontier, counters, packed)
        frontier.points[number : number + 50_000, 0] = np.arange(number, number + 50_000)
    assert np.array_equal(frontier.words[:count, 0], np.arange(count, dtype=np.uint64))
    assert np.array_equal(frontier.points[:count, 0], np.arange(count))
    for number in (0, 4, 49_999, count - 1):
        assert find_or_add(frontier, counters, np.array([number], dtype=np.uint64), count) == (number, False)
