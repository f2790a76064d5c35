"""Orbits of one or several generators: ``x(θ) = exp(θ_1 G_1) ⋯ exp(θ_m G_m) x0`` with θ in a box.

Section 4 of Cosentino et al., 2021.  The generators need not commute; their order is part of the model.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.arrays import check_finite, finite_array, real_array
from polyae.errors import DataError, ShapeError
from polyae.queries.manifolds.exponential import UP, Exponential, times
from polyae.queries.manifolds.manifold import Chart, Jet

Float = NDArray[np.float64]

#: Derivatives of an orbit that are looked at to bound the first three; a nilpotent generator may end them.
DERIVATIVES = 5
#: A generator's growth times a parameter beyond which derivatives are not bounded: float64 ends at 709.
FARTHEST = 600.0

__all__ = ["Orbit", "ProductOrbit"]


class ProductOrbit(Chart):
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
        self.x0 = np.array(real_array(x0, "x0"))
        sides = np.array(real_array(box, "box"))
        d = self.generators.shape[1]
        if self.x0.shape != (d,):
            raise ShapeError(f"x0 has shape {self.x0.shape}; a ({d}, {d}) generator acts on vectors of length {d}")
        if sides.shape != (len(self.generators), 2):
            raise ShapeError(f"the box has shape {sides.shape}; {len(self.generators)} generators need one pair each")
        for name, array in (("generators", self.generators), ("x0", self.x0), ("the box", sides)):
            check_finite(array, name)
        for k in np.flatnonzero(~(sides[:, 0] < sides[:, 1])):
            raise DataError(f"the interval of parameter {k} is empty: {sides[k].tolist()}; start < end is needed")
        self.lo, self.hi = sides.T.copy()
        self.flows = [Exponential(g) for g in self.generators]
        self.scales = self._scales()
        for array in (self.generators, self.x0, self.lo, self.hi):
            array.setflags(write=False)

    def _scales(self) -> Float:
        return np.array([flow.norm or 1.0 for flow in self.flows])

    def __repr__(self) -> str:
        box = ", ".join(f"[{a:g}, {b:g}]" for a, b in zip(self.lo, self.hi, strict=True))
        return f"{type(self).__name__}(m={self.dim}, d={self.ambient}, {box})"

    @property
    def ambient(self) -> int:
        return self.x0.size

    def _parameters(self, theta: ArrayLike) -> Float:
        return finite_array(theta, "parameters", ("n", self.dim))

    def act(self, theta: ArrayLike, vectors: Float) -> Float:
        """Apply ``exp(θ_1 G_1) ⋯ exp(θ_m G_m)`` to vectors (n, ..., d), one θ (m,) for each first index."""
        values = self._parameters(theta)
        for flow, t in zip(reversed(self.flows), values.T[::-1], strict=True):
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
            flow, right = self.flows[j], slice(j + 1, m)
            x = flow.apply(theta[:, j], x)
            if j + 1 < m:
                first[:, right] = flow.apply(theta[:, j], first[:, right])
                second[:, right, right] = flow.apply(theta[:, j], second[:, right, right])
            transposed = self.generators[j].T
            first[:, j] = times(x, transposed)
            second[:, j, j:] = times(first[:, j:], transposed)
            second[:, right, j] = second[:, j, right]
        return Jet(x, first, second)

    def point_errors(self, theta: ArrayLike) -> Float:
        error = self.relative_bounds(theta)[1]
        return np.asarray(error * np.linalg.norm(self.x0) * UP)

    def relative_bounds(self, theta: ArrayLike) -> tuple[Float, Float]:
        """For parameters (n, m): how much :meth:`act` can lengthen a vector, and its error over the vector's length."""
        values = self._parameters(theta)
        size, error = np.ones(len(values)), np.zeros(len(values))
        for flow, t in zip(reversed(self.flows), values.T[::-1], strict=True):
            stretch = np.exp(flow.growth * np.abs(t)) * UP
            error = (stretch * error + flow.errors(t) * (size + error)) * UP
            size = size * stretch
        return size, np.asarray(error)

    def jet_errors(self, theta: ArrayLike) -> Float:
        values = self._parameters(theta)
        size, points = self._size(np.abs(values)), self.point_errors(values)
        # One more product with a generator for each derivative; weighed by the norms, which are the scales.
        product = max(flow.product_error / (flow.norm or 1.0) for flow in self.flows)
        return np.stack([points, (points + product * size) * UP, (points + 2 * product * size) * UP], axis=1)

    def _size(self, farthest: Float) -> Float:
        """Largest norm (n,) that x0 can grow to, and its derivatives in units of the norms of the generators."""
        growth = np.exp(farthest @ np.array([flow.growth for flow in self.flows]))
        return np.asarray(growth * np.linalg.norm(self.x0) * UP)

    def derivative_bounds(self, centre: Float, half: Float) -> Float:
        # At most the derivative at the centre plus the radius of the cell times a bound of the next one.
        third = self._size(np.maximum(np.abs(centre - half), np.abs(centre + half)))
        jet, errors, reach = self.jet(centre), self.jet_errors(centre), half @ self.scales
        second = (np.linalg.norm(jet.second, axis=3) / np.outer(self.scales, self.scales)).max(axis=(1, 2))
        second = np.minimum(third, second + errors[:, 2] + reach * third)
        first = (np.linalg.norm(jet.first, axis=2) / self.scales).max(axis=1)
        first = np.minimum(third, first + errors[:, 1] + reach * second)
        return np.stack([first, second, third], axis=1) * UP

    @property
    def record(self) -> dict[str, Float]:
        return {"G": self.generators, "x0": self.x0, "box": np.column_stack([self.lo, self.hi])}


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
        ends = real_array(interval, "interval")
        if ends.shape != (2,):
            raise ShapeError(f"the interval of an orbit is a pair, got shape {ends.shape}")
        super().__init__(real_array(G, "G")[None], x0, ends[None])

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
        reach = 1.0 + self.flows[0].norm * max(abs(self.lo[0]), abs(self.hi[0]))
        return bool(np.linalg.norm(first - last) <= 1e-14 * reach * np.linalg.norm(first))

    def jet_errors(self, theta: ArrayLike) -> Float:
        # The scale is 1 here, so derivatives carry norms of G.
        norm = self.flows[0].norm
        return super().jet_errors(theta) * np.array([1.0, norm, norm**2]) * UP

    def derivative_bounds(self, centre: Float, half: Float) -> Float:
        # d^k x / dθ^k = exp((θ - θ_c) G) G^k x(θ_c), at most its norm at the centre plus s times the next one.
        vectors, norms = self.points(centre), []
        flow, error = self.flows[0], self.point_errors(centre)
        for _ in range(DERIVATIVES):
            error = (flow.norm * error + flow.product_error * np.linalg.norm(vectors, axis=1)) * UP
            vectors = vectors @ self.generator.T
            norms.append((np.linalg.norm(vectors, axis=1) + error) * UP)
        exponent, sizes = flow.growth * half, np.stack(norms, axis=1)
        bounds = sizes * np.exp(np.minimum(exponent, FARTHEST)) * UP
        bounds[(exponent > FARTHEST) & (sizes > 0)] = np.inf
        for k in reversed(range(DERIVATIVES - 1)):
            bounds[:, k] = np.minimum(bounds[:, k], (norms[k] + half[:, 0] * bounds[:, k + 1]) * UP)
        return bounds[:, :3]

    @property
    def record(self) -> dict[str, Float]:
        return {"G": self.generator, "x0": self.x0, "interval": np.array(self.interval)}


def _as_generators(generators: ArrayLike) -> Float:
    array = np.array(real_array(generators, "generators"))
    if not array.size:
        raise ShapeError("an orbit needs at least one generator")
    if array.ndim != 3 or array.shape[1] != array.shape[2] or 0 in array.shape:
        raise ShapeError(f"a generator must be a square matrix, got shape {array.shape[1:]}")
    return array
