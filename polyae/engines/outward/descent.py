"""Random descents of the tree of partial patterns: an unbiased estimate of the number of regions in a ball.

A node at level u of the tree is a cell of the first u units inside the ball; a unit whose function changes
sign on the cell gives it two children, any other unit one.  The leaves are the regions that meet the ball.
Knuth (1975) follows one random child at a time and multiplies by their number.  Chen (1992) keeps several
nodes of every level, one for each stratum, which carries the weight of the whole stratum.

Here the children of a level, sorted by their distance from the centre, are cut into strata of equal importance, and
one of each is kept with a probability in proportion to its own; a node so important that it would fill a
stratum is kept as it is (Fearnhead & Clifford 2003).  As long as they are few all are kept, and the count is exact.
A node's importance is its weight times a guess of its number of leaves, ``(1 - (δ / r)²)^(s/2)`` at distance δ from
the centre of a ball of radius r in which the number of regions grows like r^s: the part of the ball that lies
farther than δ in some direction has half the width ``√(r² - δ²)``.  Any guess leaves the estimate unbiased.
With one node and no guess (s = 0) this is Knuth's descent.

Nothing is proved here: cuts thinner than about 1e-9 of the radius may be missed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.outward.facet import facet_scratch
from polyae.engines.outward.frame import frame_around
from polyae.engines.outward.reduce import reduce_to_ball
from polyae.engines.outward.selection import select
from polyae.engines.outward.tree import branch, enter_level, new_children, new_nodes
from polyae.networks.network import Layer, Network

Float = NDArray[np.float64]

__all__ = ["Descent"]

#: Allowance for rounding in rows of about unit length, relative.
ROUNDING = 1e-12
#: Most bytes of one set of nodes.
MEMORY = 1 << 28


class Descent:
    """Random descents for one ball.

    Parameters
    ----------
    network : Network
    centre : array, shape (h,)
    radius : float
    p : {1, 2, inf}
    nodes : int
        Kept at every level.
    growth : float
        The number of regions is guessed to grow like this power of the radius.

    Attributes
    ----------
    exact : bool
        Whether the last run kept all nodes, so that it counted every region.
    """

    def __init__(
        self, network: Network, centre: Float, radius: float, p: float, nodes: int = 64, growth: float = 0.0
    ) -> None:
        self._network = reduce_to_ball(network, centre, radius, p).network
        self._frame, self._radius, self.growth = frame_around(self._network, centre, p), radius, growth
        first = self._network.layers[0]
        gradient = self._frame.lift.T if len(self._frame.lift) else first.weight
        self._first = np.column_stack([gradient, first.weight @ centre + first.bias])
        rows, dim = self._network.num_units + 1, self._frame.dim
        self.nodes = max(1, min(nodes, MEMORY // (8 * rows * (rows + dim + 1))))
        width, room = max(layer.n_out for layer in self._network.layers), self.nodes + 2
        self._nodes = list(new_nodes(room, rows, dim, width))
        self._children = new_children(2 * room, dim)
        self._errors, self._units = np.full(rows, ROUNDING * radius), np.zeros(rows, dtype=np.int64)
        self._scratch, self._sides = facet_scratch(rows, dim), np.empty((2, dim))
        self.exact = False
        self._kept, self._weights = np.zeros(2 * room, dtype=np.int64), np.zeros(2 * room)

    def run(self, rng: np.random.Generator) -> float:
        """One unbiased estimate of the number of regions that meet the open ball."""
        begin, self.exact = self._nodes[0], True
        for values in (begin.cuts, begin.nearest, begin.inside, begin.origin, begin.distances):
            values[:1] = 0
        begin.used[0] = begin.weights[0] = 1
        rows, level, units = self._first[None], 0, max(1, self._network.num_units)
        for i, layer in enumerate(self._network.layers):
            if i:
                rows = layer.weight @ rows
                rows[..., -1] += layer.bias
            self._nodes[0].origin[:] = np.arange(len(self._nodes[0].origin))
            for output in layer.units.tolist():
                level += 1
                self._step(np.ascontiguousarray(rows), output, self.growth / 2 * (1 - level / units), rng.random())
            if layer is not self._network.layers[-1]:
                rows = self._activated(layer, rows)
        last = self._nodes[0]
        return float(last.weights[: last.used[0]].sum())

    def _step(self, rows: Float, output: int, exponent: float, draw: float) -> None:
        old, new = self._nodes
        count = branch(
            self._frame, old, self._children, rows, output, self._radius, exponent, self._errors, self._units,
            self._scratch, self._sides,
        )  # fmt: skip
        self.exact &= count <= self.nodes
        number = select(self._children, count, self.nodes, draw, self._kept, self._weights)
        enter_level(old, new, self._children, rows, output, number, self._kept, self._weights)
        self._nodes.reverse()

    def _activated(self, layer: Layer, rows: Float) -> Float:
        nodes, count = self._nodes[0], int(self._nodes[0].used[0])
        slope = np.broadcast_to(layer.slope, (count, layer.n_out)).copy()
        bits = nodes.bits[:count, layer.units] == 1
        slope[:, layer.units] = np.where(bits, 1.0, slope[:, layer.units])
        return np.ascontiguousarray(slope[..., None] * rows[nodes.origin[:count]])
