"""Training: autoencoders, data, and the Lie-group regulariser on exact neighbours."""
