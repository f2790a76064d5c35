"""Subdivision of a bounded polytope by its vertices and edges."""

from polyae.engines.subdivide.engine import MAX_DIM, Subdivide, suits

__all__ = ["MAX_DIM", "Subdivide", "suits"]
