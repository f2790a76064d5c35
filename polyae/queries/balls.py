"""Regions and data in balls of growing radius around one centre: the curves of the paper's Figure 3.

One enumeration on the largest ball finds the regions; a region meets the open ball of radius r iff its
distance from the centre is below r.  Distances are enclosed in float64, and where a radius falls into
the enclosure it is compared in rationals.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq
from numpy.typing import ArrayLike, NDArray

from polyae.complex.enumerate import enumerate_regions
from polyae.complex.facet_rows import FacetRows, facet_rows
from polyae.domains import Ball
from polyae.errors import SettingError, ShapeError
from polyae.networks.network import Network
from polyae.queries.distance import enclose_distance, exact_distance_power

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["BallCounts", "count_in_balls"]

#: Distances of data this close to a radius, relatively, are compared in rationals.
DATA_DOUBT = 1e-9


@dataclass(frozen=True)
class BallCounts:
    """Regions and data in balls around one centre.

    Attributes
    ----------
    centre : array, shape (h,)
    p : float
        The norm: 1, 2 or inf.
    radii : array, shape (k,)
        As given.
    regions : array of int, shape (k,)
        Regions that meet each open ball; lower bounds if `complete` is false.
    data : array of int, shape (k,), or None
        Data in each closed ball; None if none were given.
    complete : bool
        Whether all regions of the largest ball were found.
    message : str
        Complete, or why it is partial and what to do.
    """

    centre: Float
    p: float
    radii: Float
    regions: Int
    data: Int | None
    complete: bool
    message: str


def count_in_balls(
    network: Network,
    centre: ArrayLike,
    radii: ArrayLike,
    data: ArrayLike | None = None,
    p: float = 2,
    *,
    max_regions: int | None = None,
    max_seconds: float | None = None,
    progress: bool = False,
) -> BallCounts:
    """Count the regions that meet balls around a centre, and the data in them.

    Parameters
    ----------
    network : Network
    centre : array, shape (h,)
    radii : array, shape (k,)
        In the units of the network's input; in any order.
    data : array, shape (n, h), optional
        Points of the network's input space.
    p : {1, 2, inf}
        Norm of the balls.
    max_regions, max_seconds : optional
        Limits of the enumeration; the result then says that it is partial.
    progress : bool
        Show a progress bar on standard error.

    Returns
    -------
    BallCounts
        A region that only touches a ball is outside; a datum on its boundary is inside.

    Raises
    ------
    ShapeError
        If centre or data do not have the network's input dimension, or are not finite.
    SettingError
        If there is no radius, one is not positive and finite, or the norm is another one.

    Examples
    --------
    >>> from polyae import Layer, Network
    >>> net = Network([Layer([[1.0], [1.0]], [-1.0, -2.0], slope=0), Layer([[1.0, 1.0]], [0.0])])
    >>> counts = count_in_balls(net, [0.0], [1.0, 1.5, 2.5], data=[[1.0], [-2.0]])
    >>> counts.regions.tolist(), counts.data.tolist()
    ([1, 2, 3], [1, 1, 2])
    """
    h = network.input_dim
    middle = _finite(centre, (h,), "centre")
    sizes = _check_radii(radii)
    points = None if data is None else _finite(data, (-1, h), "data")
    if p not in (1, 2, np.inf):
        raise SettingError(f"the norm p must be 1, 2 or inf, got {p}")
    inside = None if points is None else np.array([_data_in_ball(points, middle, r, p) for r in sizes])
    cx = enumerate_regions(
        network,
        Ball(middle, float(sizes.max()), p),
        max_regions=max_regions,
        max_seconds=max_seconds,
        progress=progress,
    )
    # Within the largest ball a region is bounded by the facets that meet it, and these are the edges.
    rows = facet_rows(cx, walls=False)
    regions = np.zeros(len(sizes), dtype=np.int64)
    for i in range(len(cx)):
        regions += _meets(rows, i, middle, sizes, p)
    return BallCounts(middle, float(p), sizes, regions, inside, cx.complete, cx.status.value)


def _finite(values: ArrayLike, shape: tuple[int, ...], name: str) -> Float:
    array = np.array(values, dtype=np.float64)
    fits = array.ndim == len(shape) and array.shape[-1] == shape[-1]
    if not fits:
        wanted = str(shape).replace("-1", "n")
        raise ShapeError(f"{name} has shape {array.shape}, the network's input needs {wanted}")
    if not np.isfinite(array).all():
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        raise ShapeError(f"{name} holds {array[where]} at {where}; finite numbers are needed")
    return array


def _check_radii(radii: ArrayLike) -> Float:
    sizes = np.array(radii, dtype=np.float64)
    if sizes.ndim != 1 or not sizes.size:
        raise SettingError(f"radii must be a nonempty list of numbers, got shape {sizes.shape}")
    for k in np.flatnonzero(~(np.isfinite(sizes) & (sizes > 0))):
        raise SettingError(f"radius {k} is {sizes[k]}; radii must be positive and finite")
    return sizes


def _meets(rows: FacetRows, i: int, centre: Float, sizes: Float, p: float) -> NDArray[np.bool_]:
    """Which open balls meet region i."""
    kernel = rows.complex.arrangement.kernel
    mine = slice(rows.first[i], rows.first[i + 1])
    low, high = enclose_distance(rows.values[mine], rows.errors[mine], rows.complex.witnesses[i], centre, p)
    found = high < sizes
    doubtful = np.flatnonzero(~found & (low < sizes))
    kernel.counts.filtered += len(sizes) - len(doubtful)
    if len(doubtful):
        distance = exact_distance_power(rows.exact(i), rows.exact_witness(i), centre, p)
        power = 2 if p == 2 else 1
        found[doubtful] = [distance < _rational(sizes[k]) ** power for k in doubtful]
        kernel.counts.exact += len(doubtful)
    return np.asarray(found)


def _rational(x: float) -> fmpq:
    return fmpq(*float(x).as_integer_ratio())


def _data_in_ball(points: Float, centre: Float, radius: float, p: float) -> int:
    """Number of points at distance at most `radius`."""
    with np.errstate(over="ignore"):
        distance = np.linalg.norm(points - centre, ord=p, axis=1)
    doubtful = np.flatnonzero(~(np.abs(distance - radius) > DATA_DOUBT * (distance + radius)))
    sure = np.count_nonzero(distance <= radius) - np.count_nonzero(distance[doubtful] <= radius)
    return int(sure) + sum(_exactly_in_ball(points[k], centre, radius, p) for k in doubtful)


def _exactly_in_ball(point: Float, centre: Float, radius: float, p: float) -> bool:
    gaps = [abs(Fraction(a) - Fraction(b)) for a, b in zip(point.tolist(), centre.tolist(), strict=True)]
    if p == 2:
        return sum(g * g for g in gaps) <= Fraction(radius) ** 2
    return (sum(gaps) if p == 1 else max(gaps)) <= Fraction(radius)
