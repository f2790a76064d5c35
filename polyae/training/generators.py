"""Learned generators G_1, …, G_m: full matrices, skew-symmetric ones, or products of low rank."""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from polyae.errors import SettingError, ShapeError

Kind = Literal["full", "skew", "low rank"]

__all__ = ["Kind", "initial", "largest_norm", "matrices", "move"]


def _check(kind: str, dim: int, count: int, rank: int | None) -> None:
    if kind not in get_args(Kind):
        raise SettingError(f"kind of generators is one of {sorted(get_args(Kind))}, got {kind!r}")
    if dim < 1 or count < 1:
        raise ShapeError(f"needs a positive dimension and number of generators, got {dim} and {count}")
    if (kind == "low rank") != (rank is not None):
        raise SettingError(f"rank is for generators of kind 'low rank'; got kind={kind!r} and rank={rank}")
    if rank is not None and not 1 <= rank <= dim:
        raise SettingError(f"rank lies between 1 and the dimension {dim}, got {rank}")


def initial(
    kind: Kind, dim: int, count: int, rank: int | None, seed: int, generators: ArrayLike | None, dtype: torch.dtype
) -> Tensor:
    """Parameters of `count` random generators, whose entries have variance 1/d, or of given ones (m, d, d).

    Returns
    -------
    tensor, shape (m, d, d), or (2, m, d, rank) for the factors L and R of ``L Rᵀ``

    Raises
    ------
    SettingError
        If kind or rank is unknown or contradictory.
    ShapeError
        If the sizes do not fit.
    """
    _check(kind, dim, count, rank)
    source = torch.Generator().manual_seed(seed)
    if generators is None and rank is not None:
        # A product of factors with variance s² has entries of variance rank * s⁴.
        return torch.randn(2, count, dim, rank, generator=source, dtype=dtype) / (dim * rank) ** 0.25
    if generators is None:
        raw = torch.randn(count, dim, dim, generator=source, dtype=dtype) / math.sqrt(dim)
    else:
        raw = torch.tensor(np.asarray(generators), dtype=dtype)
        if raw.ndim != 3 or raw.shape[1:] != (dim, dim) or len(raw) < 1:
            raise ShapeError(f"generators have shape (m, {dim}, {dim}), got {tuple(raw.shape)}")
    if rank is not None:
        u, s, v = torch.linalg.svd(raw)
        root = s[:, None, :rank].sqrt()
        return torch.stack([u[:, :, :rank] * root, v.mT[:, :, :rank] * root])
    return matrices(kind, raw)


def matrices(kind: Kind, raw: Tensor) -> Tensor:
    """The generators, shape (m, d, d)."""
    if kind == "low rank":
        return raw[0] @ raw[1].mT
    return (raw - raw.mT) / 2 if kind == "skew" else raw


def move(kind: Kind, raw: Tensor, rows: Tensor) -> Tensor:
    """``G_k x`` for all generators and the rows x of a matrix (q, d), in one product: shape (q, m, d).

    Costs m d² q multiplications, and 2 m d q times the rank for generators of low rank.
    """
    if kind == "low rank":
        return ((rows @ raw[1]) @ raw[0].mT).transpose(0, 1)
    generators = matrices(kind, raw)
    return (rows @ generators.flatten(0, 1).T).unflatten(1, generators.shape[:2])


def largest_norm(kind: Kind, raw: Tensor) -> Tensor:
    """Bound on the Frobenius norms of the generators."""
    if kind == "low rank":
        return torch.linalg.vector_norm(raw, dim=(2, 3)).prod(dim=0).max()
    return torch.linalg.vector_norm(matrices(kind, raw), dim=(1, 2)).max()
