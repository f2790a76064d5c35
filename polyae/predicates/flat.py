"""A network on a domain as flat arrays, for compiled code."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyae.domains import Ball, Domain
from polyae.memo import once_for_each
from polyae.networks.network import Network
from polyae.predicates.cell import Arrangement
from polyae.predicates.runs import overlapping_runs
from polyae.tolerances import LARGEST_COEFFICIENT, UNDERFLOW_GUARD, gamma

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["FlatNetwork", "flatten", "twins"]


class FlatNetwork(NamedTuple):
    """A network, and the walls of a domain, as flat arrays for compiled code.

    Attributes
    ----------
    sizes : widths of input and layers
    weights, biases, slopes : all layers, one after the other, weights transposed
    unit_of : unit behind every output of every layer, -1 for a linear one
    twin_of : for every unit the first unit of its layer with the same hyperplane in every region, or -1
    walls, wall_errors : half-spaces of the domain (k, h + 1), and the error bounds of their offsets
    lo, hi : box around the domain, infinite where it is unbounded
    centre, radius : of a Euclidean ball as domain; the radius is infinite elsewhere
    covered : whether no weight or slope is so small or large that products could leave the normal range
    """

    sizes: Int
    weights: Float
    biases: Float
    slopes: Float
    unit_of: Int
    twin_of: Int
    walls: Float
    wall_errors: Float
    lo: Float
    hi: Float
    centre: Float
    radius: float
    covered: bool


def flatten(arrangement: Arrangement) -> FlatNetwork:
    """Flat arrays of an arrangement."""
    lo, hi = arrangement.bounding_box
    centre, radius = _ball(arrangement.domain)
    return _layers(arrangement.network)._replace(
        walls=arrangement.walls.values.copy(), wall_errors=_wall_errors(arrangement), lo=np.array(lo), hi=np.array(hi),
        centre=centre, radius=radius,
    )  # fmt: skip


@once_for_each
def _layers(net: Network) -> FlatNetwork:
    """Flat arrays of a network on the whole space."""
    h, unit_of = net.input_dim, []
    for layer, start in zip(net.layers, net.unit_offsets, strict=False):
        numbers = np.full(layer.n_out, -1, dtype=np.int64)
        numbers[layer.units] = start + np.arange(len(layer.units))
        unit_of.append(numbers)
    return FlatNetwork(
        np.array([net.input_dim, *(y.n_out for y in net.layers)], dtype=np.int64),
        np.concatenate([y.weight.T.ravel() for y in net.layers]),
        np.concatenate([y.bias for y in net.layers]),
        np.concatenate([y.slope for y in net.layers]),
        np.concatenate(unit_of),
        twins(net),
        np.zeros((0, h + 1)),
        np.zeros(0),
        np.full(h, -np.inf),
        np.full(h, np.inf),
        np.zeros(h),
        np.inf,
        all(_covered(values) for layer in net.layers for values in (layer.weight, layer.slope)),
    )


def _wall_errors(arrangement: Arrangement) -> Float:
    """Bounds on the walls' offsets, infinite where a wall is not one that compiled code is made for."""
    walls = arrangement.walls
    unfit = walls.errors[:, :-1].any(axis=1) | (np.abs(walls.values[:, :-1]) > LARGEST_COEFFICIENT).any(axis=1)
    return np.where(unfit, np.inf, walls.errors[:, -1])


def _covered(values: Float) -> bool:
    sizes = np.abs(values[values != 0])
    return bool(((sizes > UNDERFLOW_GUARD) & (sizes < 1.0 / UNDERFLOW_GUARD)).all())


def _ball(domain: Domain) -> tuple[Float, float]:
    if isinstance(domain, Ball) and domain.curved:
        return np.array(domain.centre), domain.radius
    return np.zeros(domain.dim), np.inf


@once_for_each
def twins(network: Network) -> Int:
    """First unit of each unit's layer whose weights and bias are a multiple of its own, exactly.

    Such units vanish on the same hyperplane in every region, so one row stands for all of them; -1 marks
    a unit that is zero everywhere and so never flips.
    """
    result = np.arange(network.num_units)
    for layer, start in zip(network.layers, network.unit_offsets, strict=False):
        rows = np.column_stack([layer.weight, layer.bias])[layer.units]
        result[start + np.flatnonzero(~rows.any(axis=1))] = -1
        for run in _nearly_proportional(rows):
            seen: dict[tuple[int, ...], int] = {}
            for k in run.tolist():
                if rows[k].any():
                    result[start + k] = seen.setdefault(_direction(rows[k]), int(start) + k)
    return result


def _nearly_proportional(rows: Float) -> list[Int]:
    """Groups of rows that could be multiples of each other, told apart by a hash of their direction."""
    lead = np.take_along_axis(rows, np.abs(rows).argmax(axis=1)[:, None], axis=1)
    with np.errstate(all="ignore"):
        unit = rows / lead  # exact multiples differ by one rounding an entry
        spread = np.abs(unit).sum(axis=1)
        hashes = unit @ (0.5 + (0.6180339887498949 * np.arange(1, rows.shape[1] + 1)) % 1.0)
    groups = overlapping_runs(hashes, gamma(2 * rows.shape[1]) * 2 * spread)
    return [run for run in groups if len(run) > 1]


def _direction(row: Float) -> tuple[int, ...]:
    ratios = [float(v).as_integer_ratio() for v in row]
    den = max(d for _, d in ratios)
    integers = [n * (den // d) for n, d in ratios]
    divisor = math.gcd(*integers) or 1
    lead = next((x for x in integers if x), 1)
    return tuple(x // (divisor if lead > 0 else -divisor) for x in integers)
