"""Exact polyhedral geometry of trained ReLU autoencoders."""
