"""Subdivision of a bounded polytope by its vertices and edges."""

from polyae.engines.subdivide.engine import Subdivide, faster, skeleton_of, suits

__all__ = ["Subdivide", "faster", "skeleton_of", "suits"]
