"""Random networks and torch modules."""

import itertools

import torch
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from torch import nn

from polyae.networks import Abs, Layer, Network

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SLOPES = st.one_of(st.sampled_from([0.0, -1.0, 1.0, 0.01, 2.0]), FLOATS)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Networks with any finite float64 numbers."""
    widths = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    layers = []
    for n_in, n_out in itertools.pairwise(widths):
        weight = draw(npst.arrays("f8", (n_out, n_in), elements=FLOATS))
        bias = draw(npst.arrays("f8", n_out, elements=FLOATS))
        slope = draw(st.one_of(SLOPES, npst.arrays("f8", n_out, elements=SLOPES)))
        layers.append(Layer(weight, bias, slope))
    return Network(layers)


def _trained_looking(norm: nn.BatchNorm1d) -> nn.BatchNorm1d:
    for tensor in (norm.running_mean, norm.weight, norm.bias):
        if tensor is not None:
            nn.init.normal_(tensor)
    nn.init.uniform_(norm.running_var, 0.1, 3.0)
    return norm


def _perturbed(prelu: nn.PReLU) -> nn.PReLU:
    nn.init.uniform_(prelu.weight, -2.0, 2.0)
    return prelu


@st.composite
def sequentials(draw: st.DrawFn) -> nn.Sequential:
    """Nested modules of every layer that can be read, in random order, in float32 or float64."""
    torch.manual_seed(draw(st.integers(0, 2**31)))
    width = draw(st.integers(1, 5))
    layers: list[nn.Module] = []
    if draw(st.booleans()):
        layers.append(draw(_elementwise(width)))
    layers.append(nn.Linear(width, width := draw(st.integers(1, 6)), bias=draw(st.booleans())))
    for _ in range(draw(st.integers(0, 6))):
        if draw(st.booleans()):
            layers.append(nn.Linear(width, width := draw(st.integers(1, 6)), bias=draw(st.booleans())))
        else:
            layers.append(draw(_elementwise(width)))
    if draw(st.booleans()):
        layers.append(nn.Unflatten(1, (1, width)))
        layers.append(draw(st.sampled_from([nn.ReLU(), nn.PReLU(), Abs(), nn.Flatten()])))
    cut = draw(st.integers(0, len(layers)))
    nested = nn.Sequential(nn.Sequential(*layers[:cut]), nn.Sequential(nn.Sequential(), *layers[cut:]))
    return nested.to(draw(st.sampled_from([torch.float32, torch.float64])))


@st.composite
def _elementwise(draw: st.DrawFn, width: int) -> nn.Module:
    makers = [
        nn.ReLU,
        lambda: nn.ReLU(inplace=True),
        lambda: nn.LeakyReLU(draw(st.sampled_from([0.0, 0.01, 1.0, -1.0, 1.5]))),
        lambda: _perturbed(nn.PReLU()),
        lambda: _perturbed(nn.PReLU(width)),
        Abs,
        nn.Identity,
        nn.Dropout,
        nn.Flatten,
        lambda: _trained_looking(nn.BatchNorm1d(width, affine=draw(st.booleans()))),
    ]
    return draw(st.sampled_from(makers))()
