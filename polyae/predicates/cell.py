"""A cell: one activation region of a network inside a domain, as inequalities.

A row ``g`` of a cell is positive inside it.  Rows come in float64 with error bounds and, on demand,
as exact integers; units whose pre-activation is constant on the region have no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from flint import fmpz
from numpy.typing import NDArray

from polyae.domains import Domain
from polyae.networks.network import Network
from polyae.predicates.affine import OUT_OF_RANGE, BoundedRows, evaluate, forward, scaled, unit_rows
from polyae.predicates.kernel import Kernel, Signs
from polyae.predicates.rational import (
    ExactNetwork,
    HomogeneousPoint,
    IntegerRow,
    dot,
    homogeneous,
    sign,
)
from polyae.predicates.runs import overlapping_runs
from polyae.predicates.walls import mended, walls_of
from polyae.tolerances import COINCIDENCE_FACTOR, gamma

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

__all__ = ["Arrangement", "Cell"]


class Arrangement:
    """A network on a domain, with the arithmetic that decides signs.

    Parameters
    ----------
    network : Network
    domain : Domain
    kernel : Kernel, optional
        Exact by default.
    """

    def __init__(self, network: Network, domain: Domain, kernel: Kernel | None = None) -> None:
        self.network, self.domain = network, domain
        self.kernel = kernel or Kernel()
        self._walls = walls_of(domain)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled and copied as what it is made of, since integers of flint cannot be."""
        return Arrangement, (self.network, self.domain, self.kernel)

    @property
    def walls(self) -> BoundedRows:
        """The domain's half-spaces."""
        return self._walls.rows

    @property
    def wall_integers(self) -> list[IntegerRow]:
        """The domain's half-spaces in integers."""
        return self._walls.integers

    @cached_property
    def rational(self) -> ExactNetwork:
        """The network in integers, made when first needed."""
        return ExactNetwork(self.network)

    @cached_property
    def bounding_box(self) -> tuple[Float, Float]:
        """Box around the domain."""
        return self.domain.bounding_box()

    def cell(self, pattern: Bool) -> Cell:
        """Return the cell of one pattern; the pattern is taken on trust to be a region's."""
        return Cell(self, pattern, unit_rows(self.network, pattern))

    def unit_signs(self, points: Float) -> Signs:
        """Signs of all units' pre-activations at points (n, h): shape (n, units)."""
        values, bounds = forward(self.network, points)

        def exact(flat: Sequence[int]) -> list[int]:
            wanted = np.unravel_index(np.asarray(flat), values.shape)
            rows = {i: self.rational.signs_at(homogeneous(points[i])) for i in set(wanted[0].tolist())}
            return [rows[i][u] for i, u in zip(*map(np.ndarray.tolist, wanted), strict=True)]

        return self.kernel.signs(values.ravel(), bounds.ravel(), exact).reshape(values.shape)

    def wall_signs(self, points: Float) -> Signs:
        """Signs of the domain's half-spaces at points (n, h), positive inside: shape (n, walls)."""
        values, bounds = evaluate(self.walls, points)

        def exact(flat: Sequence[int]) -> list[int]:
            wanted = [divmod(k, len(self.wall_integers)) for k in flat]
            return [sign(dot(self.wall_integers[w], homogeneous(points[i]))) for i, w in wanted]

        return self.kernel.signs(values.ravel(), bounds.ravel(), exact).reshape(values.shape)


