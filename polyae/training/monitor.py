"""Statistics of a decoder's regions while it is trained."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from polyae.arrays import finite_array
from polyae.complex.enumerate import enumerate_regions
from polyae.domains import Ball
from polyae.errors import SettingError, ShapeError
from polyae.networks.network import Network
from polyae.networks.torch_modules import from_torch
from polyae.queries.neighbours import batch_neighbours
from polyae.queries.radii import radii

__all__ = ["RegionMonitor", "RegionStatistics"]

#: Circumradii take the vertices of the regions, whose number grows exponentially with the latent dimension.
RADII_UP_TO = 4


@dataclass(frozen=True)
class RegionStatistics:
    """Regions of a decoder around its codes after a step.

    Attributes
    ----------
    step : int
        Calls of :meth:`RegionMonitor.step` until then.
    regions : int
        Regions that meet the data's ball, the smallest around the codes' mean that holds all codes, in the
        maximum norm; those found until the limit if `complete` is false.
    complete : bool
        Whether these are all.
    data_regions : int
        Regions that hold a code.
    mean_radius, bound : float
        Mean and sum of the circumradii of the images of the ball's regions; the sum is the right side of the
        theorem ``d(∪T, X) ≤ Σ R(ω)`` on the ball.  NaN unless complete, and above latent dimension 4.
    neighbours : float
        Mean number of exact neighbours of a code.
    facet_distance : float
        Median distance of a code from its nearest facet; infinite if most have none.
    """

    step: int
    regions: int
    complete: bool
    data_regions: int
    mean_radius: float
    bound: float
    neighbours: float
    facet_distance: float


class RegionMonitor:
    """A callback that measures the regions around the codes every few steps; it never changes the training.

    Parameters
    ----------
    decoder : nn.Module
        Read afresh at every measurement.
    codes : callable
        Returns the codes of the data, (n, h), under the present encoder.
    every : int
        Steps from one measurement to the next.
    max_regions, max_seconds
        Limits of the enumeration on the data's ball; without regions, ``max_regions=0``, it is left out.

    Raises
    ------
    SettingError
        If a number is out of range.
    UnsupportedLayerError, NetworkError
        If the decoder is not a network that polyae reads.

    Examples
    --------
    In a loop of one's own, after ``optimiser.step()``:

    >>> decoder = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1)).double()
    >>> for parameter, values in zip(decoder.parameters(), ([[1.0], [1.0]], [0.0, -1.0], [[1.0, 2.0]], [0.0])):
    ...     parameter.data = torch.tensor(values, dtype=torch.float64)
    >>> monitor = RegionMonitor(decoder, lambda: torch.tensor([[-1.0], [0.5], [2.0]]))
    >>> monitor.step()
    RegionStatistics(step=1, regions=3, complete=True, data_regions=3, mean_radius=..., bound=2.0, ...)
    >>> len(monitor.history)
    1
    """

    def __init__(
        self,
        decoder: nn.Module,
        codes: Callable[[], Tensor],
        *,
        every: int = 1,
        max_regions: int = 10_000,
        max_seconds: float = 10.0,
    ) -> None:
        if every < 1 or max_regions < 0 or not max_seconds > 0:
            raise SettingError(
                f"every and max_seconds are positive and max_regions is not negative; got {every}, {max_seconds} and "
                f"{max_regions}"
            )
        if not callable(codes):
            raise SettingError(f"codes is a function that returns a tensor (n, h), got {type(codes).__name__}")
        from_torch(decoder)
        self.decoder = decoder
        self.codes = codes
        self.every = every
        self.max_regions = max_regions
        self.max_seconds = max_seconds
        self.steps = 0
        self.history: list[RegionStatistics] = []

    def __repr__(self) -> str:
        done = f"{self.steps} steps, {len(self.history)} measurements"
        return f"RegionMonitor({type(self.decoder).__name__}, every {self.every}, {done})"

    def step(self) -> RegionStatistics | None:
        """Count a step; measure and remember if it is time."""
        self.steps += 1
        if (self.steps - 1) % self.every:
            return None
        self.history.append(self.measure())
        return self.history[-1]

    @torch.no_grad()
    def measure(self) -> RegionStatistics:
        """Statistics under the present weights.

        Raises
        ------
        ShapeError
            If the codes are none, or of another dimension than the decoder takes.
        DataError
            If one is not finite.
        """
        network = from_torch(self.decoder, compare=False)
        codes = torch.as_tensor(self.codes()).detach().to("cpu", torch.float64)
        points = finite_array(codes, "codes", ("n", network.input_dim))
        if not len(points):
            raise ShapeError("codes holds no code")
        near = batch_neighbours(network, points)
        nearest = np.full(len(points), np.inf)
        np.minimum.at(nearest, near.owner, near.distances)
        regions, complete, mean_radius, bound = self._ball(network, points)
        return RegionStatistics(
            self.steps, regions, complete, len(np.unique(near.patterns, axis=0)), mean_radius, bound,
            len(near.owner) / len(points), float(np.median(nearest)),
        )  # fmt: skip

    def _ball(self, network: Network, points: NDArray[np.float64]) -> tuple[int, bool, float, float]:
        """Regions, completeness, mean radius and bound."""
        centre = points.mean(axis=0)
        reach = float(np.abs(points - centre).max())
        if self.max_regions == 0:
            return 0, False, math.nan, math.nan
        if reach == 0:  # one point, in one region
            return 1, True, 0.0, 0.0
        cx = enumerate_regions(
            network, Ball(centre, reach, np.inf), max_regions=self.max_regions, max_seconds=self.max_seconds
        )
        if not cx.complete or network.input_dim > RADII_UP_TO:
            return len(cx), cx.complete, math.nan, math.nan
        sizes = radii(cx).data_circumradius
        return len(cx), True, float(sizes.mean()), float(sizes.sum())
