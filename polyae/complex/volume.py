"""Volume of a polytope from those of its faces, each computed once, in float64.

A face is the union of pyramids over its own facets, and so its volume, in j dimensions, is 1/j times the sum over these
of height times volume (Cohen & Hickey 1979).  Where h hyperplanes meet in a vertex, any of them meet in a face, which
is what a set of rows stands for here.  A triangulation has about h!/15 simplices a vertex, and 2^h faces meet there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from polyae.lp.generators import check_triangulation

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

__all__ = ["polytope_volume"]

#: Dimension from which on faces are faster than Qhull's triangulation.
BY_FACES = 5

#: A hyperplane meets a vertex if it passes within this share of the polytope's size, and misses it beyond the other.
ON, OFF = 1e-10, 1e-8

#: Most pairs of a vertex and a face that holds it: some seconds.
MOST_INCIDENCES = 1 << 24

#: Faces whose normals are decomposed at a time.
BLOCK = 1 << 14


def polytope_volume(rows: Float, vertices: Float) -> float:
    """Volume of the polytope ``{z : rows @ (z, 1) >= 0}``.

    NaN where Qhull meets a difficulty.

    Parameters
    ----------
    rows : array, shape (m, h + 1)
        Normals of length 1; redundant rows do no harm.
    vertices : array, shape (v, h)
        All of them, no two of which nearly coincide.

    Raises
    ------
    JobTooLargeError
        If there are too many.

    Examples
    --------
    >>> rows = np.vstack([np.eye(6, 7), -np.eye(6, 7)]) + 2 * np.eye(7)[6]
    >>> corners = np.stack(np.meshgrid(*[[-2.0, 2.0]] * 6), axis=-1).reshape(-1, 6)
    >>> round(polytope_volume(rows, corners), 6)
    4096.0
    """
    v, h = vertices.shape
    if h == 1:
        return float(np.ptp(vertices))
    if h >= BY_FACES and v << h <= MOST_INCIDENCES:
        volume = _by_faces(rows, vertices)
        if volume is not None:
            return volume
    return _by_simplices(vertices)


def _by_simplices(vertices: Float) -> float:
    check_triangulation(*vertices.shape)
    try:
        return float(ConvexHull(vertices).volume)
    except QhullError:
        return float("nan")


def _by_faces(rows: Float, vertices: Float) -> float | None:
    """Volume if h rows meet in every vertex, but one at most, which then is the apex of all pyramids; else None."""
    v, h = vertices.shape
    heights = vertices @ rows[:, :-1].T + rows[:, -1]
    size = float(np.ptp(vertices, axis=0).max())
    on = heights <= ON * size
    if (on != (heights <= OFF * size)).any():
        return None
    facets = _largest(on)
    rows, on = rows[facets], on[:, facets]
    special = np.flatnonzero(on.sum(axis=1) != h)
    if len(special) > 1:
        return None
    apex = vertices[special[0]] if len(special) else vertices.mean(axis=0)
    far = np.asarray(~on[special].any(axis=0))
    simple = np.delete(np.arange(v), special)
    sets = np.nonzero(on[simple])[1].reshape(-1, h)
    centres, volumes = vertices[simple], np.ones(len(simple))
    for dim in range(1, h):
        sets, centres, volumes, whole = _next_faces(rows, sets, centres, volumes, far, dim)
        if not whole:
            return None
    walls = rows[sets[:, 0]]
    return float((walls[:, :-1] @ apex + walls[:, -1]) @ volumes / h)


def _largest(on: Bool) -> Int:
    """Rows that do not share all their vertices with a larger or an earlier one: the facets are among them."""
    counts = on.sum(axis=0)
    shared = on.T.astype(np.float64) @ on
    within = (shared == counts[:, None]) & (counts > 0)
    order = np.arange(len(counts))
    larger = (counts > counts[:, None]) | ((counts == counts[:, None]) & (order < order[:, None]))
    return np.flatnonzero((counts > 0) & ~(within & larger).any(axis=1))


def _next_faces(
    rows: Float, sets: Int, centres: Float, volumes: Float, far: Bool, dim: int
) -> tuple[Int, Float, Float, bool]:
    """Faces of one dimension more, as sets of rows, with a point inside and the volume; False if an edge lacks an end.

    Only those with a row off the apex, to which all their faces belong.
    """
    n, k = sets.shape
    distance = _distances(rows[:, :-1], sets)
    dropped = np.tile(np.arange(k), n)
    face = np.repeat(np.arange(n), k)
    wider = sets[face][np.arange(k) != dropped[:, None]].reshape(-1, k - 1)
    kept = far[wider].any(axis=1)
    face, dropped, wider = face[kept], dropped[kept], wider[kept]
    sets_of, first, owner, count = _distinct(wider, len(rows))
    inner = np.stack([np.bincount(owner, x, len(first)) for x in centres[face].T], axis=1) / count[:, None]
    wall = rows[sets[face, dropped]]
    height = ((wall[:, :-1] * inner[owner]).sum(axis=1) + wall[:, -1]) * distance[face, dropped]
    larger = np.bincount(owner, height * volumes[face], len(first)) / dim
    return sets_of, inner, larger, dim > 1 or bool((count == 2).all())


def _distances(normals: Float, sets: Int) -> Float:
    """What a height above a row is to be multiplied with to be one inside the face of the other rows: shape (n, k).

    One over the distance of the row's normal from the span of the others, the norm of a row of R^-1 in N^T = Q R.
    """
    found = np.empty(sets.shape)
    for start in range(0, len(sets), BLOCK):
        part = slice(start, start + BLOCK)
        triangular = np.linalg.qr(normals[sets[part]].transpose(0, 2, 1), mode="r")
        found[part] = np.linalg.norm(np.linalg.inv(triangular), axis=2)
    return found


def _distinct(sets: Int, rows: int) -> tuple[Int, Int, Int, Int]:
    """Different sets, where each comes first, which of them each one is, and how often each occurs."""
    bits = max(1, (rows - 1).bit_length())
    if bits * sets.shape[1] < 63:
        keys = sets @ (1 << bits * np.arange(sets.shape[1]))
        _, first, owner, count = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    else:
        _, first, owner, count = np.unique(sets, axis=0, return_index=True, return_inverse=True, return_counts=True)
    return sets[first], first, owner.reshape(-1), count
