"""Vertices placed anew against the rational points where their units and walls vanish."""

from fractions import Fraction

import numpy as np
import pytest

from polyae import Box, Domain, Layer, Network, Polytope, enumerate_regions
from polyae.complex.enumerate import arrange
from polyae.engines.subdivide.by_edges import EdgeSubdivision
from polyae.engines.subdivide.layer_units import LayerUnits, layer_units
from polyae.engines.subdivide.layers import layer_plans
from polyae.engines.subdivide.polytope_faces import polytope_faces
from polyae.predicates.affine import BoundedRows
from polyae.predicates.cell import Arrangement
from polyae.predicates.rational import to_fractions
from tests.engines.zoo import assert_identical, cube, drawn


def with_twins(seed: int) -> Network:
    """Layers with outputs that are no units, units of other slopes, and units on one hyperplane."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(7, 2)), rng.normal(size=(6, 7))
    biases = rng.normal(size=7), rng.normal(size=6)
    for weight, bias in ((first, biases[0]), (second, biases[1])):
        weight[3], bias[3] = -2.0 * weight[1], -2.0 * bias[1]
    return Network([
        Layer(first, biases[0], [0.0, 0.0, 1.0, 0.0, 0.5, -1.0, 0.0]),
        Layer(second, biases[1], [1.0, 0.0, 0.0, 0.0, 0.0, 2.0]),
        Layer(rng.normal(size=(5, 6)), rng.normal(size=5), 0.0),
    ])  # fmt: skip


CASES: dict[str, tuple[Network, Domain]] = {
    "narrow and deep": (drawn([2, 6, 6, 6, 6, 1], 1), cube(2, -8, 8)),
    "three-dimensional": (drawn([3, 8, 8, 1], 2), cube(3, -2, 2)),
    "twins and other slopes": (with_twins(3), cube(2, -3, 3)),
    "pyramid": (
        drawn([3, 6, 5, 1], 4),
        Polytope([[1, 0, 1], [-1, 0, 1], [0, 1, 1], [0, -1, 1], [0, 0, -1]], [2.0, 2.0, 2.0, 2.0, 1.0]),
    ),
    "one-dimensional": (drawn([1, 9, 9, 1], 5), Box([-4.0], [4.0])),
    "tiny weights": (Network([Layer(1e-9 * y.weight, y.bias * 1e-9, y.slope) for y in drawn([2, 7, 7, 1], 6).layers]),
                     cube(2, -2, 2)),
}  # fmt: skip


def last_units(made: EdgeSubdivision) -> tuple[int, LayerUnits]:
    plans = layer_plans(made.arrangement.network)
    return len(plans) - 1, layer_units(plans[-1], made.hashes)


@pytest.mark.parametrize("name", sorted(CASES))
def test_places_and_values_are_within_their_bounds(name: str) -> None:
    net, where = CASES[name]
    arrangement = arrange(net, where)
    faces = polytope_faces(arrangement.domain)
    assert faces is not None
    made = EdgeSubdivision(arrangement, faces, 0)
    count, (number, layer), rng = made.count, last_units(made), np.random.default_rng(0)
    reach = np.abs(made.mesh.coordinates[:count]).max()
    made.mesh.coordinates[:count] += 1e-3 * reach * rng.uniform(-1, 1, made.mesh.coordinates[:count].shape)
    made.mesh.position_error[:count] = made.mesh.error[:count] = np.inf
    mesh = made.mesh._replace(values=np.full((len(made.mesh.error), net.layers[number].n_out), np.nan))
    made.positions.refine(mesh, np.arange(count), number, layer)
    rational, close = arrangement.rational, 0
    for v in range(count):
        point = made.exact.point(mesh, v)
        off = max(abs(Fraction(x) - y) for x, y in zip(mesh.coordinates[v].tolist(), to_fractions(point), strict=True))
        assert mesh.position_error[v] == np.inf or off <= Fraction(mesh.position_error[v])
        close += bool(mesh.position_error[v] < 1e-10 * reach)
        exact = rational.layer_at(made.twins.patterns(mesh.words[v : v + 1])[0], number, point)
        for value, wanted in zip(mesh.values[v].tolist(), exact, strict=True):
            true = Fraction(int(wanted.p), int(wanted.q))
            assert mesh.error[v] == np.inf or abs(Fraction(value) - true) <= Fraction(mesh.error[v])
            assert wanted != 0 or mesh.error[v] == np.inf or value == 0.0
        assert mesh.error[v] < 1e-9 * mesh.size[v] or mesh.position_error[v] > 1e-10 * reach
    assert close > 0.95 * count  # what is left has rows almost parallel


def test_bounds_that_are_no_numbers_improve_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    arrangement = arrange(drawn([2, 6, 6, 1], 0), cube(2, -1, 1))
    faces = polytope_faces(arrangement.domain)
    assert faces is not None
    made = EdgeSubdivision(arrangement, faces, 0)
    before = made.mesh.coordinates[: made.count].copy()
    made.mesh.position_error[:] = np.inf
    walls = arrangement.walls
    monkeypatch.setattr(Arrangement, "walls", BoundedRows(walls.values, np.full_like(walls.errors, np.nan)))
    made.positions.refine(made.mesh, np.arange(made.count))
    on_walls = made.faces.dims[made.mesh.face[: made.count]] < 2
    assert on_walls.any()
    assert np.isinf(made.mesh.position_error[: made.count][on_walls]).all()
    assert np.array_equal(made.mesh.coordinates[: made.count][on_walls], before[on_walls])


def test_a_deep_network_on_a_large_box_needs_no_rationals() -> None:
    """Bounds that only grow from vertex to vertex leave hundreds of signs open here."""
    net, where = drawn([2, 64, 64, 64, 64, 64, 1], 0), cube(2, -8, 8)
    found = enumerate_regions(net, where, engine="subdivide")
    assert found.decisions.exact < 10
    assert_identical(found, enumerate_regions(net, where, engine="march"))
