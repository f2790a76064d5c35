"""Decoders and orbits whose distances and radii are known in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyae import Box, Layer, Network
from polyae.queries.manifolds import Orbit, ProductOrbit

Float = NDArray[np.float64]

TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
SHIFT = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""Generator of ``(1, θ, θ²/2)``."""


def path(knots: Sequence[float], start: Sequence[float], slopes: Float) -> tuple[Network, Box]:
    """Broken line from `start` with derivative ``slopes[k]`` (d,) between ``knots[k]`` and ``knots[k + 1]``."""
    first = Layer(np.ones((len(slopes), 1)), -np.asarray(knots[:-1]), slope=0)
    jumps = np.diff(slopes, axis=0, prepend=np.zeros((1, slopes.shape[1])))
    return Network([first, Layer(jumps.T, start)]), Box([knots[0]], [knots[-1]])


def polygon(count: int, reach: float) -> tuple[Network, Box]:
    """Regular polygon traced at unit speed whose sides are ``reach = side / (2 tan(π / count))`` from the origin."""
    middles = 2 * np.pi * (np.arange(count) + 0.5) / count
    directions = np.stack([-np.sin(middles), np.cos(middles)], axis=1)
    side = 2 * reach * np.tan(np.pi / count)
    start = reach * np.array([np.cos(middles[0]), np.sin(middles[0])]) - side / 2 * directions[0]
    return path(side * np.arange(count + 1), start, directions)


def circle(radius: float, span: float = 2 * np.pi) -> Orbit:
    return Orbit(TURN, [radius, 0], (0, span))


def parabola(reach: float, count: int) -> tuple[Network, Box, Orbit]:
    """Tangents ``t_k z - t_k² / 2`` of a parabola, their maximum, in three dimensions."""
    width = 2 * reach / count
    tangents = -reach + width * (np.arange(count) + 0.5)
    slopes = np.stack([np.zeros(count), np.ones(count), tangents], axis=1)
    start = [1, -reach, -reach * tangents[0] - tangents[0] ** 2 / 2]
    net, box = path(-reach + width * np.arange(count + 1), start, slopes)
    return net, box, Orbit(SHIFT, [1, 0, 0], (-reach, reach))


def side_by_side(a: Network, b: Network) -> Network:
    """Product map of two networks of the same depth."""
    layers = []
    for p, q in zip(a.layers, b.layers, strict=True):
        weight = np.zeros((p.n_out + q.n_out, p.n_in + q.n_in))
        weight[: p.n_out, : p.n_in], weight[p.n_out :, p.n_in :] = p.weight, q.weight
        layers.append(Layer(weight, np.concatenate([p.bias, q.bias]), np.concatenate([p.slope, q.slope])))
    return Network(layers)


def torus(counts: tuple[int, int], radii: tuple[float, float]) -> tuple[Network, Box, ProductOrbit]:
    """Product of two circumscribed polygons, and the product of the two circles."""
    (a, box_a), (b, box_b) = (polygon(k, r) for k, r in zip(counts, radii, strict=True))
    box = Box(np.concatenate([box_a.lo, box_b.lo]), np.concatenate([box_a.hi, box_b.hi]))
    blocks = [np.kron(np.diag(which), TURN) for which in ([1.0, 0.0], [0.0, 1.0])]
    return side_by_side(a, b), box, ProductOrbit(blocks, [radii[0], 0, radii[1], 0], [(0, 2 * np.pi)] * 2)
