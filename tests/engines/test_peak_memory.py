"""Peak memory of marching, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
