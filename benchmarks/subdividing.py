"""Whole domains by subdivision: beside a forward pass, marching, one LP a row, and peers that are installed.

A forward pass evaluates the network in float64 at as many points as the subdivided domain has vertices, by PyTorch on
one thread or by NumPy, whichever is faster.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from benchmarks.networks import HIDDEN, default_initialised, module, unit_box
from benchmarks.peers import PEERS
from polyae import Layer, Network, enumerate_regions

__all__ = ["compile_cost", "degenerate", "growth", "run"]

#: Regions that the engine with one LP a row is timed on.
SAMPLE = 4
#: Input dimension, hidden widths, and half-widths of boxes: from 10^3 to 10^6 regions, at h = 2 in five gigabytes.
GROWTH = (
    (2, (512, 512, 512), (0.044, 0.15, 0.5, 8.0)),
    (3, (128, 128), (0.086, 0.2, 0.5, 1.4)),
    (4, (48, 48), (0.09, 0.2, 0.5, 1.5)),
)


def run(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """The benchmark networks on [-1, 1]^h; ratios above 1 say how many times longer the other takes."""
    for name, (h, hidden) in HIDDEN.items():
        net, box = default_initialised(h, hidden), unit_box(h)
        seconds, cx = best(lambda: enumerate_regions(net, box, engine="subdivide"), 7)  # noqa: B023
        row = {
            "network": name, "regions": len(cx), "adjacent_pairs": cx.num_adjacent_pairs, "vertices": cx.f_vector[0],
            "engine": cx.engine, "exact_share": cx.decisions.exact_share, "seconds": seconds,
            "forward_passes": seconds / _forward_pass(best, h, hidden, cx.f_vector[0]),
        }  # fmt: skip
        marched, _ = best(lambda: enumerate_regions(net, box, engine="march"), 2)  # noqa: B023
        row["times_march"] = marched / seconds
        for solver in ("highs", "scipy"):
            row[f"times_{solver}"] = len(cx) * _a_region(best, net, h, solver) / seconds
        for peer, measure in PEERS.items():
            row[f"times_{peer}"] = len(cx) * measure(h, hidden) / seconds
        yield row


def degenerate(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """Networks in special position: zero biases, small integers, few bits."""
    for name, net, half in _special():
        box = unit_box(net.input_dim, half)
        seconds, cx = best(lambda: enumerate_regions(net, box, engine="subdivide"), 3)  # noqa: B023
        marched, part = best(lambda: enumerate_regions(net, box, engine="march", max_regions=60), 1)  # noqa: B023
        a_region = marched / max(1, int(part.expanded.sum()))
        yield {
            "network": name, "regions": len(cx), "seconds": seconds, "regions_per_second": len(cx) / seconds,
            "exact_share": cx.decisions.exact_share, "times_march": len(cx) * a_region / seconds,
        }  # fmt: skip


def growth(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """One fixed network on growing boxes, each in a process of its own, for its peak memory."""
    for h, hidden, halves in GROWTH:
        for half in halves:
            widths = "x".join(map(str, hidden))
            answer = _in_own_process("grow", str(h), widths, str(half))
            regions, seconds, peak, returned, packed = (float(x) for x in answer.split())
            yield {
                "h": h, "hidden": widths, "half_width": half, "regions": int(regions),
                "us_per_region": 1e6 * seconds / regions,
                "peak_bytes_per_region": peak / regions - packed, "returned_bytes_per_region": returned / regions,
            }  # fmt: skip


def compile_cost(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """Processor seconds of the first enumeration: with an empty cache on disk, and with a filled one."""
    with tempfile.TemporaryDirectory() as folder:
        for engine in ("subdivide", "march"):
            cold, warm = (float(_in_own_process("first", engine, cache=folder)) for _ in range(2))
            yield {"engine": engine, "first_call_ever": cold, "first_call_of_a_process": warm}


def _forward_pass(best: Callable[..., Any], h: int, hidden: tuple[int, ...], count: int) -> float:
    points = np.random.default_rng(0).uniform(-1, 1, (count, h))
    net, twin, inputs = default_initialised(h, hidden), module(h, hidden), torch.from_numpy(points)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            by_torch, _ = best(lambda: twin(inputs), 7)
        by_numpy, _ = best(lambda: net(points), 3)
    finally:
        torch.set_num_threads(threads)
    return float(min(by_torch, by_numpy))


def _a_region(best: Callable[..., Any], net: Network, h: int, solver: str) -> float:
    """Seconds a region of the engine that solves one LP a row, with HiGHS kept warm or through SciPy."""
    small = unit_box(h, 0.02 if h < 4 else 0.1)
    seconds, part = best(
        lambda: enumerate_regions(net, small, engine="reference", solver=solver, max_regions=SAMPLE), 1
    )
    return float(seconds / max(1, int(part.expanded.sum())))


def _special() -> Iterator[tuple[str, Network, float]]:
    rng = np.random.default_rng(0)
    for h, width in ((2, 64), (3, 32), (4, 16)):
        yield f"zero bias, h = {h}, {width}-{width}", _drawn(h, width, lambda s: rng.normal(size=s), 0.0), 1.0
    for h, width in ((2, 64), (3, 16), (4, 8)):
        yield f"integers, h = {h}, {width}-{width}", _drawn(h, width, lambda s: rng.integers(-3, 4, s) + 0.0, 1.0), 2.0
    for h, width in ((2, 64), (3, 32)):
        net = _drawn(h, width, lambda s: np.round(4 * rng.normal(size=s)) / 16, 1.0)
        yield f"multiples of 1/16, h = {h}, {width}-{width}", net, 1.0


def _drawn(h: int, width: int, numbers: Callable[[tuple[int, ...]], Any], bias: float) -> Network:
    first, second = (numbers((width, n)) for n in (h, width))
    layers = [Layer(w, bias * numbers((width,)), 0.0) for w in (first, second)]
    return Network([*layers, Layer(np.ones((1, width)), [0.0])])


def _in_own_process(*arguments: str, cache: str | None = None) -> str:
    environment = os.environ | ({} if cache is None else {"NUMBA_CACHE_DIR": cache})
    command = [sys.executable, "-m", "benchmarks.own_process", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
