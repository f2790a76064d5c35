"""Counts in balls around many centres, and regions that hold data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.arrays import finite_array
from polyae.domains import Space, as_norm
from polyae.errors import SettingError, ShapeError
from polyae.networks.network import Network, check_network
from polyae.predicates.cell import Arrangement
from polyae.queries.region_curve import RegionCurve, check_radii, norm_name, region_curve
from polyae.queries.text_table import rounded, text_table

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["CurveStatistics", "Occupancy", "ball_volume_log", "curve_statistics", "occupancy"]


@dataclass(frozen=True, eq=False, repr=False)
class CurveStatistics:
    """Counts in balls around many centres.

    Attributes
    ----------
    radii : array, shape (k,)
    counts : array of int, shape (c, k)
        Regions found that meet the ball of each centre and radius.
    exact : array of bool, shape (c, k)
        Whether these are all.
    p : float
    dim : int
    """

    radii: Float
    counts: Int
    exact: NDArray[np.bool_]
    p: float
    dim: int

    def __repr__(self) -> str:
        what = f"{len(self.counts):,} centres in R^{self.dim}, {len(self.radii)} radii, {norm_name(self.p)}"
        return f"CurveStatistics({what}, {'complete' if self.exact.all() else 'partial: some counts are lower bounds'})"

    def __str__(self) -> str:
        columns = (self.mean, self.std_error, self.least, self.most, self.exact.sum(axis=0))
        rows = [
            (f"{r:.6g}", rounded(mean, 6), rounded(error, 2), f"{least:,}", f"{most:,}", f"{exact:,}")
            for r, mean, error, least, most, exact in zip(self.radii, *columns, strict=True)
        ]
        header = ("radius", "mean", "± s.e.", "least", "most", "exact centres")
        return "\n".join([repr(self), *text_table(header, rows)])

    @property
    def mean(self) -> Float:
        """Mean over the centres: shape (k,)."""
        return self.counts.mean(axis=0)

    @property
    def std_error(self) -> Float:
        """Standard error of the mean, over centres drawn independently: shape (k,)."""
        if len(self.counts) < 2:
            return np.full(len(self.radii), np.nan)
        return self.counts.std(axis=0, ddof=1) / math.sqrt(len(self.counts))

    @property
    def least(self) -> Int:
        """Smallest count: shape (k,)."""
        return self.counts.min(axis=0)

    @property
    def most(self) -> Int:
        """Largest count: shape (k,)."""
        return self.counts.max(axis=0)

    def quantiles(self, shares: ArrayLike = (0.25, 0.5, 0.75)) -> Float:
        """Quantiles over the centres: shape (shares, k)."""
        return np.quantile(self.counts, np.asarray(shares), axis=0)

    @property
    def log_density(self) -> Float:
        """Natural logarithm of the mean count per volume of the ball: shape (k,).

        In dimension 784 the volume itself is beyond the range of float64.  A region that a ball meets counts
        whole, so that small balls have large densities.
        """
        return np.log(self.mean) - np.array([ball_volume_log(self.dim, r, self.p) for r in self.radii])


def ball_volume_log(dim: int, radius: float, p: float) -> float:
    """Natural logarithm of the volume of a ball: ``(2 Γ(1 + 1/p))^h / Γ(1 + h/p) r^h``.

    Examples
    --------
    >>> [round(math.exp(ball_volume_log(2, 1.0, p)), 6) for p in (1, 2, math.inf)]
    [2.0, 3.141593, 4.0]
    """
    unit = dim * (math.log(2) + math.lgamma(1 + 1 / p)) - math.lgamma(1 + dim / p)
    return unit + dim * math.log(radius)


def curve_statistics(
    network: Network,
    centres: ArrayLike,
    radii: ArrayLike,
    p: float | str = 2,
    *,
    max_regions: int | None = None,
    max_seconds: float | None = None,
) -> CurveStatistics:
    """Count regions in balls around many centres: data, codes, or random points.

    Parameters
    ----------
    network : Network
    centres : array, shape (c, h)
    radii : array, shape (k,)
    p : {1, 2, inf}
    max_regions, max_seconds : optional
        Limits for each centre; counts beyond its exact radius are lower bounds then.

    Raises
    ------
    ShapeError, DataError, SettingError
        As :func:`polyae.region_curve`.

    Examples
    --------
    >>> from polyae import Layer
    >>> net = Network([Layer([[1.0], [1.0]], [0.0, -1.0], slope=0), Layer([[1.0, 1.0]], [0.0])])
    >>> stats = curve_statistics(net, [[-0.5], [0.5]], [0.25, 0.75])
    >>> stats.counts.tolist(), stats.mean.tolist()
    ([[1, 2], [1, 3]], [1.0, 2.5])
    """
    check_network(network)
    points, sizes, norm = finite_array(centres, "centres", ("c", network.input_dim)), check_radii(radii), as_norm(p)
    if not len(points):
        raise ShapeError("centres holds no point")
    counted, reach = [], float(sizes.max())
    for centre in points:
        curve = region_curve(network, centre, reach, norm, max_regions=max_regions, max_seconds=max_seconds)
        counted.append(curve.count(sizes))
    counts, exact = (np.stack(parts) for parts in zip(*counted, strict=True))
    return CurveStatistics(sizes, counts, exact, norm, network.input_dim)


@dataclass(frozen=True, eq=False, repr=False)
class Occupancy:
    """How data are spread over regions.

    Attributes
    ----------
    per_region : array of int, shape (m,)
        Data in each region that holds some, from the fullest on.
    on_boundaries : int
        Data on a boundary between regions, which lie in none.
    regions : int, optional
        All regions, of which these are some.
    """

    per_region: Int
    on_boundaries: int
    regions: int | None = None

    def __repr__(self) -> str:
        among = "" if self.regions is None else f" of {self.regions:,}"
        data = f"{int(self.per_region.sum()):,} data, {self.on_boundaries:,} on boundaries"
        return f"Occupancy({self.occupied:,}{among} regions hold {data})"

    @property
    def occupied(self) -> int:
        """Number of regions that hold data."""
        return len(self.per_region)

    @property
    def data_per_region(self) -> float:
        """Mean number of data in a region that holds some."""
        return float(self.per_region.mean()) if len(self.per_region) else 0.0

    @property
    def empty_share(self) -> float | None:
        """Share of all regions that hold no datum; None if their number is not known."""
        return None if self.regions is None else 1.0 - self.occupied / self.regions


def occupancy(network: Network, data: ArrayLike, within: RegionCurve | None = None) -> Occupancy:
    """Count the regions that hold data, exactly.

    Parameters
    ----------
    network : Network
    data : array, shape (n, h)
    within : RegionCurve, optional
        Count only the regions of this curve that meet the ball of its exact radius, all of which are known.

    Raises
    ------
    ShapeError
        If the data do not have the network's input dimension.
    DataError
        If they are no finite numbers.

    Examples
    --------
    >>> from polyae import Layer
    >>> net = Network([Layer([[1.0], [1.0]], [0.0, -1.0], slope=0), Layer([[1.0, 1.0]], [0.0])])
    >>> found = occupancy(net, [[-1.0], [-2.0], [0.5], [1.0]], region_curve(net, [0.5], 3.0))
    >>> found.per_region.tolist(), found.on_boundaries, round(found.empty_share, 3)
    ([2, 1], 1, 0.333)
    """
    check_network(network)
    if within is not None and not isinstance(within, RegionCurve):
        raise SettingError(f"within takes a RegionCurve, got {type(within).__name__}; region_curve makes one")
    points = finite_array(data, "data", ("n", network.input_dim))
    arrangement = Arrangement(network, Space(network.input_dim))
    signs = arrangement.unit_signs(points) if len(points) else np.zeros((0, network.num_units), dtype=np.int8)
    doubtful = np.flatnonzero((signs == 0).any(axis=1))
    touching = [i for i in doubtful if _on_boundary(arrangement, signs[i])]
    inside = np.delete(signs, touching, axis=0) > 0
    keys, numbers = np.unique(np.packbits(inside, axis=1), axis=0, return_counts=True)
    regions = None
    if within is not None:
        known = within.found.packed[: int(np.searchsorted(within.found.low, within.exact_radius))]
        regions = len(known)
        numbers = numbers[_members(keys, known)]
    return Occupancy(np.sort(numbers)[::-1], len(touching), regions)


def _on_boundary(arrangement: Arrangement, signs: NDArray[np.int8]) -> bool:
    """Whether a unit that is zero at a point is not zero all around it."""
    pattern = signs > 0
    return any(any(arrangement.rational.unit_row(pattern, int(unit))[:-1]) for unit in np.flatnonzero(signs == 0))


def _members(keys: NDArray[np.uint8], known: NDArray[np.uint8]) -> NDArray[np.bool_]:
    names: set[bytes] = set(map(bytes, known))
    return np.array([bytes(key) in names for key in keys], dtype=bool)
