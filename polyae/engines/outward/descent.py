"""Random descents of the tree of partial patterns: an unbiased estimate of the number of regions in a ball.

A node at level u of the tree is a cell of the first u units inside the ball; a unit whose function changes
sign on the cell gives it two children, any other unit one.  The leaves are the regions that meet the ball.
Knuth (1975) follows one random child at a time and multiplies by their number.  Chen (1992) keeps several
nodes of every level, one for each stratum, which carries the weight of the whole stratum.

Here the children of a level, sorted by their distance from the centre, are cut into strata of equal importance, and
one of each is kept with a probability in proportion to its own; a node so important that it would fill a
stratum is kept as it is (Fearnhead & Clifford 2003).  As long as they are few all are kept, and the count is exact.
A node's importance is its weight times a guess of its number of leaves, ``(1 - (δ / r)²)^(s/2)`` at distance δ from
the centre of a ball of radius r in which the number of regions grows like r^s: the part of the ball that lies
farther than δ in some direction has half the width ``√(r² - δ²)``.  Any guess leaves the estimate unbiased.
With one node and no guess (s = 0) this is Knuth's descent.

Nothing is proved here: cuts thinner than about 1e-9 of the radius may be missed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.engines.outward.facet import Scratch, enclose_facet, facet_scratch
from polyae.engines.outward.frame import Frame, frame_around
from polyae.engines.outward.reduce import reduce_to_ball
from polyae.engines.outward.rows import NearRows, dual_norm, norm_of
from polyae.networks.network import Layer, Network
from polyae.predicates.jit import compiled

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Descent"]

#: Allowance for rounding in rows of about unit length, relative.
ROUNDING = 1e-12
#: Most bytes of one set of nodes.
MEMORY = 1 << 28
#: Least share of a node's guess of its leaves, so that no weight grows without bound.
LEAST_GUESS = 1e-12


class _Nodes(NamedTuple):
    """Nodes of one level; the first ``used[0]`` are in use.

    Attributes
    ----------
    used : array of int, shape (1,)
    weights, distances : arrays, shape (b,)
        Each stands for so many nodes; distance of its cell from the centre.
    cuts : array of int, shape (b,)
    normals, heights, gram : arrays, shape (b, c, n), (b, c), (b, c, c)
        Rows of the cells, positive inside, of unit length; with room for one more.
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
    normals: Float
    heights: Float
    gram: Float
    nearest: Float
    inside: Float
    bits: NDArray[np.uint8]
    origin: Int


class _Children(NamedTuple):
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


def _new_nodes(most: int, rows: int, dim: int, width: int) -> _Nodes:
    return _Nodes(
        np.zeros(1, dtype=np.int64), np.zeros(most), np.zeros(most), np.zeros(most, dtype=np.int64),
        np.zeros((most, rows, dim)), np.zeros((most, rows)), np.zeros((most, rows, rows)), np.zeros((most, dim)),
        np.zeros((most, dim)), np.zeros((most, width), dtype=np.uint8), np.zeros(most, dtype=np.int64),
    )  # fmt: skip


def _new_children(most: int, dim: int) -> _Children:
    return _Children(
        np.zeros(most, dtype=np.int64), np.zeros(most, dtype=np.int64), np.zeros(most, dtype=np.bool_),
        np.zeros(most), np.zeros(most), np.zeros(most), np.zeros((most, dim)), np.zeros((most, dim)),
    )  # fmt: skip


@compiled
def _add_row(nodes: _Nodes, s: int, normal: Float, height: float, side: float) -> float:
    """Write a row behind those of a node, scaled to unit length; returns the length."""
    c, length = nodes.cuts[s], norm_of(normal, 2.0)
    for k in range(len(normal)):
        nodes.normals[s, c, k] = side * normal[k] / length
    nodes.heights[s, c] = side * height / length
    for j in range(c + 1):
        product = 0.0
        for k in range(len(normal)):
            product += nodes.normals[s, c, k] * nodes.normals[s, j, k]
        nodes.gram[s, c, j] = nodes.gram[s, j, c] = product
    return length


