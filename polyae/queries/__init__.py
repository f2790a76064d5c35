"""What is asked of a complex: radii, neighbours, the theorem, balls."""
