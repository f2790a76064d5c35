"""Units that keep one state all over a ball, certified.

Activations are enclosed by affine functions of the input plus noise, layer by layer (a zonotope; Singh et al.,
*Fast and effective robustness certification*, 2018): ``J δ + s + E ε + b η`` with δ in the ball and ε, η between
-1 and 1.  A unit that may change state is replaced by the chord of its function, with the difference as a new
noise term.  All rounding errors go into b.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.networks.network import Layer, Network
from polyae.predicates.affine import OUT_OF_RANGE
from polyae.tolerances import SAFETY, UNDERFLOW, gamma

Float = NDArray[np.float64]

__all__ = ["unit_ranges", "unit_states"]


@dataclass(frozen=True)
class _Enclosure:
    """Activations of a layer over the ball: gradients (n, h), values (n,), noise (n, e), and rounding (n,)."""

    gradient: Float
    value: Float
    noise: Float
    rounding: Float

    def reach(self, radius: float, q: float) -> Float:
        """Largest deviation of the affine part and the noise from the value."""
        size = np.linalg.norm(self.gradient, ord=q, axis=1) * radius + np.abs(self.noise).sum(axis=1)
        return size * (1 + gamma(self.gradient.shape[1] + self.noise.shape[1] + 2)) * SAFETY


def _through_weights(layer: Layer, x: _Enclosure, radius: float, q: float) -> _Enclosure:
    magnitude = np.abs(layer.weight)
    size = magnitude @ (x.reach(radius, q) + np.abs(x.value)) + np.abs(layer.bias)
    rounding = magnitude @ x.rounding * (1 + gamma(layer.n_in)) + gamma(layer.n_in + 2) * size
    return _Enclosure(
        layer.weight @ x.gradient, layer.weight @ x.value + layer.bias, layer.weight @ x.noise,
        rounding * SAFETY + UNDERFLOW,
    )  # fmt: skip


def _range(t: _Enclosure, radius: float, q: float) -> tuple[Float, Float]:
    reach = (t.reach(radius, q) + t.rounding) * SAFETY
    slack = gamma(2) * (np.abs(t.value) + reach)
    constant = ~(t.gradient.any(axis=1) | t.noise.any(axis=1)) & (t.value == 0) & (t.rounding <= 2 * UNDERFLOW)
    low, high = t.value - reach - slack, t.value + reach + slack
    return np.where(constant, 0.0, low), np.where(constant, 0.0, high)


def _through_units(layer: Layer, t: _Enclosure, radius: float, q: float) -> _Enclosure:
    """Pass an activation: slope 1 or the unit's own where it is stable, else a chord and a noise term."""
    low, high = _range(t, radius, q)
    split = (low < 0) & (high > 0) & (layer.slope != 1)
    with np.errstate(invalid="ignore"):
        chord = (high - layer.slope * low) / np.where(split, high - low, 1.0)
    slope = np.where(split, chord, np.where(low >= 0, 1.0, layer.slope))
    # The unit less the chord is 0 at 0 and extreme there or at the ends of the range.
    ends = np.stack([(layer.slope - slope) * low, (1 - slope) * high, np.zeros_like(low)])
    least, most = np.where(split, ends.min(axis=0), 0.0), np.where(split, ends.max(axis=0), 0.0)
    middle, half = (least + most) / 2, (most - least) / 2
    noise = np.hstack([slope[:, None] * t.noise, np.diag(half)[:, split]])
    size = np.maximum(np.abs(low), np.abs(high))
    rounding = np.abs(slope) * t.rounding * SAFETY + gamma(8) * (np.abs(slope) + np.abs(layer.slope) + 1) * size
    exact = ~split & ((slope == 1) | (slope == 0))
    rounding = np.where(exact, np.abs(slope) * t.rounding, rounding + UNDERFLOW)
    return _Enclosure(slope[:, None] * t.gradient, slope * t.value + middle, noise, rounding)


@OUT_OF_RANGE
def unit_ranges(network: Network, centre: Float, radius: float, p: float) -> tuple[Float, Float]:
    """Certified least and largest pre-activation of every unit over a closed ball: two arrays (units,).

    Parameters
    ----------
    network : Network
    centre : array, shape (h,)
    radius : float
    p : {1, 2, inf}
    """
    q = {1.0: np.inf, 2.0: 2.0, np.inf: 1.0}[float(p)]
    h = network.input_dim
    x = _Enclosure(np.eye(h), np.array(centre), np.zeros((h, 0)), np.zeros(h))
    lows, highs = [], []
    for layer in network.layers:
        t = _through_weights(layer, x, radius, q)
        low, high = _range(t, radius, q)
        lows.append(np.nan_to_num(low, nan=-np.inf)[layer.units])
        highs.append(np.nan_to_num(high, nan=np.inf)[layer.units])
        x = _through_units(layer, t, radius, q)
    return np.concatenate(lows), np.concatenate(highs)


def unit_states(network: Network, centre: Float, radius: float, p: float) -> NDArray[np.int8]:
    """State of every unit all over an open ball: 1 on, -1 off, 0 where it may change; shape (units,).

    A unit that vanishes on the ball's boundary only does not change.

    Examples
    --------
    >>> from polyae import Layer, Network
    >>> net = Network([Layer([[1.0], [1.0], [1.0]], [-3.0, 0.5, 3.0], slope=0), Layer([[1.0] * 3], [0.0])])
    >>> unit_states(net, np.zeros(1), 1.0, 2).tolist()
    [-1, 0, 1]
    """
    low, high = unit_ranges(network, centre, radius, p)
    return np.where(high <= 0, -1, np.where(low >= 0, 1, 0)).astype(np.int8)
