"""Witnesses proved, and found anew where they are not inside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.layers import Points, layer_plans, next_values
from polyae.lp.witness import interior_point
from polyae.predicates.affine import evaluate
from polyae.predicates.cell import Arrangement
from polyae.predicates.rational import HomogeneousPoint

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Packed = NDArray[np.uint8]

__all__ = ["settle_witnesses"]

#: Regions whose witnesses are looked at together.
CHUNK = 1024


def settle_witnesses(
    arrangement: Arrangement, on: Packed, off: Packed, witnesses: Float, open_: NDArray[np.int64]
) -> dict[int, HomogeneousPoint]:
    """Prove witnesses by the signs there; put others, in place, where they are not inside.

    Parameters
    ----------
    on, off : arrays of uint8, shape (n, ceil(units / 8))
        Units that are positive, and negative, in a region, packed; the others vanish on all of it.
    witnesses : array, shape (n, h)
    open_ : array of int
        Regions to look at.

    Returns
    -------
    dict
        Exact points of regions in which no float64 point was found.
    """
    exact: dict[int, HomogeneousPoint] = {}
    units = arrangement.network.num_units
    for start in range(0, len(open_), CHUNK):
        some = open_[start : start + CHUNK]
        up, down = (np.unpackbits(packed[some], axis=1, count=units).astype(bool) for packed in (on, off))
        settled = _have_signs(arrangement, witnesses[some], up, down)
        some, up, down = some[~settled], up[~settled], down[~settled]
        signs = arrangement.unit_signs(witnesses[some])
        inside = ((signs > 0) | ~up).all(axis=1) & ((signs < 0) | ~down).all(axis=1)
        inside &= (arrangement.wall_signs(witnesses[some]) > 0).all(axis=1)
        for k in np.flatnonzero(~inside).tolist():
            witness = interior_point(arrangement.cell(up[k]))
            witnesses[some[k]] = witness.point
            if witness.exact is not None:
                exact[int(some[k])] = witness.exact
    return exact


def _have_signs(arrangement: Arrangement, witnesses: Float, up: Bool, down: Bool) -> Bool:
    """Whether one product a layer, with bounds of its own a point only, proves that a witness is inside."""
    values, bounds = evaluate(arrangement.walls, witnesses)
    inside = np.asarray((values > bounds).all(axis=1))
    points, before = Points.at(witnesses), None
    for plan, start in zip(layer_plans(arrangement.network), arrangement.network.unit_offsets, strict=False):
        points = next_values(points, len(witnesses), plan, before)
        layer = plan.layer
        values, bounds, here = (
            points.values[:, layer.units],
            points.error[:, None],
            slice(start, start + len(layer.units)),
        )
        inside &= ((values > bounds) | ~up[:, here]).all(axis=1) & ((values < -bounds) | ~down[:, here]).all(axis=1)
        before = plan
    arrangement.kernel.counts.filtered += int(inside.sum()) * up.shape[1]
    return inside
