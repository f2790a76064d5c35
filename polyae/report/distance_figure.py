"""Where the distance between surface and manifold is attained."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from polyae.complex.region_complex import RegionComplex
from polyae.queries.manifolds import Manifold
from polyae.queries.theorem import TheoremBound
from polyae.queries.theorem.chart_tree import ManifoldTree
from polyae.report.figures import BLUE, INK, LINE, ROSE, SAND, region_polygons

Float = NDArray[np.float64]

__all__ = ["distance_figure"]

#: Codes at which the distance is drawn: along an interval, and along each side of a plane.
CODES, SIDE = 1001, 161
#: Error of the distances drawn, in units of u1: less than can be seen.
VISIBLE = 1e-3
#: Colours of distances in a plane, none so light or dark that white, wine or ink would not show on it.
MIDDLE = LinearSegmentedColormap.from_list("middle", colormaps["YlGnBu"](np.linspace(0.08, 0.72, 256)))
WINE = "#882255"
#: A plane with sides more unequal than this is drawn out of proportion.
STRETCH = 2.5
STAR: dict[str, Any] = {
    "marker": "*", "markersize": 15, "color": ROSE, "markeredgecolor": INK, "linestyle": "none", "zorder": 4,
}  # fmt: skip


def distance_figure(cx: RegionComplex, manifold: Manifold, bound: TheoremBound) -> Figure:
    """Draw the distance of the surface from the manifold over the codes, and where u1 and u2 are attained.

    For h = 1 it is a curve, beside δ and δ + ρ of the regions; for h = 2 it is shown in colour.  For larger h δ + ρ is
    drawn against δ, a point for each region.  Distances are those from what represents the manifold: for samples, from
    the nearest one.

    Parameters
    ----------
    cx : RegionComplex
    manifold : Manifold
    bound : TheoremBound
        Of these.
    """
    figure = Figure(figsize=(6.8, 5.2), layout="constrained")
    ax = figure.add_subplot()
    match cx.network.input_dim:
        case 1:
            _curve(ax, cx, manifold, bound)
        case 2:
            _plane(figure, ax, cx, manifold, bound)
        case _:
            _scatter(ax, bound)
    code = ", ".join(f"{x:.3g}" for x in bound.u1_at[:4]) + (", ..." if len(bound.u1_at) > 4 else "")
    ax.set_title(
        f"u1 in [{bound.u1.lower:.5g}, {bound.u1.upper:.5g}], attained at code ({code}), region {bound.u1_region}\n"
        f"u2 in [{bound.u2.lower:.5g}, {bound.u2.upper:.5g}], nearest to region {bound.u2_region}",
        fontsize=10,
    )
    figure.legend(loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    return figure


def _distances(cx: RegionComplex, manifold: Manifold, bound: TheoremBound, codes: Float) -> Float:
    """Distances (n,) of the points at codes (n, h) from the manifold; NaN outside the regions found."""
    result = np.full(len(codes), np.nan)
    inside = np.asarray(cx.locate(codes)) >= 0
    if inside.any():
        points = cx.network(codes[inside])
        result[inside] = ManifoldTree(manifold).nearest(points, VISIBLE * bound.u1.upper).upper
    return result


def _curve(ax: Axes, cx: RegionComplex, manifold: Manifold, bound: TheoremBound) -> None:
    lo, hi = (float(end[0]) for end in cx.domain.bounding_box())
    codes = np.linspace(lo, hi, CODES)
    delta, rho = bound.contacts.delta[:, 1], bound.contacts.rho[:, 1]
    ends = np.array([[np.min(v), np.max(v)] for v in (region.vertices for region in cx)])
    for values, colour, label in ((delta + rho, SAND, "δ + ρ"), (delta, LINE, "δ")):
        levels = [[(a, y), (b, y)] for (a, b), y in zip(ends, values, strict=True)]
        ax.add_collection(LineCollection(levels, colors=colour, label=label))
    ax.plot(codes, _distances(cx, manifold, bound, codes[:, None]), color=BLUE, linewidth=1.2, label="d(D(z), X)")
    ax.plot(bound.u1_at, [_height(bound)], label="u1", **STAR)
    ax.axvspan(*ends[bound.u2_region], color=ROSE, alpha=0.15, linewidth=0, label="region of u2")
    ax.margins(x=0.02)
    ax.autoscale_view()
    ax.set_ylim(bottom=0.0)
    ax.set(xlabel="latent coordinate $z$", ylabel="distance in data space")


def _plane(figure: Figure, ax: Axes, cx: RegionComplex, manifold: Manifold, bound: TheoremBound) -> None:
    lo, hi = cx.domain.bounding_box()
    step = (hi - lo) / SIDE
    axes = [a + s * (np.arange(SIDE) + 0.5) for a, s in zip(lo, step, strict=True)]
    codes = np.stack(np.meshgrid(*axes, indexing="xy"), axis=-1).reshape(-1, 2)
    values = np.ma.masked_invalid(_distances(cx, manifold, bound, codes).reshape(SIDE, SIDE))
    extent = (lo[0], hi[0], lo[1], hi[1])
    image = ax.imshow(values, origin="lower", extent=extent, cmap=MIDDLE, aspect="auto")
    low, high = image.get_clim()
    figure.colorbar(image, label=f"d(D(z), X), from its least {low:.4g} to its largest {high:.4g}")
    cells = region_polygons(cx)
    thin = 0.5 if len(cells) < 1000 else 0.15
    ax.add_collection(LineCollection([_closed(cell) for cell in cells], colors=INK, linewidths=thin, alpha=0.6))
    there = _closed(cells[bound.u2_region])
    halo = [withStroke(linewidth=5, foreground="white")]
    ax.plot(*there.T, color=WINE, linewidth=2.5, path_effects=halo, zorder=3, label="region of u2")
    ax.plot(*bound.u1_at, label="u1", clip_on=False, **STAR)
    width, height = hi - lo
    if max(width, height) <= STRETCH * min(width, height):
        ax.set_aspect("equal")
    ax.set(xlim=(lo[0], hi[0]), ylim=(lo[1], hi[1]))
    ax.set(xlabel="latent coordinate $z_1$", ylabel="latent coordinate $z_2$")


def _closed(cell: Float) -> Float:
    return np.concatenate([cell, cell[:1]])


def _scatter(ax: Axes, bound: TheoremBound) -> None:
    delta = bound.contacts.delta[:, 1]
    reach = delta + bound.contacts.rho[:, 1]
    ax.scatter(delta, reach, s=9, color=BLUE, linewidths=0, label="a region")
    for region, label, style in (
        (bound.u1_region, "region of u1", STAR),
        (bound.u2_region, "region of u2", STAR | {"marker": "s", "markersize": 7, "color": SAND, "zorder": 3}),
    ):
        ax.plot(delta[region], reach[region], label=label, **style)
    ax.axhline(_height(bound), color=ROSE, linewidth=0.8, label="u1")
    ax.set(xlabel="distance δ of the piece's anchor from X", ylabel="δ + ρ")


def _height(bound: TheoremBound) -> float:
    """Where u1 is drawn: samples without a covering radius bound it from above only."""
    return bound.u1.midpoint if bound.u1.lower > 0 else bound.u1.upper
