"""The part of a network that can change inside a ball: the same regions there, from far fewer units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.networks.network import Layer, Network
from polyae.predicates.stable_units import unit_states

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

__all__ = ["ReducedNetwork", "reduce_to_ball"]


@dataclass(frozen=True)
class ReducedNetwork:
    """A network that has the same regions as another one inside an open ball.

    ReLUs that are off all over the ball are left out, and so are layers after the last unit; units that are
    on have become linear outputs.  All remaining weights are the original's own, so nothing is rounded.

    Attributes
    ----------
    network : Network
    units : array of int
        Its units in the original's numbering.
    states : array of bool, shape (original units,)
        The state of the others.
    """

    network: Network
    units: NDArray[np.int64]
    states: Bool

    def shorten(self, patterns: Bool) -> Bool:
        """Patterns (n, original units) of regions that meet the ball, over the remaining units."""
        return patterns[:, self.units]

    def complete(self, patterns: Bool) -> Bool:
        """Inverse of :meth:`shorten`."""
        whole = np.tile(self.states, (len(patterns), 1))
        whole[:, self.units] = patterns
        return whole


def reduce_to_ball(network: Network, centre: Float, radius: float, p: float) -> ReducedNetwork:
    """Leave out what is the same all over an open ball.

    Parameters
    ----------
    network : Network
    centre : array, shape (h,)
    radius : float
    p : {1, 2, inf}

    Examples
    --------
    >>> net = Network([Layer([[1.0], [1.0], [1.0]], [-3.0, 0.5, 3.0], slope=0), Layer([[1.0] * 3], [0.0])])
    >>> reduced = reduce_to_ball(net, np.zeros(1), 1.0, 2)
    >>> reduced.network, reduced.units, reduced.states
    (Network(1-2, 1 units), array([1]), array([False, False,  True]))
    """
    states = unit_states(network, centre, radius, p)
    layers: list[Layer] = []
    units: list[NDArray[np.int64]] = []
    inputs = np.arange(network.input_dim)
    for layer, start in zip(network.layers, network.unit_offsets, strict=False):
        state = np.ones(layer.n_out, dtype=np.int8)
        state[layer.units] = states[start : start + len(layer.units)]
        slope = np.where(state == 1, 1.0, layer.slope)
        kept = np.flatnonzero(~((slope == 0) & (state == -1)))
        if not len(kept):
            kept = np.zeros(1, dtype=np.int64)  # an output that is always 0: a layer needs one
        number = np.full(layer.n_out, -1)
        number[layer.units] = start + np.arange(len(layer.units))
        layers.append(Layer(layer.weight[np.ix_(kept, inputs)], layer.bias[kept], slope[kept]))
        units.append(number[kept][slope[kept] != 1])
        inputs = kept
    last = max((i for i, own in enumerate(units) if len(own)), default=0)
    return ReducedNetwork(Network(layers[: last + 1]), np.concatenate(units[: last + 1]), states == 1)
