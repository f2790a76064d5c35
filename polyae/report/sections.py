"""What a study hands to the page: text, tables, figures and the numbers behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.figure import Figure

__all__ = ["Picture", "Section", "Table", "short"]


@dataclass(frozen=True)
class Table:
    """Rows of text under a header; the first column holds their names."""

    caption: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Picture:
    """A figure, the stem of its file name, and what it shows."""

    name: str
    caption: str
    figure: Figure

    @property
    def width(self) -> int:
        """Width on the page in CSS pixels, the same scale for all figures."""
        return round(88 * self.figure.get_figwidth())


@dataclass(frozen=True)
class Section:
    """One part of the report.

    Attributes
    ----------
    key : str
        Name of its numbers in the summary.
    title : str
    paragraphs : list of str
    tables : list of Table
    pictures : list of Picture
    numbers : dict
        For the summary, with arrays and infinities as they are.
    """

    key: str
    title: str
    numbers: dict[str, Any]
    paragraphs: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)


def short(value: float, digits: int = 4) -> str:
    """Number with a few significant digits.

    Examples
    --------
    >>> short(1797.0), short(0.000123456), short(float("inf"))
    ('1797', '0.0001235', 'infinite')
    """
    return "infinite" if value == float("inf") else f"{value:.{digits}g}"
