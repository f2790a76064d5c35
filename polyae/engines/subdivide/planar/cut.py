"""Regions cut by the units of one layer, one region after the other.

On a region that the earlier layers made, the units of a layer are affine.  One that has both signs at its vertices
cuts it in two, along an edge between two points of its boundary: new vertices, or such as the unit has put there when
it cut the region on the other side.

Small functions are copied into the loop, with the arrays that they need: handing over a mesh would cost more than they.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.placing import place_between
from polyae.engines.subdivide.planar.layer import PlanarLayer
from polyae.engines.subdivide.planar.mesh import (
    BLOCKED,
    DOMAIN,
    HALF_EDGES,
    LINE,
    MORE_HALF_EDGES,
    MORE_REGIONS,
    MORE_VERTICES,
    NEXT,
    PROVED,
    REGIONS,
    TAIL,
    TWIN,
    VERTICES,
    WAITING,
    Counters,
    Index,
    PlanarMesh,
)
from polyae.engines.subdivide.words import Words, bit_of, first_bit
from polyae.predicates.jit import compiled, inlined

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["BROKEN", "DONE", "NEEDS_ROOM", "cut_regions"]

#: What the compiled loop stops for.
DONE, NEEDS_ROOM, BROKEN = range(3)


@inlined
def _signs_between(
    signs: Words, values: Float, error: float, a: int, b: int, w: int, word: int, bit: np.uint64, row_of: Int, shift: int
) -> bool:
    """Enter the signs at vertex w of one unit between a and b; whether all of them are proved.

    What has one sign at both ends, or vanishes at one of them, has it in between; only other signs are read off the
    values.

    Parameters
    ----------
    word, bit : int, uint64
        Of the unit that vanishes at w.
    shift : int
        Place of the first unit of the layer in the words.
    """
    certain, width = True, signs.shape[1] // 2
    for i in range(width):
        up, down = signs[a, i] | signs[b, i], signs[a, width + i] | signs[b, width + i]
        differ = up & down
        up, down = up & ~differ, down & ~differ
        if i == word:
            differ &= ~bit
        while differ != np.uint64(0):
            place = first_bit(differ)
            one = np.uint64(1) << np.uint64(63 - place)
            differ ^= one
            x = values[w, row_of[64 * i + place - shift]]
            if x > 0.0:
                up |= one
            else:
                down |= one
            certain &= abs(x) > error
        signs[w, i], signs[w, width + i] = up, down
    return certain


@inlined
def _halve(half_edges: Index, h: int, w: int, new: int) -> int:
    """Put vertex w on an edge; the second half of half-edge h is `new`.  Returns the number after the last new one."""
    twin, line = half_edges[h, TWIN], half_edges[h, LINE]
    half_edges[new, NEXT], half_edges[new, TAIL] = half_edges[h, NEXT], w
    half_edges[new, TWIN], half_edges[new, LINE] = twin, line
    half_edges[h, NEXT] = new
    last = new + 1
    if twin >= 0:
        half_edges[last, NEXT], half_edges[last, TAIL] = half_edges[twin, NEXT], w
        half_edges[last, TWIN], half_edges[last, LINE] = h, line
        half_edges[twin, NEXT], half_edges[twin, TWIN], half_edges[h, TWIN] = last, new, last
        last += 1
    return last


@inlined
def _divide(half_edges: Index, down: int, up: int, new: int, unit: int) -> None:
    """Join the points behind two half-edges of a region: half-edge `new` bounds the part that starts behind `down`."""
    begin, end = half_edges[down, NEXT], half_edges[up, NEXT]
    half_edges[new, NEXT], half_edges[new, TAIL] = begin, half_edges[end, TAIL]
    half_edges[new, TWIN], half_edges[new, LINE] = new + 1, unit
    half_edges[new + 1, NEXT], half_edges[new + 1, TAIL] = end, half_edges[begin, TAIL]
    half_edges[new + 1, TWIN], half_edges[new + 1, LINE] = new, unit
    half_edges[up, NEXT], half_edges[down, NEXT] = new, new + 1


@inlined
def _sign(signs: Words, v: int, word: int, width: int, bit: np.uint64) -> int:
    """Sign of a unit at a vertex."""
    return (1 if signs[v, word] & bit != np.uint64(0) else 0) - (
        1 if signs[v, width + word] & bit != np.uint64(0) else 0
    )


@compiled
def cut_regions(mesh: PlanarMesh, counters: Counters, layer: PlanarLayer) -> int:
    """Cut the regions that wait by all units of a layer, and their parts.

    Regions with vertices at which signs are not proved are put on the list of those that are blocked.

    Returns
    -------
    int
        ``DONE``, ``NEEDS_ROOM``, or ``BROKEN`` if signs contradict each other.
    """
    half_edges, signs, proved, values, error, size = (
        mesh.half_edges, mesh.signs, mesh.proved, mesh.values, mesh.error, mesh.size,
    )  # fmt: skip
    coordinates, position_error, own, face, spoke = (
        mesh.coordinates, mesh.position_error, mesh.own, mesh.face, mesh.spoke,
    )  # fmt: skip
    first, words, waiting, blocked = mesh.first, mesh.words, mesh.waiting, mesh.blocked
    row_of, shift, begin, width = layer.row_of, layer.units[0] & 63, layer.begin, len(layer.inserted)
    base = layer.units[0]
    vertices, edges, regions, last = counters[VERTICES], counters[HALF_EDGES], counters[REGIONS], counters[WAITING]
    room = min(len(error) - MORE_VERTICES, len(spoke) - MORE_VERTICES)
    stop = DONE
    while last > 0:
        if vertices > room or edges + MORE_HALF_EDGES > len(half_edges) or regions + MORE_REGIONS > len(first):
            stop = NEEDS_ROOM
            break
        last -= 1
        region, word = waiting[last, 0], waiting[last, 1]
        start, certain, crossing = first[region], True, np.uint64(0)
        while word < width:
            above, below, h = np.uint64(0), np.uint64(0), start
            while True:
                v = half_edges[h, TAIL]
                above |= signs[v, word]
                below |= signs[v, width + word]
                certain &= proved[v]
                h = half_edges[h, NEXT]
                if h == start:
                    break
            crossing = above & below
            if crossing != np.uint64(0) or not certain:
                break
            words[region, begin + word] |= above
            word += 1
        if certain and crossing == np.uint64(0):
            continue
        if certain:
            place = first_bit(crossing)
            bit, unit = np.uint64(1) << np.uint64(63 - place), 64 * (begin + word) + place
            down, up, h = -1, -1, start
            sign = _sign(signs, half_edges[h, TAIL], word, width, bit)
            while True:
                following = half_edges[h, NEXT]
                v = half_edges[following, TAIL]
                sign_before, sign = sign, _sign(signs, v, word, width, bit)
                if sign != sign_before and sign_before != 0:
                    if sign != 0:
                        a, w, line = half_edges[h, TAIL], vertices, half_edges[h, LINE]
                        place_between(values, error, size, coordinates, position_error, row_of[unit - base], a, v, w)
                        proved[w] = _signs_between(
                            signs, values, error[w], a, v, w, word, bit, row_of, shift
                        )
                        certain &= proved[w]
                        own[w, 0], own[w, 1] = (unit, -1) if line < 0 else (line, unit)
                        face[w] = -1 - line if line < 0 else counters[DOMAIN]
                        spoke[w] = edges
                        edges = _halve(half_edges, h, w, edges)
                        vertices += 1
                    if sign_before > 0:
                        down = h
                    else:
                        up = h
                h = following
                if h == start or (down >= 0 and up >= 0):
                    break
            if down < 0 or up < 0:
                stop = BROKEN
                break
        if not certain:
            blocked[counters[BLOCKED]] = region
            counters[BLOCKED] += 1
            continue
        _divide(half_edges, down, up, edges, unit)
        first[region], first[regions] = edges, edges + 1
        for i in range(words.shape[1]):
            words[regions, i] = words[region, i]
        waiting[last, 0], waiting[last, 1] = regions, word
        waiting[last + 1, 0], waiting[last + 1, 1] = region, word
        last += 2
        edges += 2
        regions += 1
    counters[PROVED] += vertices - counters[VERTICES]
    counters[VERTICES], counters[HALF_EDGES], counters[REGIONS], counters[WAITING] = vertices, edges, regions, last
    return stop
