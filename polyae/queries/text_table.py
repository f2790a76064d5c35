"""Results as aligned text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from polyae.queries.interval import Interval

Float = NDArray[np.float64]

__all__ = ["order_above", "rounded", "spread", "spread_table", "text_table", "whole"]

#: Digits of a number, and of the ends of an interval, in the statistics of many.
DIGITS, ENDS = 6, 8

#: Larger counts are shown by their order of magnitude.
LONGEST_WHOLE, LONGEST_ROUNDED = 10**12, 1e9


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], align: str = ">") -> list[str]:
    """Lines with aligned columns.

    Parameters
    ----------
    header : sequence of str
    rows : sequence of sequence of str
        As many entries as the header has.
    align : {">", "<"}
        To the right or to the left.

    Examples
    --------
    >>> text_table(("radius", "data"), [("1", "5"), ("2.5", "1,000")])
    ['radius   data', '     1      5', '   2.5  1,000']
    """
    widths = [max(len(row[k]) for row in [header, *rows]) for k in range(len(header))]
    return [
        "  ".join(f"{cell:{align}{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]


def spread(low: Float, high: Float) -> tuple[str, str, str]:
    """Least, mean and largest of numbers that are known by two ends, NaN left out; one array twice for values.

    Examples
    --------
    >>> values = np.array([1.0, 4.0, np.nan])
    >>> spread(values, values), spread(values, values + 0.5)
    (('1', '2.5', '4'), ('[1, 1.5]', '[2.5, 3]', '[4, 4.5]'))
    """
    known = ~(np.isnan(low) | np.isnan(high))
    if not known.any():
        return "-", "-", "-"
    ends = [(float(f(low[known])), float(f(high[known]))) for f in (np.min, np.mean, np.max)]
    least, mean, most = (
        f"{a:.{DIGITS}g}" if low is high else Interval(min(a, b), max(a, b)).text(ENDS) for a, b in ends
    )
    return least, mean, most


def spread_table(what: str, quantities: Mapping[str, tuple[Float, Float]]) -> list[str]:
    """Lines with the spread of each quantity over `what`.

    Examples
    --------
    >>> spread_table("over the pairs", {"residual": (np.ones(3), np.ones(3))})[0]
    'over the pairs  least   mean  largest'
    """
    rows = [(name, *spread(low, high)) for name, (low, high) in quantities.items()]
    return text_table((what, "least", "mean", "largest"), rows, "<")


def order_above(number: int) -> int:
    """The least exponent of a power of ten that exceeds a positive number.

    Examples
    --------
    >>> order_above(7), order_above(2**53), order_above(2**16600)
    (1, 16, 4998)
    """
    exponent = math.ceil(number.bit_length() * math.log10(2))
    return exponent - (10 ** (exponent - 1) > number)


def whole(number: int) -> str:
    """A count in full, or a power of ten above it.

    Examples
    --------
    >>> whole(12345), whole(2**53)
    ('12,345', '<10^16')
    """
    return f"{number:,}" if number < LONGEST_WHOLE else f"<10^{order_above(number)}"


def rounded(value: float, digits: int) -> str:
    """A number with so many significant digits, in full unless it is very large or small.

    Examples
    --------
    >>> rounded(35784.2, 4), rounded(3.14159, 3), rounded(4.2e15, 2)
    ('35,780', '3.14', '4.2e+15')
    """
    short = f"{value:.{digits}g}"
    return f"{float(short):,.0f}" if 1000 <= abs(value) < LONGEST_ROUNDED else short
