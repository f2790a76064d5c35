"""The theorem's figures show the distances that the decoder and the manifold have."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from polyae import Box, Layer, Network, PointCloud, RegionComplex, enumerate_regions, theorem_bound
from polyae.queries.manifolds import Manifold
from polyae.queries.theorem.examples import circle_case, torus_case
from polyae.report.distance_figure import distance_figure
from polyae.report.refinement import refinement_figure


def drawn(net: Network, box: Box, manifold: Manifold, limit: int | None = None) -> tuple[RegionComplex, Figure]:
    cx = enumerate_regions(net, box, max_regions=limit)
    return cx, distance_figure(cx, manifold, theorem_bound(cx, manifold, gap=1e-3))


def legend(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.legends[0].get_texts()}


def test_distances_along_an_interval() -> None:
    net, box, circle = circle_case(8)
    _, figure = drawn(net, box, circle)
    ax = figure.axes[0]
    curve = next(line for line in ax.lines if line.get_label() == "d(D(z), X)")
    z, values = (np.asarray(part, dtype=float) for part in curve.get_data())
    # Both are measured to a share of u1.
    truth = np.abs(np.linalg.norm(net(z[:, None]), axis=1) - 1.0)
    np.testing.assert_allclose(values, truth, atol=2e-3 * truth.max())
    star = next(line for line in ax.lines if line.get_label() == "u1")
    assert star.get_ydata()[0] == pytest.approx(1 / np.cos(np.pi / 8) - 1, rel=1e-3)
    levels = {c.get_label(): len(c.get_segments()) for c in ax.collections if hasattr(c, "get_segments")}
    assert levels == {"δ": 8, "δ + ρ": 8} and legend(figure) == {"δ", "δ + ρ", "d(D(z), X)", "u1", "region of u2"}


@pytest.mark.parametrize("limit", [None, 5])
def test_distances_in_a_plane(limit: int | None) -> None:
    net, box, torus = torus_case((3, 4))
    cx, figure = drawn(net, box, torus, limit)
    image = figure.axes[0].images[0].get_array()
    halves = np.pi / np.array([3, 4])
    whole = np.linalg.norm(1 / np.cos(halves) - 1)
    assert image.max() <= whole * (1 + 2e-3)
    if limit is None:
        assert image.max() == pytest.approx(whole, rel=0.05) and not np.ma.getmaskarray(image).any()
    else:
        assert np.ma.getmaskarray(image).mean() == pytest.approx(1 - len(cx) / 12, abs=0.05)
    assert legend(figure) == {"u1", "region of u2"}
    assert figure.axes[0].images[0].get_clim() == (image.min(), image.max())
    assert figure.axes[1].get_ylabel().startswith("d(D(z), X), from its least ")


def test_a_point_for_each_region_where_h_is_3() -> None:
    rng = np.random.default_rng(0)
    first = Layer(rng.normal(size=(6, 3)), rng.normal(size=6), 0.0)
    net = Network([first, Layer(rng.normal(size=(4, 6)), np.zeros(4))])
    cx, figure = drawn(net, Box([-1] * 3, [1] * 3), PointCloud(rng.normal(size=(20, 4))))
    dots = next(c for c in figure.axes[0].collections if c.get_label() == "a region")
    assert len(dots.get_offsets()) == len(cx)


def test_a_study_has_numbers_on_every_axis() -> None:
    rows = [
        {"family": f, "regions": n, "u1": [s / n] * 2, "sum_radii": [s] * 2, "max_radius": [s / n] * 2}
        for f, s, counts in (("wide", 1.0, (4, 512)), ("narrow", 7.0, (11, 65)))
        for n in counts
    ]
    figure = refinement_figure(rows)
    figure.canvas.draw()
    for ax in figure.axes:
        for axis, (low, high) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
            marks = [tick for tick in axis.get_majorticklocs() if low <= tick <= high]
            assert len(marks) >= 2, ax.get_title()
