"""Readings of the theorem as inequalities between intervals.

The theorem says ``d(∪ T(ω), X) <= Σ Rad(ω)`` and leaves open what d, T and Rad are.  Some readings are true, some
need premises, some are false; each is stated here, and judged on the case at hand in
:mod:`polyae.queries.theorem.verdicts`.
"""

from __future__ import annotations

from dataclasses import dataclass

from polyae.queries.interval import Interval

__all__ = ["ALL_READINGS", "SOUND_READINGS", "TANGENCY", "Premises", "Reading", "Sides"]


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
