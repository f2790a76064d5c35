"""Radii of one region from exact vertices and exact linear programs; only the last roots are rounded."""

from __future__ import annotations

from itertools import combinations
from math import isqrt

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from polyae.complex.inscribed import exact_inradius
from polyae.complex.polytope import Polyhedron
from polyae.lp.generators import exact_volume
from polyae.queries.radii.clear import Table
from polyae.queries.radii.maps import gram
from polyae.queries.radii.shapes import WIDTH_DIMENSIONS
from polyae.queries.radii.smallest_ball import SmallestBall

Float = NDArray[np.float64]

__all__ = ["careful_radii", "float_of", "root"]

#: Relative rounding of square roots, norms and enclosing balls, with a wide margin.
ROUNDING = 1e-12

#: Bits of a rational square root.
ROOT_BITS = 80


def careful_radii(shape: Polyhedron, matrix: fmpq_mat, anchor: Float) -> Table:
    """Radii of one region; its vertices must be affordable.

    Parameters
    ----------
    shape : Polyhedron
    matrix : fmpq_mat, shape (d, h)
    anchor : array, shape (h,)
        A code; NaN for the Chebyshev centre.
    """
    h = shape.dim
    products = gram(matrix)
    metric = products.inv() if products.det() else None
    centre, inner = (
        exact_inradius(shape.exact_rows, shape.exact_inside()) if len(shape.rows) else (shape.inside, np.inf)
    )
    image_inner = 0.0
    if metric is not None:
        image_inner = exact_inradius(shape.exact_rows, shape.exact_inside(), metric)[1] if len(shape.rows) else np.inf
    anchor = np.where(np.isnan(anchor), centre, anchor)
    vertices = fmpq_mat([[*x] for x in shape.generators.vertices])
    at = fmpq_mat([[_exact(x) for x in anchor]])
    bounded = shape.generators.bounded
    rays = [*shape.generators.rays, *shape.generators.lines]
    open_image = any(any((matrix * _column(ray)).entries()) for ray in rays)
    latent, data = np.full(3, np.inf), np.full(3, np.inf)
    if bounded:
        latent = _extents(vertices, at, _identity(h), vertices)
    if not open_image:
        data = _extents(vertices * matrix.transpose(), at * matrix.transpose(), products, vertices)
    widths, whole = _widths(shape, vertices, metric)
    volumes = np.full(2, np.inf)
    if bounded:
        volume = fmpq(*exact_volume(shape.generators, h).as_integer_ratio())
        volumes = np.array([float_of(volume), float_of(root(volume * volume * products.det()))])
    if metric is None:
        widths[1], volumes[1] = 0.0, 0.0
    values = np.array([[inner, *latent, widths[0], volumes[0], image_inner, *data, widths[1], volumes[1]]])
    with np.errstate(invalid="ignore"):
        lower, upper = values * (1 - ROUNDING), values * (1 + ROUNDING)
    if not whole:
        lower[0, [4, 10]] = 2 * lower[0, [0, 6]]
    return Table(values, lower, upper)


def _extents(points: fmpq_mat, anchor: fmpq_mat, metric: fmpq_mat, codes: fmpq_mat) -> Float:
    """Circumradius, largest distance from the anchor, and diameter of points, the images of codes in a metric."""
    base = points.table()[0]
    table = [[float_of(x - b) for x, b in zip(row, base, strict=True)] for row in points.table()]
    apart = [[float_of(x - a) for x, a in zip(row, anchor.entries(), strict=True)] for row in points.table()]
    offsets = np.array(table)
    if offsets.shape[1] > len(offsets):
        offsets = offsets @ np.linalg.qr(offsets.T)[0]
    radius = float_of(root(SmallestBall(codes.table(), metric).square))
    diameter = max(
        (float(np.linalg.norm(offsets[:i] - offsets[i], axis=1).max()) for i in range(1, len(offsets))), default=0.0
    )
    return np.array([radius, float(np.linalg.norm(apart, axis=1).max()), diameter])


