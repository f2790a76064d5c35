"""Closed intervals that hold a number known only up to rounding and unfinished search."""

from __future__ import annotations

import decimal
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from polyae.errors import SettingError

__all__ = ["Interval"]


@dataclass(frozen=True)
class Interval:
    """The numbers between two bounds, which may be infinite.

    Sums and multiples are rounded outwards, so they hold every sum or multiple of the members.

    Parameters
    ----------
    lower, upper : float

    Raises
    ------
    SettingError
        If a bound is NaN or the upper one lies below the lower.

    Examples
    --------
    >>> third = Interval(0.333, 0.334)
    >>> third.contains(1 / 3), (3 * third).contains(1)
    (True, True)
    >>> third.below(Interval(0.4, 0.5))
    True
    """

    lower: float
    upper: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "lower", float(self.lower))
        object.__setattr__(self, "upper", float(self.upper))
        if not self.lower <= self.upper:
            raise SettingError(f"an interval needs lower <= upper, got [{self.lower}, {self.upper}]")

    def __repr__(self) -> str:
        return self.text(9)

    def text(self, digits: int) -> str:
        """Both bounds in so many digits, rounded outwards: what is read holds the number too.

        Examples
        --------
        >>> Interval(1 / 3, 2 / 3).text(2)
        '[0.33, 0.67]'
        """
        ends = ((self.lower, decimal.ROUND_FLOOR), (self.upper, decimal.ROUND_CEILING))
        low, high = (decimal.Context(digits, way).create_decimal_from_float(x) for x, way in ends)
        return f"[{float(low):.{digits}g}, {float(high):.{digits}g}]"

    @property
    def width(self) -> float:
        """Difference of the bounds; 0 for a single number, infinite ones included."""
        return 0.0 if self.lower == self.upper else self.upper - self.lower

    @property
    def relative_width(self) -> float:
        """Width over the larger magnitude of the bounds; 0 for a single number."""
        width = self.width
        return width / max(abs(self.lower), abs(self.upper)) if 0.0 < width < np.inf else width

    @property
    def midpoint(self) -> float:
        """Number in the middle."""
        return self.lower if self.lower == self.upper else self.lower + 0.5 * (self.upper - self.lower)

    def contains(self, value: float) -> bool:
        """Whether a number lies between the bounds."""
        return bool(self.lower <= value <= self.upper)

    def below(self, other: Interval) -> bool:
        """Whether every number here is at most every number of `other`."""
        return self.upper <= other.lower

    def above(self, other: Interval) -> bool:
        """Whether every number here is greater than every number of `other`."""
        return self.lower > other.upper

    def widened(self, margin: float) -> Interval:
        """Move both bounds outwards by `margin` or by one rounding step, whichever is more."""
        return Interval(_down(self.lower - margin), _up(self.upper + margin))

    def clipped(self, floor: float = 0.0) -> Interval:
        """Raise both bounds to at least `floor`, for numbers known to be no smaller."""
        return Interval(max(self.lower, floor), max(self.upper, floor))

    def __add__(self, other: Interval) -> Interval:
        return Interval(_down(self.lower + other.lower), _up(self.upper + other.upper))

    def __mul__(self, factor: float) -> Interval:
        ends = (self.lower * factor, self.upper * factor)
        return Interval(_down(min(ends)), _up(max(ends)))

    __rmul__ = __mul__

    @classmethod
    def maximum(cls, intervals: Iterable[Interval]) -> Interval:
        """Return the interval of the largest of several numbers; 0 if there are none."""
        items = list(intervals) or [cls(0.0, 0.0)]
        return cls(max(i.lower for i in items), max(i.upper for i in items))

    @classmethod
    def total(cls, intervals: Iterable[Interval]) -> Interval:
        """Return the interval of the sum of several numbers."""
        result = cls(0.0, 0.0)
        for item in intervals:
            result = result + item
        return result


def _down(value: float) -> float:
    return float(np.nextafter(value, -np.inf))


def _up(value: float) -> float:
    return float(np.nextafter(value, np.inf))
