"""Unions of manifolds: several orbits, orbits of different dimensions, orbits and samples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyae.errors import DataError, ShapeError
from polyae.queries.manifolds.manifold import Chart, Manifold

Float = NDArray[np.float64]

__all__ = ["Union"]


class Union(Manifold):
    """All points of several manifolds, which may differ in their number of parameters.

    Parameters
    ----------
    parts : iterable of Manifold
        Unions among them are taken apart.

    Attributes
    ----------
    parts : tuple of Manifold

    Raises
    ------
    DataError
        If there is no part, or one is no Manifold.
    ShapeError
        If the parts lie in spaces of different dimensions.

    Examples
    --------
    >>> from polyae.queries.manifolds import Orbit
    >>> turn = [[0, -1], [1, 0]]
    >>> rings = Union([Orbit(turn, [r, 0], (-np.pi, np.pi)) for r in (1, 2)])
    >>> len(rings.charts), rings.ambient
    (2, 2)
    """

    def __init__(self, parts: Iterable[Manifold]) -> None:
        parts = tuple(parts) if isinstance(parts, Iterable) else (parts,)
        for part in parts:
            if not isinstance(part, Manifold):
                raise DataError(f"a union is made of manifolds, got {type(part).__name__}")
        given = [part.parts if isinstance(part, Union) else (part,) for part in parts]
        self.parts: tuple[Manifold, ...] = sum(given, ())
        if not self.parts:
            raise DataError("a union needs at least one manifold")
        dims = sorted({part.ambient for part in self.parts})
        if len(dims) > 1:
            raise ShapeError(f"the manifolds of a union lie in spaces of different dimensions: {dims}")
        self.noise = max(part.noise for part in self.parts)
        self.cover = max(part.cover for part in self.parts)

    def __repr__(self) -> str:
        return f"Union({', '.join(map(repr, self.parts))})"

    @property
    def ambient(self) -> int:
        return self.parts[0].ambient

    @property
    def charts(self) -> tuple[Chart, ...]:
        return tuple(chart for part in self.parts for chart in part.charts)

    @property
    def samples(self) -> Float:
        return np.concatenate([part.samples for part in self.parts])

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(note for part in self.parts for note in part.notes))

    @property
    def record(self) -> dict[str, Any]:
        return {"parts": [part.record for part in self.parts]}
