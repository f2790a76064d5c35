"""Outward marching: all regions in order of their exact distance from a centre.

The nearest facet that leads out of the regions found so far is crossed next, as in Prim's algorithm.  Then every
region is entered through a facet *whose distance is the region's own*, and in order of distance:

A facet is part of its region, so no nearer.  Conversely let ω be a region at distance d, x a point inside it
near its nearest point and c' a generic point inside the start region near the centre.  On the segment from c'
to x the norm is at most d + ε, by convexity, and it passes from region to region through the relative interiors
of facets.  Facets are finitely many, so for small ε all of these are at distance at most d.  Hence as long as ω
is not found, some candidate is at distance at most d, and ω is found before any candidate beyond d is taken.
Nothing here needs general position: the nearest point may lie in a face of any dimension, several regions may
be equally far, and the centre may lie on a hyperplane or a vertex, when several regions are at distance 0.

Only what can change is looked at.  The search goes on in rounds with a growing horizon: within the ball of the
horizon the network is replaced by the few units that are not stable there, which changes no region.
Distances are enclosed in float64.  The heap is ordered by lower bounds; since every facet nearer than t has a
lower bound below t, all regions nearer than the least lower bound left in the heap are found.
"""

from __future__ import annotations

import math

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from polyae.domains import Space
from polyae.engines.outward.exact import ExactFacets
from polyae.engines.outward.round import Found, Keep, Limits, Outcome, Progress, Round, first_distance
from polyae.lp.local import least_pattern
from polyae.networks.network import Network
from polyae.predicates.cell import Arrangement
from polyae.predicates.compilation import clock
from polyae.predicates.rational import homogeneous

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

__all__ = ["Outward"]

NO_LIMIT = np.iinfo(np.int32).max - 1
#: Regions aimed at with every widening of the horizon, as a multiple of those found; every widening looks at
#: the facets of all regions anew.
WIDENING = 4.0
#: Least and largest factor of a widening, and how many regions it takes to estimate one.
NARROW, WIDE, FEW = 1.03, 2.0, 64
#: The growth of the count is estimated from this share of the radius on.
INNER = 0.7


class Outward:
    """The search around one centre, which can go on where it stopped.

    Parameters
    ----------
    network : Network
    centre : array, shape (h,)
    p : {1, 2, inf}
    found : Found, optional
        Of an earlier search around the same centre, to go on with.

    Attributes
    ----------
    packed : array of uint8, shape (n, ceil(units / 8))
    low, high : arrays, shape (n,)
        Certified bounds of the regions' distances; the lower ones ascend.
    radius : float
        All regions nearer than this are found.
    exactly : int
        Regions that were expanded in rational arithmetic.
    """

    def __init__(self, network: Network, centre: Float, p: float, found: Found | None = None) -> None:
        self.network, self.centre, self.p = network, centre, float(p)
        self.arrangement = Arrangement(network, Space(network.input_dim))
        begun = found if found is not None else self._start()
        self.packed, self.low, self.high, self.radius = begun.packed, begun.low, begun.high, begun.radius
        self.exactly = 0
        self._horizon = 0.0
        self._facets = ExactFacets(network, centre, self.p)

    def __len__(self) -> int:
        return len(self.low)

    @property
    def found(self) -> Found:
        """What has been found."""
        return Found(self.packed, self.low, self.high, self.radius)

    def _start(self) -> Found:
        signs = self.arrangement.unit_signs(self.centre[None, :])[0]
        pattern = signs > 0
        if (signs == 0).any():
            pattern, _ = least_pattern(self.arrangement, homogeneous(self.centre.tolist()))
        return Found(np.packbits(pattern[None, :], axis=1), np.zeros(1), np.zeros(1), 0.0)

    def march(
        self,
        radius: float,
        *,
        max_regions: int | None = None,
        max_seconds: float | None = None,
        progress: Progress | None = None,
        keep: Keep | None = None,
    ) -> Outcome:
        """Go on until all regions nearer than `radius` are found, or a limit is reached.

        `progress` is told how far the search is, often; `keep` is given what is found so far, now and then.  However
        short the time, the search gets farther than where it began, so that repeated short runs arrive.
        """
        limits = Limits(
            NO_LIMIT if max_regions is None else max_regions,
            math.inf if max_seconds is None else clock() + max_seconds,
            progress,
            keep,
            len(self),
            self.radius,
        )
        self._facets.reach(radius)
        while self.radius < radius:
            self._horizon = min(self._next_horizon(), radius)
            search = Round(self, self._horizon, self._facets)
            try:
                outcome = search.run(limits)
            except KeyboardInterrupt:
                outcome = Outcome.INTERRUPTED
            found = search.collect()
            self.packed, self.low, self.high, self.radius = found.packed, found.low, found.high, found.radius
            self.exactly = len(self._facets)
            if outcome is not Outcome.REACHED:
                return outcome
        return Outcome.REACHED

    def _next_horizon(self) -> float:
        """Distance within which about `WIDENING` times as many regions are expected."""
        if self._horizon > self.radius:
            return self._horizon
        if self.radius == 0:
            return first_distance(self.network, self.centre, self.p, self.patterns(0, 1)[0])
        inner = int(np.searchsorted(self.low, INNER * self.radius))
        factor = WIDE
        if len(self) > FEW and 0 < inner < len(self):
            factor = WIDENING ** (math.log(1 / INNER) / math.log(len(self) / inner))
        return self.radius * min(max(factor, NARROW), WIDE)

    def exact_power(self, region: int) -> fmpq:
        """Exact distance of a region, squared for p = 2."""
        return self._facets.region_power(self.patterns(region, region + 1)[0])

    def patterns(self, start: int, stop: int) -> Bool:
        """Patterns of some regions, (stop - start, units)."""
        return np.unpackbits(self.packed[start:stop], axis=1, count=self.network.num_units).astype(bool)
