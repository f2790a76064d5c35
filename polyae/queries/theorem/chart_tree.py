"""Distance of points from the represented manifold, with proved bounds on either side, to a tolerance.

Every chart carries a binary tree of cells of its parameter box, which grows where queries need it and is shared by
all points.  Samples are searched in a KD-tree.  What a chart's number is for charts is -1 for samples, whose
"parameter" is the number of the sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from polyae.lp.simplex import for_kernel
from polyae.queries.manifolds import Chart, Manifold
from polyae.queries.manifolds.exponential import UP
from polyae.queries.theorem.cell_kernel import distances_from_cells
from polyae.queries.theorem.convex_box import convex_boxes
from polyae.queries.theorem.newton import descend
from polyae.tolerances import gamma

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

__all__ = ["SAMPLES", "ChartTree", "ManifoldTree", "Nearest"]

#: In the place of a chart's number.
SAMPLES = -1
#: Cells of a chart before any query, and numbers held in its cells at most: 256 MiB.
FIRST_CELLS, MEMORY = 64, 1 << 25
#: Rounding of a parameter, relative.
ROUNDED = 4e-16
#: Cells whose radius is at most this many times the error of their centres gain nothing from being cut.
LAST = 3.0
#: Share of the radius of a first cell to which points are covered before boxes are tried.
ROUGH = 1 / 16
#: Points in one call of compiled code, so that it can be interrupted.
POINTS = 4096


@dataclass(frozen=True)
class Nearest:
    """Where points are nearest to the manifold, as far as known.

    Attributes
    ----------
    chart : array of int, shape (n,)
    theta : array, shape (n, m)
        Parameters; m is the largest of all charts.
    lower, upper : arrays, shape (n,)
        Bounds of the distance; `upper` bounds the distance from the point at `theta`.
    """

    chart: Int
    theta: Float
    lower: Float
    upper: Float

    def put(self, where: Int, other: Nearest) -> None:
        """Replace entries, keeping what is better."""
        self.lower[where] = np.maximum(self.lower[where], other.lower)
        better = other.upper < self.upper[where]
        chosen = where[better]
        self.chart[chosen], self.theta[chosen] = other.chart[better], other.theta[better]
        self.upper[chosen] = other.upper[better]
        self.lower[where] = np.minimum(self.lower[where], self.upper[where])

    def take(self, rows: Int) -> Nearest:
        """Copy some entries."""
        return Nearest(self.chart[rows], self.theta[rows], self.lower[rows], self.upper[rows])

    def join(self, other: Nearest) -> Nearest:
        """Entries of both, one after the other."""
        mine = (self.chart, self.theta, self.lower, self.upper)
        theirs = (other.chart, other.theta, other.lower, other.upper)
        return Nearest(*(np.concatenate(pair) for pair in zip(mine, theirs, strict=True)))


class ChartTree:
    """Cells of one chart."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        m, d = chart.dim, chart.ambient
        self._limit = max(4 * FIRST_CELLS, MEMORY // (d * (m + 1) + 8))
        shapes: list[tuple[int, ...]] = [(m,), (m,), (d,), (m, d), (m, m), (), ()]
        self._cells: list[NDArray[np.float64]] = [np.empty((0, *shape)) for shape in shapes]
        self._child, self._whole = np.empty(0, dtype=np.int64), np.empty(0, dtype=bool)
        centres, half = chart.grid(FIRST_CELLS)
        # Rounding of the centres is made up for by cells that are a little wider, here and where they are cut.
        self._add(centres, half + ROUNDED * (np.abs(centres) + half))
        self._roots = len(centres)

    def __len__(self) -> int:
        return len(self._child)

    @property
    def reach(self) -> float:
        """Largest radius of a cell without a parent."""
        return float(self._cells[5][: self._roots].max())

    def _add(self, centre: Float, half: Float) -> None:
        jet, errors = self.chart.jet(centre), self.chart.jet_errors(centre)
        bounds, radius = self.chart.derivative_bounds(centre, half), half @ self.chart.scales
        reach = (bounds[:, 0] * radius + errors[:, 0]) * UP
        bend = (bounds[:, 1] * radius**2 / 2 + errors[:, 0] + errors[:, 1] * radius) * UP
        gram = np.einsum("njd,nkd->njk", jet.first, jet.first)
        new = (centre, half, jet.x, jet.first, gram, reach, bend)
        self._cells = [np.concatenate(pair) for pair in zip(self._cells, new, strict=True)]
        self._child = np.concatenate([self._child, np.full(len(centre), -1)])
        whole = (reach <= LAST * errors[:, 0]) | (half <= 1e-14 * (1 + np.abs(centre))).all(axis=1)
        self._whole = np.concatenate([self._whole, whole])

    def _cut(self, cells: Int) -> None:
        """Cut cells across their longest sides."""
        centre, half = self._cells[0][cells], self._cells[1][cells].copy()
        rows, axis = np.arange(len(cells)), (half * self.chart.scales).argmax(axis=1)
        half[rows, axis] /= 2
        shift = np.zeros_like(centre)
        shift[rows, axis] = half[rows, axis]
        self._child[cells] = len(self) + 2 * rows
        both = np.stack([centre - shift, centre + shift], axis=1).reshape(-1, centre.shape[1])
        wider = half + ROUNDED * (np.abs(centre) + half)
        self._add(np.clip(both, self.chart.lo, self.chart.hi), np.repeat(wider, 2, axis=0))

    def distances(self, points: Float, cap: Float, tolerance: Float) -> tuple[Float, Float, Float]:
        """Parameters, lower and upper bounds, up to the cap; wider than the tolerance where memory ends the search.

        Beyond a rough tolerance, a box of parameters in which the distance is convex is bounded by itself; only
        what lies outside is covered by cells.
        """
        rough = np.maximum(tolerance, self.reach * ROUGH)
        nothing = np.full((len(points), self.chart.dim), np.inf)
        theta, lower, upper = self._covered(points, cap, rough, nothing, -nothing)
        fine = np.flatnonzero((upper - lower > tolerance) & (upper < cap))
        if len(fine):
            box = convex_boxes(self.chart, points[fine], theta[fine])
            known = np.minimum(box.upper, upper[fine])
            better = box.upper <= upper[fine]
            theta[fine[better]] = box.theta[better]
            found, low, high = self._covered(points[fine], known, tolerance[fine], box.start, box.stop)
            nearer = high < known
            theta[fine[nearer]], upper[fine] = found[nearer], high
            lower[fine] = np.maximum(lower[fine], np.minimum(low, box.lower))
        # Points beyond the cap may have another cell that needs no more than the cap says.
        far = np.flatnonzero((upper - lower > tolerance) & (upper >= cap))
        if len(far):
            theta[far], lower[far], upper[far] = self._covered(
                points[far], cap[far], tolerance[far], nothing[far], -nothing[far]
            )
        return theta, np.minimum(lower, upper), upper

    def _covered(
        self, points: Float, cap: Float, tolerance: Float, start_box: Float, stop_box: Float
    ) -> tuple[Float, Float, Float]:
        n = len(points)
        theta, lower, upper = np.zeros((n, self.chart.dim)), np.zeros(n), cap.copy()
        pending = np.arange(n)
        while len(pending):
            wanted = np.zeros(len(self), dtype=bool)
            for start in range(0, len(pending), POINTS):
                part = pending[start : start + POINTS]
                given = for_kernel(points[part], cap[part], tolerance[part], start_box[part], stop_box[part])
                cells = (*self._cells, self._child)
                theta[part], lower[part], upper[part] = distances_from_cells(
                    *given, cells, len(self), self._roots, wanted
                )
            pending = pending[lower[pending] < upper[pending] - tolerance[pending]]
            cut = np.flatnonzero(wanted & ~self._whole)
            if not len(cut) or len(self) + 2 * len(cut) > self._limit:
                break
            self._cut(cut)
        return np.clip(theta, self.chart.lo, self.chart.hi), lower, upper


class ManifoldTree:
    """All charts and samples of a manifold."""

    def __init__(self, manifold: Manifold) -> None:
        self.manifold = manifold
        self.charts = [ChartTree(chart) for chart in manifold.charts]
        self.samples = np.asarray(manifold.samples)
        self.width = max([tree.chart.dim for tree in self.charts], default=1)
        self._cloud = KDTree(self.samples) if len(self.samples) else None
        self.coarse = max([tree.reach for tree in self.charts], default=0.0) / 2

    def nearest(self, points: Float, tolerance: Float | float) -> Nearest:
        """Bounds of the distances of points (n, d), as tight as the tolerance (n,) where memory allows."""
        n = len(points)
        allowed = np.broadcast_to(np.asarray(tolerance, dtype=np.float64), (n,))
        best = Nearest(np.full(n, SAMPLES), np.zeros((n, self.width)), np.full(n, np.inf), np.full(n, np.inf))
        if self._cloud is not None:
            apart, number = self._cloud.query(points)
            best.theta[:, 0], error = number, gamma(points.shape[1] + 4)
            best.upper[:], best.lower[:] = apart * (1 + error), apart * (1 - error)
        for k, tree in enumerate(self.charts):
            theta, lower, upper = tree.distances(points, best.upper.copy(), allowed)
            better = upper < best.upper
            best.theta[better, : theta.shape[1]] = theta[better]
            best.chart[better], best.upper[better] = k, upper[better]
            best.lower[:] = np.minimum(best.lower, lower)
        best.lower[:] = np.minimum(best.lower, best.upper)
        return best

    def polished(self, points: Float, found: Nearest) -> Nearest:
        """Upper bounds after a local search from what was found; lower bounds stay as they are."""
        result = found.take(np.arange(len(points)))
        for k, tree in enumerate(self.charts):
            mine = np.flatnonzero(result.chart == k)
            if len(mine):
                own = tree.chart
                start = result.theta[mine, : own.dim]
                near = descend(lambda t, _, own=own: own.jet(t), points[mine], start, own.lo, own.hi)  # type: ignore[misc]
                reached = near.distances * (1 + gamma(own.ambient + 8)) + own.point_errors(near.theta)
                better = reached < result.upper[mine]
                result.theta[mine[better], : own.dim], result.upper[mine[better]] = near.theta[better], reached[better]
        return result

    def points(self, chart: Int, theta: Float) -> tuple[Float, Float]:
        """Points (n, d) of given charts at parameters (n, m), and bounds of their errors (n,)."""
        x, errors = np.empty((len(chart), self.manifold.ambient)), np.zeros(len(chart))
        for k in np.unique(chart):
            mine = chart == k
            if k == SAMPLES:
                x[mine] = self.samples[theta[mine, 0].astype(np.int64)]
            else:
                own = self.charts[k].chart
                at = theta[mine, : own.dim]
                x[mine], errors[mine] = own.points(at), own.point_errors(at)
        return x, errors
