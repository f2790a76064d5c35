"""u2, the largest distance of a point of the manifold from the surface, over all charts and samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.queries.interval import Interval
from polyae.queries.manifolds import Manifold
from polyae.queries.theorem.chart_tree import SAMPLES
from polyae.queries.theorem.sides import ManifoldToSurface
from polyae.queries.theorem.supremum import Budget, Report, supremum
from polyae.queries.theorem.surface import Surface

Float = NDArray[np.float64]

__all__ = ["Farthest", "farthest_from_surface"]

#: First cells of the parameter box of a chart.
FIRST_CELLS = 64


@dataclass(frozen=True)
class Farthest:
    """What the searches reached.

    Attributes
    ----------
    interval : Interval
    chart : int
        Where the lower end is attained; -1 for a sample.
    theta : array, shape (m,)
        Its parameters; the number of the sample if it is one.
    region : int
        A region whose piece is nearest to it.
    simplices : int
        How many were looked at.
    decided : bool
        Whether the gap asked for was reached within the budget.
    """

    interval: Interval
    chart: int
    theta: Float
    region: int
    simplices: int
    decided: bool


def farthest_from_surface(
    surface: Surface, manifold: Manifold, budget: Budget, report: Report | None = None
) -> Farthest:
    """Enclose the largest distance from the surface."""
    best = _among_samples(surface, manifold)
    for k, chart in enumerate(manifold.charts):
        field = ManifoldToSurface(surface, chart)
        floor = 0.0 if best is None else best.interval.lower
        found = supremum(field, field.start(FIRST_CELLS), budget, report, floor)
        here = int(surface.regions[field.feet[found.vertex]])
        mine = Farthest(found.interval, k, field.theta[found.vertex], here, found.simplices, found.decided)
        best = mine if best is None else _join(best, mine)
    return best  # type: ignore[return-value]  # a manifold has charts or samples


def _join(a: Farthest, b: Farthest) -> Farthest:
    farther = b if b.interval.lower > a.interval.lower else a
    interval = Interval.maximum([a.interval, b.interval])
    simplices, decided = a.simplices + b.simplices, a.decided and b.decided
    return Farthest(interval, farther.chart, farther.theta, farther.region, simplices, decided)


def _among_samples(surface: Surface, manifold: Manifold) -> Farthest | None:
    samples = np.asarray(manifold.samples)
    if not len(samples):
        return None
    foot = surface.nearest(samples)
    far = int(foot.lower.argmax())
    interval = Interval(foot.lower[far], max(foot.upper.max(), foot.lower[far])).widened(surface.error).clipped()
    region = int(surface.regions[foot.simplices[far]])
    return Farthest(interval, SAMPLES, np.array([float(far)]), region, 0, True)
