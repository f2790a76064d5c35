"""Unions of manifolds, and data sets as manifolds, against brute force on a circle that is known."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from polyae import Interval, Orbit, PointCloud, ProductOrbit, Union
from polyae.errors import DataError, SettingError, ShapeError
from polyae.queries.manifolds import Chart

TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
ANGLES = np.linspace(0, 2 * np.pi, 5001)


def circle(angles: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def test_a_chart_is_its_own_only_chart() -> None:
    orbit = Orbit(TURN, [1, 0], (0, 1))
    assert orbit.charts == (orbit,) and orbit.samples.shape == (0, 2)
    assert orbit.noise == orbit.cover == 0.0 and orbit.notes == ()


def test_union_joins_charts_and_samples_of_all_parts() -> None:
    line = Orbit(TURN, [1, 0], (0, 1))
    sheet = ProductOrbit([TURN, np.eye(2)], [1, 0], [(0, 1), (0, 1)])
    first, second = PointCloud([[1, 2]], cover=0.5), PointCloud([[3, 4], [5, 6]], noise=0.1, cover=0.25)
    union = Union([line, Union([sheet, first]), second])
    assert union.charts == (line, sheet) and [chart.dim for chart in union.charts] == [1, 2]
    assert union.samples.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert union.parts == (line, sheet, first, second)
    assert (union.noise, union.cover, union.ambient) == (0.1, 0.5, 2)
    assert union.notes == (*first.notes, *second.notes) and "Orbit" in repr(union)


def test_union_of_nothing_or_of_different_spaces() -> None:
    with pytest.raises(DataError, match="at least one"):
        Union([])
    with pytest.raises(ShapeError, match=r"\[2, 3\]"):
        Union([PointCloud([[0, 0]]), PointCloud([[0, 0, 0]])])


def test_nearest_samples_against_all_distances() -> None:
    rng = np.random.default_rng(0)
    samples, points = rng.normal(size=(300, 5)), rng.normal(size=(200, 5))
    distances, numbers = PointCloud(samples).nearest(points)
    table = cdist(points, samples)
    np.testing.assert_allclose(distances, table.min(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(numbers, table.argmin(axis=1))


@pytest.mark.parametrize("noise", [0.0, 0.03])
@pytest.mark.parametrize("stated", [True, False])
def test_what_samples_show_of_a_circle(noise: float, stated: bool) -> None:
    """Intervals from few, noisy samples hold the distances from and to the circle itself."""
    rng = np.random.default_rng(1)
    for count in (1, 5, 30):
        angles = rng.uniform(0, 2 * np.pi, size=count)
        samples = circle(angles) * (1 + rng.uniform(-noise, noise, size=count))[:, None]
        cover = float(cdist(circle(ANGLES), samples).min(axis=1).max()) + 1e-2
        cloud = PointCloud(samples, noise=noise, cover=cover if stated else np.inf)
        points = rng.normal(size=(50, 2))
        for y, found in zip(points, cloud.nearest(points)[0], strict=True):
            assert cloud.distance_from(Interval(found, found)).contains(abs(np.linalg.norm(y) - 1))
        # Distance of the circle from the origin side: sup over X of d(x, points).
        over_samples = float(cdist(samples, points).min(axis=1).max())
        over_circle = float(cdist(circle(ANGLES), points).min(axis=1).max())
        found_interval = cloud.supremum_over(Interval(over_samples, over_samples))
        assert found_interval.contains(over_circle)
        assert (found_interval.upper == np.inf) != stated
        assert ("state a covering radius" in cloud.notes[0]) != stated


def test_charts_are_taken_as_they_are() -> None:
    orbit = Orbit(TURN, [1, 0], (0, 1))
    assert orbit.distance_from(Interval(1.0, 2.0)).contains(1.0)
    assert orbit.distance_from(Interval(1.0, 2.0)).width == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize("bad", [[], [1.0, 2.0], [[]]])
def test_cloud_of_no_points(bad: list[float]) -> None:
    with pytest.raises(ShapeError, match="nonempty matrix"):
        PointCloud(bad)


def test_errors_of_clouds() -> None:
    with pytest.raises(DataError, match="nan in row 1"):
        PointCloud([[0.0, 0.0], [np.nan, 0.0]])
    with pytest.raises(SettingError, match="noise"):
        PointCloud([[0.0]], noise=-1)
    with pytest.raises(SettingError, match="noise"):
        PointCloud([[0.0]], noise=np.inf)
    with pytest.raises(SettingError, match="cover"):
        PointCloud([[0.0]], cover=np.nan)
    with pytest.raises(ShapeError, match=r"\(n, 2\)"):
        PointCloud([[0.0, 1.0]]).nearest([[0.0, 1.0, 2.0]])


def test_a_chart_of_one_s_own() -> None:
    """The abstract surface is enough for a union; only files need more."""

    class Line(Chart):
        lo, hi, scales = np.zeros(1), np.ones(1), np.ones(1)
        ambient = 2

        def points(self, theta):  # type: ignore[no-untyped-def]
            return np.asarray(theta) * [[1.0, 2.0]]

        def jet(self, theta):  # type: ignore[no-untyped-def]
            raise NotImplementedError

        def derivative_bounds(self, centre, half):  # type: ignore[no-untyped-def]
            raise NotImplementedError

        def point_errors(self, theta):  # type: ignore[no-untyped-def]
            return np.zeros(len(theta))

        def jet_errors(self, theta):  # type: ignore[no-untyped-def]
            return np.zeros((len(theta), 3))

    assert len(Union([Line(), Line()]).charts) == 2
    with pytest.raises(SettingError, match="cannot be written"):
        _ = Union([Line()]).record


def test_clouds_of_what_are_no_numbers() -> None:
    with pytest.raises(DataError, match="points must be an array of real numbers"):
        PointCloud([[1, 2], [3]])  # type: ignore[list-item]
    with pytest.raises(SettingError, match="cover must be a real number, got 'x'"):
        PointCloud([[1, 2]], cover="x")  # type: ignore[arg-type]
