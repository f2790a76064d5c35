"""Where each piece of the surface comes nearest to the manifold, and at what angle: hypothesis H1.

An anchor c_ω is searched locally on every piece, by Newton's method on half the squared distance from
x(θ) to a simplex.  At a tangential contact that function is of fourth order, so the angle is found more
precisely than the distance can tell: of anchors equally near, up to a tolerance, the one of least angle is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import subspace_angles

from polyae.queries.interval import Interval
from polyae.queries.manifolds import Chart, Jet
from polyae.queries.theorem.closest import Closest
from polyae.queries.theorem.newton import step_in_box
from polyae.queries.theorem.surface import Surface

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Contacts", "find_contacts"]

#: Steps of the two local searches; the first contracts by 2/3 at a tangential contact: 1e-7 in 40.
APPROACH_STEPS, TANGENT_STEPS = 40, 8
#: Singular values below this share of the largest count as zero.
RANK_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Contacts:
    """Hypothesis H1 as measured, region by region.

    Attributes
    ----------
    anchors : array, shape (n, d)
        c_ω, the point of the piece ``D(ω ∩ Z)`` found nearest to the manifold.
    theta : array, shape (n, m)
        Parameters of the manifold's point nearest to it.
    delta : array, shape (n, 2)
        δ_ω, distance of the anchor from the manifold, from below and above.
    rho : array, shape (n, 2)
        ρ_ω, largest distance of a point of the piece from the anchor.
    angles : array, shape (n,)
        Largest principal angle in radians between col(A_ω) and the tangent space at ``x(theta)``; where their
        dimensions differ, between the smaller and the larger of them.  NaN where one is 0.
    ranks : array of int, shape (n,)
        Dimension of col(A_ω).
    tangent_dim : int
        Number of parameters of the manifold.
    """

    anchors: Float
    theta: Float
    delta: Float
    rho: Float
    angles: Float
    ranks: Int
    tangent_dim: int

    @property
    def equal_dimensions(self) -> bool:
        """Whether col(A_ω) and the tangent space have one dimension in every region."""
        return bool((self.ranks == self.tangent_dim).all())

    @property
    def max_rho(self) -> Interval:
        """Interval of max ρ_ω."""
        return Interval(*self.rho.max(axis=0))

    @property
    def max_delta_rho(self) -> Interval:
        """Interval of max (δ_ω + ρ_ω)."""
        return Interval(*(self.delta + self.rho).max(axis=0))

    def touching(self, tolerance: float) -> NDArray[np.bool_]:
        """Regions (n,) whose anchor lies on the manifold up to a distance."""
        return np.asarray(self.delta[:, 1] <= tolerance)


def find_contacts(surface: Surface, closest: Closest, rounding: float, tolerance: float) -> Contacts:
    """Anchors of all regions.

    Parameters
    ----------
    surface : Surface
    closest : Closest
        Of the manifold.
    rounding : float
        Absolute error of a distance.
    tolerance : float
        Distance that an anchor may lose for a smaller angle.
    """
    search = _Search(surface, closest.manifold)
    theta, distances = search.approach(*search.start(closest))
    order = np.lexsort((distances, surface.regions))
    chosen = order[np.searchsorted(surface.regions[order], np.arange(len(surface)))]
    at = search.turn(theta[chosen], chosen, tolerance)
    anchors = search.feet(closest.manifold.points(at), chosen)
    nearest = closest.descend(anchors, at)
    lower = closest.certified(anchors, nearest, max(tolerance, rounding))
    delta = np.stack([np.maximum(lower - rounding, 0.0), nearest.distances + rounding], axis=1)
    rho = np.array([np.linalg.norm(c - a, axis=1).max() for c, a in zip(surface.corners, anchors, strict=True)])
    rho_bounds = np.stack([np.maximum(rho - rounding, 0.0), rho + rounding], axis=1)
    angles = _angles(surface, closest.manifold.jet(at))
    return Contacts(anchors, at, delta, rho_bounds, angles, search.ranks, closest.manifold.dim)


class _Search:
    """Local searches on simplices of the surface, by number."""

    def __init__(self, surface: Surface, manifold: Chart) -> None:
        self.surface, self.manifold = surface, manifold
        left, values, _ = np.linalg.svd(np.array([a for a, _ in surface.maps]), full_matrices=False)
        sound = values > RANK_TOLERANCE * values[:, :1]
        self.ranks: Int = sound.sum(axis=1)
        self.bases = left * sound[:, None]

    def feet(self, x: Float, numbers: Int) -> Float:
        return self.surface.shape.project(x, numbers)

    def across(self, vectors: Float, numbers: Int) -> Float:
        """Part (n, ..., d) of vectors orthogonal to the columns of A."""
        basis = self.bases[self.surface.regions[numbers]]
        along = np.einsum("ndh,n...d->n...h", basis, vectors)
        return vectors - np.einsum("ndh,n...h->n...d", basis, along)

    def start(self, closest: Closest) -> tuple[Float, Int]:
        """Best of the parameters nearest to the corners and the centre of each simplex."""
        shape = self.surface.shape
        points = np.concatenate([shape.corners, shape.centres[:, None]], axis=1)
        count, numbers = points.shape[1], np.arange(len(shape))
        found = closest.local(points.reshape(-1, points.shape[2]))
        away = np.linalg.norm(found.x - self.feet(found.x, np.repeat(numbers, count)), axis=1).reshape(-1, count)
        return found.theta.reshape(len(shape), count, -1)[numbers, away.argmin(axis=1)], numbers

    def approach(self, theta: Float, numbers: Int) -> tuple[Float, Float]:
        """Descend from parameters (s, m) to the distance from the simplices: parameters and distances."""
        theta = theta.copy()
        x = self.manifold.points(theta)
        distances = np.linalg.norm(x - self.feet(x, numbers), axis=1)
        active = np.arange(len(theta))
        for _ in range(APPROACH_STEPS):
            old = distances[active]
            for step in self._steps(theta[active], numbers[active]):
                trial = np.clip(theta[active] + step, self.manifold.lo, self.manifold.hi)
                x = self.manifold.points(trial)
                away = np.linalg.norm(x - self.feet(x, numbers[active]), axis=1)
                better = away < distances[active]
                theta[active[better]], distances[active[better]] = trial[better], away[better]
            active = active[distances[active] < old]
            if not len(active):
                break
        return theta, distances

    def _steps(self, theta: Float, numbers: Int) -> list[Float]:
        """Newton's steps as if the foot moved along the whole piece, or stood still, and a short one."""
        jet = self.manifold.jet(theta)
        way = jet.x - self.feet(jet.x, numbers)
        gradient = np.einsum("njd,nd->nj", jet.first, way)
        bend = np.einsum("njkd,nd->njk", jet.second, way)
        steps = []
        for first in (self.across(jet.first, numbers), jet.first):
            gauss = np.einsum("njd,nkd->njk", first, first)
            sound = np.linalg.eigvalsh(gauss + bend)[:, 0] > 0
            matrix = np.where(sound[:, None, None], gauss + bend, gauss)
            steps.append(step_in_box(gradient, matrix, theta, self.manifold.lo, self.manifold.hi))
        return [*steps, steps[1] / 8]

    def turn(self, theta: Float, numbers: Int, tolerance: float) -> Float:
        """Least angle near parameters (n, m), where it costs no distance beyond the tolerance."""
        turned, best = theta.copy(), self._misfit(theta, numbers)
        limit = self._distance(theta, numbers) + tolerance
        wide = self.ranks[self.surface.regions[numbers]] >= self.manifold.dim
        for _ in range(TANGENT_STEPS):
            jet = self.manifold.jet(turned)
            off = self.across(jet.first, numbers).reshape(len(theta), -1)
            slope = self.across(jet.second, numbers).reshape(len(theta), self.manifold.dim, -1)
            step = -np.einsum("nkj,nk->nj", np.linalg.pinv(slope), off)
            trial = np.clip(turned + step, self.manifold.lo, self.manifold.hi)
            misfit = self._misfit(trial, numbers)
            better = wide & (misfit < best) & (self._distance(trial, numbers) <= limit)
            turned[better], best[better] = trial[better], misfit[better]
        return turned

    def _misfit(self, theta: Float, numbers: Int) -> Float:
        off = self.across(self.manifold.jet(theta).first, numbers)
        return np.asarray(np.linalg.norm(off, axis=(1, 2)))

    def _distance(self, theta: Float, numbers: Int) -> Float:
        x = self.manifold.points(theta)
        return np.asarray(np.linalg.norm(x - self.feet(x, numbers), axis=1))


def _angles(surface: Surface, jet: Jet) -> Float:
    result = np.full(len(surface), np.nan)
    for i, ((a, _), tangent) in enumerate(zip(surface.maps, jet.first, strict=True)):
        if a.any() and tangent.any():
            result[i] = subspace_angles(a, tangent.T).max()
    return result
