"""Networks that the benchmarks run on, a function of their seeds alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import nn

import polyae
from polyae import Box, Network

__all__ = ["HIDDEN", "default_initialised", "module", "unit_box"]

#: Name: input dimension and hidden widths.
HIDDEN = {
    "h2_64x64": (2, (64, 64)),
    "h2_128x128x128": (2, (128, 128, 128)),
    "h3_32x32": (3, (32, 32)),
    "h4_16x16": (4, (16, 16)),
    "h6_12x12": (6, (12, 12)),
}


def module(h: int, hidden: tuple[int, ...], outputs: int = 20, seed: int = 0) -> nn.Sequential:
    """PyTorch's default initialisation, drawn in float32 and widened to float64."""
    torch.manual_seed(seed)
    sizes = [h, *hidden]
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], outputs)).double()


def default_initialised(h: int, hidden: tuple[int, ...], outputs: int = 20, seed: int = 0) -> Network:
    """The same as a network of polyae's."""
    return polyae.from_torch(module(h, hidden, outputs, seed))


def unit_box(h: int, half: float = 1.0) -> Box:
    """The box [-half, half]^h."""
    return Box(np.full(h, -half), np.full(h, half))
