"""The network in rational arithmetic: integer rows of a region, points, signs.

Weights are dyadic rationals, so every affine function of a region is an integer row up to a power
of two; a positive factor changes no half-space, and rows are kept as integers.  Points are
homogeneous: integers ``(Z_1, ..., Z_h, den)`` with ``den > 0`` stand for ``Z / den``.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import lcm

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from numpy.typing import NDArray

from polyae.networks.network import Network
from polyae.tolerances import UNDERFLOW_GUARD, UNIT_ROUNDOFF

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
IntegerRow = list[fmpz]
HomogeneousPoint = list[fmpz]

__all__ = [
    "ExactNetwork",
    "HomogeneousPoint",
    "IntegerRow",
    "dot",
    "from_rationals",
    "homogeneous",
    "integer_row",
    "nearest_row",
    "proportional",
    "rounded",
    "sign",
    "to_fractions",
]

MAX_FLOAT = sys.float_info.max

#: Prefixes of patterns whose rows are remembered; neighbours share all but their last layers.
CACHED_PREFIXES = 4096


def sign(value: fmpz) -> int:
    """-1, 0 or 1."""
    return (value > 0) - (value < 0)


def dot(row: Sequence[fmpz], point: Sequence[fmpz]) -> fmpz:
    """Inner product of two integer vectors."""
    return sum((a * b for a, b in zip(row, point, strict=True)), fmpz(0))


def integer_row(values: Iterable[float | Fraction]) -> list[fmpz]:
    """Integers in the proportion of exact numbers, by a positive factor.

    Examples
    --------
    >>> integer_row([0.5, Fraction(1, 3)])
    [3, 2]
    """
    ratios = [v.as_integer_ratio() for v in values]
    den = lcm(*(d for _, d in ratios))
    return [fmpz(n * (den // d)) for n, d in ratios]


def homogeneous(point: Iterable[float | Fraction]) -> HomogeneousPoint:
    """Homogeneous integer coordinates of a point.

    Examples
    --------
    >>> homogeneous([0.5, 2.0])
    [1, 4, 2]
    """
    return integer_row([*point, Fraction(1)])


def from_rationals(point: Sequence[fmpq]) -> HomogeneousPoint:
    """Homogeneous coordinates of a point given by flint rationals."""
    den = fmpz(1)
    for x in point:
        den = den.lcm(x.q)
    return [*(x.p * (den // x.q) for x in point), den]


def to_fractions(point: HomogeneousPoint) -> tuple[Fraction, ...]:
    """Inverse of :func:`homogeneous`."""
    den = int(point[-1])
    return tuple(Fraction(int(z), den) for z in point[:-1])


def rounded(point: HomogeneousPoint) -> Float:
    """Nearest float64 point."""
    den = int(point[-1])
    try:
        return np.array([int(z) / den for z in point[:-1]])  # a quotient of integers is correctly rounded
    except OverflowError:
        pass
    return np.array([_nearest_float(x) for x in to_fractions(point)])


def _nearest_float(x: Fraction) -> float:
    return float(min(max(x, Fraction(-MAX_FLOAT)), Fraction(MAX_FLOAT)))


def nearest_row(row: IntegerRow) -> tuple[Float, Float]:
    """Float64 row in the proportion of an integer row, about unit length, and bounds on its errors.

    Examples
    --------
    >>> nearest_row(integer_row([3.0, 2.0**-2000]))[0]
    array([0.75, 0.  ])
    """
    unit = 1 << max(abs(x).bit_length() for x in row[:-1])
    exact = [Fraction(int(x), unit) for x in row]
    values = np.array([_nearest_float(x) for x in exact])
    errors = np.where(
        [v == x for v, x in zip(values.tolist(), exact, strict=True)], 0.0, UNIT_ROUNDOFF * np.abs(values)
    )
    tiny = np.abs(values) < UNDERFLOW_GUARD
    errors[tiny & np.array([x != 0 for x in exact])] = UNDERFLOW_GUARD
    errors[np.abs(values) == MAX_FLOAT] = np.inf
    return np.where(tiny, 0.0, values), errors


def proportional(a: Sequence[fmpz], b: Sequence[fmpz]) -> bool:
    """Whether two integer rows are positive multiples of each other (both nonzero)."""
    pivot = next(i for i, x in enumerate(a) if x != 0)
    if sign(a[pivot]) != sign(b[pivot]):
        return False
    return all(x * b[pivot] == y * a[pivot] for x, y in zip(a, b, strict=True))


def _dyadic(values: Float) -> tuple[list[int], int]:
    """Integers and the exponent e with ``values = integers / 2**e``."""
    mantissas, exponents = np.frexp(values.ravel())
    odd = np.ldexp(mantissas, 53).astype(np.int64)
    zeros = np.maximum(np.frexp((odd & -odd).astype(np.float64))[1] - 1, 0)
    odd, places = odd >> zeros, np.where(odd == 0, 0, 53 - exponents - zeros)
    exponent = int(places.max(initial=0))
    return [n << shift for n, shift in zip(odd.tolist(), (exponent - places).tolist(), strict=True)], exponent


class ExactNetwork:
    """Integer rows of the units and of the output, region by region.

    Parameters
    ----------
    network : Network
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._weights: list[fmpz_mat] = []
        self._slopes: list[tuple[list[int], int]] = []
        for layer in network.layers:
            n_out, n_in = layer.weight.shape
            integers, exponent = _dyadic(np.column_stack([layer.weight, layer.bias]))
            constant = [0] * n_in + [1 << exponent]
            self._weights.append(fmpz_mat(n_out + 1, n_in + 1, integers + constant))
            self._slopes.append(_dyadic(layer.slope))
        self._cache: OrderedDict[tuple[int, bytes], fmpz_mat] = OrderedDict()

    def _preactivations(self, layer: int, pattern: Bool) -> fmpz_mat:
        """Rows of all outputs of a layer and, last, of the constant 1; one common factor."""
        net = self.network
        key = (layer, np.packbits(pattern[: net.unit_offsets[layer]]).tobytes())
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        result = self._weights[layer]  # layer 0: the product with the identity
        if layer > 0:
            result = result * self._activations(layer - 1, pattern)
        self._cache[key] = result
        if len(self._cache) > CACHED_PREFIXES:
            self._cache.popitem(last=False)
        return result

    def _activations(self, layer: int, pattern: Bool) -> fmpz_mat:
        rows = self._preactivations(layer, pattern)
        slopes, exponent = self._slopes[layer]
        factors = [*slopes, 1 << exponent]
        start = self.network.unit_offsets[layer]
        for bit, output in enumerate(self.network.layers[layer].units):
            if pattern[start + bit]:
                factors[output] = 1 << exponent
        if all(f == 1 for f in factors):
            return rows
        return fmpz_mat(
            rows.nrows(), rows.ncols(), [f * x for f, row in zip(factors, rows.tolist(), strict=True) for x in row]
        )

    def unit_row(self, pattern: Bool, unit: int) -> IntegerRow:
        """Affine function of one unit on the region of `pattern`, as a positive multiple."""
        layer = int(np.searchsorted(self.network.unit_offsets, unit, side="right")) - 1
        rows = self._preactivations(layer, pattern)
        output = int(self.network.layers[layer].units[unit - self.network.unit_offsets[layer]])
        return [rows[output, k] for k in range(rows.ncols())]

    def unit_rows(self, pattern: Bool) -> list[IntegerRow]:
        """Affine functions of all units on the region of `pattern`, as positive multiples."""
        found = []
        for i, layer in enumerate(self.network.layers):
            table = self._preactivations(i, pattern).tolist()
            found += [table[k] for k in layer.units.tolist()]
        return found

    def layer_at(self, pattern: Bool, layer: int, point: HomogeneousPoint) -> list[fmpq]:
        """Exact outputs of a layer, before its units, at a point of the closed region of `pattern`."""
        entries = (self._preactivations(layer, pattern) * fmpz_mat(len(point), 1, point)).entries()
        return [fmpq(x, entries[-1]) for x in entries[:-1]]

    def layer_values(self, point: HomogeneousPoint, layer: int) -> list[fmpq]:
        """Exact outputs of a layer, before its units, at any point."""
        values = self._propagated(point, layer)
        pre = (self._weights[layer] * values).entries()
        return [fmpq(x, pre[-1]) for x in pre[:-1]]

    def unit_at(self, point: HomogeneousPoint, unit: int) -> fmpq:
        """Exact pre-activation of one unit at any point."""
        layer = int(np.searchsorted(self.network.unit_offsets, unit, side="right")) - 1
        output = int(self.network.layers[layer].units[unit - self.network.unit_offsets[layer]])
        weights, values = self._weights[layer], self._propagated(point, layer).entries()
        row, last = ([weights[k, j] for j in range(len(values))] for k in (output, weights.nrows() - 1))
        return fmpq(dot(row, values), dot(last, values))

    def _propagated(self, point: HomogeneousPoint, layer: int) -> fmpz_mat:
        """What a layer takes in at a point, homogeneous."""
        values = fmpz_mat(len(point), 1, point)
        for weights, (slopes, exponent) in zip(self._weights[:layer], self._slopes, strict=False):
            pre = (weights * values).entries()
            one = 1 << exponent
            post = [x * (one if x > 0 else s) for x, s in zip(pre, [*slopes, one], strict=True)]
            values = fmpz_mat(len(post), 1, post)
        return values

    def _outputs(self, pattern: Bool) -> fmpz_mat:
        return self._activations(len(self.network.layers) - 1, pattern)

    def output_integers(self, pattern: Bool) -> tuple[fmpz, ...]:
        """Exact ``[A | B]`` of a region, entry by entry, times one positive factor that is the same for all regions."""
        return tuple(self._outputs(pattern).entries()[: -self.network.input_dim - 1])

    def output_map(self, pattern: Bool) -> tuple[tuple[Fraction, ...], ...]:
        """Exact ``[A | B]`` of a region: d rows of h + 1 fractions."""
        rows = self._outputs(pattern).tolist()
        den = int(rows[-1][-1])
        return tuple(tuple(Fraction(int(x), den) for x in row) for row in rows[:-1])

    def signs_at(self, point: HomogeneousPoint) -> list[int]:
        """Exact signs of all pre-activations at a point."""
        values = fmpz_mat(len(point), 1, point)
        signs: list[int] = []
        for layer, weights, (slopes, exponent) in zip(self.network.layers, self._weights, self._slopes, strict=True):
            pre = (weights * values).entries()
            signs.extend(sign(pre[int(k)]) for k in layer.units)
            one = 1 << exponent
            post = [x * (one if x > 0 else s) for x, s in zip(pre, [*slopes, one], strict=True)]
            values = fmpz_mat(len(post), 1, post)
        return signs
