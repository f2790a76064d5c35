"""Marching whole domains, and how its cost depends on the number of regions."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.networks import HIDDEN, default_initialised, unit_box
from benchmarks.own_process import grow
from polyae import enumerate_regions

__all__ = ["run", "scaling"]

#: Input dimension, hidden widths, and half-widths of the boxes.
GROWTH = {
    2: ((64, 64, 64), (0.4, 1.5, 6.0, 40.0)),
    3: ((128, 128), (0.08, 0.2, 0.5, 1.4)),
    4: ((32, 32), (0.15, 0.35, 0.8, 1.8)),
}


def run(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """Regions a second beside the reference engine, which solves a HiGHS program a row."""
    for name, (h, hidden) in HIDDEN.items():
        net, box = default_initialised(h, hidden), unit_box(h)
        small = unit_box(h, 0.02 if h < 4 else 0.1)
        seconds, cx = best(lambda: enumerate_regions(net, box, engine="march"), 3)  # noqa: B023
        plain, reference = best(lambda: enumerate_regions(net, small, engine="reference", max_regions=30), 1)  # noqa: B023
        ours, theirs = len(cx) / seconds, max(1, int(reference.expanded.sum())) / plain
        points = np.random.default_rng(0).uniform(-1, 1, (len(cx), h))
        forward, _ = best(lambda: net(points), 3)  # noqa: B023
        yield {
            "network": name, "regions": len(cx), "adjacent_pairs": cx.num_adjacent_pairs, "seconds": seconds,
            "regions_per_second": ours, "ratio_reference": ours / theirs, "forward_passes": seconds / forward,
            "exact_share": cx.decisions.exact_share,
        }  # fmt: skip


def scaling(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """One fixed network on growing boxes, each in a process of its own, for its peak memory beyond patterns.

    In all, and for each region more than on the box before.
    """
    for h, (hidden, halves) in GROWTH.items():
        last_regions = last_grown = 0.0
        for half in halves:
            text = subprocess.run(
                [sys.executable, "-m", "benchmarks.marching", str(h), "x".join(map(str, hidden)), str(half)],
                capture_output=True, text=True, check=True,
            ).stdout  # fmt: skip
            regions, seconds, grown, returned, packed = (float(x) for x in text.split())
            yield {
                "h": h, "half_width": half, "regions": int(regions), "us_per_region": 1e6 * seconds / regions,
                "peak_bytes_per_region": grown / regions - packed,
                "peak_bytes_per_region_more": (grown - last_grown) / (regions - last_regions) - packed,
                "returned_bytes_per_region": returned / regions,
            }  # fmt: skip
            last_regions, last_grown = regions, grown


if __name__ == "__main__":
    grow(int(sys.argv[1]), tuple(int(n) for n in sys.argv[2].split("x")), float(sys.argv[3]), "march")
