"""Nodes of the tree of partial patterns in a ball, and their children by one unit more.

A node is a cell of the units so far; a unit whose function changes sign on it gives it two children, any other one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.outward.facet import Scratch, enclose_facet
from polyae.engines.outward.frame import Frame
from polyae.engines.outward.rows import NearRows, dual_norm, inner, norm_of
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Children", "Nodes", "branch", "enter_level", "new_children", "new_nodes"]

#: Least share of a node's guess of its leaves, so that no weight grows without bound.
LEAST_GUESS = 1e-12


class Nodes(NamedTuple):
    """Nodes of one level; the first ``used[0]`` are in use.

    Attributes
    ----------
    used : array of int, shape (1,)
    weights, distances : arrays, shape (b,)
        Each stands for so many nodes; distance of its cell from the centre.
    cuts : array of int, shape (b,)
        Rows of the cells.
    slots : array of int, shape (b,)
        Where a node's rows are.
    normals, heights, gram : arrays, shape (b, c, n), (b, c), (b, c, c)
        Rows by slot, positive inside, of unit length, with room for one more; the same arrays for both sets of nodes,
        so that an only child takes over its parent's rows as they are.
    nearest, inside : arrays, shape (b, n)
        The cell's nearest point to the centre, and a point inside it and the ball.
    bits : array of uint8, shape (b, width)
        States of the current layer's outputs.
    origin : array of int, shape (b,)
        Node at the beginning of the layer.
    """

    used: Int
    weights: Float
    distances: Float
    cuts: Int
    slots: Int
    normals: Float
    heights: Float
    gram: Float
    nearest: Float
    inside: Float
    bits: NDArray[np.uint8]
    origin: Int


class Children(NamedTuple):
    """Children of a level, of which the first n are in use.

    Attributes
    ----------
    parent, side : arrays of int, shape (2 b,)
    cut : array of bool, shape (2 b,)
    weights, distances, guesses : arrays, shape (2 b,)
    nearest, inside : arrays, shape (2 b, n)
        As in nodes.
    """

    parent: Int
    side: Int
    cut: NDArray[np.bool_]
    weights: Float
    distances: Float
    guesses: Float
    nearest: Float
    inside: Float


def new_nodes(most: int, rows: int, dim: int, width: int) -> tuple[Nodes, Nodes]:
    """Room for two levels of so many nodes, with so many rows, and outputs of a layer."""
    normals, heights, gram = np.zeros((most, rows, dim)), np.zeros((most, rows)), np.zeros((most, rows, rows))

    def level() -> Nodes:
        return Nodes(
            np.zeros(1, dtype=np.int64), np.zeros(most), np.zeros(most), np.zeros(most, dtype=np.int64),
            np.arange(most), normals, heights, gram, np.zeros((most, dim)), np.zeros((most, dim)),
            np.zeros((most, width), dtype=np.uint8), np.zeros(most, dtype=np.int64),
        )  # fmt: skip

    return level(), level()


def new_children(most: int, dim: int) -> Children:
    """Room for so many children."""
    return Children(
        np.zeros(most, dtype=np.int64), np.zeros(most, dtype=np.int64), np.zeros(most, dtype=np.bool_),
        np.zeros(most), np.zeros(most), np.zeros(most), np.zeros((most, dim)), np.zeros((most, dim)),
    )  # fmt: skip


@compiled
def _add_row(nodes: Nodes, s: int, normal: Float, height: float, side: float) -> float:
    """Write a row behind those of a node, scaled to unit length; returns the length."""
    c, slot, length = nodes.cuts[s], nodes.slots[s], norm_of(normal, 2.0)
    normals, gram = nodes.normals[slot], nodes.gram[slot]
    for k in range(len(normal)):
        normals[c, k] = side * normal[k] / length
    nodes.heights[slot, c] = side * height / length
    for j in range(c + 1):
        gram[c, j] = gram[j, c] = inner(normals[c], normals[j])
    return length


@compiled
def _value(normal: Float, height: float, point: Float) -> float:
    for k in range(len(point)):
        height += normal[k] * point[k]
    return height


@compiled
def _moved(nodes: Nodes, s: int, place: Float, side: float, radius: float, p: float, point: Float) -> None:
    """From a point on the last row's hyperplane go to one side, half way to the next row and within the ball."""
    c, slot = nodes.cuts[s], nodes.slots[s]
    step = 2.0 * radius
    for j in range(c):
        fall = -side * nodes.gram[slot, c, j]
        if fall > 0.0:
            step = min(step, _value(nodes.normals[slot, j], nodes.heights[slot, j], place) / fall)
    for _ in range(60):
        step *= 0.5
        for k in range(len(place)):
            point[k] = place[k] + side * step * nodes.normals[slot, c, k]
        if norm_of(point, p) < radius:
            return
    point[:] = place


