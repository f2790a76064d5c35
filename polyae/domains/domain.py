"""What a domain is: an outer polyhedron, and for curved domains a ball that cuts it."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.arrays import finite_array, real_array
from polyae.errors import DomainError, ShapeError

Float = NDArray[np.float64]

#: Numbers of a vector that the representation of a domain shows.
SHOWN = 6

__all__ = ["Domain", "Halfspaces", "as_points", "as_vector"]


@dataclass(frozen=True)
class Halfspaces:
    """Half-spaces ``normals @ z + offsets >= 0`` whose offsets need not be float64.

    Parameters
    ----------
    normals : array, shape (m, h)
        Exact.
    offsets : array, shape (m,)
        The exact offsets rounded to float64.
    exact_offsets : tuple of Fraction, length m
    """

    normals: Float
    offsets: Float
    exact_offsets: tuple[Fraction, ...]

    @classmethod
    def build(cls, normals: Float, exact_offsets: list[Fraction]) -> Halfspaces:
        """Round the offsets and freeze."""
        return cls(normals, np.array([float(x) for x in exact_offsets], dtype=np.float64), tuple(exact_offsets))

    def __len__(self) -> int:
        return len(self.offsets)


class Domain(ABC):
    """A full-dimensional convex set in which regions are looked for, frozen.

    Regions are open sets; a domain stands for its interior, so that what only touches it is outside.
    """

    @property
    @abstractmethod
    def dim(self) -> int:
        """Dimension h of the space."""

    @abstractmethod
    def halfspaces(self) -> Halfspaces:
        """Half-spaces of the domain, or for a curved one of a polyhedron around it."""

    @abstractmethod
    def interior_point(self) -> tuple[Fraction, ...]:
        """Some exact point strictly inside."""

    @abstractmethod
    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Tell which points (..., h) lie in the closed domain, evaluated in float64.

        Raises
        ------
        ShapeError, DataError
            If they have another dimension, or are not finite.
        """

    @abstractmethod
    def bounding_box(self) -> tuple[Float, Float]:
        """Axis-parallel box ``lo, hi`` around the domain, infinite where it is unbounded."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """JSON-ready description; :func:`polyae.domains.domain_from_dict` reads it back."""

    @cached_property
    def bounded(self) -> bool:
        """Whether the domain is bounded."""
        lo, hi = self.bounding_box()
        return bool(np.isfinite(lo).all() and np.isfinite(hi).all())

    @property
    def curved(self) -> bool:
        """Whether the domain is a proper subset of its half-spaces (a Euclidean ball)."""
        return False

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the description: the identity of the domain."""
        return hashlib.sha256(repr(self.to_dict()).encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Domain) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        args = ", ".join(f"{k}={_short(v)}" for k, v in self.to_dict().items() if k != "kind")
        return f"{type(self).__name__}({args})"


def _short(value: Any) -> str:
    if isinstance(value, list) and len(value) > SHOWN:
        return f"[{', '.join(map(str, value[:SHOWN]))}, ...]"
    return str(value)


def as_vector(values: ArrayLike, name: str) -> Float:
    """Return a finite float64 vector or say which argument is not one."""
    vector = np.asarray(real_array(values, name) + 0.0)  # its own copy, and -0 becomes 0
    if vector.ndim == 0:
        raise ShapeError(f"{name} must be a vector, got the number {vector}: write [{vector}] * n for n equal entries")
    if vector.ndim != 1 or vector.size == 0:
        raise ShapeError(f"{name} must be a vector, got shape {vector.shape}")
    if np.isnan(vector).any():
        raise DomainError(f"{name} holds NaN, got {vector.tolist()}; every coordinate must be a number")
    if not np.isfinite(vector).all():
        raise DomainError(f"{name} must be finite, got {vector.tolist()}; use Space for an unbounded domain")
    vector.setflags(write=False)
    return vector


def as_points(points: ArrayLike, dim: int) -> Float:
    """Return finite points (..., dim) as float64, or say why they are none."""
    return finite_array(points, "points", (..., dim))
