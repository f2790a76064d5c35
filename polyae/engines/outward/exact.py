"""Facets and distances of single regions in rational arithmetic, for what float64 cannot prove."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from polyae.domains import Space
from polyae.engines.outward.reduce import ReducedNetwork, reduce_to_ball
from polyae.engines.reference import cross_facets
from polyae.lp.distance import distance_bounds, exact_distance_power
from polyae.lp.highs_solver import HighsProgram
from polyae.lp.witness import interior_point
from polyae.networks.network import Network
from polyae.predicates.cell import Arrangement, Cell

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

__all__ = ["ExactFacet", "ExactFacets"]


@dataclass(frozen=True)
class ExactFacet:
    """A facet of a region.

    Attributes
    ----------
    low, high : float
        Neighbouring float64 numbers around its exact distance, or the distance itself twice.
    beyond : array of bool, shape (units,)
        Pattern of the region beyond.
    """

    low: float
    high: float
    beyond: Bool


class ExactFacets:
    """Facets of regions near a centre, remembered.

    Parameters
    ----------
    network : Network
    centre : array, shape (h,)
    p : {1, 2, inf}
    """

    def __init__(self, network: Network, centre: Float, p: float) -> None:
        self.network, self.centre, self.p = network, centre, p
        self._radius = 0.0
        self._known: dict[bytes, list[ExactFacet]] = {}
        self._powers: dict[bytes, fmpq] = {}

    def __len__(self) -> int:
        return len(self._known)

    def reach(self, radius: float) -> None:
        """Prepare for questions about regions and facets nearer than a radius."""
        if radius > self._radius:
            self._radius = radius
            self._reduced: ReducedNetwork = reduce_to_ball(self.network, self.centre, radius, self.p)
            self._arrangement = Arrangement(self._reduced.network, Space(self.network.input_dim))
            self._known.clear()

    def known(self, pattern: Bool) -> list[ExactFacet] | None:
        """Facets of a region, if they were asked for before."""
        return self._known.get(pattern.tobytes())

    def facets(self, pattern: Bool) -> list[ExactFacet]:
        """All facets of a region that are nearer than the radius, possibly with some farther ones."""
        key = pattern.tobytes()
        if key not in self._known:
            self._known[key] = self._find(pattern)
        return self._known[key]

    def _cell(self, pattern: Bool) -> Cell:
        return self._arrangement.cell(self._reduced.shorten(pattern[None, :])[0])

    def _find(self, pattern: Bool) -> list[ExactFacet]:
        cell = self._cell(pattern)
        steps, _ = cross_facets(cell, interior_point(cell), HighsProgram)
        rows = [cell.integers(i) for i in range(len(cell.source))]
        found = []
        for step in steps:
            power = exact_distance_power(rows, step.crossing.exact(), self.centre, self.p, int(step.facet.rows[0]))
            found.append(ExactFacet(*distance_bounds(power, self.p), self._reduced.complete(step.pattern[None, :])[0]))
        return found

    def region_power(self, pattern: Bool) -> fmpq:
        """Exact distance of a region that is nearer than the radius, squared for p = 2."""
        key = pattern.tobytes()
        if key not in self._powers:
            cell = self._cell(pattern)
            rows = [cell.integers(i) for i in range(len(cell.source))]
            self._powers[key] = exact_distance_power(rows, interior_point(cell).homogeneous, self.centre, self.p)
        return self._powers[key]
