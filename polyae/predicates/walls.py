"""The walls of a domain: its half-spaces as rows, in float64 with error bounds and in integers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from polyae.domains import Domain
from polyae.memo import once_for_each
from polyae.predicates.affine import BoundedRows, scaled
from polyae.predicates.rational import IntegerRow, integer_row, nearest_row
from polyae.tolerances import UNIT_ROUNDOFF

__all__ = ["Walls", "mended", "walls_of"]


class Walls:
    """Half-spaces of a domain, or for a curved one of a polyhedron around it.

    Attributes
    ----------
    rows : BoundedRows, shape (m, h + 1)
        Positive inside, of about unit length, read-only.
    """

    def __init__(self, domain: Domain) -> None:
        halfspaces = self._halfspaces = domain.halfspaces()
        values = np.column_stack([halfspaces.normals, halfspaces.offsets])
        errors = np.zeros_like(values)
        rounded = [float(c) != c for c in halfspaces.exact_offsets]
        errors[:, -1] = np.where(rounded, UNIT_ROUNDOFF * np.abs(halfspaces.offsets) + 5e-324, 0.0)
        self.rows = mended(scaled(BoundedRows(values, errors)), lambda k: self.integers[k])
        self.rows.values.setflags(write=False)
        self.rows.errors.setflags(write=False)

    @cached_property
    def integers(self) -> list[IntegerRow]:
        """The same in integers, made when first needed."""
        walls = self._halfspaces
        return [integer_row([*map(float, n), c]) for n, c in zip(walls.normals, walls.exact_offsets, strict=True)]


@once_for_each
def walls_of(domain: Domain) -> Walls:
    """The walls of a domain."""
    return Walls(domain)


def mended(rows: BoundedRows, exact: Callable[[int], IntegerRow]) -> BoundedRows:
    """Round exact rows anew where numbers out of range made the floating-point ones useless."""
    broken = np.flatnonzero(~(np.isfinite(rows.errors) & np.isfinite(rows.values)).all(axis=1))
    if not len(broken):
        return rows
    values, errors = rows.values.copy(), rows.errors.copy()
    for row in broken.tolist():
        values[row], errors[row] = nearest_row(exact(row))
    return BoundedRows(values, errors)
