"""All regions of a network and all adjacent pairs, in rational arithmetic, the obvious way.

Unit by unit, every cell is cut by the unit's affine function on it.  A cell is a list of
strict inequalities with a point inside; whether the other side of a cut is empty is one exact
linear program.  Adjacency is decided for every pair of regions on its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import Any

from flint import fmpq, fmpq_mat

from polyae.networks.network import Layer, Network

from .distances import distance2_exact, distance_exact, project, unit_ball_normals
from .rational_lp import (
    Point,
    Row,
    interior_point,
    maximise,
    negated,
    primitive,
    rational,
    strictly_inside,
    value,
)

__all__ = ["Description", "ExactRegions", "Pattern", "distance2_exact", "distance_exact", "enumerate_exact"]

Pattern = tuple[bool, ...]
Description = tuple[Any, ...]
"""A domain as :func:`enumerate_exact` takes it."""


@dataclass(frozen=True)
class ExactRegions:
    """Everything about the regions of one network on one domain.

    Attributes
    ----------
    patterns : the activation patterns, one a region
    adjacent : pairs of patterns whose regions share a facet inside the domain
    witnesses : an exact point in the interior of every region
    rows : the inequalities of every region, ``(a_1, ..., a_h, b)`` for ``a . x + b >= 0``,
        among them those of the domain; a Euclidean ball has none
    distinct_affine_maps : different affine maps over all regions
    linear_regions : maximal facet-connected unions of regions with one affine map
    """

    patterns: frozenset[Pattern]
    adjacent: frozenset[frozenset[Pattern]]
    witnesses: dict[Pattern, tuple[Fraction, ...]]
    rows: dict[Pattern, tuple[Row, ...]]
    distinct_affine_maps: int
    linear_regions: int


@dataclass(frozen=True)
class _Ball:
    centre: Point
    radius2: fmpq

    def holds(self, x: Point) -> bool:
        squared = sum(((a - c) ** 2 for a, c in zip(x, self.centre, strict=True)), start=fmpq(0))
        return bool(squared < self.radius2)


@dataclass(frozen=True)
class _Cell:
    rows: tuple[Row, ...]
    inside: Point
    outputs: fmpq_mat
    """Affine functions of the last finished layer, a row each; the last row is the constant 1."""
    pattern: Pattern = ()

    @cached_property
    def row_set(self) -> frozenset[Row]:
        return frozenset(self.rows)

    @cached_property
    def opposite(self) -> frozenset[Row]:
        return frozenset(map(negated, self.rows))


# The domain


def _half_spaces(description: Description) -> tuple[int, list[Row], _Ball | None]:
    """Dimension, inequalities and Euclidean ball of a domain described by a tuple."""
    kind, *rest = description
    if kind == "space":
        return int(rest[0]), [], None
    if kind == "polytope":
        rows = [primitive([*(-rational(t) for t in a), rational(b)]) for a, b in zip(*rest, strict=True)]
        return len(rest[0][0]), rows, None
    if kind == "box":
        return len(rest[0]), list(_box_rows(*rest)), None
    if kind != "ball":
        raise ValueError(f"unknown kind of domain {kind!r}")
    centre, r, p = [rational(c) for c in rest[0]], rational(rest[1]), rest[2]
    if r <= 0 or p not in (1, 2, math.inf):
        raise ValueError(f"a ball needs a positive radius and p in 1, 2, inf, got {description}")
    if p == 2:
        return len(centre), [], _Ball(centre, r * r)
    normals = unit_ball_normals(len(centre), p)
    return len(centre), [primitive([*map(fmpq, n), r - _dot(n, centre)]) for n in normals], None


def _box_rows(lo: Sequence[float], hi: Sequence[float]) -> Iterator[Row]:
    for k, (low, high) in enumerate(zip(lo, hi, strict=True)):
        axis = [fmpq(j == k) for j in range(len(lo))]
        if low != -math.inf:
            yield primitive([*axis, -rational(low)])
        if high != math.inf:
            yield primitive([*(-a for a in axis), rational(high)])


def _dot(n: Sequence[int], x: Point) -> fmpq:
    return sum((a * t for a, t in zip(n, x, strict=True)), start=fmpq(0))


# Cells


def _shortest(x: Point, inside: Callable[[Point], bool]) -> Point:
    """A point near `x` with few binary digits that is inside too: keeps the numbers small."""
    for bits in (1, 4, 8, 16, 32):
        rounded = [fmpq(((t * 2**bits) + fmpq(1, 2)).floor(), 2**bits) for t in x]
        if inside(rounded):
            return rounded
    return x


def _halve_until(inside: Callable[[Point], bool], origin: Point, direction: Point) -> Point:
    """First of ``origin + direction / 2^k`` that is inside; the caller knows that there is one."""
    step = fmpq(1)
    while True:
        x = [o + step * d for o, d in zip(origin, direction, strict=True)]
        if inside(x):
            return _shortest(x, inside)
        step /= 2


def _other_side(rows: Sequence[Row], inside: Point, row: Row, ball: _Ball | None) -> Point | None:
    """A point strictly inside `rows`, `row` and the ball, from one with ``row < 0``; None if there is none."""
    best, corner = maximise(rows, row, inside, enough=0)
    if best <= 0:
        return None
    wanted = [*rows, row]

    def is_inside(x: Point) -> bool:
        return strictly_inside(wanted, x) and (ball is None or ball.holds(x))

    below = value(row, inside)
    share = (1 + -below / (best - below)) / 2
    x = [a + share * (b - a) for a, b in zip(inside, corner, strict=True)]
    if ball is not None and not ball.holds(x):
        squared, nearest = project(wanted, ball.centre)
        if squared >= ball.radius2:
            return None
        return _halve_until(is_inside, nearest, [a - b for a, b in zip(x, nearest, strict=True)])
    return _shortest(x, is_inside)


def _sides(cell: _Cell, row: Row, ball: _Ball | None) -> tuple[Point | None, Point | None]:
    """Interior points of the cell where `row` is negative and where it is positive."""
    here = value(row, cell.inside)
    if here < 0:
        return cell.inside, _other_side(cell.rows, cell.inside, row, ball)
    if here > 0:
        return _other_side(cell.rows, cell.inside, negated(row), ball), cell.inside
    points = []
    for sided in (negated(row), row):

        def is_inside(x: Point, sided: Row = sided) -> bool:
            return strictly_inside([*cell.rows, sided], x) and (ball is None or ball.holds(x))

        points.append(_halve_until(is_inside, cell.inside, [fmpq(a) for a in sided[:-1]]))
    return points[0], points[1]


def _cut(cell: _Cell, function: list[fmpq], ball: _Ball | None) -> Iterator[_Cell]:
    """The cell's parts where a unit with this affine function is off and where it is on."""
    row = primitive(function)
    if not any(row[:-1]):
        yield _Cell(cell.rows, cell.inside, cell.outputs, (*cell.pattern, row[-1] > 0))
        return
    for on, point in enumerate(_sides(cell, row, ball)):
        if point is not None:
            sided = row if on else negated(row)
            rows = cell.rows if sided in cell.row_set else (*cell.rows, sided)
            yield _Cell(rows, point, cell.outputs, (*cell.pattern, bool(on)))


