"""Figures 1 and 3 of Cosentino et al. (2021), drawn from exact partitions and counts.

The paper gives neither widths nor how regions were counted; what is chosen here stands in the settings and
in the figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from polyae.complex.enumerate import enumerate_regions
from polyae.complex.progress import radius_bar
from polyae.complex.region_complex import RegionComplex
from polyae.domains import Box
from polyae.engines.outward.round import Outcome
from polyae.networks.network import Layer, Network
from polyae.networks.slices import Slice
from polyae.networks.torch_modules import from_torch
from polyae.queries.balls import BallCounts, count_in_balls
from polyae.report.count_figures import draw_counts, dress, highest, share_legend
from polyae.report.figures import region_polygons
from polyae.training.data import Dataset
from polyae.training.models import Autoencoder
from polyae.training.trainer import train

Float = NDArray[np.float64]

__all__ = ["BallFigure", "PartitionFigure", "balls_figure", "count_networks", "partitions_figure"]

#: Groups of colours, of which neighbours have different ones.  Where each line goes straight through each vertex two
#: groups are enough; in a planar graph six are, if nodes of least degree are coloured last.
TINTS = (
    ("#c6d5ea", "#cfe5cf", "#d5d5e6", "#c9e4e4"), ("#f2d9c4", "#ead1dc", "#e8e3c3", "#f0e0e0"),
    ("#dddddd",), ("#b9c7b9",), ("#c9b9b1",), ("#b1b9c9",),
)  # fmt: skip


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
    width, height = box.hi - box.lo
    figure = Figure(figsize=(10.4, min(5.0 * height / width, 8.0) + 1.1), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for ax, (name, network) in zip(axes, networks.items(), strict=True):
        cx = enumerate_regions(plane.restrict(network), box)
        ax.add_collection(
            PolyCollection(region_polygons(cx), facecolors=_map_colours(cx), edgecolors="#222222", linewidths=0.35)
        )
        ax.scatter(*corners.T, s=30, color="#CC6677", edgecolors="white", zorder=3, label="data")
        ax.set(xlim=(box.lo[0], box.hi[0]), ylim=(box.lo[1], box.hi[1]), aspect="equal",
               xlabel="first coordinate in the plane")  # fmt: skip
        ax.set_title(f"{name}: {len(cx):,} regions", fontsize=11)
    axes[0].set_ylabel("second coordinate in the plane")
    axes[1].legend(loc="upper right", fontsize=9)
    widths = "-".join(map(str, (data.dim, *settings.hidden, settings.latent_dim)))
    figure.suptitle(f"{data.name}: plane through three data, random autoencoder {widths} and mirrored", fontsize=11)
    return figure


def _map_colours(cx: RegionComplex) -> list[str]:
    """Colours of the regions of a plane; neighbours have different ones."""
    graph = nx.Graph(cx.edges.tolist())
    graph.add_nodes_from(range(len(cx)))
    number = nx.greedy_color(graph, strategy="smallest_last")
    return [TINTS[number[i]][i % len(TINTS[number[i]])] for i in range(len(cx))]


def _without_bias(network: Network) -> Network:
    return Network([Layer(y.weight, np.zeros(y.n_out), y.slope) for y in network.layers])


@dataclass(frozen=True)
class BallFigure:
    """Figure 3: data and regions in balls around a test datum.

    Attributes
    ----------
    networks : dict
        From a name to the encoder's widths and the latent dimension; None for what is not counted, which the
        figure then says.
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


def count_networks(settings: BallFigure, data: Dataset, progress: bool = False) -> dict[str, BallCounts | None]:
    """Train the networks and count around the first test datum; after Ctrl-C the rest is None.

    Parameters
    ----------
    settings : BallFigure
    data : Dataset
    progress : bool
        Show bars on standard error.
    """
    found: dict[str, BallCounts | None] = dict.fromkeys(dict(settings.networks))
    for name, widths in settings.networks:
        if widths is None:
            continue
        model = Autoencoder.from_widths(data.dim, *widths, seed=settings.seed)
        if settings.steps and _interrupted(model, settings, data, progress):
            break
        encoder, decoder = from_torch(model.encoder), from_torch(model.decoder)
        network = decoder if settings.latent else encoder >> decoder
        points = encoder(data.train) if settings.latent else data.train
        centre = encoder(data.test[0]) if settings.latent else data.test[0]
        reach = 1.001 * float(np.linalg.norm(points - centre, axis=1).max())
        radii = reach * np.geomspace(settings.smallest, 1.0, settings.num_radii)
        with radius_bar(name, progress) as show:
            counts = count_in_balls(
                network, centre, radii, points, max_seconds=settings.budget, seed=settings.seed, runs=16, progress=show
            )
        found[name] = counts
        if counts.curve.outcome is Outcome.INTERRUPTED:
            break
    return found


def _interrupted(model: Autoencoder, settings: BallFigure, data: Dataset, progress: bool) -> bool:
    """Train a model; whether that was interrupted."""
    return train(model, data, steps=settings.steps, seed=settings.seed, progress=progress).interrupted


def balls_figure(settings: BallFigure, data: Dataset, counts: dict[str, BallCounts | None]) -> Figure:
    """One panel a network that was counted, with one scale: exact part, certified bounds, estimates, and data."""
    drawn = {name: counted for name, counted in counts.items() if counted is not None}
    figure = Figure(figsize=(max(5.6 * len(drawn) + 0.3, 6.4), 5.0), layout="constrained")
    sizes, point = dict(settings.networks), "code" if settings.latent else "datum"
    top = max(map(highest, drawn.values()), default=1.0)
    axes = figure.subplots(1, max(len(drawn), 1), squeeze=False, sharey=True)[0]
    for ax, counted in zip(axes, drawn.values(), strict=False):
        draw_counts(ax, counted, top)
    for ax, (name, counted) in zip(axes, drawn.items(), strict=False):  # when the shared scale is known
        hidden, latent_dim = sizes[name] or ((), 0)
        dress(ax, counted, f"{name} ({'-'.join(map(str, (data.dim, *hidden, latent_dim)))} and mirrored)", point)
        ax.label_outer()
    what = "of the decoder, and codes," if settings.latent else "and data"
    title = f"{data.name}: regions {what} in balls around a test {point}"
    if left := [name for name in counts if name not in drawn]:
        title += f"\nnot counted yet: {', '.join(left)}"
    figure.suptitle(title, fontsize=11)
    share_legend(figure, 2 if len(drawn) < 2 else 3)
    return figure
