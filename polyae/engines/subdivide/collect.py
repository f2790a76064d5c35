"""Regions of a finished mesh and the facets between them, each at its lowest vertex."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.mesh import VERTICES, Counters, FaceTable, Hashes, Mesh
from polyae.engines.subdivide.orient import Up, opens_up
from polyae.engines.subdivide.words import Words
from polyae.predicates.jit import borrowing
from polyae.tolerances import SAFETY, UNIT_ROUNDOFF

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Regions", "collect_facets", "collect_regions", "new_regions"]


class Regions(NamedTuple):
    """Regions and facets between them.

    Attributes
    ----------
    words : array of uint64, shape (n, w)
    witnesses : array, shape (n, h)
    proved : array of bool, shape (n,)
        Whether the clearance of vertices proves the witness.
    table_key, table_region : hash table of the regions
    facets : array of int32, shape (e, 3)
        Two regions, and the unit between them.
    free : array of int, shape (h,)
        Work space.
    """

    words: Words
    witnesses: Float
    proved: NDArray[np.bool_]
    table_key: Words
    table_region: NDArray[np.int32]
    facets: NDArray[np.int32]
    free: Int


def new_regions(regions: int, facets: int, h: int, width: int) -> Regions:
    """Room for so many."""
    slots = 1 << max(4, (2 * regions).bit_length())
    return Regions(
        np.empty((regions, width), dtype=np.uint64),
        np.empty((regions, h)),
        np.zeros(regions, dtype=np.bool_),
        np.empty(slots, dtype=np.uint64),
        np.full(slots, -1, dtype=np.int32),
        np.empty((facets, 3), dtype=np.int32),
        np.empty(h, dtype=np.int64),
    )


@borrowing
def _choices(up: Up, v: int, own: int, kept: int, free: Int) -> tuple[int, int]:
    """Sides that are open at a vertex: bits of the positive ones, and how many units leave both sides open.

    Returns -1 if a unit other than `kept` has no edge up.
    """
    fixed, count = 0, 0
    for s in range(own):
        if s == kept:
            continue
        down, above = up[v, 2 * s] >= 0, up[v, 2 * s + 1] >= 0
        if down and above:
            free[count] = s
            count += 1
        elif above:
            fixed |= 1 << s
        elif not down:
            return -1, 0
    return fixed, count


@borrowing
def _spread(fixed: int, free: Int, count: int, number: int) -> int:
    """Sides of choice `number` out of two to the power of `count`."""
    for i in range(count):
        if (number >> i) & 1:
            fixed |= 1 << free[i]
    return fixed


@borrowing
def _without_own(key: np.uint64, units: NDArray[np.int32], zero: Words, v: int, own: int) -> np.uint64:
    for s in range(own):
        key -= zero[units[v, s]]
    return key


@borrowing
def _region_key(key: np.uint64, units: NDArray[np.int32], positive: Words, v: int, own: int, sides: int) -> np.uint64:
    for s in range(own):
        if (sides >> s) & 1:
            key += positive[units[v, s]]
    return key


@borrowing
def _find(table_key: Words, table_region: NDArray[np.int32], key: np.uint64) -> int:
    """Slot of a key in the table of regions, or of the place for it."""
    mask = np.uint64(len(table_key) - 1)
    at = (key ^ (key >> np.uint64(32))) & mask
    while table_region[at] >= 0 and table_key[at] != key:
        at = (at + np.uint64(1)) & mask
    return int(at)


@borrowing
def _witness(
    coordinates: Float, position_error: Float, clearance: Float, ends: NDArray[np.int32], reaches: Float,
    up: Up, v: int, own: int, covers: int, sides: int, witnesses: Float, number: int,
) -> bool:  # fmt: skip
    """Mean of the lowest vertex and its neighbours in a region; whether it is certainly inside.

    A unit that is not zero at the lowest vertex is there at least as far as the clearance says, and has the
    same sign or none at the others; a unit that is zero there is not at just one neighbour, as far as its edge
    says.  The exact mean is so far away from the zeros of every unit, divided by the number of points.
    """
    h = witnesses.shape[1]
    room, error, reach, count = clearance[v], position_error[v], 0.0, 1
    for c in range(h):
        witnesses[number, c] = coordinates[v, c]
        reach = max(reach, abs(coordinates[v, c]))
    for i in range(own + covers):
        e = up[v, 2 * i + ((sides >> i) & 1)] if i < own else up[v, own + i]
        low = 0 if ends[e, 0] == v else 1
        b = ends[e, 1 - low]
        room, error = min(room, reaches[e, low]), max(error, position_error[b])
        count += 1
        for c in range(h):
            witnesses[number, c] += coordinates[b, c]
            reach = max(reach, abs(coordinates[b, c]))
    for c in range(h):
        witnesses[number, c] /= count
    error = error + (count + 2) * UNIT_ROUNDOFF * 2 * reach
    return room / SAFETY > count * error * SAFETY


@borrowing
def collect_regions(
    mesh: Mesh, faces: FaceTable, hashes: Hashes, counters: Counters, up: Up, regions: Regions
) -> bool:
    """Patterns, witnesses and table of all regions; False if hashes collided."""
    number, free = 0, regions.free
    dims, up_start, face_of, units, keys = faces.dims, faces.up_start, mesh.face, mesh.own, mesh.key
    coordinates, position_error, clearance = mesh.coordinates, mesh.position_error, mesh.clearance
    ends, reach, at_vertex, zero, positive = mesh.ends, mesh.reach, mesh.words, hashes.zero, hashes.positive
    words, witnesses, proved = regions.words, regions.witnesses, regions.proved
    table_key, table_region = regions.table_key, regions.table_region
    for v in range(counters[VERTICES]):
        face = face_of[v]
        own, covers = dims[face], up_start[face + 1] - up_start[face]
        fixed, count = _choices(up, v, own, -1, free)
        if fixed < 0 or not opens_up(dims, up_start, up, v, face):
            continue
        base = _without_own(keys[v], units, zero, v, own)
        for choice in range(1 << count):
            sides = _spread(fixed, free, count, choice)
            for i in range(words.shape[1]):
                words[number, i] = at_vertex[v, i]
            for s in range(own):
                if (sides >> s) & 1:
                    q = units[v, s]
                    words[number, q >> 6] |= np.uint64(1) << np.uint64(63 - (q & 63))
            key = _region_key(base, units, positive, v, own, sides)
            at = _find(table_key, table_region, key)
            if table_region[at] >= 0:
                return False
            table_key[at], table_region[at] = key, number
            proved[number] = _witness(
                coordinates, position_error, clearance, ends, reach, up, v, own, covers, sides, witnesses, number
            )
            number += 1
    return number == len(words)


@borrowing
def collect_facets(mesh: Mesh, faces: FaceTable, hashes: Hashes, counters: Counters, up: Up, regions: Regions) -> bool:
    """Facets with the regions on their sides; False if hashes collided."""
    number, free = 0, regions.free
    dims, up_start, face_of, units, keys = faces.dims, faces.up_start, mesh.face, mesh.own, mesh.key
    zero, positive, facets = hashes.zero, hashes.positive, regions.facets
    table_key, table_region = regions.table_key, regions.table_region
    for v in range(counters[VERTICES]):
        face = face_of[v]
        own = dims[face]
        if own == 0 or not opens_up(dims, up_start, up, v, face):
            continue
        base = _without_own(keys[v], units, zero, v, own)
        for kept in range(own):
            fixed, count = _choices(up, v, own, kept, free)
            if fixed < 0:
                continue
            unit = units[v, kept]
            for choice in range(1 << count):
                key = _region_key(base, units, positive, v, own, _spread(fixed, free, count, choice))
                one = table_region[_find(table_key, table_region, key)]
                other = table_region[_find(table_key, table_region, key + positive[unit])]
                if one < 0 or other < 0:
                    return False
                facets[number, 0], facets[number, 1] = min(one, other), max(one, other)
                facets[number, 2] = unit
                number += 1
    return number == len(facets)
