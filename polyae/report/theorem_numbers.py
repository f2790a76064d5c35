"""What the theorem's evaluation comes to, as plain numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyae.complex.patterns import pattern_string, unpack
from polyae.complex.region_complex import RegionComplex
from polyae.queries.interval import Interval
from polyae.queries.theorem.bound import TheoremBound
from polyae.queries.theorem.verdicts import Verdict

Float = NDArray[np.float64]

__all__ = ["SIDES", "relative_residuals", "theorem_numbers"]

#: Names of the quantities, and what they are.
SIDES = {
    "u1": "u1: surface to manifold",
    "u2": "u2: manifold to surface",
    "max_rho": "max ρ",
    "max_delta_rho": "max (δ + ρ)",
    "max_radius": "max R_circ",
    "sum_radii": "Σ R_circ",
    "twice_sum_radii": "2 Σ R_circ",
}


def relative_residuals(sizes: Float, residuals: Float) -> Float:
    """Residuals (e, 2) of moving ``A_j`` to ``A_i`` and ``A_i`` to ``A_j``, over the norms (e, 2) of the targets.

    A target of norm 0 gives NaN.
    """
    return np.divide(residuals, sizes, out=np.full(residuals.shape, np.nan), where=sizes > 0)


def theorem_numbers(cx: RegionComplex, bound: TheoremBound) -> dict[str, Any]:
    """Both sides, hypotheses and verdicts.

    Parameters
    ----------
    cx : RegionComplex
    bound : TheoremBound
        Of that complex.

    Returns
    -------
    dict
        Intervals as pairs; distances in the units of the data, angles in degrees.
    """
    return {
        "regions": len(cx),
        **{name: _pair(getattr(bound, name)) for name in SIDES},
        "u1_at": bound.u1_at,
        "u1_region": _region(cx, bound.u1_region),
        "u2_at": bound.u2_at,
        "u2_chart": bound.u2_chart,
        "u2_region": _region(cx, bound.u2_region),
        "h1": {
            "distance": _spread(bound.contacts.delta[:, 1]),
            "distance_lower": _spread(bound.contacts.delta[:, 0]),
            "angle": _spread(np.degrees(bound.contacts.angles)),
            "equal_dimensions": bound.contacts.equal_dimensions,
        },
        "h2": _transport(bound),
        "readings": [_verdict(cx, verdict) for verdict in bound.verdicts],
        "decided": bound.decided,
        "restricted": bound.restricted,
        "notes": bound.notes,
    }


def _transport(bound: TheoremBound) -> dict[str, Any] | None:
    found = bound.residuals
    if found is None:
        return None
    kinds = {
        "exponential": found.exponential,
        "exponential_lower": found.exponential_lower,
        "linear": found.linear,
    }
    relative = {f"{name}_relative": relative_residuals(found.sizes, values) for name, values in kinds.items()}
    return {name: _spread(values) for name, values in (kinds | relative).items()}


def _spread(values: Float) -> dict[str, float]:
    known = values[~np.isnan(values)]
    if not known.size:
        return {"min": float("nan"), "mean": float("nan"), "max": float("nan")}
    return {"min": float(known.min()), "mean": float(known.mean()), "max": float(known.max())}


def _region(cx: RegionComplex, number: int) -> dict[str, Any]:
    pattern = unpack(cx.packed[number : number + 1], cx.network.num_units)[0]
    return {"number": number, "code": cx.witnesses[number], "pattern": pattern_string(pattern)}


def _verdict(cx: RegionComplex, verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.reading.name,
        "statement": verdict.reading.statement,
        "left": _pair(verdict.left),
        "right": _pair(verdict.right),
        "ratio": verdict.ratio,
        "outcome": verdict.outcome,
        "premises_met": verdict.premises_met,
        "sound": verdict.reading.sound,
        "behind": [_region(cx, number) for number in verdict.behind],
        "advice": verdict.advice,
        "gap_needed": verdict.gap_needed,
        "budget_needed": verdict.budget_needed,
    }


def _pair(interval: Interval) -> list[float]:
    return [interval.lower, interval.upper]
