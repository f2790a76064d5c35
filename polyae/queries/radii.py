"""Inradius and circumradius of every region, in latent space and of its image in data space.

On a region the network is ``z -> A z + B``.  With ``A = Q R``, the columns of Q orthonormal, distances in
the image are those of ``R z``, so that all balls are computed in at most h dimensions.  Regions that
float64 renders clearly are treated together in compiled code, the others one by one in rationals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from polyae.complex.facet_rows import FacetRows, facet_rows
from polyae.complex.inscribed import exact_inradius, inscribed_balls
from polyae.complex.polytope import DIGITS, THIN, Polyhedron, clear_vertices, clearly_shaped, polygons
from polyae.complex.region_complex import RegionComplex, unpack
from polyae.errors import SettingError
from polyae.lp.simplex import for_kernel
from polyae.predicates.affine import output_rows
from polyae.queries.curved_radii import within_ball
from polyae.queries.enclosing_ball import enclosing_balls

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
RadiusName = Literal["latent_inradius", "latent_circumradius", "data_inradius", "data_circumradius"]

__all__ = ["Radii", "radii"]

NAMES: tuple[RadiusName, ...] = ("latent_inradius", "latent_circumradius", "data_inradius", "data_circumradius")

#: Numbers held at a time while affine maps are computed: 32 MiB of float64.
BLOCK = 1 << 22

#: Ratio of singular values below which the rank of a map is decided in rationals.
RANK_DOUBT = 1e-9


@dataclass(frozen=True)
class Radii:
    """Radii of n regions; every array has shape (n,), and unbounded is ``inf``.

    Each radius lies between its ``_lower`` field and the field without a suffix.  The two are equal to nine
    digits wherever `tight` says so: for all regions that are polyhedra.  On a Euclidean ball as domain the
    regions are cut by the sphere, and what is given is an interval.

    Attributes
    ----------
    latent_inradius : radius of a largest ball inside the region, in units of the code
    latent_circumradius : radius of the smallest ball around it
    data_inradius : radius of a largest h-dimensional ball inside the image, in units of the data;
        0 if the image has fewer dimensions, that is if the affine map has rank below h
    data_circumradius : radius of the smallest ball around the image; finite for an unbounded region whose
        recession cone the affine map sends to 0
    latent_inradius_lower, latent_circumradius_lower, data_inradius_lower, data_circumradius_lower :
        lower ends
    """

    latent_inradius: Float
    latent_circumradius: Float
    data_inradius: Float
    data_circumradius: Float
    latent_inradius_lower: Float
    latent_circumradius_lower: Float
    data_inradius_lower: Float
    data_circumradius_lower: Float

    def __len__(self) -> int:
        return len(self.latent_inradius)

    def interval(self, name: RadiusName) -> tuple[Float, Float]:
        """Lower and upper ends of one radius.

        Raises
        ------
        SettingError
            If there is no radius of that name.
        """
        if name not in NAMES:
            raise SettingError(f"no radius {name!r}; choose one of {', '.join(NAMES)}")
        upper = getattr(self, name)
        return np.minimum(getattr(self, f"{name}_lower"), upper), upper  # equal ones may differ in the last bit

    @property
    def tight(self) -> Bool:
        """Where all four intervals are points, to nine digits: shape (n,)."""
        pairs = [self.interval(name) for name in NAMES]
        return np.all([(low == high) | (low >= (1 - 10 * DIGITS) * high) for low, high in pairs], axis=0)

    def largest(self, k: int, by: RadiusName = "latent_circumradius") -> Int:
        """Numbers of the k regions with the largest radius, in descending order; unbounded ones first."""
        return np.argsort(-self.interval(by)[1], kind="stable")[: _count(k)]

    def thinnest(self, k: int, by: RadiusName = "latent_inradius") -> Int:
        """Numbers of the k regions with the smallest radius, in ascending order."""
        return np.argsort(self.interval(by)[1], kind="stable")[: _count(k)]

    def summary(self) -> dict[str, Any]:
        """JSON-ready statistics of each radius.

        Returns
        -------
        dict
            For each radius ``min, median, mean, max`` over the bounded ones (None if there is none) and the
            number ``unbounded``; beside them ``regions`` and ``tight``, numbers of regions.
        """
        result: dict[str, Any] = {name: _statistics(getattr(self, name)) for name in NAMES}
        return {"regions": len(self), "tight": int(self.tight.sum()), **result}


def _count(k: int) -> int:
    if int(k) != k or k < 1:
        raise SettingError(f"the number of regions asked for must be a positive integer, got {k}")
    return int(k)


def _statistics(values: Float) -> dict[str, float | int | None]:
    finite = values[np.isfinite(values)]
    measures: dict[str, Any] = {"min": np.min, "median": np.median, "mean": np.mean, "max": np.max}
    found = {name: float(measure(finite)) if len(finite) else None for name, measure in measures.items()}
    return {**found, "unbounded": len(values) - len(finite)}


def radii(cx: RegionComplex) -> Radii:
    """Radii of all regions.

    Parameters
    ----------
    cx : RegionComplex

    Returns
    -------
    Radii
        In a partial complex, those of the regions found, each region whole.

    Examples
    --------
    >>> import polyae
    >>> fold = polyae.Layer([[1, 0], [0, 1]], [0, 0], slope=-1)
    >>> cross = polyae.Network([fold, polyae.Layer([[3, 0], [0, 4]], [0, 0])])
    >>> found = polyae.radii(polyae.enumerate_regions(cross, polyae.Box([-1, -1], [1, 1])))
    >>> found.latent_inradius.tolist(), found.data_circumradius.tolist()
    ([0.5, 0.5, 0.5, 0.5], [2.5, 2.5, 2.5, 2.5])
    """
    rows = facet_rows(cx)
    maps = _reduced_maps(cx)
    weights = np.column_stack([np.ones(len(rows.values)), _data_weights(rows, maps)])
    low, high = _clear_radii(rows, maps, weights)
    for i in np.flatnonzero(np.isnan(high[:, 0])):
        low[i] = high[i] = _careful_radii(rows.polyhedron(int(i)), _exact_map(cx, int(i)), maps[i])
    if cx.domain.curved:
        low, high = within_ball(rows, maps, weights, low, high)
    return Radii(*high.T, *low.T)


def _reduced_maps(cx: RegionComplex) -> Float:
    """Matrix R of every region with ``‖A z‖ = ‖R z‖``: shape (n, k, h), k = min(d, h)."""
    net = cx.network
    h, d = net.input_dim, net.output_dim
    maps = np.empty((len(cx), min(h, d), h))
    step = max(1, BLOCK // (4 * d * (h + 1) + sum(y.n_out for y in net.layers) * (h + 1)))
    for start in range(0, len(cx), step):
        affine = output_rows(net, unpack(cx.packed[start : start + step], net.num_units)).values
        maps[start : start + step] = np.linalg.qr(affine[..., :-1], mode="r")
    return maps


def _data_weights(rows: FacetRows, maps: Float) -> Float:
    """Norms of the rows' normals in the image, ``‖R^-T normal‖``; NaN where the rank is not clearly h."""
    n, k, h = maps.shape
    weights = np.full(len(rows.values), np.nan)
    if k < h:
        return weights
    size = np.linalg.svd(maps, compute_uv=False)
    inverse = np.full_like(maps, np.nan)
    full = size[:, -1] > RANK_DOUBT * size[:, 0]
    inverse[full] = np.linalg.inv(maps[full])
    region = np.repeat(np.arange(n), np.diff(rows.first))
    return np.linalg.norm(np.einsum("rk,rkj->rj", rows.values[:, :-1], inverse[region]), axis=1)


