"""Affine slices of a network's input space: an affine layer in front of the network, and nothing else.

Restricted to a slice a network stays the object that it is: the slice is a layer without units, kept apart from the
network's own first layer, because the product of the two would have to be rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.arrays import check_finite, finite_array, real_array
from polyae.errors import DataError, NetworkError, ShapeError
from polyae.networks.network import Layer, Network, check_network

Float = NDArray[np.float64]

__all__ = ["Slice"]

#: Points are affinely dependent if one lies this near, relatively, to the span of the others.
DEPENDENT = 1e-10
#: Directions this near to orthonormal preserve lengths as far as float64 can tell.
ORTHONORMAL = 1e-12


@dataclass(frozen=True, eq=False, repr=False)
class Slice:
    """The points ``origin + s @ directions``, exactly on these float64 numbers.

    Parameters
    ----------
    origin : array, shape (d,)
    directions : array, shape (k, d)

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DataError
        If a number is not finite.
    """

    origin: Float
    directions: Float

    def __init__(self, origin: ArrayLike, directions: ArrayLike) -> None:
        start, span = np.array(real_array(origin, "origin")), np.array(real_array(directions, "directions"))
        if start.ndim != 1 or span.ndim != 2 or span.shape[1] != len(start) or 0 in span.shape:
            raise ShapeError(f"a slice has an origin (d,) and directions (k, d), got {start.shape} and {span.shape}")
        for name, value in (("origin", start), ("directions", span)):
            check_finite(value, name)
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @classmethod
    def through(cls, points: ArrayLike) -> Slice:
        """Slice through k + 1 points (k + 1, d), with the first as its origin and orthonormal directions.

        Lengths in its coordinates are those of the input space.  Its directions are rounded, so the other
        points lie within rounding of it.

        Raises
        ------
        ShapeError, DataError
            If the points are not as many, or are affinely dependent.

        Examples
        --------
        >>> plane = Slice.through([[1.0, 1.0, 0.0], [4.0, 1.0, 0.0], [4.0, 5.0, 0.0]])
        >>> plane.coordinates([[4.0, 5.0, 0.0]])
        array([[3., 4.]])
        """
        corners = np.array(real_array(points, "points"))
        if corners.ndim != 2 or not 2 <= len(corners) <= corners.shape[1] + 1:
            raise ShapeError(f"a slice of dimension k goes through k + 1 points (k + 1, d), got shape {corners.shape}")
        check_finite(corners, "points")
        edges = corners[1:] - corners[0]
        base, triangle = np.linalg.qr(edges.T)
        sizes = np.abs(np.diag(triangle))
        if (sizes <= DEPENDENT * np.linalg.norm(edges, axis=1)).any():
            where = int(np.argmin(sizes)) + 1
            raise DataError(f"point {where} of the slice depends affinely on those before it; give another one")
        return cls(corners[0], (base * np.sign(np.diag(triangle))).T)

    def __repr__(self) -> str:
        lengths = "orthonormal" if self.orthonormal else "not orthonormal"
        return f"Slice(dimension {self.dim} in R^{len(self.origin)}, {lengths})"

    @property
    def dim(self) -> int:
        """Dimension k of the slice."""
        return len(self.directions)

    @property
    def orthonormal(self) -> bool:
        """Whether Euclidean lengths in the slice are those of the input space, within rounding."""
        return bool(np.abs(self.directions @ self.directions.T - np.eye(self.dim)).max() < ORTHONORMAL)

    def restrict(self, network: Network) -> Network:
        """The network on the slice: the same object in real arithmetic, with k inputs.

        Raises
        ------
        NetworkError
            If the network takes another number of inputs.
        SettingError
            If it is no Network.
        """
        check_network(network)
        if network.input_dim != len(self.origin):
            raise NetworkError(f"the slice lies in R^{len(self.origin)}, the network takes {network.input_dim} inputs")
        return Network([Layer(self.directions.T, self.origin)]) >> network

    def points(self, coordinates: ArrayLike) -> Float:
        """Points (..., d) of the input space, rounded.

        Raises
        ------
        ShapeError, DataError
            If the coordinates are not as many, or not finite.
        """
        return finite_array(coordinates, "coordinates", (..., self.dim)) @ self.directions + self.origin

    def exact_point(self, coordinates: Sequence[float]) -> list[Fraction]:
        """One point of the input space, exactly."""
        total = [Fraction(x) for x in self.origin.tolist()]
        for s, direction in zip(coordinates, self.directions.tolist(), strict=True):
            total = [t + Fraction(s) * Fraction(x) for t, x in zip(total, direction, strict=True)]
        return total

    def coordinates(self, points: ArrayLike) -> Float:
        """Coordinates (..., k) of the nearest points of the slice.

        Raises
        ------
        ShapeError, DataError
            If the points have another dimension, or are not finite.
        """
        offsets = finite_array(points, "points", (..., len(self.origin))) - self.origin
        solved = np.linalg.lstsq(self.directions.T, offsets.reshape(-1, len(self.origin)).T, rcond=None)[0]
        return np.asarray(solved.T.reshape(*offsets.shape[:-1], self.dim))
