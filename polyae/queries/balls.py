"""Regions and data in balls of growing radius around one centre: the curves of the paper's Figure 3.

The number of regions that meet a ball is exact as far as outward marching reached.  Beyond, it lies between the
number found so far and a bound that counts the units which can change in the ball, and is estimated by random
descents.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.arrays import finite_array, whole_number
from polyae.engines.outward.round import Outcome, Progress
from polyae.errors import SettingError
from polyae.networks.network import Network, check_network
from polyae.networks.slices import Slice
from polyae.predicates.compilation import clock
from polyae.queries.count_bounds import most_regions_in_ball
from polyae.queries.count_estimate import RegionEstimate, estimate_regions
from polyae.queries.region_curve import RegionCurve, check_ball, check_limits, norm_name, region_curve
from polyae.queries.text_table import text_table, whole

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

__all__ = ["BallCounts", "count_data", "count_in_balls"]

#: Distances of data this close to a radius, relatively, are compared in rationals.
DATA_DOUBT = 1e-9
#: Share of the time for the exact part where estimates may follow.
EXACT_SHARE = 0.7


@dataclass(frozen=True, eq=False, repr=False)
class BallCounts:
    """Regions and data in balls around one centre.

    Attributes
    ----------
    centre : array, shape (h,)
    p : float
        The norm: 1, 2 or inf.
    radii : array, shape (k,)
        As given.
    regions_lower : array of int, shape (k,)
        Regions found that meet each open ball.
    regions_upper : tuple of int, length k
        Certified upper bounds.
    regions_exact : tuple of int or None, length k
        The number itself, None beyond the exact radius.
    estimates : tuple of RegionEstimate or None, length k
        Where the number is not exact, if there was time.
    data : array of int, shape (k,), or None
        Data in each closed ball; None if none were given.
    curve : RegionCurve
        All regions found, in order of distance.
    data_distances : array, shape (n,), or None
        Distances of the data from the centre, ascending, rounded to float64.
    unestimated : str
        Why there is no estimate where there might be one.
    """

    centre: Float
    p: float
    radii: Float
    regions_lower: Int
    regions_upper: tuple[int, ...]
    regions_exact: tuple[int | None, ...]
    estimates: tuple[RegionEstimate | None, ...]
    data: Int | None
    curve: RegionCurve
    data_distances: Float | None
    unestimated: str

    def __repr__(self) -> str:
        place = f"a centre in R^{len(self.centre)}, {norm_name(self.p)}"
        known = f"exact up to radius {self.exact_radius:.6g}"
        return f"BallCounts({len(self.radii)} radii around {place}, {known}, {self.curve.status})"

    def __str__(self) -> str:
        header = ("radius", "lower", "exact", "upper", "estimate", "data")
        rows = [
            (f"{r:.6g}", f"{low:,}", "-" if exact is None else f"{exact:,}", whole(high),
             "-" if estimate is None else str(estimate), "-" if self.data is None else f"{self.data[k]:,}")
            for k, (r, low, exact, high, estimate) in enumerate(
                zip(self.radii, self.regions_lower, self.regions_exact, self.regions_upper, self.estimates, strict=True)
            )
        ]  # fmt: skip
        return "\n".join([repr(self), *text_table(header, rows), *self.notes])

    @property
    def exact_radius(self) -> float:
        """Counts up to this radius are exact."""
        return self.curve.exact_radius

    @property
    def complete(self) -> bool:
        """Whether all counts are exact."""
        return None not in self.regions_exact

    @property
    def message(self) -> str:
        """Complete, or why it is partial."""
        return self.curve.outcome.value

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the numbers must know: why they are partial, estimates that are missing or doubtful."""
        notes = [] if self.complete else [self.message]
        if self.heavy_tail.any():
            radii = ", ".join(f"{r:.6g}" for r in self.radii[self.heavy_tail])
            notes.append(f"estimates with a heavy tail, whose error is not to be trusted, at radius {radii}")
        if missing := self.without_estimate:
            radii = ", ".join(f"{r:.6g}" for r in missing)
            notes.append(f"no estimate at radius {radii}: {self.unestimated}")
        return tuple(notes)

    @property
    def without_estimate(self) -> list[float]:
        """Radii at which the number is neither exact nor estimated."""
        known = zip(self.radii.tolist(), self.regions_exact, self.estimates, strict=True)
        return [r for r, exact, estimate in known if exact is None and estimate is None]

    @property
    def estimate(self) -> Float:
        """The exact number, else its estimate, else NaN: shape (k,)."""
        pairs = zip(self.regions_exact, self.estimates, strict=True)
        known = ((math.nan if n is None else float(n)) if e is None else e.value for n, e in pairs)
        return np.array(list(known))

    @property
    def estimate_std(self) -> Float:
        """Standard error of the estimate, 0 where it is exact, NaN where there is none: shape (k,)."""
        pairs = zip(self.regions_exact, self.estimates, strict=True)
        return np.array([e.std if e is not None else math.nan if n is None else 0.0 for n, e in pairs])

    @property
    def heavy_tail(self) -> Bool:
        """Where the error of the estimate cannot be trusted: shape (k,)."""
        return np.array([e is not None and e.heavy_tail for e in self.estimates])


