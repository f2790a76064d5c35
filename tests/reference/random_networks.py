"""Seeded small networks and domains, generic and degenerate, for comparison with the brute force."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from polyae.networks.network import Layer, Network

from .brute_force import Description

__all__ = ["network_cases", "random_case"]

Float = NDArray[np.float64]

WIDTHS = {1: 8, 2: 6, 3: 4, 4: 3}
"""Largest width of a hidden layer by input dimension: the brute force takes about a second at most."""
SLOPES = (0.0, 0.01, -1.0, 2.0)


def random_case(seed: int) -> tuple[Network, Description]:
    """A network and a domain as the brute force describes it, both a function of `seed` alone."""
    rng = np.random.default_rng(seed)
    h = int(rng.choice([1, 2, 2, 2, 3, 3, 4]))
    domain = DOMAINS[int(rng.integers(len(DOMAINS)))](rng, h)
    return random_network(rng, h, domain), domain


def network_cases() -> st.SearchStrategy[tuple[Network, Description]]:
    """The cases of all seeds, as a hypothesis strategy."""
    return st.integers(min_value=0, max_value=2**32 - 1).map(random_case)


# Networks


def random_network(rng: np.random.Generator, h: int, domain: Description) -> Network:
    """One to three hidden layers, then an affine one."""
    depth = int(rng.integers(1, 4))
    numbers = NUMBERS[int(rng.integers(len(NUMBERS)))]
    zero_bias, degenerate = rng.random() < 0.25, rng.random() < 0.7
    common = float(rng.choice(SLOPES)) if rng.random() < 0.7 else None
    widths = [h, *(int(n) for n in rng.integers(1, WIDTHS[h] + 1, size=depth))]
    layers: list[Layer] = []
    for n_in, n_out in pairwise(widths):
        weight = numbers(rng, (n_out, n_in))
        bias = numbers(rng, (n_out,)) * (not zero_bias)
        if degenerate and not layers:
            _meet_domain(rng, weight, bias, domain)
        if degenerate:
            for _ in range(int(rng.integers(1, 3))):
                DEGENERACIES[int(rng.integers(len(DEGENERACIES)))](rng, weight, bias)
        slope = np.full(n_out, common) if common is not None else rng.choice(SLOPES, size=n_out)
        layers.append(Layer(weight, bias, slope))
    out = int(rng.integers(1, 4))
    return Network([*layers, Layer(numbers(rng, (out, widths[-1])), numbers(rng, (out,)))])


def _integers(rng: np.random.Generator, shape: tuple[int, ...]) -> Float:
    return rng.integers(-2, 3, size=shape).astype(float)


def _quarters(rng: np.random.Generator, shape: tuple[int, ...]) -> Float:
    return rng.integers(-8, 9, size=shape) / 4


def _doubles(rng: np.random.Generator, shape: tuple[int, ...]) -> Float:
    return rng.standard_normal(shape)


def _singles(rng: np.random.Generator, shape: tuple[int, ...]) -> Float:
    return rng.standard_normal(shape).astype(np.float32).astype(np.float64)


NUMBERS = (_integers, _integers, _quarters, _doubles, _singles)


def _proportional(rng: np.random.Generator, weight: Float, bias: Float) -> None:
    i, j = rng.integers(len(bias), size=2)
    factor = float(rng.choice([1.0, 1.0, 2.0, 0.5, -1.0, -2.0]))
    weight[i], bias[i] = factor * weight[j], factor * bias[j]


def _constant(rng: np.random.Generator, weight: Float, bias: Float) -> None:
    i = rng.integers(len(bias))
    weight[i], bias[i] = 0.0, float(rng.choice([-1.0, 0.0, 1.0]))


def _parallel(rng: np.random.Generator, weight: Float, bias: Float) -> None:
    i, j = rng.integers(len(bias), size=2)
    weight[i] = weight[j]


def _repeat_input(rng: np.random.Generator, weight: Float, bias: Float) -> None:
    """Take up one input again: its hyperplane is equal to one of the layer before."""
    i, j = rng.integers(len(bias)), rng.integers(weight.shape[1])
    weight[i], bias[i] = 0.0, 0.0
    weight[i, j] = float(rng.choice([-1.0, 1.0, 3.0]))


def _difference(rng: np.random.Generator, weight: Float, bias: Float) -> None:
    """Two inputs against each other: of negated ReLU units this is the hyperplane itself again."""
    i, j, k = rng.integers(len(bias)), *rng.integers(weight.shape[1], size=2)
    weight[i], bias[i] = 0.0, 0.0
    weight[i, j] += 1.0
    weight[i, k] -= 1.0


def _negated_pair(rng: np.random.Generator, weight: Float, bias: Float) -> None:
    weight[-1], bias[-1] = -weight[0], -bias[0]


DEGENERACIES: tuple[Callable[[np.random.Generator, Float, Float], None], ...] = (
    _proportional,
    _constant,
    _parallel,
    _repeat_input,
    _difference,
    _negated_pair,
)


def _meet_domain(rng: np.random.Generator, weight: Float, bias: Float, domain: Description) -> None:
    """Lead one hyperplane through a special point of the domain, or lay it on a face."""
    point = SPECIAL_POINTS[domain[0]](rng, domain)
    if rng.random() < 0.5:
        weight[0] = 0.0
        weight[0, rng.integers(weight.shape[1])] = float(rng.choice([-1.0, 1.0]))
    bias[0] = -float(weight[0] @ point)


SPECIAL_POINTS: dict[str, Callable[[np.random.Generator, Description], Float]] = {
    "box": lambda rng, d: np.array([lo if rng.random() < 0.5 else hi for lo, hi in zip(d[1], d[2], strict=True)]),
    "polytope": lambda rng, d: np.linalg.lstsq(d[1][:1], d[2][:1], rcond=None)[0],
    "space": lambda rng, d: np.zeros(d[1]),
    "ball": lambda rng, d: np.array(d[1]) + d[2] * np.eye(len(d[1]))[0],
}


# Domains


def _box(rng: np.random.Generator, h: int) -> Description:
    if rng.random() < 0.5:
        return ("box", [-2.0] * h, [2.0] * h)
    lo = rng.normal(size=h)
    return ("box", lo.tolist(), (lo + rng.uniform(0.1, 3, size=h)).tolist())


def _polytope(rng: np.random.Generator, h: int) -> Description:
    """Random faces around the origin: bounded or not, with a repeated and a grazing one at times."""
    n = int(rng.integers(1, h + 4))
    normals = rng.integers(-2, 3, size=(n, h)).astype(float)
    normals[~normals.any(axis=1), 0] = 1.0
    offsets = rng.integers(1, 4, size=n).astype(float)
    if rng.random() < 0.5:
        normals = np.vstack([np.eye(h), -np.eye(h), np.ones((1, h))])
        offsets = np.append(np.ones(2 * h), float(h))
    if rng.random() < 0.3:
        normals, offsets = np.vstack([normals, 2 * normals[:1]]), np.append(offsets, 2 * offsets[0])
    return ("polytope", normals, offsets)


def _space(rng: np.random.Generator, h: int) -> Description:
    return ("space", h)


def _ball(rng: np.random.Generator, h: int) -> Description:
    p = (1, 2, math.inf)[int(rng.integers(3))]
    if rng.random() < 0.5:
        return ("ball", rng.integers(-1, 2, size=h).astype(float).tolist(), float(rng.integers(1, 4)), p)
    return ("ball", rng.normal(size=h).tolist(), float(rng.uniform(0.1, 2)), p)


DOMAINS = (_box, _polytope, _space, _ball)
