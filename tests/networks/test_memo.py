"""What is kept for each network."""

import gc

from polyae import Layer, Network
from polyae.networks.memo import per_network


def network(bias: float) -> Network:
    return Network([Layer([[1.0]], [bias], 0.0)])


def test_called_once_for_equal_networks_and_forgotten_with_them() -> None:
    calls = []

    @per_network
    def bias(net: Network) -> float:
        calls.append(net.digest)
        return float(net.layers[0].bias[0])

    first, second = network(1.0), network(2.0)
    assert [bias(first), bias(second), bias(first), bias(network(1.0))] == [1.0, 2.0, 1.0, 1.0]
    assert calls == [first.digest, second.digest]
    del first
    gc.collect()
    assert bias(network(1.0)) == 1.0
    assert len(calls) == 3
