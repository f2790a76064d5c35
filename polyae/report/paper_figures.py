"""Figures 1 and 3 of Cosentino et al. (2021), drawn from exact partitions and counts.

The paper gives neither widths nor how regions were counted; what is chosen here stands in the settings and
in the figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from polyae.complex.enumerate import enumerate_regions
from polyae.domains import Box
from polyae.networks.network import Layer, Network
from polyae.networks.slices import Slice
from polyae.networks.torch_modules import from_torch
from polyae.queries.balls import BallCounts, count_in_balls
from polyae.report.count_figures import draw_counts, draw_data, dress
from polyae.report.figures import region_polygons
from polyae.training.data import Dataset
from polyae.training.models import Autoencoder
from polyae.training.trainer import train

Float = NDArray[np.float64]

__all__ = ["BallFigure", "PartitionFigure", "balls_figure", "count_networks", "partitions_figure"]

#: Colours of neighbouring regions only have to differ.
PASTELS = ("#c6d5ea", "#f2d9c4", "#cfe5cf", "#ead1dc", "#e8e3c3", "#d5d5e6", "#c9e4e4", "#f0e0e0")


@dataclass(frozen=True)
class PartitionFigure:
    """Figure 1: a randomly initialised autoencoder on the plane through three data.

    Attributes
    ----------
    hidden : tuple of int
        Widths of the encoder; the decoder mirrors them.
    latent_dim : int
    seed : int
        Of the weights and of the choice of data.
    margin : float
        Room around the three data, in units of their extent.
    """

    hidden: tuple[int, ...] = (32, 16)
    latent_dim: int = 4
    seed: int = 0
    margin: float = 0.75


def partitions_figure(settings: PartitionFigure, data: Dataset) -> Figure:
    """Partition of a plane in data space by an autoencoder with biases, and by the same one without."""
    chosen = np.random.default_rng(settings.seed).choice(len(data.train), size=3, replace=False)
    plane = Slice.through(data.train[chosen])
    corners = plane.coordinates(data.train[chosen])
    room = settings.margin * float(np.ptp(corners, axis=0).max())
    box = Box(corners.min(axis=0) - room, corners.max(axis=0) + room)
    model = Autoencoder.from_widths(data.dim, settings.hidden, settings.latent_dim, seed=settings.seed)
    biased = from_torch(model.encoder) >> from_torch(model.decoder)
    networks = {"with bias": biased, "zero bias": _without_bias(biased)}
    figure = Figure(figsize=(10.4, 5.2), layout="constrained")
    axes = figure.subplots(1, 2)
    for ax, (name, network) in zip(axes, networks.items(), strict=True):
        cx = enumerate_regions(plane.restrict(network), box)
        colours = [PASTELS[i % len(PASTELS)] for i in range(len(cx))]
        ax.add_collection(
            PolyCollection(region_polygons(cx), facecolors=colours, edgecolors="#222222", linewidths=0.35)
        )
        ax.scatter(*corners.T, s=26, color="#CC6677", edgecolors="white", zorder=3)
        ax.set(xlim=(box.lo[0], box.hi[0]), ylim=(box.lo[1], box.hi[1]), aspect="equal",
               xlabel="coordinate in the plane", ylabel="")  # fmt: skip
        ax.set_title(f"{name}: {len(cx):,} regions", fontsize=11)
    widths = "-".join(map(str, (data.dim, *settings.hidden, settings.latent_dim)))
    figure.suptitle(f"{data.name}: plane through three data, random autoencoder {widths} and mirrored", fontsize=11)
    return figure


def _without_bias(network: Network) -> Network:
    return Network([Layer(y.weight, np.zeros(y.n_out), y.slope) for y in network.layers])


@dataclass(frozen=True)
class BallFigure:
    """Figure 3: data and regions in balls around a test datum.

    Attributes
    ----------
    networks : dict
        From a name to the encoder's widths and the latent dimension; None keeps a place for what is not
        counted yet.
    latent : bool
        Count in latent space (the decoder's regions, and codes) instead of data space (the whole autoencoder's).
    steps : int
        Training steps of each network.
    num_radii : int
    smallest : float
        First radius, as a share of the last one, which holds all data.
    budget : float
        Seconds for each network.
    seed : int
    """

    networks: tuple[tuple[str, tuple[tuple[int, ...], int] | None], ...] = (
        ("small MLP", ((32,), 8)),
        ("large MLP", ((128, 64), 10)),
        ("convolutional", None),
    )
    latent: bool = False
    steps: int = 600
    num_radii: int = 14
    smallest: float = 1e-3
    budget: float = 60.0
    seed: int = 0


def count_networks(settings: BallFigure, data: Dataset) -> dict[str, BallCounts | None]:
    """Train the networks and count around the first test datum."""
    found: dict[str, BallCounts | None] = {}
    for name, widths in settings.networks:
        if widths is None:
            found[name] = None
            continue
        model = Autoencoder.from_widths(data.dim, *widths, seed=settings.seed)
        if settings.steps:
            train(model, data, steps=settings.steps, seed=settings.seed)
        encoder, decoder = from_torch(model.encoder), from_torch(model.decoder)
        network = decoder if settings.latent else encoder >> decoder
        points = encoder(data.train) if settings.latent else data.train
        centre = encoder(data.test[0]) if settings.latent else data.test[0]
        reach = 1.001 * float(np.linalg.norm(points - centre, axis=1).max())
        radii = reach * np.geomspace(settings.smallest, 1.0, settings.num_radii)
        found[name] = count_in_balls(
            network, centre, radii, points, max_seconds=settings.budget, seed=settings.seed, runs=16
        )
    return found


def balls_figure(settings: BallFigure, data: Dataset, counts: dict[str, BallCounts | None]) -> Figure:
    """One panel a network: exact part, certified bounds, estimates, and data."""
    figure = Figure(figsize=(4.6 * len(counts), 4.4), layout="constrained")
    axes = figure.subplots(1, len(counts), squeeze=False)[0]
    sizes = dict(settings.networks)
    for ax, (name, counted) in zip(axes, counts.items(), strict=True):
        widths = sizes[name]
        if counted is None or widths is None:
            ax.text(0.5, 0.5, f"{name}:\nnot counted yet", ha="center", va="center", color="#555555")
            ax.set(xticks=[], yticks=[])
            continue
        draw_counts(ax, counted, "regions")
        if counted.data is not None:
            draw_data(ax, counted.radii, counted.data, "data")
        label = "-".join(map(str, (data.dim, *widths[0], widths[1])))
        dress(ax, f"{name} ({label} and mirrored)\nexact up to {counted.exact_radius:.3g}")
        ax.set_xscale("log")
    space = "latent" if settings.latent else "data"
    figure.suptitle(f"{data.name}: balls around a test datum in {space} space", fontsize=11)
    return figure
