"""Affine maps of many neighbours at once: crossing a facet that flips one unit adds a matrix of rank one.

With the pre-activation ``v·(z, 1)`` of the unit and the derivative u of the output with respect to its
activation, both on the region ω, the neighbour's map is ``[A_ω' B_ω'] = [A_ω B_ω] ± (1 - slope) u vᵀ``:
nothing behind the unit changes its state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from polyae.errors import ShapeError
from polyae.training.affine_maps import (
    Step,
    affine_maps,
    apply_affine,
    apply_units,
    check_patterns,
    layer_steps,
)

Bool = NDArray[np.bool_]

__all__ = ["PairMaps", "RegionMaps", "jacobians", "neighbour_maps", "region_maps"]


@dataclass(frozen=True)
class RegionMaps:
    """Affine maps of n regions, and how every unit is reached and what follows from it.

    Everything passes through the last linear layer, of weights (d, w), which no unit follows; what is kept
    ends before it, and `last` leads to the output.  A module that ends otherwise has w = d and no `last`.

    Attributes
    ----------
    columns : tensor, shape (n, h + 1, d)
        Images of the axes and of the origin: Aᵀ, and B as the last row.
    inner : tensor, shape (n, h + 1, w)
        The same before the last layer.
    last : tensor, shape (d, w), or None
    before : list of tensors, shape (n, h + 1, width)
        Pre-activations of every layer of units: gradients, and offsets in the last row.
    behind : list of tensors, shape (n, w, width) or (1, w, width)
        Derivative of what enters the last layer with respect to the activations of the same layers.
    gaps : list of tensors, shape (width,)
        1 - slope of every unit.
    """

    columns: Tensor
    inner: Tensor
    last: Tensor | None
    before: list[Tensor]
    behind: list[Tensor]
    gaps: list[Tensor]

    @property
    def affine(self) -> tuple[Tensor, Tensor]:
        """``A_ω`` of shape (n, d, h) and ``B_ω`` of shape (n, d)."""
        return self.columns[:, :-1].mT, self.columns[:, -1]


def _per_step(steps: list[Step], bits: Tensor) -> list[Tensor]:
    """Part of the patterns that belongs to every step."""
    return list(bits.split([step.num_units for step in steps], dim=1))


def _back(step: Step, rows: Tensor, bits: Tensor) -> Tensor:
    """Derivative (n, d, width) with respect to a step's inputs, from that to its outputs."""
    if step.slope is not None:
        return apply_units(step, step.slope, rows, bits)
    if isinstance(step.layer, nn.Linear):
        return rows @ step.layer.weight
    # A batch normalisation is diagonal, so that its image of the vector of ones is its diagonal.
    ones = torch.ones(1, 2, rows.shape[2], dtype=rows.dtype, device=rows.device)
    ones = torch.cat([ones[:, :1], torch.zeros_like(ones[:, :1])], dim=1)
    image = apply_affine(step.layer, ones)
    return rows * image[:, :1]


def region_maps(module: nn.Module, patterns: Bool | Tensor) -> RegionMaps:
    """Maps of regions with the given patterns, differentiable in the weights, patterns constant.

    Parameters
    ----------
    module : nn.Module
        See :func:`polyae.training.affine_maps.affine_maps`.
    patterns : boolean array or tensor, shape (n, units)

    Raises
    ------
    ShapeError, UnsupportedLayerError, NetworkError
        As :func:`polyae.training.affine_maps.affine_maps`.
    """
    input_dim, steps = layer_steps(module)
    like = next(module.parameters())
    bits = check_patterns(patterns, steps, like.device)
    parts = _per_step(steps, bits)
    final = steps[-1].layer if isinstance(steps[-1].layer, nn.Linear) else None
    within = len(steps) if final is None else len(steps) - 1
    columns = torch.eye(input_dim + 1, input_dim, dtype=like.dtype, device=like.device)[None]
    before, gaps = [], []
    for step, part in zip(steps[:within], parts, strict=False):
        if step.slope is None:
            columns = apply_affine(step.layer, columns)
        else:
            before.append(columns.expand(len(bits), -1, -1))
            gaps.append(1 - step.slope)
            columns = apply_units(step, step.slope, columns, part)
    inner = columns.expand(len(bits), -1, -1)
    behind = _behind(steps[:within], parts[:within], inner)
    if final is None:
        return RegionMaps(inner, inner, None, before, behind, gaps)
    columns = apply_affine(final, columns).expand(len(bits), -1, -1)
    return RegionMaps(columns, inner, final.weight, before, behind, gaps)


def _behind(steps: list[Step], parts: list[Tensor], like: Tensor) -> list[Tensor]:
    """Derivative of the last outputs with respect to the activations of every layer of units."""
    layers = sum(step.slope is not None for step in steps)
    rows = torch.eye(like.shape[2], dtype=like.dtype, device=like.device)[None]
    behind: list[Tensor] = []
    for step, part in zip(reversed(steps), reversed(parts), strict=True):
        if step.slope is not None:
            behind.insert(0, rows)
        if len(behind) == layers:  # nothing before the first units is asked for
            break
        rows = _back(step, rows, part)
    return behind


def jacobians(module: nn.Module, patterns: Bool | Tensor) -> Tensor:
    """``A_ω`` alone, shape (n, d, h), multiplied out from the output on: cheap where d is smaller than h.

    Errors as :func:`region_maps`.
    """
    _, steps = layer_steps(module)
    like = next(module.parameters())
    bits = check_patterns(patterns, steps, like.device)
    width = next(step.layer.out_features for step in reversed(steps) if isinstance(step.layer, nn.Linear))
    rows = torch.eye(width, dtype=like.dtype, device=like.device)[None]
    for step, part in zip(reversed(steps), reversed(_per_step(steps, bits)), strict=True):
        rows = _back(step, rows, part)
    return rows.expand(len(bits), -1, -1)


