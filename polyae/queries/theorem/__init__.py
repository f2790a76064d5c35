"""The theorem: distance between the decoder's surface and the data manifold against sums of radii."""
