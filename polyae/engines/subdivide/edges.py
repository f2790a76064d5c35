"""Edges of a mesh that a unit cuts: found, halved, and joined by new ones across two-dimensional faces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.layer_units import LayerUnits, list_edge, sum_of_hashes
from polyae.engines.subdivide.mesh import (
    CUT_FACES,
    CUTS,
    EDGES,
    Counters,
    FaceTable,
    Hashes,
    Mesh,
    table_size,
)
from polyae.engines.subdivide.words import Words
from polyae.predicates.jit import borrowing
from polyae.tolerances import SAFETY

__all__ = ["find_cuts", "join_vertices", "list_edges", "set_reach", "split_edges"]


@borrowing
def list_edges(mesh: Mesh, counters: Counters, layer: LayerUnits, number: int) -> None:
    """Let all edges wait for the first of the units from `number` on that cuts them."""
    ends, following, words, waiting, units = mesh.ends, mesh.following, mesh.words, layer.waiting, layer.units
    waiting[:] = -1
    for e in range(counters[EDGES]):
        list_edge(waiting, following, words, ends[e, 0], ends[e, 1], e, units, number)


@borrowing
def find_cuts(mesh: Mesh, faces: FaceTable, counters: Counters, first: int) -> None:
    """Take the edges of a list, which starts with edge `first`; count the two-dimensional faces around them."""
    following, cut, edge_face, dims, up_start = mesh.following, mesh.cut, mesh.edge_face, faces.dims, faces.up_start
    cuts, around, e = 0, 0, first
    while e >= 0:
        cut[cuts] = e
        cuts += 1
        face = edge_face[e]
        around += 2 * (dims[face] - 1) + up_start[face + 1] - up_start[face]
        e = following[e]
    counters[CUTS], counters[CUT_FACES] = cuts, around // 2


@borrowing
def _join(
    table_key: Words, table_vertex: NDArray[np.int32], table_slot: NDArray[np.int8], mask: np.uint64,
    ends: NDArray[np.int32], missing: NDArray[np.int8], e: int, key: np.uint64, w: int, slot: int,
) -> int:  # fmt: skip
    """Enter a vertex into a two-dimensional face, or make edge e to the one there: 0, 1, or -1 if two were there."""
    at = (key ^ (key >> np.uint64(32))) & mask
    while table_vertex[at] != -1:
        if table_key[at] == key:
            other = table_vertex[at]
            ends[e, 0], ends[e, 1] = other, w
            missing[e, 0], missing[e, 1] = table_slot[at], slot
            table_vertex[at] = -2
            return 1 if other >= 0 else -1
        at = (at + np.uint64(1)) & mask
    table_key[at], table_vertex[at], table_slot[at] = key, w, slot
    return 0


@borrowing
def join_vertices(
    mesh: Mesh, faces: FaceTable, hashes: Hashes, counters: Counters, first: int, e: int, layer: LayerUnits, number: int
) -> int:
    """Edges between new vertices of one two-dimensional face, from number e on; the number after the last, or -1.

    A convex polygon is cut in two points or none, so the new vertices enter each face twice: two faces of
    one hash would be entered four times, which is noticed.
    """
    table_key, table_vertex, table_slot = mesh.table_key, mesh.table_vertex, mesh.table_slot
    ends, missing, edge_face, own, face, key = mesh.ends, mesh.missing, mesh.edge_face, mesh.own, mesh.face, mesh.key
    dims, up_start, up = faces.dims, faces.up_start, faces.up
    zero, positive, of_face = hashes.zero, hashes.positive, hashes.face
    words, units, sums, slots = mesh.words, layer.units, layer.sums, table_size(counters[CUT_FACES])
    table_vertex[:slots] = -1
    mask = np.uint64(slots - 1)
    for w in range(first, first + counters[CUTS]):
        edge_key, inside = key[w] + sum_of_hashes(words, w, units, sums, number), face[w]
        for s in range(dims[inside] - 1):
            q = own[w, s]
            on_face = edge_key - zero[q] + of_face[inside]
            for _ in range(2):
                edge_face[e] = inside
                found = _join(table_key, table_vertex, table_slot, mask, ends, missing, e, on_face, w, s)
                if found < 0:
                    return -1
                e += found
                on_face += positive[q]
        for i in range(up_start[inside], up_start[inside + 1]):
            edge_face[e] = up[i]
            found = _join(table_key, table_vertex, table_slot, mask, ends, missing, e, edge_key + of_face[up[i]], w, -1)
            if found < 0:
                return -1
            e += found
    return e


@borrowing
def set_reach(mesh: Mesh, start: int, stop: int, first_unit: int) -> None:
    """Reach of new edges; what values say about units of this layer is entered when it is finished."""
    reach, ends, missing, own, clearance = mesh.reach, mesh.ends, mesh.missing, mesh.own, mesh.clearance
    for e in range(start, stop):
        for end in range(2):
            w, slot = ends[e, end], missing[e, end]
            current = slot >= 0 and own[w, max(slot, 0)] >= first_unit
            reach[e, end] = np.inf if current else clearance[ends[e, 1 - end]]


@borrowing
def split_edges(mesh: Mesh, faces: FaceTable, cuts: int, first: int, new: int) -> None:
    """Halve the cut edges: the first half keeps its number, the other ones are numbered from `new` on."""
    ends, missing, edge_face, reach, cut = mesh.ends, mesh.missing, mesh.edge_face, mesh.reach, mesh.cut
    weight, shift, dims = mesh.weight, mesh.shift, faces.dims
    for k in range(cuts):
        e, w, other, t = cut[k], first + k, new + k, weight[k]
        slot = dims[edge_face[e]] - 1
        ends[other, 0], ends[other, 1] = w, ends[e, 1]
        missing[other, 0], missing[other, 1] = slot, missing[e, 1]
        edge_face[other] = edge_face[e]
        ends[e, 1], missing[e, 1] = w, slot
        reach[other, 0], reach[other, 1] = np.inf, max(0.0, (1.0 - t - shift[k]) * reach[e, 1] / SAFETY)
        reach[e, 0], reach[e, 1] = max(0.0, (t - shift[k]) * reach[e, 0] / SAFETY), np.inf
