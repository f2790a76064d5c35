"""The squared circumradius as a rational number."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Literal

from flint import fmpq, fmpq_mat

from polyae.arrays import whole_number
from polyae.complex.facet_rows import FacetRows, facet_rows
from polyae.complex.region_complex import RegionComplex, check_complex
from polyae.errors import DomainError, JobTooLargeError, SettingError, UnboundedDomainError
from polyae.queries.radii.maps import exact_map, gram
from polyae.queries.radii.measure import MAX_VERTICES, affordable
from polyae.queries.radii.smallest_ball import SmallestBall, form

__all__ = ["squared_circumradii"]


def squared_circumradii(
    cx: RegionComplex,
    regions: Iterable[int] | None = None,
    *,
    space: Literal["latent", "data"] = "data",
    max_vertices: int = MAX_VERTICES,
) -> list[Fraction]:
    """Exact squared radii of the smallest balls around regions or their images.

    Parameters
    ----------
    cx : RegionComplex
    regions : iterable of int, optional
        Numbers of regions; all by default.
    space : {"latent", "data"}
    max_vertices : int
        Vertices that a region may have, judged by the upper bound theorem.

    Raises
    ------
    SettingError
        If `cx` is no RegionComplex, or there is no such region or space.
    DomainError
        On a Euclidean ball, whose regions are no polytopes.
    UnboundedDomainError
        If a radius is infinite.
    JobTooLargeError
        If the vertices are too many; :func:`radii` gives an interval then.

    Examples
    --------
    >>> import polyae
    >>> shear = polyae.Network([polyae.Layer([[1, 1], [0, 1], [0, 2]], [0, 0, 0])])
    >>> squared_circumradii(polyae.enumerate_regions(shear, polyae.Box([0, 0], [1, 1])))
    [Fraction(9, 4)]
    """
    check_complex(cx)
    if space not in ("latent", "data"):
        raise SettingError(f"space must be 'latent' or 'data', got {space!r}")
    if cx.domain.curved:
        raise DomainError("a region cut by a Euclidean ball is no polytope; radii gives intervals there")
    numbers = [whole_number(i, "the number of a region") for i in (range(len(cx)) if regions is None else regions)]
    for i in numbers:
        if i >= len(cx):
            raise SettingError(f"there is no region {i}; the complex has {len(cx)}")
    rows = facet_rows(cx)
    cheap = affordable(rows, max_vertices)
    for i in numbers:
        if not cheap[i]:
            raise JobTooLargeError(
                f"region {i} may have more than {max_vertices} vertices: raise max_vertices, or take the interval that "
                "radii gives"
            )
    return [_squared_circumradius(rows, i, space) for i in numbers]


def _squared_circumradius(rows: FacetRows, i: int, space: str) -> Fraction:
    made = rows.polyhedron(i).generators
    h = rows.complex.domain.dim
    metric = fmpq_mat([[fmpq(int(j == k)) for k in range(h)] for j in range(h)])
    if space == "data":
        metric = gram(exact_map(rows.complex, i))
    for ray in [*made.rays, *made.lines]:
        if form([fmpq(x) for x in ray], metric):
            raise UnboundedDomainError(f"region {i} is unbounded in {space} space")
    square = SmallestBall(made.vertices, metric).square
    return Fraction(int(square.p), int(square.q))
