"""Exact polyhedral geometry of trained ReLU autoencoders."""

from importlib import import_module
from typing import TYPE_CHECKING

from polyae import errors
from polyae.complex.enumerate import enumerate_regions
from polyae.complex.region import Region, RegionFacet
from polyae.complex.region_complex import RegionComplex, load
from polyae.domains import Ball, Box, Domain, Polytope, Space
from polyae.networks import read_network, write_network
from polyae.networks.network import Layer, Network
from polyae.queries.balls import BallCounts, count_in_balls
from polyae.queries.interval import Interval
from polyae.queries.manifolds import (
    Chart,
    Manifold,
    Orbit,
    PointCloud,
    ProductOrbit,
    Union,
    load_manifold,
    save_manifold,
)
from polyae.queries.neighbours import Neighbourhood, NeighbourhoodBatch, neighbours
from polyae.queries.radii import Radii, radii
from polyae.queries.theorem import TheoremBound, theorem_bound

if TYPE_CHECKING:
    from polyae.networks import from_torch
    from polyae.training.lightning import lightning_callback
    from polyae.training.monitor import RegionMonitor
    from polyae.training.neighbour_oracle import NeighbourOracle

__version__ = "0.1.0"

__all__ = [
    "Ball",
    "BallCounts",
    "Box",
    "Chart",
    "Domain",
    "Interval",
    "Layer",
    "Manifold",
    "NeighbourOracle",
    "Neighbourhood",
    "NeighbourhoodBatch",
    "Network",
    "Orbit",
    "PointCloud",
    "Polytope",
    "ProductOrbit",
    "Radii",
    "Region",
    "RegionComplex",
    "RegionFacet",
    "RegionMonitor",
    "Space",
    "TheoremBound",
    "Union",
    "count_in_balls",
    "enumerate_regions",
    "errors",
    "from_torch",
    "lightning_callback",
    "load",
    "load_manifold",
    "neighbours",
    "radii",
    "read_network",
    "save_manifold",
    "theorem_bound",
    "write_network",
]


#: Names whose modules import PyTorch, which takes seconds, only when asked for.
_LAZY = {
    "NeighbourOracle": "polyae.training.neighbour_oracle",
    "RegionMonitor": "polyae.training.monitor",
    "from_torch": "polyae.networks.torch_modules",
    "lightning_callback": "polyae.training.lightning",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
