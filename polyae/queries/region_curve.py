"""The number of regions that meet a ball as a step function of its radius, exact up to some radius."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from flint import fmpq
from numpy.typing import ArrayLike, NDArray

from polyae.arrays import finite_array, real_array, real_number, whole_number
from polyae.atomic import whole_file
from polyae.domains import as_norm
from polyae.engines.outward.exact import ExactFacets
from polyae.engines.outward.march import Outward
from polyae.engines.outward.round import Found, Outcome, Progress
from polyae.errors import FileFormatError, SettingError
from polyae.networks.network import Network, check_network
from polyae.predicates.interrupts import interruptible

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

__all__ = ["RegionCurve", "check_ball", "check_limits", "check_radii", "load_curve", "norm_name", "region_curve"]

FORMAT = "polyae region curve"
#: What reading a damaged archive can raise.
DAMAGE = (ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile, NotImplementedError)


@dataclass(frozen=True, eq=False, repr=False)
class RegionCurve:
    """Regions around a centre in order of distance.  Made by :func:`region_curve`.

    Attributes
    ----------
    network : Network
    centre : array, shape (h,)
    p : float
        The norm: 1, 2 or inf.
    found : Found
        Patterns and certified bounds of the distances.
    outcome : Outcome
        Why it ended.
    """

    network: Network
    centre: Float
    p: float
    found: Found
    outcome: Outcome
    _exact: list[ExactFacets] = field(default_factory=list, repr=False)

    def __len__(self) -> int:
        return len(self.found.low)

    def __repr__(self) -> str:
        place = f"around a centre in R^{len(self.centre)}, {norm_name(self.p)}"
        return f"RegionCurve({len(self):,} regions {place}, exact up to radius {self.exact_radius:.6g}, {self.status})"

    @property
    def status(self) -> str:
        """``complete`` or ``partial``."""
        return self.outcome.value.split(":")[0]

    @property
    def exact_radius(self) -> float:
        """All regions nearer than this are known."""
        return self.found.radius

    @property
    def distances(self) -> Float:
        """Certified bounds of the regions' distances, ascending: shape (n, 2)."""
        return np.column_stack([self.found.low, self.found.high])

    def count(self, radii: ArrayLike) -> tuple[Int, Bool]:
        """Number of regions found that meet each open ball, and whether these are all of them.

        Where a radius falls between the bounds of a distance the two are compared in rational arithmetic.

        Parameters
        ----------
        radii : array, shape (k,)

        Raises
        ------
        ShapeError, DataError
            If they are no vector of finite numbers.
        """
        sizes = finite_array(radii, "radii", ("k",))
        certain = np.searchsorted(np.sort(self.found.high), sizes, side="left")
        for k, r in enumerate(sizes.tolist()):
            doubtful = np.flatnonzero((self.found.low < r) & (self.found.high >= r))
            power = _rational(r) ** (2 if self.p == 2 else 1)
            certain[k] += sum(self.exact_power(i) < power for i in doubtful.tolist())
        return certain.astype(np.int64), sizes <= self.exact_radius

    def exact_power(self, region: int) -> fmpq:
        """Exact distance of a region, squared for p = 2."""
        if not self._exact:
            facets = ExactFacets(self.network, self.centre, self.p)
            high = self.found.high[np.isfinite(self.found.high)]
            # Somewhat farther than any of them.
            facets.reach(2 * max(self.exact_radius, float(high.max(initial=0.0)), float(self.found.low[-1])))
            self._exact.append(facets)
        return self._exact[0].region_power(self._pattern(region))

    def _pattern(self, region: int) -> Bool:
        return self.patterns(region, region + 1)[0]

    def patterns(self, start: int = 0, stop: int | None = None) -> Bool:
        """Patterns of the regions, in order of distance: (n, units)."""
        return np.unpackbits(self.found.packed[start:stop], axis=1, count=self.network.num_units).astype(bool)

    def save(self, path: str | Path) -> None:
        """Write to a ``.npz`` file, which appears under its name only when it is whole.

        Raises
        ------
        FileFormatError
            If it cannot be written.
        """
        header = {"format": FORMAT, "schema": 1, "network": self.network.digest, "p": str(self.p),
                  "units": self.network.num_units, "radius": self.found.radius.hex(),
                  "outcome": self.outcome.name}  # fmt: skip
        with whole_file(path) as whole, open(whole, "wb") as file:
            np.savez_compressed(
                file, header=np.array(json.dumps(header)), centre=self.centre, low=self.found.low,
                high=self.found.high, packed=self.found.packed,
            )  # fmt: skip


