"""Unbiased estimates of the number of regions in a ball, with their error and a warning of heavy tails."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import f as fisher
from scipy.stats import skew
from scipy.stats import t as student

from polyae.arrays import whole_number
from polyae.engines.outward.descent import Descent
from polyae.errors import SettingError
from polyae.networks.network import Network
from polyae.predicates.compilation import clock
from polyae.predicates.interrupts import interruptible
from polyae.queries.region_curve import check_ball, check_limits
from polyae.queries.text_table import rounded

Float = NDArray[np.float64]

__all__ = ["RegionEstimate", "estimate_regions"]

#: The growth of the number of regions with the radius that is taken unless another is clearly better, and those
#: that pilot runs compare with it, so many runs each.  None is larger than the dimension: n hyperplanes in R^h make
#: O(n^h) regions, and a guess that falls too fast towards the sphere makes heavy tails.
USUAL_GROWTH, GROWTHS, PILOT_RUNS = 3.0, (6.0, 12.0), 6
#: How many times less the variance of another growth must be: the 95% point of Fisher's F for pilot runs.
CLEARLY_LESS = float(fisher.ppf(0.95, PILOT_RUNS - 1, PILOT_RUNS - 1))
#: Runs between two looks at the clock, the fewest that make an estimate, and nodes of a run that finds out its cost.
BATCH, LEAST_RUNS, PROBE = 4, 8, 4
#: Least effective share of the runs, and of the largest run in the sum, that pass without a warning.
LEAST_EFFECTIVE, LARGEST_SHARE = 0.5, 0.25
#: Cochran's rule: a normal interval takes more than 25 times the squared skewness of independent runs.
RUNS_PER_SKEWNESS = 25.0


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return f"RegionEstimate({self}, {len(self.runs)} runs)"

    def __str__(self) -> str:
        tail = " (heavy tail)" if self.heavy_tail else ""
        return f"{rounded(self.value, 4)} ± {rounded(self.std, 2)}{tail}"

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
    def skewness(self) -> float:
        """Sample skewness ``m3 / m2^(3/2)`` of the runs; 0 if they are equal."""
        return 0.0 if np.ptp(self.runs) <= 1e-9 * self.value else float(skew(self.runs))

    @property
    def heavy_tail(self) -> bool:
        """Whether the error cannot be trusted: few runs carry the estimate, or they are too skew for their number.

        For the skewness see Cochran, Sampling Techniques (1977), section 2.15.
        """
        few = self.effective < LEAST_EFFECTIVE * len(self.runs)
        lopsided = RUNS_PER_SKEWNESS * self.skewness**2 > len(self.runs)
        return bool(few or lopsided or self.runs.max() > LARGEST_SHARE * self.runs.sum())

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Student's confidence interval of the count."""
        half = float(student.ppf((1 + level) / 2, len(self.runs) - 1)) * self.std
        return max(1.0, self.value - half), self.value + half


@interruptible
def estimate_regions(
    network: Network,
    centre: ArrayLike,
    radius: float,
    p: float | str = 2,
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
        If there are fewer than 8 runs or no node, or the seed is negative; if the radius is not one positive number,
        or the norm another one.
    ShapeError, DataError
        If the centre is no point of the network's input space.

    Examples
    --------
    >>> from polyae import Layer
    >>> net = Network([Layer(np.eye(2), [-1.0, -1.0], 0.0), Layer([[1.0, 1.0]], [0.0])])
    >>> estimate_regions(net, np.zeros(2), 1.2).value
    3.0
    """
    middle, (reach, *more), norm = check_ball(network, centre, radius, p, "radius")
    if more:
        raise SettingError(f"radius must be one number, got {len(more) + 1}")
    check_limits(None, max_seconds)
    if whole_number(runs, "runs") < LEAST_RUNS or whole_number(nodes, "nodes") < 1:
        raise SettingError(f"an estimate takes at least {LEAST_RUNS} runs and 1 node, got {runs} and {nodes}")
    ends = math.inf if max_seconds is None else clock() + max_seconds
    rng = np.random.default_rng(whole_number(seed, "seed"))
    if max_seconds is not None:
        nodes = _affordable(network, middle, reach, norm, nodes, rng, ends)
    descent = Descent(network, middle, reach, norm, nodes, USUAL_GROWTH if network.input_dim >= USUAL_GROWTH else 0.0)
    began = clock()
    first = descent.run(rng)
    if descent.exact:
        return RegionEstimate(np.full(runs, first), 0.0)
    if ends - clock() > 2 * PILOT_RUNS * (1 + len(GROWTHS)) * (clock() - began):
        descent.growth = _growth(descent, rng, network.input_dim)
    values: list[float] = []
    while len(values) < runs:
        if clock() > ends:
            break
        values += [descent.run(rng) for _ in range(min(BATCH, runs - len(values)))]
    return RegionEstimate(np.array(values), descent.growth) if len(values) >= LEAST_RUNS else None


def _affordable(
    network: Network, centre: Float, radius: float, p: float, nodes: int, rng: np.random.Generator, ends: float
) -> int:
    """So many nodes that twice the fewest runs fit into the time left, by the cost of a run with few nodes."""
    few = min(PROBE, nodes)
    began = clock()
    Descent(network, centre, radius, p, few).run(rng)
    share = (ends - clock()) / (2 * LEAST_RUNS * (clock() - began))
    return max(1, min(nodes, int(few * share)))


def _growth(descent: Descent, rng: np.random.Generator, dim: int) -> float:
    """The usual growth, or one with a clearly smaller relative spread in a few runs, which are not used again."""
    best, least = descent.growth, _relative_variance(descent, rng) / CLEARLY_LESS
    for growth in GROWTHS:
        if growth <= dim:
            descent.growth = growth
            spread = _relative_variance(descent, rng)
            if spread < least:
                best, least = growth, spread
    return best


def _relative_variance(descent: Descent, rng: np.random.Generator) -> float:
    values = np.array([descent.run(rng) for _ in range(PILOT_RUNS)])
    return float(values.var() / values.mean() ** 2)
