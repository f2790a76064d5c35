"""Radii of all regions that float64 renders clearly, together, as intervals.

Let rows be known to within ε near a polytope with inradius r.  Then the true polytope and that of the rows lie
inside one another when stretched by ``1 + η`` about the centre of an inscribed ball, ``η = ε / (r - ε)``; so lengths
are off by a factor of at most ``1 + η``, and volumes by its h-th power.  A region is clear if η is small enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.complex.facet_rows import FacetRows
from polyae.complex.inscribed import inscribed_balls
from polyae.complex.polytope import DIGITS, THIN, clear_vertices, polygons
from polyae.complex.volume import polytope_volume
from polyae.errors import JobTooLargeError
from polyae.lp.simplex import for_kernel
from polyae.queries.enclosing_ball import enclosing_balls
from polyae.queries.radii.maps import ReducedMaps
from polyae.queries.radii.shapes import measure_corners
from polyae.tolerances import gamma

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

__all__ = ["Inscribed", "Table", "clear_radii", "inscribed"]

#: Columns of the widths.
WIDTHS = np.array([4, 10])

#: Relative rounding of sums of squares, determinants and the like, with a wide margin.
ARITHMETIC = 1e-13


@dataclass(frozen=True)
class Table:
    """Values and ends of intervals, each of shape (n, 12); NaN where there are none yet."""

    values: Float
    lower: Float
    upper: Float

    @classmethod
    def empty(cls, n: int) -> Table:
        """Table of n regions without entries."""
        return cls(*(np.full((n, 12), np.nan) for _ in range(3)))

    def put(self, where: Int | Bool, other: Table) -> None:
        """Enter rows."""
        self.values[where], self.lower[where], self.upper[where] = other.values, other.lower, other.upper


@dataclass(frozen=True)
class Inscribed:
    """Largest balls in all regions.

    Attributes
    ----------
    centres : array, shape (n, h)
    bounds : array, shape (n, 3)
        Lower and upper bound of the radius, and tilt; see :func:`polyae.complex.inscribed.inscribed_balls`.
    clear : array of bool, shape (n,)
        Where float64 found it, and the region is not thin for its distance from the origin.
    """

    centres: Float
    bounds: Float
    clear: Bool


def inscribed(rows: FacetRows) -> Inscribed:
    """Largest balls in all regions."""
    centres, bounds = inscribed_balls(rows.first, rows.values, np.ones(len(rows.values)), rows.complex.witnesses)
    size = _most(rows, np.abs(rows.values[:, -1]))
    with np.errstate(invalid="ignore"):
        agree = bounds[:, 1] - bounds[:, 0] <= DIGITS * bounds[:, 1]
    return Inscribed(centres, bounds, agree & np.isfinite(bounds[:, 1]) & (bounds[:, 0] > THIN * size))


def _most(rows: FacetRows, values: Float) -> Float:
    """Largest of the values of each region's rows."""
    result = np.zeros(len(rows.first) - 1)
    np.maximum.at(result, _regions(rows), values)
    return result


def _regions(rows: FacetRows) -> Int:
    return np.repeat(np.arange(len(rows.first) - 1), np.diff(rows.first))