def count_in_balls(
    network: Network,
    centre: ArrayLike,
    radii: ArrayLike,
    data: ArrayLike | None = None,
    p: float | str = 2,
    *,
    on: Slice | None = None,
    max_regions: int | None = None,
    max_seconds: float | None = None,
    runs: int = 32,
    seed: int = 0,
    resume: RegionCurve | None = None,
    keep: Callable[[RegionCurve], None] | None = None,
    progress: Progress | None = None,
) -> BallCounts:
    """Count the regions that meet balls around a centre, and the data in them.

    Parameters
    ----------
    network : Network
    centre : array, shape (h,)
    radii : array, shape (k,), or one number
        In the units of the network's input; in any order.
    data : array, shape (n, h), optional
        Points of the network's input space.
    p : {1, 2, inf}
        Norm of the balls, as a number or a string.
    on : Slice, optional
        Count the regions of a slice of the input space; centre and radii are then in its coordinates.  Data stay
        points of the whole input space.
    max_regions, max_seconds : optional
        Limits; the counts are then exact up to a smaller radius, and bounded and estimated beyond.  Compilation does
        not count as time.  However short the time, a search that is resumed gets farther than before.
    runs : int
        Independent runs of an estimate, at least 8; 0 for no estimates.  There are none either after Ctrl-C.
    seed : int
        Of the estimates.
    resume : RegionCurve, optional
        What is known already, for the same network, centre and norm.
    keep : callable, optional
        Given the curve once a minute, and when it is done, before the estimates.
    progress : callable, optional
        Called with the number of regions found and the radius reached.

    Returns
    -------
    BallCounts
        A region that only touches a ball is outside; a datum on its boundary is inside.

    Raises
    ------
    ShapeError
        If centre or data do not have the network's input dimension.
    SettingError
        If there is no radius, one is not positive and finite, the norm is another one, or a limit is not
        positive; if there are data and a slice whose coordinates do not preserve lengths.
    DataError
        If centre, radii or data are no real numbers, or NaN or infinity is among centre or data.

    Examples
    --------
    >>> from polyae import Layer, Network
    >>> net = Network([Layer([[1.0], [1.0]], [-1.0, -2.0], slope=0), Layer([[1.0, 1.0]], [0.0])])
    >>> counts = count_in_balls(net, [0.0], [1.0, 1.5, 2.5], data=[[1.0], [-2.0]])
    >>> counts.regions_exact, counts.data.tolist()
    ((1, 2, 3), [1, 1, 2])
    """
    check_network(network)
    whole_dim = network.input_dim
    if on is not None and not isinstance(on, Slice):
        raise SettingError(f"on takes a Slice, got {type(on).__name__}")
    network = network if on is None else on.restrict(network)
    middle, sizes, norm = check_ball(network, centre, radii, p)
    check_limits(max_regions, max_seconds)
    seed, runs = whole_number(seed, "seed"), whole_number(runs, "runs")
    if 0 < runs < 8:
        raise SettingError(f"an estimate takes at least 8 runs, or 0 for none, got {runs}")
    if data is not None and on is not None and not (norm == 2 and on.orthonormal):
        raise SettingError("data are counted beside a slice only for p = 2 and orthonormal directions: lengths differ")
    place = [Fraction(c) for c in middle.tolist()] if on is None else on.exact_point(middle.tolist())
    points = None if data is None else finite_array(data, "data", ("n", whole_dim))
    inside = None if points is None else count_data(points, place, sizes, norm)
    distances = None if points is None else np.sort(_distances(points, place, norm))
    ends = math.inf if max_seconds is None else clock() + max_seconds
    seconds = None if max_seconds is None else max_seconds * (EXACT_SHARE if runs else 1.0)
    curve = region_curve(
        network, middle, float(sizes.max()), norm, max_regions=max_regions, max_seconds=seconds, resume=resume,
        progress=progress, keep=keep,
    )  # fmt: skip
    lower, exact = curve.count(sizes)
    known = tuple(int(n) if sure else None for n, sure in zip(lower, exact, strict=True))
    upper = _upper_bounds(network, middle, sizes, norm, known)
    interrupted = curve.outcome is Outcome.INTERRUPTED
    estimates, why = _estimates(network, middle, sizes, norm, known, 0 if interrupted else runs, seed, ends)
    why = "interrupted" if interrupted else why
    return BallCounts(middle, norm, sizes, lower, upper, known, estimates, inside, curve, distances, why)


