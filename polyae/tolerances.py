"""All numerical constants in one place: what each is, and where it comes from.

Decisions do not depend on the constants of the second group: they only steer floating-point
proposals, which the predicate layer then proves or hands to rational arithmetic.
"""

from __future__ import annotations

__all__ = [
    "BASIS_THRESHOLD",
    "COINCIDENCE_FACTOR",
    "LARGEST_COEFFICIENT",
    "LP_CHEBYSHEV_CAP",
    "LP_RELAXATION",
    "SAFETY",
    "UNDERFLOW",
    "UNDERFLOW_GUARD",
    "UNIT_ROUNDOFF",
    "gamma",
]

#: Half the distance from 1 to the next float64.
UNIT_ROUNDOFF = 2.0**-53

#: Nonzero magnitudes below this could underflow in a product; their bounds become infinite,
#: which sends the decision to rational arithmetic.  Products of two numbers above it are normal.
UNDERFLOW_GUARD = 2.0**-460

#: No coefficient of a row in compiled code is larger: rows are scaled by powers of two to about unit length.
LARGEST_COEFFICIENT = 2.0

#: Makes up for the few tens of roundings in the computation of an error bound.
SAFETY = 1.0 + 1e-13

#: Added to error bounds that are not relative: more than what a product of float64 can lose to underflow.
UNDERFLOW = 1e-290


def gamma(n: int) -> float:
    """Bound on the relative error of a sum of n products in any order.

    ``n u / (1 - n u)`` (Higham, *Accuracy and Stability of Numerical Algorithms*, Lemma 3.1), with two
    more roundings for the computation of the bound itself.
    """
    nu = (n + 2) * UNIT_ROUNDOFF
    return nu / (1.0 - nu)


#: Two hyperplanes are compared exactly when their coordinates agree to this many error bounds.
COINCIDENCE_FACTOR = 4.0

#: How far an LP may push past the row it minimises, in units of the row (norm about 1):
#: far enough to be seen past the solver's 1e-7, near enough to stay well scaled.
LP_RELAXATION = 1.0

#: Largest inscribed radius looked for, which keeps the Chebyshev LP of an unbounded cell bounded.
LP_CHEBYSHEV_CAP = 1.0

#: Multipliers of a float64 linear program above this name the basis that is then checked exactly.
BASIS_THRESHOLD = 1e-9
