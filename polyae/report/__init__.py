"""The demonstration: studies of trained autoencoders, their figures and one page that holds them."""
