"""The second-order regulariser on single flips, in a cheap order of products.

For ``A' = A + u vᵀ`` the moved matrix is ``G_k A' = X_k + y_k vᵀ`` with ``X_k = G_k A``, shared by all neighbours
of a code, and ``y_k = G_k u``: a pair costs the generators one column instead of h.  All A and u end in the
weights W of the last layer, (d, w), so that ``G_k W`` serves all codes and pairs where w is less than their
columns.  The system for ε needs only Gram matrices, and the residual is ``u vᵀ + Σ_k ε_k (X_k + y_k vᵀ)`` up to
its sign: no neighbour's map is ever made.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from polyae.training.epsilon import solve_gram
from polyae.training.generators import move
from polyae.training.neighbour_maps import PairMaps
from polyae.training.neighbour_oracle import NeighbourMaps
from polyae.training.pair_residuals import pays
from polyae.training.regulariser import LieGroupRegulariser

__all__ = ["neighbour_residuals", "neighbour_value"]


def _few(regulariser: LieGroupRegulariser, maps: PairMaps) -> bool:
    """Whether there is so little to share that a product with every neighbour's map is cheaper."""
    (n, d, h), m, pairs = maps.A.shape, regulariser.num_generators, len(maps.owner)
    if regulariser.kind == "low rank" or not pays(m, h):
        return pairs <= 2 * n
    return pairs * (m * h + 2 * (m + h)) < 3 * m * min(n * h + pairs, _width(maps) * (1 + (n * h + pairs) / d))


def _width(maps: PairMaps) -> int:
    """Width of what enters the last layer."""
    return maps.regions.inner.shape[2]


def _moved(regulariser: LieGroupRegulariser, maps: PairMaps) -> tuple[Tensor, Tensor]:
    """``X_k`` of every code, (n, h, m, d), and ``y_k`` of every single flip, (s, m, d)."""
    inner, last = maps.regions.inner[:, :-1], maps.regions.last
    n, h, w = inner.shape
    rows, kind, raw = n * h + len(maps.u), regulariser.kind, regulariser.raw
    # Multiplications, over those of one generator, of moving W and then combining, and of moving all rows.
    if last is not None and kind != "low rank" and w * (regulariser.dim + rows) < regulariser.dim * rows:
        basis = move(kind, raw, last.T).flatten(1)
        images = torch.cat([inner.flatten(0, 1), maps.inner_u]) @ basis
    else:
        images = move(kind, raw, torch.cat([maps.A.mT.flatten(0, 1), maps.u])).flatten(1)
    images = images.unflatten(1, (regulariser.num_generators, -1))
    return images[: n * h].unflatten(0, (n, h)), images[n * h :]


def _gram(x: Tensor, y: Tensor, u: Tensor, v: Tensor, counts: list[int]) -> tuple[Tensor, Tensor]:
    """Gram matrices (s, m, m) and right-hand sides (s, m); x and y as above, u (s, d), v (s, h), sorted by code."""
    by_generator = x.transpose(1, 2).flatten(2)
    own = (by_generator @ by_generator.mT).repeat_interleave(torch.tensor(counts, device=x.device), dim=0)
    turned = torch.cat([part @ each.flatten(1) for each, part in zip(x, v.split(counts), strict=True)])
    turned = turned.unflatten(1, y.shape[1:])
    length = v.square().sum(dim=1)[:, None, None]
    cross = torch.add(turned, length / 2 * y) @ y.mT
    right = -(torch.add(turned, length * y) @ u[:, :, None])[:, :, 0]
    return own + cross + cross.mT, right


class _Residuals(torch.autograd.Function):
    """Norms of ``Σ_k ε_k X_k + s vᵀ`` with ``s = u + Σ_k ε_k y_k``, ε constant, in one array of residuals.

    Plain differentiation keeps several arrays of that size, the largest of a step.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, u: Tensor, v: Tensor, epsilon: Tensor, counts: list[int]) -> Tensor:
        h, m, d = x.shape[1:]
        steps = u + (epsilon[:, None] @ y)[:, 0]
        left = x.new_empty(len(y), h * d)
        for each, part, out in zip(x, epsilon.split(counts), left.split(counts), strict=True):
            torch.mm(part, each.transpose(0, 1).reshape(m, h * d), out=out)
        left = left.view(-1, h, d).addcmul_(v[:, :, None], steps[:, None])
        norms = torch.linalg.vector_norm(left, dim=(1, 2))
        ctx.save_for_backward(left, norms, steps, v, epsilon)
        ctx.counts = counts
        return norms

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        left, norms, steps, v, epsilon = ctx.saved_tensors
        (s, h, d), m = left.shape, epsilon.shape[1]
        # Where a residual is zero, zero is a subgradient.
        factor = torch.where(norms > 0, gradients[0] / norms, 0)
        on_steps = factor[:, None] * (v[:, None] @ left)[:, 0]
        on_v = factor[:, None] * (left @ steps[:, :, None])[:, :, 0]
        scaled, flat = (factor[:, None] * epsilon).split(ctx.counts), left.view(s, h * d).split(ctx.counts)
        on_x = torch.stack([part.T @ out for part, out in zip(scaled, flat, strict=True)])
        on_x = on_x.view(-1, m, h, d).transpose(1, 2)
        return on_x, epsilon[:, :, None] * on_steps[:, None], on_steps, on_v, None, None


def _single_flips(regulariser: LieGroupRegulariser, maps: PairMaps) -> tuple[Tensor, Tensor]:
    """Residual norms and ε of the neighbours that differ in one unit."""
    owner, u, v = maps.owner[maps.single], maps.u, maps.v[:, :-1]
    counts = torch.bincount(owner, minlength=len(maps.A)).tolist()
    x, y = _moved(regulariser, maps)
    with torch.no_grad():
        # The size of what A' was summed from, which bounds its rounding errors.
        sizes = torch.linalg.vector_norm(maps.A, dim=(1, 2))[owner] + u.norm(dim=1) * v.norm(dim=1)
        epsilon = solve_gram(*_gram(x, y, u, v, counts), regulariser.floor(sizes))
    norms: Tensor = _Residuals.apply(x, y, u, v, epsilon, counts)
    return norms, epsilon


def neighbour_residuals(regulariser: LieGroupRegulariser, near: NeighbourMaps) -> tuple[Tensor, Tensor]:
    """Residual norms ``min_ε ‖A_ω - (I + Σ_k ε_k G_k) A_ω'‖_F`` of all neighbours, and ε.

    Returns
    -------
    norms : tensor, shape (k,)
    epsilon : tensor, shape (k, m), without gradient
    """
    maps = near.maps
    regulariser.check(maps.A, maps.A)
    if _few(regulariser, maps):
        return regulariser.residuals(maps.A[near.owner], maps.A_neighbours)
    if len(maps.single) and not len(maps.rest):
        return _single_flips(regulariser, maps)
    others = regulariser.residuals(maps.A[maps.owner[maps.rest]], maps.rest_maps[0])
    if not len(maps.single):
        return others
    back = torch.cat([maps.single, maps.rest]).argsort()
    norms, epsilon = (torch.cat(pair)[back] for pair in zip(_single_flips(regulariser, maps), others, strict=True))
    return norms, epsilon


def neighbour_value(regulariser: LieGroupRegulariser, near: NeighbourMaps) -> Tensor:
    """Value of the regulariser (Eq. 13) on the neighbours that an oracle found."""
    return regulariser.reduce(neighbour_residuals(regulariser, near)[0])
