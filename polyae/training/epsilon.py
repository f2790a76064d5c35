"""The ε that fits a pair best, in closed form (Propositions 2 and 3 of Cosentino et al., 2021)."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["closed_form_epsilon", "solve_gram"]


@torch.no_grad()
def closed_form_epsilon(moved: Tensor, difference: Tensor, floor: Tensor) -> Tensor:
    """Minimisers ``ε* = M⁺ v`` of ``‖difference - Σ_k ε_k moved_k‖`` (Propositions 2 and 3), without gradient.

    Parameters
    ----------
    moved : tensor, shape (p, m, q)
        The matrices ``G_k A``, flattened.
    difference : tensor, shape (p, q)
        Target minus source, flattened.
    floor : tensor, shape (p,)
        Norm below which a combination of the moved matrices is rounding error and counts as zero.

    Returns
    -------
    tensor, shape (p, m)
        The shortest minimiser: M need not be regular.
    """
    return solve_gram(moved @ moved.mT, (moved @ difference[:, :, None])[:, :, 0], floor)


@torch.no_grad()
def solve_gram(gram: Tensor, right: Tensor, floor: Tensor) -> Tensor:
    """``M⁺ v`` for Gram matrices M (p, m, m) and right-hand sides v (p, m); `floor` as above."""
    relative = torch.full_like(floor, 4 * gram.shape[1] * torch.finfo(gram.dtype).eps)
    inverse = torch.linalg.pinv(gram, atol=floor.square(), rtol=relative, hermitian=True)
    return (inverse @ right[:, :, None])[:, :, 0]
