"""Why a subdivision is given up."""

from __future__ import annotations

__all__ = ["HashCollision", "OutOfRange", "SpecialPosition"]


class SpecialPosition(Exception):
    """More hyperplanes meet than do in general position; the face lattice takes over."""


class OutOfRange(Exception):
    """Numbers are too large for the error analysis, or the domain has too many faces; marching takes over."""


class HashCollision(Exception):
    """Two faces have one hash; another seed is tried."""