def _upper_bounds(
    network: Network, centre: Float, radii: Float, p: float, known: tuple[int | None, ...]
) -> tuple[int, ...]:
    bounds = [
        most_regions_in_ball(network, centre, r, p) if n is None else n
        for r, n in zip(radii.tolist(), known, strict=True)
    ]
    # What bounds a larger ball bounds a smaller one.
    return tuple(min(b for b, s in zip(bounds, radii, strict=True) if s >= r) for r in radii)


def _estimates(
    network: Network, centre: Float, radii: Float, p: float, known: tuple[int | None, ...], runs: int, seed: int,
    ends: float,
) -> tuple[tuple[RegionEstimate | None, ...], str]:  # fmt: skip
    """Estimates from the smallest radius on, each with more of the time left than the one before.

    Beside them, why some are missing if some are.
    """
    found: list[RegionEstimate | None] = [None] * len(radii)
    order = [int(k) for k in np.argsort(radii) if known[k] is None] if runs else []
    why = "the time ran out" if runs else "none was asked for"
    try:
        for place, k in enumerate(order):
            share = (place + 1) / sum(range(place + 1, len(order) + 1))
            left = None if ends == math.inf else (ends - clock()) * share
            if left is not None and left <= 0:
                break
            found[k] = estimate_regions(
                network, centre, float(radii[k]), p, runs=runs, seed=seed + place, max_seconds=left
            )
    except KeyboardInterrupt:
        why = "interrupted"  # what is estimated is kept, the rest is None
    return tuple(found), why


def count_data(points: Float, centre: Sequence[Fraction], radii: Float, p: float) -> Int:
    """Number of points (n, h) in closed balls around an exact centre: shape (k,).

    Examples
    --------
    >>> count_data(np.array([[0.0], [1.0]]), [Fraction(0)], np.array([0.5, 1.0]), 2).tolist()
    [1, 2]
    """
    distance = _distances(points, centre, p)
    counts = []
    for radius in radii.tolist():
        doubtful = np.flatnonzero(~(np.abs(distance - radius) > DATA_DOUBT * (distance + radius)))
        sure = np.count_nonzero(distance <= radius) - np.count_nonzero(distance[doubtful] <= radius)
        counts.append(int(sure) + sum(_exactly_in_ball(points[k], centre, radius, p) for k in doubtful))
    return np.array(counts, dtype=np.int64)


def _distances(points: Float, centre: Sequence[Fraction], p: float) -> Float:
    with np.errstate(over="ignore"):
        found: Float = np.linalg.norm(points - np.array([float(c) for c in centre]), ord=p, axis=1)
    return found


def _exactly_in_ball(point: Float, centre: Sequence[Fraction], radius: float, p: float) -> bool:
    gaps = [abs(Fraction(a) - b) for a, b in zip(point.tolist(), centre, strict=True)]
    if p == 2:
        return sum(g * g for g in gaps) <= Fraction(radius) ** 2
    return (sum(gaps) if p == 1 else max(gaps)) <= Fraction(radius)
