"""Models of the data manifold X: orbits of one or several generators.

``x(θ) = exp(θ_1 G_1) ⋯ exp(θ_m G_m) x0`` with θ in a box (section 4 of Cosentino et al., 2021).  What the
queries need from a manifold is :class:`Manifold`: points, derivatives, and bounds on derivatives over
cells of the parameter box.
"""

from __future__ import annotations

import zipfile
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.errors import DataError, FileFormatError, ShapeError
from polyae.queries.exponential import Exponential

Float = NDArray[np.float64]

#: Derivatives of an orbit that are looked at to bound the first three; a nilpotent generator may end them.
DERIVATIVES = 5

__all__ = ["Jet", "Manifold", "Orbit", "ProductOrbit", "load_orbit"]


@dataclass(frozen=True)
class Jet:
    """Points of a manifold with their first and second derivatives.

    Attributes
    ----------
    x : array, shape (n, d)
    first : array, shape (n, m, d)
    second : array, shape (n, m, m, d)
    """

    x: Float
    first: Float
    second: Float


class Manifold(ABC):
    """A smooth image of a box of parameters.

    Attributes
    ----------
    lo, hi : array, shape (m,)
        The box.
    scales : array, shape (m,)
        Weights ℓ of :meth:`derivative_bounds`; a step δ in the parameters has length ``Σ ℓ_j |δ_j|``.
    """

    lo: Float
    hi: Float
    scales: Float

    @property
    def dim(self) -> int:
        """Number m of parameters."""
        return self.lo.size

    @property
    @abstractmethod
    def ambient(self) -> int:
        """Dimension d of the data space."""

    @abstractmethod
    def points(self, theta: ArrayLike) -> Float:
        """Points (n, d) at parameters (n, m)."""

    @abstractmethod
    def jet(self, theta: ArrayLike) -> Jet:
        """Points and derivatives at parameters (n, m)."""

    @abstractmethod
    def derivative_bounds(self, centre: Float, half: Float) -> Float:
        """Bounds c (n, 3) on the cells ``|θ - centre| <= half``, both (n, m).

        The k-th derivative of x in a direction δ is at most ``c_k (Σ ℓ_j |δ_j|)^k`` on the whole cell.
        """

    def grid(self, count: int) -> tuple[Float, Float]:
        """Cover the box by at least `count` equal cells: centres (n, m) and half widths (m,)."""
        lengths = np.maximum(self.scales * (self.hi - self.lo), np.finfo(float).tiny)
        share = (count / np.prod(lengths / lengths.max())) ** (1.0 / self.dim)
        steps = np.maximum(np.ceil(share * lengths / lengths.max()), 1).astype(int)
        half = (self.hi - self.lo) / (2 * steps)
        axes = [lo + h * (2 * np.arange(n) + 1) for lo, h, n in zip(self.lo, half, steps, strict=True)]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, self.dim), half


