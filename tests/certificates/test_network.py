"""The checker reads the weights that polyae reads."""

import json
from typing import Any

import pytest
from hypothesis import given

from polyae import Network, read_network
from polyae.check import parse_network
from polyae.networks.files import network_from_dict
from tests.engines.zoo import DATA, data_goldens
from tests.networks.strategies import networks


def assert_same_layers(description: Any, net: Network) -> None:
    layers = [(y.weight.tolist(), y.bias.tolist(), y.slope.tolist()) for y in net.layers]
    assert parse_network(json.loads(json.dumps(description))) == layers


@given(net=networks())
def test_any_network(net: Network) -> None:
    assert_same_layers(net.to_dict(), net)


@pytest.mark.parametrize("name", sorted(data_goldens()))
def test_files_of_the_project(name: str) -> None:
    path = DATA / f"{name}.json"
    assert_same_layers(json.loads(path.read_text()), read_network(path))


PLAIN = {"weight": [[1, -2], [0.5, 3]], "bias": [0, 1]}


@pytest.mark.parametrize("default", [{}, {"negative_slope": 0.25}, {"negative_slope": -1}])
@pytest.mark.parametrize(
    "stated",
    [
        {}, {"activation": "relu"}, {"activation": "abs"}, {"activation": "identity"}, {"negative_slope": 0.5},
        {"activation": "leaky_relu", "negative_slope": 0.5}, {"activation": "prelu", "negative_slope": [0.5, 1]},
        {"activation": None, "negative_slope": None},
    ],
)  # fmt: skip
def test_every_way_to_state_slopes(stated: dict[str, Any], default: dict[str, Any]) -> None:
    """Also of the last layer, whose default is none."""
    for layers in ([PLAIN | stated, PLAIN], [PLAIN, PLAIN | stated]):
        description = {"layers": layers, **default}
        assert_same_layers(description, network_from_dict(description))


def test_the_general_slope_of_a_leaky_layer() -> None:
    description = {"layers": [PLAIN | {"activation": "leaky_relu"}, PLAIN], "negative_slope": 0.25}
    assert_same_layers(description, network_from_dict(description))
    with pytest.raises((TypeError, ValueError)):
        parse_network({"layers": [PLAIN | {"activation": "leaky_relu"}, PLAIN]})


@pytest.mark.parametrize(
    "change",
    [
        {"weight": [[1, 2], [3]]}, {"weight": [[1, 2, 3], [4, 5, 6]]}, {"bias": [0]}, {"bias": [0, "1"]},
        {"bias": [0, True]}, {"negative_slope": [1]}, {"activation": "tanh"}, {"weight": []},
        {"bias": [0, float("nan")]},
    ],
)  # fmt: skip
def test_malformed_layers(change: dict[str, Any]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        parse_network({"layers": [PLAIN, PLAIN | change]})
