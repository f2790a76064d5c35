"""Decoders with known regions, and neighbours of one-dimensional codes in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from polyae.training.regulariser import PatternNeighbourhood


def parabola_decoder(half_width: float = 2.0, pieces: int = 8) -> nn.Sequential:
    """``D(z) = (1, z, max_k (t_k z - t_k²/2))``: tangents of the orbit (1, θ, θ²/2) of a nilpotent generator.

    The first hidden output has slope 1, hence no unit; it passes z through.
    """
    step = 2 * half_width / pieces
    t = -half_width + step * (np.arange(pieces) + 0.5)
    knots = (t[1:] + t[:-1]) / 2
    first, last = nn.Linear(1, pieces).double(), nn.Linear(pieces, 3).double()
    slopes = nn.PReLU(pieces).double()
    out = np.zeros((3, pieces))
    out[1, 0], out[2, 0], out[2, 1:] = 1.0, t[0], step
    for parameter, values in (
        (first.weight, np.ones((pieces, 1))),
        (first.bias, np.concatenate([[0.0], -knots])),
        (slopes.weight, np.concatenate([[1.0], np.zeros(pieces - 1)])),
        (last.weight, out),
        (last.bias, np.array([1.0, 0.0, -(t[0] ** 2) / 2])),
    ):
        parameter.data = torch.tensor(values)
    return nn.Sequential(first, slopes, last)


def line_oracle(decoder: nn.Sequential, codes: np.ndarray) -> list[PatternNeighbourhood]:
    """Neighbours of codes on a line under one hidden layer of ReLUs, from the sorted breakpoints."""
    w = decoder[0].weight.detach().double().numpy()[:, 0]
    b = decoder[0].bias.detach().double().numpy()
    slope = decoder[1].weight.detach().numpy() if isinstance(decoder[1], nn.PReLU) else np.zeros(len(w))
    w, b = w[slope != 1], b[slope != 1]
    knots = np.unique(-b[w != 0] / w[w != 0])
    inner = (knots[1:] + knots[:-1]) / 2
    middles = np.array([0.0]) if len(knots) == 0 else np.concatenate([[knots[0] - 1], inner, [knots[-1] + 1]])
    patterns = np.outer(middles, w) + b > 0
    found = []
    for code in codes[:, 0]:
        i = int(np.searchsorted(knots, code))
        near = [j for j in (i - 1, i + 1) if 0 <= j < len(patterns)]
        found.append(PatternNeighbourhood(patterns[i], patterns[near]))
    return found


@pytest.fixture(name="parabola_decoder")
def _parabola_decoder():
    return parabola_decoder


@pytest.fixture(name="line_oracle")
def _line_oracle():
    return line_oracle
