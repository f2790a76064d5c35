"""Subdivision of a bounded polytope by its vertices and edges."""

from polyae.engines.subdivide.engine import Subdivide, faster, suits

__all__ = ["Subdivide", "faster", "suits"]
