"""Networks: what is analysed, and how it is read from PyTorch and from files."""
