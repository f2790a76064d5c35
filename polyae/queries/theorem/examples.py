"""Decoders and manifolds for which both sides of the theorem are known in closed form, with any number of pieces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.domains import Box
from polyae.networks.network import Layer, Network
from polyae.queries.manifolds import Orbit, ProductOrbit

Float = NDArray[np.float64]

__all__ = ["circle_case", "parabola_case", "torus_case"]

TURN = np.array([[0.0, -1.0], [1.0, 0.0]])


def _path(knots: Float, start: Float, slopes: Float) -> tuple[Network, Box]:
    """Broken line from `start` with derivative ``slopes[k]`` between ``knots[k]`` and ``knots[k + 1]``."""
    jumps = np.diff(slopes, axis=0, prepend=np.zeros((1, slopes.shape[1])))
    first = Layer(np.ones((len(slopes), 1)), -knots[:-1], slope=0)
    return Network([first, Layer(jumps.T, start)]), Box([knots[0]], [knots[-1]])


def circle_case(count: int, radius: float = 1.0) -> tuple[Network, Box, Orbit]:
    """Circumscribed polygon of a circle: ``u1 = r (sec(π/K) - 1)``, ``Rad = r tan(π/K)``, ``Σ Rad = K r tan(π/K)``.

    Examples
    --------
    >>> net, box, circle = circle_case(6)
    >>> np.linalg.norm(net(np.zeros((1, 1)))).round(6)
    np.float64(1.154701)
    """
    middles = 2 * np.pi * (np.arange(count) + 0.5) / count
    slopes = np.stack([-np.sin(middles), np.cos(middles)], axis=1)
    side = 2 * radius * np.tan(np.pi / count)
    start = radius * np.array([np.cos(middles[0]), np.sin(middles[0])]) - side / 2 * slopes[0]
    net, box = _path(side * np.arange(count + 1), start, slopes)
    return net, box, Orbit(TURN, [radius, 0.0], (0.0, 2 * np.pi))


def parabola_case(count: int, reach: float = 2.0) -> tuple[Network, Box, Orbit]:
    """Tangents of a parabola in space, for an even count: ``u1 = Δ²/8``, ``Rad_k = (Δ/2) √(1 + t_k²)``, Δ = 2 T / K."""
    width = 2 * reach / count
    tangents = -reach + width * (np.arange(count) + 0.5)
    slopes = np.stack([np.zeros(count), np.ones(count), tangents], axis=1)
    start = np.array([1.0, -reach, -reach * tangents[0] - tangents[0] ** 2 / 2])
    net, box = _path(np.linspace(-reach, reach, count + 1), start, slopes)
    return net, box, Orbit(np.eye(3, k=-1), [1.0, 0.0, 0.0], (-reach, reach))


def torus_case(counts: tuple[int, int], radii: tuple[float, float] = (1.0, 1.0)) -> tuple[Network, Box, ProductOrbit]:
    """Product of two circumscribed polygons: ``u1² = Σ (r_i (sec(π/K_i) - 1))²``, ``Rad² = Σ r_i² tan²(π/K_i)``."""
    (a, box_a, _), (b, box_b, _) = (circle_case(k, r) for k, r in zip(counts, radii, strict=True))
    layers = []
    for p, q in zip(a.layers, b.layers, strict=True):
        weight = np.zeros((p.n_out + q.n_out, p.n_in + q.n_in))
        weight[: p.n_out, : p.n_in], weight[p.n_out :, p.n_in :] = p.weight, q.weight
        layers.append(Layer(weight, np.concatenate([p.bias, q.bias]), np.concatenate([p.slope, q.slope])))
    box = Box(np.concatenate([box_a.lo, box_b.lo]), np.concatenate([box_a.hi, box_b.hi]))
    blocks = [np.kron(np.diag(which), TURN) for which in ([1.0, 0.0], [0.0, 1.0])]
    return Network(layers), box, ProductOrbit(blocks, [radii[0], 0.0, radii[1], 0.0], [(0.0, 2 * np.pi)] * 2)
