"""What subdivisions of all kinds know of their vertices."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.words import Words

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Index = NDArray[np.int32]

__all__ = ["Inserted", "V", "Valued", "Vertices"]


class Valued(Protocol):
    """Points with the outputs of one layer there, as named tuples of arrays; see :class:`Mesh` for what they hold."""

    @property
    def coordinates(self) -> Float: ...
    @property
    def position_error(self) -> Float: ...
    @property
    def values(self) -> Float: ...
    @property
    def error(self) -> Float: ...
    @property
    def size(self) -> Float: ...
    @property
    def _replace(self) -> Any: ...


V = TypeVar("V", bound=Valued)


class Vertices(Valued, Protocol):
    """Vertices in general position, each with the units and the face of the domain that it lies on."""

    @property
    def own(self) -> Index: ...
    @property
    def face(self) -> Index: ...

    def pattern_words(self, vertices: Int) -> Words:
        """Units that are positive in a region at each of some vertices."""
        ...


class Inserted(Protocol):
    """Units of a layer that are inserted, and the columns of the values that hold theirs."""

    @property
    def units(self) -> Int: ...
    @property
    def row_of(self) -> Int: ...
