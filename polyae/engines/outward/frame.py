"""Coordinates around a centre in which a network has as few dimensions as its first layer has rows.

All units are functions of ``t = W x``, W the weights of the first layer.  So where W has fewer rows than
columns, the network is taken in t, whose first layer is the identity: the same functions, exactly.  A
point is named by y with ``x = centre + Q y`` and a unit with gradient g in t has the gradient ``L g`` in y,
where ``W^T = Q L``: for p = 2 by an orthogonal factorisation, so that y has as many coordinates as t, for
other norms with Q = 1 and ``L = W^T``.  Its rounding errors are bounded here, once:

* a functional ``g @ W`` has at most the dual norm ``stretch * ‖L g‖ + residual * ‖g‖``;
* at the point of y, ``t`` differs from ``W centre + L^T y`` by at most ``drift * ‖y‖`` (Euclidean norms).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.domains import Space
from polyae.networks.network import Layer, Network
from polyae.predicates.cell import Arrangement
from polyae.predicates.flat import FlatNetwork, flatten
from polyae.tolerances import SAFETY, UNDERFLOW, gamma

Float = NDArray[np.float64]

__all__ = ["Frame", "frame_around"]


class Frame(NamedTuple):
    """A network around a centre, for compiled code.

    Attributes
    ----------
    flat : FlatNetwork
        In k coordinates, t or x, on the whole space.
    norm : float
        1, 2 or inf: the norm of y, which is that of ``x - centre``.
    lift : array, shape (n, k)
        L; of shape (0, k) where it is the identity.
    centre, centre_error : arrays, shape (k,)
        The centre in these coordinates, and entrywise bounds of what was rounded.
    lift_size : float
        Frobenius norm of L.
    stretch, residual, drift : float
        As above.
    """

    flat: FlatNetwork
    norm: float
    lift: Float
    centre: Float
    centre_error: Float
    lift_size: float
    stretch: float
    residual: float
    drift: float

    @property
    def dim(self) -> int:
        """Number of coordinates of y."""
        return len(self.lift) or len(self.centre)


def frame_around(network: Network, centre: Float, p: float) -> Frame:
    """Coordinates around a centre.

    Parameters
    ----------
    network : Network
    centre : array, shape (h,)
    p : {1, 2, inf}
    """
    first = network.layers[0]
    if first.n_out >= first.n_in:
        return _plain(network, centre, p)
    weight = first.weight
    inner = Network([Layer(np.eye(first.n_out), first.bias, first.slope), *network.layers[1:]])
    place = weight @ centre
    error = gamma(first.n_in) * (np.abs(weight) @ np.abs(centre)) + UNDERFLOW
    base, lift = np.linalg.qr(weight.T) if p == 2 else (None, np.ascontiguousarray(weight.T))
    drift, stretch, residual = 0.0, 1.0, 0.0
    size = _norm(lift) * SAFETY * (1 + gamma(lift.size))
    if base is not None:
        residual = _bound(weight.T - base @ lift, np.abs(base) @ np.abs(lift), first.n_out + 2)
        skew = _bound(base.T @ base - np.eye(first.n_out), np.abs(base.T) @ np.abs(base), first.n_in + 2)
        stretch = float(np.sqrt(1 + skew)) * SAFETY
        drift = (size * skew + residual * stretch) * SAFETY
    return Frame(_flat(inner), p, np.ascontiguousarray(lift), place, error, size, stretch, residual, drift)


def _plain(network: Network, centre: Float, p: float) -> Frame:
    k = network.input_dim
    identity = float(np.sqrt(k)) * SAFETY
    return Frame(_flat(network), p, np.empty((0, k)), centre.copy(), np.zeros(k), identity, 1.0, 0.0, 0.0)


def _flat(network: Network) -> FlatNetwork:
    return flatten(Arrangement(network, Space(network.input_dim)))


def _norm(values: Float) -> float:
    return float(np.sqrt((values * values).sum()))


def _bound(computed: Float, sizes: Float, terms: int) -> float:
    """Frobenius norm of a matrix that was computed with sums of so many products of these sizes."""
    total = _norm(np.abs(computed) + gamma(terms) * (sizes + np.abs(computed)))
    return total * SAFETY * (1 + gamma(computed.size))
