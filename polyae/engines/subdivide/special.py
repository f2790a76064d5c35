"""Why a subdivision is given up."""

from __future__ import annotations

__all__ = ["HashCollision", "SpecialPosition"]


class SpecialPosition(Exception):
    """Several hyperplanes meet where they should not in general position; marching takes over."""


class HashCollision(Exception):
    """Two faces have one hash; another seed is tried."""
