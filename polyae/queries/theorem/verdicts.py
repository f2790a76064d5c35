"""Verdicts on readings of the theorem, and what would decide those that are open."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from polyae.queries.interval import Interval
from polyae.queries.text_table import text_table
from polyae.queries.theorem.readings import Premises, Reading, Sides

__all__ = ["Effort", "Outcome", "Verdict", "judge", "verdict_table"]

Outcome = Literal["holds", "violated", "undecided"]

#: Simplices that any search may take.
FEW = 64
#: Widths below this share of the sides, or of the coordinates, are those of float64 bounds and not of the search.
SHARP, ROUNDED = 1e-9, 1e-11


@dataclass(frozen=True)
class Effort:
    """What the search for a left side took.

    Attributes
    ----------
    simplices : int
        How many were looked at.
    dim : int
        Their dimension.
    blur : float
        Width that samples of the manifold leave to the interval, however long the search.
    scale : float
        Size of the coordinates.
    """

    simplices: int
    dim: int
    blur: float
    scale: float


@dataclass(frozen=True, repr=False)
class Verdict:
    """A reading on a case.

    Attributes
    ----------
    reading : Reading
    left, right : Interval
    premises_met : bool
        Whether what the reading asks for was measured; a sound reading may be violated without it.
    effort : Effort
        Of the search for the left side.
    behind : tuple of int
        For a violated reading, regions whose pieces alone are farther from the manifold than the right side, the
        farthest first; for the distances from the manifold, the region nearest to the point that is farthest.
    """

    reading: Reading
    left: Interval
    right: Interval
    premises_met: bool
    effort: Effort
    behind: tuple[int, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """``"holds"`` or ``"violated"``, the inequality alone; ``"undecided"`` where the intervals overlap."""
        if self.left.below(self.right):
            return "holds"
        return "violated" if self.left.above(self.right) else "undecided"

    @property
    def ratio(self) -> float:
        """Left over right, in the middle of their intervals; NaN for 0 / 0 and ∞ / ∞."""
        left, right = self.left.midpoint, self.right.midpoint
        if right == 0.0 or (left == right == math.inf):
            return math.nan if left in (0.0, math.inf) and left == right else math.inf
        return left / right

    @property
    def gap_needed(self) -> float | None:
        """Relative gap that should decide an undecided reading; None where it is decided or no gap would do.

        A guess: middles that differ by a fifth of the widths are taken to differ indeed, and each side then takes a
        third of that.  Of others one cannot tell whether they do; the gap is one that tells a tenth of the widths.
        """
        if self.outcome != "undecided" or not self._finite or self._sampled or self._sharp or self._vague:
            return None
        return max(self._apart, self._width / 10) / 3 / self._size

    @property
    def budget_needed(self) -> int | None:
        """Simplices that the search for the left side should then take; None where :attr:`gap_needed` is.

        A guess: bounds are of second order, so in dimension k the width falls with the number to the power -2/k.
        """
        if self.gap_needed is None:
            return None
        times = max(self.left.width / (self.gap_needed * self._size), 1.0) ** (self.effort.dim / 2)
        return math.ceil(2 * max(self.effort.simplices, FEW) * times)

    @property
    def advice(self) -> str:
        """What would decide an undecided reading; empty for the others."""
        if self.outcome != "undecided":
            return ""
        if self._sampled:
            return "samples cannot decide it: state a covering radius, or add samples for a smaller one"
        if not self._finite:
            return "one side has no finite bound: more must be known of the manifold"
        if self._sharp:
            return "both sides agree as far as float64 bounds can tell"
        if self._vague:
            return "the right side is not known more sharply, whatever the gap"
        way = f"gap={self.gap_needed:.1e} and a budget of about {self.budget_needed:,} simplices"
        if self._apart > self._width / 5:
            return f"{way} should decide it"
        return f"the sides may be equal; {way} tell a difference of {self._width / 10:.1e}"

    @property
    def remarks(self) -> str:
        """Premises that are not met, regions behind a violation, and advice, in words."""
        said = [] if self.premises_met else ["premises not met"]
        if self.behind:
            said.append(f"regions {', '.join(map(str, self.behind[:5]))}{', ...' if len(self.behind) > 5 else ''}")
        return "; ".join(said + [self.advice] * bool(self.advice))

    def __repr__(self) -> str:
        return f"Verdict({self})"

    def __str__(self) -> str:
        remarks = f" ({self.remarks})" if self.remarks else ""
        name, statement = self.reading.name, self.reading.statement
        return f"{name}: {statement}: {self.left} against {self.right}, {self.outcome}{remarks}"

    @property
    def _finite(self) -> bool:
        return math.isfinite(self.left.upper) and math.isfinite(self.right.upper)

    @property
    def _sampled(self) -> bool:
        """Whether most of the width is due to what samples leave open."""
        return math.isinf(self.effort.blur) or self.effort.blur > self.left.width / 2

    @property
    def _size(self) -> float:
        return max(self.left.upper, self.right.upper)

    @property
    def _width(self) -> float:
        return self.left.width + self.right.width

    @property
    def _apart(self) -> float:
        return abs(self.left.midpoint - self.right.midpoint)

    @property
    def _sharp(self) -> bool:
        return self._width <= max(SHARP * self._size, ROUNDED * self.effort.scale)

    @property
    def _vague(self) -> bool:
        """Whether the left side lies well inside the interval of a right side that the search does not narrow."""
        narrows = self.reading.right == "max_delta_rho"
        return not narrows and self.right.width > self.left.width and self.right.contains(self.left.midpoint)


def judge(
    readings: Sequence[Reading], sides: Sides, premises: Premises, efforts: Mapping[str, Effort]
) -> tuple[Verdict, ...]:
    """Evaluate readings; `efforts` holds one for every left side."""
    return tuple(
        Verdict(
            reading,
            getattr(sides, reading.left),
            getattr(sides, reading.right),
            all(getattr(premises, name) for name in reading.premises),
            efforts[reading.left],
        )
        for reading in readings
    )


def verdict_table(verdicts: Sequence[Verdict]) -> str:
    """One row for each reading: both intervals, their ratio, the outcome, the inequality, and remarks."""
    head = ("reading", "left", "right", "ratio", "outcome", "inequality", "remarks")
    rows = [
        (v.reading.name, str(v.left), str(v.right), f"{v.ratio:.4g}", v.outcome, v.reading.statement, v.remarks)
        for v in verdicts
    ]
    return "\n".join(text_table(head, rows, "<"))
