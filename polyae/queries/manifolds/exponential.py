"""The one-parameter group ``exp(θG)`` of a matrix, applied to many vectors at many θ, with proved errors.

*Skew-symmetric G.*  A real Schur form gives Q and S = diag of blocks ``[[0, -λ], [λ, 0]]`` with ``GQ ≈ QS``.  For the
floating-point Q itself let ``y(θ) = Q exp(θS) Qᵀ v``.  Then ``y' = G y - R exp(θS) Qᵀ v`` with ``R = GQ - QS``, and
since ``exp(θG)`` is an isometry, Duhamel's formula gives

    ``‖y(θ) - exp(θG) v‖ <= (|θ| ‖R‖ ‖Q‖ + ‖QQᵀ - I‖) ‖v‖``.

*Any other G.*  With a power of two ``t <= 1 / ‖G‖``, P is the Taylor polynomial of ``exp(tG)`` and ``E_k`` the power
``P^k``, so that ``E_{k+1} - exp((k+1) t G) = P (E_k - exp(k t G)) + (P - exp(tG)) exp(k t G)`` plus rounding.  Between
multiples of t a Taylor polynomial acts on the vector.

Rounding is bounded by ``‖fl(XY) - XY‖_F <= γ_d ‖X‖_F ‖ |Y| ‖_2`` (Higham 2002, section 3.5).  Cosines and sines of the
library are taken to be right to four units in the last place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import schur

from polyae.tolerances import UNIT_ROUNDOFF, gamma

Float = NDArray[np.float64]

__all__ = ["UP", "Exponential", "spectral_bound", "times"]

#: Taylor terms: ``1 / k!`` falls below 1e-19 at k = 21, and below one half to that power of it between anchors.
TAYLOR_TERMS = 21
TAYLOR_REMAINDER = 3e-20
#: Squarings in :func:`spectral_bound`: it is too large by a factor of ``d^(1/1024)`` at most.
SQUARINGS = 8
#: Error of a cosine or sine, in units of roundoff.
TRIGONOMETRIC = 4.0
#: Few tens of roundings in a sum or product of nonnegative numbers.
UP = 1.0 + 1e-13


def times(vectors: Float, matrix: Float) -> Float:
    """``vectors @ matrix`` for vectors (..., d), as one product instead of one for each leading index."""
    flat = vectors.reshape(-1, vectors.shape[-1]) @ matrix
    return np.asarray(flat.reshape(*vectors.shape[:-1], matrix.shape[1]))


def spectral_bound(matrix: Float) -> float:
    """Proved upper bound of the spectral norm, at most ``d^(1/1024)`` times as large up to rounding.

    By ``‖G‖² = ‖M‖`` with ``M = GᵀG``, ``‖M‖² = ‖M²‖`` for symmetric M, and Frobenius norms in the end (Gelfand).

    Examples
    --------
    >>> bool(5.0 <= spectral_bound(np.array([[3.0, 0.0], [4.0, 0.0]])) < 5.01)
    True
    """
    size = float(np.abs(matrix).max(initial=0.0))
    if size == 0.0:
        return 0.0
    unit = 2.0 ** np.ceil(np.log2(size))
    scaled = matrix / unit
    round_off = gamma(len(matrix) + 2)
    square, errors, factors = scaled.T @ scaled, [round_off * float(np.linalg.norm(scaled)) ** 2], []
    for _ in range(SQUARINGS):
        square = (square + square.T) / 2
        factor = 2.0 ** np.ceil(np.log2(float(np.linalg.norm(square))))
        square = square / factor
        factors.append(factor)
        errors.append(2 * round_off * float(np.linalg.norm(square)) ** 2)
        square = square @ square
    bound = float(np.linalg.norm(square)) * UP
    for factor, error in zip(reversed(factors), reversed(errors[1:]), strict=True):
        bound = factor * float(np.sqrt(bound + error)) * UP
    return unit * float(np.sqrt(bound + errors[0])) * UP


def _absolute_norm(matrix: Float) -> float:
    """Upper bound of the spectral norm of the matrix of absolute values."""
    size = np.abs(matrix)
    return float(np.sqrt(size.sum(axis=0).max() * size.sum(axis=1).max())) * UP


class Exponential:
    """Matrix exponential of one generator.

    Parameters
    ----------
    generator : array, shape (d, d)

    Attributes
    ----------
    skew : bool
        Whether the generator is exactly skew-symmetric.
    norm : float
        Upper bound of the spectral norm of G.
    product_error : float
        Bound of ``‖fl(G v) - G v‖ / ‖v‖``.
    growth : float
        ``‖exp(θG)‖ <= exp(growth |θ|)``: upper bound of the spectral norm of the symmetric part (Dahlquist's
        logarithmic norm), 0 for a skew-symmetric generator.
    """

    def __init__(self, generator: Float) -> None:
        self.generator = generator
        self.skew = bool(np.array_equal(generator, -generator.T))
        self.norm = spectral_bound(generator)
        self.growth = 0.0 if self.skew else spectral_bound((generator + generator.T) / 2) * UP
        self._rough = _absolute_norm(generator)
        self.product_error = gamma(len(generator)) * self._rough * UP
        if self.skew:
            self._diagonalise()
        elif self.norm > 0.0:
            self._step = 2.0 ** -np.ceil(np.log2(self.norm))
            self._powers = {1: _Powers(self, 1), -1: _Powers(self, -1)}

    def _diagonalise(self) -> None:
        d = len(self.generator)
        form, vectors = schur(self.generator, output="real")
        below = np.abs(np.diagonal(form, -1))
        first: list[int] = []
        lone: list[int] = []
        i = 0
        while i < d:
            paired = i + 1 < d and below[i] > UNIT_ROUNDOFF * self.norm
            (first if paired else lone).append(i)
            i += 2 if paired else 1
        one = np.array(first, dtype=np.int64)
        self._speeds = (form[one + 1, one] - form[one, one + 1]) / 2
        self._basis = np.ascontiguousarray(vectors[:, [*one, *(one + 1), *lone]])
        q, p = self._basis, len(one)
        turned = np.zeros_like(q)
        turned[:, :p], turned[:, p : 2 * p] = q[:, p : 2 * p] * self._speeds, -q[:, :p] * self._speeds
        rough, size = _absolute_norm(q), float(np.linalg.norm(q))
        fastest = float(np.abs(self._speeds).max(initial=0.0))
        residual = float(np.linalg.norm(self.generator @ q - turned))
        residual += gamma(d + 2) * (self._rough * size + fastest * size)
        defect = float(np.linalg.norm(q @ q.T - np.eye(d))) + gamma(d + 1) * rough * size
        # Rounding: two products with Q, and a rotation in between.
        fixed = defect + (2 * gamma(d) * rough * size + gamma(4) + TRIGONOMETRIC * 2 * UNIT_ROUNDOFF) * (1 + defect)
        self._errors = (fixed * UP, (residual + 2 * UNIT_ROUNDOFF * fastest) * (1 + defect) * UP)

    def apply(self, theta: Float, vectors: Float) -> Float:
        """``exp(theta[n] G) @ vectors[n, ..., :]`` for theta (n,) and vectors (n, ..., d)."""
        angle = theta.reshape(-1, *(1,) * (vectors.ndim - 1))
        if self.skew:
            parts = times(vectors, self._basis)
            p = len(self._speeds)
            cos, sin = np.cos(angle * self._speeds), np.sin(angle * self._speeds)
            a, b = parts[..., :p].copy(), parts[..., p : 2 * p]
            parts[..., :p] = cos * a - sin * b
            parts[..., p : 2 * p] = sin * a + cos * b
            return times(parts, self._basis.T)
        if self.norm == 0.0:
            return vectors.copy()
        number = np.rint(theta / self._step).astype(int)
        result = np.empty_like(vectors)
        for k in np.unique(number):
            power, _ = self._powers[1 if k >= 0 else -1].take(abs(int(k)))
            result[number == k] = times(vectors[number == k], power.T)
        return self._taylor(angle - (number * self._step).reshape(angle.shape), result)

    def _taylor(self, step: Float | float, vectors: Float) -> Float:
        result, term = vectors.copy(), vectors
        for k in range(1, TAYLOR_TERMS):
            term = times(term, self.generator.T) * (step / k)
            result += term
        return result

    def errors(self, theta: Float) -> Float:
        """Bounds (n,) of ``‖apply(θ, v) - exp(θG) v‖ / ‖v‖`` for θ (n,)."""
        if self.skew:
            fixed, growing = self._errors
            return np.asarray((fixed + np.abs(theta) * growing) * UP)
        if self.norm == 0.0:
            return np.zeros(len(theta))
        number = np.rint(theta / self._step).astype(int)
        result = np.empty(len(theta))
        for k in np.unique(number):
            power, off = self._powers[1 if k >= 0 else -1].take(abs(int(k)))
            size = float(np.linalg.norm(power))
            acted = off + gamma(len(power)) * size
            result[number == k] = np.e * (acted + self.taylor_error * (size + acted)) * UP
        return result

    @property
    def taylor_error(self) -> float:
        """Relative error of a Taylor polynomial of a step of length at most ``1 / ‖G‖``, in the Frobenius norm."""
        return 3.0 * gamma(len(self.generator) + TAYLOR_TERMS + 3) * (1.0 + self._rough * self._step) + TAYLOR_REMAINDER


class _Powers:
    """Powers of ``exp(± t G)`` with bounds of their errors, made one after the other."""

    def __init__(self, flow: Exponential, sign: int) -> None:
        d = len(flow.generator)
        self._size = float(np.exp(flow.growth * flow._step)) * UP
        self._factor = flow._taylor(sign * flow._step, np.eye(d)).T.copy()
        self._off = flow.taylor_error * float(np.sqrt(d))
        self._known = [(np.eye(d), 0.0)]

    def take(self, k: int) -> tuple[Float, float]:
        """``exp(k t G)`` and a bound of its error."""
        while len(self._known) <= k:
            power, off = self._known[-1]
            rounding = gamma(len(power)) * float(np.linalg.norm(self._factor) * np.linalg.norm(power))
            grown = (self._size + self._off) * off + self._off * (float(np.linalg.norm(power)) + off)
            self._known.append((self._factor @ power, (grown + rounding) * UP))
        return self._known[k]
