"""Linear and quadratic programs over a cell: float64 proposals and exact answers."""
