"""Readings of the theorem as inequalities between intervals, and their verdicts.

The theorem says ``d(∪ T(ω), X) <= Σ Rad(ω)`` and leaves open what d, T and Rad are.  Some readings are true, some
need premises, some are false; each is stated here, and evaluated on the case at hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from polyae.queries.interval import Interval

__all__ = ["ALL_READINGS", "SOUND_READINGS", "Outcome", "Premises", "Reading", "Sides", "Verdict", "judge"]

Outcome = Literal["holds", "violated", "undecided"]


@dataclass(frozen=True)
class Reading:
    """One way to read the theorem.

    Attributes
    ----------
    name : str
    statement : str
    left, right : str
        Which quantities are compared: fields of :class:`Sides`.
    premises : tuple of str
        Properties of :class:`Premises` that the reading asks for.
    sound : bool
        Whether the inequality follows from the premises.
    """

    name: str
    statement: str
    left: str
    right: str
    premises: tuple[str, ...]
    sound: bool


SOUND_READINGS: tuple[Reading, ...] = (
    Reading("anchored", "u1 <= max (δ + ρ)", "u1", "max_delta_rho", (), True),
    Reading("one contact, diameters", "u1 <= Σ diam", "u1", "sum_diameters", ("one_contact",), True),
    Reading("one contact, twice the radii", "u1 <= 2 Σ R_circ", "u1", "twice_sum_radii", ("one_contact",), True),
    Reading("contact in every piece", "u1 <= max ρ", "u1", "max_rho", ("every_contact",), True),
    Reading("one contact, radii", "u1 <= Σ R_circ", "u1", "sum_radii", ("one_contact",), False),
)
"""What is evaluated by default: the sound readings, and the sum of radii as the paper has it."""

TANGENCY = Reading(
    "tangency in every piece", "u1 <= max ρ² sup ‖G²x‖ / (2 ‖G c‖²)", "u1", "second_order", ("every_tangency",), True
)

ALL_READINGS: tuple[Reading, ...] = (
    *SOUND_READINGS,
    Reading("every contact, radii", "u1 <= Σ R_circ", "u1", "sum_radii", ("every_contact",), False),
    Reading("parallel, no contact", "u1 <= Σ R_circ", "u1", "sum_radii", ("parallel", "transported"), False),
    Reading("affine hulls", "sup over affine hulls <= Σ R_circ", "hull", "sum_radii", (), False),
    Reading("latent radii", "u1 <= Σ R_circ of the codes", "u1", "sum_latent_radii", ("one_contact",), False),
    Reading("inradii", "u1 <= Σ inradius", "u1", "sum_inradii", ("one_contact",), False),
    Reading("manifold to surface", "u2 <= Σ R_circ", "u2", "sum_radii", ("one_contact",), False),
    Reading("Hausdorff", "max(u1, u2) <= Σ R_circ", "hausdorff", "sum_radii", ("one_contact",), False),
)
"""All readings, the false ones included."""


@dataclass(frozen=True)
class Sides:
    """The quantities that readings compare, as intervals in the units of the data (codes for latent radii)."""

    u1: Interval
    u2: Interval
    hausdorff: Interval
    hull: Interval
    sum_radii: Interval
    twice_sum_radii: Interval
    sum_diameters: Interval
    max_rho: Interval
    max_delta_rho: Interval
    sum_latent_radii: Interval
    sum_inradii: Interval
    second_order: Interval


@dataclass(frozen=True)
class Premises:
    """What was measured to be the case, up to tolerances.

    Attributes
    ----------
    one_contact : bool
        Every connected set of regions touches the manifold somewhere.
    every_contact : bool
        Every piece touches the manifold.
    every_tangency : bool
        Moreover they are tangent there, and the manifold goes on far enough on both sides.
    parallel : bool
        In every region col(A) is parallel to the tangent space at the anchor.
    transported : bool
        The exponential residual of H2 vanishes on every edge.
    """

    one_contact: bool
    every_contact: bool
    every_tangency: bool
    parallel: bool
    transported: bool


@dataclass(frozen=True)
class Verdict:
    """A reading on a case.

    Attributes
    ----------
    reading : Reading
    left, right : Interval
    premises_met : bool
        Whether what the reading asks for was measured; a sound reading may be violated without it.
    behind : tuple of int
        For a violated reading, regions whose pieces alone are farther from the manifold than the right side, the
        farthest first; for the distances from the manifold, the region nearest to the point that is farthest.
    """

    reading: Reading
    left: Interval
    right: Interval
    premises_met: bool
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
        if right == 0.0 or (left == right == float("inf")):
            return float("nan") if left in (0.0, float("inf")) and left == right else float("inf")
        return left / right

    @property
    def gap_needed(self) -> float | None:
        """Relative gap that should decide an undecided reading; None where it is decided or no gap would do.

        A third of the difference of the middles, on either side, in units of the left one.  The right side does
        not depend on the gap much, so nothing helps where it is wider than that, or the middles agree.
        """
        if self.outcome != "undecided" or not np.isfinite(self.left.upper):
            return None
        apart = abs(self.left.midpoint - self.right.midpoint) / 3
        if not np.isfinite(apart) or apart <= self.right.width or self.left.upper <= 0.0:
            return None
        needed = apart / self.left.upper
        return needed if needed > 1e-12 else None

    @property
    def advice(self) -> str:
        """What would decide an undecided reading; empty for the others."""
        if self.outcome != "undecided":
            return ""
        if not np.isfinite(self.left.upper) or not np.isfinite(self.right.upper):
            return "one side has no finite bound: more must be known of the manifold"
        if self.gap_needed is not None:
            return f"a relative gap of {self.gap_needed:.1e} should decide it, with the budget for it"
        return "both sides agree as far as float64 bounds can tell"

    def __str__(self) -> str:
        met = "" if self.premises_met else " (premises not met)"
        regions = ", ".join(map(str, self.behind[:5])) + (", ..." if len(self.behind) > 5 else "")
        behind = f"; regions {regions}" if self.behind else ""
        advice = f"; {self.advice}" if self.advice else ""
        return f"{self.reading.statement}: {self.left} against {self.right}, {self.outcome}{met}{behind}{advice}"


def judge(readings: tuple[Reading, ...], sides: Sides, premises: Premises) -> tuple[Verdict, ...]:
    """Evaluate readings."""
    return tuple(
        Verdict(
            reading,
            getattr(sides, reading.left),
            getattr(sides, reading.right),
            all(getattr(premises, name) for name in reading.premises),
        )
        for reading in readings
    )
