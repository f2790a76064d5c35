"""Regions cut by the units of one layer, one region after the other.

On a region that the earlier layers made, the units of a layer are affine.  One that has both signs at its vertices
cuts it in two, along an edge between two points of its boundary: new vertices, or such as the unit has put there when
it cut the region on the other side.

The first unit of all comes first, and of its two parts the one where it is negative: so regions are finished in the
order of their patterns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.placing import bound_between, interpolate, share_of
from polyae.engines.subdivide.planar.layer import FirstLayer, PlanarLayer, pack_signs
from polyae.engines.subdivide.planar.mesh import (
    BLOCKED,
    DOMAIN,
    FINISHED,
    FIELDS,
    LINE,
    LINKS,
    MORE_LINKS,
    MORE_REGIONS,
    MORE_VERTICES,
    NEXT,
    NONE,
    OPEN,
    PROVED,
    REGIONS,
    TAIL,
    TWIN,
    VERTICES,
    WAITING,
    WALL,
    Counters,
    Links,
    PlanarMesh,
)
from polyae.engines.subdivide.planar.place import evaluate, meet, value_bound
from polyae.engines.subdivide.planar.start import Polygon
from polyae.engines.subdivide.words import Words, bit_of, first_bit
from polyae.predicates.jit import borrowing
from polyae.tolerances import SAFETY

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["BROKEN", "DONE", "NEEDS_ROOM", "cut_regions"]

#: What the compiled loop stops for.
DONE, NEEDS_ROOM, BROKEN = range(3)


@borrowing
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


@borrowing
def _halve(links: Links, h: int, w: int, new: int) -> int:
    """Put vertex w on an edge; the second half of half-edge h is `new`.  Returns the number after the last new one."""
    twin, line = links[h + TWIN], links[h + LINE]
    links[new + NEXT], links[new + TAIL], links[new + TWIN], links[new + LINE] = links[h + NEXT], w, twin, line
    links[h + NEXT] = new
    last = new + FIELDS
    if twin != NONE:
        links[last + NEXT], links[last + TAIL], links[last + TWIN], links[last + LINE] = links[twin + NEXT], w, h, line
        links[twin + NEXT], links[twin + TWIN], links[h + TWIN] = last, new, last
        last += FIELDS
    return last


@borrowing
def _divide(links: Links, down: int, up: int, new: int, unit: int) -> None:
    """Join the points behind two half-edges of a region: half-edge `new` bounds the part that starts behind `down`."""
    begin, end, twin = links[down + NEXT], links[up + NEXT], new + FIELDS
    links[new + NEXT], links[new + TAIL], links[new + TWIN], links[new + LINE] = begin, links[end + TAIL], twin, unit
    links[twin + NEXT], links[twin + TAIL], links[twin + TWIN], links[twin + LINE] = end, links[begin + TAIL], new, unit
    links[up + NEXT], links[down + NEXT] = new, twin


@borrowing
def _met(links: Links, signs: Words, start: int, word: int, width: int) -> tuple[np.uint64, np.uint64]:
    """Units that are positive, and that are negative, at some vertex of a region."""
    above, below, h = np.uint64(0), np.uint64(0), start
    while True:
        v = links[h + TAIL]
        above |= signs[v, word]
        below |= signs[v, width + word]
        h = links[h + NEXT]
        if h == start:
            return above, below


@borrowing
def _all_proved(links: Links, proved: NDArray[np.bool_], start: int) -> bool:
    """Whether the signs at all vertices of a region are."""
    h = links[start + NEXT]
    while h != start and proved[links[h + TAIL]]:
        h = links[h + NEXT]
    return bool(proved[links[h + TAIL]])


@borrowing
def _sign(signs: Words, v: int, word: int, width: int, bit: np.uint64) -> int:
    """Sign of a unit at a vertex."""
    on, off = signs[v, word] & bit, signs[v, width + word] & bit
    return (1 if on != np.uint64(0) else 0) - (1 if off != np.uint64(0) else 0)


@borrowing
def cut_regions(mesh: PlanarMesh, counters: Counters, layer: PlanarLayer, lines: FirstLayer, domain: Polygon) -> int:
    """Cut the regions that wait by all units of a layer, and their parts.

    Regions with vertices at which signs are not proved are put on the list of those that are blocked.

    Returns
    -------
    int
        ``DONE``, ``NEEDS_ROOM``, or ``BROKEN`` if signs contradict each other.
    """
    links, signs, proved, values, error, size = (
        mesh.links, mesh.signs, mesh.proved, mesh.values, mesh.error, mesh.size,
    )  # fmt: skip
    coordinates, position_error, own, face, spoke = (
        mesh.coordinates, mesh.position_error, mesh.own, mesh.face, mesh.spoke,
    )  # fmt: skip
    first, words, waiting, blocked, order = mesh.first, mesh.words, mesh.waiting, mesh.blocked, mesh.order
    row_of, shift, begin, width, base = (
        layer.row_of, layer.units[0] & 63, layer.begin, len(layer.inserted), layer.units[0],
    )  # fmt: skip
    inserted, consecutive, first_row, total = layer.inserted, layer.consecutive, layer.rows[0], len(row_of)
    rows, row_errors, columns = lines.rows, lines.errors, lines.columns
    sides, side_errors, domain_edge = domain.sides, domain.errors, domain.first_edge
    vertices, edges, regions, last, done = (
        counters[VERTICES], counters[LINKS], counters[REGIONS], counters[WAITING], counters[FINISHED],
    )  # fmt: skip
    stop, doubtful, inside = DONE, counters[OPEN] > 0, counters[DOMAIN]
    while last > 0:
        if (
            vertices + MORE_VERTICES > len(error)
            or edges + MORE_LINKS > len(links)
            or regions + MORE_REGIONS > len(first)
        ):
            stop = NEEDS_ROOM
            break
        last -= 1
        region, word = waiting[last, 0], waiting[last, 1]
        start = first[region]
        if doubtful and not _all_proved(links, proved, start):
            blocked[counters[BLOCKED]] = region
            counters[BLOCKED] += 1
            continue
        above, below = _met(links, signs, start, word, width)
        while above & below == np.uint64(0) and word < width - 1:
            words[region, begin + word] |= above
            word += 1
            above, below = _met(links, signs, start, word, width)
        crossing = above & below
        if crossing == np.uint64(0):
            words[region, begin + word] |= above
            order[done] = region
            done += 1
            continue
        place = first_bit(crossing)
        bit, unit = np.uint64(1) << np.uint64(63 - place), 64 * (begin + word) + place
        down, up, h, certain = -1, -1, start, True
        sign = _sign(signs, links[h + TAIL], word, width, bit)
        while True:
            following = links[h + NEXT]
            v, sign_before = links[following + TAIL], sign
            sign = _sign(signs, v, word, width, bit)
            if sign != sign_before and sign_before != 0:
                if sign != 0:
                    a, w, line, far = links[h + TAIL], vertices, links[h + LINE], np.inf
                    if len(rows) > 0 and line < WALL:
                        x, y, far = meet(rows, row_errors, unit, rows, row_errors, line)
                    elif len(rows) > 0:
                        x, y, far = meet(rows, row_errors, unit, sides, side_errors, line - WALL - domain_edge)
                    known, row = False, row_of[unit - base]
                    if far < np.inf:
                        coordinates[w, 0], coordinates[w, 1], position_error[w] = x, y, far
                        error[w] = value_bound(lines.row_sum, lines.offset, max(abs(x), abs(y)), far)
                        size[w] = evaluate(columns, x, y, values, w)
                        values[w, row], own_word, own_bit = 0.0, word, bit
                        if base <= line < WALL:
                            values[w, row_of[line - base]] = 0.0
                            own_word, own_bit = (line >> 6) - begin, bit_of(line)
                        if consecutive:
                            open_ = pack_signs(values, signs, w, error[w], first_row, total, shift, inserted)
                            known = open_ == (2 if base <= line < WALL else 1)
                            signs[w, width + word] &= ~bit
                            signs[w, width + own_word] &= ~own_bit
                    else:
                        t, off = share_of(abs(values[a, row]), abs(values[v, row]), error[a], error[v])
                        spread = interpolate(values, a, v, t, w)
                        values[w, row] = 0.0
                        size[w] = max(size[a], size[v]) * SAFETY
                        error[w] = bound_between(t, off, error[a], error[v], spread, size[w])
                        xa, ya, xb, yb = coordinates[a, 0], coordinates[a, 1], coordinates[v, 0], coordinates[v, 1]
                        coordinates[w, 0], coordinates[w, 1] = xa + t * (xb - xa), ya + t * (yb - ya)
                        position_error[w] = bound_between(
                            t, min(off, 1.0), position_error[a], position_error[v],
                            max(abs(xb - xa), abs(yb - ya)), max(abs(xa), abs(xb), abs(ya), abs(yb)),
                        )  # fmt: skip
                    proved[w] = known or _signs_between(signs, values, error[w], a, v, w, word, bit, row_of, shift)
                    certain &= proved[w]
                    if line < WALL:
                        own[w, 0], own[w, 1], face[w] = line, unit, inside
                    else:
                        own[w, 0], own[w, 1], face[w] = unit, -1, line - WALL
                    spoke[w] = edges
                    edges = _halve(links, h, w, edges)
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
            doubtful = True
            counters[OPEN] += 1
            blocked[counters[BLOCKED]] = region
            counters[BLOCKED] += 1
            continue
        _divide(links, down, up, edges, unit)
        first[region], first[regions] = edges, edges + FIELDS
        alone = crossing == bit
        if alone:  # no other unit of this word cuts the two parts
            words[region, begin + word] |= above & ~bit
        for i in range(words.shape[1]):
            words[regions, i] = words[region, i]
        if alone:
            words[regions, begin + word] |= bit
            word += 1
        if word == width:
            order[done], order[done + 1] = region, regions
            done += 2
        else:
            waiting[last, 0], waiting[last, 1] = regions, word
            waiting[last + 1, 0], waiting[last + 1, 1] = region, word
            last += 2
        edges += 2 * FIELDS
        regions += 1
    counters[PROVED] += vertices - counters[VERTICES]
    counters[VERTICES], counters[LINKS], counters[REGIONS] = vertices, edges, regions
    counters[WAITING], counters[FINISHED] = last, done
    return stop
