"""Contractive penalties on the encoder: ``‖A^E_ω‖_F`` and the differences to its neighbours."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from polyae.errors import ShapeError
from polyae.training.affine_maps import apply_affine, apply_units, layer_steps

__all__ = ["contraction", "module_patterns"]


@torch.no_grad()
def module_patterns(module: nn.Module, points: Tensor) -> Tensor:
    """Patterns of a module at points (n, h), in its own arithmetic: boolean, shape (n, units)."""
    _, steps = layer_steps(module)
    like = next(module.parameters())
    # A point is the image of the origin of a constant map: one column.
    column = points.to(like)[:, None, :]
    found = [torch.zeros(len(points), 0, dtype=torch.bool, device=like.device)]
    for step in steps:
        if step.slope is None:
            column = apply_affine(step.layer, column)
        else:
            bits = (column[:, 0] > 0)[:, step.has_unit]
            found.append(bits)
            column = apply_units(step, step.slope, column, bits)
    return torch.cat(found, dim=1)


def contraction(maps: Tensor, neighbours: Tensor | None = None, owner: Tensor | None = None) -> Tensor:
    """Mean over n regions of ``‖A_ω‖_F + Σ_{ω'∈N(ω)} ‖A_ω - A_ω'‖_F`` (higher-order contractive autoencoder).

    Parameters
    ----------
    maps : tensor, shape (n, h, d)
        Encoder maps of the regions that hold the data.
    neighbours : tensor, shape (k, h, d), optional
        Encoder maps of neighbours; without them the contractive penalty of first order.
    owner : integer tensor, shape (k,)
        Region that each neighbour belongs to.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> identity = torch.eye(2)[None]
    >>> round(contraction(3 * identity, -identity, torch.tensor([0])).item() / 2**0.5, 5)
    7.0
    """
    value = torch.linalg.vector_norm(maps, dim=(1, 2)).mean()
    if neighbours is None:
        return value
    if owner is None or owner.shape != (len(neighbours),) or neighbours.shape[1:] != maps.shape[1:]:
        shapes = tuple(maps.shape), tuple(neighbours.shape), None if owner is None else tuple(owner.shape)
        raise ShapeError(f"maps (n, h, d), neighbours (k, h, d) and owner (k,) do not fit: got shapes {shapes}")
    differences = torch.linalg.vector_norm(maps[owner] - neighbours, dim=(1, 2))
    return value + differences.sum() / len(maps)