def _widths(shape: Polyhedron, vertices: fmpq_mat, metric: fmpq_mat | None) -> tuple[Float, bool]:
    """Widths of the region and of its image, and whether they are more than upper bounds."""
    directions, whole = _covectors(shape, vertices)
    best: list[fmpq | None] = [None, None]
    for covector in directions:
        values = (vertices * covector.transpose()).entries()
        squared = (max(values) - min(values)) ** 2
        for space, form in enumerate((covector, None if metric is None else covector * metric)):
            size = None if form is None else (form * covector.transpose())[0, 0]
            if size and (best[space] is None or squared / size < best[space]):
                best[space] = squared / size
    return np.array([np.inf if b is None else float_of(root(b)) for b in best]), whole


def _covectors(shape: Polyhedron, vertices: fmpq_mat) -> tuple[list[fmpq_mat], bool]:
    """Covectors one of which gives the width, and whether these are all; see :mod:`polyae.queries.radii.shapes`.

    On an unbounded polyhedron only covectors that vanish on its recession cone give a finite width: it
    is that of the vertices, projected along the cone.
    """
    rays = [*shape.generators.rays, *shape.generators.lines]
    if not rays:
        normals = [fmpq_mat(1, shape.dim, [fmpq(x) for x in row[:-1]]) for row in shape.exact_rows]
        more = _ridges_and_edges(shape, vertices, normals) if shape.dim in (3, 4) else []
        return normals + more, shape.dim <= WIDTH_DIMENSIONS
    free = _annihilator(rays, shape.dim)
    q = len(free)
    if q <= 1:
        return free, True
    if q > 2:
        return free, False
    # In the plane the widths are those across the lines through two points.
    points = [[(vector * _column(v))[0, 0] for vector in free] for v in vertices.table()]
    pairs = [[a - b for a, b in zip(p, r, strict=True)] for p, r in combinations(points, 2)]
    return [free[0] * y - free[1] * x for x, y in pairs if x or y], True


def _ridges_and_edges(shape: Polyhedron, vertices: fmpq_mat, normals: list[fmpq_mat]) -> list[fmpq_mat]:
    h, on = shape.dim, shape.generators.incidence
    points = vertices.table()
    edges = [
        _column([a - b for a, b in zip(points[p], points[q], strict=True)])
        for p, q in combinations(range(len(points)), 2)
        if (on[p] & on[q]).bit_count() >= h - 1
    ]
    shared = [sum(1 << p for p, bits in enumerate(on) if bits >> j & 1) for j in range(len(normals))]
    ridges = [(a, b) for a, b in combinations(range(len(normals)), 2) if (shared[a] & shared[b]).bit_count() >= h - 1]
    found = []
    for edge in edges:
        along = [(normal * edge)[0, 0] for normal in normals]
        found += [normals[a] * along[b] - normals[b] * along[a] for a, b in ridges if along[a] or along[b]]
    return found


def _annihilator(rays: list[list[fmpq]], dim: int) -> list[fmpq_mat]:
    """Basis of the covectors that vanish on all rays."""
    reduced, rank = fmpq_mat([[fmpq(x) for x in ray] for ray in rays]).rref()
    pivots = [next(k for k in range(dim) if reduced[i, k]) for i in range(rank)]
    found = []
    for k in sorted(set(range(dim)) - set(pivots)):
        covector = [fmpq(int(j == k)) for j in range(dim)]
        for i, pivot in enumerate(pivots):
            covector[pivot] = -reduced[i, k]
        found.append(fmpq_mat(1, dim, covector))
    return found


def root(x: fmpq) -> fmpq:
    """Square root of a nonnegative rational, from below, to about `ROOT_BITS` bits."""
    if not x:
        return fmpq(0)
    shift = 2 * ROOT_BITS + 2 * abs(int(x.p).bit_length() - int(x.q).bit_length())
    shift += shift % 2
    return fmpq(isqrt((int(x.p) << shift) // int(x.q)), 1 << shift // 2)


def float_of(x: fmpq) -> float:
    """Nearest float64 of a rational of any size."""
    return int(x.p) / int(x.q)


def _identity(h: int) -> fmpq_mat:
    return fmpq_mat([[fmpq(int(j == k)) for k in range(h)] for j in range(h)])


def _exact(x: float) -> fmpq:
    return fmpq(*float(x).as_integer_ratio())


def _column(direction: list[fmpq]) -> fmpq_mat:
    return fmpq_mat(len(direction), 1, [fmpq(x) for x in direction])
