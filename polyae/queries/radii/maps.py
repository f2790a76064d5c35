"""The affine maps of all regions, reduced to at most h dimensions, with bounds on their errors and ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from polyae.complex.patterns import unpack
from polyae.complex.region_complex import RegionComplex
from polyae.networks.network import Network
from polyae.predicates.affine import BoundedRows
from polyae.tolerances import gamma

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

__all__ = ["MapReducer", "ReducedMaps", "exact_map", "gram"]

#: Ratio of singular values below which the rank of a map is decided in rationals.
RANK_DOUBT = 1e-9


@dataclass(frozen=True)
class ReducedMaps:
    """Matrices R of n regions with ``‖A z‖ = ‖R z‖`` up to errors, by ``A = Q R``.

    Attributes
    ----------
    matrices : array, shape (n, k, h)
        With k = min(d, h).
    error : array, shape (n,)
        Bound on ``| ‖A z‖ - ‖R z‖ |`` for vectors of length 1: errors of A and of its factorisation.
    inverse : array, shape (n, h, h)
        Of R; NaN where the rank is not clearly h.
    relative : array, shape (n,)
        Bound on the relative error of ``‖A z‖``; infinite where the rank is not clearly h.
    flat : array of bool, shape (n,)
        Where the rank of A is known to be below h.
    """

    matrices: Float
    error: Float
    inverse: Float
    relative: Float
    flat: Bool

    def row_norms(self, normals: Float, region: NDArray[np.int64]) -> Float:
        """Norms ``‖normal R^-1‖`` (r,) of the rows of regions, as seen in the image: normals (r, h)."""
        if not self.inverse.size:
            return np.full(len(normals), np.nan)
        return np.linalg.norm(np.einsum("rk,rkj->rj", normals, self.inverse[region]), axis=1)

    @property
    def stretch(self) -> Float:
        """Jacobian ``sqrt(det A^T A)`` of each map: shape (n,)."""
        n, k, h = self.matrices.shape
        if k < h:
            return np.zeros(n)
        return np.asarray(np.abs(np.prod(np.diagonal(self.matrices, axis1=1, axis2=2), axis=1)))


class MapReducer:
    """Collects the maps of a complex block by block; see :func:`polyae.complex.facet_rows.facet_rows`.

    Parameters
    ----------
    cx : RegionComplex
    """

    def __init__(self, cx: RegionComplex) -> None:
        self._network, n = cx.network, len(cx)
        h, d = self._network.input_dim, self._network.output_dim
        self._matrices = np.zeros((n, min(h, d), h))
        self._error, self._flat = np.zeros(n), np.zeros(n, dtype=bool)

    def add(self, part: slice, patterns: Bool, outputs: BoundedRows) -> None:
        """Reduce the maps of some regions."""
        maps = outputs.values[..., :-1]
        d, h = maps.shape[1:]
        self._matrices[part] = np.linalg.qr(maps, mode="r")
        # Backward error of Householder's factorisation (Higham, Theorem 19.4), with a margin for products with R.
        rounding = gamma(4 * (d + h) * h + 16) * np.linalg.norm(maps, axis=(1, 2))
        self._error[part] = np.linalg.norm(outputs.errors[..., :-1], axis=(1, 2)) + rounding
        self._flat[part] = _at_most(self._network, patterns) < h

    def finish(self) -> ReducedMaps:
        """Inverses and relative errors of all maps."""
        matrices, error, flat = self._matrices, self._error, self._flat
        n, k, h = matrices.shape
        inverse, relative = np.full((n, h, h) if k == h else (n, 0, 0), np.nan), np.full(n, np.inf)
        if k == h and n:
            singular = np.linalg.svd(matrices, compute_uv=False)
            full = ~flat & (singular[:, -1] > RANK_DOUBT * singular[:, 0])
            inverse[full] = np.linalg.inv(matrices[full])
            relative[full] = 4 * error[full] / singular[full, -1]
        return ReducedMaps(matrices, error, inverse, relative, flat)


def _at_most(net: Network, patterns: Bool) -> NDArray[np.int64]:
    """Bound on the ranks of the maps of patterns (n, units): outputs of a layer that are off pass nothing."""
    least = np.full(len(patterns), net.input_dim)
    for layer, start in zip(net.layers, net.unit_offsets, strict=False):
        # Units that pass nothing when they are off; everything else always passes.
        gates = np.flatnonzero(layer.slope[layer.units] == 0)
        passed = layer.n_out - len(gates) + np.count_nonzero(patterns[:, start + gates], axis=1)
        least = np.minimum(least, passed)
    return least


def exact_map(cx: RegionComplex, i: int) -> fmpq_mat:
    """Matrix A of one region."""
    exact = cx.arrangement.rational.output_map(unpack(cx.packed[i : i + 1], cx.network.num_units)[0])
    return fmpq_mat([[fmpq(x.numerator, x.denominator) for x in row[:-1]] for row in exact])


def gram(matrix: fmpq_mat) -> fmpq_mat:
    """``A^T A``, which gives the lengths of images."""
    return matrix.transpose() * matrix