class Cell:
    """One region in a domain.  Made by :meth:`Arrangement.cell`.

    Attributes
    ----------
    pattern : array of bool, shape (units,)
    rows : BoundedRows, shape (m, h + 1)
        Positive inside: the non-constant units, then the domain's half-spaces.
    source : array of int, shape (m,)
        Unit behind each row; ``-1 - k`` for half-space k of the domain.
    zero_units : array of int
        Units whose pre-activation vanishes identically on the region.
    """

    def __init__(self, arrangement: Arrangement, pattern: Bool, units: BoundedRows) -> None:
        self.arrangement, self.pattern = arrangement, pattern
        varying, self.zero_units = self._classify(units)
        orientation = np.where(pattern, 1.0, -1.0)[varying, None]
        oriented = scaled(BoundedRows(units.values[varying] * orientation, units.errors[varying]))
        walls = arrangement.walls
        self.rows = BoundedRows(np.vstack([oriented.values, walls.values]), np.vstack([oriented.errors, walls.errors]))
        self.source = np.concatenate([varying, -1 - np.arange(len(walls.values))])
        self._integers: dict[int, IntegerRow] = {}
        self.rows = mended(self.rows, self.integers)

    @property
    def dim(self) -> int:
        """Dimension h of the space."""
        return self.rows.values.shape[1] - 1

    def _unit_integers(self, unit: int) -> IntegerRow:
        return self.arrangement.rational.unit_row(self.pattern, unit)

    @OUT_OF_RANGE
    def _classify(self, units: BoundedRows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Split the units into those that vary on the region and those that vanish on it."""
        sizes, errors = np.abs(units.values[:, :-1]), units.errors[:, :-1]
        # One coefficient that is certainly nonzero is enough, or all must be certainly zero.
        lead = np.argmax(np.where(errors == np.inf, -np.inf, sizes - errors), axis=1)
        value = np.take_along_axis(sizes, lead[:, None], 1)[:, 0]
        bound = np.take_along_axis(errors, lead[:, None], 1)[:, 0]
        bound = np.where(sizes.any(axis=1) | errors.any(axis=1), np.maximum(bound, 5e-324), 0.0)
        kernel = self.arrangement.kernel
        varies = kernel.signs(value, bound, lambda k: [int(any(self._unit_integers(u)[:-1])) for u in k]) != 0
        flat = np.flatnonzero(~varies)
        offsets = kernel.signs(
            units.values[flat, -1],
            units.errors[flat, -1],
            lambda k: [sign(self._unit_integers(int(flat[i]))[-1]) for i in k],
        )
        return np.flatnonzero(varies), flat[offsets == 0]

    def integers(self, row: int) -> IntegerRow:
        """Exact row as integers, up to a positive factor; positive inside the cell."""
        if row not in self._integers:
            source = int(self.source[row])
            if source < 0:
                self._integers[row] = self.arrangement.wall_integers[-1 - source]
            else:
                factor = 1 if self.pattern[source] else -1
                self._integers[row] = [factor * x for x in self._unit_integers(source)]
        return self._integers[row]

    def signs_at(self, point: Float, rows: NDArray[np.int64] | None = None) -> Signs:
        """Signs of rows (all by default) at one float64 point."""
        chosen = np.arange(len(self.source)) if rows is None else rows
        some = BoundedRows(self.rows.values[chosen], self.rows.errors[chosen])
        values, bounds = evaluate(some, point[None, :])
        exact_point: HomogeneousPoint = []

        def exact(doubtful: Sequence[int]) -> list[int]:
            exact_point.extend(homogeneous(point.tolist()))
            return [sign(dot(self.integers(int(chosen[k])), exact_point)) for k in doubtful]

        return self.arrangement.kernel.signs(values[0], bounds[0], exact)

    def holds(self, point: Float) -> bool:
        """Whether a float64 point lies strictly inside."""
        return bool((self.signs_at(point) > 0).all())

    def hyperplanes(self) -> list[NDArray[np.int64]]:
        """Rows grouped by the hyperplane they vanish on.

        Rows of a full-dimensional cell on one hyperplane are positive multiples of each other.
        Only those whose unit-length coordinates agree within error bounds are compared exactly.
        """
        groups: list[NDArray[np.int64]] = []
        kernel, compared = self.arrangement.kernel, 0
        for run in _close_runs(self.rows):
            if len(run) == 1 or not kernel.exact:
                groups.append(run)
                continue
            classes: dict[tuple[int, ...], list[int]] = {}
            for row in run:
                classes.setdefault(_primitive(self.integers(int(row))), []).append(int(row))
            groups.extend(np.array(rows) for rows in classes.values())
            compared += len(run)
        kernel.counts.exact += compared
        kernel.counts.filtered += len(self.source) - compared
        return groups


def _primitive(row: IntegerRow) -> tuple[int, ...]:
    divisor = fmpz(0)
    for x in row:
        divisor = divisor.gcd(x)
    return tuple(int(x // divisor) for x in row)


@OUT_OF_RANGE
def _close_runs(rows: BoundedRows) -> list[NDArray[np.int64]]:
    """Runs of rows that no float64 evidence tells apart, by their projection on a fixed direction."""
    norms = np.linalg.norm(rows.values[:, :-1], axis=1)
    norms = np.where(norms > 0, norms, np.nan)
    unit = rows.values / norms[:, None]
    # Any positive direction will do: it is only a hash, and equal rows have equal hashes.
    direction = 0.5 + (0.6180339887498949 * np.arange(1, rows.values.shape[1] + 1)) % 1.0
    spread = (rows.errors + np.abs(unit) * np.linalg.norm(rows.errors[:, :-1], axis=1)[:, None]) / norms[:, None]
    width = (spread + gamma(rows.values.shape[1] + 4) * np.abs(unit)) @ direction
    height = unit @ direction
    return overlapping_runs(height, COINCIDENCE_FACTOR * width)
