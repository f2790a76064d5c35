"""How far neighbouring pieces are from being moved into one another by the group: hypothesis H2.

For each edge (ω, ω') of the region graph, in both directions: the least ``‖exp(θG) A_ω' - A_ω‖_F`` over θ, and
its linearisation ``min_ε ‖A_ω - (I + Σ ε_k G_k) A_ω'‖_F`` (Propositions 2 and 3 of Cosentino et al., 2021).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.queries.manifolds import Jet, ProductOrbit
from polyae.queries.theorem.newton import descend

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["LieResiduals", "lie_residuals"]

#: Starts of the search for θ, spread over all differences of two parameters; 0 is one of them.
STARTS = 129


@dataclass(frozen=True)
class LieResiduals:
    """Hypothesis H2 as measured, edge by edge.

    Attributes
    ----------
    edges : array of int, shape (e, 2)
        Pairs i < j of regions.
    exponential : array, shape (e, 2)
        ``min_θ ‖exp(θG) A_j - A_i‖_F`` and the same with i and j exchanged.  The minimum is searched from many
        starts over the differences of two parameters of the orbit; it is a value attained, hence an upper bound.
    theta : array, shape (e, 2, m)
        Where.
    linear : array, shape (e, 2)
        ``min_ε ‖A_i - (I + Σ ε_k G_k) A_j‖_F`` and the same with i and j exchanged.
    """

    edges: Int
    exponential: Float
    theta: Float
    linear: Float


def lie_residuals(maps: Float, edges: Int, orbit: ProductOrbit) -> LieResiduals:
    """Residuals of all edges.

    Parameters
    ----------
    maps : array, shape (n, d, h)
        The matrices A_ω.
    edges : array of int, shape (e, 2)
    orbit : ProductOrbit
        Its generators, and the differences of its parameters.
    """
    columns = maps.transpose(0, 2, 1)
    both = np.concatenate([edges, edges[:, ::-1]])
    targets, sources = columns[both[:, 0]], columns[both[:, 1]]
    theta, exponential = _exponential(targets, sources, orbit)
    linear = _linear(targets, sources, orbit.generators)
    m = orbit.dim
    return LieResiduals(
        edges,
        exponential.reshape(2, -1).T.copy(),
        theta.reshape(2, -1, m).swapaxes(0, 1).copy(),
        linear.reshape(2, -1).T.copy(),
    )


def _linear(targets: Float, sources: Float, generators: Float) -> Float:
    size = targets.shape[1] * targets.shape[2]
    moved = np.stack([(sources @ g.T).reshape(-1, size) for g in generators], axis=2)
    change = (targets - sources).reshape(-1, size)
    # A generator may annihilate the source: the pseudo-inverse leaves its ε at 0.
    epsilon = np.einsum("njk,nk->nj", np.linalg.pinv(moved), change)
    return np.asarray(np.linalg.norm(change - np.einsum("nkj,nj->nk", moved, epsilon), axis=1))


def _exponential(targets: Float, sources: Float, orbit: ProductOrbit) -> tuple[Float, Float]:
    hi = orbit.hi - orbit.lo
    size = targets.shape[1] * targets.shape[2]

    def jet_at(theta: Float, rows: Int) -> Jet:
        jet = orbit.act_jet(theta, sources[rows])
        n, m = theta.shape
        return Jet(jet.x.reshape(n, size), jet.first.reshape(n, m, size), jet.second.reshape(n, m, m, size))

    found = descend(jet_at, targets.reshape(-1, size), _best_start(targets, sources, orbit, hi), -hi, hi)
    return found.theta, found.distances


def _best_start(targets: Float, sources: Float, orbit: ProductOrbit, reach: Float) -> Float:
    per_axis = max(round(STARTS ** (1 / orbit.dim)) // 2, 2)
    axes = [np.linspace(-r, r, 2 * per_axis + 1) for r in reach]
    best, start = np.full(len(targets), np.inf), np.zeros((len(targets), orbit.dim))
    for theta in np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, orbit.dim):
        moved = orbit.act(np.broadcast_to(theta, start.shape), sources)
        away = ((moved - targets) ** 2).sum(axis=(1, 2))
        better = away < best
        best[better], start[better] = away[better], theta
    return start
