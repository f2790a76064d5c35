"""The second-order regulariser on single flips, in a cheap order of products.

For ``A' = A + u vᵀ`` the moved matrix is ``G_k A' = X_k + y_k vᵀ`` with ``X_k = G_k A``, shared by all neighbours
of a code, and ``y_k = G_k u``: a pair costs the generators one column instead of h.  The system for ε needs
only Gram matrices of these, and ``T - A' = -u vᵀ``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from polyae.training.generators import move
from polyae.training.neighbour_oracle import NeighbourMaps
from polyae.training.regulariser import LieGroupRegulariser, solve_gram

__all__ = ["neighbour_residuals", "neighbour_value"]


def _gram(moved: list[Tensor], y: Tensor, u: Tensor, v: Tensor, counts: list[int]) -> tuple[Tensor, Tensor]:
    """Gram matrices (p, m, m) and right-hand sides (p, m).

    `moved` holds ``X_k`` of every code, (m, d, h); y is (m, d, p), u (p, d), v (p, h); pairs are sorted by code.
    """
    own = torch.stack([x.flatten(1) @ x.flatten(1).T for x in moved])
    owner = torch.arange(len(moved), device=u.device).repeat_interleave(torch.tensor(counts, device=u.device))
    turned = torch.cat([x @ part.T for x, part in zip(moved, v.split(counts), strict=True)], dim=2).permute(2, 0, 1)
    y = y.permute(2, 0, 1)
    length = v.square().sum(dim=1)[:, None]
    cross = turned @ y.mT
    gram = own[owner] + cross + cross.mT + length[:, :, None] * (y @ y.mT)
    right = -((turned + length[:, :, None] * y) @ u[:, :, None])[:, :, 0]
    return gram, right


def neighbour_residuals(regulariser: LieGroupRegulariser, near: NeighbourMaps) -> tuple[Tensor, Tensor]:
    """Residual norms ``min_ε ‖A_ω - (I + Σ_k ε_k G_k) A_ω'‖_F`` of all neighbours, and ε.

    Returns
    -------
    norms : tensor, shape (k,)
    epsilon : tensor, shape (k, m), without gradient
    """
    maps = near.maps
    n, d, h = maps.A.shape
    # With a neighbour or two a code there is little to share.
    if len(maps.single) < len(near.owner) or len(near.owner) <= 2 * n:
        return regulariser.residuals(maps.A[near.owner], maps.A_neighbours)
    regulariser.check(maps.A, maps.A)
    counts = torch.bincount(near.owner, minlength=n).tolist()
    u, v = maps.u, maps.v[:, :-1]
    columns = torch.cat([maps.A.permute(1, 0, 2).flatten(1), u.T], dim=1)
    images = move(regulariser.kind, regulariser.raw, columns)
    moved, y = list(images[:, :, : n * h].split(h, dim=2)), images[:, :, n * h :]
    with torch.no_grad():
        floor = regulariser.floor(torch.linalg.vector_norm(maps.A_neighbours, dim=(1, 2)))
        epsilon = solve_gram(*_gram(moved, y, u, v, counts), floor)
    shared = [part @ x.flatten(1) for x, part in zip(moved, epsilon.split(counts), strict=True)]
    left = torch.cat(shared).unflatten(1, (d, h))
    steps = u + (epsilon.T[:, None] * y).sum(dim=0).T
    return torch.linalg.vector_norm(torch.addcmul(left, steps[:, :, None], v[:, None]), dim=(1, 2)), epsilon


def neighbour_value(regulariser: LieGroupRegulariser, near: NeighbourMaps) -> Tensor:
    """Value of the regulariser (Eq. 13) on the neighbours that an oracle found."""
    return regulariser.reduce(neighbour_residuals(regulariser, near)[0])
