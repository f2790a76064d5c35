"""What the theorem's evaluation comes to, as plain numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyae.complex.region_complex import RegionComplex
from polyae.queries.interval import Interval
from polyae.queries.theorem.bound import TheoremBound
from polyae.queries.theorem.readings import Verdict

Float = NDArray[np.float64]

__all__ = ["SIDES", "relative_residuals", "theorem_numbers"]

#: Names of the quantities, and what they are.
SIDES = {
    "u1": "u1: surface to manifold",
    "u2": "u2: manifold to surface",
    "max_rho": "max ρ",
    "max_delta_rho": "max (δ + ρ)",
    "sum_radii": "Σ R_circ",
    "twice_sum_radii": "2 Σ R_circ",
}


def relative_residuals(cx: RegionComplex, residuals: Float) -> Float:
    """Residuals (e, 2) of moving ``A_j`` to ``A_i`` and ``A_i`` to ``A_j``, over the norms of the targets.

    A target of norm 0 gives NaN.
    """
    sizes = np.array([np.linalg.norm(region.affine[0]) for region in cx])[cx.edges]
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
        "u2_at": bound.u2_at,
        "h1": {
            "distance": _spread(bound.contacts.delta[:, 1]),
            "angle": _spread(np.degrees(bound.contacts.angles)),
            "equal_dimensions": bound.contacts.equal_dimensions,
        },
        "h2": _transport(cx, bound),
        "readings": [_verdict(verdict) for verdict in bound.verdicts],
        "decided": bound.decided,
        "restricted": bound.restricted,
        "notes": bound.notes,
    }


def _transport(cx: RegionComplex, bound: TheoremBound) -> dict[str, Any] | None:
    found = bound.residuals
    if found is None:
        return None
    kinds = {"exponential": found.exponential, "linear": found.linear}
    relative = {f"{name}_relative": relative_residuals(cx, values) for name, values in kinds.items()}
    return {name: _spread(values) for name, values in (kinds | relative).items()}


def _spread(values: Float) -> dict[str, float]:
    known = values[~np.isnan(values)]
    if not known.size:
        return {"mean": float("nan"), "max": float("nan")}
    return {"mean": float(known.mean()), "max": float(known.max())}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.reading.name,
        "statement": verdict.reading.statement,
        "left": _pair(verdict.left),
        "right": _pair(verdict.right),
        "ratio": verdict.ratio,
        "outcome": verdict.outcome,
        "premises_met": verdict.premises_met,
        "sound": verdict.reading.sound,
    }


def _pair(interval: Interval) -> list[float]:
    return [interval.lower, interval.upper]