def _clear_radii(rows: FacetRows, maps: Float, weights: Float) -> tuple[Float, Float]:
    """Lower and upper ends (n, 4), in the order of `NAMES`; NaN for regions that are not clear."""
    n = len(maps)
    low, high = np.full((n, 4), np.nan), np.full((n, 4), np.nan)
    size, error = np.zeros(n), np.zeros(n)
    region = np.repeat(np.arange(n), np.diff(rows.first))
    np.maximum.at(size, region, np.abs(rows.values[:, -1]))
    np.maximum.at(error, region, rows.off)
    centres, latent = inscribed_balls(rows.first, rows.values, weights[:, 0], rows.complex.witnesses)
    clear = clearly_shaped(latent[:, 0], latent[:, 1], size, error)
    first, corners, whole = _corners(rows, centres, latent[:, 0] / THIN, clear)
    clear &= whole
    outer = _both_circumradii(first, corners, maps)
    inner = [latent, _data_balls(rows, maps, weights[:, 1], centres, clear)]
    for space in range(2):
        found, tilt = inner[space][:, :2], inner[space][:, 2]
        clear &= tilt * 2 * outer[0][1] * np.sqrt(maps.shape[2]) <= DIGITS * found[:, 0]
        low[:, 2 * space], high[:, 2 * space] = found[:, 0], found[:, 1]
        low[:, 2 * space + 1], high[:, 2 * space + 1] = outer[space]
    clear &= np.isfinite(high[:, 2]) & (low[:, 2] >= (1 - DIGITS) * high[:, 2])
    low[~clear], high[~clear] = np.nan, np.nan
    return low, high


