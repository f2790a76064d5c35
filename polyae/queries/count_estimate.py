"""Unbiased estimates of the number of regions in a ball, with their error and a warning of heavy tails."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from polyae.engines.outward.descent import Descent
from polyae.errors import SettingError
from polyae.networks.network import Network

Float = NDArray[np.float64]

__all__ = ["RegionEstimate", "estimate_regions"]

#: Growths of the number of regions with the radius that pilot runs compare, and how many runs each.
GROWTHS = (0.0, 3.0, 6.0, 12.0)
PILOT_RUNS = 6
#: The growth that is taken where there is no time for pilot runs.
USUAL_GROWTH = 3.0
#: Runs between two looks at the clock, and the fewest that make an estimate.
BATCH, LEAST_RUNS = 4, 8
#: Least effective share of the runs, and of the largest run in the sum, that pass without a warning.
LEAST_EFFECTIVE, LARGEST_SHARE = 0.5, 0.25


@dataclass(frozen=True)
class RegionEstimate:
    """Independent unbiased estimates of one count.

    Attributes
    ----------
    runs : array, shape (n,)
        Their values; all equal if the count is exact.
    growth : float
        What the random descents were tilted with; see :class:`polyae.engines.outward.descent.Descent`.
    """

    runs: Float
    growth: float

    @property
    def value(self) -> float:
        """The estimate: the mean of the runs."""
        return float(self.runs.mean())

    @property
    def std(self) -> float:
        """Standard error of the estimate."""
        return float(self.runs.std(ddof=1) / math.sqrt(len(self.runs)))

    @property
    def effective(self) -> float:
        """Effective sample size ``(Σ x)² / Σ x²``."""
        return float(self.runs.sum() ** 2 / (self.runs**2).sum())

    @property
    def heavy_tail(self) -> bool:
        """Whether few runs carry the estimate, so that its error cannot be trusted."""
        few = self.effective < LEAST_EFFECTIVE * len(self.runs)
        return bool(few or self.runs.max() > LARGEST_SHARE * self.runs.sum())

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Student's confidence interval of the count."""
        half = float(student.ppf((1 + level) / 2, len(self.runs) - 1)) * self.std
        return max(1.0, self.value - half), self.value + half


def estimate_regions(
    network: Network,
    centre: Float,
    radius: float,
    p: float = 2,
    *,
    runs: int = 32,
    nodes: int = 64,
    seed: int = 0,
    max_seconds: float | None = None,
) -> RegionEstimate | None:
    """Estimate the number of regions that meet an open ball by random descents.

    Parameters
    ----------
    network : Network
    centre : array, shape (h,)
    radius : float
    p : {1, 2, inf}
    runs : int
        Independent estimates, at least 8.
    nodes : int
        Nodes that a descent keeps at every level.  Counts up to this are exact.
    seed : int
    max_seconds : float, optional
        With little time pilot runs are left out and fewer nodes kept; fewer runs are made if it runs out.

    Returns
    -------
    RegionEstimate, or None if there was no time for 8 runs.

    Raises
    ------
    SettingError
        If there are fewer than 8 runs or no node.

    Examples
    --------
    >>> from polyae import Layer
    >>> net = Network([Layer(np.eye(2), [-1.0, -1.0], 0.0), Layer([[1.0, 1.0]], [0.0])])
    >>> estimate_regions(net, np.zeros(2), 1.2).value
    3.0
    """
    if runs < LEAST_RUNS or nodes < 1:
        raise SettingError(f"an estimate takes at least {LEAST_RUNS} runs and 1 node, got {runs} and {nodes}")
    ends = math.inf if max_seconds is None else time.perf_counter() + max_seconds
    rng = np.random.default_rng(seed)
    descent = Descent(network, centre, radius, p, nodes)
    began = time.perf_counter()
    first = descent.run(rng)
    if descent.exact:
        return RegionEstimate(np.full(runs, first), 0.0)
    affordable = (ends - time.perf_counter()) / (time.perf_counter() - began)
    if affordable < 2 * LEAST_RUNS:  # no time for so many nodes
        descent = Descent(network, centre, radius, p, max(1, int(nodes * affordable / (2 * LEAST_RUNS))))
    enough = affordable > PILOT_RUNS * len(GROWTHS) + LEAST_RUNS
    descent.growth = _growth(descent, rng, ends) if enough else USUAL_GROWTH
    values: list[float] = []
    while len(values) < runs:
        if time.perf_counter() > ends:
            break
        values += [descent.run(rng) for _ in range(min(BATCH, runs - len(values)))]
    return RegionEstimate(np.array(values), descent.growth) if len(values) >= LEAST_RUNS else None


def _growth(descent: Descent, rng: np.random.Generator, ends: float) -> float:
    """Growth with the least relative spread in a few runs, which are not used again."""
    best, least = 0.0, math.inf
    for growth in GROWTHS:
        if time.perf_counter() > ends:
            break
        descent.growth = growth
        values = np.array([descent.run(rng) for _ in range(PILOT_RUNS)])
        spread = float(values.std() / values.mean())
        if spread < least:
            best, least = growth, spread
    return best