def clear_radii(
    rows: FacetRows, maps: ReducedMaps, balls: Inscribed, anchors: Float, wanted: Bool, accuracy: float
) -> Table:
    """Radii of clear regions; NaN for the others.

    Parameters
    ----------
    rows : FacetRows
    maps : ReducedMaps
    balls : Inscribed
    anchors : array, shape (n, h)
        Codes; NaN for the centre of the inscribed ball.
    wanted : array of bool, shape (n,)
        Regions whose vertices may be computed.
    accuracy : float
        Relative error that a clear region may have.
    """
    clear = balls.clear & wanted
    first, corners = _corners(rows, balls.centres, balls.bounds[:, 0] / THIN, clear)
    owner = np.repeat(np.arange(len(clear)), np.diff(first))
    local = corners - balls.centres[owner]
    images = np.einsum("vkh,vh->vk", maps.matrices[owner], local)
    shape = measure_corners(
        first, local, images, rows.first, rows.values, balls.centres, maps.inverse, balls.bounds[:, 0]
    )
    clear &= ~np.isnan(shape[:, 0])
    eta = _relative_error(rows, balls, shape)
    offset = np.where(np.isnan(anchors), 0.0, anchors - balls.centres)
    shape = _from_anchors(shape, first, local, images, maps, offset)
    _add_volumes(shape, rows, balls.centres, first, local)
    latent, data = enclosing_balls(first, local)[1:], enclosing_balls(first, images)[1:]
    table = _assemble(rows, maps, balls, shape, eta, latent, data)
    with np.errstate(invalid="ignore"):
        wide = ~(table.upper - table.lower <= accuracy * table.upper)
    wide[:, WIDTHS] &= (shape[:, 6] == 1.0)[:, None]  # rational arithmetic has no more to say about the others
    clear &= ~wide.any(axis=1) & np.isfinite(table.upper).all(axis=1)
    for part in (table.values, table.lower, table.upper):
        part[~clear] = np.nan
    return table


def _corners(rows: FacetRows, centres: Float, reach: Float, clear: Bool) -> tuple[Int, Float]:
    """Vertices of clear regions, one after the other, none where float64 meets a difficulty."""
    n, h = centres.shape
    if h == 2:
        first, corners, _ = polygons(*for_kernel(rows.first, rows.values, centres, np.where(clear, reach, 0.0)))
        return first, corners
    found: list[Float] = []
    for i in range(n):
        mine = slice(rows.first[i], rows.first[i + 1])
        one = clear_vertices(rows.values[mine], centres[i], float(reach[i])) if clear[i] else None
        found.append(np.zeros((0, h)) if one is None else one)
    return np.concatenate([[0], np.cumsum([len(x) for x in found])]), np.concatenate([np.zeros((0, h)), *found])


def _relative_error(rows: FacetRows, balls: Inscribed, shape: Float) -> Float:
    """η: errors of the rows in a ball around each region, roundings of their values, and misfit of the corners."""
    owner = _regions(rows)
    far = np.abs(balls.centres)[owner] + shape[owner, :1]
    size = (np.abs(rows.values[:, :-1]) * far).sum(axis=1) + np.abs(rows.values[:, -1])
    with np.errstate(invalid="ignore"):
        off = (rows.errors[:, :-1] * far).sum(axis=1) + rows.errors[:, -1] + gamma(far.shape[1] + 2) * size
    worst = _most(rows, np.where(np.isnan(off), np.inf, off)) + np.nan_to_num(shape[:, 7], nan=np.inf)
    radius = np.where(balls.clear, balls.bounds[:, 0], 1.0)
    # Twice ε / r bounds ε / (r - ε) as long as it is accepted at all.
    return 2 * worst / radius + ARITHMETIC


def _from_anchors(shape: Float, first: Int, local: Float, images: Float, maps: ReducedMaps, offset: Float) -> Float:
    """The same measures, with largest distances from the anchors instead of the centres."""
    if not offset.any():
        return shape
    owner = np.repeat(np.arange(len(offset)), np.diff(first))
    shape = shape.copy()
    moved = np.einsum("nkh,nh->nk", maps.matrices, offset)
    for column, points in ((0, local - offset[owner]), (2, images - moved[owner])):
        reach = np.zeros(len(offset))
        np.maximum.at(reach, owner, np.linalg.norm(points, axis=1))
        shape[:, column] = np.where(np.isnan(shape[:, column]), np.nan, reach)
    return shape


