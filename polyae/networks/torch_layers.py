"""What each kind of PyTorch layer does, as a few elementary steps.

:func:`read_layer` turns a layer into *steps*: affine map, per-entry scaling, units, change of shape.
One more kind of layer is one more function registered with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
import torch
from torch import nn

from polyae.errors import NetworkError, UnsupportedLayerError
from polyae.networks.network import Float

__all__ = ["Abs", "Affine", "Reshape", "Scale", "Smooth", "Step", "Units", "read_layer"]


class Abs(nn.Module):
    """The absolute value of every entry, as a layer."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``|x|``, in the shape of `x`."""
        return x.abs()


READ = (
    "nn.Sequential of Linear, ReLU, LeakyReLU, PReLU, polyae.networks.Abs, BatchNorm1d, Dropout, Identity, Flatten, "
    "Unflatten"
)


@dataclass(frozen=True, eq=False)
class Affine:
    """``x -> weight @ x + bias``; `size` bounds the terms that add up to the bias."""

    name: str
    weight: Float
    bias: Float
    size: Float


@dataclass(frozen=True, eq=False)
class Scale:
    """``x -> factor * (x - centre) + shift``, entry by entry: a normalisation in eval mode."""

    name: str
    factor: Float
    centre: Float
    shift: Float

    def after(self, previous: Affine) -> Affine:
        """Fold into the affine map before it."""
        return Affine(
            f"{previous.name} with {self.name}",
            self.factor[:, None] * previous.weight,
            self.factor * (previous.bias - self.centre) + self.shift,
            np.abs(self.factor) * (previous.size + np.abs(self.centre)) + np.abs(self.shift),
        )


@dataclass(frozen=True, eq=False)
class Units:
    """Two-state units: ``t`` when positive, else ``slope * t``; a slope for each output, or one for all."""

    name: str
    slope: Float


@dataclass(frozen=True)
class Smooth:
    """A function that is not piecewise linear, allowed only at the output, where it is to be dropped."""

    name: str
    path: str


@dataclass(frozen=True)
class Reshape:
    """Entries keep their order; after it they are one vector (`flat`) or not."""

    name: str
    flat: bool


Step = Affine | Scale | Units | Smooth | Reshape


def _label(module: nn.Module, path: str) -> str:
    return f"layer {path!r} ({type(module).__name__})" if path else f"the module ({type(module).__name__})"


def _array(tensor: torch.Tensor) -> Float:
    return np.array(tensor.detach().numpy(), dtype=np.float64)


@singledispatch
def read_layer(module: Any, path: str) -> list[Step]:
    """Steps of one module, whose name inside the network is `path`.

    To read a further kind of module, register a function whose first argument is annotated
    with it.  Parameters arrive in float64 on the CPU.

    Examples
    --------
    >>> class Negate(nn.Module):
    ...     def forward(self, x):
    ...         return -x
    >>> @read_layer.register
    ... def _negate(module: Negate, path: str) -> list[Step]:
    ...     return [Scale(path, np.array([-1.0]), np.array([0.0]), np.array([0.0]))]
    >>> read_layer(Negate(), "3")
    [Scale(name='3', factor=array([-1.]), centre=array([0.]), shift=array([0.]))]
    """
    if not isinstance(module, nn.Module):
        raise NetworkError(f"from_torch takes a torch.nn.Module, got {type(module).__name__}")
    children = dict(module._modules)
    if set(children) == {"encoder", "decoder"}:
        return [step for name in ("encoder", "decoder") for step in read_layer(children[name], _join(path, name))]
    raise UnsupportedLayerError(f"{_label(module, path)} is not one that polyae reads: {_advice(module, children)}")


def _advice(module: nn.Module, children: Mapping[str, nn.Module | None]) -> str:
    """What to do about a module that cannot be read."""
    for inner in ("module", "_orig_mod"):  # data parallel, compiled
        if set(children) == {inner}:
            return f"pass the module that it wraps, .{inner}"
    if children:
        return (
            "what its forward() does cannot be seen; pass a part that is an nn.Sequential (model.decoder, say), or put "
            "its layers into one in the order in which they act, nn.Sequential(model.fc1, nn.ReLU(), model.fc2)"
        )
    return f"it reads {READ}; register a function for a further kind with polyae.networks.read_layer.register"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


@read_layer.register
def _sequential(module: nn.Sequential, path: str) -> list[Step]:
    return [step for name, child in module._modules.items() for step in read_layer(child, _join(path, name))]


@read_layer.register
def _linear(module: nn.Linear, path: str) -> list[Step]:
    weight = _array(module.weight)
    bias = np.zeros(len(weight)) if module.bias is None else _array(module.bias)
    return [Affine(_label(module, path), weight, bias, np.abs(bias))]


@read_layer.register
def _batch_norm(module: nn.BatchNorm1d, path: str) -> list[Step]:
    label = _label(module, path)
    if module.running_mean is None or module.running_var is None:
        raise UnsupportedLayerError(
            f"{label} has no running statistics, so that its output depends on the batch: use track_running_stats=True"
        )
    mean, variance = _array(module.running_mean), _array(module.running_var) + module.eps
    if not (variance > 0).all():
        raise NetworkError(f"{label}: running_var + eps must be positive, the least entry is {variance.min()}")
    gain = _array(module.weight) if module.affine else np.ones_like(mean)
    shift = _array(module.bias) if module.affine else np.zeros_like(mean)
    return [Scale(label, gain / np.sqrt(variance), mean, shift)]


@read_layer.register
def _relu(module: nn.ReLU, path: str) -> list[Step]:
    return [Units(_label(module, path), np.zeros(1))]


@read_layer.register
def _leaky_relu(module: nn.LeakyReLU, path: str) -> list[Step]:
    return [Units(_label(module, path), np.array([module.negative_slope], dtype=np.float64))]


@read_layer.register
def _prelu(module: nn.PReLU, path: str) -> list[Step]:
    return [Units(_label(module, path), _array(module.weight))]


@read_layer.register
def _abs(module: Abs, path: str) -> list[Step]:
    return [Units(_label(module, path), -np.ones(1))]


@read_layer.register(nn.Identity)
@read_layer.register(nn.Dropout)
@read_layer.register(nn.AlphaDropout)
def _nothing(module: nn.Module, path: str) -> list[Step]:
    return []


def _smooth(module: nn.Module, path: str) -> list[Step]:
    return [Smooth(_label(module, path), path)]


for _kind in (
    nn.Sigmoid, nn.Tanh, nn.Softmax, nn.LogSoftmax, nn.LogSigmoid, nn.Softplus, nn.Softsign, nn.GELU, nn.SiLU, nn.Mish,
    nn.ELU, nn.CELU, nn.SELU,
):  # fmt: skip
    read_layer.register(_kind, _smooth)


@read_layer.register
def _flatten(module: nn.Flatten, path: str) -> list[Step]:
    if (module.start_dim, module.end_dim) != (1, -1):
        raise UnsupportedLayerError(f"{_label(module, path)} must flatten all axes but the first: use nn.Flatten()")
    return [Reshape(_label(module, path), flat=True)]


@read_layer.register
def _unflatten(module: nn.Unflatten, path: str) -> list[Step]:
    if module.dim not in (1, -1):
        raise UnsupportedLayerError(f"{_label(module, path)} must unflatten the second axis: use nn.Unflatten(1, ...)")
    return [Reshape(_label(module, path), flat=False)]
