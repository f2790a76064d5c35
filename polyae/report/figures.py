"""Figures: small functions from arrays to matplotlib figures, without global state.

Colours are Paul Tol's *muted* scheme, which stays distinct under the common colour deficiencies.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

from polyae.complex.facet_rows import facet_rows
from polyae.complex.polytope import polygons
from polyae.complex.region_complex import RegionComplex

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = [
    "degree_figure", "neighbourhood_figure", "orbit_figure", "partition_figure", "png",
    "quantity_figure", "radii_figure", "region_polygons",
]  # fmt: skip

CLASS_COLOURS = (
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255", "#AA4499", "#555555",
)  # fmt: skip
BLUE, ROSE, SAND, INK, LINE, TINT = "#332288", "#CC6677", "#DDCC77", "#222222", "#8a93a6", "#c5d3ea"


def png(figure: Figure, dpi: int = 150) -> bytes:
    """Render a figure as a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, facecolor="white")
    return buffer.getvalue()


def region_polygons(cx: RegionComplex) -> list[Float]:
    """Corners (v, 2) of every region of a complex with h = 2 on a bounded domain, in order around it."""
    outlines: list[Float | None] = [None] * len(cx)
    if not cx.domain.curved:
        rows, (lo, hi) = facet_rows(cx), cx.domain.bounding_box()
        reach = np.full(len(cx), 4.0 * float(np.max(hi - lo)))
        start, corners, whole = polygons(rows.first, rows.values, np.asarray(cx.witnesses), reach)
        outlines = [corners[start[i] : start[i + 1]] if whole[i] else None for i in range(len(cx))]
    return [
        np.asarray(cx[i].polygon.exterior.coords)[:-1] if corners is None or len(corners) < 3 else corners
        for i, corners in enumerate(outlines)
    ]


