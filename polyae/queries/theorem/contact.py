"""Where each piece of the surface comes nearest to the manifold, and at what angle: hypothesis H1.

An anchor c_ω is searched locally on every piece, by Newton's method on half the squared distance from
x(θ) to the piece.  At a tangential contact that function is of fourth order, so the angle is found more
precisely than the distance can tell: of anchors equally near, up to a tolerance, the one of least angle is taken.
Any point of the piece is a valid anchor; how far it is from the manifold, and the piece from it, is then proved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from polyae.queries.interval import Interval
from polyae.queries.manifolds import Chart, Manifold
from polyae.queries.manifolds.exponential import UP
from polyae.queries.text_table import spread_table
from polyae.queries.theorem.angles import column_bases, largest_angles
from polyae.queries.theorem.chart_tree import SAMPLES, ManifoldTree, Nearest
from polyae.queries.theorem.newton import step_in_box
from polyae.queries.theorem.surface import Surface
from polyae.tolerances import gamma

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

__all__ = ["Contacts", "find_contacts"]

#: Steps of the two local searches; the first contracts by 2/3 at a tangential contact: 1e-7 in 40.
APPROACH_STEPS, TANGENT_STEPS = 40, 8
#: How sharply the distances of the pieces' centres are known at the start, in units of their size.
START = 1 / 32
#: A step that gains less than this share of the distance ends a search, unless the distance is nearly 0.
GAIN = 1e-4


@dataclass(frozen=True, eq=False, repr=False)
class Contacts:
    """Hypothesis H1 as measured, region by region.

    Attributes
    ----------
    anchors : array, shape (n, d)
        c_ω, a point of the piece ``D(ω ∩ Z)`` near to the manifold, up to rounding.
    chart : array of int, shape (n,)
        Chart of the manifold that it is nearest to; -1 for a sample.
    theta : array, shape (n, m)
        Parameters of the point nearest to it; the number of the sample if it is one.
    delta : array, shape (n, 2)
        δ_ω, distance of the anchor from the manifold, from below and above.
    rho : array, shape (n, 2)
        ρ_ω, largest distance of a point of the piece from the anchor, from below and above.
    angles : array, shape (n,)
        Largest principal angle in radians between col(A_ω) and the tangent space at ``x(theta)``; where their
        dimensions differ, between the smaller and the larger of them.  NaN where one is 0, or at a sample.
    ranks : array of int, shape (n,)
        Dimension of col(A_ω).
    tangent_dims : array of int, shape (n,)
        Number of parameters of the chart; 0 for a sample.
    """

    anchors: Float
    chart: Int
    theta: Float
    delta: Float
    rho: Float
    angles: Float
    ranks: Int
    tangent_dims: Int

    def __len__(self) -> int:
        return len(self.anchors)

    def __repr__(self) -> str:
        return f"Contacts({len(self):,} regions, δ at most {self.delta[:, 1].max(initial=0.0):.4g})"

    def __str__(self) -> str:
        degrees = np.degrees(self.angles)
        quantities = {
            "distance δ of the anchor from X": (self.delta[:, 0], self.delta[:, 1]),
            "reach ρ of the piece from its anchor": (self.rho[:, 0], self.rho[:, 1]),
            "angle between piece and tangent, degrees": (degrees, degrees),
        }
        head = f"hypothesis H1: {len(self):,} pieces, their anchors and the manifold X"
        return "\n".join([head, *spread_table("over the regions", quantities)])

    @property
    def equal_dimensions(self) -> bool:
        """Whether col(A_ω) and the tangent space have one dimension in every region."""
        return bool((self.ranks == self.tangent_dims).all())

    @property
    def max_rho(self) -> Interval:
        """Interval of max ρ_ω."""
        return Interval(*self.rho.max(axis=0))

    @property
    def max_delta_rho(self) -> Interval:
        """Interval of max (δ_ω + ρ_ω)."""
        return Interval(*(self.delta + self.rho).max(axis=0)).widened(0.0).clipped()

    def from_true_manifold(self, manifold: Manifold) -> Contacts:
        """The same with δ from X itself, where samples stand for it."""
        if manifold.noise == manifold.cover == 0.0:
            return self
        found = [manifold.distance_from(Interval(a, b)) for a, b in self.delta]
        return replace(self, delta=np.array([[i.lower, i.upper] for i in found]))

    def touching(self, tolerance: float) -> Bool:
        """Regions (n,) whose anchor lies on the manifold up to a distance."""
        return np.asarray(self.delta[:, 1] <= tolerance)


def find_contacts(surface: Surface, tree: ManifoldTree, corners: Nearest, tolerance: float, gap: float) -> Contacts:
    """Anchors of all regions.

    Parameters
    ----------
    surface : Surface
    tree : ManifoldTree
    corners : Nearest
        Where the corners of the surface are nearest to the manifold, roughly.
    tolerance : float
        Distance that an anchor may lose for a smaller angle.
    gap : float
        δ is proved to this share of δ + ρ.
    """
    bases, ranks = column_bases(surface.maps)
    reached = np.full(len(surface), np.inf)
    chart, theta = np.full(len(surface), SAMPLES), np.zeros((len(surface), tree.width))
    for own, start, away in _starts(surface, tree, corners):
        for k, part in enumerate(tree.charts):
            mine = np.flatnonzero(own == k)
            search = _Search(surface, part.chart, bases, ranks, mine)
            start[mine, : part.chart.dim], away[mine] = search.approach(start[mine, : part.chart.dim])
        better = away < reached
        chart[better], theta[better], reached[better] = own[better], start[better], away[better]
    for k, part in enumerate(tree.charts):
        mine = np.flatnonzero(chart == k)
        search = _Search(surface, part.chart, bases, ranks, mine)
        theta[mine, : part.chart.dim] = search.turn(theta[mine, : part.chart.dim], tolerance)
    x, off = tree.points(chart, theta)
    anchors, _, _ = surface.project_to_pieces(x, np.arange(len(surface)))
    reached = np.linalg.norm(anchors - x, axis=1) * (1 + gamma(x.shape[1] + 8)) + off
    rho = _farthest(surface, anchors)
    proved = tree.nearest(anchors, np.maximum(gap / 4 * (reached + rho), tolerance))
    nearer = proved.upper < reached - tolerance
    chart[nearer], theta[nearer] = proved.chart[nearer], proved.theta[nearer]
    reached = np.minimum(reached, proved.upper)
    error, few = surface.errors, 1 + gamma(x.shape[1] + 8)
    delta = np.stack([np.maximum(np.minimum(proved.lower, reached) - error, 0.0), (reached + error) * UP], axis=1)
    rho_bounds = np.stack([np.maximum(rho / few - 2 * error, 0.0), (rho * few + 2 * error) * UP], axis=1)
    angles = _angles(tree, bases, ranks, chart, theta)
    dims = np.array([part.chart.dim for part in tree.charts] + [0])[chart]
    return Contacts(anchors, chart, theta, delta, rho_bounds, angles, ranks, dims)


def _farthest(surface: Surface, anchors: Float) -> Float:
    apart = np.linalg.norm(surface.corners - anchors[surface.pieces], axis=1)
    return np.asarray(np.maximum.reduceat(apart, surface.first[:-1]))


def _starts(surface: Surface, tree: ManifoldTree, corners: Nearest) -> list[tuple[Int, Float, Float]]:
    """Charts, parameters and distances: nearest to the centre of each piece, and the best of those at its corners."""
    sums = np.add.reduceat(surface.corners, surface.first[:-1], axis=0)
    points = sums / np.diff(surface.first)[:, None]
    fine = np.maximum(_farthest(surface, points), tree.coarse) * START
    centres = tree.polished(points, tree.nearest(points, fine))
    options = []
    for found, pieces in ((centres, np.arange(len(surface))), (corners, surface.pieces)):
        x, _ = tree.points(found.chart, found.theta)
        _, _, away = surface.project_to_pieces(x, pieces)
        order = np.lexsort((away, pieces))
        best = order[np.searchsorted(pieces[order], np.arange(len(surface)))]
        options.append((found.chart[best], found.theta[best], away[best]))
    return options


class _Search:
    """Local searches between one chart and some pieces."""

    def __init__(self, surface: Surface, chart: Chart, bases: Float, ranks: Int, pieces: Int) -> None:
        self.surface, self.chart, self.pieces = surface, chart, pieces
        self.bases, self.ranks = bases[pieces], ranks[pieces]

    def _across(self, vectors: Float, rows: Int) -> Float:
        """Part (n, ..., d) of vectors orthogonal to the columns of A."""
        basis = self.bases[rows]
        shape = vectors.shape
        flat = vectors.reshape(len(vectors), int(np.prod(shape[1:-1])), shape[-1])
        return np.asarray((flat - (flat @ basis) @ basis.transpose(0, 2, 1)).reshape(shape))

    def _away(self, theta: Float, rows: Int) -> Float:
        x = self.chart.points(theta)
        feet, _, _ = self.surface.project_to_pieces(x, self.pieces[rows])
        return np.asarray(np.linalg.norm(x - feet, axis=1))

    def approach(self, theta: Float) -> tuple[Float, Float]:
        """Descend from parameters (n, m) to the distance from the pieces: parameters and distances."""
        theta = theta.copy()
        active = np.arange(len(theta))
        distances = self._away(theta, active)
        small = GAIN * self.surface.scale
        for _ in range(APPROACH_STEPS):
            if not len(active):
                break
            old = distances[active]
            for step in self._steps(theta[active], active):
                trial = np.clip(theta[active] + step, self.chart.lo, self.chart.hi)
                away = self._away(trial, active)
                better = away < distances[active]
                theta[active[better]], distances[active[better]] = trial[better], away[better]
            gained = old - distances[active]
            active = active[(gained > GAIN * old) | ((gained > 0) & (old < small))]
        return theta, distances

    def _steps(self, theta: Float, rows: Int) -> list[Float]:
        """Newton's steps as if the foot moved along the whole piece, or stood still, and a short one."""
        jet = self.chart.jet(theta)
        way = jet.x - self.surface.project_to_pieces(jet.x, self.pieces[rows])[0]
        gradient = np.einsum("njd,nd->nj", jet.first, way)
        bend = np.einsum("njkd,nd->njk", jet.second, way)
        steps = []
        for first in (self._across(jet.first, rows), jet.first):
            gauss = first @ first.transpose(0, 2, 1)
            sound = np.linalg.eigvalsh(gauss + bend)[:, 0] > 0
            matrix = np.where(sound[:, None, None], gauss + bend, gauss)
            steps.append(step_in_box(gradient, matrix, theta, self.chart.lo, self.chart.hi))
        return [*steps, steps[1] / 8]

    def turn(self, theta: Float, tolerance: float) -> Float:
        """Least angle near parameters (n, m), where it costs no distance beyond the tolerance."""
        turned, every = theta.copy(), np.arange(len(theta))
        limit = self._away(theta, every) + tolerance
        # Pieces that stay away from the manifold have no contact to be tangent at.
        chosen = np.flatnonzero((self.ranks >= self.chart.dim) & (limit < GAIN * self.surface.scale))
        if not len(chosen):
            return turned
        best = self._misfit(theta[chosen], chosen)
        for _ in range(TANGENT_STEPS):
            jet = self.chart.jet(turned[chosen])
            off = self._across(jet.first, chosen).reshape(len(chosen), -1)
            slope = self._across(jet.second, chosen).reshape(len(chosen), self.chart.dim, -1)
            step = -np.einsum("nkj,nk->nj", np.linalg.pinv(slope), off)
            trial = np.clip(turned[chosen] + step, self.chart.lo, self.chart.hi)
            misfit = self._misfit(trial, chosen)
            better = (misfit < best) & (self._away(trial, chosen) <= limit[chosen])
            turned[chosen[better]], best[better] = trial[better], misfit[better]
        return turned

    def _misfit(self, theta: Float, rows: Int) -> Float:
        off = self._across(self.chart.jet(theta).first, rows)
        return np.asarray(np.linalg.norm(off, axis=(1, 2)))


def _angles(tree: ManifoldTree, bases: Float, ranks: Int, chart: Int, theta: Float) -> Float:
    result = np.full(len(chart), np.nan)
    for k in np.unique(chart[chart != SAMPLES]):
        own, mine = tree.charts[k].chart, np.flatnonzero(chart == k)
        tangents, dims = column_bases(own.jet(theta[mine, : own.dim]).first.transpose(0, 2, 1))
        result[mine] = largest_angles(bases[mine], ranks[mine], tangents, dims)
    return result
