"""Generators estimated from data: least squares on the tangent equation of neighbouring points.

Two near points of one orbit satisfy ``x_j - x_i ≈ Σ_k θ_ijk G_k (x_i + x_j) / 2``, to third order in θ because the
equation is taken in the middle.  It is linear in G for given θ and in θ for given G; both are solved in turn, and each
turn lowers the residual.  The start is spectral: linear fields ``x -> G x`` that lie along the tangent planes of the
data, which are taken from the neighbours, as much as possible.

What data cannot show: generators are known only on the linear span of the data, and vanish beyond it; the scale and
sign of a generator are a convention (here spectral norm 1), since θ is estimated too; of several generators only the
span is determined.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh
from scipy.spatial import KDTree

from polyae.arrays import check_finite, real_array
from polyae.errors import DataError, SettingError, ShapeError
from polyae.queries.manifolds.orbits import ProductOrbit

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["EstimatedGenerators", "estimate_generators"]

#: Principal directions in which the start is searched: its eigenproblem has the square of it as size.
START_RANK = 14

#: Singular values of the data below this share of the largest do not count.
SPAN = 1e-10

#: Turns at most, the relative progress of the residual that ends them, and the share of the data that it may be.
TURNS, PROGRESS, EXACT = 200, 1e-6, 1e-13


@dataclass(frozen=True, eq=False, repr=False)
class EstimatedGenerators:
    """Generators and how well they explain the data.

    Attributes
    ----------
    generators : array, shape (m, d, d)
        Of spectral norm 1.
    pairs : array of int, shape (p, 2)
        Neighbours i, j among the data.
    theta : array, shape (p, m)
        Estimated parameters from the first to the second of each pair.
    residuals : array, shape (p,)
        ``‖x_j - x_i - Σ θ_k G_k (x_i + x_j) / 2‖``.
    residual : float
        Root of their sum of squares over that of the differences: 0 for a perfect fit, 1 for no explanation.
    rank : int
        Dimension of the span of the data, on which alone the generators are known.
    """

    generators: Float
    pairs: Int
    theta: Float
    residuals: Float
    residual: float
    rank: int

    def __repr__(self) -> str:
        m, d, _ = self.generators.shape
        fit = f"residual {self.residual:.4g} over {len(self.pairs):,} pairs"
        return f"EstimatedGenerators({m} of shape ({d}, {d}), {fit}, rank {self.rank})"

    def orbit(self, x0: ArrayLike, box: ArrayLike) -> ProductOrbit:
        """Orbit of a point under the estimated generators, in their order.

        Raises
        ------
        ShapeError, DataError
            As :class:`ProductOrbit`.
        """
        return ProductOrbit(self.generators, x0, box)


def estimate_generators(
    points: ArrayLike, count: int = 1, *, neighbours: int = 4, skew: bool = True, rank: int | None = None
) -> EstimatedGenerators:
    """Estimate generators whose orbits the data lie on.

    Parameters
    ----------
    points : array, shape (n, d)
        Data, dense enough that neighbours differ by small parameters.
    count : int
        Number m of generators.
    neighbours : int
        Nearest neighbours of every point that make pairs with it; more than `count`, to find tangent planes.
    skew : bool
        Whether generators are skew-symmetric (orbits on spheres) or free.
    rank : int, optional
        Principal directions of the data (about the origin) to keep, against noise; all by default.

    Returns
    -------
    EstimatedGenerators

    Raises
    ------
    ShapeError
        If the points are no matrix of more rows than `neighbours`.
    DataError
        If a number is not finite, or all points coincide.
    SettingError
        If an option is out of range.

    Examples
    --------
    >>> angles = np.linspace(0, 6, 40)
    >>> found = estimate_generators(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    >>> np.abs(found.generators[0]).round(9).tolist(), found.residual < 1e-9
    ([[0.0, 1.0], [1.0, 0.0]], True)
    """
    x = _check(points, count, neighbours, rank)
    _, sizes, turn = np.linalg.svd(x, full_matrices=False)
    kept = min(int((sizes > SPAN * sizes[0]).sum()), rank or x.shape[1])
    basis = turn[:kept]
    reduced = x @ basis.T
    pairs = _neighbour_pairs(x, neighbours)
    steps, middles = reduced[pairs[:, 1]] - reduced[pairs[:, 0]], reduced[pairs].mean(axis=1)
    if not steps.any():
        raise DataError("all points and their neighbours coincide; there is nothing to learn a generator from")
    small = min(kept, START_RANK)
    start = np.zeros((count, kept, kept))
    start[:, :small, :small] = _spectral_start(reduced[:, :small], pairs, count, skew)
    found, theta = _alternate(steps, middles, start, skew)
    norms = np.array([float(np.linalg.norm(g, 2)) or 1.0 for g in found])
    found, theta = found / norms[:, None, None], theta * norms
    generators = basis.T @ found @ basis
    if skew:
        generators = (generators - generators.transpose(0, 2, 1)) / 2
    full = x[pairs[:, 1]] - x[pairs[:, 0]]
    residuals = np.linalg.norm(full - _moved(generators, x[pairs].mean(axis=1), theta), axis=1)
    return EstimatedGenerators(
        generators, pairs, theta, residuals, float(np.linalg.norm(residuals) / np.linalg.norm(full)), kept
    )


def _check(points: ArrayLike, count: int, neighbours: int, rank: int | None) -> Float:
    x = real_array(points, "points")
    if count < 1:
        raise SettingError(f"the number of generators must be positive, got {count}")
    if neighbours <= count:
        raise SettingError(f"{count} generators need more than {count} neighbours, got {neighbours}")
    if rank is not None and rank < 1:
        raise SettingError(f"rank must be positive, got {rank}")
    if x.ndim != 2 or len(x) <= neighbours or not x.size:
        raise ShapeError(f"points must be a matrix (n, d) with n > {neighbours}, got shape {x.shape}")
    check_finite(x, "points")
    return x


def _neighbour_pairs(x: Float, neighbours: int) -> Int:
    """Pairs i < j, each once: shape (p, 2)."""
    _, near = KDTree(x).query(x, neighbours + 1)
    pairs = np.stack([np.repeat(np.arange(len(x)), neighbours + 1), near.ravel()], axis=1)
    return np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0).astype(np.int64)


def _spectral_start(x: Float, pairs: Int, count: int, skew: bool) -> Float:
    """Linear fields along the tangent planes: minimise the part across them for a given part along them."""
    n, r = x.shape
    spread = np.zeros((n, r, r))
    steps = x[pairs[:, 1]] - x[pairs[:, 0]]
    squares = steps[:, :, None] * steps[:, None]
    np.add.at(spread, pairs[:, 0], squares)
    np.add.at(spread, pairs[:, 1], squares)
    tangents = np.linalg.eigh(spread)[1][:, :, max(r - count, 0) :]
    along = tangents @ tangents.transpose(0, 2, 1)
    basis = _matrix_basis(r, skew)
    fields = np.einsum("bij,nj->bni", basis, x)
    inside = np.einsum("nij,bnj->bni", along, fields).reshape(len(basis), -1)
    across = fields.reshape(len(basis), -1) - inside
    a, b = across @ across.T, inside @ inside.T
    # Fields that vanish on the data are neither along nor across: keep them out.
    floor = 1e-9 * max(float(np.trace(a + b)), np.finfo(float).tiny)
    _, vectors = eigh(a + floor * np.eye(len(a)), a + b + 2 * floor * np.eye(len(a)))
    chosen = vectors[:, np.arange(count) % vectors.shape[1]]
    return np.einsum("bk,bij->kij", chosen, basis)


def _matrix_basis(r: int, skew: bool) -> Float:
    units = np.eye(r * r).reshape(r * r, r, r)
    if not skew:
        return units
    upper = [i * r + j for i in range(r) for j in range(i)]
    chosen = units[upper] if upper else np.zeros((1, r, r))
    return chosen - chosen.transpose(0, 2, 1)


def _alternate(steps: Float, middles: Float, start: Float, skew: bool) -> tuple[Float, Float]:
    """Solve for the parameters and for one generator after the other, in turn: generators and parameters."""
    generators, last = start.copy(), np.inf
    theta = _parameters(steps, middles, generators)
    for _ in range(TURNS):
        for k in range(len(generators)):
            others = np.delete(np.arange(len(generators)), k)
            rest = steps - _moved(generators[others], middles, theta[:, others])
            generators[k] = _fit(rest, theta[:, k, None] * middles, skew)
        theta = _parameters(steps, middles, generators)
        residual = float(np.linalg.norm(steps - _moved(generators, middles, theta)))
        if not EXACT * np.linalg.norm(steps) < residual < last * (1 - PROGRESS):
            break
        last = residual
    return generators, theta


def _moved(generators: Float, middles: Float, theta: Float) -> Float:
    """``Σ_k θ_k G_k m`` for every pair: shape (p, r)."""
    return np.asarray(np.einsum("pk,kij,pj->pi", theta, generators, middles, optimize=True))


def _parameters(steps: Float, middles: Float, generators: Float) -> Float:
    """Least squares for θ, pair by pair: shape (p, m)."""
    fields = np.einsum("kij,pj->pki", generators, middles)
    products = fields @ fields.transpose(0, 2, 1)
    inverse = np.linalg.pinv(products, hermitian=True)
    return np.asarray(np.einsum("pkl,pli,pi->pk", inverse, fields, steps, optimize=True))


def _fit(targets: Float, sources: Float, skew: bool) -> Float:
    """Matrix G that minimises ``Σ ‖target - G source‖²``, of least norm; skew-symmetric if asked for.

    For skew-symmetric G the optimum solves ``G S + S G = C - Cᵀ`` with ``S = Σ s sᵀ``, ``C = Σ t sᵀ``, which is
    diagonal in the eigenvectors of S.
    """
    products, cross = sources.T @ sources, targets.T @ sources
    values, vectors = np.linalg.eigh(products)
    if skew:
        turned = vectors.T @ (cross - cross.T) @ vectors
        weights = values[:, None] + values
    else:
        turned = vectors.T @ cross @ vectors
        weights = np.broadcast_to(values, turned.shape)
    known = weights > 1e-14 * values[-1]
    return np.asarray(vectors @ np.where(known, turned / np.where(known, weights, 1.0), 0.0) @ vectors.T)