@compiled
def _cut(
    frame: Frame, nodes: Nodes, s: int, errors: Float, units: Int, normal: Float, height: float, radius: float,
    scratch: Scratch, sides: Float,
) -> bool:  # fmt: skip
    """Whether a unit changes sign on a node's cell in the ball; if so, points on its off and on side."""
    if abs(height) >= radius * dual_norm(normal, frame.norm):
        return False
    c, slot = nodes.cuts[s], nodes.slots[s]
    _add_row(nodes, s, normal, height, 1.0)
    near = NearRows(nodes.normals[slot], nodes.heights[slot], errors, errors, units, errors, nodes.gram[slot])
    low, high = enclose_facet(frame, near, c + 1, c, radius, scratch)
    if not (low < radius and high < radius):
        return False
    for side in range(2):
        _moved(nodes, s, scratch.normal, 2.0 * side - 1.0, radius, frame.norm, sides[side])
    return True


@compiled
def branch(
    frame: Frame, nodes: Nodes, children: Children, rows: Float, output: int, radius: float, exponent: float,
    errors: Float, units: Int, scratch: Scratch, sides: Float,
) -> int:  # fmt: skip
    """Children of all nodes by one unit; their number.

    Parameters
    ----------
    rows : array, shape (b, outputs, n + 1)
        The layer's functions on the nodes at its beginning.
    output : int
        The unit's place in the layer.
    exponent : float
        Of the guess.
    sides : array, shape (2, n)
    """
    n, total = nodes.inside.shape[1], 0
    for s in range(nodes.used[0]):
        row = rows[nodes.origin[s], output]
        normal, height = row[:n], row[n]
        cut = _cut(frame, nodes, s, errors, units, normal, height, radius, scratch, sides)
        here = 1 if _value(normal, height, nodes.inside[s]) > 0.0 else 0
        near = 1 if _value(normal, height, nodes.nearest[s]) > 0.0 else 0
        for side in range(2):
            if not cut and side != here:
                continue
            t, total = total, total + 1
            children.parent[t], children.side[t], children.cut[t] = s, side, cut
            children.weights[t] = nodes.weights[s]
            children.distances[t] = nodes.distances[s]
            children.nearest[t], children.inside[t] = nodes.nearest[s], nodes.inside[s]
            if cut:
                children.inside[t] = sides[side]
                if side != near:
                    children.nearest[t] = scratch.point
                    children.distances[t] = norm_of(scratch.point, frame.norm)
            share = 1.0 - (children.distances[t] / radius) ** 2
            children.guesses[t] = max(LEAST_GUESS, max(share, 0.0) ** exponent)
    return total


@compiled
def _assign_slots(old: Nodes, new: Nodes, children: Children, number: int, kept: Int) -> None:
    """The first child of a node takes over its slot, others get free ones; a second child is known by its slot."""
    taken = np.zeros(len(old.slots), dtype=np.bool_)
    for t in range(number):
        slot = old.slots[children.parent[kept[t]]]
        new.slots[t] = -1 if taken[slot] else slot
        taken[slot] = True
    free = 0
    for t in range(number):
        if new.slots[t] < 0:
            while taken[free]:
                free += 1
            new.slots[t], taken[free] = free, True


@compiled
def enter_level(
    old: Nodes, new: Nodes, children: Children, rows: Float, output: int, number: int, kept: Int, weights: Float
) -> None:
    """Make the chosen children the nodes of the next level."""
    n = old.inside.shape[1]
    new.used[0] = number
    _assign_slots(old, new, children, number, kept)
    for t in range(number):
        child = kept[t]
        s, side = children.parent[child], children.side[child]
        c, source, slot = old.cuts[s], old.slots[s], new.slots[t]
        new.weights[t], new.distances[t], new.cuts[t] = weights[t], children.distances[child], c
        if slot != source:
            new.normals[slot, :c], new.heights[slot, :c] = new.normals[source, :c], new.heights[source, :c]
            new.gram[slot, :c, :c] = new.gram[source, :c, :c]
        new.nearest[t], new.inside[t] = children.nearest[child], children.inside[child]
        new.bits[t], new.origin[t] = old.bits[s], old.origin[s]
        new.bits[t, output] = side
        if children.cut[child]:
            row = rows[old.origin[s], output]
            _add_row(new, t, row[:n], row[n], 2.0 * side - 1.0)
            new.cuts[t] += 1
