"""Curves of regions and data in balls: what is exact, bounded and estimated is drawn differently."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from polyae.queries.balls import BallCounts

Float = NDArray[np.float64]

__all__ = ["counts_figure", "draw_counts"]

BLUE, ROSE, SAND = "#332288", "#CC6677", "#DDCC77"
#: Larger upper bounds are cut off: they would flatten everything else.
HIGHEST = 1e3


def draw_counts(ax: Axes, counts: BallCounts, name: str, colour: str = BLUE, largest: float | None = None) -> None:
    """Draw one set of curves: exact as a line, certified bounds as a band, estimates with error bars.

    Parameters
    ----------
    largest : float, optional
        Upper bounds are cut off here, which the legend says; by default at a thousand times the largest
        estimate or lower bound.
    """
    order = np.argsort(counts.radii)
    r, lower = counts.radii[order], counts.regions_lower[order].astype(float)
    upper = np.array([float(min(counts.regions_upper[k], 10**300)) for k in order])
    value, error = counts.estimate[order], counts.estimate_std[order]
    exact = np.array([counts.regions_exact[k] is not None for k in order])
    heavy = counts.heavy_tail[order]
    top = HIGHEST * np.nanmax(np.append(value, lower)) if largest is None else largest
    ax.plot(r[exact], lower[exact], color=colour, linewidth=2, label=f"{name}, exact")
    if exact.all():
        return
    # The band begins where the exact curve ends.
    last = max(int(exact.sum()) - 1, 0)
    cut = f" (up to {_power_of_ten(counts)}, cut off)" if upper[last:].max() > top else ""
    ax.fill_between(r[last:], lower[last:], np.minimum(upper[last:], top), color=colour, alpha=0.12, linewidth=0,
                    label=f"{name}, certified bounds{cut}")  # fmt: skip
    ax.plot(r[last:], lower[last:], color=colour, linewidth=0.8, linestyle=":")
    for chosen, marker, note in ((~heavy, "o", "estimate ± 2 s.e."), (heavy, "x", "estimate, heavy tail")):
        shown = chosen & ~exact & np.isfinite(value)
        if shown.any():
            low = np.minimum(2 * error[shown], value[shown] * 0.999)
            ax.errorbar(r[shown], value[shown], yerr=[low, 2 * error[shown]], color=colour, fmt=marker,
                        markersize=4, markerfacecolor="white", capsize=2, linewidth=1, linestyle="--",
                        label=f"{name}, {note}")  # fmt: skip


def _power_of_ten(counts: BallCounts) -> str:
    """Order of magnitude of the largest upper bound."""
    return f"$10^{{{int(max(counts.regions_upper).bit_length() * math.log10(2))}}}$"


def draw_data(ax: Axes, radii: Float, data: Sequence[int] | NDArray[np.int64], name: str) -> None:
    """Draw the number of data in balls."""
    numbers = np.asarray(data, dtype=np.float64)
    order = np.argsort(radii)
    shown = np.where(numbers > 0, numbers, np.nan)[order]
    ax.plot(radii[order], shown, color=ROSE, marker="s", markersize=3, label=name)


def dress(ax: Axes, title: str) -> None:
    """Scales, labels, legend."""
    ax.set(yscale="log", xlabel="radius of the ball", ylabel="number")
    ax.set_title(title, fontsize=11)
    ax.grid(axis="y", alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8)


def counts_figure(counts: BallCounts) -> Figure:
    """Regions and data around one centre against the radius."""
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    ax = figure.add_subplot()
    draw_counts(ax, counts, "regions")
    if counts.data is not None:
        draw_data(ax, counts.radii, counts.data, "data")
    dress(ax, f"Regions that meet a ball; exact up to radius {counts.exact_radius:.3g}")
    return figure
