"""Figures 1 and 3: what they draw is what was counted."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from polyae import Box, Layer, Network, enumerate_regions
from polyae.cli.app import run
from polyae.queries.balls import BallCounts, count_in_balls
from polyae.report import paper_figures
from polyae.report.count_figures import BLUE, ROSE, counts_figure, highest
from polyae.report.figures import png
from polyae.report.paper_figures import BallFigure, PartitionFigure, balls_figure, count_networks, partitions_figure
from polyae.training.data import Dataset


def small_data() -> Dataset:
    rng = np.random.default_rng(0)
    return Dataset("noise", rng.uniform(size=(40, 6)), rng.uniform(size=(10, 6)))


def busy_network() -> Network:
    rng = np.random.default_rng(1)
    return Network([Layer(rng.normal(size=(20, 2)), rng.normal(size=20), 0.0), Layer(np.ones((1, 20)), [0.0])])


def pixels(picture: bytes) -> np.ndarray:
    """Colours of the pixels of a PNG file, (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def assert_drawn(figure: Figure, colours: list[str]) -> None:
    """The PNG has its size and shows all these colours."""
    shown = pixels(png(figure, dpi=60))
    assert shown.shape[1::-1] == tuple(int(60 * inches) for inches in figure.get_size_inches())
    present = {to_hex(c / 255) for c in np.unique(shown.reshape(-1, 3), axis=0)}
    assert {c.lower() for c in colours} <= present


def test_partitions_of_a_plane_have_titles_with_their_counts() -> None:
    figure = partitions_figure(PartitionFigure(hidden=(6,), latent_dim=3), small_data())
    assert len(figure.axes) == 2
    for ax in figure.axes:
        drawn = len(ax.collections[0].get_paths())
        assert f"{drawn:,} regions" in ax.get_title() and drawn > 3
        assert ax.get_xlabel() and len(ax.collections[1].get_offsets()) == 3
    assert_drawn(figure, ["#222222", "#CC6677"])


def test_neighbours_have_different_colours() -> None:
    cx = enumerate_regions(busy_network(), Box([-1.0, -1.0], [1.0, 1.0]))
    colours = paper_figures._map_colours(cx)
    assert len(colours) == len(cx) > 50
    assert all(colours[i] != colours[j] for i, j in cx.edges)


def test_balls_draw_the_exact_part_and_the_data_and_name_the_rest() -> None:
    settings = BallFigure((("tiny", ((5,), 2)), ("later", None)), steps=3, num_radii=5, budget=20.0)
    data = small_data()
    counts = count_networks(settings, data)
    tiny = counts["tiny"]
    assert tiny is not None and counts["later"] is None
    assert tiny.data is not None and tiny.data[-1] == len(data.train)
    figure = balls_figure(settings, data, counts)
    assert drawn_at(figure.axes[0].lines[0], tiny.radii) == list(tiny.regions_exact)
    assert drawn_at(figure.axes[0].lines[-1], tiny.radii * (1 + 1e-12)) == tiny.data.tolist() and tiny.data[0] == 0
    assert len(figure.axes) == 1 and "not counted yet: later" in figure.get_suptitle()
    assert figure.axes[0].get_ylim()[0] < 0 < figure.axes[0].get_yaxis_transform().transform((0, 1))[1]
    assert "2-norm" in figure.axes[0].get_xlabel() and "datum" in figure.axes[0].get_xlabel()
    assert_drawn(figure, [BLUE, ROSE])
    latent = count_networks(BallFigure((("tiny", ((5,), 2)),), latent=True, steps=0, num_radii=3), data)["tiny"]
    assert latent is not None and latent.curve.network.input_dim == 2
    again = count_in_balls(latent.curve.network, latent.centre, latent.radii)
    assert again.regions_exact == latent.regions_exact


def drawn_at(line: object, radii: np.ndarray) -> list[int]:
    """Values of a line with steps behind its corners, just before each radius."""
    x, y = line.get_data()  # type: ignore[attr-defined]
    return [int(y[max(0, np.searchsorted(x, r, side="left") - 1)]) for r in radii]


@pytest.mark.parametrize("radii", [[0.2, 0.5, 1.0, 2.0], [0.01, 0.3, 2.0], [1.0]])
def test_exact_part_bounds_and_estimates_are_drawn_differently(radii: list[float]) -> None:
    net = busy_network()
    whole = count_in_balls(net, [0.0, 0.0], radii)
    part = count_in_balls(net, [0.0, 0.0], radii, data=[[0.1, 0.0], [1.0, 1.0]], max_regions=20)
    ax = counts_figure(whole).axes[0]
    assert drawn_at(ax.lines[0], whole.radii) == list(whole.regions_exact) and len(ax.collections) == 0
    figure = counts_figure(part)
    ax = figure.axes[0]
    lines = {line.get_label(): line for line in ax.lines}
    certain = [r for r in radii if r <= part.exact_radius]
    assert drawn_at(lines["regions, exact"], np.array(certain)) == [n for n in part.regions_exact if n is not None]
    assert lines["regions, exact"].get_xdata()[-1] == part.exact_radius
    beyond = np.array([r for r in radii if r > part.exact_radius])
    found = drawn_at(lines["regions found, lower bound"], beyond)
    assert found == part.regions_lower[-len(beyond) :].tolist()
    assert len({line.get_linestyle() for line in (lines["regions, exact"], lines["regions found, lower bound"])}) == 2
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == part.regions_upper[-1] and band[:, 0].max() == radii[-1]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "data, exact" in labels and any("estimate" in label for label in labels) and len(labels) == len(set(labels))
    assert_drawn(figure, [BLUE, ROSE])


def test_a_band_that_is_cut_off_says_so() -> None:
    part = count_in_balls(busy_network(), [0.0, 0.0], [0.2, 2.0], max_regions=20)
    huge = replace(part, regions_upper=(part.regions_upper[0], 2**16600))
    ax = counts_figure(huge).axes[0]
    assert "10^{4998}" in ax.texts[0].get_text()
    bands = [band for band in ax.collections if isinstance(band, PolyCollection)]
    ends = [band.get_paths()[0].vertices[:, 1].max() for band in bands]
    shades = [band.get_alpha() for band in bands]
    assert ends == sorted(ends) and len(ends) > 10 and ends[-1] == pytest.approx(highest(huge)) and ends[-1] < 1e6
    assert shades == sorted(shades, reverse=True) and shades[-1] < 0.05 * shades[0]
    arrows = ax.lines[[str(line.get_marker()) for line in ax.lines].index(r"$\uparrow$")]
    assert set(arrows.get_ydata()) == {highest(huge)} and arrows.get_ydata()[0] < ax.get_ylim()[1] / 1.2
    assert arrows.get_xdata()[0] > part.exact_radius and arrows.get_xdata()[-1] < 2.0


def test_bounds_below_the_cut_vary_with_the_radius() -> None:
    part = count_in_balls(busy_network(), [0.0, 0.0], [0.5, 1.0, 1.5, 2.0], max_regions=20)
    assert part.regions_exact == (None,) * 4
    figure = counts_figure(replace(part, regions_upper=(300, 900, 2**60, 2**70)))
    steps = {float(y) for line in figure.axes[0].lines for y in line.get_ydata()}
    assert {300.0, 900.0} <= steps and max(steps) < 1e9
    assert "10^{19}" in figure.axes[0].texts[0].get_text() and "10^{22}" in figure.axes[0].texts[0].get_text()


def test_panels_share_a_scale_and_say_where_estimates_are_missing() -> None:
    few = count_in_balls(busy_network(), [0.0, 0.0], [0.2, 2.0], max_regions=20, runs=0)
    whole = count_in_balls(busy_network(), [0.0, 0.0], [0.2, 2.0])
    settings = BallFigure((("few", ((5,), 2)), ("whole", ((5,), 2))))
    one, other = balls_figure(settings, small_data(), {"few": few, "whole": whole}).axes
    assert one.get_ylim() == other.get_ylim() and one.get_ylim()[1] > whole.regions_upper[-1]
    assert "no estimate at 1 of 2 radii: none was asked for" in one.get_title()
    assert "estimate" not in other.get_title()


def test_a_heavy_tail_has_a_marker_of_its_own() -> None:
    part = count_in_balls(busy_network(), [0.0, 0.0], [0.5, 1.5, 2.0], max_regions=20)
    assert part.estimates[1] is not None and not part.heavy_tail.any()
    skew = replace(part.estimates[1], runs=np.append(np.ones(15), 1000.0))
    heavy = replace(part, estimates=(part.estimates[0], skew, part.estimates[2]))
    markers = [line.get_marker() for line in counts_figure(heavy).axes[0].lines]
    assert heavy.heavy_tail.tolist() == [False, True, False] and {"o", "x"} <= set(markers)


def test_an_interrupt_leaves_places_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def stop(*args: object, progress: Callable[[int, float], None], **options: object) -> BallCounts:
        def interrupt(regions: int, radius: float) -> None:
            raise KeyboardInterrupt

        calls.append(count_in_balls(*args, progress=interrupt, **options))  # type: ignore[arg-type]
        return calls[-1]

    monkeypatch.setattr(paper_figures, "count_in_balls", stop)
    settings = BallFigure((("one", ((5,), 2)), ("two", ((5,), 2))), steps=0, num_radii=3)
    counts = count_networks(settings, small_data())
    assert counts == {"one": calls[0], "two": None} and "interrupted" in calls[0].message
    assert calls[0].estimates == (None,) * 3
    figure = balls_figure(settings, small_data(), counts)
    assert len(figure.axes) == 1 and "not counted yet: two" in figure.get_suptitle()


@pytest.mark.parametrize("number", [1, 3])
def test_the_command_writes_a_picture(number: int, tmp_path: Path) -> None:
    target = tmp_path / "figure.png"
    assert run(["figure", str(number), "--out", str(target), "--steps", "0", "--budget", "1.5"]) == 0
    shown = pixels(target.read_bytes())
    assert min(shown.shape[:2]) > 500 and len(np.unique(shown.reshape(-1, 3), axis=0)) > 10
    if number == 3:
        numbers = json.loads((tmp_path / "figure.json").read_text())
        assert numbers["small MLP"]["data"][-1] > 1000 and numbers["large MLP"]["regions_exact"][0] >= 1


def test_the_command_refuses_what_it_cannot_draw(tmp_path: Path, capsys: object) -> None:
    assert run(["figure", "2", "--out", str(tmp_path / "f.png")]) == 2
    assert run(["figure", "1", "--out", str(tmp_path / "no" / "f.png")]) == 2
    assert run(["figure", "1", "--out", str(tmp_path / "f.png"), "--data", "MNIST"]) == 2
    assert run(["figure", "3", "--out", str(tmp_path / "f.png"), "--budget", "0"]) == 2
    assert not list(tmp_path.iterdir())
