"""Figures 1 and 3: what they draw is what was counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from polyae.cli.app import run
from polyae.queries.balls import count_in_balls
from polyae.report.paper_figures import BallFigure, PartitionFigure, balls_figure, count_networks, partitions_figure
from polyae.training.data import Dataset


def small_data() -> Dataset:
    rng = np.random.default_rng(0)
    return Dataset("noise", rng.uniform(size=(40, 6)), rng.uniform(size=(10, 6)))


def test_partitions_of_a_plane_have_titles_with_their_counts() -> None:
    figure = partitions_figure(PartitionFigure(hidden=(6,), latent_dim=3), small_data())
    for ax in figure.axes:
        drawn = len(ax.collections[0].get_paths())
        assert f"{drawn:,} regions" in ax.get_title() and drawn > 3


def test_balls_draw_the_exact_part_the_data_and_a_place_for_more() -> None:
    settings = BallFigure((("tiny", ((5,), 2)), ("later", None)), steps=3, num_radii=5, budget=20.0)
    data = small_data()
    counts = count_networks(settings, data)
    tiny = counts["tiny"]
    assert tiny is not None and counts["later"] is None
    assert tiny.data is not None and tiny.data[-1] == len(data.train)
    figure = balls_figure(settings, data, counts)
    line = figure.axes[0].lines[0]
    exact = [n for n in tiny.regions_exact if n is not None]
    assert line.get_ydata().tolist() == exact
    assert "not counted yet" in figure.axes[1].texts[0].get_text()
    latent = count_networks(BallFigure((("tiny", ((5,), 2)),), latent=True, steps=0, num_radii=3), data)["tiny"]
    assert latent is not None and latent.curve.network.input_dim == 2
    again = count_in_balls(latent.curve.network, latent.centre, latent.radii)
    assert again.regions_exact == latent.regions_exact


def test_the_command_refuses_what_it_cannot_draw(tmp_path: Path, capsys: object) -> None:
    assert run(["figure", "2", "--out", str(tmp_path / "f.png")]) == 2
    assert run(["figure", "1", "--out", str(tmp_path / "no" / "f.png")]) == 2
    assert run(["figure", "1", "--out", str(tmp_path / "f.png"), "--data", "MNIST"]) == 2
    assert run(["figure", "3", "--out", str(tmp_path / "f.png"), "--budget", "0"]) == 2
    assert not list(tmp_path.iterdir())
