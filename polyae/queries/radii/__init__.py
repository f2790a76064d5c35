"""Sizes of regions and of their images in data space."""

from polyae.queries.radii.exact import squared_circumradii
from polyae.queries.radii.measure import radii
from polyae.queries.radii.result import NAMES, Radii, RadiusName

__all__ = ["NAMES", "Radii", "RadiusName", "radii", "squared_circumradii"]
