import numpy as np
import pytest
import torch

from polyae.networks.torch_modules import from_torch
from polyae.training.models import Autoencoder
from polyae.training.oracle import ExactOracle
from polyae.training.orbits import orbit_dataset
from polyae.training.penalty import ExactNeighbourPenalty
from polyae.training.regulariser import LieGroupRegulariser, PatternNeighbourhood
from polyae.training.trainer import train

ARC = orbit_dataset([[0.0, -1.0], [1.0, 0.0]], [1, 0], (-1, 1), num_train=32, num_test=8)


def line_query(network, codes):
    """Neighbours on a line under one hidden layer, code by code."""
    return [line_neighbours(network, code) for code in codes]


def line_neighbours(network, code):
    """Neighbours of one code, from the sorted breakpoints of a Network."""
    layer = network.layers[0]
    knots = np.unique(-layer.bias / layer.weight[:, 0])
    points = np.concatenate([[knots[0] - 1], (knots[1:] + knots[:-1]) / 2, [knots[-1] + 1]])[:, None]
    i = int(np.searchsorted(knots, code[0]))
    near = points[[j for j in (i - 1, i + 1) if 0 <= j < len(points)]]
    return PatternNeighbourhood(network.pattern(points[i]), network.pattern(near))


def model(dtype=torch.float32):
    return Autoencoder.from_widths(2, hidden=(6,), latent_dim=1, seed=3, dtype=dtype)


def test_every_step_is_asked_about_its_own_weights():
    decoders, digests = [], []

    def query(network, codes):
        digests.append(network.digest)
        return line_query(network, codes)

    trained = model()
    penalty = ExactNeighbourPenalty(LieGroupRegulariser(2), ExactOracle(query), max_codes=2)
    decoders.append(from_torch(trained.decoder).digest)
    train(
        trained,
        ARC,
        steps=4,
        regulariser=penalty,
        on_step=lambda s: decoders.append(from_torch(s.model.decoder).digest),
    )
    assert len(set(decoders)) == 5
    assert digests == decoders[:-1]


def test_codes_keep_their_order(line_oracle):
    codes = np.array([[4.0], [-4.0], [0.2]])
    found = ExactOracle(line_query)(model().decoder, codes)
    for each, expected in zip(found, line_oracle(model().decoder, codes), strict=True):
        assert np.array_equal(each.pattern, expected.pattern)
        assert np.array_equal(each.neighbours, expected.neighbours)


def test_exact_neighbours_on_a_line_are_those_of_the_breakpoints(line_oracle):
    queries = pytest.importorskip("polyae.queries.neighbours", reason="the exact query is not installed")
    codes = np.linspace(-3, 3, 9)[:, None]
    found = ExactOracle(queries.batch_neighbours)(model().decoder, codes)
    for each, expected in zip(found, line_oracle(model().decoder, codes), strict=True):
        assert np.array_equal(each.pattern, expected.pattern)
        assert {row.tobytes() for row in each.neighbours} == {row.tobytes() for row in expected.neighbours}
