"""What the queries need of a data manifold: smooth charts, and points where only samples are known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.errors import SettingError
from polyae.queries.interval import Interval

Float = NDArray[np.float64]

__all__ = ["Chart", "Jet", "Manifold"]


@dataclass(frozen=True)
class Jet:
    """Points of a manifold with their first and second derivatives.

    Attributes
    ----------
    x : array, shape (n, d)
    first : array, shape (n, m, d)
    second : array, shape (n, m, m, d)
    """

    x: Float
    first: Float
    second: Float


class Manifold(ABC):
    """A subset X of the data space, represented by charts and by samples.

    The represented set ``X̂`` is the union of the images of the charts and of the samples.  It may differ
    from X by what is stated: each of its points lies within `noise` of X, each point of X within `cover` of it.

    Attributes
    ----------
    charts : tuple of Chart
        Smooth pieces, possibly of different numbers of parameters.
    samples : array, shape (n, d)
        Single points.
    noise, cover : float
        Largest distances from ``X̂`` to X and from X to ``X̂``; 0 where X is represented whole, and an
        infinite `cover` where nothing is known of what lies between samples.
    """

    noise: float = 0.0
    cover: float = 0.0

    @property
    @abstractmethod
    def ambient(self) -> int:
        """Dimension d of the data space."""

    @property
    @abstractmethod
    def charts(self) -> tuple[Chart, ...]:
        """Smooth pieces."""

    @property
    def samples(self) -> Float:
        """Single points, shape (n, d)."""
        return np.zeros((0, self.ambient))

    def distance_from(self, represented: Interval) -> Interval:
        """Distances from X, from those of the same points from ``X̂``; likewise suprema of them, such as u1."""
        return Interval(represented.lower - self.cover, represented.upper + self.noise).widened(0.0).clipped()

    def supremum_over(self, represented: Interval) -> Interval:
        """Supremum over X of the distance from any set, such as u2, from that over ``X̂``."""
        return Interval(represented.lower - self.noise, represented.upper + self.cover).widened(0.0).clipped()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of results must know about how X is represented."""
        return ()

    @property
    def record(self) -> dict[str, Any]:
        """Fields of a file; see :mod:`polyae.queries.manifolds.files`.

        Raises
        ------
        SettingError
            If manifolds of this class cannot be written to files.
        """
        raise SettingError(f"a {type(self).__name__} cannot be written to a file")


class Chart(Manifold):
    """A smooth image of a box of parameters.

    Attributes
    ----------
    lo, hi : array, shape (m,)
        The box.
    scales : array, shape (m,)
        Weights ℓ of :meth:`derivative_bounds`; a step δ in the parameters has length ``Σ ℓ_j |δ_j|``.
    """

    lo: Float
    hi: Float
    scales: Float

    @property
    def dim(self) -> int:
        """Number m of parameters."""
        return self.lo.size

    @property
    def charts(self) -> tuple[Chart, ...]:
        return (self,)

    @abstractmethod
    def points(self, theta: ArrayLike) -> Float:
        """Points (n, d) at parameters (n, m)."""

    @abstractmethod
    def jet(self, theta: ArrayLike) -> Jet:
        """Points and derivatives at parameters (n, m)."""

    @abstractmethod
    def point_errors(self, theta: ArrayLike) -> Float:
        """Proved bounds (n,) on the distance of the computed points from the true ones, at parameters (n, m)."""

    @abstractmethod
    def jet_errors(self, theta: ArrayLike) -> Float:
        """Proved bounds (n, 3): of the points, and of the derivatives, in the sense of :meth:`derivative_bounds`."""

    @abstractmethod
    def derivative_bounds(self, centre: Float, half: Float) -> Float:
        """Bounds c (n, 3) on the cells ``|θ - centre| <= half``, both (n, m).

        The k-th derivative of x in a direction δ is at most ``c_k (Σ ℓ_j |δ_j|)^k`` on the whole cell.
        """

    def grid(self, count: int) -> tuple[Float, Float]:
        """Cover the box by at least `count` equal cells: centres (n, m) and half widths (m,)."""
        lengths = np.maximum(self.scales * (self.hi - self.lo), np.finfo(float).tiny)
        share = (count / np.prod(lengths / lengths.max())) ** (1.0 / self.dim)
        steps = np.maximum(np.ceil(share * lengths / lengths.max()), 1).astype(int)
        half = (self.hi - self.lo) / (2 * steps)
        axes = [lo + h * (2 * np.arange(n) + 1) for lo, h, n in zip(self.lo, half, steps, strict=True)]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, self.dim), half
