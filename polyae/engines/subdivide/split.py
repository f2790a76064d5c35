"""Faces that a unit cuts, split: every face of dimension k into two of them and one of dimension k - 1.

A face is cut if the unit is positive somewhere on it and negative elsewhere.  Its section is bounded by the
sections of the cut faces in its boundary, and by those faces two dimensions down on which the unit vanishes: each
of these lies between one face of the boundary that is positive and one that is negative.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.lattice import (
    CUTS,
    FACES,
    ITEMS,
    MORE_FACES,
    MORE_ITEMS,
    MORE_VERTICES,
    NEXT,
    STAGE,
    VERTICES,
    Counters,
    Lattice,
    Words,
)
from polyae.engines.subdivide.placing import place_between
from polyae.engines.subdivide.words import bit_of
from polyae.predicates.jit import compiled, inlined

Int = NDArray[np.int64]
Float = NDArray[np.float64]

__all__ = ["DONE", "DOUBTFUL", "NEEDS_ROOM", "enter_layer", "lift_signs", "split_by_units"]

#: What the compiled loop stops for.
DONE, DOUBTFUL, NEEDS_ROOM = range(3)


@compiled
def enter_layer(lattice: Lattice, first: int, last: int, rows: Int) -> int:
    """Signs of all units of a layer at vertices ``first <= v < last``; how many of these are not proved."""
    above, below, values, error, proved = lattice.above, lattice.below, lattice.values, lattice.error, lattice.proved
    open_ = 0
    for v in range(first, last):
        proved[v] = True
        above[v], below[v] = np.uint64(0), np.uint64(0)
        for k in range(len(rows)):
            x = values[v, rows[k]]
            above[v, k >> 6] |= bit_of(k) if x > 0.0 else np.uint64(0)
            below[v, k >> 6] |= bit_of(k) if x < 0.0 else np.uint64(0)
            proved[v] &= abs(x) > error[v]
        open_ += 0 if proved[v] else 1
    return open_


@inlined
def _join(target: Words, f: int, items: NDArray[np.int32], start: int, stop: int, source: Words) -> None:
    """Signs that are met somewhere on a face, from those on the faces or vertices of a list."""
    for i in range(target.shape[1]):
        word = np.uint64(0)
        for k in range(start, stop):
            word |= source[items[k], i]
        target[f, i] = word


@compiled
def lift_signs(lattice: Lattice, counters: Counters) -> None:
    """Signs met on all faces, from those at the vertices."""
    h = lattice.coordinates.shape[1]
    for k in range(1, h + 1):
        for f in range(counters[FACES]):
            if lattice.dim[f] == k:
                start, stop = lattice.start[f], lattice.start[f] + lattice.length[f]
                _join(lattice.positive, f, lattice.items, start, stop, lattice.above if k == 1 else lattice.positive)
                _join(lattice.negative, f, lattice.items, start, stop, lattice.below if k == 1 else lattice.negative)


@compiled
def _find_cuts(lattice: Lattice, counters: Counters, k: int) -> None:
    """List the faces that unit k of the layer cuts, by dimension, and count the room that they need."""
    h, word, bit = lattice.coordinates.shape[1], k >> 6, bit_of(k)
    positive, negative, dim, cut, length = (
        lattice.positive, lattice.negative, lattice.dim, lattice.cut, lattice.length,
    )  # fmt: skip
    cuts, items = 0, 0
    places = np.zeros(h + 2, dtype=np.int64)
    for f in range(counters[FACES]):
        cut[cuts] = f  # without a branch, which would be mispredicted
        cuts += 1 if positive[f, word] & negative[f, word] & bit else 0
    found = cut[:cuts].copy()
    for f in found:
        places[dim[f] + 1] += 1
        items += 3 * length[f] + 2
    edges = places[2]
    for d in range(1, h + 2):
        places[d] += places[d - 1]
    for f in found:
        cut[places[dim[f]]] = f
        places[dim[f]] += 1
    counters[CUTS], counters[MORE_ITEMS] = cuts, items
    counters[MORE_VERTICES], counters[MORE_FACES] = edges, 2 * cuts - edges


@compiled
def _place_vertices(lattice: Lattice, counters: Counters, k: int, unit: int, rows: Int) -> int:
    """New vertices on the cut edges; how many have signs that are not proved.

    What has the same sign at both ends has it in between; only other signs are read off the values.
    """
    values, error, size, coordinates = lattice.values, lattice.error, lattice.size, lattice.coordinates
    position_error, above, below, proved = lattice.position_error, lattice.above, lattice.below, lattice.proved
    items, section, cut, parents = lattice.items, lattice.section, lattice.cut, lattice.parents
    w, open_ = counters[VERTICES], 0
    for i in range(counters[MORE_VERTICES]):
        f = cut[i]
        a, b = items[lattice.start[f]], items[lattice.start[f] + 1]
        place_between(values, error, size, coordinates, position_error, rows[k], a, b, w)
        parents[w, 0], parents[w, 1], lattice.born[w] = a, b, unit
        certain = True
        for word in range(above.shape[1]):
            up, down = above[a, word] | above[b, word], below[a, word] | below[b, word]
            differ = up & down
            up, down = up & ~differ, down & ~differ
            if k >> 6 == word:
                differ &= ~bit_of(k)
            if differ != np.uint64(0):
                for j in range(64 * word, min(64 * word + 64, len(rows))):
                    if differ & bit_of(j):
                        x = values[w, rows[j]]
                        up |= bit_of(j) if x > 0.0 else np.uint64(0)
                        down |= bit_of(j) if x < 0.0 else np.uint64(0)
                        certain &= abs(x) > error[w]
            above[w, word], below[w, word] = up, down
        proved[w] = certain
        open_ += 0 if certain else 1
        section[f] = w
        w += 1
    counters[VERTICES] = w
    return open_


@compiled
def _split_edge(lattice: Lattice, f: int, word: int, bit: np.uint64, g: int, top: int) -> int:
    """The negative half of an edge keeps its number, the other one is face g."""
    items, start = lattice.items, lattice.start
    at, w = start[f], lattice.section[f]
    swap = 0 if lattice.above[items[at], word] & bit else 1
    start[g], lattice.length[g] = top, 2
    items[top], items[top + 1] = items[at + swap], w
    items[at], items[at + 1] = items[at + 1 - swap], w
    return top + 2


@compiled
def _split_face(lattice: Lattice, f: int, word: int, bit: np.uint64, g: int, top: int, rim: NDArray[np.int32]) -> int:
    """The same for a face of dimension at least 2; its section, whose list is made in `rim`, is face g + 1."""
    items, start, length, upper, section = (
        lattice.items, lattice.start, lattice.length, lattice.upper, lattice.section,
    )  # fmt: skip
    positive = lattice.positive
    signs = (lattice.above, lattice.below) if lattice.dim[f] == 2 else (positive, lattice.negative)
    at, kept, sides = start[f], 0, 0
    start[g] = top
    for i in range(at, at + length[f]):
        e = items[i]
        if section[e] >= 0:
            items[at + kept] = e
            kept += 1
            items[top] = upper[e]
            top += 1
            rim[sides] = section[e]
            sides += 1
        elif positive[e, word] & bit:
            items[top] = e
            top += 1
            for k in range(start[e], start[e] + length[e]):
                v = items[k]
                if not (signs[0][v, word] | signs[1][v, word]) & bit:
                    rim[sides] = v
                    sides += 1
        else:
            items[at + kept] = e
            kept += 1
    items[top] = g + 1
    top += 1
    length[g] = top - start[g]
    if kept == length[f]:  # no room behind the list
        items[top : top + kept] = items[at : at + kept]
        start[f] = top
        top += kept + 1
    items[start[f] + kept] = g + 1
    length[f] = kept + 1
    items[top : top + sides] = rim[:sides]
    start[g + 1], length[g + 1] = top, sides
    return int(top + sides)


@compiled
def _inherit(lattice: Lattice, f: int, g: int) -> None:
    """What a new face has from the one that it is part of; signs are joined from its own boundary."""
    lattice.origin[g], lattice.unit[g], lattice.dim[g] = lattice.origin[f], lattice.unit[f], lattice.dim[f]
    lattice.upper[g] = lattice.section[g] = -1


@compiled
def _signs_of(lattice: Lattice, f: int) -> None:
    start, stop = lattice.start[f], lattice.start[f] + lattice.length[f]
    if lattice.dim[f] == 1:
        _join(lattice.positive, f, lattice.items, start, stop, lattice.above)
        _join(lattice.negative, f, lattice.items, start, stop, lattice.below)
    else:
        _join(lattice.positive, f, lattice.items, start, stop, lattice.positive)
        _join(lattice.negative, f, lattice.items, start, stop, lattice.negative)


@compiled
def _split(lattice: Lattice, counters: Counters, k: int, unit: int) -> None:
    """Split the cut faces, in the order of their dimensions."""
    word, bit, g, top = k >> 6, bit_of(k), counters[FACES], counters[ITEMS]
    longest = 2
    for i in range(counters[CUTS]):
        longest = max(longest, lattice.length[lattice.cut[i]])
    rim = np.empty(longest + 1, dtype=np.int32)
    for i in range(counters[CUTS]):
        f = lattice.cut[i]
        _inherit(lattice, f, g)
        if lattice.dim[f] == 1:
            top = _split_edge(lattice, f, word, bit, g, top)
        else:
            _inherit(lattice, f, g + 1)
            lattice.dim[g + 1], lattice.unit[g + 1], lattice.section[f] = lattice.dim[f] - 1, unit, g + 1
            top = _split_face(lattice, f, word, bit, g, top, rim)
            _signs_of(lattice, g + 1)
        _signs_of(lattice, f)
        _signs_of(lattice, g)
        lattice.upper[f] = g
        g += 1 if lattice.dim[f] == 1 else 2
    for i in range(counters[CUTS]):
        lattice.upper[lattice.cut[i]] = lattice.section[lattice.cut[i]] = -1
    counters[FACES], counters[ITEMS] = g, top


@compiled
def split_by_units(lattice: Lattice, counters: Counters, units: Int, rows: Int) -> int:
    """Insert units, from ``counters[NEXT]`` on, until something has to be done outside.

    Parameters
    ----------
    units, rows : arrays of int
        Units, rising, and the columns of ``lattice.values`` that hold their values.

    Returns
    -------
    int
        ``DONE``; ``DOUBTFUL`` if there are new vertices with signs that are not proved; or ``NEEDS_ROOM``.
    """
    while counters[NEXT] < len(units):
        k = counters[NEXT]
        if counters[STAGE] == 0:
            _find_cuts(lattice, counters, k)
            counters[STAGE] = 1
        if counters[STAGE] == 1:
            if (
                counters[VERTICES] + counters[MORE_VERTICES] > len(lattice.error)
                or counters[FACES] + counters[MORE_FACES] >= len(lattice.dim)
                or counters[ITEMS] + counters[MORE_ITEMS] > len(lattice.items)
            ):
                return NEEDS_ROOM
            counters[STAGE] = 2
            if _place_vertices(lattice, counters, k, units[k], rows) > 0:
                return DOUBTFUL
        _split(lattice, counters, k, units[k])
        counters[NEXT] += 1
        counters[STAGE] = 0
    return DONE
