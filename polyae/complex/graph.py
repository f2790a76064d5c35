"""The region graph for other programs: networkx, and GraphML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import networkx as nx

from polyae.atomic import whole_file
from polyae.complex.patterns import pattern_string

if TYPE_CHECKING:
    from polyae.complex.region_complex import RegionComplex

__all__ = ["region_graph", "write_graphml"]


def region_graph(cx: RegionComplex) -> nx.Graph:
    """Regions as nodes with ``pattern``, a string of 0 and 1, and adjacent pairs as edges with ``unit``."""
    graph = nx.Graph(domain=repr(cx.domain), guarantee=cx.guarantee)
    for i, bits in enumerate(cx.patterns):
        graph.add_node(i, pattern=pattern_string(bits))
    graph.add_edges_from(
        (int(i), int(j), {"unit": int(u)}) for (i, j), u in zip(cx.edges, cx.edge_units, strict=True)
    )
    return graph


def write_graphml(cx: RegionComplex, path: str | Path) -> None:
    """Write the graph, whole or not at all."""
    with whole_file(path) as file:
        nx.write_graphml(region_graph(cx), file)