class ProductOrbit(Manifold):
    """Orbit of several generators in a stated order, ``exp(θ_1 G_1) ⋯ exp(θ_m G_m) x0``.

    Parameters
    ----------
    generators : sequence of arrays, each of shape (d, d)
        They need not commute; the order is part of the model.
    x0 : array, shape (d,)
    box : sequence of pairs, shape (m, 2)
        First and last value of each parameter.

    Raises
    ------
    ShapeError
        If a generator is not square, does not act on x0, or the box does not fit.
    DataError
        If a number is not finite or an interval is empty.
    """

    def __init__(self, generators: ArrayLike, x0: ArrayLike, box: ArrayLike) -> None:
        self.generators = _as_generators(generators)
        self.x0 = np.array(x0, dtype=np.float64)
        sides = np.array(box, dtype=np.float64)
        d = self.generators.shape[1]
        if self.x0.shape != (d,):
            raise ShapeError(f"x0 has shape {self.x0.shape}; a ({d}, {d}) generator acts on vectors of length {d}")
        if sides.shape != (len(self.generators), 2):
            raise ShapeError(f"the box has shape {sides.shape}; {len(self.generators)} generators need one pair each")
        if not (np.isfinite(self.x0).all() and np.isfinite(self.generators).all() and np.isfinite(sides).all()):
            raise DataError("generators, x0 and parameter intervals of an orbit must be finite")
        for k in np.flatnonzero(~(sides[:, 0] < sides[:, 1])):
            raise DataError(f"the interval of parameter {k} is empty: {sides[k].tolist()}; start < end is needed")
        self.lo, self.hi = sides.T.copy()
        self._flows = [Exponential(g) for g in self.generators]
        self.scales = self._scales()
        for array in (self.generators, self.x0, self.lo, self.hi):
            array.setflags(write=False)

    def _scales(self) -> Float:
        return np.array([flow.norm or 1.0 for flow in self._flows])

    def __repr__(self) -> str:
        box = ", ".join(f"[{a:g}, {b:g}]" for a, b in zip(self.lo, self.hi, strict=True))
        return f"{type(self).__name__}(m={self.dim}, d={self.ambient}, {box})"

    @property
    def ambient(self) -> int:
        return self.x0.size

    def _parameters(self, theta: ArrayLike) -> Float:
        values = np.asarray(theta, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != self.dim:
            raise ShapeError(f"parameters have shape {values.shape}, expected (n, {self.dim})")
        return values

    def act(self, theta: ArrayLike, vectors: Float) -> Float:
        """Apply ``exp(θ_1 G_1) ⋯ exp(θ_m G_m)`` to vectors (n, ..., d), one θ (m,) for each first index."""
        values = self._parameters(theta)
        for flow, t in zip(reversed(self._flows), values.T[::-1], strict=True):
            vectors = flow.apply(t, vectors)
        return vectors

    def points(self, theta: ArrayLike) -> Float:
        values = self._parameters(theta)
        return self.act(values, np.broadcast_to(self.x0, (len(values), self.ambient)))

    def jet(self, theta: ArrayLike) -> Jet:
        values = self._parameters(theta)
        return self.act_jet(values, np.broadcast_to(self.x0, (len(values), self.ambient)))

    def act_jet(self, theta: Float, vectors: Float) -> Jet:
        """Like :meth:`act` with derivatives in θ; their axes follow the first one of the vectors (n, ..., d).

        From the right, each factor acts on all that lies right of it, and derivatives in its own
        parameter appear by its generator, which commutes with its own exponential.
        """
        n, m = theta.shape
        x = vectors
        first = np.zeros((n, m, *vectors.shape[1:]))
        second = np.zeros((n, m, m, *vectors.shape[1:]))
        for j in reversed(range(m)):
            apply = self._flows[j].apply
            x, first[:, j:], second[:, j:, j:] = (
                apply(theta[:, j], x), apply(theta[:, j], first[:, j:]), apply(theta[:, j], second[:, j:, j:])
            )  # fmt: skip
            transposed = self.generators[j].T
            first[:, j] = x @ transposed
            second[:, j, j:] = first[:, j:] @ transposed
            second[:, j:, j] = second[:, j, j:]
        return Jet(x, first, second)

    def derivative_bounds(self, centre: Float, half: Float) -> Float:
        farthest = np.maximum(np.abs(centre - half), np.abs(centre + half))
        growth = np.exp(farthest @ np.array([flow.growth for flow in self._flows]))
        return np.repeat((growth * np.linalg.norm(self.x0))[:, None], 3, axis=1)

    def save(self, path: str | Path) -> None:
        """Write to an ``.npz`` file with the arrays ``G`` (m, d, d), ``x0`` and ``box`` (m, 2)."""
        with open(path, "wb") as file:
            np.savez(file, G=self.generators, x0=self.x0, box=np.column_stack([self.lo, self.hi]))


class Orbit(ProductOrbit):
    """Orbit of one generator: ``x(θ) = exp(θG) x0`` for θ in an interval.

    Parameters
    ----------
    G : array, shape (d, d)
        Skew-symmetric for rotations; any matrix is allowed.
    x0 : array, shape (d,)
    interval : pair of float
        First and last θ.

    Raises
    ------
    ShapeError
        If G is not square or does not act on x0, or the interval is not a pair.
    DataError
        If a number is not finite or the interval is empty.

    Examples
    --------
    >>> circle = Orbit([[0, -1], [1, 0]], [2, 0], (0, 2 * np.pi))
    >>> circle.points([[np.pi / 2]]).round(12) + 0.0
    array([[0., 2.]])
    >>> circle.closed
    True
    """

    def __init__(self, G: ArrayLike, x0: ArrayLike, interval: ArrayLike) -> None:
        ends = np.asarray(interval, dtype=np.float64)
        if ends.shape != (2,):
            raise ShapeError(f"the interval of an orbit is a pair, got shape {ends.shape}")
        super().__init__(np.asarray(G, dtype=np.float64)[None], x0, ends[None])

    def _scales(self) -> Float:
        return np.ones(1)

    @property
    def generator(self) -> Float:
        """The generator G, shape (d, d)."""
        return cast(Float, self.generators[0])

    @property
    def interval(self) -> tuple[float, float]:
        """First and last θ."""
        return float(self.lo[0]), float(self.hi[0])

    @property
    def closed(self) -> bool:
        """Whether the orbit ends where it began, up to rounding; it then holds ``x(θ)`` for every real θ."""
        first, last = self.points(np.stack([self.lo, self.hi]))
        # The phases are wrong by the rounding of θ ‖G‖.
        reach = 1.0 + self._flows[0].norm * max(abs(self.lo[0]), abs(self.hi[0]))
        return bool(np.linalg.norm(first - last) <= 1e-14 * reach * np.linalg.norm(first))

    def derivative_bounds(self, centre: Float, half: Float) -> Float:
        # d^k x / dθ^k = exp((θ - θ_c) G) G^k x(θ_c), at most its norm at the centre plus s times the next one.
        vectors, norms = self.points(centre), []
        for _ in range(DERIVATIVES):
            vectors = vectors @ self.generator.T
            norms.append(np.linalg.norm(vectors, axis=1))
        bounds = np.stack(norms, axis=1) * np.exp(self._flows[0].growth * half)
        for k in reversed(range(DERIVATIVES - 1)):
            bounds[:, k] = np.minimum(bounds[:, k], norms[k] + half[:, 0] * bounds[:, k + 1])
        return bounds[:, :3]

    def save(self, path: str | Path) -> None:
        """Write to an ``.npz`` file with the arrays ``G`` (d, d), ``x0`` (d,) and ``interval`` (2,)."""
        with open(path, "wb") as file:
            np.savez(file, G=self.generator, x0=self.x0, interval=np.array(self.interval))

    @classmethod
    def load(cls, path: str | Path) -> Orbit:
        """Read what :meth:`save` wrote.

        Raises
        ------
        FileFormatError
            If the file is missing, no npz file, or lacks one of its arrays.
        """
        arrays = _read_arrays(path, ("G", "x0", "interval"))
        return cls(arrays["G"], arrays["x0"], arrays["interval"])


def load_orbit(path: str | Path) -> ProductOrbit:
    """Read an :class:`Orbit` (arrays G, x0, interval) or a :class:`ProductOrbit` (G, x0, box).

    Raises
    ------
    FileFormatError
        If the file is missing, no npz file, or lacks one of these arrays.
    """
    arrays = _read_arrays(path, ("G", "x0"))
    if "box" in arrays:
        return ProductOrbit(arrays["G"], arrays["x0"], arrays["box"])
    return Orbit.load(path)


def _as_generators(generators: ArrayLike) -> Float:
    try:
        array = np.array(generators, dtype=np.float64)
    except ValueError as error:
        raise ShapeError(f"the generators must be square matrices of one size: {error}") from error
    if array.ndim != 3 or array.shape[1] != array.shape[2] or 0 in array.shape:
        raise ShapeError(f"a generator must be a square matrix, got shape {array.shape[1:]}")
    return array


def _read_arrays(path: str | Path, needed: tuple[str, ...]) -> dict[str, Float]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: np.asarray(stored[name]) for name in stored.files}
    except (OSError, ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise FileFormatError(f"{path}: not a readable npz file of an orbit ({error})") from error
    for name in needed:
        if name not in arrays:
            raise FileFormatError(f"{path}: the array {name!r} is missing; an orbit file holds {', '.join(needed)}")
        if arrays[name].dtype.kind not in "fiu":
            raise FileFormatError(f"{path}: the array {name!r} must hold real numbers, not {arrays[name].dtype}")
    return arrays