def _through_layer(cells: list[_Cell], layer: Layer, ball: _Ball | None) -> Iterator[_Cell]:
    """Cut every cell by every unit of a layer and apply the layer."""
    size = layer.n_in + 1
    affine = fmpq_mat(
        [[*map(rational, w), rational(b)] for w, b in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)]
        + [[0] * (size - 1) + [1]]
    )
    slopes = [rational(s) for s in layer.slope.tolist()]
    for cell in cells:
        table = (affine * cell.outputs).tolist()
        parts = [_Cell(cell.rows, cell.inside, cell.outputs)]
        for k in range(layer.n_out):
            if slopes[k] != 1:
                parts = [new for part in parts for new in _cut(part, table[k], ball)]
        for part in parts:
            states = iter(part.pattern)
            factors = [fmpq(1) if s == 1 or next(states) else s for s in slopes] + [fmpq(1)]
            outputs = fmpq_mat([[f * t for t in line] for f, line in zip(factors, table, strict=True)])
            yield _Cell(part.rows, part.inside, outputs, cell.pattern + part.pattern)


# Pairs


def _share_facet(a: _Cell, b: _Cell, ball: _Ball | None) -> bool:
    """Whether the closures meet in an (h-1)-dimensional set inside the domain.

    Such a set spans a hyperplane that bounds both cells, from opposite sides.  With a second
    hyperplane between the cells it would lie in the intersection of the two: too small.
    """
    between = a.row_set & b.opposite
    if len(between) != 1:
        return False
    (wall,) = between
    others = [row for row in a.row_set | b.row_set if row not in (wall, negated(wall))]
    u, v = value(wall, a.inside), value(wall, b.inside)
    crossing = [(v * s - u * t) / (v - u) for s, t in zip(a.inside, b.inside, strict=True)]
    if not strictly_inside(others, crossing) and _point_on(wall, others, len(crossing)) is None:
        return False
    if ball is None or (ball.holds(crossing) and strictly_inside(others, crossing)):
        return True
    squared, _ = project([*others, wall, negated(wall)], ball.centre)
    return bool(squared < ball.radius2)


