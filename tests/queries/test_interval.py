"""Intervals hold what they should, also after rounding."""

from fractions import Fraction

import numpy as np
import pytest

from polyae.errors import SettingError
from polyae.queries.interval import Interval


def test_sums_and_multiples_are_outward() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        values = rng.normal(size=10) * 10.0 ** rng.integers(-8, 8, size=10)
        total = Interval.total(Interval(v, v) for v in values)
        exact = sum((Fraction(v) for v in values), Fraction(0))
        assert Fraction(total.lower) <= exact <= Fraction(total.upper)
        factor = float(rng.normal())
        product = factor * Interval(values[0], values[0])
        assert Fraction(product.lower) <= Fraction(factor) * Fraction(values[0]) <= Fraction(product.upper)


def test_order() -> None:
    low, high = Interval(0, 1), Interval(1, 2)
    assert low.below(high) and not high.below(low)
    assert not low.above(high) and not high.above(low)
    assert Interval(1.5, 2).above(low)
    assert Interval.maximum([low, Interval(-1, 3)]) == Interval(0, 3)


def test_widths() -> None:
    assert Interval(1, 1).width == 0 and Interval(np.inf, np.inf).width == 0
    assert Interval(1, 2).relative_width == 0.5
    assert Interval(0, np.inf).relative_width == np.inf
    assert Interval(-1, 1).widened(1).clipped() == Interval(0, np.nextafter(2, 3))


def test_errors() -> None:
    with pytest.raises(SettingError, match="lower <= upper"):
        Interval(1, 0)
    with pytest.raises(SettingError):
        Interval(np.nan, 0)
