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

from polyae.engines.subdivide.placing import place_between
from polyae.engines.subdivide.planar.first import FirstLayer, Polygon
from polyae.engines.subdivide.planar.layer import PlanarLayer, pack_signs
from polyae.engines.subdivide.planar.mesh import (
    BLOCKED,
    DOMAIN,
    FIELDS,
    FINISHED,
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
from polyae.engines.subdivide.planar.place import place_on_lines
from polyae.engines.subdivide.words import Words, bit_of, first_bit
from polyae.predicates.jit import borrowing, inlined

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["BROKEN", "DONE", "NEEDS_ROOM", "cut_regions"]

#: What the compiled loop stops for.
DONE, NEEDS_ROOM, BROKEN = range(3)


@inlined
def _signs_between(
    mesh: PlanarMesh, counters: Counters, layer: PlanarLayer, a: int, b: int, w: int, unit: int
) -> bool:
    """Enter the signs at vertex w of a unit between a and b; whether all of them are proved.

    What has one sign at both ends, or vanishes at one of them, has it in between; only other signs are read off the
    values.
    """
    signs, certain, error, base, width = mesh.signs, True, mesh.error[w], layer.units[0], len(layer.inserted)
    for i in range(width):
        up, down = signs[a, i] | signs[b, i], signs[a, width + i] | signs[b, width + i]
        differ = up & down
        up, down = up & ~differ, down & ~differ
        if i == (unit >> 6) - layer.begin:
            differ &= ~bit_of(unit)
        while differ != np.uint64(0):
            place = first_bit(differ)
            differ ^= bit_of(place)
            x = mesh.values[w, layer.row_of[64 * (layer.begin + i) + place - base]]
            if x > 0.0:
                up |= bit_of(place)
            else:
                down |= bit_of(place)
            proved = abs(x) > error
            counters[PROVED] += 1 if proved else 0
            certain &= proved
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


@inlined
def _signs_on_lines(
    mesh: PlanarMesh, counters: Counters, layer: PlanarLayer, w: int, unit: int, line: int
) -> bool:
    """Enter the signs at vertex w of the first layer, from its values; whether all of them are proved."""
    signs, begin, width, own = mesh.signs, layer.begin, len(layer.inserted), 1
    first, count = layer.units[0], len(layer.row_of)
    open_ = pack_signs(mesh.values, signs, w, mesh.error[w], layer.rows[0], count, first & 63, layer.inserted)
    signs[w, width + (unit >> 6) - begin] &= ~bit_of(unit)
    if line < WALL:
        signs[w, width + (line >> 6) - begin] &= ~bit_of(line)
        own = 2
    counters[PROVED] += count - open_
    return open_ == own


@inlined
def _add_vertex(
    mesh: PlanarMesh, counters: Counters, layer: PlanarLayer, lines: FirstLayer, domain: Polygon,
    h: int, b: int, unit: int,
) -> bool:  # fmt: skip
    """Put a vertex where a unit vanishes on half-edge h, which ends at vertex b; whether all signs there are proved."""
    w, new, a, line = counters[VERTICES], counters[LINKS], mesh.links[h + TAIL], mesh.links[h + LINE]
    known = len(lines.rows) > 0 and place_on_lines(mesh, lines, domain, w, unit, line)
    if known:
        known = layer.consecutive and _signs_on_lines(mesh, counters, layer, w, unit, line)
    else:
        row = layer.row_of[unit - layer.units[0]]
        place_between(mesh.values, mesh.error, mesh.size, mesh.coordinates, mesh.position_error, row, a, b, w)
    if not known:
        known = _signs_between(mesh, counters, layer, a, b, w, unit)
    mesh.proved[w] = known
    if line < WALL:
        mesh.own[w, 0], mesh.own[w, 1], mesh.face[w] = line, unit, counters[DOMAIN]
    else:
        mesh.own[w, 0], mesh.own[w, 1], mesh.face[w] = unit, -1, line - WALL
    mesh.spoke[w] = new
    counters[VERTICES], counters[LINKS] = w + 1, _halve(mesh.links, h, w, new)
    return known


@inlined
def _cross(
    mesh: PlanarMesh, counters: Counters, layer: PlanarLayer, lines: FirstLayer, domain: Polygon, start: int, unit: int
) -> tuple[int, int, bool]:
    """Vertices where a unit vanishes on the boundary of a region that it cuts, new ones where there are none.

    Returns
    -------
    down, up : int
        The half-edges before the points where its sign falls, and rises; `NONE` if there is no such point.
    certain : bool
        Whether all signs at new vertices are proved.
    """
    links, signs, word, bit = mesh.links, mesh.signs, (unit >> 6) - layer.begin, bit_of(unit)
    width, down, up, h, certain = len(layer.inserted), NONE, NONE, start, True
    sign = _sign(signs, links[h + TAIL], word, width, bit)
    while down == NONE or up == NONE:
        following = links[h + NEXT]
        v, before = links[following + TAIL], sign
        sign = _sign(signs, v, word, width, bit)
        if sign != before and before != 0:
            if sign != 0:
                certain &= _add_vertex(mesh, counters, layer, lines, domain, h, v, unit)
            if before > 0:
                down = h
            else:
                up = h
        h = following
        if h == start:
            break
    return down, up, certain


@inlined
def _block(mesh: PlanarMesh, counters: Counters, region: int) -> None:
    """Let a region wait for signs."""
    mesh.blocked[counters[BLOCKED]] = region
    counters[BLOCKED] += 1


@inlined
def _finish(mesh: PlanarMesh, counters: Counters, region: int) -> None:
    """Put a region on the list of those that no more units of the layer cut."""
    mesh.order[counters[FINISHED]] = region
    counters[FINISHED] += 1


@inlined
def _wait(mesh: PlanarMesh, counters: Counters, region: int, word: int) -> None:
    """Let a region be the next one to be cut."""
    last = counters[WAITING]
    mesh.waiting[last, 0], mesh.waiting[last, 1] = region, word
    counters[WAITING] = last + 1


@inlined
def _has_room(mesh: PlanarMesh, counters: Counters) -> bool:
    """Whether there is room for another cut."""
    return (
        counters[VERTICES] + MORE_VERTICES <= len(mesh.error)
        and counters[LINKS] + MORE_LINKS <= len(mesh.links)
        and counters[REGIONS] + MORE_REGIONS <= len(mesh.first)
    )


@borrowing
def cut_regions(mesh: PlanarMesh, counters: Counters, layer: PlanarLayer, lines: FirstLayer, domain: Polygon) -> int:
    """Cut the regions that wait by all units of a layer, and their parts.

    Regions with vertices at which signs are not proved are put on the list of those that are blocked.

    Returns
    -------
    int
        ``DONE``, ``NEEDS_ROOM``, or ``BROKEN`` if signs contradict each other.
    """
    links, words, begin, width = mesh.links, mesh.words, layer.begin, len(layer.inserted)
    while counters[WAITING] > 0:
        if not _has_room(mesh, counters):
            return NEEDS_ROOM
        counters[WAITING] -= 1
        region, word = mesh.waiting[counters[WAITING], 0], mesh.waiting[counters[WAITING], 1]
        start = mesh.first[region]
        if counters[OPEN] > 0 and not _all_proved(links, mesh.proved, start):
            _block(mesh, counters, region)
            continue
        above, below = _met(links, mesh.signs, start, word, width)
        while above & below == np.uint64(0) and word < width - 1:
            words[region, begin + word] |= above
            word += 1
            above, below = _met(links, mesh.signs, start, word, width)
        cutting = above & below
        if cutting == np.uint64(0):
            words[region, begin + word] |= above
            _finish(mesh, counters, region)
            continue
        unit = 64 * (begin + word) + first_bit(cutting)
        bit = bit_of(unit)
        down, up, certain = _cross(mesh, counters, layer, lines, domain, start, unit)
        if down == NONE or up == NONE:
            return BROKEN
        if not certain:
            counters[OPEN] += 1
            _block(mesh, counters, region)
            continue
        new, part = counters[LINKS], counters[REGIONS]
        _divide(links, down, up, new, unit)
        mesh.first[region], mesh.first[part] = new, new + FIELDS
        alone = cutting == bit
        if alone:  # no other unit of this word cuts the two parts
            words[region, begin + word] |= above & ~bit
        for i in range(words.shape[1]):
            words[part, i] = words[region, i]
        if alone:
            words[part, begin + word] |= bit
            word += 1
        counters[LINKS], counters[REGIONS] = new + 2 * FIELDS, part + 1
        if word == width:
            _finish(mesh, counters, region)
            _finish(mesh, counters, part)
        else:
            _wait(mesh, counters, part, word)
            _wait(mesh, counters, region, word)
    return DONE
