"""Residuals of pairs of maps, differentiated in a cheap order of products.

Forward, every generator meets every column of every source, ``m d² h`` multiplications a pair, for the Gram
matrices.  Backward, with ε constant, a pair knows the generators only through ``Σ_k ε_k G_k``, and they know it
only through ``R Aᵀ``: two times ``(m + h) d²`` in place of two times ``m d² h``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from polyae.training.epsilon import closed_form_epsilon

__all__ = ["pair_residuals", "pays"]

#: Entries of the d x d matrices, one a pair, that the backward pass holds at a time.
CHUNK = 2**23


def pays(m: int, h: int) -> bool:
    """Whether the order pays with m generators and h columns; its products also move more memory."""
    return m * h > 2 * (m + h)


class _PairResiduals(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, generators: Tensor, targets: Tensor, sources: Tensor, floor: Tensor) -> tuple[Tensor, Tensor]:
        (p, h, d), m = sources.shape, len(generators)
        moved = (sources.reshape(-1, d) @ generators.flatten(0, 1).T).view(p, h, m, d).transpose(1, 2).flatten(2)
        left = (targets - sources).flatten(1)
        epsilon = closed_form_epsilon(moved, left, floor)
        left = (left - (epsilon[:, None] @ moved)[:, 0]).view(p, h, d)
        norms = torch.linalg.vector_norm(left, dim=(1, 2))
        ctx.save_for_backward(generators, sources, left, norms, epsilon)
        ctx.mark_non_differentiable(epsilon)
        return norms, epsilon

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        generators, sources, left, norms, epsilon = ctx.saved_tensors
        m, d = generators.shape[:2]
        # Where a residual is zero, zero is a subgradient.
        on_targets = torch.where(norms > 0, gradients[0] / norms, 0)[:, None, None] * left
        on_sources, on_generators = torch.empty_like(left), torch.zeros_like(generators).view(m, d * d)
        for part in torch.arange(len(norms), device=norms.device).split(max(1, CHUNK // (d * d))):
            combined = (epsilon[part] @ generators.flatten(1)).view(-1, d, d)
            on_sources[part] = -on_targets[part] - on_targets[part] @ combined
            torch.bmm(on_targets[part].mT, sources[part], out=combined)
            on_generators.addmm_(epsilon[part].T, combined.flatten(1), alpha=-1)
        return on_generators.view_as(generators), on_targets, on_sources, None


def pair_residuals(generators: Tensor, targets: Tensor, sources: Tensor, floor: Tensor) -> tuple[Tensor, Tensor]:
    """Norms ``min_ε ‖T - (I + Σ_k ε_k G_k) S‖_F`` and the minimising ε, without gradient.

    Parameters
    ----------
    generators : tensor, shape (m, d, d)
    targets, sources : tensor, shape (p, h, d)
        Transposed: a line is a column of T or S.
    floor : tensor, shape (p,)
        As :func:`polyae.training.epsilon.closed_form_epsilon`.

    Returns
    -------
    norms : tensor, shape (p,)
    epsilon : tensor, shape (p, m)
    """
    norms, epsilon = _PairResiduals.apply(generators, targets, sources, floor)
    return norms, epsilon
