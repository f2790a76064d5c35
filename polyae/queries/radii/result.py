"""The table of radii: what is measured of a region, as values and as intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from polyae.arrays import whole_number
from polyae.errors import SettingError
from polyae.queries.text_table import text_table

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

RadiusName = Literal[
    "latent_inradius",
    "latent_circumradius",
    "latent_contact_radius",
    "latent_diameter",
    "latent_width",
    "latent_volume",
    "data_inradius",
    "data_circumradius",
    "data_contact_radius",
    "data_diameter",
    "data_width",
    "data_volume",
]

__all__ = ["MEASURES", "NAMES", "Radii", "RadiusName"]

NAMES: tuple[RadiusName, ...] = get_args(RadiusName)

#: What is measured, in both spaces, in the order of the columns.
MEASURES = ("inradius", "circumradius", "contact_radius", "diameter", "width", "volume")


class _Column:
    """Values of one radius, as an attribute."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._index = NAMES.index(cast(RadiusName, name))
        self.__doc__ = f"Values of the {name.replace('_', ' ')}, shape (n,)."

    def __get__(self, radii: Radii, owner: type | None = None) -> Float:
        return radii.values[:, self._index]


@dataclass(frozen=True, repr=False)
class Radii:
    """Radii of n regions, in latent space and of their images; unbounded is ``inf``.

    Each radius lies between `lower` and `upper`.  Where `tight` says so, these agree to the accuracy that was
    asked for; elsewhere the value is the upper end.  Each column is also an attribute, ``radii.data_diameter``.

    * inradius: of a largest ball inside the region, or inside its image in the h-dimensional affine hull;
    * circumradius: of the smallest ball around it;
    * contact radius: largest distance from an anchor, the Chebyshev centre (or its image) unless others were given;
    * diameter: largest distance of two points;
    * width: smallest distance of two parallel hyperplanes (of the affine hull, for images) that enclose it;
    * volume: in h dimensions; that of the image is ``sqrt(det A^T A)`` times that of the region.

    Inradius, width and volume of an image are 0 if the affine map has rank below h.  The circumradius of an
    image is finite for an unbounded region whose recession cone the affine map sends to 0.

    Attributes
    ----------
    values, lower, upper : array, shape (n, 12)
        Columns in the order of `NAMES`; latent ones in units of the code, the others in units of the data.
    accuracy : float
        Relative width of an interval that counts as tight.
    """

    values: Float
    lower: Float
    upper: Float
    accuracy: float

    latent_inradius = _Column()
    latent_circumradius = _Column()
    latent_contact_radius = _Column()
    latent_diameter = _Column()
    latent_width = _Column()
    latent_volume = _Column()
    data_inradius = _Column()
    data_circumradius = _Column()
    data_contact_radius = _Column()
    data_diameter = _Column()
    data_width = _Column()
    data_volume = _Column()

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        tight = int(self.tight.all(axis=1).sum())
        return f"Radii({len(self):,} regions, {tight:,} of them to a relative accuracy of {self.accuracy:g})"

    def __str__(self) -> str:
        rows = [
            (name, *(f"{one[key]:.6g}" if one[key] is not None else "-" for key in ("min", "median", "max")),
             f"{one['unbounded']:,}", f"{loose:,}")
            for name, one, loose in zip(NAMES, map(_statistics, self.values.T), (~self.tight).sum(axis=0), strict=True)
        ]  # fmt: skip
        header = ("radius", "least", "median", "largest", "unbounded", "wide intervals")
        return "\n".join([repr(self), *text_table(header, rows), *self.notes])

    def interval(self, name: RadiusName) -> tuple[Float, Float]:
        """Lower and upper ends of one radius.

        Raises
        ------
        SettingError
            If there is no radius of that name.
        """
        column = _column(name)
        return self.lower[:, column], self.upper[:, column]

    @property
    def tight(self) -> Bool:
        """Which intervals are as narrow as was asked for: shape (n, 12)."""
        infinite = np.isinf(self.lower) & np.isinf(self.upper)
        with np.errstate(invalid="ignore"):
            return infinite | (self.upper - self.lower <= self.accuracy * self.upper)

    @property
    def unbounded(self) -> Bool:
        """Regions that are unbounded in latent space: shape (n,)."""
        return np.isinf(self.latent_diameter)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the numbers must know: radii that are infinite, intervals that are wide."""
        notes = []
        if self.unbounded.any():
            notes.append(
                f"{int(self.unbounded.sum()):,} of {len(self):,} regions are unbounded: infinite radii are counted as "
                "unbounded and left out of the statistics"
            )
        if not self.tight.all():
            notes.append(f"intervals wider than {self.accuracy:g} are given by their upper ends")
        return tuple(notes)

    def largest(self, k: int, by: RadiusName = "latent_circumradius") -> Int:
        """Numbers of the k regions with the largest radius, in descending order; unbounded ones first.

        Raises
        ------
        SettingError
            If k is no positive whole number, or there is no radius of that name.
        """
        return np.argsort(-self.values[:, _column(by)], kind="stable")[: _count(k)]

    def thinnest(self, k: int, by: RadiusName = "latent_inradius") -> Int:
        """Numbers of the k regions with the smallest radius, in ascending order.

        Raises
        ------
        SettingError
            If k is no positive integer, or there is no radius of that name.
        """
        return np.argsort(self.values[:, _column(by)], kind="stable")[: _count(k)]

    def summary(self) -> dict[str, Any]:
        """JSON-ready statistics of each radius.

        Returns
        -------
        dict
            For each radius ``min, median, mean, max`` over the bounded ones (None if there is none) and the
            number ``unbounded``; beside them ``regions``, and ``tight``, the number of regions all of whose
            intervals are.
        """
        result: dict[str, Any] = {name: _statistics(self.values[:, i]) for i, name in enumerate(NAMES)}
        return {"regions": len(self), "tight": int(self.tight.all(axis=1).sum()), **result}


def _column(name: RadiusName) -> int:
    if name not in NAMES:
        raise SettingError(f"no radius {name!r}; choose one of {', '.join(NAMES)}")
    return NAMES.index(name)


def _count(k: int) -> int:
    return whole_number(k, "the number of regions asked for", 1)


def _statistics(values: Float) -> dict[str, float | int | None]:
    finite = values[np.isfinite(values)]
    measures: dict[str, Any] = {"min": np.min, "median": np.median, "mean": np.mean, "max": np.max}
    found = {name: float(measure(finite)) if len(finite) else None for name, measure in measures.items()}
    return {**found, "unbounded": len(values) - len(finite)}
