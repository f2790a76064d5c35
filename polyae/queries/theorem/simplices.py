"""Simplices in data space: cutting polytopes into them, and the nearest point of one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Simplices", "triangulate"]

#: Faces whose Gram matrix is conditioned worse than this are left out: of the faces that hold the nearest
#: point of a nearly flat simplex some smaller one is well conditioned and as near up to rounding.
MAX_CONDITION = 1e12


def triangulate(vertices: Float) -> Int:
    """Cut the convex hull of points (v, h) into simplices, as rows (s, h + 1) of point numbers."""
    h = vertices.shape[1]
    if h == 1:
        return np.array([[np.argmin(vertices), np.argmax(vertices)]])
    if h == 2:
        offset = vertices - vertices.mean(axis=0)
        around = np.argsort(np.arctan2(offset[:, 1], offset[:, 0]))
        return np.stack([np.full(len(around) - 2, around[0]), around[1:-1], around[2:]], axis=1)
    if len(vertices) == h + 1:
        return np.arange(h + 1)[None]
    return Delaunay(vertices).simplices.astype(np.int64)


class Simplices:
    """Many simplices of one dimension, and projections onto them.

    Parameters
    ----------
    corners : array, shape (s, h + 1, d)
        They may be flat or single points.

    Attributes
    ----------
    centres : array, shape (s, d)
    radii : array, shape (s,)
        A ball around each simplex.
    """

    def __init__(self, corners: Float) -> None:
        self.corners = corners
        self.centres = corners.mean(axis=1)
        self.radii = np.linalg.norm(corners - self.centres[:, None], axis=2).max(axis=1)
        count = corners.shape[1]
        self._faces = [
            (subset, *_dual_edges(corners[:, list(subset)]))
            for size in range(2, count + 1)
            for subset in combinations(range(count), size)
        ]

    def __len__(self) -> int:
        return len(self.corners)

    def project(self, points: Float, numbers: Int) -> Float:
        """Nearest point of simplex ``numbers[n]`` to ``points[n]``: shape (n, d).

        The nearest point lies inside one face, whose affine hull it is the nearest point of; so all faces
        are tried.
        """
        corners = self.corners[numbers]
        squares = ((points[:, None] - corners) ** 2).sum(axis=2)
        best = np.take_along_axis(corners, squares.argmin(axis=1)[:, None, None], axis=1)[:, 0]
        least = squares.min(axis=1)
        for subset, duals, sound in self._faces:
            base = corners[:, subset[0]]
            weights = np.einsum("nkd,nd->nk", duals[numbers], points - base)
            inside = sound[numbers] & (weights >= 0).all(axis=1) & (weights.sum(axis=1) <= 1)
            foot = base + np.einsum("nk,nkd->nd", weights, corners[:, list(subset[1:])] - base[:, None])
            square = ((points - foot) ** 2).sum(axis=1)
            better = inside & (square < least)
            best[better], least[better] = foot[better], square[better]
        return best

    def separation(self, points: Float, feet: Float, numbers: Int) -> Float:
        """Lower bound on the distance from each point to its simplex, shape (n,), by duality.

        The hyperplane through any foot, orthogonal to the way there, leaves the simplex behind it: the
        distance is at least ``min over corners v of <n, point - v>`` for a unit vector n.
        """
        way = points - feet
        length = np.linalg.norm(way, axis=1)
        normal = way / np.where(length > 0, length, 1.0)[:, None]
        heights = np.einsum("nd,nkd->nk", normal, points[:, None] - self.corners[numbers]).min(axis=1)
        return np.maximum(heights, 0.0)


def _dual_edges(corners: Float) -> tuple[Float, NDArray[np.bool_]]:
    """Rows (s, k, d) that give a point's coordinates along the k edges at corner 0, and where they are sound."""
    edges = corners[:, 1:] - corners[:, :1]
    gram = edges @ edges.transpose(0, 2, 1)
    values = np.linalg.eigvalsh(gram)
    sound = values[:, 0] * MAX_CONDITION > values[:, -1]
    gram[~sound] = np.eye(gram.shape[1])
    return np.asarray(np.linalg.solve(gram, edges)), sound
