"""The one-parameter group ``exp(θG)`` of a matrix, applied to many vectors at many θ."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

Float = NDArray[np.float64]

__all__ = ["Exponential"]

#: Taylor terms after an anchor: ``0.5^k / k!`` falls below 1e-17 at k = 14.
TAYLOR_TERMS = 15


class Exponential:
    """Matrix exponential of one generator.

    A skew-symmetric generator is diagonalised: iG is Hermitian.  Any other is taken by exact matrix
    exponentials on a grid of step ``1 / ‖G‖`` and a Taylor series between, which is as accurate for
    defective matrices.

    Parameters
    ----------
    generator : array, shape (d, d)

    Attributes
    ----------
    norm : float
        Spectral norm of G.
    growth : float
        ``‖exp(θG)‖ <= exp(growth |θ|)``: spectral norm of the symmetric part (Dahlquist's logarithmic norm),
        0 for a skew-symmetric generator.
    """

    def __init__(self, generator: Float) -> None:
        self.generator = generator
        self.skew = bool(np.array_equal(generator, -generator.T))
        self.norm = float(np.linalg.norm(generator, 2))
        self.growth = 0.0 if self.skew else float(np.linalg.norm((generator + generator.T) / 2, 2))
        if self.skew:
            self._values, self._vectors = np.linalg.eigh(1j * generator)
        self._anchors: dict[int, Float] = {}

    def apply(self, theta: Float, vectors: Float) -> Float:
        """``exp(theta[n] G) @ vectors[n, ..., :]`` for theta (n,) and vectors (n, ..., d)."""
        angle = theta.reshape(-1, *(1,) * (vectors.ndim - 1))
        if self.skew:
            phases = np.exp(-1j * angle * self._values)
            return np.ascontiguousarray(((phases * (vectors @ self._vectors.conj())) @ self._vectors.T).real)
        if self.norm == 0.0:
            return vectors.copy()
        number = np.rint(theta * self.norm).astype(int)
        result = np.empty_like(vectors)
        for k in np.unique(number):
            result[number == k] = vectors[number == k] @ self._anchor(int(k)).T
        return self._taylor(angle - (number / self.norm).reshape(angle.shape), result)

    def _anchor(self, k: int) -> Float:
        if k not in self._anchors:
            self._anchors[k] = expm((k / self.norm) * self.generator)
        return self._anchors[k]

    def _taylor(self, step: Float, vectors: Float) -> Float:
        result, term = vectors.copy(), vectors
        for k in range(1, TAYLOR_TERMS):
            term = (term @ self.generator.T) * (step / k)
            result += term
        return result
