"""Affine slices in front of a network."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from polyae import Layer, Network, Slice
from polyae.errors import DataError, NetworkError, ShapeError


def test_a_slice_through_points_holds_them() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(4, 9))
    on = Slice.through(points)
    assert on.dim == 3 and on.orthonormal
    assert np.allclose(on.points(on.coordinates(points)), points, atol=1e-13)
    gaps = np.linalg.norm(points[1:] - points[0], axis=1)
    assert np.allclose(np.linalg.norm(on.coordinates(points[1:]), axis=1), gaps)


def test_a_restricted_network_is_the_network_on_the_slice() -> None:
    rng = np.random.default_rng(1)
    net = Network([Layer(rng.normal(size=(5, 6)), rng.normal(size=5), 0.0), Layer(np.ones((2, 5)), [0.0, 1.0])])
    on = Slice(rng.normal(size=6), rng.normal(size=(2, 6)))
    restricted = on.restrict(net)
    codes = rng.normal(size=(10, 2))
    assert restricted.input_dim == 2 and restricted.num_units == net.num_units
    assert np.allclose(restricted(codes), net(on.points(codes)))
    assert np.allclose([float(x) for x in on.exact_point(codes[0].tolist())], on.points(codes[0]))
    with pytest.raises(NetworkError, match=r"slice lies in R\^5, the network takes"):
        Slice(np.zeros(5), np.eye(5)).restrict(net)


def test_an_exact_point_is_exact() -> None:
    on = Slice([0.1, 0.2], [[0.3, 0.7]])
    exact = [Fraction(0.1) + Fraction(0.9) * Fraction(0.3), Fraction(0.2) + Fraction(0.9) * Fraction(0.7)]
    assert on.exact_point([0.9]) == exact


@pytest.mark.parametrize(
    ("points", "error", "message"),
    [
        ([[1.0, 2.0]], ShapeError, "k \\+ 1 points"),
        ([1.0, 2.0], ShapeError, "k \\+ 1 points"),
        (np.zeros((4, 2)), ShapeError, "k \\+ 1 points"),
        ([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [2.0, 2.0, 2.0]], DataError, "point 2 of the slice depends"),
        ([[0.0, 0.0], [0.0, 0.0]], DataError, "point 1 of the slice depends"),
        ([[0.0, np.nan], [0.0, 1.0]], DataError, "must be finite"),
    ],
)
def test_points_that_span_no_slice(points: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Slice.through(points)  # type: ignore[arg-type]


def test_a_slice_that_does_not_fit() -> None:
    with pytest.raises(ShapeError, match="an origin"):
        Slice([0.0, 0.0], [[1.0, 0.0, 0.0]])
    with pytest.raises(DataError, match="must be finite"):
        Slice([0.0, np.inf], [[1.0, 0.0]])
