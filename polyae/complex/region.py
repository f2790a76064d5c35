"""One region of a complex, as a view: everything is computed when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from polyae.complex.polytope import Polyhedron, cut_polygon
from polyae.domains import Ball
from polyae.engines.reference import outward_direction
from polyae.errors import DomainError, UnboundedDomainError
from polyae.lp.crossing import crossing
from polyae.lp.facets import Facet, Witness, find_facets
from polyae.lp.solvers import solver_class
from polyae.predicates.cell import Cell
from polyae.predicates.crossing import pattern_across

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Region", "RegionFacet"]


@dataclass(frozen=True)
class RegionFacet:
    """A facet of a region, which satisfies ``normal @ z + offset >= 0``.

    Attributes
    ----------
    normal : array, shape (h,)
        Unit length, pointing into the region.
    offset : float
    units : tuple of int
        Units whose hyperplane carries the facet.
    neighbour : int or None
        Number of the region behind it; None on the domain's boundary, and where a partial complex does
        not hold that region.
    boundary : bool
        Whether it lies on the boundary of the domain.
    """

    normal: Float
    offset: float
    units: tuple[int, ...]
    neighbour: int | None
    boundary: bool


class Region:
    """View of one region.  Made by indexing a :class:`~polyae.complex.region_complex.RegionComplex`.

    Attributes
    ----------
    index : int
        Number in the complex.
    neighbours : array of int
        Numbers of the adjacent regions, sorted.
    """

    def __init__(
        self, cell: Cell, witness: Witness, index: int, neighbours: Int, find: Callable[[ArrayLike], Int]
    ) -> None:
        self._cell, self._witness, self._find = cell, witness, find
        self.index, self.neighbours = index, neighbours

    def __repr__(self) -> str:
        bits = "".join("1" if b else "0" for b in self.pattern)
        return f"Region({self.index}, pattern={bits}, {len(self.neighbours)} neighbours)"

    @property
    def pattern(self) -> NDArray[np.bool_]:
        """Units that are on: shape (units,)."""
        return self._cell.pattern

    @property
    def witness(self) -> Float:
        """A point strictly inside, or the float64 point nearest to one: shape (h,)."""
        return self._witness.point

    @cached_property
    def affine(self) -> tuple[Float, Float]:
        """Affine map of the network on the region: ``A`` (d, h) and ``B`` (d,)."""
        return self._cell.arrangement.network.affine(self.pattern)

    @cached_property
    def _found(self) -> list[Facet]:
        """Facets that meet the domain or bound it; a wall of the box around a ball does neither."""
        found, _ = find_facets(self._cell, self._witness, solver_class("highs"))
        if self._cell.arrangement.domain.curved:
            found = [f for f in found if not f.boundary]
        return [f for f in found if f.boundary or crossing(self._cell, f, self._witness) is not None]

    def _row(self, facet: Facet) -> tuple[Float, Float]:
        """Row of a facet, its normal of length 1, and the error bounds."""
        rows, i = self._cell.rows, int(facet.rows[0])
        length = float(np.linalg.norm(rows.values[i, :-1]))
        return rows.values[i] / length, rows.errors[i] / length

    @cached_property
    def facets(self) -> tuple[RegionFacet, ...]:
        """All facets, those on the domain's boundary included (not the curved boundary of a ball)."""
        facets = []
        for facet in self._found:
            neighbour = -1
            if not facet.boundary:
                beyond = pattern_across(self._cell, facet.units, outward_direction(self._cell, facet))
                neighbour = int(self._find(beyond[None, :])[0])
            row, _ = self._row(facet)
            units = tuple(facet.units.tolist())
            facets.append(
                RegionFacet(row[:-1], float(row[-1]), units, None if neighbour < 0 else neighbour, facet.boundary)
            )
        return tuple(facets)

    @cached_property
    def inequalities(self) -> Float:
        """Facets as rows ``[normal | offset]``: shape (f, h + 1)."""
        return np.array([self._row(f)[0] for f in self._found]).reshape(-1, self._cell.dim + 1)

    @cached_property
    def _polyhedron(self) -> Polyhedron:
        reach = np.append(np.abs(self.witness), 1.0)
        error = max((float(self._row(f)[1] @ reach) for f in self._found), default=0.0)
        return Polyhedron(
            self.inequalities,
            np.inf if np.isnan(error) else error,
            self.witness,
            lambda: [self._cell.integers(int(f.rows[0])) for f in self._found],
            lambda: self._witness.homogeneous,
        )

    def _polytope(self) -> Polyhedron:
        if self._cell.arrangement.domain.curved:
            raise DomainError("a region cut by a Euclidean ball is no polytope; use p=1 or p=inf, or a Box")
        return self._polyhedron

    @property
    def chebyshev_ball(self) -> tuple[Float, float]:
        """Centre and radius of a largest ball inside the region; the radius is ``inf`` if there is none.

        Raises
        ------
        DomainError
            On a Euclidean ball as domain; :func:`polyae.radii` gives inradii there.
        """
        return self._polytope().inscribed_ball

    @property
    def vertices(self) -> Float:
        """Vertices: shape (v, h).  Those at finite distance, if the region is unbounded."""
        return self._polytope().vertices

    @property
    def bounded(self) -> bool:
        """Whether the region is bounded."""
        return self._cell.arrangement.domain.bounded or self._polyhedron.bounded

    @property
    def volume(self) -> float:
        """Volume in h dimensions, ``inf`` if the region is unbounded."""
        return self._polytope().volume

    @cached_property
    def polygon(self) -> shapely.Polygon:
        """The region as a shapely polygon (h = 2).

        On a Euclidean ball as domain its arc is drawn with 256 segments a quarter.

        Raises
        ------
        DomainError
            If h is not 2.
        UnboundedDomainError
            If the region is unbounded.
        """
        if self._cell.dim != 2:
            raise DomainError(f"polygons exist in dimension 2, this region has dimension {self._cell.dim}")
        domain = self._cell.arrangement.domain
        if isinstance(domain, Ball) and domain.curved:
            disc = shapely.Point(*domain.centre).buffer(domain.radius, quad_segs=256)
            return cut_polygon(disc, self.inequalities)
        if not self.bounded:
            raise UnboundedDomainError(f"region {self.index} is unbounded; enumerate on a Box to draw it")
        return shapely.MultiPoint(self.vertices).convex_hull
