"""The decoder's surface D(Z): one image polytope for each region, cut into simplices, with a tree of balls."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from polyae.complex.facet_rows import facet_rows
from polyae.complex.patterns import unpack
from polyae.complex.region_complex import RegionComplex
from polyae.errors import DataError
from polyae.lp.simplex import for_kernel
from polyae.predicates.affine import output_rows
from polyae.queries.theorem.simplex_kernel import feet, nearest_simplices
from polyae.queries.theorem.vertices import CoveredRegions, covered_regions
from polyae.tolerances import gamma

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Foot", "Surface", "surface"]

#: Simplices in a leaf of the tree, and points in one call of compiled code, so that it can be interrupted.
LEAF, POINTS = 8, 4096
#: Numbers held at a time while maps are computed: 32 MiB of float64.
BLOCK = 1 << 22
#: A few tens of roundings in positive numbers.
UP = 1.0 + 1e-13


@dataclass(frozen=True)
class Foot:
    """Nearest simplices of the surface to n points.

    Attributes
    ----------
    simplices : array of int, shape (n,)
    upper, lower : arrays, shape (n,)
        Bounds of the distances from the simplices of all regions, as stored; the true surface is within
        `Surface.error` of them.
    """

    simplices: Int
    upper: Float
    lower: Float


@dataclass(frozen=True)
class Surface:
    """Images of the regions found.

    Attributes
    ----------
    cover : CoveredRegions
        Vertices and simplices in the space of codes.
    maps, shifts : arrays, shape (n, d, h) and (n, d)
        Affine maps of the regions.
    corners : array, shape (v, d)
        Images of the vertices.
    errors : array, shape (n,)
        Every point of the true piece is this near to one of the stored simplices of the region, and each point of
        these this near to the true piece.
    map_errors : array, shape (n,)
        Bounds on the Frobenius norms of the errors of `maps`.
    """

    cover: CoveredRegions
    maps: Float
    shifts: Float
    corners: Float
    errors: Float
    map_errors: Float

    def __len__(self) -> int:
        return len(self.maps)

    @property
    def first(self) -> Int:
        """Corners of piece i are ``first[i]:first[i + 1]``."""
        return self.cover.first

    @property
    def simplices(self) -> Int:
        """Rows (s, h + 1) of numbers of corners."""
        return self.cover.simplices

    @property
    def regions(self) -> Int:
        """Region of each simplex, ascending."""
        return self.cover.regions

    @cached_property
    def pieces(self) -> Int:
        """Piece of each corner."""
        return np.repeat(np.arange(len(self)), np.diff(self.first))

    @cached_property
    def first_simplex(self) -> Int:
        """Simplices of piece i are ``first_simplex[i]:first_simplex[i + 1]``."""
        return np.searchsorted(self.regions, np.arange(len(self) + 1))

    @cached_property
    def error(self) -> float:
        """Largest of the errors."""
        return float(self.errors.max())

    @cached_property
    def scale(self) -> float:
        """Largest norm of a point of the surface."""
        return float(np.linalg.norm(self.corners, axis=1).max())

    @cached_property
    def _grams(self) -> Float:
        edges = self.corners[self.simplices] - self.corners[self.simplices[:, :1]]
        return np.asarray(edges @ edges.transpose(0, 2, 1))

    @cached_property
    def _tree(self) -> tuple[Int, tuple[Float, Float, Int, Float, Float]]:
        points = self.corners[self.simplices]
        own = points.mean(axis=1)
        own_radii = np.linalg.norm(points - own[:, None], axis=2).max(axis=1) * (1 + gamma(points.shape[2] + 8))
        order, centres, radii = np.arange(len(own)), [], []
        nodes: list[list[int]] = []
        work = [(0, len(own), -1, 0)]
        while work:
            start, stop, parent, side = work.pop()
            if parent >= 0:
                nodes[parent][side] = len(nodes)
            mine = order[start:stop]
            centre = own[mine].mean(axis=0)
            centres.append(centre)
            reach = np.linalg.norm(own[mine] - centre, axis=1) * (1 + gamma(own.shape[1] + 8))
            radii.append(float((reach + own_radii[mine]).max()) * UP)
            if stop - start <= LEAF:
                nodes.append([start, stop, -2])
                continue
            nodes.append([-1, -1, -1])
            axis = int(np.ptp(own[mine], axis=0).argmax())
            half = (stop - start) // 2
            order[start:stop] = mine[np.argpartition(own[mine, axis], half)]
            here = len(nodes) - 1
            work += [(start, start + half, here, 0), (start + half, stop, here, 1)]
        return np.array(nodes), (np.array(centres), np.array(radii), order, own, own_radii)

    def nearest(self, points: Float, hint: Int | None = None, tolerance: Float | float = 0.0) -> Foot:
        """Nearest simplex to each of the points (n, d); `hint` (n,) names simplices that may be near."""
        guess = np.zeros(len(points), dtype=np.int64) if hint is None else hint
        allowed = np.broadcast_to(np.asarray(tolerance, dtype=np.float64), (len(points),))
        nodes, balls = self._tree
        found = []
        for i in range(0, len(points), POINTS):
            part = slice(i, i + POINTS)
            given = for_kernel(points[part], guess[part], allowed[part], self.corners, self.simplices, self._grams)
            found.append(nearest_simplices(*given, nodes, balls))
        parts = [np.concatenate(part) for part in zip(*found, strict=True)]
        return Foot(*parts) if parts else Foot(guess, np.zeros(0), np.zeros(0))

    def project(self, points: Float, numbers: Int) -> tuple[Float, Float]:
        """Feet (n, d) of points on given simplices, and bounds (n,) of the distances from above."""
        first = np.arange(len(points) + 1)
        foot, _, upper = feet(*for_kernel(points, first, numbers, self.corners, self.simplices, self._grams))
        return foot, upper

    def project_to_pieces(self, points: Float, pieces: Int) -> tuple[Float, Int, Float]:
        """Feet (n, d) of points on given pieces, their simplices (n,), and bounds (n,) of the distances from above."""
        counts = np.diff(self.first_simplex)[pieces]
        first = np.concatenate([[0], np.cumsum(counts)])
        numbers = np.arange(first[-1]) - np.repeat(first[:-1] - self.first_simplex[pieces], counts)
        found = feet(*for_kernel(points, first, numbers, self.corners, self.simplices, self._grams))
        return found[0], found[1], found[2]


def surface(complex_: RegionComplex) -> Surface:
    """Surface of a complex on a bounded polytope.

    Raises
    ------
    DataError
        If the complex holds no region, or numbers are too large for bounds in float64.
    """
    if not len(complex_):
        raise DataError("the complex holds no region; raise the budget of the enumeration")
    cover = covered_regions(facet_rows(complex_))
    values, spread = _maps(complex_)
    maps, shifts = np.ascontiguousarray(values[..., :-1]), np.ascontiguousarray(values[..., -1])
    pieces = np.repeat(np.arange(len(complex_)), np.diff(cover.first))
    corners, errors = np.empty((len(pieces), maps.shape[1])), np.zeros(len(complex_))
    step = max(1, BLOCK // maps[0].size)
    for i in range(0, len(pieces), step):
        part, own = cover.vertices[i : i + step], pieces[i : i + step]
        corners[i : i + step] = np.einsum("vdh,vh->vd", maps[own], part) + shifts[own]
        np.maximum.at(errors, own, _corner_errors(values[own], spread[own], part))
    errors = (errors + np.linalg.norm(maps, axis=(1, 2)) * cover.bound) * UP
    errors += np.linalg.norm(spread, axis=(1, 2)) * cover.bound
    if not np.isfinite(errors).all():
        raise DataError("weights are too large or too small for error bounds in float64; rescale the network")
    map_errors = np.linalg.norm(spread[..., :-1], axis=(1, 2)) * UP
    return Surface(cover, maps, shifts, corners, errors, map_errors)


def _corner_errors(values: Float, spread: Float, points: Float) -> Float:
    """Bounds (v,) on the images of points as computed: values and spread (v, d, h + 1)."""
    size = np.abs(points)
    reach = np.einsum("vdh,vh->vd", np.abs(values[..., :-1]), size) + np.abs(values[..., -1])
    rounding = gamma(values.shape[2] + 1) * reach
    own = np.einsum("vdh,vh->vd", spread[..., :-1], size) + spread[..., -1]
    return np.asarray(np.linalg.norm(rounding + own, axis=1) * UP)


def _maps(cx: RegionComplex) -> tuple[Float, Float]:
    """Affine maps ``[A | B]`` (n, d, h + 1) and bounds on their entries."""
    net = cx.network
    shape = (len(cx), net.output_dim, net.input_dim + 1)
    values, errors = np.empty(shape), np.empty(shape)
    step = max(1, BLOCK // (4 * shape[1] * shape[2] + sum(y.n_out for y in net.layers) * shape[2]))
    for start in range(0, len(cx), step):
        part = slice(start, start + step)
        rows = output_rows(net, unpack(cx.packed[part], net.num_units))
        values[part], errors[part] = rows.values, rows.errors
    return values, errors