def _axes(width: float, height: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = [figure.add_subplot(1, columns, k + 1) for k in range(columns)]
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _draw_cells(ax: Axes, cells: Sequence[Float], **style: Any) -> None:
    ax.add_collection(PolyCollection(list(cells), **style))


def _frame(ax: Axes, lo: Float, hi: Float) -> None:
    ax.set(xlim=(lo[0], hi[0]), ylim=(lo[1], hi[1]), xlabel="latent coordinate $z_1$", ylabel="latent coordinate $z_2$")
    ax.set_aspect("equal")


def partition_figure(cells: Sequence[Float], codes: Float, labels: Int, occupied: Int) -> Figure:
    """Partition of a latent plane, the regions that hold data tinted, the codes coloured by class.

    Parameters
    ----------
    cells : sequence of array (v, 2)
        Corners of the regions, from :func:`region_polygons`.
    codes : array, shape (n, 2)
    labels : array of int, shape (n,)
        Classes 0 to 9.
    occupied : array of int
        Numbers of the regions that hold data.
    """
    corners = np.concatenate(list(cells))
    lo, hi = corners.min(axis=0), corners.max(axis=0)
    width, height = hi - lo
    scale = 7.4 / max(width, height)
    figure, (ax,) = _axes(scale * width + 1.6, scale * height + 0.9)
    tints = np.full(len(cells), "#ffffff")
    tints[occupied] = TINT
    _draw_cells(ax, cells, facecolors=list(tints), edgecolors=LINE, linewidths=0.35)
    for label in np.unique(labels):
        own = codes[labels == label]
        colour = CLASS_COLOURS[int(label) % len(CLASS_COLOURS)]
        ax.scatter(own[:, 0], own[:, 1], s=8, color=colour, linewidths=0, alpha=0.85, label=str(label), zorder=2)
        name = ax.annotate(str(label), np.median(own, axis=0), ha="center", va="center", zorder=3)
        name.set(color=colour, fontsize=15, weight="bold", path_effects=[withStroke(linewidth=3, foreground="white")])
    _frame(ax, lo, hi)
    held = len(np.unique(occupied))
    ax.set_title(f"{len(cells):,} regions; {held:,} (tinted) hold the {len(codes):,} codes", fontsize=11)
    legend = ax.legend(title="digit", loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, markerscale=2.5)
    for handle in filter(None, legend.legend_handles):
        handle.set_alpha(1)
    return figure


def neighbourhood_figure(cells: Sequence[Float], code: Float, region: int, neighbours: Int) -> Figure:
    """Show the region of a code and its exact neighbours, all of them whole."""
    near, corners = [cells[i] for i in neighbours], np.concatenate(list(cells))
    shown = np.concatenate([*near, cells[region]])
    low, high = shown.min(axis=0), shown.max(axis=0)
    margin = 0.04 * float((high - low).max())
    low, high = np.maximum(low - margin, corners.min(axis=0)), np.minimum(high + margin, corners.max(axis=0))
    width, height = (high - low) * 5.6 / float((high - low).max())
    figure, (ax,) = _axes(max(width, 3.4) + 0.8, height + 1.7)
    _draw_cells(ax, cells, facecolors="white", edgecolors=LINE, linewidths=0.5, label="other regions")
    _draw_cells(ax, near, facecolors="#b9dcf2", edgecolors=INK, linewidths=0.8, label="neighbours")
    _draw_cells(ax, [cells[region]], facecolors=SAND, edgecolors=INK, linewidths=1.2, label="region of the code")
    ax.scatter(code[0], code[1], s=28, color=INK, zorder=3, label="code")
    _frame(ax, low, high)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    ax.set_title(f"Region {region} of a test code and its {len(neighbours)} neighbours")
    return figure


def radii_figure(spaces: Mapping[str, tuple[Float, Float]]) -> Figure:
    """Histograms of inradii and circumradii; one panel for each space.

    Parameters
    ----------
    spaces : mapping
        From the name of the space to (inradii, circumradii), each of shape (n,); what is not positive and
        finite is left out and counted in the title.
    """
    figure, axes = _axes(4.6 * len(spaces), 3.6, len(spaces))
    for ax, (space, pair) in zip(axes, spaces.items(), strict=True):
        shown = [values[np.isfinite(values) & (values > 0)] for values in pair]
        pooled = np.concatenate(shown)
        bins = np.geomspace(pooled.min(), pooled.max() * 1.0001, 36).tolist()
        for values, name, colour in zip(shown, ("inradius", "circumradius"), (ROSE, BLUE), strict=True):
            ax.hist(values, bins=bins, color=colour, alpha=0.65, label=f"{name}, median {np.median(values):.2g}")
        ax.set(xscale="log", xlabel=f"radius in {space}", ylabel="regions")
        left_out = sum(map(len, pair)) - len(pooled)
        ax.set_title(space + (f" ({left_out} not positive and finite)" if left_out else ""))
        ax.legend(frameon=False, fontsize=9)
        ax.set_ylim(top=1.25 * ax.get_ylim()[1])
    return figure


def degree_figure(degrees: Int) -> Figure:
    """Histogram of the number of neighbours of each region."""
    figure, (ax,) = _axes(5.6, 3.4)
    values, counts = np.unique(degrees, return_counts=True)
    bars = ax.bar(values, counts, color=BLUE, width=0.8)
    ax.bar_label(bars, fontsize=9)
    ax.set(xlabel="neighbours of a region", ylabel="regions", xticks=np.arange(values.min(), values.max() + 1))
    ax.set_title(f"Degrees in the region graph, mean {degrees.mean():.2f}")
    return figure


def orbit_figure(rows: Mapping[str, Float], thetas: Float, side: int) -> Figure:
    """Images along an orbit, one row for each source.

    Parameters
    ----------
    rows : mapping
        From a name to images (n, side * side).
    thetas : array, shape (n,)
        Angles in radians.
    """
    figure = Figure(figsize=(1.05 * len(thetas) + 1.6, 1.12 * len(rows) + 0.5), layout="constrained")
    grid = figure.subplots(len(rows), len(thetas), squeeze=False)
    for axes, (name, images) in zip(grid, rows.items(), strict=True):
        for ax, image in zip(axes, images, strict=True):
            ax.imshow(image.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
        axes[0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=6)
    for ax, theta in zip(grid[0], thetas, strict=True):
        ax.set_title(f"{np.degrees(theta):.0f}°", fontsize=10)
    return figure


def quantity_figure(
    quantities: Sequence[str], models: Mapping[str, Sequence[tuple[float, float]]], xlabel: str
) -> Figure:
    """Intervals of several quantities, for several models, on one logarithmic axis.

    Parameters
    ----------
    quantities : sequence of str
        Names, from top to bottom.
    models : mapping
        From a model's name to one interval (low, high) per quantity.
    """
    figure, (ax,) = _axes(7.2, 0.62 * len(quantities) + 1.3)
    for k, ((name, intervals), colour) in enumerate(zip(models.items(), (BLUE, ROSE, SAND), strict=False)):
        low, high = np.array(intervals, dtype=np.float64).T
        place = np.arange(len(quantities)) + (k - (len(models) - 1) / 2) * 0.28
        middle = (low + high) / 2
        ax.plot(middle, place, "os"[k % 2], color=colour, label=name)
        ax.hlines(place, low, high, color=colour)
        for x, y in zip(middle, place, strict=True):
            ax.annotate(f"{x:.3g}", (x, y), xytext=(8, -3), textcoords="offset points", fontsize=8, color=colour)
    ax.set(yticks=np.arange(len(quantities)), yticklabels=quantities, xscale="log", xlabel=xlabel)
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.grid(axis="x", alpha=0.3)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure
