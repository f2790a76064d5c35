"""The theorem: distance between the decoder's surface and the data manifold against sums of radii."""

from polyae.queries.theorem.bound import TheoremBound, theorem_bound

__all__ = ["TheoremBound", "theorem_bound"]
