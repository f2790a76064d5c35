"""Marching outward from a centre, region by region in the order of their distance."""
