"""Curves of regions and data in balls: what is exact, bounded and estimated is drawn differently."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import SymmetricalLogLocator
from numpy.typing import NDArray

from polyae.queries.balls import BallCounts
from polyae.queries.region_curve import norm_name
from polyae.queries.text_table import order_above

Float = NDArray[np.float64]

__all__ = ["counts_figure", "draw_counts", "dress", "highest", "share_legend"]

BLUE, ROSE = "#332288", "#CC6677"
#: Upper bounds leave the axis at so many times the largest estimate or lower bound: they would flatten everything else.
#: The band then fades out from that power of it and ends in so many arrows, since an edge would read as a bound.
HIGHEST, FADE, ARROWS = 1e3, 0.85, 9
#: Decades of an axis with such arrows over those below them.
HEADROOM = 1.12
#: Shades of the fading band, and its strength.
SHADES, STRENGTH = 24, 0.12
#: Steps of a curve that are drawn: all of the first ones, then some at equal ratios.
MOST_STEPS = 2000
#: Marked numbers of an axis.
MOST_TICKS = 10
#: Radii that span a larger ratio are drawn on a logarithmic axis.
LINEAR_SPAN = 20.0


def draw_counts(ax: Axes, counts: BallCounts, top: float | None = None) -> None:
    """Draw what is known of the regions around one centre, and the data.

    The exact part, the lower bound and the data are drawn as the step functions they are.  Between two radii the
    upper bound of the larger one is drawn, which holds there.

    Parameters
    ----------
    ax : Axes
    counts : BallCounts
    top : float, optional
        Where upper bounds leave the axis; :func:`highest` by default.
    """
    _draw_exact(ax, counts)
    if not counts.complete:
        _draw_bounds(ax, counts, highest(counts) if top is None else top)
        _draw_estimates(ax, counts)
    if counts.data_distances is not None:
        start, stop = _beginning(counts), float(counts.radii.max())
        radii, numbers = _steps(counts.data_distances, start, stop, np.sort(counts.radii))
        numbers[-1] = np.searchsorted(counts.data_distances, stop, side="right")  # balls of data are closed
        ax.plot(radii, numbers, color=ROSE, linewidth=1.5, drawstyle="steps-post", label="data, exact")


def highest(counts: BallCounts) -> float:
    """Where upper bounds leave the axis: far above all that is known, but no higher than the bounds."""
    known = float(np.nanmax(np.append(counts.estimate, counts.regions_lower)))
    return min(float(min(max(counts.regions_upper), 10**300)), HIGHEST * known)


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


def _draw_bounds(ax: Axes, counts: BallCounts, top: float) -> None:
    start, stop = max(counts.exact_radius, _beginning(counts)), float(counts.radii.max())
    open_ends = np.sort([r for r, n in zip(counts.radii, counts.regions_exact, strict=True) if n is None])
    radii, lower = _steps(counts.curve.distances[:, 1], start, stop, open_ends)
    bounds = [counts.regions_upper[k] for k in np.argsort(counts.radii) if counts.regions_exact[k] is None]
    which = np.minimum(np.searchsorted(open_ends, radii, side="right"), len(bounds) - 1)
    shown = sum(bound <= top for bound in bounds)  # bounds ascend
    levels = [float(bound) for bound in bounds[:shown]] + [top**FADE] * (len(bounds) - shown)
    upper = np.maximum(np.array(levels)[which], lower)
    ax.fill_between(radii, lower, upper, step="post", color=BLUE, alpha=STRENGTH, linewidth=0,
                    label="regions, between certified bounds")  # fmt: skip
    ax.plot(radii, np.where(which < shown, upper, np.nan), color=BLUE, linewidth=0.8, alpha=0.5, drawstyle="steps-post")
    ax.plot(radii, lower, color=BLUE, linewidth=1, linestyle=":", drawstyle="steps-post",
            label="regions found, lower bound")  # fmt: skip
    if shown < len(bounds):
        first = start if shown == 0 else open_ends[shown - 1]
        past = radii >= first
        _fade_out(ax, radii[past], upper[past], top)
        _point_up(ax, (first, stop), top, _logarithmic(counts), bounds[shown], bounds[-1])


def _fade_out(ax: Axes, radii: Float, lower: Float, top: float) -> None:
    """Continue a band upwards, ever fainter."""
    levels = np.geomspace(top**FADE, top, SHADES + 1)
    for k, (low, high) in enumerate(pairwise(levels)):
        ax.fill_between(radii, np.clip(lower, low, high), high, step="post", color=BLUE, linewidth=0,
                        alpha=STRENGTH * (1 - (k + 0.5) / SHADES))  # fmt: skip


def _point_up(ax: Axes, ends: tuple[float, float], top: float, logarithmic: bool, least: int, most: int) -> None:
    """Arrows where bounds leave the axis, and how far they go."""
    places = (np.geomspace if logarithmic else np.linspace)(*ends, 2 * ARROWS + 1)[1::2]
    ax.plot(places, np.full(ARROWS, top), color=BLUE, alpha=0.6, linestyle="none", marker="$\\uparrow$", markersize=8)
    low, high = order_above(least), order_above(most)
    span = f"$10^{{{high}}}$" if low == high else f"$10^{{{low}}}$ to $10^{{{high}}}$"
    # Room for both, in decades; float64 ends at 308.
    ax.update_datalim([(ends[1], 10 ** min(HEADROOM * math.log10(top), 305.0))], updatex=False)
    ax.annotate(f"upper bound far above: {span}", (1, top), xytext=(0, 8), xycoords=("axes fraction", "data"),
                textcoords="offset points", ha="right", color=BLUE, fontsize=8)  # fmt: skip


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


def dress(ax: Axes, counts: BallCounts, title: str, unit: str) -> None:
    """Scales, labels and a title, which says where estimates are missing and why.

    Numbers are on a logarithmic axis above 1, on a linear one below, so that 0 is seen.  Call it when everything is
    drawn, on all axes that share a scale: it fixes the ends.
    """
    ax.set(xlabel=f"radius of the ball ({norm_name(counts.p)}, units of the {unit})", ylabel="number in the ball")
    top = max(10.0, ax.get_ylim()[1])
    ax.set_yscale("symlog", linthresh=1.0, linscale=0.3 + 0.05 * math.log10(top))
    ticks = SymmetricalLogLocator(base=10, linthresh=1.0)
    ticks.set_params(numticks=MOST_TICKS)
    ax.yaxis.set_major_locator(ticks)
    ax.set_ylim(-0.15, 1.5 * top)
    if _logarithmic(counts):
        ax.set_xscale("log")
    else:
        ax.set_xlim(left=0)
    missing = len(counts.without_estimate)
    note = f"; no estimate at {missing} of {len(counts.radii)} radii: {counts.unestimated}" if missing else ""
    ax.set_title(f"{title}\nexact up to radius {counts.exact_radius:.3g}{note}", fontsize=10)
    ax.grid(axis="y", alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)


def share_legend(figure: Figure, columns: int) -> None:
    """One legend below all panels, where it hides nothing."""
    named: dict[str, Any] = {}
    for ax in figure.axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=columns, frameon=False, fontsize=9)


def counts_figure(counts: BallCounts, title: str = "Regions that meet a ball", unit: str = "input") -> Figure:
    """Regions and data around one centre against the radius, in units of the input, say."""
    figure = Figure(figsize=(6.4, 5.0), layout="constrained")
    ax = figure.add_subplot()
    draw_counts(ax, counts)
    dress(ax, counts, title, unit)
    share_legend(figure, 2)
    return figure
