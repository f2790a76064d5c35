"""Exact polyhedral geometry of trained ReLU autoencoders."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyae import errors
    from polyae.complex.enumerate import enumerate_regions
    from polyae.complex.region import Region, RegionFacet
    from polyae.complex.region_complex import RegionComplex, load
    from polyae.domains import Ball, Box, Domain, Polytope, Space
    from polyae.engines.skeleton import Skeleton
    from polyae.networks import from_torch, read_network, write_network
    from polyae.networks.network import Layer, Network
    from polyae.networks.slices import Slice
    from polyae.queries.balls import BallCounts, count_in_balls
    from polyae.queries.count_estimate import RegionEstimate, estimate_regions
    from polyae.queries.count_statistics import CurveStatistics, Occupancy, curve_statistics, occupancy
    from polyae.queries.interval import Interval
    from polyae.queries.manifolds import (
        Chart,
        EstimatedGenerators,
        Manifold,
        Orbit,
        PointCloud,
        ProductOrbit,
        Union,
        estimate_generators,
        image_rotation_generator,
        image_shift_generator,
        load_manifold,
        rotation_generator,
        save_manifold,
        scaling_generator,
        translation_generators,
    )
    from polyae.queries.neighbours import Neighbourhood, NeighbourhoodBatch, neighbours
    from polyae.queries.radii import Radii, radii, squared_circumradii
    from polyae.queries.region_curve import RegionCurve, load_curve, region_curve
    from polyae.queries.theorem import TheoremBound, theorem_bound
    from polyae.training.first_order import ExponentialRegulariser, FirstOrderRegulariser, OrbitsRegulariser
    from polyae.training.lightning import lightning_callback
    from polyae.training.monitor import RegionMonitor
    from polyae.training.neighbour_oracle import NeighbourOracle
    from polyae.training.regulariser import LieGroupRegulariser

__version__ = "0.1.0"

__all__ = [
    "Ball",
    "BallCounts",
    "Box",
    "Chart",
    "CurveStatistics",
    "Domain",
    "EstimatedGenerators",
    "ExponentialRegulariser",
    "FirstOrderRegulariser",
    "Interval",
    "Layer",
    "LieGroupRegulariser",
    "Manifold",
    "NeighbourOracle",
    "Neighbourhood",
    "NeighbourhoodBatch",
    "Network",
    "Occupancy",
    "Orbit",
    "OrbitsRegulariser",
    "PointCloud",
    "Polytope",
    "ProductOrbit",
    "Radii",
    "Region",
    "RegionComplex",
    "RegionCurve",
    "RegionEstimate",
    "RegionFacet",
    "RegionMonitor",
    "Skeleton",
    "Slice",
    "Space",
    "TheoremBound",
    "Union",
    "count_in_balls",
    "curve_statistics",
    "enumerate_regions",
    "errors",
    "estimate_generators",
    "estimate_regions",
    "from_torch",
    "image_rotation_generator",
    "image_shift_generator",
    "lightning_callback",
    "load",
    "load_curve",
    "load_manifold",
    "neighbours",
    "occupancy",
    "radii",
    "read_network",
    "region_curve",
    "rotation_generator",
    "save_manifold",
    "scaling_generator",
    "squared_circumradii",
    "theorem_bound",
    "translation_generators",
    "write_network",
]

#: Where each name lives.  A module is imported when one of its names is asked for: PyTorch, or all that
#: enumerates, would take seconds, and a program that only checks certificates should depend on neither.
_HOME = {
    "Ball": "polyae.domains",
    "BallCounts": "polyae.queries.balls",
    "Box": "polyae.domains",
    "Chart": "polyae.queries.manifolds",
    "CurveStatistics": "polyae.queries.count_statistics",
    "Domain": "polyae.domains",
    "EstimatedGenerators": "polyae.queries.manifolds",
    "ExponentialRegulariser": "polyae.training.first_order",
    "FirstOrderRegulariser": "polyae.training.first_order",
    "Interval": "polyae.queries.interval",
    "Layer": "polyae.networks.network",
    "LieGroupRegulariser": "polyae.training.regulariser",
    "Manifold": "polyae.queries.manifolds",
    "NeighbourOracle": "polyae.training.neighbour_oracle",
    "Neighbourhood": "polyae.queries.neighbours",
    "NeighbourhoodBatch": "polyae.queries.neighbours",
    "Network": "polyae.networks.network",
    "Occupancy": "polyae.queries.count_statistics",
    "Orbit": "polyae.queries.manifolds",
    "OrbitsRegulariser": "polyae.training.first_order",
    "PointCloud": "polyae.queries.manifolds",
    "Polytope": "polyae.domains",
    "ProductOrbit": "polyae.queries.manifolds",
    "Radii": "polyae.queries.radii",
    "Region": "polyae.complex.region",
    "RegionComplex": "polyae.complex.region_complex",
    "RegionCurve": "polyae.queries.region_curve",
    "RegionEstimate": "polyae.queries.count_estimate",
    "RegionFacet": "polyae.complex.region",
    "RegionMonitor": "polyae.training.monitor",
    "Skeleton": "polyae.engines.skeleton",
    "Slice": "polyae.networks.slices",
    "Space": "polyae.domains",
    "TheoremBound": "polyae.queries.theorem",
    "Union": "polyae.queries.manifolds",
    "count_in_balls": "polyae.queries.balls",
    "curve_statistics": "polyae.queries.count_statistics",
    "enumerate_regions": "polyae.complex.enumerate",
    "estimate_generators": "polyae.queries.manifolds",
    "estimate_regions": "polyae.queries.count_estimate",
    "from_torch": "polyae.networks.torch_modules",
    "image_rotation_generator": "polyae.queries.manifolds",
    "image_shift_generator": "polyae.queries.manifolds",
    "lightning_callback": "polyae.training.lightning",
    "load": "polyae.complex.region_complex",
    "load_curve": "polyae.queries.region_curve",
    "load_manifold": "polyae.queries.manifolds",
    "neighbours": "polyae.queries.neighbours",
    "occupancy": "polyae.queries.count_statistics",
    "radii": "polyae.queries.radii",
    "read_network": "polyae.networks",
    "region_curve": "polyae.queries.region_curve",
    "rotation_generator": "polyae.queries.manifolds",
    "save_manifold": "polyae.queries.manifolds",
    "scaling_generator": "polyae.queries.manifolds",
    "squared_circumradii": "polyae.queries.radii",
    "theorem_bound": "polyae.queries.theorem",
    "translation_generators": "polyae.queries.manifolds",
    "write_network": "polyae.networks",
}


def __getattr__(name: str) -> object:
    if name == "errors":
        return import_module("polyae.errors")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
