"""Rows of many regions at once against rows of each region by itself."""

import numpy as np
import pytest

from polyae import Layer, Network
from polyae.predicates.affine import output_rows, shared_rows, unit_rows


@pytest.mark.parametrize("order", ["sorted", "shuffled", "equal"])
def test_sharing_changes_nothing(order: str) -> None:
    """Values agree up to rounding, within either one's error bounds."""
    rng = np.random.default_rng(3)
    sizes = [(5, 3), (4, 5), (4, 4), (2, 4)]
    slopes = [0.0, np.array([0.0, 1.0, -1.0, 0.3]), 0.0, 1.0]
    net = Network([Layer(rng.normal(size=s), rng.normal(size=s[0]), a) for s, a in zip(sizes, slopes, strict=True)])
    patterns = rng.random((60, net.num_units)) < 0.5
    if order == "sorted":
        patterns = patterns[np.lexsort(patterns.T[::-1])]
    if order == "equal":
        patterns[:] = patterns[0]
    layers, outputs = shared_rows(net, patterns)
    alone, there = unit_rows(net, patterns), output_rows(net, patterns)
    values = np.concatenate([rows.values[owner] for rows, owner in layers], axis=1)
    errors = np.concatenate([rows.errors[owner] for rows, owner in layers], axis=1)
    assert (np.abs(values - alone.values) <= errors + alone.errors).all()
    assert (np.abs(outputs.values - there.values) <= outputs.errors + there.errors).all()
    np.testing.assert_allclose(errors, alone.errors, rtol=1e-6)
    assert len(layers[0][0].values) == 1
    if order == "equal":
        assert all(len(rows.values) == 1 for rows, _ in layers)
    for i in range(0, 60, 7):
        np.testing.assert_allclose(outputs.values[i, :, :-1], net.affine(patterns[i])[0], atol=1e-12)
