"""Generators of groups against what the groups do, and estimated generators against true ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import expm, subspace_angles
from scipy.spatial.transform import Rotation

import polyae
from polyae import (
    Orbit,
    ProductOrbit,
    estimate_generators,
    image_rotation_generator,
    image_shift_generator,
    load_manifold,
    rotation_generator,
    scaling_generator,
    translation_generators,
)
from polyae.errors import DataError, FileFormatError, SettingError, ShapeError

Float = NDArray[np.float64]


# Groups


@pytest.mark.parametrize(("plane", "axis"), [((0, 1), "z"), ((1, 2), "x"), ((2, 0), "y")])
def test_rotations_of_space_by_scipy(plane: tuple[int, int], axis: str) -> None:
    for angle in (0.3, -2.0, 4.0):
        turned = expm(angle * rotation_generator(3, plane))
        np.testing.assert_allclose(turned, Rotation.from_euler(axis, angle).as_matrix(), atol=1e-12)


def test_scaling() -> None:
    np.testing.assert_allclose(expm(0.5 * scaling_generator([1, -2])) @ [3, 4], [3 * np.exp(0.5), 4 * np.exp(-1)])


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 3))
def test_translations(seed: int, count: int) -> None:
    """Exactly a translation, in any order, from any point of the plane through x0."""
    rng = np.random.default_rng(seed)
    moves, x0 = rng.normal(size=(count, 5)), rng.normal(size=5)
    found = translation_generators(moves, x0)
    theta = rng.uniform(-3, 3, size=count)
    orbit = ProductOrbit(found, x0, [(-3, 3)] * count)
    np.testing.assert_allclose(orbit.points(theta[None])[0], x0 + theta @ moves, atol=1e-9)
    for g, v in zip(found, moves, strict=True):
        np.testing.assert_allclose(expm(g) @ (x0 + theta @ moves), x0 + theta @ moves + v, atol=1e-9)
        for other in found:
            np.testing.assert_allclose(g @ other, 0.0, atol=1e-9)


@pytest.mark.parametrize(("height", "width"), [(5, 7), (7, 5), (3, 1)])
def test_shift_of_odd_images_is_exact(height: int, width: int) -> None:
    image = np.random.default_rng(0).normal(size=(height, width))
    for axis, steps in ((0, 1), (0, -2), (1, 3)):
        g = image_shift_generator(height, width, axis)
        np.testing.assert_array_equal(g, -g.T)
        moved = (expm(steps * g) @ image.ravel()).reshape(height, width)
        np.testing.assert_allclose(moved, np.roll(image, steps, axis=axis), atol=1e-12)


def test_shift_of_even_images_leaves_alternating_pixels_at_rest() -> None:
    g = image_shift_generator(6, 4, 0)
    alternating = np.outer((-1.0) ** np.arange(6), np.ones(4)).ravel()
    np.testing.assert_allclose(g @ alternating, 0.0, atol=1e-12)
    wave = np.outer(np.cos(2 * np.pi * np.arange(6) / 6), np.ones(4))
    np.testing.assert_allclose((expm(g) @ wave.ravel()).reshape(6, 4), np.roll(wave, 1, axis=0), atol=1e-12)


def test_rotation_of_images() -> None:
    """Four quarter turns of a smooth image; a rectangle turns as the square that holds it."""
    y, x = np.mgrid[:9, :9] - 4.0
    blob = np.exp(-((x - 1.5) ** 2 + y**2) / 2)
    g = image_rotation_generator(9)
    np.testing.assert_array_equal(g, -g.T)
    turned = (expm(np.pi / 2 * g) @ blob.ravel()).reshape(9, 9)
    np.testing.assert_allclose(turned, np.rot90(blob), atol=0.02)
    wide = image_rotation_generator(9, 13)
    inside = (expm(np.pi / 2 * wide) @ np.pad(blob, ((0, 0), (2, 2))).ravel()).reshape(9, 13)
    np.testing.assert_allclose(inside[:, 2:-2], np.rot90(blob), atol=0.02)


def test_errors_of_groups() -> None:
    for plane in ((0, 0), (0, 3), (-1, 0)):
        with pytest.raises(ShapeError, match="two different axes"):
            rotation_generator(3, plane)
    with pytest.raises(ShapeError, match="vector"):
        scaling_generator([[1.0]])
    with pytest.raises(ShapeError, match=r"\(m, 2\)"):
        translation_generators([1.0, 0.0], [1.0, 0.0])
    with pytest.raises(SettingError, match="constant coordinate"):
        translation_generators([[1.0, 1.0]], [2.0, 2.0])
    with pytest.raises(ShapeError, match="2 pixels"):
        image_rotation_generator(1)
    with pytest.raises(SettingError, match="0 or 1"):
        image_shift_generator(3, 3, 2)
    with pytest.raises(ShapeError, match="1 pixel"):
        image_shift_generator(0, 3, 1)


# Files


def test_named_generators_in_files(tmp_path: Path) -> None:
    path = tmp_path / "manifold.json"
    turn, shift = {"image_rotation": {"height": 3}}, {"image_shift": {"height": 3, "width": 3, "axis": 1}}
    path.write_text(json.dumps({"G": [turn, shift], "x0": [1.0] * 9, "box": [[0, 1], [0, 2]]}))
    product = load_manifold(path).charts[0]
    assert isinstance(product, ProductOrbit)
    np.testing.assert_array_equal(product.generators[0], image_rotation_generator(3))
    np.testing.assert_array_equal(product.generators[1], image_shift_generator(3, 3, 1))
    path.write_text(json.dumps({"G": {"scaling": {"weights": [1, 2]}}, "x0": [1, 1], "interval": [0, 1]}))
    np.testing.assert_allclose(load_manifold(path).charts[0].points([[1.0]]), [[np.e, np.e**2]])


@pytest.mark.parametrize(
    ("generator", "message"),
    [
        ({"eval": {"code": "1"}}, "one of rotation"),
        ({"rotation": [3]}, "one of rotation"),
        ({"rotation": {"dim": 2, "angle": 1}}, "arguments of the generator 'rotation'"),
        ({}, "one of rotation"),
    ],
)
def test_bad_named_generators(generator: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({"G": generator, "x0": [1, 0], "interval": [0, 1]}))
    with pytest.raises(FileFormatError, match=message):
        load_manifold(path)
    path.write_text(json.dumps({"G": {"rotation": {"dim": 2, "plane": [0, 5]}}, "x0": [1, 0], "interval": [0, 1]}))
    with pytest.raises(ShapeError, match=r"bad\.json"):
        load_manifold(path)


# Estimates


def angle_between(found: Float, true: Float) -> float:
    """Largest principal angle between the spans of two sets of generators."""
    return float(subspace_angles(found.reshape(len(found), -1).T, np.asarray(true).reshape(len(true), -1).T).max())


@given(seed=st.integers(0, 2**32 - 1))
def test_a_circle_is_explained_exactly(seed: int) -> None:
    """In the middle of a chord the tangent equation holds exactly, whatever the spacing: θ = 2 tan(angle / 2)."""
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 6, size=30))
    frame = np.linalg.qr(rng.normal(size=(4, 4)))[0][:, :2]
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1) @ frame.T
    found = estimate_generators(points)
    true = frame @ np.array([[0.0, -1.0], [1.0, 0.0]]) @ frame.T
    assert found.residual < 1e-9 and found.rank == 2
    assert np.abs(found.generators[0] - true * np.sign((found.generators[0] * true).sum())).max() < 1e-6
    chord = 2 * np.tan((angles[found.pairs[:, 1]] - angles[found.pairs[:, 0]]) / 2)
    np.testing.assert_allclose(np.abs(found.theta[:, 0]), np.abs(chord), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("skew", [True, False])
def test_two_frequencies(skew: bool) -> None:
    """The error falls with the square of the spacing."""
    rng = np.random.default_rng(1)
    frame = np.linalg.qr(rng.normal(size=(5, 5)))[0][:, :4]
    true = frame @ (rotation_generator(4, (0, 1)) + 2 * rotation_generator(4, (2, 3))) @ frame.T
    start = frame @ [1.0, 0.5, -0.3, 0.8]
    angles, residuals = [], []
    for count in (60, 240):
        points = Orbit(true, start, (0, 6)).points(np.linspace(0, 6, count)[:, None])
        found = estimate_generators(points, skew=skew)
        angles.append(angle_between(found.generators, true[None]))
        residuals.append(found.residual)
    assert angles[1] < angles[0] / 8 and angles[1] < 2e-3
    assert residuals[1] < residuals[0] / 8


def test_free_generators_where_skew_ones_fail() -> None:
    """A parabola and a spiral are no orbits of rotations."""
    shift = np.diag(np.ones(2), -1)
    parabola = Orbit(shift, [1, 0, 0], (-2, 2)).points(np.linspace(-2, 2, 100)[:, None])
    spiral = np.array([[-0.3, -1.0], [1.0, -0.3]])
    curve = Orbit(spiral, [1, 0], (0, 6)).points(np.linspace(0, 6, 300)[:, None])
    for points, true in ((parabola, shift), (curve, spiral)):
        free, skew = estimate_generators(points, skew=False), estimate_generators(points)
        assert angle_between(free.generators, true[None]) < 1e-3 and free.residual < 1e-3
        assert skew.residual > 0.1
        np.testing.assert_array_equal(skew.generators[0], -skew.generators[0].T)


@pytest.mark.parametrize("skew", [True, False])
def test_two_generators_of_a_torus(skew: bool) -> None:
    true = np.stack([rotation_generator(5, (0, 1)), rotation_generator(5, (2, 4))])
    theta = np.random.default_rng(2).uniform(0, 2 * np.pi, size=(900, 2))
    points = ProductOrbit(true, [1, 0, 0.7, 0, 0], [(0, 7), (0, 7)]).points(theta)
    found = estimate_generators(points, 2, neighbours=7, skew=skew)
    assert found.rank == 4 and found.residual < 1e-3
    assert angle_between(found.generators, true) < 1e-3
    assert estimate_generators(points, 1, neighbours=7, skew=skew).residual > 0.3


def test_noise_shows_in_the_residual(cases: Callable[[int, int], int]) -> None:
    """Each difference carries the noise of two points; the generator is found up to the share of it."""
    for seed in range(cases(2, 20)):
        rng = np.random.default_rng(seed)
        angles = rng.uniform(0, 2 * np.pi, size=200)
        noise = 1e-3
        clean = np.stack([np.cos(angles), np.sin(angles), np.zeros(200)], axis=1)
        found = estimate_generators(clean + noise * rng.normal(size=clean.shape), neighbours=10, rank=2)
        assert np.sqrt((found.residuals**2).mean()) < 4 * noise
        assert angle_between(found.generators, rotation_generator(3)[None]) < 0.1


def test_the_rotation_of_an_image_is_learned(cases: Callable[[int, int], int]) -> None:
    """The learned group carries the image along as the true one does, on the span of the data."""
    y, x = np.mgrid[:8, :8] - 3.5
    image = (np.exp(-((x - 1.5) ** 2 + (y + 1) ** 2) / 3) + np.exp(-((x + 2) ** 2 + y**2) / 4)).ravel()
    theta = np.linspace(-1, 1, cases(200, 800))
    points = Orbit(image_rotation_generator(8), image, (-1, 1)).points(theta[:, None])
    found = estimate_generators(points)
    assert found.residual < 1e-3
    speed = np.linalg.norm(image_rotation_generator(8) @ image) / np.linalg.norm(found.generators[0] @ image)
    ends = found.orbit(image, [(-1.1 * speed, 1.1 * speed)]).points(np.array([[-speed], [speed]]))
    for end in points[[0, -1]]:
        assert np.linalg.norm(ends - end, axis=1).min() < 2e-2 * np.linalg.norm(image)


def test_bad_data() -> None:
    ring = np.random.default_rng(0).normal(size=(10, 2))
    for options, message in [
        ({"count": 0}, "number of generators"),
        ({"count": 4}, "more than 4 neighbours"),
        ({"rank": 0}, "rank"),
    ]:
        with pytest.raises(SettingError, match=message):
            estimate_generators(ring, **options)  # type: ignore[arg-type]
    for bad in (ring[:4], ring[0], np.zeros((9, 0))):
        with pytest.raises(ShapeError, match="n > 4"):
            estimate_generators(bad)
    with pytest.raises(DataError, match="must be finite"):
        estimate_generators(np.where(ring > 0.9, np.nan, ring))
    with pytest.raises(DataError, match="coincide"):
        estimate_generators(np.ones((9, 3)))


def test_public_names() -> None:
    for name in ("estimate_generators", "EstimatedGenerators", "translation_generators"):
        assert name in polyae.__all__ and hasattr(polyae, name)
