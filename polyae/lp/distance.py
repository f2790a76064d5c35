"""Exact distance from a point to a polyhedron in the 1-, 2- and infinity-norm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from polyae.lp.nearest import nearest_point
from polyae.lp.simplex import maximise_exactly
from polyae.predicates.rational import HomogeneousPoint, IntegerRow

Float = NDArray[np.float64]

__all__ = ["distance_bounds", "exact_distance_power"]


def _lifted(h: int, p: float) -> tuple[Float, Float]:
    """Rows over (z - centre, s) whose s bounds the norm, and the objective -norm."""
    eye, one = np.eye(h), np.ones((h, 1))
    above = eye if p == 1 else one
    table = np.vstack([np.hstack([eye, above]), np.hstack([-eye, above])])
    return table, np.append(np.zeros(h), -np.ones(above.shape[1]))


def exact_distance_power(
    rows: Sequence[IntegerRow], inside: HomogeneousPoint, centre: Float, p: float, equality: int | None = None
) -> fmpq:
    """Exact distance to a polyhedron, squared for p = 2.

    Parameters
    ----------
    rows : sequence of integer rows
        ``row[:-1] @ z + row[-1] >= 0``.
    inside : homogeneous point
        Of the polyhedron.
    centre : array, shape (h,)
    p : {1, 2, inf}
    equality : int, optional
        Index of a row that must vanish.

    Examples
    --------
    >>> from polyae.predicates.rational import homogeneous, integer_row
    >>> rows = [integer_row([1.0, 1.0, -2.0])]
    >>> [exact_distance_power(rows, homogeneous([3.0, 3.0]), np.zeros(2), p) for p in (1, 2, np.inf)]
    [2, 2, 1]
    """
    middle = [fmpq(*x.as_integer_ratio()) for x in centre.tolist()]
    if p == 2:
        return nearest_point(list(rows), middle, equality).squared_distance
    held = list(rows) if equality is None else [*rows, [-x for x in rows[equality]]]
    cone, objective = _lifted(len(middle), p)
    extra = len(objective) - len(middle)
    start = [fmpq(z, inside[-1]) - c for z, c in zip(inside[:-1], middle, strict=True)]
    heights = [sum((a * c for a, c in zip(row, middle, strict=False)), fmpq(row[-1])) for row in held]
    table = [[*row[:-1], *[0] * extra, height] for row, height in zip(held, heights, strict=True)]
    table += [[*map(int, row), 0] for row in cone]
    sizes = list(map(abs, start)) if p == 1 else [max(map(abs, start))]
    value = maximise_exactly(table, list(map(int, objective)), [*start, *sizes]).value
    return fmpq(0) if value is None else -value


def distance_bounds(power: fmpq, p: float) -> tuple[float, float]:
    """Float64 numbers around an exact distance, or around the root of its square for p = 2; equal if it is one.

    Examples
    --------
    >>> distance_bounds(fmpq(4), 2), distance_bounds(fmpq(1, 2), 1)
    ((2.0, 2.0), (0.5, 0.5))
    """
    exact, exponent = Fraction(int(power.p), int(power.q)), 2 if p == 2 else 1
    low = high = float(exact) if exponent == 1 else math.sqrt(float(exact))
    while Fraction(low) ** exponent > exact:
        low = math.nextafter(low, -math.inf)
    while Fraction(high) ** exponent < exact:
        high = math.nextafter(high, math.inf)
    while Fraction(math.nextafter(low, math.inf)) ** exponent <= exact:
        low = math.nextafter(low, math.inf)
    return max(low, 0.0), high if Fraction(low) ** exponent != exact else low
