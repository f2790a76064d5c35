"""The partition of a plane: every region in the colour of how much the network stretches it."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from polyae.complex.region_complex import RegionComplex
from polyae.domains import Domain
from polyae.errors import DomainError, UnboundedDomainError
from polyae.report.figures import region_polygons

__all__ = ["check_plane", "plane_figure"]

#: Inches along the longer side of the domain.
SIDE = 6.4

#: A domain with sides more unequal than this is drawn out of proportion.
STRETCH = 2.5

#: Outlines are drawn thinner the more there are, down to none to speak of.
WIDEST, REGIONS_AT_WIDEST = 0.6, 300


def check_plane(domain: Domain) -> None:
    """Refuse a domain whose partition is no picture.

    Raises
    ------
    DomainError
        If its dimension is not 2.
    UnboundedDomainError
        If it is unbounded.
    """
    if domain.dim != 2:
        raise DomainError(f"a partition is drawn in dimension 2, the domain has dimension {domain.dim}: take a Slice")
    if not domain.bounded:
        raise UnboundedDomainError(f"an unbounded partition cannot be drawn whole: take a Box instead of {domain!r}")


def plane_figure(cx: RegionComplex) -> Figure:
    """Regions of a complex with h = 2, coloured by the largest singular value of their affine maps.

    Parameters
    ----------
    cx : RegionComplex
        On a bounded domain.

    Raises
    ------
    DomainError
        As :func:`check_plane`.

    Examples
    --------
    >>> from polyae import Box, Layer, Network, enumerate_regions
    >>> cross = Network([Layer([[1, 0], [0, 1]], [0, 0], slope=0), Layer([[1, 1]], [0])])
    >>> figure = plane_figure(enumerate_regions(cross, Box([-1, -1], [1, 1])))
    >>> figure.axes[0].get_title()
    '4 regions'
    """
    check_plane(cx.domain)
    lo, hi = (np.asarray(side) for side in cx.domain.bounding_box())
    width, height = SIDE * (hi - lo) / (hi - lo).max()
    figure = Figure(figsize=(max(width, SIDE / STRETCH) + 2.0, max(height, SIDE / STRETCH) + 1.0), layout="constrained")
    ax = figure.add_subplot()
    cells = PolyCollection(
        region_polygons(cx), array=_stretches(cx), cmap="viridis", edgecolors="white",
        linewidths=WIDEST * min(1.0, REGIONS_AT_WIDEST / max(1, len(cx))),
    )  # fmt: skip
    ax.add_collection(cells)
    ax.set(xlim=(lo[0], hi[0]), ylim=(lo[1], hi[1]), xlabel="$z_1$", ylabel="$z_2$")
    ax.set_aspect("equal" if max(width, height) <= STRETCH * min(width, height) else "auto")
    ax.set_title(f"{len(cx):,} regions" + ("" if cx.complete else " found so far"))
    figure.colorbar(cells, ax=ax, label="largest singular value of the region's map")
    return figure


def _stretches(cx: RegionComplex) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([np.linalg.norm(region.affine[0], ord=2) for region in cx])
