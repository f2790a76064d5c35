"""The decoder's surface D(Z): one image polytope for each region, cut into simplices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from polyae.complex.facet_rows import facet_rows
from polyae.complex.region_complex import RegionComplex
from polyae.errors import DataError, DomainError, UnboundedDomainError
from polyae.queries.theorem.simplices import Simplices, triangulate

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Foot", "Surface", "surface"]

#: Numbers held at once in tables of points against simplices: about 100 MB.
TABLE_BUDGET = 4_000_000


@dataclass(frozen=True)
class Foot:
    """Nearest points on the surface.

    Attributes
    ----------
    points : array, shape (n, d)
    simplices : array of int, shape (n,)
    distances : array, shape (n,)
        From above: to these points.
    lower : array, shape (n,)
        From below: no point of the surface is nearer.
    """

    points: Float
    simplices: Int
    distances: Float
    lower: Float


@dataclass(frozen=True)
class Surface:
    """Images of the regions found.

    Attributes
    ----------
    maps : list of (A, B)
        Affine map of each region, (d, h) and (d,).
    latent : list of arrays, shape (v, h)
        Vertices of each region.
    corners : list of arrays, shape (v, d)
        Their images.
    simplices : array of int, shape (s, h + 1)
        Rows of numbers into all vertices one after the other.
    regions : array of int, shape (s,)
        The region of each simplex.
    """

    maps: list[tuple[Float, Float]]
    latent: list[Float]
    corners: list[Float]
    simplices: Int
    regions: Int

    def __len__(self) -> int:
        return len(self.maps)

    @cached_property
    def all_latent(self) -> Float:
        """Vertices of all regions, shape (v, h)."""
        return np.concatenate(self.latent)

    @cached_property
    def all_corners(self) -> Float:
        """Images of all vertices, shape (v, d)."""
        return np.concatenate(self.corners)

    @cached_property
    def shape(self) -> Simplices:
        """The simplices in data space."""
        return Simplices(self.all_corners[self.simplices])

    @cached_property
    def scale(self) -> float:
        """Largest norm of a point of the surface."""
        return float(np.linalg.norm(self.all_corners, axis=1).max())

    def nearest(self, points: Float) -> Foot:
        """Nearest point of the surface to each of the points (n, d)."""
        step = max(1, TABLE_BUDGET // len(self.shape))
        parts = [self._nearest(points[i : i + step]) for i in range(0, len(points), step)]
        fields = [[getattr(part, name) for part in parts] for name in ("points", "simplices", "distances", "lower")]
        return Foot(*(np.concatenate(field) for field in fields))

    def _nearest(self, points: Float) -> Foot:
        apart = cdist(points, self.shape.centres)
        first = apart.argmin(axis=1)
        reached = np.linalg.norm(points - self.shape.project(points, first), axis=1)
        # Simplices whose ball is farther away than a point already reached cannot be nearer.
        n, s = np.nonzero(apart - self.shape.radii <= reached[:, None] * (1 + 1e-12) + 1e-12 * self.scale)
        pairs = self._project_pairs(points, n, s)
        order = np.lexsort((pairs.distances, n))
        first_pair = np.searchsorted(n, np.arange(len(points)))
        best = order[first_pair]
        lower = np.minimum.reduceat(pairs.lower, first_pair)
        return Foot(pairs.points[best], s[best], pairs.distances[best], np.minimum(lower, pairs.distances[best]))

    def _project_pairs(self, points: Float, n: Int, s: Int) -> Foot:
        feet, lower = np.empty((len(n), points.shape[1])), np.empty(len(n))
        step = max(1, TABLE_BUDGET // self.shape.corners[0].size)
        for i in range(0, len(n), step):
            part = slice(i, i + step)
            feet[part] = self.shape.project(points[n[part]], s[part])
            lower[part] = self.shape.separation(points[n[part]], feet[part], s[part])
        return Foot(feet, s, np.linalg.norm(points[n] - feet, axis=1), lower)


def surface(complex_: RegionComplex) -> Surface:
    """Surface of a complex.

    Raises
    ------
    UnboundedDomainError
        If the domain is unbounded.
    DomainError
        If the domain is a Euclidean ball, whose regions are no polytopes.
    DataError
        If the complex holds no region.
    """
    if not complex_.domain.bounded:
        raise UnboundedDomainError("the theorem needs a bounded domain, since unbounded pieces have infinite radii")
    if complex_.domain.curved:
        raise DomainError("the theorem needs a polytope as domain; use Ball with p=1 or p=inf, or a Box")
    if not len(complex_):
        raise DataError("the complex holds no region; raise the budget of the enumeration")
    maps, latent, rows, regions = [], [], [], []
    offset = 0
    shapes = facet_rows(complex_)
    for i, pattern in enumerate(complex_.patterns):
        maps.append(complex_.network.affine(pattern))
        latent.append(shapes.polyhedron(i).vertices)
        rows.append(triangulate(latent[-1]) + offset)
        regions.append(np.full(len(rows[-1]), i))
        offset += len(latent[-1])
    corners = [z @ a.T + b for z, (a, b) in zip(latent, maps, strict=True)]
    return Surface(maps, latent, corners, np.concatenate(rows), np.concatenate(regions))
