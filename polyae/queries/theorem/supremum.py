"""Supremum of a function over simplices, by branch and bound with certified ends.

The two sides of the theorem are suprema of distances: over the pieces of the surface, and over the
parameters of the manifold.  A :class:`Field` says what the values at vertices are and how large the
function can be on a simplex; the search halves the simplices that matter across their longest edge.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.queries.interval import Interval

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Field", "Supremum", "supremum"]

#: Simplices cut in one round, and vertices whose lower bound is computed at once.
BATCH, CERTIFY_BATCH = 4096, 8
#: A supremum this small, in units of the scale, is told from 0 in absolute terms only.
FLOOR = 1e-6


class Field(ABC):
    """A nonnegative function on simplices whose vertices are numbered and grow in number.

    Attributes
    ----------
    values : array, shape (v,)
        At every vertex, from above.
    scale : float
        Size of the coordinates, which sets what is negligible.
    rounding : float
        Absolute error of all bounds by rounding.
    """

    values: Float
    scale: float
    rounding: float

    @abstractmethod
    def edge_lengths(self, ends: Int) -> Float:
        """Lengths (n,) between pairs of vertices (n, 2), to choose what to cut."""

    @abstractmethod
    def add_midpoints(self, ends: Int) -> Int:
        """Add the vertices half way between pairs (n, 2) and return their numbers (n,)."""

    @abstractmethod
    def bound(self, simplices: Int) -> Float:
        """Upper bounds (n,) of the function on simplices (n, k)."""

    @abstractmethod
    def certify(self, vertices: Int, tolerance: float) -> Float:
        """Lower bounds (n,) of the function at vertices; may lower `values`."""


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


def supremum(field: Field, simplices: Int, gap: float, budget: int) -> Supremum:
    """Enclose the supremum of a field over simplices (n, k).

    Parameters
    ----------
    field : Field
    simplices : array of int, shape (n, k)
    gap : float
        Relative width to stop at.
    budget : int
        Number of simplices to stop at.
    """
    search = _Search(field, gap)
    bounds, seen = search.visit(simplices)
    while len(simplices):
        open_ = bounds > search.target
        search.retire(bounds[~open_])
        simplices, bounds = simplices[open_], bounds[open_]
        if seen >= budget or not len(simplices):
            break
        worst = np.argsort(-bounds)
        now, later = worst[:BATCH], worst[BATCH:]
        children = _halve(field, simplices[now])
        child_bounds, count = search.visit(children)
        # A part is no worse than the whole.
        child_bounds = np.minimum(child_bounds, np.tile(bounds[now], 2))
        seen += count
        simplices, bounds = np.concatenate([simplices[later], children]), np.concatenate([bounds[later], child_bounds])
    decided = not len(simplices)
    search.retire(bounds)
    interval = Interval(search.lower, max(search.upper, search.lower)).widened(field.rounding).clipped()
    return Supremum(interval, search.vertex, seen, decided)


class _Search:
    """Best lower bound so far, and the largest upper bound of the simplices done with."""

    def __init__(self, field: Field, gap: float) -> None:
        self.field, self.gap = field, gap
        self.lower, self.upper, self.vertex = 0.0, 0.0, 0
        self._checked = np.zeros(0, dtype=bool)

    @property
    def _slack(self) -> float:
        # Two roundings are left free, since the interval is widened by one on either side.
        return max(self.gap * max(self.lower, FLOOR * self.field.scale) - 2 * self.field.rounding, 0.0)

    @property
    def target(self) -> float:
        return self.lower + self._slack

    def visit(self, simplices: Int) -> tuple[Float, int]:
        self._raise_lower(np.unique(simplices))
        return self.field.bound(simplices), len(simplices)

    def retire(self, bounds: Float) -> None:
        self.upper = max(self.upper, float(bounds.max(initial=0.0)))

    def _raise_lower(self, vertices: Int) -> None:
        """Certify vertices, the most promising first, as long as they could raise the lower bound."""
        fresh = np.zeros(len(self.field.values) - len(self._checked), dtype=bool)
        self._checked = np.concatenate([self._checked, fresh])
        while True:
            values = self.field.values[vertices]
            candidates = vertices[(values > self.lower + self._slack / 4) & ~self._checked[vertices]]
            if not len(candidates):
                return
            top = candidates[np.argsort(-self.field.values[candidates])[:CERTIFY_BATCH]]
            lower = self.field.certify(top, self._slack / 4)
            self._checked[top] = True
            if lower.max() > self.lower:
                self.lower, self.vertex = float(lower.max()), int(top[lower.argmax()])


def _halve(field: Field, simplices: Int) -> Int:
    """Cut each simplex across its longest edge: (n, k) to (2 n, k)."""
    count = simplices.shape[1]
    first, second = np.triu_indices(count, 1)
    ends = np.stack([simplices[:, first], simplices[:, second]], axis=2)
    lengths = field.edge_lengths(ends.reshape(-1, 2)).reshape(len(simplices), -1)
    longest = lengths.argmax(axis=1)
    rows = np.arange(len(simplices))
    pairs, where = np.unique(np.sort(ends[rows, longest], axis=1), axis=0, return_inverse=True)
    middle = field.add_midpoints(pairs)[where.reshape(-1)]
    left, right = simplices.copy(), simplices.copy()
    left[rows, second[longest]] = middle
    right[rows, first[longest]] = middle
    return np.concatenate([left, right])
