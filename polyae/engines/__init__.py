"""Engines: ways to find all regions, behind one protocol."""
