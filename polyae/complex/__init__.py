"""The region complex: regions, adjacency, and views of single regions."""
