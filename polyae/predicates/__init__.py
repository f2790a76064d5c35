"""Predicates: every sign that the library decides, floating point with a proof or rational."""
