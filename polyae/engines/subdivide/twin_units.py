"""Units that vanish together: only the first of them is inserted, and patterns of all follow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.words import Words, unpacked
from polyae.memo import once_for_each
from polyae.networks.network import Network
from polyae.predicates.flat import twins

Bool = NDArray[np.bool_]
Int = NDArray[np.int64]

__all__ = ["TwinUnits", "twin_units"]


class TwinUnits:
    """Which units are multiples of earlier ones of their layer.

    Attributes
    ----------
    first : array of int, shape (units,)
        See :func:`polyae.predicates.flat.twins`; only units that are their own twins are inserted.
    opposite : array of bool, shape (units,)
        Units that are on where their first twin is off.
    """

    def __init__(self, network: Network) -> None:
        self.first = twins(network)
        self.distinct = bool((self.first == np.arange(len(self.first))).all())
        if self.distinct:
            self.opposite = np.zeros(len(self.first), dtype=bool)
        else:
            positive = _positive_lead(network)
            self.opposite = positive != positive[np.maximum(self.first, 0)]

    def spread(self, on: Bool, off: Bool, start: int = 0) -> tuple[Bool, Bool]:
        """Which units are on, and which off, for all units from those of the inserted ones.

        Parameters
        ----------
        on, off : arrays of bool, shape (n, k)
            Columns of units that are not inserted do not matter; where a unit is neither it is constant.
        start : int
            Unit of the first column; they may be those of one layer.
        """
        if self.distinct:
            return on, off
        units = slice(start, start + on.shape[1])
        first, opposite, never = self.first[units] - start, self.opposite[units], self.first[units] < 0
        first = np.maximum(first, 0)
        all_on = np.where(opposite, off[:, first], on[:, first]) & ~never
        all_off = np.where(opposite, on[:, first], off[:, first]) & ~never
        return all_on, all_off

    def patterns(self, words: Words) -> Bool:
        """Patterns (n, units) of the regions at vertices in which all inserted units that vanish there are off."""
        on = unpacked(words, len(self.first))
        return self.spread(on, ~on)[0]

    def by_vertex(self, vertex: Int, unit: Int, count: int) -> tuple[Int, Int]:
        """Units and their twins at each of `count` vertices, rising: start of each list, and the lists.

        Parameters
        ----------
        vertex, unit : arrays of int, shape (n,)
            Inserted units that vanish, and where.
        """
        order = np.argsort(self.first, kind="stable")
        begin = np.searchsorted(self.first[order], np.arange(len(self.first) + 1))
        sizes = np.diff(begin)[unit]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        at, units = np.repeat(vertex, sizes), order[np.repeat(begin[unit], sizes) + within]
        rising = np.lexsort((units, at))
        return np.searchsorted(at[rising], np.arange(count + 1)), units[rising]


@once_for_each
def twin_units(network: Network) -> TwinUnits:
    """Which units of a network are multiples of earlier ones."""
    return TwinUnits(network)


def _positive_lead(network: Network) -> Bool:
    """Whether the first coefficient of each unit that is not zero is positive."""
    signs = []
    for layer in network.layers:
        rows = np.column_stack([layer.weight, layer.bias])[layer.units]
        lead = np.argmax(rows != 0, axis=1)
        signs.append(rows[np.arange(len(rows)), lead] > 0)
    return np.concatenate(signs)
