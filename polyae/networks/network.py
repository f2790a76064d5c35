"""The network in real arithmetic: affine layers between two-state piecewise-linear units."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.arrays import bit_array, finite_array, real_array
from polyae.errors import NetworkError, SettingError, ShapeError

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

__all__ = ["Layer", "Network", "check_network"]


def _frozen(values: ArrayLike, ndim: int, name: str) -> Float:
    array = real_array(values, name).copy()
    if array.ndim != ndim:
        raise ShapeError(f"{name} must have {ndim} axes, got shape {array.shape}")
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise NetworkError(f"{name} holds {array[where]} at {where}; weights must be finite")
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False, repr=False)
class Layer:
    """One affine map followed by one two-state unit per output.

    Unit ``k`` maps its pre-activation ``t`` to ``t`` when it is on (``t > 0``) and to
    ``slope[k] * t`` when it is off: slope 0 is a ReLU, -1 the absolute value, 1 the identity.
    An output of slope 1 has one state only and is not counted as a unit.

    Parameters
    ----------
    weight : array, shape (n_out, n_in)
    bias : array, shape (n_out,)
    slope : array, shape (n_out,), or a number for all outputs

    Raises
    ------
    NetworkError
        If an entry is NaN or infinite.
    ShapeError
        If the shapes do not fit each other.
    """

    weight: Float
    bias: Float
    slope: Float

    def __init__(self, weight: ArrayLike, bias: ArrayLike, slope: ArrayLike = 1.0, name: str = "layer") -> None:
        w = _frozen(weight, 2, f"{name}: weight")
        b = _frozen(bias, 1, f"{name}: bias")
        if b.shape != w.shape[:1]:
            raise ShapeError(f"{name}: bias has shape {b.shape}, weight {w.shape} needs ({w.shape[0]},)")
        s = real_array(slope, f"{name}: slope")
        s = _frozen(np.full(b.shape, s) if s.ndim == 0 else s, 1, f"{name}: slope")
        if s.shape != b.shape:
            raise ShapeError(f"{name}: slope has shape {s.shape}, weight {w.shape} needs ({w.shape[0]},)")
        for field, value in (("weight", w), ("bias", b), ("slope", s)):
            object.__setattr__(self, field, value)

    def __repr__(self) -> str:
        return f"Layer({self.n_in} to {self.n_out}, {len(self.units)} units)"

    @property
    def n_in(self) -> int:
        """Width of the layer's input."""
        return self.weight.shape[1]

    @property
    def n_out(self) -> int:
        """Width of the layer's output."""
        return self.weight.shape[0]

    @cached_property
    def units(self) -> NDArray[np.int64]:
        """Outputs that carry a unit with two states (slope other than 1)."""
        return np.flatnonzero(self.slope != 1.0)


