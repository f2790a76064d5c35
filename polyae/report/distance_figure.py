"""Where the distance between surface and manifold is attained."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from polyae.complex.region_complex import RegionComplex
from polyae.queries.theorem import TheoremBound
from polyae.report.figures import BLUE, INK, LINE, ROSE, region_polygons

__all__ = ["distance_figure"]


def distance_figure(cx: RegionComplex, bound: TheoremBound) -> Figure:
    """Distance δ of each region's anchor from the manifold over the codes, and the code where u1 is attained.

    For h = 2 the regions are coloured; for other h, δ + ρ is drawn against δ, a point for each region.
    """
    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    ax = figure.add_subplot()
    delta, rho = bound.contacts.delta[:, 1], bound.contacts.rho[:, 1]
    if cx.network.input_dim == 2:
        cells = PolyCollection(region_polygons(cx), array=delta, cmap="viridis", edgecolors=LINE, linewidths=0.1)
        ax.add_collection(cells)
        figure.colorbar(cells, label="distance δ of the piece's anchor from X")
        ax.plot(*bound.u1_at, marker="*", markersize=16, color=ROSE, markeredgecolor=INK, linestyle="none")
        ax.autoscale()
        ax.set_aspect("equal")
        ax.set(xlabel="latent coordinate $z_1$", ylabel="latent coordinate $z_2$")
    elif cx.network.input_dim == 1:
        order = np.argsort(cx.witnesses[:, 0])
        inner = (cx.witnesses[order[1:], 0] + cx.witnesses[order[:-1], 0]) / 2
        lo, hi = cx.domain.bounding_box()
        ends = np.concatenate([lo, inner, hi])
        ax.stairs((delta + rho)[order], ends, baseline=None, color=BLUE, label="δ + ρ")
        ax.stairs(delta[order], ends, baseline=None, color=INK, label="δ")
        ax.plot(bound.u1_at, [bound.u1.midpoint], marker="*", markersize=16, color=ROSE, label="u1", linestyle="none")
        ax.set(xlabel="latent coordinate $z$", ylabel="distance in data space")
        ax.legend(frameon=False)
    else:
        ax.scatter(delta, delta + rho, s=6, color=BLUE, linewidths=0)
        far = bound.u1_region
        ax.plot(delta[far], (delta + rho)[far], marker="*", markersize=16, color=ROSE, linestyle="none")
        ax.axhline(bound.u1.midpoint, color=INK, linewidth=0.8)
        ax.set(xlabel="distance δ of the piece's anchor from X", ylabel="δ + ρ; line: u1")
    code = ", ".join(f"{x:.3g}" for x in bound.u1_at[:4]) + (", ..." if len(bound.u1_at) > 4 else "")
    ax.set_title(f"u1 in [{bound.u1.lower:.4g}, {bound.u1.upper:.4g}] at code ({code}), region {bound.u1_region}")
    return figure
