"""All radii of all regions, beside the reading of rows that they are made from and a loop over shapely and Qhull."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import shapely
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from benchmarks.networks import default_initialised, unit_box
from polyae import enumerate_regions, radii
from polyae.complex.facet_rows import facet_rows
from polyae.complex.region_complex import RegionComplex

__all__ = ["run"]

#: Input dimension, hidden widths, half-width of the box.
CASES = ((2, (64, 64, 64), 40.0), (2, (128, 128, 128), 3.0), (3, (32, 32), 1.0), (4, (16, 16), 1.0))
#: Regions that the loop is timed on.
SAMPLE = 50


def run(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """Microseconds a region for all twelve radii, as certified intervals."""
    for h, hidden, half in CASES:
        net, box = default_initialised(h, hidden), unit_box(h, half)
        cx = enumerate_regions(net, box)
        radii(enumerate_regions(net, unit_box(h, half / 20)))
        seconds, found = best(lambda: radii(cx), 2)  # noqa: B023
        rows, _ = best(lambda: facet_rows(cx), 1)  # noqa: B023
        loop, _ = best(lambda: _loop(cx), 1)  # noqa: B023
        ours = 1e6 * seconds / len(cx)
        yield {
            "h": h, "hidden": "-".join(map(str, hidden)), "regions": len(cx), "us_per_region": ours,
            "seconds_for_1e5": ours / 10, "rows_share": rows / seconds, "tight": found.summary()["tight"],
            "ratio_loop": 1e6 * loop / SAMPLE / ours,
        }  # fmt: skip


def _loop(cx: RegionComplex) -> None:
    """What one would write by hand, without inradii, widths and error bounds: vertices, then libraries."""
    for i in range(0, len(cx), max(1, len(cx) // SAMPLE))[:SAMPLE]:
        corners = cx[i].vertices
        for points in (corners, cx.network(corners)):
            pdist(points)
            np.linalg.norm(points - points.mean(axis=0), axis=1)
        if corners.shape[1] == 2:
            shapely.minimum_bounding_radius(shapely.MultiPoint(corners).convex_hull)
        ConvexHull(corners)
