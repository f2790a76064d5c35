"""A data set as a model of the manifold, and what it can and cannot show."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree

from polyae.arrays import check_finite, finite_array, real_array, real_number
from polyae.errors import SettingError, ShapeError
from polyae.queries.manifolds.manifold import Chart, Manifold

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["PointCloud"]


class PointCloud(Manifold):
    """Samples of a manifold X that is not known otherwise.

    Samples ``X̂`` on X give ``d(y, X̂) >= d(y, X)`` for every y: what is measured on them is an upper bound of
    u1, the distance from the surface to X, and a lower bound of u2, the distance from X to the surface.
    A covering radius turns both into intervals.  None of this is known of tangents.

    Parameters
    ----------
    points : array, shape (n, d)
    noise : float
        Largest distance of a sample from X.  The default 0 states that they lie on it.
    cover : float
        Largest distance of a point of X from the samples.  By default unknown, that is infinite.

    Raises
    ------
    ShapeError
        If the points are no nonempty matrix.
    DataError
        If the points are no array of finite numbers.
    SettingError
        If noise or cover is no number or negative, or the noise is infinite.

    Examples
    --------
    >>> from polyae.queries.interval import Interval
    >>> corners = PointCloud([[1, 0], [0, 1], [-1, 0], [0, -1]], cover=0.77)
    >>> corners.nearest([[2, 0]])
    (array([1.]), array([0]))
    >>> corners.distance_from(Interval(1.0, 1.0))
    [0.229999999, 1.00000001]
    """

    def __init__(self, points: ArrayLike, *, noise: float = 0.0, cover: float = np.inf) -> None:
        self._samples = real_array(points, "points").copy()
        if self._samples.ndim != 2 or not self._samples.size:
            raise ShapeError(f"points must be a nonempty matrix (n, d), got shape {self._samples.shape}")
        check_finite(self._samples, "points")
        noise, cover = real_number(noise, "noise"), real_number(cover, "cover")
        if not 0 <= noise < np.inf:
            raise SettingError(f"noise must be a finite distance, got {noise}")
        if not cover >= 0:
            raise SettingError(f"cover must be a distance, got {cover}; leave it out if it is unknown")
        self.noise, self.cover = noise, cover
        self._samples.setflags(write=False)

    def __repr__(self) -> str:
        return f"PointCloud(n={len(self._samples)}, d={self.ambient}, noise={self.noise:g}, cover={self.cover:g})"

    @property
    def ambient(self) -> int:
        return self._samples.shape[1]

    @property
    def charts(self) -> tuple[Chart, ...]:
        return ()

    @property
    def samples(self) -> Float:
        return self._samples

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self._samples)

    def nearest(self, points: ArrayLike) -> tuple[Float, Int]:
        """Distances (n,) of points (n, d) from the samples, up to rounding, and numbers (n,) of the nearest ones.

        Raises
        ------
        ShapeError
            If the points have another dimension.
        DataError
            If a number is NaN or infinite.
        """
        array = finite_array(points, "points", ("n", self.ambient))
        distances, numbers = self._tree.query(array)
        return np.asarray(distances), np.asarray(numbers, dtype=np.int64)

    @property
    def notes(self) -> tuple[str, ...]:
        where = "on X" if self.noise == 0 else f"within {self.noise:g} of X"
        known = f"X is known by {len(self._samples)} samples, which are taken to lie {where}"
        if np.isinf(self.cover):
            return (
                f"{known}; between them nothing is known, so u1 has no lower and u2 no upper bound: state a covering "
                "radius to get both.",
            )
        return (f"{known} and to leave no point of X farther than {self.cover:g}.",)

    @property
    def record(self) -> dict[str, Any]:
        return {"points": self._samples, "noise": self.noise, "cover": self.cover}
