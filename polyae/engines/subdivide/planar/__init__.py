"""Subdivision of a polygon, in general position: half-edges and regions."""
