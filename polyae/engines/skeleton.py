"""Vertices and edges of a subdivided domain, with the units that vanish there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from polyae.errors import SolverError

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Skeleton", "check_euler", "euler_characteristic"]


@dataclass(frozen=True)
class Skeleton:
    """Faces of dimension 0 and 1 of all regions, and how many faces there are of each dimension.

    Attributes
    ----------
    vertices : array, shape (v, h)
        In float64; which vertices there are is exact.
    edges : array of int32, shape (e, 2)
        The two vertices of each edge.
    unit_start, units : arrays of int
        Units whose pre-activation is 0 at vertex v, rising: ``units[unit_start[v] : unit_start[v + 1]]``.
    f_vector : tuple of int
        Numbers of faces of dimension 0 to h, the boundary of the domain included.
    """

    vertices: Float
    edges: NDArray[np.int32]
    unit_start: Int
    units: Int
    f_vector: tuple[int, ...]

    def __repr__(self) -> str:
        return f"Skeleton({len(self.vertices)} vertices, {len(self.edges)} edges, f-vector {self.f_vector})"

    @property
    def euler_characteristic(self) -> int:
        """Alternating sum of the f-vector: 1 for every subdivision of a convex polytope."""
        return euler_characteristic(self.f_vector)

    def vertex_units(self, vertex: int) -> Int:
        """Units that vanish at a vertex, rising; none at a corner of the domain that no unit meets."""
        return self.units[self.unit_start[vertex] : self.unit_start[vertex + 1]]

    def edge_units(self, edge: int) -> Int:
        """Units that vanish on an edge, rising; none if it is part of an edge of the domain."""
        start, stop = self._edge_units[0][edge : edge + 2]
        return self._edge_units[1][start:stop]

    @cached_property
    def _edge_units(self) -> tuple[Int, Int]:
        """Start of each edge's list, and the lists: what vanishes at both ends vanishes in between."""
        vertex = np.repeat(np.arange(len(self.vertices)), np.diff(self.unit_start))
        top = int(self.units.max(initial=0)) + 1
        at_vertices = vertex * top + self.units
        sizes = np.diff(self.unit_start)[self.edges[:, 0]]
        edge = np.repeat(np.arange(len(self.edges)), sizes)
        first = np.cumsum(sizes) - sizes
        within = np.arange(len(edge)) - first[edge]
        unit = self.units[self.unit_start[self.edges[edge, 0]] + within]
        wanted = self.edges[edge, 1].astype(np.int64) * top + unit
        place = np.minimum(np.searchsorted(at_vertices, wanted), max(0, len(at_vertices) - 1))
        held = at_vertices[place] == wanted if len(at_vertices) else np.zeros(0, dtype=bool)
        start = np.concatenate([[0], np.cumsum(np.bincount(edge[held], minlength=len(self.edges)))])
        return start, unit[held]


def euler_characteristic(f_vector: tuple[int, ...]) -> int:
    """Alternating sum of the numbers of faces by dimension.

    Examples
    --------
    >>> euler_characteristic((4, 4, 1))
    1
    """
    return sum((-1) ** k * n for k, n in enumerate(f_vector))


def check_euler(f_vector: tuple[int, ...]) -> None:
    """Check that the subdivision of a convex polytope has Euler characteristic 1.

    Raises
    ------
    SolverError
        If it has another, which no input should bring about.
    """
    if euler_characteristic(f_vector) != 1:
        raise SolverError(f"the subdivision is inconsistent: its numbers of faces by dimension are {f_vector}")
