"""What a reader of the theorem's numbers must know, in sentences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.complex.region_complex import RegionComplex
from polyae.queries.manifolds import Manifold
from polyae.queries.theorem.chart_tree import SAMPLES
from polyae.queries.theorem.contact import Contacts
from polyae.queries.theorem.supremum import Supremum
from polyae.queries.theorem.there import Farthest

__all__ = ["notes_on"]


def notes_on(
    complex_: RegionComplex, manifold: Manifold, contacts: Contacts, u1: Supremum, u2: Farthest, gap: float
) -> tuple[str, ...]:
    """What was left out, or is not as the theorem has it."""
    notes = []
    if not complex_.complete:
        notes.append(f"The complex is partial: both sides are restricted to the {len(complex_)} regions found.")
    notes.extend(manifold.notes)
    notes.extend(_on_angles(contacts))
    for name, side in (("u1", u1), ("u2", u2)):
        if not side.decided:
            notes.append(
                f"The budget ended before {name} reached the relative gap {gap:g}, after {side.simplices:,} simplices: "
                "raise it for less width."
            )
    return tuple(notes)


def _on_angles(contacts: Contacts) -> list[str]:
    notes, sampled = [], contacts.chart == SAMPLES
    if sampled.any():
        which = "no region" if sampled.all() else f"none of the {int(sampled.sum())} regions that are nearest to one"
        notes.append(f"Samples have no tangents: {which} has an angle.")
    dims, ranks = contacts.tangent_dims[~sampled], contacts.ranks[~sampled]
    if (dims != ranks).any():
        notes.append(
            f"Where it is nearest, the manifold has dimension {_spread(dims)}, col(A) has rank {_spread(ranks)}: "
            "angles are those between the smaller and the larger space."
        )
    return notes


def _spread(values: NDArray[np.int64]) -> str:
    low, high = values.min(), values.max()
    return f"{low}" if low == high else f"{low} to {high}"
