"""The point of a polyhedron nearest to a centre, in rational arithmetic.

The dual active-set method of Goldfarb and Idnani (1983) for ``min ‖x‖²``: it starts at the
unconstrained minimum and adds one violated row after the other.  In exact arithmetic the distance
grows strictly with every full step and partial steps only drop rows, so it always ends.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import fmpq, fmpq_mat

from polyae.predicates.rational import IntegerRow

__all__ = ["Nearest", "nearest_point"]

Vector = list[fmpq]


@dataclass(frozen=True)
class Nearest:
    """Nearest point of a polyhedron.

    Attributes
    ----------
    point : list of fmpq, or None if the polyhedron is empty
    squared_distance : fmpq
    multipliers : dict
        ``point - centre = sum multipliers[j] * normal_j``: proof that no point is nearer.
    """

    point: Vector | None
    squared_distance: fmpq
    multipliers: dict[int, fmpq]


def _dot(a: Vector, b: Vector) -> fmpq:
    return sum((x * y for x, y in zip(a, b, strict=True)), fmpq(0))


class _ActiveSet:
    """Rows held with equality, their multipliers, and the nearest point on them; the centre is 0."""

    def __init__(self, normals: list[Vector], heights: Vector, equality: int | None) -> None:
        self.normals, self.heights = normals, heights
        self.equality = equality
        self.x = [fmpq(0)] * len(normals[0]) if normals else []
        self.multipliers: dict[int, fmpq] = {}

    def value(self, j: int) -> fmpq:
        return _dot(self.normals[j], self.x) + self.heights[j]

    def split(self, j: int) -> tuple[dict[int, fmpq], Vector]:
        """Normal j as a combination of the active normals, plus a part orthogonal to them."""
        active = list(self.multipliers)
        part = list(self.normals[j])
        if not active:
            return {}, part
        gram = fmpq_mat(
            len(active), len(active), [_dot(self.normals[a], self.normals[b]) for a in active for b in active]
        )
        right = fmpq_mat(len(active), 1, [_dot(self.normals[a], part) for a in active])
        weights = dict(zip(active, gram.solve(right).entries(), strict=True))
        for a, w in weights.items():
            part = [p - w * n for p, n in zip(part, self.normals[a], strict=True)]
        return weights, part

    def add(self, j: int) -> bool:
        """Make row j hold; False if it cannot."""
        sign = 1 if self.value(j) < 0 else -1
        gained = fmpq(0)
        while True:
            weights, part = self.split(j)
            drops = {
                a: self.multipliers[a] / (sign * w) for a, w in weights.items() if a != self.equality and sign * w > 0
            }
            blocking = min(drops, key=lambda a: (drops[a], a), default=-1)
            slope = _dot(part, part)
            full = abs(self.value(j)) / slope if slope != 0 else None
            if not drops and full is None:
                return False
            step = min(s for s in (full, drops.get(blocking)) if s is not None)
            self.x = [x + sign * step * p for x, p in zip(self.x, part, strict=True)]
            for a, w in weights.items():
                self.multipliers[a] -= sign * step * w
            gained += step
            if step == full:
                self.multipliers[j] = sign * gained
                return True
            del self.multipliers[blocking]


def nearest_point(rows: list[IntegerRow], centre: Vector, equality: int | None = None) -> Nearest:
    """Nearest point to `centre` with all rows nonnegative, one of them zero if `equality` names it.

    Parameters
    ----------
    rows : list of integer rows
        ``row[:-1] @ z + row[-1] >= 0``.
    centre : list of fmpq
    equality : int, optional
        Index of the row that must vanish.
    """
    normals = [[fmpq(a) for a in row[:-1]] for row in rows]
    heights = [_dot(n, centre) + row[-1] for n, row in zip(normals, rows, strict=True)]
    state = _ActiveSet(normals, heights, equality)
    state.x = [fmpq(0)] * len(centre)
    if equality is not None and not state.add(equality):
        return Nearest(None, fmpq(0), {})
    while True:
        violated = next((j for j in range(len(rows)) if j not in state.multipliers and state.value(j) < 0), None)
        if violated is None:
            point = [c + x for c, x in zip(centre, state.x, strict=True)]
            return Nearest(point, _dot(state.x, state.x), state.multipliers)
        if not state.add(violated):
            return Nearest(None, fmpq(0), {})