def _corners(rows: FacetRows, centres: Float, reach: Float, clear: Bool) -> tuple[Int, Float, Bool]:
    """Vertices of all clear regions, one after the other, and for which regions they were found."""
    n, h = centres.shape
    if h == 2:
        first, corners, whole = polygons(*for_kernel(rows.first, rows.values, centres, np.where(clear, reach, 0.0)))
        return first, corners, whole & clear
    found: list[Float] = []
    for i in range(n):
        mine = slice(rows.first[i], rows.first[i + 1])
        one = clear_vertices(rows.values[mine], centres[i], float(reach[i])) if clear[i] else None
        found.append(np.zeros((0, h)) if one is None else one)
    first = np.concatenate([[0], np.cumsum([len(x) for x in found])])
    return first, np.concatenate(found), np.diff(first) > 0


def _both_circumradii(first: Int, corners: Float, maps: Float) -> list[tuple[Float, Float]]:
    """Lower and upper circumradii of the vertices, and of their images."""
    region = np.repeat(np.arange(len(maps)), np.diff(first))
    images = np.einsum("vkh,vh->vk", maps[region], corners - corners[first[region]])
    return [enclosing_balls(first, points)[1:] for points in (corners, images)]


def _data_balls(rows: FacetRows, maps: Float, weights: Float, centres: Float, clear: Bool) -> Float:
    """Bounds (n, 3) of the inradii of the images: 0 where the rank is below h, NaN where it is only nearly so."""
    n, k, h = maps.shape
    if k < h:
        return np.zeros((n, 3))
    known = ~np.isnan(weights)
    _, bounds = inscribed_balls(rows.first, rows.values, np.where(known, weights, 1.0), centres)
    doubtful = np.zeros(n, dtype=bool)
    doubtful[np.repeat(np.arange(n), np.diff(rows.first))[~known]] = True
    bounds[~maps.any(axis=(1, 2))] = 0.0
    for i in np.flatnonzero(doubtful & clear & maps.any(axis=(1, 2))):
        bounds[i] = np.nan if _gram(_exact_map(rows.complex, int(i))).det() else 0.0
    return bounds


def _exact_map(cx: RegionComplex, i: int) -> fmpq_mat:
    """Matrix A of one region."""
    exact = cx.arrangement.rational.output_map(unpack(cx.packed[i : i + 1], cx.network.num_units)[0])
    return fmpq_mat([[fmpq(x.numerator, x.denominator) for x in row[:-1]] for row in exact])


def _gram(matrix: fmpq_mat) -> fmpq_mat:
    return matrix.transpose() * matrix


def _careful_radii(shape: Polyhedron, matrix: fmpq_mat, reduced: Float) -> Float:
    """The four radii of one region, from exact vertices and exact linear programs."""
    made = shape.generators
    base = made.vertices[0]
    offsets = np.array([[_float(x - b) for x, b in zip(v, base, strict=True)] for v in made.vertices])
    first = np.array([0, len(offsets)])
    outer = float(enclosing_balls(first, offsets)[2][0]) if made.bounded else np.inf
    open_image = any(any((matrix * _column(x)).entries()) for x in [*made.rays, *made.lines])
    image = np.inf if open_image else float(enclosing_balls(first, offsets @ reduced.T)[2][0])
    flat = not _gram(matrix).det()
    return np.array([_exact_inradius(shape, None), outer, 0.0 if flat else _exact_inradius(shape, matrix), image])


def _exact_inradius(shape: Polyhedron, matrix: fmpq_mat | None) -> float:
    if not len(shape.rows):
        return np.inf
    metric = None if matrix is None else _gram(matrix).inv()
    return exact_inradius(shape.exact_rows, shape.exact_inside(), metric)[1]


def _float(x: fmpq) -> float:
    return int(x.p) / int(x.q)


def _column(direction: list[Any]) -> fmpq_mat:
    return fmpq_mat(len(direction), 1, [fmpq(x) for x in direction])
