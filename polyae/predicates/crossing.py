"""The pattern on the other side of a facet.

At a point in the facet's relative interior every unit has a value and a derivative in the outward
direction; a unit is on beyond the facet when its value is positive, or zero with positive derivative.
Values there are those of the region's own affine functions, by continuity, so only the units that
vanish on the whole facet can change; their derivatives follow the units' one-sided slopes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyae.predicates.affine import BoundedRows, evaluate, unit_rows
from polyae.predicates.cell import Arrangement, Cell
from polyae.predicates.rational import dot, integer_row, sign

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

__all__ = ["pattern_across", "settle"]


def pattern_across(cell: Cell, units: NDArray[np.int64], outward: Float) -> Bool:
    """Pattern of the region beyond a facet.

    Parameters
    ----------
    cell : Cell
    units : array of int
        All units of the cell that vary on it and vanish on the facet.
    outward : array, shape (h,)
        A direction in which the facet's row falls.

    Returns
    -------
    array of bool, shape (units,)
    """
    if len(units) == 1 and not (cell.zero_units > units[0]).any():
        across = cell.pattern.copy()  # nothing before this unit changes, so its row only changes sign
        across[units[0]] ^= True
        return across
    vanishing = np.union1d(units, cell.zero_units)
    return settle(cell.arrangement, cell.pattern, vanishing, outward)


def settle(arrangement: Arrangement, pattern: Bool, vanishing: NDArray[np.int64], direction: Float) -> Bool:
    """States of the vanishing units a little way along a direction, the others keeping theirs.

    Layer by layer: a unit's derivative needs the new states of the layers before it only.
    """
    settled = pattern.copy()
    settled[vanishing] = False
    network = arrangement.network
    for start, stop in zip(network.unit_offsets, network.unit_offsets[1:], strict=False):
        here = vanishing[(vanishing >= start) & (vanishing < stop)]
        if len(here):
            settled[here] = _derivative_signs(arrangement, settled, here, direction) > 0
    return settled


def _derivative_signs(
    arrangement: Arrangement, pattern: Bool, units: NDArray[np.int64], direction: Float
) -> NDArray[np.int8]:
    rows = unit_rows(arrangement.network, pattern)
    normals, errors = rows.values[units].copy(), rows.errors[units].copy()
    normals[:, -1] = errors[:, -1] = 0.0
    values, bounds = evaluate(BoundedRows(normals, errors), direction[None, :])
    integers = integer_row(direction.tolist())

    def exact(doubtful: Sequence[int]) -> list[int]:
        found = [arrangement.rational.unit_row(pattern, int(units[k])) for k in doubtful]
        return [sign(dot(row[:-1], integers)) for row in found]

    return arrangement.kernel.signs(values[0], bounds[0], exact)
