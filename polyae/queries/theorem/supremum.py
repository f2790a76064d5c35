"""Supremum of a function over simplices, by branch and bound with proved ends.

The two sides of the theorem are suprema of distances: over the pieces of the surface, and over the
parameters of the manifold.  A :class:`Field` says what is known at vertices and how large the function can be
on a simplex; the search cuts the simplices that matter across their longest edge, those of the largest bound first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.compilation import clock
from polyae.queries.interval import Interval

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

__all__ = ["Budget", "Field", "Supremum", "supremum"]

#: Simplices cut in one round, and vertices that are polished, and sharpened, at once.
BATCH, POLISH_BATCH, SHARPEN_BATCH = 2048, 512, 16
#: A supremum this small, in units of the scale, is told from 0 in absolute terms only.
FLOOR = 1e-6


class Field(ABC):
    """A nonnegative function on simplices whose vertices are numbered and grow in number.

    Attributes
    ----------
    lower, upper : array, shape (v,)
        Bounds of the function at every vertex.
    scale : float
        Size of the coordinates, which sets what is negligible.
    rounding : float
        Absolute error that all bounds here leave out: of the vertices, and of the function.
    """

    lower: Float
    upper: Float
    scale: float
    rounding: float

    @abstractmethod
    def edge_lengths(self, ends: Int) -> Float:
        """Lengths (n,) between pairs of vertices (n, 2), to choose what to cut."""

    @abstractmethod
    def add_midpoints(self, ends: Int, tolerance: float) -> Int:
        """Add the vertices half way between pairs (n, 2) and return their numbers (n,)."""

    @abstractmethod
    def bound(self, simplices: Int) -> Float:
        """Upper bounds (n,) of the function on simplices (n, k)."""

    @abstractmethod
    def polish(self, vertices: Int, tolerance: float) -> None:
        """Bring the upper bounds at vertices down to what is true up to a tolerance, as far as is cheap."""

    @abstractmethod
    def sharpen(self, vertices: Int, tolerance: float) -> None:
        """Bring the bounds at vertices within a tolerance of each other."""


@dataclass(frozen=True)
class Budget:
    """When to stop: at a relative gap, a number of simplices, or a time of `polyae.predicates.compilation.clock`."""

    gap: float
    simplices: int
    deadline: float = np.inf

    def spent(self, seen: int) -> bool:
        """Whether the search must end with what it has."""
        return seen >= self.simplices or clock() >= self.deadline


@dataclass(frozen=True)
class Supremum:
    """What the search reached.

    Attributes
    ----------
    interval : Interval
    vertex : int
        Where the lower end is attained.
    simplices : int
        How many were looked at.
    decided : bool
        Whether the gap asked for was reached within the budget.
    """

    interval: Interval
    vertex: int
    simplices: int
    decided: bool


Report = Callable[[float, float, int], None]


def supremum(
    field: Field, simplices: Int, budget: Budget, report: Report | None = None, floor: float = 0.0
) -> Supremum:
    """Enclose the supremum of a field over simplices (n, k).

    Parameters
    ----------
    field : Field
    simplices : array of int, shape (n, k)
    budget : Budget
    report : callable, optional
        Called after every round with the bounds so far and the number of simplices.
    floor : float
        What the caller knows from elsewhere not to exceed the supremum that it is after; below that the search
        is not sharp.
    """
    search = _Search(field, budget, floor)
    bounds, seen = search.visit(simplices), len(simplices)
    while True:
        open_ = bounds > search.target
        search.retire(bounds[~open_])
        simplices, bounds = simplices[open_], bounds[open_]
        if report is not None:
            report(search.lower, max(search.upper, float(bounds.max(initial=0.0))), seen)
        if not len(simplices) or budget.spent(seen):
            break
        now = np.argsort(-bounds)[:BATCH]
        bounds[now] = np.minimum(bounds[now], search.settle(simplices[now]))
        now = now[bounds[now] > search.target]
        if not len(now):
            continue
        children = _halve(field, simplices[now], search.tolerance)
        # A part is no worse than the whole.
        child_bounds = np.minimum(search.visit(children), np.tile(bounds[now], 2))
        seen += len(children)
        kept = np.ones(len(simplices), dtype=bool)
        kept[now] = False
        simplices, bounds = np.concatenate([simplices[kept], children]), np.concatenate([bounds[kept], child_bounds])
    decided = not len(simplices)
    search.retire(bounds)
    interval = Interval(search.lower, max(search.upper, search.lower)).widened(field.rounding).clipped()
    return Supremum(interval, search.vertex, seen, decided)


class _Search:
    """Best lower bound so far, and the largest upper bound of the simplices done with."""

    def __init__(self, field: Field, budget: Budget, floor: float) -> None:
        self.field, self.budget, self.floor = field, budget, floor
        self.lower, self.upper, self.vertex = 0.0, 0.0, 0
        self._sharp, self._polished = np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)

    @property
    def _slack(self) -> float:
        # Two roundings are left free, since the interval is widened by one on either side.
        reached = max(self.lower, self.floor, FLOOR * self.field.scale)
        return max(self.budget.gap * reached - 2 * self.field.rounding, 0.0)

    @property
    def tolerance(self) -> float:
        """How sharp the bounds at vertices should be."""
        return max(self._slack / 4, self.field.rounding)

    @property
    def target(self) -> float:
        return max(self.lower, self.floor) + self._slack

    def visit(self, simplices: Int) -> Float:
        """Bounds of simplices, after a look at their vertices."""
        self._raise_lower(np.unique(simplices))
        return self.field.bound(simplices)

    def retire(self, bounds: Float) -> None:
        self.upper = max(self.upper, float(bounds.max(initial=0.0)))

    def settle(self, simplices: Int) -> Float:
        """Bounds of simplices after all their vertices are polished."""
        vertices = np.unique(simplices)
        self._polish(vertices)
        return self.field.bound(simplices)

    def _polish(self, vertices: Int) -> None:
        dull = vertices[~self._polished[vertices]]
        if len(dull):
            self.field.polish(dull, self.tolerance)
            self._polished[dull] = True

    def _sharpen(self, vertices: Int) -> None:
        self.field.sharpen(vertices, self.tolerance)
        self._sharp[vertices] = self._polished[vertices] = True
        self._take(vertices)

    def _take(self, vertices: Int) -> None:
        best = int(self.field.lower[vertices].argmax())
        if self.field.lower[vertices[best]] > self.lower:
            self.lower, self.vertex = float(self.field.lower[vertices[best]]), int(vertices[best])

    def _raise_lower(self, vertices: Int) -> None:
        """Sharpen vertices, the most promising first, as long as they could raise the lower bound."""
        fresh = np.zeros(len(self.field.upper) - len(self._sharp), dtype=bool)
        self._sharp, self._polished = np.concatenate([self._sharp, fresh]), np.concatenate([self._polished, fresh])
        if not len(vertices):
            return
        self._take(vertices)
        while True:
            values, tolerance = self.field.upper[vertices], self.tolerance
            wide = (values > self.lower + tolerance) & ~self._sharp[vertices]
            wide &= values - self.field.lower[vertices] > tolerance
            candidates = vertices[wide]
            if not len(candidates) or clock() >= self.budget.deadline:
                return
            dull = candidates[~self._polished[candidates]]
            if len(dull):
                self._polish(dull[np.argsort(-self.field.upper[dull])[:POLISH_BATCH]])
                continue
            self._sharpen(candidates[np.argsort(-self.field.upper[candidates])[:SHARPEN_BATCH]])


def _halve(field: Field, simplices: Int, tolerance: float) -> Int:
    """Cut each simplex across its longest edge: (n, k) to (2 n, k)."""
    count = simplices.shape[1]
    first, second = np.triu_indices(count, 1)
    ends = np.stack([simplices[:, first], simplices[:, second]], axis=2)
    lengths = field.edge_lengths(ends.reshape(-1, 2)).reshape(len(simplices), -1)
    longest = lengths.argmax(axis=1)
    rows = np.arange(len(simplices))
    pairs, where = np.unique(np.sort(ends[rows, longest], axis=1), axis=0, return_inverse=True)
    middle = field.add_midpoints(pairs, tolerance)[where.reshape(-1)]
    left, right = simplices.copy(), simplices.copy()
    left[rows, second[longest]] = middle
    right[rows, first[longest]] = middle
    return np.concatenate([left, right])
