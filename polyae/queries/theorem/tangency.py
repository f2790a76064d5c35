"""The second-order bound at tangential contacts, for one generator and h = 1.

A piece that touches the orbit at ``c = x(θ_ω)`` along its tangent leaves it no faster than a straight line
does: ``d(c + s G c / ‖G c‖, X) <= s² sup‖G²x‖ / (2 ‖G c‖²)``, as long as the orbit goes on for ``|t| <= ρ / ‖G c‖``.
"""

from __future__ import annotations

import numpy as np

from polyae.queries.interval import Interval
from polyae.queries.manifolds import Orbit
from polyae.queries.theorem.contact import Contacts

#: Share of the parameter interval that may be missing: the ends are met exactly in closed forms.
CONTINUATION = 1e-9
#: A few dozen roundings, relative.
FEW = 1e-12

__all__ = ["second_order_bound"]


def second_order_bound(contacts: Contacts, orbit: Orbit) -> tuple[Interval, bool]:
    """Interval of ``max_ω ρ² sup‖G²x‖ / (2 ‖G c‖²)``, and whether the orbit goes on far enough everywhere.

    The supremum runs over ``|t| <= ρ / ‖G c‖``.  It is infinite where the orbit stands still.
    """
    jet, errors = orbit.jet(contacts.theta), orbit.jet_errors(contacts.theta)
    speed = np.linalg.norm(jet.first[:, 0], axis=1)
    slow, fast = speed - errors[:, 1], speed + errors[:, 1]
    if not (slow > 0).all():
        return Interval(np.inf, np.inf), False
    reach = (contacts.rho[:, 1] / slow)[:, None]
    low = np.maximum(np.linalg.norm(jet.second[:, 0, 0], axis=1) - errors[:, 2], 0.0)
    high = orbit.derivative_bounds(contacts.theta, reach)[:, 1]
    lower = (contacts.rho[:, 0] ** 2 * low / (2 * fast**2)).max()
    upper = (contacts.rho[:, 1] ** 2 * high / (2 * slow**2)).max()
    slack = CONTINUATION * (orbit.hi - orbit.lo)
    inside = (contacts.theta - reach >= orbit.lo - slack) & (contacts.theta + reach <= orbit.hi + slack)
    return Interval(lower * (1 - FEW), upper * (1 + FEW)), bool(inside.all() or orbit.closed)
