"""What every engine takes and returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.cell import Arrangement
from polyae.predicates.kernel import DecisionCounts
from polyae.predicates.rational import HomogeneousPoint

Float = NDArray[np.float64]

__all__ = ["Budget", "Engine", "Enumeration", "Progress", "Status"]

#: Called with the number of regions found, and the number still to be expanded.
Progress = Callable[[int, int], None]


class Status(Enum):
    """How an enumeration ended; the value is the whole message."""

    COMPLETE = "complete: every region of the domain was found"
    MAX_REGIONS = "partial: stopped at max_regions; raise it, or resume from this complex"
    MAX_SECONDS = "partial: stopped at max_seconds; raise it, or resume from this complex"
    HOPS = "partial: all regions within the asked number of hops of the start points, and their adjacency"
    CHECKPOINT = "partial: saved on the way; resume from this complex"
    INTERRUPTED = "partial: interrupted; resume from this complex"
    OUT_OF_MEMORY = "partial: memory ran out; resume from this complex where there is more, or choose a smaller domain"
    NOTHING_KEPT = (
        "partial: interrupted while subdividing, which has all regions at its end and none before; resume by marching, "
        "or march from the start, which keeps what it has found"
    )


@dataclass(frozen=True)
class Budget:
    """Where an enumeration starts and ends.

    Attributes
    ----------
    max_regions : int, optional
    max_seconds : float, optional
    starts : array, shape (k, h), optional
        Points whose regions the march starts from.
    hops : int, optional
        How many facets away from those to go.
    """

    max_regions: int | None = None
    max_seconds: float | None = None
    starts: Float | None = None
    hops: int | None = None

    @property
    def whole(self) -> bool:
        """Whether all regions are asked for, from wherever."""
        return all(limit is None for limit in (self.max_regions, self.max_seconds, self.starts, self.hops))


@dataclass
class Enumeration:
    """Raw result of an engine, regions in order of discovery.

    Attributes
    ----------
    packed : array of uint8, shape (n, ceil(units / 8))
        Patterns, eight units a byte, first unit in the highest bit.
    witnesses : array, shape (n, h)
    exact_witnesses : dict
        Regions in which no float64 point was found, with a rational one.
    edges : array of int32, shape (e, 2)
        Adjacent pairs.
    edge_units : array of int, shape (e,)
        Lowest unit behind the facet.
    expanded : array of bool, shape (n,)
        Regions whose facets have all been crossed.
    f_vector : tuple of int, optional
        Numbers of faces of dimension 0 to h of the subdivided domain, its boundary included, from engines
        that count them; their alternating sum is 1.
    """

    packed: NDArray[np.uint8]
    witnesses: Float
    exact_witnesses: dict[int, HomogeneousPoint]
    edges: NDArray[np.int32]
    edge_units: NDArray[np.int32]
    expanded: NDArray[np.bool_]
    status: Status
    engine: str
    seconds: float
    decisions: DecisionCounts = field(default_factory=DecisionCounts)
    f_vector: tuple[int, ...] | None = None


class Engine(Protocol):
    """Finds all regions of an arrangement."""

    name: str

    def run(
        self, arrangement: Arrangement, budget: Budget, progress: Progress | None, resume: Enumeration | None
    ) -> Enumeration:
        """Enumerate, or continue a partial enumeration."""
        ...