@compiled
def _value(normal: Float, height: float, point: Float) -> float:
    for k in range(len(point)):
        height += normal[k] * point[k]
    return height


@compiled
def _moved(nodes: _Nodes, s: int, place: Float, side: float, radius: float, p: float, point: Float) -> None:
    """From a point on the last row's hyperplane go to one side, half way to the next row and within the ball."""
    c = nodes.cuts[s]
    step = 2.0 * radius
    for j in range(c):
        fall = -side * nodes.gram[s, c, j]
        if fall > 0.0:
            step = min(step, _value(nodes.normals[s, j], nodes.heights[s, j], place) / fall)
    for _ in range(60):
        step *= 0.5
        for k in range(len(place)):
            point[k] = place[k] + side * step * nodes.normals[s, c, k]
        if norm_of(point, p) < radius:
            return
    point[:] = place


@compiled
def _cut(
    frame: Frame, nodes: _Nodes, s: int, errors: Float, units: Int, normal: Float, height: float, radius: float,
    scratch: Scratch, sides: Float,
) -> bool:  # fmt: skip
    """Whether a unit changes sign on a node's cell in the ball; if so, points on its off and on side."""
    if abs(height) >= radius * dual_norm(normal, frame.norm):
        return False
    c = nodes.cuts[s]
    _add_row(nodes, s, normal, height, 1.0)
    near = NearRows(nodes.normals[s], nodes.heights[s], errors, errors, units, errors, nodes.gram[s])
    low, high = enclose_facet(frame, near, c + 1, c, radius, scratch)
    if not (low < radius and high < radius):
        return False
    for side in range(2):
        _moved(nodes, s, scratch.normal, 2.0 * side - 1.0, radius, frame.norm, sides[side])
    return True