def _point_on(wall: Row, rows: Sequence[Row], dim: int) -> Point | None:
    """Coordinates, one of them eliminated, of a point with ``wall = 0`` and all rows positive."""
    k = next(j for j in range(dim) if wall[j])
    sign = 1 if wall[k] > 0 else -1
    reduced = [[sign * (wall[k] * a - row[k] * w) for a, w in zip(row, wall, strict=True)] for row in rows]
    return interior_point([primitive([fmpq(a) for a in (*r[:k], *r[k + 1 :])]) for r in reduced], dim - 1)


def _linear_regions(pairs: set[tuple[int, int]], maps: list[Any]) -> int:
    """Components of the graph of the pairs whose two maps are equal."""
    label = list(range(len(maps)))
    for i, j in pairs:
        if maps[i] == maps[j] and label[i] != label[j]:
            old, new = label[i], label[j]
            label = [new if t == old else t for t in label]
    return len(set(label))


def enumerate_exact(network: Network, domain: Description) -> ExactRegions:
    """All regions of a network on a domain, exactly.

    Parameters
    ----------
    network : Network
    domain : ``("box", lo, hi)``, ``("polytope", A, b)`` for ``A z <= b``, ``("space", h)`` or
        ``("ball", centre, radius, p)`` with p = 1, 2 or infinity; numbers are taken as they are

    Raises
    ------
    ValueError
        If the domain has no interior, is malformed or has another dimension than the network.
    """
    dim, rows, ball = _half_spaces(domain)
    if dim != network.input_dim:
        raise ValueError(f"the domain has dimension {dim}, the network {network.input_dim}")
    start = ball.centre if ball is not None else interior_point(rows, dim)
    if start is None:
        raise ValueError(f"the domain {domain} has no interior")
    identity = fmpq_mat([[int(i == j) for j in range(dim + 1)] for i in range(dim + 1)])
    cells = [_Cell(tuple(dict.fromkeys(rows)), start, identity)]
    for layer in network.layers:
        cells = list(_through_layer(cells, layer, ball))
    pairs = {(i, j) for i, j in combinations(range(len(cells)), 2) if _share_facet(cells[i], cells[j], ball)}
    maps = [tuple(cell.outputs.entries()) for cell in cells]
    return ExactRegions(
        patterns=frozenset(cell.pattern for cell in cells),
        adjacent=frozenset(frozenset((cells[i].pattern, cells[j].pattern)) for i, j in pairs),
        witnesses={c.pattern: tuple(Fraction(int(t.p), int(t.q)) for t in c.inside) for c in cells},
        rows={c.pattern: c.rows for c in cells},
        distinct_affine_maps=len(set(maps)),
        linear_regions=_linear_regions(pairs, maps),
    )
