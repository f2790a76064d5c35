"""Curves of regions and data in balls: what is exact, bounded and estimated is drawn differently."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from polyae.queries.balls import BallCounts

Float = NDArray[np.float64]

__all__ = ["counts_figure", "draw_counts", "dress", "share_legend"]

BLUE, ROSE = "#332288", "#CC6677"
#: Upper bounds are cut off at so many times the largest estimate or lower bound: they would flatten everything else.
HIGHEST = 1e3
#: Steps of a curve that are drawn: all of the first ones, then some at equal ratios.
MOST_STEPS = 2000
#: Radii that span a larger ratio are drawn on a logarithmic axis.
LINEAR_SPAN = 20.0


def draw_counts(ax: Axes, counts: BallCounts) -> None:
    """Draw what is known of the regions around one centre, and the data.

    The exact part and the lower bound are drawn as the step functions they are.  Between two radii the upper bound
    of the larger one is drawn, which holds there.
    """
    _draw_exact(ax, counts)
    if not counts.complete:
        _draw_bounds(ax, counts)
        _draw_estimates(ax, counts)
    if counts.data is not None:
        order = np.argsort(counts.radii)
        shown = np.where(counts.data > 0, counts.data.astype(float), np.nan)[order]
        ax.plot(counts.radii[order], shown, color=ROSE, marker="s", markersize=3, label="data")


def _beginning(counts: BallCounts) -> float:
    """Least radius drawn: 0 on a linear axis."""
    return float(counts.radii.min()) if _logarithmic(counts) else 0.0


def _logarithmic(counts: BallCounts) -> bool:
    return float(counts.radii.max()) > LINEAR_SPAN * float(counts.radii.min())


def _steps(distances: Float, start: float, stop: float, others: Float) -> tuple[Float, Float]:
    """Radii from start to stop, and how many distances are less anywhere from each up to the next.

    Parameters
    ----------
    distances : array, shape (n,)
    others : array
        Radii that shall be among them.
    """
    ordered = np.sort(distances)
    inside = ordered[np.searchsorted(ordered, start, side="right") : np.searchsorted(ordered, stop)]
    chosen = np.unique(np.geomspace(1, max(1, len(inside)), MOST_STEPS).astype(int))[: len(inside)] - 1
    within = others[(others > start) & (others < stop)]
    radii = np.unique(np.concatenate([[start, stop], inside[chosen], within]))
    numbers = np.searchsorted(ordered, radii, side="right").astype(float)
    numbers[-1] = numbers[-2]
    return radii, numbers


def _draw_exact(ax: Axes, counts: BallCounts) -> None:
    start, stop = _beginning(counts), min(counts.exact_radius, float(counts.radii.max()))
    if stop > start:
        steps = _steps(counts.curve.distances[:, 0], start, stop, np.empty(0))
        ax.plot(*steps, color=BLUE, linewidth=2, drawstyle="steps-post", label="regions, exact")


def _draw_bounds(ax: Axes, counts: BallCounts) -> None:
    start, stop = max(counts.exact_radius, _beginning(counts)), float(counts.radii.max())
    open_ends = np.sort([r for r, n in zip(counts.radii, counts.regions_exact, strict=True) if n is None])
    radii, lower = _steps(counts.curve.distances[:, 1], start, stop, open_ends)
    bounds = [counts.regions_upper[k] for k in np.argsort(counts.radii) if counts.regions_exact[k] is None]
    top = min(float(min(max(bounds), 10**300)), HIGHEST * float(np.nanmax(np.append(counts.estimate, lower))))
    cut = np.array([float(min(bound, int(top))) for bound in bounds])
    upper = cut[np.minimum(np.searchsorted(open_ends, radii, side="right"), len(cut) - 1)]
    ax.fill_between(radii, lower, upper, step="post", color=BLUE, alpha=0.12, linewidth=0,
                    label="regions, between certified bounds")  # fmt: skip
    ax.plot(radii, lower, color=BLUE, linewidth=1, linestyle=":", drawstyle="steps-post",
            label="regions found, lower bound")  # fmt: skip
    if max(bounds) > top:
        middle = math.sqrt(start * stop) if _logarithmic(counts) else (start + stop) / 2
        ax.annotate(f"upper bound, up to {_power_of_ten(max(bounds))}", (middle, top), xytext=(0, 3), ha="center",
                    textcoords="offset points", color=BLUE, fontsize=8)  # fmt: skip


def _draw_estimates(ax: Axes, counts: BallCounts) -> None:
    """A line through all of them; the marker says whether the error can be trusted."""
    order = np.argsort(counts.radii)
    order = order[[counts.estimates[k] is not None for k in order]]
    r, value, error = counts.radii[order], counts.estimate[order], counts.estimate_std[order]
    heavy = counts.heavy_tail[order]
    ax.plot(r, value, color=BLUE, linewidth=0.8, linestyle="--")
    for shown, marker, note in ((~heavy, "o", "± 2 s.e."), (heavy, "x", "with a heavy tail")):
        if shown.any():
            low = np.minimum(2 * error[shown], 0.999 * value[shown])
            ax.errorbar(r[shown], value[shown], yerr=[low, 2 * error[shown]], color=BLUE, fmt=marker, markersize=5,
                        markerfacecolor="white", capsize=2, linewidth=1, label=f"regions, estimate {note}")  # fmt: skip


def _power_of_ten(number: int) -> str:
    """Order of magnitude, rounded up."""
    return f"$10^{{{math.ceil(number.bit_length() * math.log10(2))}}}$"


def dress(ax: Axes, counts: BallCounts, title: str, unit: str) -> None:
    """Scales, labels and a title."""
    norm = "infinity-norm" if math.isinf(counts.p) else f"{counts.p:g}-norm"
    ax.set(yscale="log", xlabel=f"radius of the ball ({norm}, units of the {unit})", ylabel="number in the ball")
    if _logarithmic(counts):
        ax.set_xscale("log")
    else:
        ax.set_xlim(left=0)
    ax.set_title(title, fontsize=11)
    ax.grid(axis="y", alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)


def share_legend(figure: Figure, columns: int) -> None:
    """One legend below all panels, where it hides nothing."""
    named: dict[str, Any] = {}
    for ax in figure.axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=columns, frameon=False, fontsize=9)


def counts_figure(counts: BallCounts) -> Figure:
    """Regions and data around one centre against the radius."""
    figure = Figure(figsize=(6.4, 5.0), layout="constrained")
    ax = figure.add_subplot()
    draw_counts(ax, counts)
    dress(ax, counts, f"Regions that meet a ball; exact up to radius {counts.exact_radius:.3g}", "input")
    share_legend(figure, 2)
    return figure