@compiled
def _branch(
    frame: Frame, nodes: _Nodes, children: _Children, rows: Float, output: int, radius: float, exponent: float,
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
def _threshold(importance: Float, most: int) -> float:
    """The c for which ``Σ min(1, importance / c)`` is `most`."""
    ordered = np.sort(importance)
    below = 0.0
    for i in range(len(ordered)):
        below += ordered[i]
        kept = len(ordered) - i - 1
        # Of the most important, `kept` are kept; the others share the rest of the places.
        if most > kept and (i + 1 == len(ordered) or ordered[i + 1] * (most - kept) >= below):
            return below / (most - kept)
    return below / most


@compiled
def _select(children: _Children, count: int, most: int, draw: float, kept: Int, weights: Float) -> int:
    """Choose at most so many children, and their new weights; how many there are."""
    if count <= most:
        for t in range(count):
            kept[t], weights[t] = t, children.weights[t]
        return count
    importance = children.weights[:count] * children.guesses[:count]
    c = _threshold(importance, most)
    number, at = 0, draw
    passed = 0.0
    for t in np.argsort(children.distances[:count]):
        if importance[t] >= c:
            kept[number], weights[number] = t, children.weights[t]
            number += 1
            continue
        passed += importance[t] / c
        if passed > at:
            at += 1.0
            kept[number], weights[number] = t, children.weights[t] * c / importance[t]
            number += 1
    return number


@compiled
def _level(
    old: _Nodes, new: _Nodes, children: _Children, rows: Float, output: int, number: int, kept: Int, weights: Float
) -> None:
    """Make the chosen children the nodes of the next level."""
    n = old.inside.shape[1]
    new.used[0] = number
    for t in range(number):
        child = kept[t]
        s, side = children.parent[child], children.side[child]
        c = old.cuts[s]
        new.weights[t], new.distances[t], new.cuts[t] = weights[t], children.distances[child], c
        new.normals[t, :c], new.heights[t, :c] = old.normals[s, :c], old.heights[s, :c]
        new.gram[t, :c, :c] = old.gram[s, :c, :c]
        new.nearest[t], new.inside[t] = children.nearest[child], children.inside[child]
        new.bits[t], new.origin[t] = old.bits[s], old.origin[s]
        new.bits[t, output] = side
        if children.cut[child]:
            row = rows[old.origin[s], output]
            _add_row(new, t, row[:n], row[n], 2.0 * side - 1.0)
            new.cuts[t] += 1


class Descent:
    """Random descents for one ball.

    Parameters
    ----------
    network : Network
    centre : array, shape (h,)
    radius : float
    p : {1, 2, inf}
    nodes : int
        Kept at every level.
    growth : float
        The number of regions is guessed to grow like this power of the radius.

    Attributes
    ----------
    exact : bool
        Whether the last run kept all nodes, so that it counted every region.
    """

    def __init__(
        self, network: Network, centre: Float, radius: float, p: float, nodes: int = 64, growth: float = 0.0
    ) -> None:
        self._network = reduce_to_ball(network, centre, radius, p).network
        self._frame, self._radius, self.growth = frame_around(self._network, centre, p), radius, growth
        first = self._network.layers[0]
        gradient = self._frame.lift.T if len(self._frame.lift) else first.weight
        self._first = np.column_stack([gradient, first.weight @ centre + first.bias])
        rows, dim = self._network.num_units + 1, self._frame.dim
        self.nodes = max(1, min(nodes, MEMORY // (8 * rows * (rows + dim + 1))))
        width, room = max(layer.n_out for layer in self._network.layers), self.nodes + 2
        self._nodes = [_new_nodes(room, rows, dim, width) for _ in range(2)]
        self._children = _new_children(2 * room, dim)
        self._errors, self._units = np.full(rows, ROUNDING * radius), np.zeros(rows, dtype=np.int64)
        self._scratch, self._sides = facet_scratch(rows, dim), np.empty((2, dim))
        self.exact = False
        self._kept, self._weights = np.zeros(2 * room, dtype=np.int64), np.zeros(2 * room)

    def run(self, rng: np.random.Generator) -> float:
        """One unbiased estimate of the number of regions that meet the open ball."""
        begin, self.exact = self._nodes[0], True
        for values in (begin.cuts, begin.nearest, begin.inside, begin.origin, begin.distances):
            values[:1] = 0
        begin.used[0] = begin.weights[0] = 1
        rows, level, units = self._first[None], 0, max(1, self._network.num_units)
        for i, layer in enumerate(self._network.layers):
            if i:
                rows = layer.weight @ rows
                rows[..., -1] += layer.bias
            self._nodes[0].origin[:] = np.arange(len(self._nodes[0].origin))
            for output in layer.units.tolist():
                level += 1
                self._step(np.ascontiguousarray(rows), output, self.growth / 2 * (1 - level / units), rng.random())
            if layer is not self._network.layers[-1]:
                rows = self._activated(layer, rows)
        last = self._nodes[0]
        return float(last.weights[: last.used[0]].sum())

    def _step(self, rows: Float, output: int, exponent: float, draw: float) -> None:
        old, new = self._nodes
        count = _branch(
            self._frame, old, self._children, rows, output, self._radius, exponent, self._errors, self._units,
            self._scratch, self._sides,
        )  # fmt: skip
        self.exact &= count <= self.nodes
        number = _select(self._children, count, self.nodes, draw, self._kept, self._weights)
        _level(old, new, self._children, rows, output, number, self._kept, self._weights)
        self._nodes.reverse()

    def _activated(self, layer: Layer, rows: Float) -> Float:
        nodes, count = self._nodes[0], int(self._nodes[0].used[0])
        slope = np.broadcast_to(layer.slope, (count, layer.n_out)).copy()
        bits = nodes.bits[:count, layer.units] == 1
        slope[:, layer.units] = np.where(bits, 1.0, slope[:, layer.units])
        return np.ascontiguousarray(slope[..., None] * rows[nodes.origin[:count]])
