"""Exact distances from a point to a closed polyhedron ``{x : every row >= 0}``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product

import numpy as np
from flint import fmpq, fmpq_mat
from scipy.optimize import nnls

from .rational_lp import Number, Point, Row, interior_point, maximise, primitive, rational, value


def _guess(rows: Sequence[Row], centre: Point) -> tuple[int, ...]:
    """Rows active at the nearest point, in floats (Lawson and Hanson 1974, chapter 23): only a guess."""
    scaled = []
    for row in rows:
        largest = max(map(abs, row))
        scaled.append([float(Fraction(a, largest)) for a in row[:-1]] + [_float(value(row, centre) / largest)])
    table = np.array(scaled).T
    table[-1] *= -1
    try:
        dual, _ = nnls(table, np.eye(len(table))[-1])
    except RuntimeError:
        return ()
    return tuple(int(i) for i in np.flatnonzero(dual > 0))


def _float(x: fmpq) -> float:
    return float(Fraction(int(x.p), int(x.q)))


def _active_sets(rows: Sequence[Row], centre: Point) -> Iterator[tuple[int, ...]]:
    yield ()
    yield _guess(rows, centre)
    for size in range(1, len(centre) + 1):
        yield from combinations(range(len(rows)), size)


def _stationary_point(rows: Sequence[Row], centre: Point) -> Point | None:
    """Projection of `centre` onto ``{every row = 0}`` if its multipliers are all ``>= 0``."""
    if not rows:
        return centre
    normals = fmpq_mat([list(row[:-1]) for row in rows])
    values = fmpq_mat([[-value(row, centre)] for row in rows])
    gram = normals * normals.transpose()
    if gram.det() == 0:
        return None
    multipliers = gram.solve(values)
    if any(multipliers[i, 0] < 0 for i in range(len(rows))):
        return None
    shift = normals.transpose() * multipliers
    return [c + shift[k, 0] for k, c in enumerate(centre)]


def project(rows: Sequence[Row], centre: Point) -> tuple[fmpq, Point]:
    """Squared Euclidean distance and nearest point, by the Kuhn-Tucker conditions over all active sets.

    The conditions are sufficient, so the order in which sets are tried cannot change the answer.

    Raises
    ------
    ArithmeticError
        If the polyhedron is empty.
    """
    for active in _active_sets(rows, centre):
        x = _stationary_point([rows[i] for i in active], centre)
        if x is not None and all(value(row, x) >= 0 for row in rows):
            return sum(((a - c) ** 2 for a, c in zip(x, centre, strict=True)), start=fmpq(0)), x
    raise ArithmeticError("an empty polyhedron has no nearest point")


def distance2_exact(rows: Sequence[Row], centre: Sequence[Number]) -> Fraction:
    """Squared Euclidean distance from `centre` (h,) to the polyhedron."""
    squared, _ = project(rows, [rational(c) for c in centre])
    return Fraction(int(squared.p), int(squared.q))


def unit_ball_normals(dim: int, p: float) -> list[tuple[int, ...]]:
    """Vectors n with ``norm_p(x) = max n . x``, for p = 1 or infinity."""
    if p == 1:
        return list(product((1, -1), repeat=dim))
    return [tuple(s * (j == k) for j in range(dim)) for k in range(dim) for s in (1, -1)]


def distance_exact(rows: Sequence[Row], centre: Sequence[Number], p: float) -> Fraction:
    """Distance from `centre` (h,) to a full-dimensional polyhedron in the norm p = 1 or infinity.

    Minimises t where ``t >= n . (x - centre)`` for every normal n of the unit ball.

    Raises
    ------
    ValueError
        If p is neither, or the polyhedron has no interior.
    """
    if p not in (1, float("inf")):
        raise ValueError(f"p must be 1 or inf, got {p}; use distance2_exact for p = 2")
    c = [rational(x) for x in centre]
    inside = interior_point(rows, len(c))
    if inside is None:
        raise ValueError("the polyhedron has no interior")
    cone = []
    for n in unit_ball_normals(len(c), p):
        offset = sum((a * x for a, x in zip(n, c, strict=True)), start=fmpq(0))
        cone.append(primitive([*(fmpq(-a) for a in n), fmpq(1), offset]))
    lifted = [(*row[:-1], 0, row[-1]) for row in rows] + cone
    far = sum((abs(a - x) for a, x in zip(inside, c, strict=True)), start=fmpq(0))
    best, _ = maximise(lifted, (0,) * len(c) + (-1, 0), [*inside, far])
    return Fraction(int(-best.p), int(best.q))
