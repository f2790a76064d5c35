"""Local search for the parameters of the point nearest to a target, for many targets at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.queries.manifolds import Jet

Float = NDArray[np.float64]
Int = NDArray[np.int64]
JetAt = Callable[[Float, Int], Jet]

__all__ = ["ClosestPoints", "descend", "half_square", "newton_step"]

#: Steps at most; the search ends by itself when it stands.
NEWTON_STEPS = 40
#: A step is given up when it has been cut to this share of Newton's.
LEAST_DAMPING = 1e-6
#: Curvature below this share of the squared speed counts as none; Gauss and Newton's matrix is used then.
SOUND_CURVATURE = 1e-9


@dataclass
class ClosestPoints:
    """Points of the manifold near given points.

    Attributes
    ----------
    theta : array, shape (n, m)
    x : array, shape (n, d)
    distances : array, shape (n,)
    """

    theta: Float
    x: Float
    distances: Float

    def improve(self, where: Int, other: ClosestPoints) -> None:
        """Replace entries by nearer ones."""
        better = other.distances < self.distances[where]
        chosen = where[better]
        self.theta[chosen], self.x[chosen] = other.theta[better], other.x[better]
        self.distances[chosen] = other.distances[better]

    def take(self, rows: Int) -> ClosestPoints:
        """Copy some entries."""
        return ClosestPoints(self.theta[rows], self.x[rows], self.distances[rows])

    def join(self, other: ClosestPoints) -> ClosestPoints:
        """Entries of both, one after the other."""
        pairs = ((self.theta, other.theta), (self.x, other.x), (self.distances, other.distances))
        return ClosestPoints(*(np.concatenate(pair) for pair in pairs))


def half_square(targets: Float, jet: Jet) -> tuple[Float, Float]:
    """Gradient (n, m) and Hessian (n, m, m) of half the squared distance to the targets."""
    way = targets - jet.x
    gradient = -np.einsum("njd,nd->nj", jet.first, way)
    hessian = np.einsum("njd,nkd->njk", jet.first, jet.first) - np.einsum("njkd,nd->njk", jet.second, way)
    return gradient, hessian


def newton_step(targets: Float, jet: Jet, theta: Float, lo: Float, hi: Float) -> Float:
    """Newton's step (n, m), Gauss and Newton's where the Hessian is not positive; along walls of the box at them."""
    gradient, hessian = half_square(targets, jet)
    gauss = np.einsum("njd,nkd->njk", jet.first, jet.first)
    sound = np.linalg.eigvalsh(hessian)[:, 0] > SOUND_CURVATURE * np.trace(gauss, axis1=1, axis2=2)
    return step_in_box(gradient, np.where(sound[:, None, None], hessian, gauss), theta, lo, hi)


def step_in_box(gradient: Float, matrix: Float, theta: Float, lo: Float, hi: Float) -> Float:
    """Step ``-matrix⁺ gradient`` in the coordinates that are free to move."""
    fixed = ((theta <= lo) & (gradient > 0)) | ((theta >= hi) & (gradient < 0))
    matrix = np.where(fixed[:, :, None] | fixed[:, None, :], 0.0, matrix)
    gradient = np.where(fixed, 0.0, gradient)
    return np.asarray(-np.einsum("njk,nk->nj", np.linalg.pinv(matrix, hermitian=True), gradient))


def descend(
    jet_at: JetAt, targets: Float, theta: Float, lo: Float, hi: Float, limit: int = NEWTON_STEPS
) -> ClosestPoints:
    """Damped Newton in a box; never farther away than at the start.

    Parameters
    ----------
    jet_at : callable
        Takes parameters (k, m) and the numbers (k,) of their targets.
    targets : array, shape (n, d)
    theta : array, shape (n, m)
    lo, hi : array, shape (m,)
    limit : int
        Number of steps at most.
    """
    active = np.arange(len(targets))
    jet = jet_at(theta, active)
    found = ClosestPoints(theta.copy(), jet.x.copy(), np.linalg.norm(targets - jet.x, axis=1))
    steps = newton_step(targets, jet, theta, lo, hi)
    damping = np.ones(len(targets))
    for _ in range(limit):
        old = found.theta[active]
        new = np.clip(old + damping[active, None] * steps[active], lo, hi)
        moving = (np.abs(new - old) > 1e-15 * (1 + np.abs(old))).any(axis=1) & (damping[active] > LEAST_DAMPING)
        active, new = active[moving], new[moving]
        if not len(active):
            break
        jet = jet_at(new, active)
        distances = np.linalg.norm(targets[active] - jet.x, axis=1)
        nearer = distances < found.distances[active]
        found.improve(active, ClosestPoints(new, jet.x, distances))
        damping[active] = np.where(nearer, 1.0, damping[active] / 4)
        moved = newton_step(targets[active], jet, new, lo, hi)
        steps[active[nearer]] = moved[nearer]
    return found
