"""Arguments that hold no real numbers are named, those that do are taken as they are."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

import polyae
from polyae import Box, Layer, NeighbourOracle, Network, enumerate_regions
from polyae.arrays import finite_array, real_array
from polyae.errors import DataError, PolyaeError, SettingError, ShapeError
from polyae.training.data import Dataset, digits
from polyae.training.orbits import orbit_dataset, orbit_points
from polyae.training.synthetic import cbf, synthetic_control

NET = Network([Layer(np.eye(2), [0, 0], 0.0), Layer([[1, 1]], [0])])


@pytest.mark.parametrize(
    "values",
    [[1, 2], (1.0, 2), [True, False], np.float32([1, 2]), [Fraction(1, 2), 3], torch.tensor([1.0, 2.0]), 3, [10**30]],
)
def test_numbers_are_taken(values: Any) -> None:
    expected = [float(x) for x in values] if np.ndim(values) else float(values)
    assert real_array(values, "x").tolist() == expected


def test_tensors_with_gradients_are_taken_without() -> None:
    codes = 2.0 * torch.ones(1, 2, requires_grad=True)
    assert real_array(codes, "codes").tolist() == [[2.0, 2.0]]
    assert NET(codes).tolist() == [[4.0]]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ("1", "text"), (["1", "2"], "text"), (b"1", "bytes"), ([1j], "complex"), (None, "None"), ([1, None], "None"),
        ([[1, 2], [1]], "rows differ in length"), ([10**400], "too large"), ([{}], "dict"),
        (np.array(["2026-01-01"], dtype="datetime64[D]"), "datetime64"),
        (torch.ones(1, dtype=torch.bfloat16), "BFloat16"),
    ],
)  # fmt: skip
def test_the_argument_and_the_reason_are_named(values: Any, reason: str) -> None:
    with pytest.raises(DataError, match=f"codes must be an array of real numbers: .*{reason}"):
        real_array(values, "codes")


@pytest.mark.parametrize(
    "use",
    [
        lambda bad: Layer([[bad]], [0]), lambda bad: Layer([[1]], [bad]), lambda bad: Layer([[1]], [0], bad),
        lambda bad: NET([bad, 0]), lambda bad: NET.pattern([bad, 0]),
        lambda bad: enumerate_regions(NET, Box([-1, -1], [1, 1]), starts=[[bad, 0]]),
        lambda bad: enumerate_regions(NET, Box([-1, -1], [1, 1])).locate([bad, 0]),
    ],
)  # fmt: skip
def test_every_entry_point_checks(use: Callable[[Any], object]) -> None:
    with pytest.raises(DataError, match="must be an array of real numbers: got text"):
        use("a")


@pytest.mark.parametrize(
    ("values", "shape", "message"),
    [
        ([1.0, math.nan], None, "codes holds nan at entry 1; every number must be finite"),
        ([[1, 2], [-math.inf, 3]], ("n", 2), "codes holds -inf in row 1, column 0;"),
        ([[[1, math.inf]]], (..., 2), r"codes holds inf at \(0, 0, 1\);"),
        (math.nan, None, "codes holds nan;"),
        (torch.tensor([[1.0], [math.nan]]), None, "codes holds nan in row 1, column 0;"),
    ],
)
def test_numbers_that_are_not_finite_are_located(values: Any, shape: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        finite_array(values, "codes", shape)


@pytest.mark.parametrize(
    ("values", "shape", "wanted"),
    [
        ([1, 2], (3,), r"\(2,\), expected \(3,\)"), ([1, 2], ("n", 2), r"\(2,\), expected \(n, 2\)"),
        ([[1], [2]], (..., 2), r"\(2, 1\), expected \(..., 2\)"), (1, (..., 1), r"\(\), expected \(..., 1\)"),
        ([], (..., 2), r"\(0,\), expected"), ([[1, 2]], (2,), r"\(1, 2\), expected \(2,\)"),
    ],
)  # fmt: skip
def test_shapes_are_told_apart(values: Any, shape: Any, wanted: str) -> None:
    with pytest.raises(ShapeError, match=f"codes has shape {wanted}"):
        finite_array(values, "codes", shape)


def test_finite_arrays_are_copies_of_the_shape_asked_for() -> None:
    given = np.zeros((4, 3, 2))
    for shape in (None, (..., 2), ("n", "m", 2), (4, 3, 2), (..., 3, 2)):
        found = finite_array(given, "codes", shape)
        assert found.shape == given.shape and not np.shares_memory(found, given)


COMPLEX = enumerate_regions(NET, Box([-1, -1], [1, 1]))
PLANAR = enumerate_regions(Network([Layer(np.eye(2), [0, 0], 0.0)]), Box([-1, -1], [1, 1]))
CURVE = polyae.region_curve(NET, [0, 0], 1)
TURN = polyae.Orbit([[0, -1], [1, 0]], [1, 0], (0, 1))
PLANE = polyae.Slice([0, 0], [[1, 0]])
DECODER = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))

#: What takes points, and the name under which it complains; each is given one point (2,).
POINTS: dict[str, tuple[str, Callable[[list[float]], object]]] = {
    "call": ("points", NET), "pattern": ("points", NET.pattern), "preactivations": ("points", NET.preactivations),
    "locate": ("points", COMPLEX.locate), "locate several": ("points", lambda z: COMPLEX.locate([z])),
    "box": ("points", Box([-1, -1], [1, 1]).contains), "ball": ("points", polyae.Ball([0, 0], 1).contains),
    "space": ("points", polyae.Space(2).contains), "polytope": ("points", polyae.Polytope([[1, 0]], [1]).contains),
    "starts": ("starts", lambda z: enumerate_regions(NET, Box([-1, -1], [1, 1]), starts=[z])),
    "neighbours": ("z", lambda z: polyae.neighbours(NET, z)),
    "batch of neighbours": ("z", lambda z: polyae.neighbours(NET, [[0.0, 0.0], z])),
    "oracle": ("codes", lambda z: NeighbourOracle(DECODER).find(torch.tensor([z]))),
    "sampling oracle": ("codes", lambda z: NeighbourOracle(DECODER, choose="bisection").find(torch.tensor([z]))),
    "anchors": ("anchors", lambda z: polyae.radii(COMPLEX, anchors=[z] * len(COMPLEX))),
    "centre": ("centre", lambda z: polyae.count_in_balls(NET, z, 1)),
    "data": ("data", lambda z: polyae.count_in_balls(NET, [0, 0], 1, data=[z])),
    "curve": ("centre", lambda z: polyae.region_curve(NET, z, 1)), "radii": ("radii", CURVE.count),
    "centres": ("centres", lambda z: polyae.curve_statistics(NET, [z], 1)),
    "occupancy": ("data", lambda z: polyae.occupancy(NET, [z])),
    "slice origin": ("origin", lambda z: polyae.Slice(z, [[1, 0]])),
    "slice directions": ("directions", lambda z: polyae.Slice([0, 0], [z])),
    "slice through": ("points", lambda z: polyae.Slice.through([[0, 0], z])),
    "slice points": ("coordinates", lambda z: PLANE.points([[x] for x in z])),
    "slice coordinates": ("points", PLANE.coordinates),
    "samples": ("points", lambda z: polyae.PointCloud([z])),
    "nearest sample": ("points", lambda z: polyae.PointCloud([[0, 0]]).nearest([z])),
    "orbit start": ("x0", lambda z: polyae.Orbit([[0, -1], [1, 0]], z, (0, 1))),
    "orbit generator": ("generators", lambda z: polyae.Orbit([z, [0, 0]], [1, 0], (0, 1))),
    "orbit parameters": ("parameters", lambda z: TURN.points([[x] for x in z])),
    "estimate": ("points", lambda z: polyae.estimate_generators([[x, y] for x in range(4) for y in range(3)] + [z])),
    "scaling": ("weights", polyae.scaling_generator),
    "translation": ("directions", lambda z: polyae.translation_generators([z], [1, 1])),
    "translation of": ("x0", lambda z: polyae.translation_generators([[1, 0]], z)),
    "bound": ("generators", lambda z: polyae.theorem_bound(PLANAR, TURN, generators=[z, [0, 0]])),
    "data set": ("codes: train", lambda z: Dataset("codes", [z], np.zeros((1, 2)))),  # type: ignore[arg-type]
    "training orbit": ("start", lambda z: orbit_points([[0, -1], [1, 0]], z, [0])),
}  # fmt: skip


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("use", POINTS)
def test_no_entry_point_takes_nan_or_infinity(use: str, bad: float) -> None:
    name, function = POINTS[use]
    with pytest.raises(DataError, match=rf"^{name} holds {bad} .*must be finite"):
        function([0.5, bad])


@pytest.mark.parametrize("use", [NET.affine, COMPLEX.find])
@pytest.mark.parametrize(("bad", "found"), [(math.nan, "nan"), (2, "2.0"), (-1.0, "-1.0"), ("1", "text")])
def test_the_states_of_units_are_0_or_1(use: Callable[[Any], object], bad: Any, found: str) -> None:
    with pytest.raises(DataError, match=f"pattern.*{found}"):
        use([bad, 1])
    assert np.array_equal(COMPLEX.find([1, 0]), COMPLEX.find([True, False]))


def test_what_holds_arrays_is_shown_without_them() -> None:
    shown = {
        NET.layers[0]: "Layer(2 to 2, 2 units)", PLANE: "Slice(dimension 1 in R^2, orthonormal)",
        polyae.Slice([0, 0], [[2, 0]]): "Slice(dimension 1 in R^2, not orthonormal)",
        Dataset("ring", np.zeros((3, 2)), np.zeros((1, 2))): "Dataset(ring, 3 to train and 1 to test on, d = 2)",
        polyae.RegionMonitor(DECODER, lambda: torch.zeros(1, 2)):
            "RegionMonitor(Sequential, every 1, 0 steps, 0 measurements)",
    }  # fmt: skip
    assert [repr(thing) for thing in shown] == list(shown.values())
    ring = np.array([[np.cos(t), np.sin(t)] for t in np.linspace(0, 6, 30)])
    estimate = repr(polyae.estimate_generators(ring))
    assert estimate.startswith("EstimatedGenerators(1 of shape (2, 2), residual") and len(estimate) < 100


@pytest.mark.parametrize("bad", [-1, 0.5, "1", None])
@pytest.mark.parametrize(
    "use",
    [
        lambda seed: polyae.count_in_balls(NET, [0, 0], 1, seed=seed), lambda seed: NeighbourOracle(DECODER, seed=seed),
        lambda seed: digits(seed=seed), lambda seed: orbit_dataset([[0, -1], [1, 0]], [1, 0], (0, 1), seed=seed),
        lambda seed: cbf(seed=seed), lambda seed: synthetic_control(seed=seed),
    ],
)  # fmt: skip
def test_seeds_are_whole_numbers(use: Callable[[Any], object], bad: Any) -> None:
    with pytest.raises(SettingError, match="seed must be a whole number, at least 0, got"):
        use(bad)


#: Arguments of another type than the documented one, and what the complaint says.
STRANGERS: list[tuple[Callable[[], object], str]] = [
    (lambda: polyae.write_network(DECODER, "net.json"), "Network is needed, got Sequential"),
    (lambda: polyae.count_in_balls(NET, [0, 0], 1, on=3), "on takes a Slice, got int"),
    (lambda: polyae.count_in_balls(NET, [0, 0], 1, runs="8"), "runs must be a whole number"),
    (lambda: polyae.count_in_balls(NET, [0, 0], 1, max_seconds="1"), "max_seconds must be a real number"),
    (lambda: polyae.count_in_balls(NET, [0, 0], 1, max_regions=1.5), "max_regions must be a whole number"),
    (lambda: polyae.region_curve(NET, [0, 0], 1, resume="part.npz"), "resume takes a RegionCurve, got str"),
    (lambda: polyae.estimate_regions(DECODER, [0, 0], 1), "Network is needed, got Sequential"),
    (lambda: polyae.estimate_regions(NET, [0, 0, 0], 1), r"centre has shape \(3,\)"),
    (lambda: polyae.estimate_regions(NET, [0, math.nan], 1), "centre holds nan at entry 1"),
    (lambda: polyae.estimate_regions(NET, [0, 0], -1), "radius must be positive"),
    (lambda: polyae.estimate_regions(NET, [0, 0], [1, 2]), "radius must be one number"),
    (lambda: polyae.estimate_regions(NET, [0, 0], 1, 7), "must be 1, 2 or inf, got 7"),
    (lambda: polyae.occupancy(NET, [[0, 0]], within=3), "within takes a RegionCurve, got int"),
    (lambda: polyae.Orbit("a", [1, 0], (0, 1)), "G must be an array of real numbers"),
    (lambda: polyae.Union([TURN, 3]), "a union is made of manifolds, got int"),
    (lambda: polyae.Union(COMPLEX), "a union is made of manifolds, got Region"),
    (lambda: polyae.save_manifold(COMPLEX, "x.json"), "Manifold is needed, got RegionComplex"),
    (lambda: polyae.radii(COMPLEX, accuracy="1"), "accuracy must be a real number"),
    (lambda: polyae.radii(COMPLEX, max_vertices=1.5), "max_vertices must be a whole number, at least 1"),
    (lambda: polyae.radii(COMPLEX).largest("a"), "number of regions asked for must be a whole number"),
    (lambda: polyae.squared_circumradii(COMPLEX, [0.5]), "number of a region must be a whole number"),
    (lambda: polyae.neighbours(NET, [0, 0], workers=0), "workers must be a whole number, at least 1"),
    (lambda: polyae.LieGroupRegulariser(3)(np.zeros((1, 3, 2)), np.zeros((1, 3, 2))), "are tensors, got ndarray"),
    (lambda: polyae.RegionMonitor(DECODER, torch.zeros(1, 2)), "codes is a function that returns a tensor"),
    (lambda: NeighbourOracle(DECODER).find(torch.zeros(1, 2, dtype=torch.complex64)), "real tensor .*complex64"),
]  # fmt: skip


@pytest.mark.parametrize(("use", "message"), STRANGERS)
def test_arguments_of_another_type_are_named(use: Callable[[], object], message: str) -> None:
    with pytest.raises(PolyaeError, match=message):
        use()


def test_one_manifold_is_a_union_and_arrays_of_codes_are_watched() -> None:
    assert polyae.Union(TURN).parts == (TURN,)
    assert polyae.RegionMonitor(DECODER, lambda: np.zeros((1, 2))).measure().data_regions == 1
