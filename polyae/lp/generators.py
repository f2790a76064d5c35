"""Vertices, rays and lines of a polyhedron in rational arithmetic.

The double description method (Motzkin et al. 1953; Fukuda & Prodon 1996): the cone over the
polyhedron starts as a simplicial one and is cut by one row after the other; the new extreme rays lie
between adjacent ones on the two sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb, factorial

from flint import fmpq, fmpq_mat, fmpz, fmpz_mat

from polyae.errors import JobTooLargeError
from polyae.predicates.rational import IntegerRow, dot

__all__ = [
    "Generators", "check_triangulation", "exact_generators", "exact_volume", "most_vertices", "pulling_triangulation",
]  # fmt: skip

#: Most simplices of a polytope's triangulation: seconds by Qhull, a minute in rationals.
MOST_SIMPLICES = 1 << 18


@dataclass(frozen=True)
class Generators:
    """``conv(vertices) + cone(rays) + span(lines)``.

    Attributes
    ----------
    vertices : list of points, each a list of h fmpq
        With lines, the vertices of the part in which the coordinates of `lines` without a pivot vanish.
    rays, lines : lists of directions, each a list of h fmpz
    incidence : list of int
        Rows that vanish at each vertex, as bits.
    """

    vertices: list[list[fmpq]]
    rays: list[list[fmpz]]
    lines: list[list[fmpz]]
    incidence: list[int]

    @property
    def bounded(self) -> bool:
        """Whether the polyhedron is bounded."""
        return not self.rays and not self.lines


def most_vertices(rows: int, dim: int) -> int:
    """Largest number of vertices of a polyhedron in R^dim given by so many rows (McMullen 1970).

    Examples
    --------
    >>> most_vertices(6, 3), most_vertices(5, 2), most_vertices(2, 1)
    (8, 5, 2)
    """
    half = dim // 2
    return comb(max(rows - (dim - half), 0), half) + comb(max(rows - half - 1, 0), dim - half - 1)


def exact_generators(rows: Sequence[IntegerRow], dim: int) -> Generators:
    """Generators of ``{z : row[:-1] @ z + row[-1] >= 0}``, which must not be empty.

    Parameters
    ----------
    rows : sequence of integer rows of length dim + 1
        Redundant and repeated ones do no harm.
    dim : int
    """
    pivots, lines = _split_space(rows, dim)
    cone = [[*(row[k] for k in pivots), row[-1]] for row in rows]
    cone.append([fmpz(0)] * len(pivots) + [fmpz(1)])
    vertices, rays, incidence = [], [], []
    for ray, zeros in _extreme_rays(cone):
        lifted = [fmpz(0)] * dim
        for k, x in zip(pivots, ray, strict=False):
            lifted[k] = x
        if ray[-1] == 0:
            rays.append(lifted)
        else:
            vertices.append([fmpq(x, ray[-1]) for x in lifted])
            incidence.append(zeros)
    return Generators(vertices, rays, lines, incidence)


def _split_space(rows: Sequence[IntegerRow], dim: int) -> tuple[list[int], list[list[fmpz]]]:
    """Coordinates that the normals determine, and a basis of the directions in which no row changes."""
    if not rows:
        return [], [[fmpz(j == k) for j in range(dim)] for k in range(dim)]
    reduced, den, rank = fmpz_mat([list(row[:-1]) for row in rows]).rref()
    table = [[reduced[i, k] for k in range(dim)] for i in range(rank)]
    pivots = [next(k for k in range(dim) if row[k] != 0) for row in table]
    lines = []
    for free in sorted(set(range(dim)) - set(pivots)):
        line = [fmpz(0)] * dim
        line[free] = fmpz(den)
        for pivot, row in zip(pivots, table, strict=True):
            line[pivot] = -row[free]
        lines.append(line)
    return pivots, lines


def _independent(rows: Sequence[IntegerRow], width: int) -> list[int]:
    """First rows, the last one before all others, that are linearly independent."""
    order = [len(rows) - 1, *range(len(rows) - 1)]
    reduced, _, rank = fmpz_mat([rows[i] for i in order]).transpose().rref()
    return [order[next(k for k in range(len(rows)) if reduced[i, k] != 0)] for i in range(min(rank, width))]


def _primitive(ray: Sequence[fmpz]) -> list[fmpz]:
    divisor = fmpz(0)
    for x in ray:
        divisor = divisor.gcd(x)
    return [x // divisor for x in ray]


def _extreme_rays(rows: Sequence[IntegerRow]) -> list[tuple[list[fmpz], int]]:
    """Extreme rays of the pointed cone ``{x : every row >= 0}`` with the rows that vanish on each."""
    width = len(rows[0])
    chosen = _independent(rows, width)
    inverse = fmpz_mat([rows[i] for i in chosen]).inv()
    rays = []
    for k, row in enumerate(chosen):
        column = [fmpq(inverse[i, k]) for i in range(width)]
        den = fmpz(1)
        for x in column:
            den = den.lcm(x.q)
        zeros = sum(1 << j for j in chosen if j != row)
        rays.append((_primitive([x.p * (den // x.q) for x in column]), zeros))
    for j in sorted(set(range(len(rows))) - set(chosen)):
        rays = _cut(rays, rows[j], j, width)
    return rays


def _cut(rays: list[tuple[list[fmpz], int]], row: IntegerRow, j: int, width: int) -> list[tuple[list[fmpz], int]]:
    heights = [dot(row, ray) for ray, _ in rays]
    kept = [(ray, zeros | (1 << j if t == 0 else 0)) for (ray, zeros), t in zip(rays, heights, strict=True) if t >= 0]
    above = [k for k, t in enumerate(heights) if t > 0]
    below = [k for k, t in enumerate(heights) if t < 0]
    for p in above:
        for n in below:
            common = rays[p][1] & rays[n][1]
            if common.bit_count() < width - 2:
                continue
            if any(zeros & common == common for k, (_, zeros) in enumerate(rays) if k not in (p, n)):
                continue
            new = [heights[p] * b - heights[n] * a for a, b in zip(rays[p][0], rays[n][0], strict=True)]
            kept.append((_primitive(new), common | 1 << j))
    return kept


def exact_volume(generators: Generators, dim: int) -> Fraction:
    """Volume of a polytope: pyramids over the faces that avoid a base vertex (Cohen & Hickey 1979).

    Raises
    ------
    JobTooLargeError
        As :func:`check_triangulation`.
    """
    points = generators.vertices
    check_triangulation(len(points), dim)
    total = fmpq(0)
    for simplex in pulling_triangulation(generators.incidence):
        base = points[simplex[0]]
        edges = [[x - b for x, b in zip(points[k], base, strict=True)] for k in simplex[1:]]
        total += abs(fmpq_mat(edges).det())
    return Fraction(int(total.p), int(total.q) * factorial(dim))


def check_triangulation(vertices: int, dim: int) -> None:
    """Refuse to triangulate a polytope that is too large: a vertex takes some dim! / 15 simplices, as measured.

    Raises
    ------
    JobTooLargeError
    """
    if vertices * factorial(dim) > 15 * MOST_SIMPLICES:
        raise JobTooLargeError(
            f"the volume of a polytope of {vertices:,} vertices in dimension {dim} takes too long: "
            "polyae.radii gives an interval"
        )


def pulling_triangulation(incidence: Sequence[int]) -> list[tuple[int, ...]]:
    """Simplices that cover a polytope, as tuples of vertices.

    A polytope is the union of the hulls of one vertex and each facet that does not hold it; facets of a face are
    its maximal intersections with the facets of the polytope.

    Parameters
    ----------
    incidence : sequence of int
        For each vertex, the rows that vanish there, as bits; see :class:`Generators`.

    Examples
    --------
    >>> pulling_triangulation([0b1001, 0b0011, 0b0110, 0b1100])
    [(0, 1, 2), (0, 2, 3)]
    """
    return sorted(_pull(frozenset(range(len(incidence))), incidence))


def _pull(face: frozenset[int], incidence: Sequence[int]) -> list[tuple[int, ...]]:
    base = min(face)
    if len(face) == 1:
        return [(base,)]
    rows = max(incidence[k].bit_length() for k in face)
    parts = {frozenset(k for k in face if incidence[k] >> j & 1) for j in range(rows)} - {face, frozenset()}
    facets = [part for part in parts if base not in part and not any(part < other for other in parts)]
    return [(base, *rest) for facet in facets for rest in _pull(facet, incidence)]
