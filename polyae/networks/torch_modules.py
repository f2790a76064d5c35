"""Reading a PyTorch module: its layers' steps, assembled into a network and checked against the module."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from polyae.errors import NetworkError, ShapeError, UnsupportedLayerError
from polyae.networks.network import Float, Layer, Network
from polyae.networks.torch_layers import Abs, Affine, Reshape, Scale, Smooth, Step, Units, read_layer
from polyae.tolerances import gamma

__all__ = ["Abs", "from_torch"]

CHECK_POINTS = 32

#: Added to every bias where rounding errors are bounded: what underflow can add is far below its roundoff.
UNDERFLOW = 2.0**-1000


def from_torch(module: nn.Module, drop_output: bool = False, *, compare: bool = True) -> Network:
    """Read a PyTorch module, as it computes in eval mode.

    Reads ``nn.Sequential`` (nested at will) of Linear, ReLU, LeakyReLU, PReLU, :class:`Abs`,
    Identity, Dropout, Flatten, Unflatten and BatchNorm1d, and a module whose children are exactly
    ``encoder`` and ``decoder``, taken as ``decoder(encoder(x))``; pass ``model.encoder`` or
    ``model.decoder`` for one half.  Weights are widened to float64 unchanged; a BatchNorm1d is folded
    into the Linear before it, in float64, or becomes a diagonal layer.  Consecutive Linear layers
    stay apart, since their product would have to be rounded.  The module itself is left as it is.

    The network is compared with ``module(x)``, both in float64, at random points of shape
    (32, input_dim) drawn with a fixed seed.

    Parameters
    ----------
    module : torch.nn.Module
    drop_output : bool
        Leave a final Sigmoid, Tanh, Softmax or the like out (if there is one) instead of refusing it.
    compare : bool
        False leaves the comparison out: for a module that was compared before and has new weights since.

    Raises
    ------
    UnsupportedLayerError
        If a layer cannot be read; the message names it.
    NetworkError
        If a weight is not finite, widths do not fit, or the network and the module disagree.

    Examples
    --------
    >>> from_torch(nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 5)))
    Network(2-8-5, 8 units)
    >>> from_torch(nn.Sequential(nn.Linear(2, 5), nn.Sigmoid()), drop_output=True)
    Network(2-5, 0 units)
    """
    twin = _double_copy(module)
    steps, dropped = _without_output(read_layer(twin, ""), drop_output)
    pieces = _assemble(steps)
    network = Network(Layer(p.affine.weight, p.affine.bias, p.slope, name=p.name) for p in pieces)
    if dropped is not None:
        twin.set_submodule(dropped.path, nn.Identity())
    if compare:
        _compare(network, pieces, twin)
    return network


def _double_copy(module: nn.Module) -> nn.Module:
    if isinstance(module, Network):
        raise NetworkError("this takes a torch.nn.Module, got a polyae.Network, which is what it is read into")
    if not isinstance(module, nn.Module):
        raise NetworkError(
            f"from_torch takes a torch.nn.Module, got {type(module).__name__}: put layers into an nn.Sequential, load "
            "saved weights into the module that they belong to (module.load_state_dict)"
        )
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if nn.parameter.is_lazy(tensor):
            raise NetworkError(f"{name} has no values yet: run the lazy module once on a batch of data")
        if tensor.is_complex():
            raise NetworkError(f"{name} is complex; weights must be real")
    try:
        return copy.deepcopy(module).to("cpu", torch.float64).eval()
    except RuntimeError as error:
        raise NetworkError(
            f"the module cannot be copied: {error} (pruned weights: torch.nn.utils.prune.remove first)"
        ) from error


def _without_output(steps: list[Step], drop: bool) -> tuple[list[Step], Smooth | None]:
    """Steps without a final function that is not piecewise linear, and the one that was dropped."""
    smooth = next((step for step in steps if isinstance(step, Smooth)), None)
    if smooth is None:
        return steps, None
    at = steps.index(smooth)
    if not all(isinstance(step, Reshape) for step in steps[at + 1 :]):
        raise UnsupportedLayerError(
            f"{smooth.name} is not piecewise linear and lies inside the network, which then has no polyhedral regions: "
            "take ReLU, LeakyReLU, PReLU or polyae.networks.Abs there"
        )
    if not drop:
        raise UnsupportedLayerError(
            f"{smooth.name} is not piecewise linear: pass drop_output=True to analyse the network up to it"
        )
    return steps[:at] + steps[at + 1 :], smooth


@dataclass(frozen=True)
class _Piece:
    """A layer of the network to be; `size` of its affine map serves the error bound."""

    affine: Affine
    slope: Float
    name: str


def _assemble(steps: Sequence[Step]) -> list[_Piece]:
    assembler = _Assembler(_input_width(steps))
    for step in steps:
        assembler.take(step)
    assembler.finish()
    return assembler.pieces


def _input_width(steps: Sequence[Step]) -> int:
    for step in steps:
        if isinstance(step, Affine):
            return step.weight.shape[1]
        if isinstance(step, Scale) and len(step.factor) > 1:
            return len(step.factor)
    raise NetworkError("the module holds no Linear layer, so that its width is not known")


def _identity(width: int, name: str) -> Affine:
    return Affine(name, np.eye(width), np.zeros(width), np.zeros(width))


class _Assembler:
    """Joins affine steps with the units that follow them."""

    def __init__(self, width: int) -> None:
        self.pieces: list[_Piece] = []
        self.pending: Affine | None = None
        self.width = width
        self.flat = True

    def take(self, step: Step) -> None:
        match step:
            case Affine():
                self._demand(step.name, step.weight.shape[1])
                self.finish()
                self.pending, self.width = step, len(step.weight)
            case Scale():
                self._demand_entries(step.name, len(step.factor))
                self.pending = step.after(self.pending or _identity(self.width, "identity"))
            case Units():
                self._demand_entries(step.name, len(step.slope))
                affine = self.pending or _identity(self.width, "identity")
                self._close(affine, step.slope, f"{affine.name} with {step.name}")
            case Reshape():
                self.flat = step.flat

    def finish(self) -> None:
        """End the current layer without units."""
        if self.pending is not None:
            self._close(self.pending, np.ones(1), self.pending.name)

    def _close(self, affine: Affine, slope: Float, name: str) -> None:
        self.pieces.append(_Piece(affine, np.broadcast_to(slope, self.width), name))
        self.pending = None

    def _demand_entries(self, name: str, width: int) -> None:
        # One number for all entries fits any shape.
        if width != 1:
            self._demand(name, width)

    def _demand(self, name: str, width: int) -> None:
        if not self.flat:
            raise UnsupportedLayerError(f"{name} acts on one axis of an unflattened tensor: put nn.Flatten() before it")
        if width != self.width:
            raise NetworkError(f"{name} takes {width} inputs, but the layers before it give {self.width}")


def _compare(network: Network, pieces: Sequence[_Piece], twin: nn.Module) -> None:
    x = np.random.default_rng(0).standard_normal((CHECK_POINTS, network.input_dim))
    theirs = _run(twin, x, network.output_dim)
    ours = network(x)
    difference, bound = np.abs(ours - theirs), _rounding(pieces, x)
    if not (difference <= bound).all():
        raise NetworkError(
            f"the network and module(x) differ by {difference.max():.3g} at a random point (rounding explains "
            f"{bound.max():.3g}): forward() does more than the layers show; pass the nn.Sequential parts instead"
        )


def _run(twin: nn.Module, x: Float, width: int) -> Float:
    """Outputs of the module at x, shape (points, width)."""
    try:
        with torch.no_grad():
            # A copy, since the first layer may work in place.
            output = twin(torch.tensor(x))
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise NetworkError(f"module(x) fails for x of shape {x.shape}: {error}") from error
    if not isinstance(output, torch.Tensor):
        raise NetworkError(f"module(x) must return one tensor, got {type(output).__name__}: pass module.decoder, say")
    if output.shape[:1] != x.shape[:1] or output.numel() != len(x) * width:
        raise ShapeError(f"module(x) has shape {tuple(output.shape)} for x of shape {x.shape}, its layers give {width}")
    return np.asarray(output.reshape(len(x), width).numpy(), dtype=np.float64)


def _rounding(pieces: Sequence[_Piece], x: Float) -> Float:
    """Bound on the difference of two float64 evaluations at x, shape (points, output_dim).

    Every output is a sum of products of inputs, weights and slopes, and each evaluation loses a
    factor within ``1 + gamma(count)`` on each of them; their absolute values add up to ``total``.
    Folding a BatchNorm1d costs less than 12 more roundings a layer.
    """
    total, count = np.abs(x), 0
    for piece in pieces:
        steepest = np.maximum(1.0, np.abs(piece.slope))
        total = steepest * (total @ np.abs(piece.affine.weight).T + piece.affine.size + UNDERFLOW)
        count += piece.affine.weight.shape[1] + 12
    return 2.0 * gamma(count) * total
