"""Slow, plain, exact counterparts of what polyae computes; they share no algorithm with it."""
