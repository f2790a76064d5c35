import dataclasses

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from polyae.errors import DataError, NetworkError
from polyae.training.data import Dataset, digit_seven, digits
from polyae.training.models import Autoencoder


def test_default_decoder_mirrors_the_encoder():
    model = Autoencoder.from_widths(64, hidden=(20, 10), latent_dim=3)
    shapes = [
        [tuple(y.weight.shape) for y in half if isinstance(y, nn.Linear)] for half in (model.encoder, model.decoder)
    ]
    assert shapes == [[(20, 64), (10, 20), (3, 10)], [(10, 3), (20, 10), (64, 20)]]
    assert [type(y) for y in model.decoder] == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]


def test_decoder_of_its_own_widths_and_slope():
    model = Autoencoder.from_widths(
        5, hidden=(4,), latent_dim=1, decoder_hidden=(7, 6), slope=0.25, dtype=torch.float64
    )
    assert [y.out_features for y in model.decoder if isinstance(y, nn.Linear)] == [7, 6, 5]
    assert model.decoder[1].negative_slope == 0.25
    assert model(torch.zeros(2, 5, dtype=torch.float64)).shape == (2, 5)


def test_seed_decides_the_weights_and_leaves_the_global_state_alone():
    before = torch.get_rng_state()
    a, b, c = (Autoencoder.from_widths(6, seed=s).state_dict() for s in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a[key], b[key]) for key in a)
    assert not any(torch.equal(a[key], c[key]) for key in a)


def test_initial_weights_follow_the_uniform_law_of_pytorch():
    weight = Autoencoder.from_widths(400, hidden=(300,), latent_dim=1).encoder[0].weight.detach().numpy()
    bound = 1 / np.sqrt(400)
    assert np.abs(weight).max() <= bound
    # Standard deviation of a uniform variable; its estimate from 120,000 draws is good to 0.2 %.
    assert weight.std() == pytest.approx(bound / np.sqrt(3), rel=0.01)


@pytest.mark.parametrize("widths", [(0, (4,), 2), (5, (4, -1), 2), (5, (4.5,), 2), (5, (4,), 0)])
def test_bad_widths_are_named(widths):
    bad = next(w for w in (widths[0], *widths[1], widths[2]) if not isinstance(w, int) or w < 1)
    with pytest.raises(NetworkError, match=f"got {bad}"):
        Autoencoder.from_widths(*widths)


def test_digits_are_split_without_loss():
    data = digits(test_fraction=0.25, seed=5)
    pixels, labels = load_digits(return_X_y=True)
    rows = np.hstack(
        [np.vstack([data.train, data.test]) * 16, np.concatenate([data.train_labels, data.test_labels])[:, None]]
    )
    expected = np.hstack([pixels, labels[:, None]])
    assert len(data.test) == 449
    assert np.array_equal(rows[np.lexsort(rows.T)], expected[np.lexsort(expected.T)])
    assert data.train.min() == 0 and data.train.max() == 1


def test_digits_follow_their_seed():
    a, b, c = digits(seed=1), digits(seed=1), digits(seed=2)
    assert np.array_equal(a.test, b.test) and not np.array_equal(a.test, c.test)


def test_dataset_is_frozen():
    data = digits()
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.name = "other"
    with pytest.raises(ValueError, match="read-only"):
        data.train[0, 0] = 1


def test_a_seven_is_a_seven():
    scans = load_digits()
    sevens = scans.data[scans.target == 7] / 16
    assert np.array_equal(digit_seven(), sevens[0])
    assert np.array_equal(digit_seven(3), sevens[3])
    with pytest.raises(DataError, match=f"hold {len(sevens)}"):
        digit_seven(len(sevens))


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 2])
def test_empty_split_is_refused(fraction):
    with pytest.raises(DataError, match="test_fraction"):
        digits(test_fraction=fraction)


@pytest.mark.parametrize(
    ("train", "test", "labels", "message"),
    [
        (np.zeros((0, 2)), np.zeros((1, 2)), None, r"train has shape \(0, 2\)"),
        (np.zeros((1, 2)), np.zeros(2), None, r"test has shape \(2,\)"),
        (np.zeros((1, 2)), np.full((1, 2), np.nan), None, "test holds nan in row 0, column 0"),
        (np.zeros((1, 2)), np.zeros((1, 3)), None, "2 coordinates, test 3"),
        (np.zeros((1, 2)), np.zeros((1, 2)), np.zeros(4), "train has 1 data but labels"),
    ],
)
def test_bad_data_are_refused(train, test, labels, message):
    with pytest.raises(DataError, match=message):
        Dataset("mine", train, test, labels)
