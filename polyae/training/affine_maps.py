"""The affine maps of a live PyTorch network under given patterns, differentiable in its weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from polyae.errors import NetworkError, ShapeError, UnsupportedLayerError
from polyae.networks.torch_modules import Abs

__all__ = ["Step", "affine_maps", "apply_affine", "apply_units", "check_patterns", "layer_steps"]


@dataclass(frozen=True)
class Step:
    """One layer of the network: an affine map, or units with these slopes (width,) when off."""

    layer: nn.Module
    slope: Tensor | None = None

    @property
    def has_unit(self) -> Tensor:
        """Outputs with two states; an output of slope 1 has one only, as in :class:`polyae.networks.Layer`."""
        if self.slope is None:
            return torch.zeros(0, dtype=torch.bool)
        return self.slope.detach() != 1

    @property
    def num_units(self) -> int:
        return int(self.has_unit.sum())


def _leaves(module: nn.Module, name: str = "") -> Iterator[tuple[str, nn.Module]]:
    if not isinstance(module, nn.Sequential):
        yield name or "module", module
        return
    for key, child in module.named_children():
        yield from _leaves(child, f"{name}.{key}" if name else key)


def _slope(name: str, layer: nn.Module, ones: Tensor) -> Tensor:
    """Slopes of the off state, or raise for a layer without any."""
    match layer:
        case nn.ReLU():
            return 0 * ones
        case Abs():
            return -ones
        case nn.LeakyReLU():
            return layer.negative_slope * ones
        case nn.PReLU():
            if layer.weight.numel() not in (1, len(ones)):
                raise ShapeError(f"layer {name} (PReLU) has {layer.weight.numel()} slopes for {len(ones)} inputs")
            return layer.weight * ones
        case _:
            raise UnsupportedLayerError(
                f"layer {name} ({type(layer).__name__}) has no affine map here; use Linear, BatchNorm1d, ReLU, "
                "LeakyReLU, PReLU, Abs, Identity, Dropout, Flatten or Unflatten"
            )


def _input_dim(leaves: list[tuple[str, nn.Module]]) -> int:
    for _, layer in leaves:
        if isinstance(layer, nn.Linear):
            return layer.in_features
    raise UnsupportedLayerError("the module has no Linear layer, so the width of its input is unknown")


def layer_steps(module: nn.Module) -> tuple[int, list[Step]]:
    """Width of the input, and the layers that act, from the input on."""
    leaves = list(_leaves(module))
    width = input_dim = _input_dim(leaves)
    like = next(module.parameters())
    steps = []
    for name, layer in leaves:
        match layer:
            case nn.Identity() | nn.Dropout() | nn.AlphaDropout() | nn.Flatten() | nn.Unflatten():
                continue
            case nn.Linear():
                if layer.in_features != width:
                    raise ShapeError(f"layer {name} takes {layer.in_features} inputs but gets {width}")
                width = layer.out_features
                steps.append(Step(layer))
            case nn.BatchNorm1d():
                if layer.num_features != width:
                    raise ShapeError(f"layer {name} takes {layer.num_features} inputs but gets {width}")
                steps.append(Step(layer))
            case _:
                ones = torch.ones(width, dtype=like.dtype, device=like.device)
                steps.append(Step(layer, _slope(name, layer, ones)))
    return input_dim, steps


def _batch_norm(layer: nn.BatchNorm1d, columns: Tensor) -> Tensor:
    mean, variance = layer.running_mean, layer.running_var
    if mean is None or variance is None:
        raise NetworkError("a BatchNorm1d without running statistics depends on the batch, so it is not affine")
    scale = (variance + layer.eps).rsqrt()
    if layer.weight is not None:
        scale = scale * layer.weight
    shift = -mean * scale if layer.bias is None else layer.bias - mean * scale
    return _add_to_offset(columns * scale, shift)


def _add_to_offset(columns: Tensor, shift: Tensor) -> Tensor:
    return torch.cat([columns[:, :-1], columns[:, -1:] + shift], dim=1)


def apply_affine(layer: nn.Module, columns: Tensor) -> Tensor:
    """Pass images of the axes and of the origin, (n, h + 1, width), through a Linear or a BatchNorm1d."""
    if isinstance(layer, nn.BatchNorm1d):
        return _batch_norm(layer, columns)
    if not isinstance(layer, nn.Linear):
        raise UnsupportedLayerError(f"{type(layer).__name__} is not affine")
    moved = columns @ layer.weight.T
    return moved if layer.bias is None else _add_to_offset(moved, layer.bias)


def apply_units(step: Step, slope: Tensor, columns: Tensor, bits: Tensor) -> Tensor:
    """Pass columns (n, c, width) through units in the states `bits` (n, units of the step)."""
    on = torch.zeros(len(bits), len(slope), dtype=torch.bool, device=bits.device)
    on[:, step.has_unit] = bits
    return columns * torch.where(on, torch.ones_like(slope), slope)[:, None]


def check_patterns(patterns: NDArray[np.bool_] | Tensor, steps: list[Step], device: torch.device) -> Tensor:
    """Return patterns (n, units) as a boolean tensor.

    Raises
    ------
    ShapeError
        If they do not fit the units of the steps.
    """
    bits = torch.as_tensor(patterns, device=device)
    units = sum(step.num_units for step in steps)
    if bits.ndim != 2 or bits.shape[1] != units or bits.dtype != torch.bool:
        raise ShapeError(
            f"patterns of this module are boolean, shape (n, {units}); got {bits.dtype}, {tuple(bits.shape)}"
        )
    return bits


def affine_maps(module: nn.Module, patterns: NDArray[np.bool_] | Tensor) -> tuple[Tensor, Tensor]:
    """Affine maps ``z -> A_ω z + B_ω`` of regions with the given patterns.

    ``A_ω = W_L Q_{L-1} W_{L-1} ⋯ Q_1 W_1`` (section 2 of Cosentino et al., 2021). The patterns are
    constants, so gradients flow through weights, biases, learned slopes and the affine part of
    batch normalisation only.

    Parameters
    ----------
    module : nn.Module
        Linear layers and units, nested in nn.Sequential at will. Read as it computes in eval mode,
        whatever its mode, as :func:`polyae.from_torch` does: dropout does nothing, and batch
        normalisation uses its running statistics.
    patterns : boolean array or tensor, shape (n, units)
        Units are numbered as in :class:`polyae.networks.Network`: from the input on, and an output
        whose slope is 1 has none.

    Returns
    -------
    A : tensor, shape (n, d, h)
    B : tensor, shape (n, d)

    Raises
    ------
    ShapeError
        If the patterns do not fit the network's units, or layers each other.
    UnsupportedLayerError
        If a layer is not piecewise linear, or of an unknown type.
    NetworkError
        If a BatchNorm1d has no running statistics and therefore is not affine.

    Examples
    --------
    >>> absolute = nn.Sequential(nn.Linear(1, 1), nn.LeakyReLU(-1.0), nn.Linear(1, 1, bias=False))
    >>> for weight in absolute.parameters():
    ...     _ = nn.init.constant_(weight, 2.0)
    >>> A, B = affine_maps(absolute, np.array([[False], [True]]))
    >>> A.flatten().tolist(), B.flatten().tolist()
    ([-4.0, 4.0], [-4.0, 4.0])
    """
    input_dim, steps = layer_steps(module)
    like = next(module.parameters())
    bits = check_patterns(patterns, steps, like.device)
    # Rows 0..h-1 are the images of the axes (the columns of A), row h is the image of the origin, B:
    # every linear layer is then a single matrix product for the whole batch, one for all before the first units.
    columns = torch.eye(input_dim + 1, input_dim, dtype=like.dtype, device=like.device)[None]
    start = 0
    for step in steps:
        if step.slope is None:
            columns = apply_affine(step.layer, columns)
        else:
            columns = apply_units(step, step.slope, columns, bits[:, start : start + step.num_units])
            start += step.num_units
    columns = columns.expand(len(bits), -1, -1)
    return columns[:, :-1].mT, columns[:, -1]
