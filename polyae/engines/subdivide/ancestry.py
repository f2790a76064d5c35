"""Vertices of a face lattice in rational arithmetic, from the edges that they were put on.

A vertex divides its edge in the proportion of two values of one unit, which is affine on the edge; so the
exact points of the ends and the network at these give the exact vertex, in special position or not.
"""

from __future__ import annotations

import numpy as np
from flint import fmpz

from polyae.engines.subdivide.exact import nearest
from polyae.engines.subdivide.lattice import Lattice
from polyae.engines.subdivide.layers import LayerPlan
from polyae.engines.subdivide.split import enter_layer
from polyae.predicates.rational import ExactNetwork, HomogeneousPoint, rounded
from polyae.tolerances import UNDERFLOW, UNIT_ROUNDOFF

__all__ = ["Ancestry"]


class Ancestry:
    """Exact points of vertices, on demand.

    Parameters
    ----------
    network : ExactNetwork
    corners : list of homogeneous points
        The first vertices of the lattice.
    """

    def __init__(self, network: ExactNetwork, corners: list[HomogeneousPoint]) -> None:
        self.network = network
        self.points = dict(enumerate(corners))

    def point(self, lattice: Lattice, vertex: int) -> HomogeneousPoint:
        """The exact vertex; its ancestors, which have lower numbers, are found before it."""
        waiting, unknown = [vertex], set()
        while waiting:
            v = waiting.pop()
            if v not in self.points and v not in unknown:
                unknown.add(v)
                waiting.extend(lattice.parents[v].tolist())
        for v in sorted(unknown):
            a, b = (self.points[k] for k in lattice.parents[v].tolist())
            self.points[v] = self._between(a, b, int(lattice.born[v]))
        return self.points[vertex]

    def _between(self, a: HomogeneousPoint, b: HomogeneousPoint, unit: int) -> HomogeneousPoint:
        # (q a + p b) / (p + q), where p and q are the distances of the unit's values from 0.
        p, q = abs(self.network.unit_at(a, unit)), abs(self.network.unit_at(b, unit))
        left, right = q.p * p.q * b[-1], p.p * q.q * a[-1]
        mean = [left * x + right * y for x, y in zip(a, b, strict=True)]
        divisor = fmpz(0)
        for x in mean:
            divisor = divisor.gcd(x)
        return [x // divisor for x in mean]

    def repair(self, lattice: Lattice, vertex: int, layer: int, plan: LayerPlan) -> None:
        """Round position and values of a vertex anew, and enter exact signs."""
        point = self.point(lattice, vertex)
        values = self.network.layer_values(point, layer)
        lattice.values[vertex] = [nearest(x) for x in values]
        lattice.size[vertex] = np.abs(lattice.values[vertex]).max()
        lattice.error[vertex] = 2 * UNIT_ROUNDOFF * lattice.size[vertex] + UNDERFLOW
        lattice.coordinates[vertex] = rounded(point)
        reach = float(np.abs(lattice.coordinates[vertex]).max())
        lattice.position_error[vertex] = 2 * UNIT_ROUNDOFF * reach + UNDERFLOW
        enter_layer(lattice, vertex, vertex + 1, plan.rows)
        lattice.proved[vertex] = True
