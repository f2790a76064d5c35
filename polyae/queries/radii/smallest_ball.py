"""The smallest ball around rational points, exactly.

Its centre is rational, and its radius squared is rational too, in any metric given by a rational Gram matrix; for
the image of a region that is ``A^T A``.  Welzl's method (1991), with the points moved to the front that turned out
to matter.
"""

from __future__ import annotations

from flint import fmpq, fmpq_mat

__all__ = ["SmallestBall", "form"]

Point = list[fmpq]


class SmallestBall:
    """Smallest enclosing ball of points in a (semi-)metric; `square` is its radius squared."""

    def __init__(self, points: list[Point], metric: fmpq_mat) -> None:
        self.metric = metric
        self.centre, self.square = self._around(list(points), [])

    def _around(self, points: list[Point], support: list[Point]) -> tuple[Point, fmpq]:
        """Smallest ball around points with the support on its boundary."""
        centre, square = self._through(support) if support else (points[0], fmpq(0))
        for k in range(len(points)):
            if self._distance(points[k], centre) > square:
                centre, square = self._around(points[:k], [*support, points[k]])
                points.insert(0, points.pop(k))
        return centre, square

    def _through(self, support: list[Point]) -> tuple[Point, fmpq]:
        """Smallest sphere through points whose images are affinely independent."""
        base = support[0]
        edges = [[x - b for x, b in zip(p, base, strict=True)] for p in support[1:]]
        centre = base
        if edges:
            matrix = fmpq_mat(edges)
            products = matrix * self.metric * matrix.transpose()
            right = fmpq_mat(len(edges), 1, [products[i, i] / 2 for i in range(len(edges))])
            shares = products.solve(right).entries()
            centre = [
                b + sum((s * e[x] for s, e in zip(shares, edges, strict=True)), fmpq(0)) for x, b in enumerate(base)
            ]
        return centre, self._distance(base, centre)

    def _distance(self, a: Point, b: Point) -> fmpq:
        return form([x - y for x, y in zip(a, b, strict=True)], self.metric)


def form(vector: Point, metric: fmpq_mat) -> fmpq:
    """Squared length of a vector."""
    row = fmpq_mat(1, len(vector), vector)
    return (row * metric * row.transpose())[0, 0]
