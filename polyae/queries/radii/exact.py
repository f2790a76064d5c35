"""The squared circumradius as a rational number.

The smallest ball around finitely many rational points has a rational centre, and its radius squared is rational
too, in any metric given by a rational Gram matrix.  For the image of a region that is ``A^T A``.  Welzl's method
(1991), with the points moved to the front that turned out to matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Literal

from flint import fmpq, fmpq_mat

from polyae.complex.facet_rows import FacetRows, facet_rows
from polyae.complex.region_complex import RegionComplex
from polyae.errors import DomainError, JobTooLargeError, SettingError, UnboundedDomainError
from polyae.queries.radii.maps import exact_map, gram
from polyae.queries.radii.measure import MAX_VERTICES, affordable

__all__ = ["squared_circumradii"]

Point = list[fmpq]


def squared_circumradii(
    cx: RegionComplex,
    regions: Iterable[int] | None = None,
    *,
    space: Literal["latent", "data"] = "data",
    max_vertices: int = MAX_VERTICES,
) -> list[Fraction]:
    """Exact squared radii of the smallest balls around regions or their images.

    Parameters
    ----------
    cx : RegionComplex
    regions : iterable of int, optional
        Numbers of regions; all by default.
    space : {"latent", "data"}
    max_vertices : int
        Vertices that a region may have, judged by the upper bound theorem.

    Raises
    ------
    SettingError
        If there is no such region or space.
    DomainError
        On a Euclidean ball, whose regions are no polytopes.
    UnboundedDomainError
        If a radius is infinite.
    JobTooLargeError
        If the vertices are too many; :func:`radii` gives an interval then.

    Examples
    --------
    >>> import polyae
    >>> shear = polyae.Network([polyae.Layer([[1, 1], [0, 1], [0, 2]], [0, 0, 0])])
    >>> squared_circumradii(polyae.enumerate_regions(shear, polyae.Box([0, 0], [1, 1])))
    [Fraction(9, 4)]
    """
    if space not in ("latent", "data"):
        raise SettingError(f"space must be 'latent' or 'data', got {space!r}")
    if cx.domain.curved:
        raise DomainError("a region cut by a Euclidean ball is no polytope; radii gives intervals there")
    numbers = list(range(len(cx)) if regions is None else regions)
    for i in numbers:
        if not 0 <= i < len(cx):
            raise SettingError(f"there is no region {i}; the complex has {len(cx)}")
    rows = facet_rows(cx)
    cheap = affordable(rows, max_vertices)
    for i in numbers:
        if not cheap[i]:
            raise JobTooLargeError(
                f"region {i} may have more than {max_vertices} vertices: raise max_vertices, or take the interval that "
                "radii gives"
            )
    return [_squared_circumradius(rows, i, space) for i in numbers]


def _squared_circumradius(rows: FacetRows, i: int, space: str) -> Fraction:
    made = rows.polyhedron(i).generators
    h = rows.complex.domain.dim
    metric = fmpq_mat([[fmpq(int(j == k)) for k in range(h)] for j in range(h)])
    if space == "data":
        metric = gram(exact_map(rows.complex, i))
    for ray in [*made.rays, *made.lines]:
        if _form([fmpq(x) for x in ray], metric):
            raise UnboundedDomainError(f"region {i} is unbounded in {space} space")
    square = _Ball(made.vertices, metric).square
    return Fraction(int(square.p), int(square.q))


class _Ball:
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
        return _form([x - y for x, y in zip(a, b, strict=True)], self.metric)


def _form(vector: Point, metric: fmpq_mat) -> fmpq:
    """Squared length of a vector."""
    row = fmpq_mat(1, len(vector), vector)
    return (row * metric * row.transpose())[0, 0]
