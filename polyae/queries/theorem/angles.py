"""Principal angles between column spaces, for many pairs at once (Björck & Golub 1973)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["column_bases", "largest_angles"]

#: Singular values below this share of the largest count as zero.
RANK_TOLERANCE = 1e-12


def column_bases(matrices: Float) -> tuple[Float, Int]:
    """Orthonormal bases (n, d, min(d, k)) of the columns of matrices (n, d, k), padded with 0, and ranks (n,)."""
    if not len(matrices):
        return np.zeros((0, matrices.shape[1], min(matrices.shape[1:]))), np.zeros(0, dtype=np.int64)
    left, values, _ = np.linalg.svd(matrices, full_matrices=False)
    sound = values > RANK_TOLERANCE * values[:, :1]
    return left * sound[:, None], sound.sum(axis=1)


def largest_angles(a: Float, rank_a: Int, b: Float, rank_b: Int) -> Float:
    """Largest principal angle (n,) in radians between the smaller and the larger of two spaces; NaN where one is 0.

    Parameters
    ----------
    a, b : arrays, shapes (n, d, k) and (n, d, m)
        Orthonormal columns, padded with 0.
    rank_a, rank_b : arrays of int, shape (n,)

    Examples
    --------
    >>> line, plane = np.eye(3)[None, :, :1], np.eye(3)[None, :, 1:]
    >>> np.degrees(largest_angles(line, np.array([1]), plane, np.array([2]))).round(6)
    array([90.])
    """
    result = np.full(len(a), np.nan)
    for small, big, rank, chosen in ((a, b, rank_a, rank_a <= rank_b), (b, a, rank_b, rank_a > rank_b)):
        mine = np.flatnonzero(chosen & (rank_a > 0) & (rank_b > 0))
        for r in np.unique(rank[mine]):
            rows = mine[rank[mine] == r]
            first = small[rows][:, :, :r]
            inner = big[rows].transpose(0, 2, 1) @ first
            cosine = np.linalg.svd(inner, compute_uv=False)[:, r - 1]
            # Small angles are told by the sine, large ones by the cosine.
            sine = np.linalg.svd(first - big[rows] @ inner, compute_uv=False)[:, 0]
            by_sine = np.arcsin(np.minimum(sine, 1.0))
            result[rows] = np.where(cosine**2 > 0.5, by_sine, np.arccos(np.minimum(cosine, 1.0)))
    return result
