"""The theorem's evaluation in words: one line an item, every quantity with what it means."""

from __future__ import annotations

from collections.abc import Iterator
from math import isinf

import numpy as np
from numpy.typing import NDArray

from polyae.complex.region_complex import RegionComplex
from polyae.queries.text_table import DIGITS, ENDS, spread
from polyae.queries.theorem.bound import TheoremBound
from polyae.queries.theorem.verdicts import verdict_table
from polyae.report.theorem_numbers import SIDES, relative_residuals

Float = NDArray[np.float64]
Row = tuple[str, ...]

__all__ = ["theorem_text"]

MEANINGS = {
    "u1": "largest distance of a point of the surface D(Z) from the manifold X",
    "u2": "largest distance of a point of X from D(Z)",
    "max_rho": "ρ: how far a piece reaches from its anchor, its point found nearest to X",
    "max_delta_rho": "δ: distance of the anchor from X",
    "max_radius": "R_circ: radius of the smallest ball around a piece",
    "sum_radii": "over all pieces, the right side as the paper has it",
    "twice_sum_radii": "twice that",
}
#: Coordinates of a point that are written out.
COORDINATES = 6


def theorem_text(cx: RegionComplex, bound: TheoremBound) -> str:
    """Sections on the two sides, the hypotheses and the readings.

    Parameters
    ----------
    cx : RegionComplex
    bound : TheoremBound
        Of that complex.  Distances are in the units of the data, angles in degrees.
    """
    whole = "found so far, and what follows is of these alone: the complex is partial" if bound.restricted else "in all"
    settled = "both settled to the gap" if bound.decided else "not both settled to the gap: see the notes"
    if bound.decided and isinf(bound.u2.upper):
        settled = "both settled as far as samples alone allow: see the notes"
    sections = [
        (f"{len(cx):,} regions {whole}", []),
        (f"distances and radii in the units of the data ({settled})", _table(_sides(cx, bound))),
        ("hypothesis H1: each piece touches X and is tangent to it there", _table(_contact(bound))),
        ("hypothesis H2: exp(θG) moves the affine map A_j of a region to A_i of its neighbour", _table(_moves(bound))),
        ("readings of the theorem, each an inequality of a left and a right side", _verdicts(bound)),
    ]
    if bound.notes:
        sections.append(("notes", list(bound.notes)))
    return "\n".join(line for title, lines in sections for line in (title, *(f"  {each}" for each in lines)))


def _verdicts(bound: TheoremBound) -> list[str]:
    lines = verdict_table(bound.verdicts).splitlines()
    if not all(verdict.premises_met for verdict in bound.verdicts):
        lines.append('"premises not met": the reading asks for contact or tangency that was not measured, and promises')
        lines.append("nothing without it, whether the inequality holds here or not")
    return lines


def _sides(cx: RegionComplex, bound: TheoremBound) -> Iterator[Row]:
    for name, label in SIDES.items():
        yield label.partition(":")[0], getattr(bound, name).text(ENDS), MEANINGS[name]
        if name == "u1":
            yield "", "", f"attained at code {_point(bound.u1_at)}, in region {bound.u1_region}"
        if name == "u2":
            sample = bound.u2_chart < 0
            where = f"sample {int(bound.u2_at[0])}" if sample else f"θ = {_point(bound.u2_at)}"
            chart = "" if sample or not bound.u2_chart else f" of part {bound.u2_chart}"
            yield "", "", f"attained at {where}{chart} of X, nearest to region {bound.u2_region}"
            yield "", "", f"(which holds code {_point(cx.witnesses[bound.u2_region])})"


def _contact(bound: TheoremBound) -> list[Row]:
    contacts = bound.contacts
    degrees = np.degrees(contacts.angles)
    equal = "yes" if contacts.equal_dimensions else "no: see the notes"
    return [
        ("over the regions", "least", "mean", "largest"),
        ("distance δ of the anchor from X", *spread(contacts.delta[:, 0], contacts.delta[:, 1])),
        ("angle between piece and tangent, degrees", *spread(degrees, degrees)),
        ("piece and tangent space of one dimension", equal),
    ]


def _moves(bound: TheoremBound) -> list[Row]:
    found = bound.residuals
    if found is None:
        return [("not measured: X has no generators, and none were given",)]
    low, high, linear = found.exponential_lower, found.exponential, found.linear
    relative = [relative_residuals(found.sizes, values) for values in (low, high, linear)]
    return [
        ("over the adjacent pairs, both ways", "least", "mean", "largest"),
        ("residual min over θ of ‖exp(θG) A_j - A_i‖", *spread(low, high)),
        ("  relative to ‖A_i‖", *spread(*relative[:2])),
        ("linearised, min over ε of ‖(I + εG) A_j - A_i‖", *spread(linear, linear)),
        ("  relative to ‖A_i‖", *spread(relative[2], relative[2])),
    ]


def _point(values: Float) -> str:
    more = f", ... {len(values)} in all" if len(values) > COORDINATES else ""
    return f"({', '.join(f'{x:.{DIGITS}g}' for x in values[:COORDINATES])}{more})"


def _table(rows: Iterator[Row] | list[Row]) -> list[str]:
    """Rows with aligned columns; the last cell of a row takes what room it needs."""
    rows = list(rows)
    most = max(map(len, rows))
    widths = [max((len(row[k]) for row in rows if len(row) > k + 1), default=0) for k in range(most)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]