def load_curve(path: str | Path, network: Network) -> RegionCurve:
    """Read what :meth:`RegionCurve.save` wrote for the same network.

    Raises
    ------
    FileFormatError
        If the file is missing, damaged or of another kind.
    SettingError
        If it belongs to another network.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            header: dict[str, Any] = json.loads(str(archive["header"]))
            if header["format"] != FORMAT or header["schema"] != 1:
                raise ValueError(f"its format is {header['format']}, {header['schema']}")
            arrays = {name: archive[name] for name in ("centre", "low", "high", "packed")}
        found = Found(arrays["packed"], arrays["low"], arrays["high"], float.fromhex(header["radius"]))
        shape = (len(found.low), (header["units"] + 7) // 8)
        if not (found.packed.shape == shape and len(found.low) == len(found.high) > 0):
            raise ValueError("its arrays do not fit")
        curve = RegionCurve(network, arrays["centre"], float(header["p"]), found, Outcome[header["outcome"]])
    except FileNotFoundError as error:
        raise FileFormatError(f"cannot read {path}: {error.strerror}") from error
    except DAMAGE as error:
        raise FileFormatError(f"{path} is not a whole region curve: {error}") from error
    if header["network"] != network.digest:
        raise SettingError(f"{path} holds the regions of another network; give another file")
    return curve


@interruptible
def region_curve(
    network: Network,
    centre: ArrayLike,
    radius: float,
    p: float | str = 2,
    *,
    max_regions: int | None = None,
    max_seconds: float | None = None,
    resume: RegionCurve | None = None,
    progress: Progress | None = None,
    keep: Callable[[RegionCurve], None] | None = None,
) -> RegionCurve:
    """Find the regions nearer to a centre than a radius, in the order of their distance.

    Parameters
    ----------
    network : Network
    centre : array, shape (h,)
    radius : float
        Where to end, in the units of the network's input.
    p : {1, 2, inf}
    max_regions, max_seconds : optional
        Where to end before; the curve is then exact up to a smaller radius, and goes on as a lower bound.  Compilation
        does not count as time.  However short the time, a curve that is resumed gets farther than before.
    resume : RegionCurve, optional
        An earlier curve of the same network, centre and norm to go on with.
    progress : callable, optional
        Called with the number of regions and the radius reached.
    keep : callable, optional
        Given the curve once a minute, and when it is done.

    Raises
    ------
    ShapeError, DataError, SettingError
        If an argument is not what it should be.

    Examples
    --------
    >>> from polyae import Layer
    >>> net = Network([Layer(np.eye(2), [-1.0, -2.0], 0.0), Layer([[1.0, 1.0]], [0.0])])
    >>> curve = region_curve(net, [0.0, 0.0], 2.5)
    >>> curve.distances[:, 0].round(3).tolist(), curve.count([1.0, 1.1, 2.25])[0].tolist()
    ([0.0, 1.0, 2.0, 2.236], [1, 2, 4])
    """
    middle, (reach, *more), norm = check_ball(network, centre, radius, p, "radius")
    if more:
        raise SettingError(f"radius must be one number, got {len(more) + 1}; count_in_balls takes several")
    check_limits(max_regions, max_seconds)
    if resume is not None and not isinstance(resume, RegionCurve):
        raise SettingError(f"resume takes a RegionCurve, got {type(resume).__name__}; load_curve reads a saved one")
    if resume is not None and not (
        resume.network == network and np.array_equal(resume.centre, middle) and resume.p == norm
    ):
        raise SettingError("the curve to resume belongs to another network, centre or norm")
    search = Outward(network, middle, norm, None if resume is None else resume.found)

    def made(found: Found, outcome: Outcome) -> RegionCurve:
        return RegionCurve(network, middle, norm, found, outcome)

    outcome = search.march(
        reach, max_regions=max_regions, max_seconds=max_seconds, progress=progress,
        keep=None if keep is None else lambda found: keep(made(found, Outcome.INTERRUPTED)),
    )  # fmt: skip
    curve = made(search.found, outcome)
    if keep is not None:
        keep(curve)
    return curve


def check_ball(
    network: Network, centre: ArrayLike, radii: ArrayLike, p: float | str, name: str = "radii"
) -> tuple[Float, Float, float]:
    """Centre and radii as arrays, and the norm as a number.

    Parameters
    ----------
    network : Network
    centre, radii, p
        As given to :func:`region_curve`.
    name : str
        What the caller calls the radii.

    Raises
    ------
    ShapeError
        If the centre does not have the network's input dimension.
    SettingError
        If it is no Network, there is no radius, one is not positive and finite, or the norm is not 1, 2 or inf.
    DataError
        If centre or radii are no real numbers, or the centre is not finite.
    """
    check_network(network)
    return finite_array(centre, "centre", (network.input_dim,)), check_radii(radii, name), as_norm(p)


def check_limits(max_regions: int | None, max_seconds: float | None) -> None:
    """Refuse limits that leave no room.

    Raises
    ------
    SettingError
        If one is no number, or not positive.
    """
    if max_regions is not None:
        whole_number(max_regions, "max_regions", 1)
    if max_seconds is not None and not real_number(max_seconds, "max_seconds") > 0:
        raise SettingError(f"max_seconds must be positive, got {max_seconds}")


def check_radii(radii: ArrayLike, name: str = "radii") -> Float:
    """Radii as an array, shape (k,); a number is one radius.

    Raises
    ------
    SettingError
        If there is none, or one is not positive and finite.
    DataError
        If they are no real numbers.
    """
    sizes = np.array(np.atleast_1d(real_array(radii, name)))
    if sizes.ndim != 1 or not sizes.size:
        raise SettingError(f"{name} must be a number or a nonempty list of numbers, got shape {sizes.shape}")
    for k in np.flatnonzero(~(np.isfinite(sizes) & (sizes > 0))):
        which = f"radius {k}" if sizes.size > 1 or name != "radius" else "radius"
        raise SettingError(f"{which} is {sizes[k]}; {name} must be positive and finite")
    return sizes


def norm_name(p: float) -> str:
    """Name of a norm: 1-norm, 2-norm or infinity-norm."""
    return "infinity-norm" if np.isinf(p) else f"{p:g}-norm"


def _rational(x: float) -> fmpq:
    exact = Fraction(x)
    return fmpq(exact.numerator, exact.denominator)
