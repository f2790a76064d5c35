"""Upper bounds on the number of regions that meet a ball, from the units that can change state in it.

Layer by layer a histogram says how many regions there are at most whose activations span at most d
dimensions.  N units that may change cut a d-dimensional space into at most ``Σ_{j≤d} C(N, j)`` regions
(Zaslavsky 1975).  A ReLU that is off carries no dimension on; a leaky unit or an absolute value always
does, and so does a unit that is on all over the ball, or none.  Of all ways to distribute the regions over numbers of
ReLUs that are on, the one with as many on as possible bounds what follows: at most ``C(R, a) 2^(N - R)``
patterns have a of the R ReLUs on.

With ReLUs only this is the recursion ``v'[min(d, s + n - j)] += C(n, j) v[d]`` of Serra et al. (2018) and
Hinz & van de Geer (2019), s units being on throughout; with other units only it is the bound of Montúfar (2017).
"""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray

from polyae.networks.network import Layer, Network
from polyae.predicates.stable_units import unit_states

Float = NDArray[np.float64]

__all__ = ["montufar_bound", "most_regions", "most_regions_in_ball"]


def most_regions_in_ball(network: Network, centre: Float, radius: float, p: float) -> int:
    """Upper bound on the number of regions that meet an open ball.

    Parameters
    ----------
    network : Network
    centre : array, shape (h,)
    radius : float
    p : {1, 2, inf}
    """
    return most_regions(network, unit_states(network, centre, radius, p))


def most_regions(network: Network, states: NDArray[np.int8]) -> int:
    """Upper bound on the number of regions in a convex set in which units have these states.

    Parameters
    ----------
    network : Network
    states : array of int8, shape (units,)
        1 on, -1 off, 0 may change.

    Examples
    --------
    Three lines in the plane, then a layer of one ReLU:

    >>> from polyae import Layer, Network
    >>> layers = [Layer(np.ones((3, 2)), np.zeros(3), 0), Layer(np.ones((1, 3)), [0.0], 0), Layer([[1.0]], [0.0])]
    >>> most_regions(Network(layers), np.zeros(4, dtype=np.int8))
    14
    """
    histogram = {network.input_dim: 1}
    for layer, start in zip(network.layers, network.unit_offsets, strict=False):
        carrying, relus, others = _kinds(layer, states[start : start + len(layer.units)])
        following: dict[int, int] = {}
        for dim, number in histogram.items():
            left = sum(comb(relus + others, j) for j in range(min(dim, relus + others) + 1))
            for on in range(relus, -1, -1):
                taken = min(left, comb(relus, on) << others)
                if not taken:
                    break
                rank = min(dim, carrying + on)
                following[rank] = following.get(rank, 0) + taken * number
                left -= taken
        histogram = following
    return sum(histogram.values())


def _kinds(layer: Layer, states: NDArray[np.int8]) -> tuple[int, int, int]:
    """Outputs that always carry a dimension on; ReLUs that may change; other units that may change."""
    relu = layer.slope[layer.units] == 0
    relus = int((relu & (states == 0)).sum())
    others = int((~relu & (states == 0)).sum())
    off = int((relu & (states == -1)).sum())
    return layer.n_out - relus - off, relus, others


def montufar_bound(network: Network, states: NDArray[np.int8]) -> int:
    """Montúfar's (2017) bound ``Π_l Σ_{j≤d_l} C(n_l, j)``; units that do not change count in d_l alone."""
    dim, total = network.input_dim, 1
    for layer, start in zip(network.layers, network.unit_offsets, strict=False):
        changing = int((states[start : start + len(layer.units)] == 0).sum())
        dim = min(dim, layer.n_out)
        total *= sum(comb(changing, j) for j in range(min(dim, changing) + 1))
    return total
