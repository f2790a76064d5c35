"""Figures show what they are given: counts of artists and data read back from them."""

import io

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from PIL import Image

import polyae
from polyae.report import figures
from polyae.report.plane_figure import check_plane, plane_figure


@pytest.fixture(scope="module")
def plane() -> polyae.RegionComplex:
    rng = np.random.default_rng(3)
    layers = [
        polyae.Layer(rng.normal(size=(7, 2)), rng.normal(size=7), slope=0),
        polyae.Layer(rng.normal(size=(3, 7)), np.zeros(3)),
    ]
    return polyae.enumerate_regions(polyae.Network(layers), polyae.Box([-2, -1], [2, 1]))


def area(corners: np.ndarray) -> float:
    x, y = corners.T
    return 0.5 * abs(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def test_polygons_tile_the_box(plane: polyae.RegionComplex) -> None:
    cells = figures.region_polygons(plane)
    assert len(cells) == len(plane)
    assert sum(map(area, cells)) == pytest.approx(8.0, rel=1e-9)
    for i, corners in enumerate(cells):
        assert plane.locate(corners.mean(axis=0)) == i


def test_polygons_of_a_disc(plane: polyae.RegionComplex) -> None:
    disc = polyae.enumerate_regions(plane.network, polyae.Ball([0, 0], 1))
    assert sum(map(area, figures.region_polygons(disc))) == pytest.approx(np.pi, rel=1e-4)


def test_partition_shows_every_region_and_code(plane: polyae.RegionComplex) -> None:
    codes = np.random.default_rng(0).uniform([-2, -1], [2, 1], (50, 2))
    labels = np.arange(50) % 10
    figure = figures.partition_figure(figures.region_polygons(plane), codes, labels, np.unique(plane.locate(codes)))
    ax = figure.axes[0]
    cells = next(c for c in ax.collections if isinstance(c, PolyCollection))
    assert len(cells.get_paths()) == len(plane)
    assert sum(len(c.get_offsets()) for c in ax.collections if c is not cells) == 50
    assert {text.get_text() for text in ax.get_legend().get_texts()} == set("0123456789")


def test_plane_shows_every_region_in_the_colour_of_its_map(plane: polyae.RegionComplex) -> None:
    ax = plane_figure(plane).axes[0]
    (cells,) = ax.collections
    assert len(cells.get_paths()) == len(plane) and ax.get_title() == f"{len(plane)} regions"
    for i, value in enumerate(cells.get_array()):
        centre, step = plane[i].witness, 1e-7 * np.eye(2)
        jacobian = (plane.network(centre + step) - plane.network(centre)).T / 1e-7
        assert value == pytest.approx(np.linalg.svd(jacobian, compute_uv=False)[0], rel=1e-5, abs=1e-6)
    part = polyae.enumerate_regions(plane.network, plane.domain, max_regions=5)
    assert plane_figure(part).axes[0].get_title() == "5 regions found so far"
    for domain in (polyae.Space(2), polyae.Box([0], [1])):
        with pytest.raises(polyae.errors.DomainError, match=r"Slice|Box"):
            check_plane(domain)


def test_degrees_are_counted() -> None:
    ax = figures.degree_figure(np.array([2, 2, 3, 5])).axes[0]
    assert {round(bar.get_x() + 0.4): bar.get_height() for bar in ax.patches} == {2: 2, 3: 1, 5: 1}


def test_radii_leave_out_what_a_log_axis_cannot_show() -> None:
    figure = figures.radii_figure({"space": (np.array([0.0, 1.0, 2.0]), np.array([1.0, np.inf, 3.0]))})
    assert "2 not positive and finite" in figure.axes[0].get_title()
    assert sum(patch.get_height() for patch in figure.axes[0].patches) == 4


def test_intervals() -> None:
    ax = figures.quantity_figure(["a", "b"], {"one": [(1, 3), (4, 4)], "two": [(2, 2), (5, 5)]}, "x").axes[0]
    assert [t.get_text() for t in ax.texts] == ["2", "4", "2", "5"]


def test_png_has_the_size_asked_for() -> None:
    figure = figures.orbit_figure({"row": np.zeros((3, 4))}, np.array([0.0, 0.5, 1.0]), 2)
    image = Image.open(io.BytesIO(figures.png(figure, dpi=50)))
    assert image.size == tuple(int(50 * inches) for inches in figure.get_size_inches())


def test_all_neighbours_are_shown_whole(plane: polyae.RegionComplex) -> None:
    cells = figures.region_polygons(plane)
    for region in range(len(plane)):
        near = np.array([a + b - region for a, b in plane.edges.tolist() if region in (a, b)])
        figure = figures.neighbourhood_figure(cells, plane.witnesses[region], region, near)
        corners = np.concatenate([cells[i] for i in (region, *near)])
        (left, right), (bottom, top) = figure.axes[0].get_xlim(), figure.axes[0].get_ylim()
        assert (corners >= [left, bottom]).all() and (corners <= [right, top]).all()
    figure.canvas.draw()
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.x1
    names = {text.get_text() for text in figure.legends[0].get_texts()}
    assert names == {"code", "region of the code", "neighbours", "other regions"}


def test_tinted_regions_stand_out_from_white() -> None:
    red, green, blue = (int(figures.TINT[k : k + 2], 16) for k in (1, 3, 5))
    assert 0.299 * red + 0.587 * green + 0.114 * blue < 220


def test_legend_of_quantities_shows_markers_alone() -> None:
    ax = figures.quantity_figure(["a"], {"one": [(1, 3)]}, "x").axes[0]
    (handle,) = ax.get_legend().legend_handles
    assert handle is not None and ax.get_legend_handles_labels()[0] == [ax.lines[0]]
    assert ax.collections[0].get_segments()[0][:, 0].tolist() == [1, 3]