def _places(steps: list[Step]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Layer of units, from 0, that every unit belongs to, and its output there."""
    layers = [np.flatnonzero(step.has_unit.cpu().numpy()) for step in steps if step.slope is not None]
    which = np.repeat(np.arange(len(layers)), [len(y) for y in layers])
    return which, np.concatenate([np.zeros(0, dtype=np.int64), *layers])


def _flips(maps: RegionMaps, steps: list[Step], owner: Tensor, unit: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """u times the gap before the last layer (k, w), and v (k, h + 1), of one unit a pair."""
    which, output = _places(steps)
    order = np.argsort(which[unit], kind="stable")
    parts = np.split(order, np.searchsorted(which[unit][order], np.arange(1, len(maps.before))))
    left, right = [], []
    for chosen, before, behind, gap in zip(parts, maps.before, maps.behind, maps.gaps, strict=True):
        index = torch.as_tensor(chosen, device=owner.device)
        column = torch.as_tensor(output[unit[chosen]], device=owner.device)
        at = owner[index]
        right.append(before.mT[at, column])
        left.append(behind.mT[at if len(behind) > 1 else torch.zeros_like(at), column] * gap[column, None])
    back = torch.as_tensor(np.argsort(order), device=owner.device)
    return torch.cat(left)[back], torch.cat(right)[back]


@dataclass(frozen=True)
class PairMaps:
    """Affine maps of n regions and of k neighbours, and what tells them apart.

    Attributes
    ----------
    regions : RegionMaps
    owner : tensor of int64, shape (k,)
        Region that each neighbour belongs to.
    single, rest : tensors of int64, shapes (s,) and (k - s,)
        Neighbours that differ in one unit, and the others.
    inner_u, v : tensors, shape (s, w) and (s, h + 1)
        ``[A_ω' B_ω'] = [A_ω B_ω] + W inner_u vᵀ`` for these, with the weights W of the last layer.
    rest_maps : pair of tensors, shape (k - s, d, h) and (k - s, d)
        Maps of the others.
    """

    regions: RegionMaps
    owner: Tensor
    single: Tensor
    rest: Tensor
    inner_u: Tensor
    v: Tensor
    rest_maps: tuple[Tensor, Tensor]

    @property
    def A(self) -> Tensor:
        """``A_ω``: shape (n, d, h)."""
        return self.regions.affine[0]

    @property
    def B(self) -> Tensor:
        """``B_ω``: shape (n, d)."""
        return self.regions.affine[1]

    @cached_property
    def u(self) -> Tensor:
        """``W inner_u``: shape (s, d)."""
        last = self.regions.last
        return self.inner_u if last is None else self.inner_u @ last.mT

    @cached_property
    def _near(self) -> tuple[Tensor, Tensor]:
        # Transposed, so that the loop over the d entries of u, the longest, is the innermost.
        near = torch.addcmul(self.regions.columns[self.owner[self.single]], self.v[:, :, None], self.u[:, None])
        near_a, near_b = near[:, :-1].mT, near[:, -1]
        if not len(self.rest):
            return near_a, near_b
        back = torch.cat([self.single, self.rest]).argsort()
        full_a, full_b = self.rest_maps
        return torch.cat([near_a, full_a])[back], torch.cat([near_b, full_b])[back]

    @property
    def A_neighbours(self) -> Tensor:
        """``A_ω'``: shape (k, d, h); made when first asked for."""
        return self._near[0]

    @property
    def B_neighbours(self) -> Tensor:
        """``B_ω'``: shape (k, d)."""
        return self._near[1]


def neighbour_maps(module: nn.Module, patterns: Bool, owner: NDArray[np.int64], neighbours: Bool) -> PairMaps:
    """Affine maps of regions and of their neighbours, differentiable in the weights.

    Pairs that differ in one unit cost a product of rank one; the rest are multiplied out.

    Parameters
    ----------
    module : nn.Module
    patterns : array of bool, shape (n, units)
        Of the regions.
    owner : array of int, shape (k,)
        Region that each neighbour belongs to.
    neighbours : array of bool, shape (k, units)

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    """
    if neighbours.shape != (len(owner), patterns.shape[-1]):
        raise ShapeError(
            f"{len(owner)} neighbours need shape ({len(owner)}, {patterns.shape[-1]}), got {neighbours.shape}"
        )
    maps = region_maps(module, patterns)
    changed = patterns[owner] != neighbours
    alone = changed.sum(axis=1) == 1
    where = torch.as_tensor(owner, dtype=torch.int64, device=maps.columns.device)
    single, rest = (torch.as_tensor(np.flatnonzero(x), device=where.device) for x in (alone, ~alone))
    inner_u, v = _signed_flips(module, maps, where[single], changed[alone], neighbours[alone])
    none = (maps.columns.new_zeros(0, maps.columns.shape[2], maps.columns.shape[1] - 1), maps.columns[:0, 0])
    others = affine_maps(module, neighbours[~alone]) if len(rest) else none
    return PairMaps(maps, where, single, rest, inner_u, v, others)


def _signed_flips(
    module: nn.Module, maps: RegionMaps, owner: Tensor, changed: Bool, neighbours: Bool
) -> tuple[Tensor, Tensor]:
    if not len(owner):
        return maps.inner.new_zeros(0, maps.inner.shape[2]), maps.columns.new_zeros(0, maps.columns.shape[1])
    unit = changed.argmax(axis=1)
    u, v = _flips(maps, layer_steps(module)[1], owner, unit)
    turned_on = torch.as_tensor(neighbours[np.arange(len(unit)), unit], device=owner.device)
    return torch.where(turned_on[:, None], u, -u), v