def _add_volumes(shape: Float, rows: FacetRows, centres: Float, first: Int, local: Float) -> None:
    """Volumes of the clear regions, NaN where float64 gives up, which leaves a region to rational arithmetic."""
    if local.shape[1] > 2:
        for i in np.flatnonzero(np.diff(first) > 0):
            mine = rows.values[rows.first[i] : rows.first[i + 1]].copy()
            mine[:, -1] += mine[:, :-1] @ centres[i]
            try:
                shape[i, 8] = polytope_volume(mine, local[first[i] : first[i + 1]])
            except JobTooLargeError:
                shape[i, 8] = np.nan


def _assemble(
    rows: FacetRows,
    maps: ReducedMaps,
    balls: Inscribed,
    shape: Float,
    eta: Float,
    latent: tuple[Float, Float],
    data: tuple[Float, Float],
) -> Table:
    """Values and intervals from measures of the corners and their relative error."""
    n, h = balls.centres.shape
    table = Table.empty(n)
    diameter, whole = shape[:, 1], shape[:, 6] == 1.0
    inner = (balls.bounds[:, 0], balls.bounds[:, 1] + balls.bounds[:, 2] * diameter * np.sqrt(h))
    image_inner = _image_balls(rows, maps, balls, shape)
    # The image of a vector z is off by error * ‖z‖, and by a relative error where the map is regular.
    relative, absolute = np.where(maps.flat, 0.0, maps.relative), maps.error
    columns = {
        0: (*inner, eta, 0.0),
        1: (*latent, eta, 0.0),
        2: (shape[:, 0], shape[:, 0], eta, eta * diameter),
        3: (diameter, diameter, eta, 0.0),
        4: (np.where(whole, shape[:, 4], 2 * inner[0]), shape[:, 4], eta, 0.0),
        5: (shape[:, 8], shape[:, 8], _power(eta, h), 0.0),
        6: (*image_inner, eta + relative, 0.0),
        7: (*data, eta, absolute * latent[1]),
        8: (shape[:, 2], shape[:, 2], eta, eta * shape[:, 3] + absolute * (shape[:, 0] + diameter)),
        9: (shape[:, 3], shape[:, 3], eta, absolute * diameter),
        10: (np.where(whole, shape[:, 5], 2 * image_inner[0]), shape[:, 5], eta + relative, 0.0),
        11: (shape[:, 8] * maps.stretch, shape[:, 8] * maps.stretch, _power(eta + relative, h), 0.0),
    }
    for column, (low, high, factor, margin) in columns.items():
        with np.errstate(invalid="ignore"):
            table.lower[:, column] = np.maximum((low - margin) * (1 - factor), 0.0)
            table.upper[:, column] = (high + margin) * (1 + factor)
        narrow = high <= low * (1 + 1e-6)
        table.values[:, column] = np.where(narrow, 0.5 * (low + high), table.upper[:, column])
    for part in (table.values, table.lower, table.upper):
        part[np.ix_(np.flatnonzero(maps.flat), np.array([6, 10, 11]))] = 0.0
    return table


def _power(factor: Float, h: int) -> Float:
    """Relative error of a volume whose lengths have this one."""
    return np.asarray(np.expm1(h * np.log1p(np.minimum(factor, 1.0))))


def _image_balls(rows: FacetRows, maps: ReducedMaps, balls: Inscribed, shape: Float) -> tuple[Float, Float]:
    """Bounds of the inradii of the images; 0 where the rank is below h."""
    n, h = balls.centres.shape
    weights = maps.row_norms(rows.values[:, :-1], _regions(rows))
    known = ~np.isnan(weights)
    _, bounds = inscribed_balls(rows.first, rows.values, np.where(known, weights, 1.0), balls.centres)
    bad = np.zeros(n, dtype=bool)
    bad[_regions(rows)[~known]] = True
    upper = bounds[:, 1] + bounds[:, 2] * shape[:, 1] * np.sqrt(h)
    bounds[bad], upper[bad] = 0.0, np.inf
    return np.where(maps.flat, 0.0, bounds[:, 0]), np.where(maps.flat, 0.0, upper)
