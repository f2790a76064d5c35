import numpy as np
import pytest
from scipy.linalg import expm
from scipy.ndimage import rotate
from sklearn.datasets import load_digits

from polyae.errors import DataError, ShapeError
from polyae.training.data import digit_seven
from polyae.training.orbits import image_rotation_generator, orbit_dataset, orbit_points

G8 = image_rotation_generator(8)
NILPOTENT = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])


def sevens():
    scans = load_digits()
    return scans.images[scans.target == 7] / 16


def relative_error(theta, images, expected):
    turned = (images.reshape(-1, 64) @ expm(theta * G8).T).reshape(-1, 8, 8)
    return np.linalg.norm(turned - expected) / np.linalg.norm(expected)


@pytest.mark.parametrize("side", [2, 5, 8])
def test_generator_is_exactly_skew_and_commutes_with_a_quarter_turn(side):
    g = image_rotation_generator(side)
    quarter = np.rot90(np.arange(side**2).reshape(side, side)).ravel()
    assert np.array_equal(g, -g.T)
    assert np.array_equal(g[np.ix_(quarter, quarter)], g)


@pytest.mark.parametrize("quarters", [1, 2, -1])
def test_quarter_turns_of_real_sevens(quarters):
    images = sevens()
    exact = np.rot90(images, quarters, axes=(1, 2))
    assert relative_error(quarters * np.pi / 2, images, exact) < 0.27
    assert relative_error(quarters * np.pi / 2, images, images) > 0.6


@pytest.mark.parametrize("theta", [-0.6, 0.3, 0.6])
def test_small_turns_agree_with_spline_interpolation(theta):
    # The spline loses what leaves the frame and smooths, the group loses nothing: no more than likeness is to be had.
    images = sevens()
    forward = np.stack([rotate(image, np.degrees(theta), reshape=False, order=3) for image in images])
    backward = np.stack([rotate(image, -np.degrees(theta), reshape=False, order=3) for image in images])
    assert relative_error(theta, images, forward) < 0.36
    assert relative_error(theta, images, backward) > 1.5 * relative_error(theta, images, forward)


def test_rotation_of_a_smooth_blob_is_accurate():
    y, x = np.mgrid[:16, :16] - 7.5
    theta = 0.7

    def blob(x0, y0):
        return np.exp(-((x - x0) ** 2 + (y - y0) ** 2) / 4)

    # Displayed with row 0 on top, y points down, so a counter-clockwise turn takes (3, 0) to (3 cos θ, -3 sin θ).
    turned = orbit_points(image_rotation_generator(16), blob(3, 0).ravel(), [theta]).reshape(16, 16)
    assert np.abs(turned - blob(3 * np.cos(theta), -3 * np.sin(theta))).max() < 2e-3


@pytest.mark.parametrize("thetas", [np.linspace(-3, 3, 7), np.array([0.0]), np.array([])])
def test_skew_orbits_agree_with_the_matrix_exponential(thetas):
    x0 = digit_seven()
    points = orbit_points(G8, x0, thetas)
    assert points.shape == (len(thetas), 64)
    for theta, point in zip(thetas, points, strict=True):
        assert np.abs(point - expm(theta * G8) @ x0).max() < 1e-12
    assert np.allclose(np.linalg.norm(points, axis=1), np.linalg.norm(x0), rtol=1e-13, atol=0)


def test_orbit_is_a_one_parameter_group():
    x0 = digit_seven()
    there = orbit_points(G8, x0, [1.3])[0]
    assert np.abs(orbit_points(G8, there, [-1.3, 0.4]) - orbit_points(G8, x0, [0.0, 1.7])).max() < 1e-12


def test_orbit_of_a_nilpotent_generator_is_a_parabola():
    thetas = np.linspace(-2, 2, 9)
    expected = np.column_stack([np.ones(9), thetas, thetas**2 / 2])
    assert np.abs(orbit_points(NILPOTENT, [1, 0, 0], thetas) - expected).max() < 1e-14


def test_orbit_data():
    data = orbit_dataset(NILPOTENT, [1, 0, 0], (-1, 2), num_train=30, num_test=4, seed=1)
    assert np.allclose(data.test_labels, [-1, 0, 1, 2])
    assert np.allclose(data.train[:, 1], data.train_labels) and np.allclose(data.test[:, 2], data.test_labels**2 / 2)
    assert data.train_labels.min() >= -1 and data.train_labels.max() <= 2
    assert np.array_equal(data.train, orbit_dataset(NILPOTENT, [1, 0, 0], (-1, 2), num_train=30, seed=1).train)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: image_rotation_generator(1), ShapeError, "2 pixels a side, got 1"),
        (lambda: orbit_points(NILPOTENT, [1, 0], [0]), ShapeError, r"\(3, 3\) does not act on .* \(2,\)"),
        (lambda: orbit_points(NILPOTENT, [1, 0, 0], 0.5), ShapeError, r"thetas has shape \(\), expected \(n,\)"),
        (lambda: orbit_points(NILPOTENT, [1, 0, np.nan], [0]), DataError, "must be finite"),
        (lambda: orbit_points(NILPOTENT, [1, 0, 0], [np.inf]), DataError, "must be finite"),
        (lambda: orbit_dataset(NILPOTENT, [1, 0, 0], (1, 1)), DataError, "bounded and not empty"),
        (lambda: orbit_dataset(NILPOTENT, [1, 0, 0], (0, 1), num_test=0), DataError, "counts 256 and 0"),
    ],
)
def test_bad_orbits_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
