"""Domains: the convex sets whose regions are enumerated."""

from __future__ import annotations

from typing import Any

import numpy as np

from polyae.domains.ball import Ball, as_norm
from polyae.domains.box import Box, Space
from polyae.domains.domain import Domain, Halfspaces
from polyae.domains.polytope import Polytope
from polyae.errors import DomainError

__all__ = ["Ball", "Box", "Domain", "Halfspaces", "Polytope", "Space", "as_norm", "domain_from_dict"]


def domain_from_dict(data: dict[str, Any]) -> Domain:
    """Inverse of :meth:`Domain.to_dict`.

    Examples
    --------
    >>> domain_from_dict(Ball([0, 0], 1, p=1).to_dict()).p
    1.0
    """
    match data:
        case {"kind": "box", "lo": lo, "hi": hi}:
            return Box(lo, hi)
        case {"kind": "polytope", "dim": dim, "A": a, "b": b}:
            return Polytope(np.reshape(a, (-1, dim)), b)  # no rows have no number of columns
        case {"kind": "ball", "centre": centre, "radius": radius, "p": p}:
            return Ball(centre, radius, p)
        case {"kind": "space", "dim": dim}:
            return Space(dim)
    raise DomainError(f"not the description of a domain: {sorted(data)}")
