"""Exact polyhedral geometry of trained ReLU autoencoders."""

from polyae import errors
from polyae.complex.enumerate import enumerate_regions
from polyae.complex.region import Region, RegionFacet
from polyae.complex.region_complex import RegionComplex, load
from polyae.domains import Ball, Box, Domain, Polytope, Space
from polyae.networks import from_torch, read_network, write_network
from polyae.networks.network import Layer, Network
from polyae.queries.balls import BallCounts, count_in_balls
from polyae.queries.neighbours import Neighbourhood, NeighbourhoodBatch, neighbours
from polyae.queries.radii import Radii, radii

__version__ = "0.1.0"

__all__ = [
    "Ball",
    "BallCounts",
    "Box",
    "Domain",
    "Layer",
    "Neighbourhood",
    "NeighbourhoodBatch",
    "Network",
    "Polytope",
    "Radii",
    "Region",
    "RegionComplex",
    "RegionFacet",
    "Space",
    "count_in_balls",
    "enumerate_regions",
    "errors",
    "from_torch",
    "load",
    "neighbours",
    "radii",
    "read_network",
    "write_network",
]
