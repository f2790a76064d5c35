"""Radii of every region, in latent space and of its image in data space.

On a region the network is ``z -> A z + B``.  With ``A = Q R``, the columns of Q orthonormal, distances in
the image are those of ``R z``, so that all shapes are measured in at most h dimensions.  Regions that
float64 renders clearly are treated together in compiled code, others one by one in rationals, and those with too many
vertices by linear programs.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.arrays import finite_array, real_number, whole_number
from polyae.complex.facet_rows import FacetRows, facet_rows
from polyae.complex.region_complex import RegionComplex, check_complex
from polyae.errors import JobTooLargeError, SettingError
from polyae.lp.generators import most_vertices
from polyae.predicates.interrupts import interruptible
from polyae.queries.radii.boxes import boxed_radii
from polyae.queries.radii.careful import careful_radii
from polyae.queries.radii.clear import clear_radii, inscribed
from polyae.queries.radii.curved import within_ball
from polyae.queries.radii.maps import MapReducer, exact_map
from polyae.queries.radii.result import Radii

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

__all__ = ["MAX_VERTICES", "affordable", "radii"]

#: Vertices that a region may have, judged by the number of its rows, to have them computed.
MAX_VERTICES = 5_000


@interruptible
def radii(
    cx: RegionComplex,
    *,
    anchors: ArrayLike | None = None,
    accuracy: float = 1e-6,
    max_vertices: int = MAX_VERTICES,
) -> Radii:
    """Radii of all regions: in-, circum- and contact radii, diameters, widths and volumes.

    Parameters
    ----------
    cx : RegionComplex
    anchors : array, shape (n, h), optional
        One code for each region, from which contact radii are measured (in data space, from its image).  By default
        the centre of a largest inscribed ball, one of them where they are several.
    accuracy : float
        Relative width that an interval may have.  Regions for which rounding allows less are computed in
        rational arithmetic, which takes milliseconds each; the smaller the accuracy, the more of them.
    max_vertices : int
        Vertices that a region may have.  If the upper bound theorem allows more, its circumradii, contact radii,
        diameters and volumes become intervals between what linear programs reach and what they exclude.  Widths
        are intervals for h > 4 too.

    Returns
    -------
    Radii
        In a partial complex, those of the regions found, each region whole.  On an unbounded domain, what is
        infinite of an unbounded region or its image is ``inf``, both ends of its interval.  On a Euclidean ball,
        whose regions are cut by the sphere, intervals.

    Raises
    ------
    ShapeError
        If the anchors are not one code for each region.
    DataError
        If an anchor is not finite.
    SettingError
        If `cx` is no RegionComplex, the accuracy does not lie between 0 and 1, or `max_vertices` is not positive.

    Examples
    --------
    >>> import polyae
    >>> fold = polyae.Layer([[1, 0], [0, 1]], [0, 0], slope=-1)
    >>> cross = polyae.Network([fold, polyae.Layer([[3, 0], [0, 4]], [0, 0])])
    >>> found = polyae.radii(polyae.enumerate_regions(cross, polyae.Box([-1, -1], [1, 1])))
    >>> found.latent_inradius.tolist(), found.data_circumradius.tolist(), found.data_volume.tolist()
    ([0.5, 0.5, 0.5, 0.5], [2.5, 2.5, 2.5, 2.5], [12.0, 12.0, 12.0, 12.0])
    """
    check_complex(cx)
    if not 0 < real_number(accuracy, "accuracy") < 1:
        raise SettingError(f"accuracy must lie between 0 and 1, got {accuracy}")
    whole_number(max_vertices, "max_vertices", 1)
    at = _check_anchors(anchors, len(cx), cx.domain.dim)
    reducer = MapReducer(cx)
    rows = facet_rows(cx, visit=reducer.add)
    maps, balls, cheap = reducer.finish(), inscribed(rows), affordable(rows, max_vertices)
    table = clear_radii(rows, maps, balls, at, cheap, accuracy)
    for i in np.flatnonzero(np.isnan(table.upper[:, 0])).tolist():
        one = None
        if cheap[i]:
            with suppress(JobTooLargeError):
                one = careful_radii(rows.polyhedron(i), exact_map(cx, i), at[i])
        table.put(np.array([i]), boxed_radii(rows, maps, balls, i, at[i]) if one is None else one)
    if cx.domain.curved:
        table = within_ball(rows, maps, table, at)
    return Radii(table.values, table.lower, table.upper, accuracy)


def affordable(rows: FacetRows, max_vertices: int) -> Bool:
    """Which regions have at most so many vertices, by the number of their rows."""
    count = np.diff(rows.first)
    h = rows.values.shape[1] - 1
    most = {int(m): most_vertices(int(m), h) for m in np.unique(count)}
    return np.array([most[int(m)] <= max_vertices for m in count], dtype=bool)


def _check_anchors(anchors: ArrayLike | None, n: int, h: int) -> Float:
    if anchors is None:
        return np.full((n, h), np.nan)
    return finite_array(anchors, "anchors", (n, h))
