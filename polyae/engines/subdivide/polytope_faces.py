"""Vertices and face lattice of a polytope as domain, exactly.

Every cell of a subdivision lies in the relative interior of one face of the domain, so that walls need
not be in general position: a face knows the faces one dimension up, and which walls hold it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import product

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from polyae.domains import Ball, Box, Domain
from polyae.lp.generators import exact_generators
from polyae.memo import once_for_each
from polyae.predicates.rational import HomogeneousPoint, IntegerRow, dot, from_rationals, homogeneous
from polyae.predicates.walls import walls_of

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

__all__ = ["MAX_FACES", "PolytopeFaces", "polytope_faces"]

#: The lattice takes memory and time in the square of its size; a box in dimension 7 has 2187 faces.
MAX_FACES = 4096
#: Faces above a vertex are kept in the bits of a word.
MAX_EDGES_AT_A_VERTEX = 62


@dataclass(frozen=True, eq=False)
class PolytopeFaces:
    """Nonempty faces, sorted by dimension; vertex k is face k, the polytope itself the last one.

    Attributes
    ----------
    vertices : list of homogeneous points
    members : array of bool, shape (faces, vertices)
    dims : array of int, shape (faces,)
    up_start, up : arrays of int
        Faces one dimension up of face f: ``up[up_start[f] : up_start[f + 1]]``.
    incidence : array of bool, shape (vertices, walls)
        Walls that hold a vertex.
    walls : list of integer rows
    """

    vertices: list[HomogeneousPoint]
    members: Bool
    dims: Int
    up_start: Int
    up: Int
    incidence: Bool
    walls: list[IntegerRow]

    @cached_property
    def edges(self) -> Int:
        """Faces of dimension 1."""
        return np.flatnonzero(self.dims == 1)

    @cached_property
    def ends(self) -> Int:
        """The two vertices of every edge: array (edges, 2)."""
        return np.nonzero(self.members[self.edges])[1].reshape(-1, 2)

    @cached_property
    def holders(self) -> Bool:
        """Walls that hold a face: array (faces, walls)."""
        return np.asarray(self.members.astype(np.float32) @ ~self.incidence == 0)

    @cached_property
    def wall_basis(self) -> Int:
        """For each face as many independent walls through it as its codimension, then -1: array (faces, h)."""
        h = int(self.dims[-1])
        basis = np.full((len(self.dims), h), -1, dtype=np.int64)
        surplus = self.holders.sum(axis=1) != h - self.dims
        face, wall = np.nonzero(self.holders & ~surplus[:, None])
        basis[face, np.arange(len(face)) - np.searchsorted(face, face)] = wall
        for f in np.flatnonzero(surplus):
            walls = np.flatnonzero(self.holders[f])
            reduced, _, rank = fmpz_mat([list(self.walls[k][:-1]) for k in walls]).transpose().rref()
            pivots = [next(k for k in range(len(walls)) if reduced[i, k] != 0) for i in range(rank)]
            basis[f, :rank] = walls[pivots]
        return basis

    def covers(self, face: int) -> Int:
        """Faces one dimension up."""
        return self.up[self.up_start[face] : self.up_start[face + 1]]

    @cached_property
    def above(self) -> dict[int, list[tuple[int, int]]]:
        """For every face all faces G that hold it: codimension in G, and the covers within G as bits."""
        below = _contained(self.members)
        result = {}
        for face in range(len(self.dims)):
            covers = self.covers(face)
            holders = np.flatnonzero(below[face])
            bits = below[np.ix_(covers, holders)].T @ (1 << np.arange(len(covers), dtype=np.int64))
            result[face] = list(zip((self.dims[holders] - self.dims[face]).tolist(), bits.tolist(), strict=True))
        return result


@once_for_each
def polytope_faces(domain: Domain) -> PolytopeFaces | None:
    """Face lattice of a bounded domain with flat walls, or None if it has more faces than are worth it."""
    rows = walls_of(domain).integers
    points = _vertices(domain, rows)
    if isinstance(domain, Box) or (isinstance(domain, Ball) and domain.p != 1):
        return PolytopeFaces(points, *_box_lattice(domain.dim), rows)
    if len(points) > MAX_FACES:
        return None
    incidence = np.array([[dot(row, p) == 0 for row in rows] for p in points], dtype=bool)
    sets = _intersections(incidence)
    if sets is None:
        return None
    members = np.array([[s >> k & 1 for k in range(len(points))] for s in sets], dtype=bool)
    return _graded(points, members, incidence, rows)


def _vertices(domain: Domain, rows: list[IntegerRow]) -> list[HomogeneousPoint]:
    h = domain.dim
    if isinstance(domain, Ball):
        centre, r = domain.exact_centre, Fraction(domain.radius)
        if domain.p == 1:
            steps = [[s * r * (i == k) for i in range(h)] for k in range(h) for s in (-1, 1)]
        else:
            steps = [[s * r for s in signs] for signs in product((-1, 1), repeat=h)]
        return [homogeneous([c + d for c, d in zip(centre, step, strict=True)]) for step in steps]
    if isinstance(domain, Box):
        return [homogeneous(corner) for corner in product(*zip(domain.lo.tolist(), domain.hi.tolist(), strict=True))]
    return [from_rationals(v) for v in exact_generators(rows, h).vertices]


@lru_cache
def _box_lattice(h: int) -> tuple[Bool, Int, Int, Int, Bool]:
    """The 3^h faces that all boxes of a dimension share, in the order of the fields of :class:`PolytopeFaces`.

    The walls are the lower ones and then the upper ones.
    A face is written in digits, one an axis: 0 and 1 on a lower and an upper wall, 2 between them.
    """
    digits = np.array(list(product((0, 1, 2), repeat=h)))
    digits = digits[np.argsort((digits == 2).sum(axis=1), kind="stable")]
    free = digits == 2
    number = np.empty(3**h, dtype=np.int64)
    place = 3 ** np.arange(h - 1, -1, -1)
    number[digits @ place] = np.arange(3**h)
    corners = digits[: 1 << h]
    members = (free[:, None, :] | (digits[:, None, :] == corners)).all(axis=-1)
    face, axis = np.nonzero(~free)
    up = number[(digits @ place)[face] + (2 - digits[face, axis]) * place[axis]]
    start = np.searchsorted(face, np.arange(3**h + 1))
    lattice = members, free.sum(axis=1), start, up, np.hstack([corners == 0, corners == 1])
    for array in lattice:
        array.setflags(write=False)
    return lattice


def _intersections(incidence: Bool) -> list[int] | None:
    """Vertex sets of all faces, as bits: the nonempty intersections of those of the walls."""
    walls = {_bits(column) for column in incidence.T} - {0}
    everything = (1 << len(incidence)) - 1
    found, waiting = {everything}, [everything]
    while waiting:
        face = waiting.pop()
        for wall in walls:
            part = face & wall
            if part and part not in found:
                found.add(part)
                waiting.append(part)
        if len(found) > MAX_FACES:
            return None
    return sorted(found)


def _bits(flags: Bool) -> int:
    return sum(1 << k for k in np.flatnonzero(flags).tolist())


def _contained(members: Bool) -> Bool:
    """Which face is contained in which: array (faces, faces)."""
    counts = members.astype(np.float32)
    return np.asarray(counts @ counts.T == counts.sum(axis=1)[:, None])


def _graded(
    points: list[HomogeneousPoint], members: Bool, incidence: Bool, walls: list[IntegerRow]
) -> PolytopeFaces | None:
    below = _contained(members)
    np.fill_diagonal(below, False)
    dims = np.full(len(members), -1)
    level = 0
    while (dims < 0).any():
        # The faces of the next dimension are those all of whose proper faces have been seen.
        open_ = dims < 0
        dims[open_ & ~(below & open_[:, None]).any(axis=0)] = level
        level += 1
    single = np.where(dims == 0, members.argmax(axis=1), 0)
    order = np.lexsort((single, dims))
    members, dims, below = members[order], dims[order], below[np.ix_(order, order)]
    face, cover = np.nonzero(below & (dims[None, :] == dims[:, None] + 1))
    start = np.searchsorted(face, np.arange(len(dims) + 1))
    if np.diff(start).max(initial=0) > MAX_EDGES_AT_A_VERTEX:
        return None
    return PolytopeFaces(points, members, dims, start.astype(np.int64), cover, incidence, walls)
