"""Regions in order of distance, against all regions first and their distances afterwards."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.networks import default_initialised
from polyae import Ball, Network, enumerate_regions, region_curve
from polyae.lp.distance import exact_distance_power
from polyae.predicates.rational import homogeneous

__all__ = ["run"]

#: Hidden widths of an autoencoder of MNIST's size, and regions around a point of the unit cube.
AUTOENCODER, REGIONS = (128, 64, 10, 64, 128), 10_000
#: Regions of the curve in the 1- and infinity-norm, where distances are linear programs.
FEWER = 300


def run(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """A curve in 784 dimensions in each norm, then a ball that can be enumerated whole."""
    net = default_initialised(784, AUTOENCODER, outputs=784)
    centre = np.random.default_rng(0).uniform(size=784)
    for p, regions in ((2, REGIONS), (1, FEWER), (math.inf, FEWER)):
        region_curve(net, centre, 1e3, p, max_regions=8)
        seconds, curve = best(lambda: region_curve(net, centre, 1e3, p, max_regions=regions), 1)  # noqa: B023
        yield {
            "network": "784-128-64-10 and mirrored", "norm": p, "regions": len(curve),
            "exact_radius": curve.exact_radius, "regions_per_second": len(curve) / seconds,
        }  # fmt: skip
    small, origin = default_initialised(3, (16, 16)), np.zeros(3)
    enumerate_regions(small, Ball(origin, 0.1))
    seconds, curve = best(lambda: region_curve(small, origin, 1.5), 3)
    plain, powers = best(lambda: _all_distances(small, origin, 1.5), 1)
    yield {
        "network": "3-16-16", "norm": 2, "regions": len(curve), "same_counts": len(curve) == len(powers),
        "regions_per_second": len(curve) / seconds, "ratio_enumeration_then_distances": plain / seconds,
    }  # fmt: skip


def _all_distances(network: Network, centre: np.ndarray, radius: float) -> list[Any]:
    """Exact squared distances of all regions of a ball."""
    cx = enumerate_regions(network, Ball(centre, radius))
    powers = []
    for region, witness in zip(cx, cx.witnesses.tolist(), strict=True):
        cell = cx.arrangement.cell(np.asarray(region.pattern))
        rows = [cell.integers(k) for k in np.flatnonzero(cell.source >= 0)]
        powers.append(exact_distance_power(rows, homogeneous(witness), centre, 2))
    return powers
