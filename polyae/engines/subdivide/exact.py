"""Vertices of a mesh in rational arithmetic, for what error bounds leave open."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from numpy.typing import NDArray

from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.engines.subdivide.special import OutOfRange
from polyae.engines.subdivide.twin_units import TwinUnits
from polyae.engines.subdivide.vertices import Vertices
from polyae.predicates.cell import Arrangement
from polyae.predicates.rational import HomogeneousPoint, sign, to_fractions
from polyae.tolerances import UNDERFLOW, UNIT_ROUNDOFF

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["ExactVertices", "nearest"]


class ExactVertices:
    """Exact places and values of the vertices of a mesh, on demand."""

    def __init__(self, arrangement: Arrangement, faces: PolytopeFaces, twins: TwinUnits) -> None:
        self.arrangement, self.faces, self.twins = arrangement, faces, twins

    def _pattern(self, mesh: Vertices, vertex: int) -> NDArray[np.bool_]:
        return self.twins.patterns(mesh.pattern_words(np.array([vertex])))[0]

    def point(self, mesh: Vertices, vertex: int) -> HomogeneousPoint:
        """The one point in which the walls and units of a vertex vanish."""
        pattern = self._pattern(mesh, vertex)
        rows = [self.arrangement.wall_integers[k] for k in np.flatnonzero(self.faces.holders[mesh.face[vertex]])]
        rows += [self.arrangement.rational.unit_row(pattern, int(u)) for u in mesh.own[vertex] if u >= 0]
        reduced, den, _ = fmpz_mat(rows).rref()
        h = len(rows[0]) - 1
        point = [-reduced[k, h] for k in range(h)]
        return [*point, fmpz(den)] if den > 0 else [*(-x for x in point), -fmpz(den)]

    def repair(self, mesh: Vertices, vertex: int, layer: int) -> list[fmpq]:
        """Round position and values of a vertex anew; returns the exact values."""
        point, pattern = self.point(mesh, vertex), self._pattern(mesh, vertex)
        values = self.arrangement.rational.layer_at(pattern, layer, point)
        mesh.values[vertex] = [nearest(x) for x in values]
        largest = float(np.abs(mesh.values[vertex]).max())
        mesh.error[vertex] = 2 * UNIT_ROUNDOFF * largest + UNDERFLOW
        mesh.size[vertex] = largest
        mesh.coordinates[vertex] = [float(x) for x in to_fractions(point)]
        reach = float(np.abs(mesh.coordinates[vertex]).max())
        mesh.position_error[vertex] = 2 * UNIT_ROUNDOFF * reach + UNDERFLOW
        return values

    def climb(self, mesh: Vertices, ends: Sequence[int], functional: Sequence[float]) -> int:
        """Exact sign of the rise of a functional from one vertex to another."""
        low, high = (to_fractions(self.point(mesh, v)) for v in ends)
        rise = sum((Fraction(c) * (y - x) for c, x, y in zip(functional, low, high, strict=True)), Fraction(0))
        return (rise > 0) - (rise < 0)


def nearest(value: fmpq) -> float:
    """Nearest float64, never 0 in the place of another number."""
    try:
        nearest = float(Fraction(int(value.p), int(value.q)))
    except OverflowError as error:
        raise OutOfRange("a value is out of the range of float64") from error
    return nearest if nearest != 0.0 or value == 0 else float(sign(value.p)) * 1e-300