class Network:
    """A continuous piecewise-affine network, frozen, in float64.

    The object that polyae analyses is this network *in real arithmetic on these very
    numbers*: every weight is a float64 and so an exact dyadic rational.

    Units are numbered through the layers from the input on; a pattern is a boolean vector
    over them, true where the unit is on.

    Parameters
    ----------
    layers : iterable of Layer

    Raises
    ------
    NetworkError
        If there is no layer or two consecutive widths differ.

    Examples
    --------
    >>> net = Network([Layer([[1.0], [-1.0]], [0.0, 0.5], slope=0.0), Layer([[1.0, 1.0]], [0.0])])
    >>> net.num_units, net.input_dim, net.output_dim
    (2, 1, 1)
    >>> net([0.25]), net.pattern([0.25])
    (array([0.5]), array([ True,  True]))
    """

    def __init__(self, layers: Iterable[Layer]) -> None:
        self.layers: tuple[Layer, ...] = tuple(layers) if isinstance(layers, Iterable) else (layers,)
        if not self.layers:
            raise NetworkError("a network needs at least one layer")
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise NetworkError(
                    f"a network is made of polyae.Layer, got {type(layer).__name__}; polyae.from_torch reads modules"
                )
        for i, (a, b) in enumerate(zip(self.layers, self.layers[1:], strict=False)):
            if a.n_out != b.n_in:
                raise NetworkError(f"layer {i} has {a.n_out} outputs but layer {i + 1} takes {b.n_in} inputs")
        if 0 in (self.input_dim, self.output_dim):
            raise NetworkError("a network needs at least one input and one output")

    def __repr__(self) -> str:
        widths = "-".join(str(n) for n in (self.input_dim, *(layer.n_out for layer in self.layers)))
        return f"Network({widths}, {self.num_units} units)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Network) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def input_dim(self) -> int:
        """Dimension of the space that the network partitions."""
        return self.layers[0].n_in

    @property
    def output_dim(self) -> int:
        """Dimension of the space that the network maps to."""
        return self.layers[-1].n_out

    @cached_property
    def num_units(self) -> int:
        """Number of two-state units, the length of a pattern."""
        return sum(len(layer.units) for layer in self.layers)

    @cached_property
    def unit_offsets(self) -> NDArray[np.int64]:
        """First unit of every layer, and the total: shape (layers + 1,)."""
        return np.cumsum([0, *(len(layer.units) for layer in self.layers)])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of shapes, weights and slopes: the identity of the network."""
        h = hashlib.sha256()
        for layer in self.layers:
            h.update(np.array(layer.weight.shape, dtype="<i8").tobytes())
            for values in (layer.weight, layer.bias, layer.slope):
                h.update((values + 0.0).astype("<f8").tobytes())
        return h.hexdigest()

    def _check_input(self, x: ArrayLike) -> Float:
        return finite_array(x, "points", (..., self.input_dim))

    def _preactivations(self, x: Float) -> Iterator[tuple[Layer, Float]]:
        for layer in self.layers:
            pre = x @ layer.weight.T + layer.bias
            yield layer, pre
            x = np.where(pre > 0, pre, layer.slope * pre)

    def __call__(self, x: ArrayLike) -> Float:
        """Evaluate at points of shape (..., input_dim); returns (..., output_dim).

        Raises
        ------
        ShapeError
            If the points have another dimension.
        DataError
            If a number is NaN or infinite.
        """
        for layer, pre in self._preactivations(self._check_input(x)):
            out = np.where(pre > 0, pre, layer.slope * pre)
        return out

    def preactivations(self, x: ArrayLike) -> Float:
        """Pre-activations of all units at points (..., input_dim): shape (..., units)."""
        parts = [pre[..., layer.units] for layer, pre in self._preactivations(self._check_input(x))]
        return np.concatenate(parts, axis=-1)

    def pattern(self, x: ArrayLike) -> Bool:
        """Units that are on at points (..., input_dim), in floating point: shape (..., units)."""
        return self.preactivations(x) > 0

    def check_pattern(self, pattern: ArrayLike) -> Bool:
        """Return `pattern`, also a string of 0 and 1, as a boolean vector over the units.

        Raises
        ------
        ShapeError
            If its length is not the number of units.
        DataError
            If it holds anything but 0 and 1.
        """
        bits = bit_array(pattern, "pattern")
        if bits.shape != (self.num_units,):
            raise ShapeError(f"a pattern of this network has shape ({self.num_units},), got {bits.shape}")
        return bits

    def slopes(self, pattern: Bool) -> list[Float]:
        """Slope of every output of every layer under one pattern (units,), or a batch (n, units)."""
        result = []
        for layer, start in zip(self.layers, self.unit_offsets, strict=False):
            slope = np.broadcast_to(layer.slope, (*pattern.shape[:-1], layer.n_out)).copy()
            bits = pattern[..., start : start + len(layer.units)]
            slope[..., layer.units] = np.where(bits, 1.0, slope[..., layer.units])
            result.append(slope)
        return result

    def affine(self, pattern: ArrayLike) -> tuple[Float, Float]:
        """Affine map of a region: ``A`` of shape (d, h) and ``B`` of shape (d,).

        Section 2 of Cosentino et al. (2021): ``A = W_L Q_{L-1} W_{L-1} ... Q_1 W_1``.
        """
        a, b = np.eye(self.input_dim), np.zeros(self.input_dim)
        for layer, slope in zip(self.layers, self.slopes(self.check_pattern(pattern)), strict=True):
            a = slope[:, None] * (layer.weight @ a)
            b = slope * (layer.weight @ b + layer.bias)
        return a, b

    def __rshift__(self, then: Network) -> Network:
        """Compose: ``(encoder >> decoder)(x) == decoder(encoder(x))``, weights untouched."""
        if not isinstance(then, Network):
            return NotImplemented
        if self.output_dim != then.input_dim:
            raise NetworkError(
                f"cannot compose: the first network has {self.output_dim} outputs, the second takes {then.input_dim}"
            )
        return Network(self.layers + then.layers)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready description, the format that :func:`polyae.read_network` takes."""
        return {
            "layers": [
                {"weight": y.weight.tolist(), "bias": y.bias.tolist(), **_activation(y.slope)} for y in self.layers
            ]
        }


def check_network(network: object) -> None:
    """Refuse what is no :class:`Network`.

    Raises
    ------
    SettingError
        If it is something else.
    """
    if not isinstance(network, Network):
        raise SettingError(
            f"a Network is needed, got {type(network).__name__}; polyae.from_torch reads torch modules, "
            "polyae.read_network files, and .network is that of a complex"
        )


def _activation(slope: Float) -> dict[str, Any]:
    """Name of the units with these slopes, and the slopes where the name leaves them open."""
    if (slope != slope[:1]).any():
        return {"activation": "prelu", "negative_slope": slope.tolist()}
    names = {0.0: "relu", -1.0: "abs", 1.0: "identity"}
    value = float(slope[0]) if slope.size else 1.0
    return {"activation": names[value]} if value in names else {"activation": "leaky_relu", "negative_slope": value}
