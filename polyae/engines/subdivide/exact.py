"""Vertices of a mesh in rational arithmetic, for what error bounds leave open."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from numpy.typing import NDArray

from polyae.engines.subdivide.mesh import Mesh
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.engines.subdivide.special import SpecialPosition
from polyae.networks.network import Network
from polyae.predicates.cell import Arrangement
from polyae.predicates.flat import twins
from polyae.predicates.rational import HomogeneousPoint, sign, to_fractions
from polyae.tolerances import UNDERFLOW, UNIT_ROUNDOFF

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["ExactVertices"]


class ExactVertices:
    """Exact places and values of vertices, on demand; patterns of all units from those that were inserted.

    Attributes
    ----------
    twins : array of int, shape (units,)
        See :func:`polyae.predicates.compiled.twins`; only units that are their own twins are inserted.
    """

    def __init__(self, arrangement: Arrangement, faces: PolytopeFaces) -> None:
        self.arrangement, self.faces = arrangement, faces
        self.twins = twins(arrangement.network)
        self.opposite = _opposite(arrangement.network, self.twins)
        self.distinct = bool((self.twins == np.arange(len(self.twins))).all())

    def bits(self, words: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Words (n, w) unpacked."""
        return np.unpackbits(words.astype(">u8").view(np.uint8), axis=1, count=len(self.twins)).astype(bool)

    def full_patterns(self, bits: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Patterns of all units from those of the inserted ones: shape (n, units)."""
        full = bits[:, np.maximum(self.twins, 0)] ^ self.opposite
        full[:, self.twins < 0] = False
        return full

    def packed(self, words: NDArray[np.uint64]) -> NDArray[np.uint8]:
        """Packed patterns of all units, from words of the inserted ones."""
        if self.distinct:
            return words.astype(">u8").view(np.uint8)[:, : (len(self.twins) + 7) // 8].copy()
        return np.packbits(self.full_patterns(self.bits(words)), axis=1)

    def pattern(self, mesh: Mesh, vertex: int) -> NDArray[np.bool_]:
        """Pattern of the region at a vertex in which all inserted units that vanish there are off."""
        return self.full_patterns(self.bits(mesh.words[:, vertex][None, :].copy()))[0]

    def point(self, mesh: Mesh, vertex: int) -> HomogeneousPoint:
        """The one point in which the walls and units of a vertex vanish."""
        pattern = self.pattern(mesh, vertex)
        rows = [self.arrangement.wall_integers[k] for k in np.flatnonzero(self.faces.holders[mesh.face[vertex]])]
        rows += [self.arrangement.rational.unit_row(pattern, int(u)) for u in mesh.own[vertex] if u >= 0]
        reduced, den, _ = fmpz_mat(rows).rref()
        h = len(rows[0]) - 1
        point = [-reduced[k, h] for k in range(h)]
        return [*point, fmpz(den)] if den > 0 else [*(-x for x in point), -fmpz(den)]

    def repair(self, mesh: Mesh, vertex: int, layer: int, row: int) -> int:
        """Round position and values of a vertex anew; returns the exact sign of one of its values."""
        point = self.point(mesh, vertex)
        values = self.arrangement.rational.layer_at(self.pattern(mesh, vertex), layer, point)
        mesh.values[vertex] = [_nearest(x) for x in values]
        largest = float(np.abs(mesh.values[vertex]).max())
        mesh.error[vertex] = 2 * UNIT_ROUNDOFF * largest + UNDERFLOW
        mesh.size[vertex] = largest
        mesh.coordinates[vertex] = [float(x) for x in to_fractions(point)]
        reach = float(np.abs(mesh.coordinates[vertex]).max())
        mesh.position_error[vertex] = 2 * UNIT_ROUNDOFF * reach + UNDERFLOW
        if values[row] == 0:
            raise SpecialPosition("a unit vanishes at a vertex of others")
        return sign(values[row].p)

    def climb(self, mesh: Mesh, ends: Sequence[int], functional: Sequence[float]) -> int:
        """Exact sign of the rise of a functional from one vertex to another."""
        low, high = (to_fractions(self.point(mesh, v)) for v in ends)
        rise = sum((Fraction(c) * (y - x) for c, x, y in zip(functional, low, high, strict=True)), Fraction(0))
        return (rise > 0) - (rise < 0)


def _opposite(network: Network, twins: Int) -> NDArray[np.bool_]:
    """Units that are on where their first twin is off."""
    signs = []
    for layer in network.layers:
        rows = np.column_stack([layer.weight, layer.bias])[layer.units]
        lead = np.argmax(rows != 0, axis=1)
        signs.append(rows[np.arange(len(rows)), lead] > 0)
    positive = np.concatenate(signs)
    return np.asarray(positive != positive[np.maximum(twins, 0)])


def _nearest(value: fmpq) -> float:
    """Nearest float64, never 0 in the place of another number."""
    try:
        nearest = float(Fraction(int(value.p), int(value.q)))
    except OverflowError as error:
        raise SpecialPosition("a value is out of the range of float64") from error
    return nearest if nearest != 0.0 or value == 0 else float(sign(value.p)) * 1e-300
