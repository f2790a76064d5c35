"""``polyae info``: what a file holds."""

from __future__ import annotations

from typing import Any

from polyae.cli.enumeration import counts
from polyae.cli.output import JsonOption, finish
from polyae.cli.sources import SourceArgument, is_complex
from polyae.complex.region_complex import load
from polyae.networks.files import read_network
from polyae.networks.network import Layer, Network

__all__ = ["info_command"]


def info_command(net: SourceArgument, as_json: JsonOption = False) -> None:
    """Say what a network, or a saved complex, consists of."""
    if is_complex(net):
        cx = load(net)
        network, found = _describe(cx.network), counts(cx)
        lines = network | {key: value for key, value in found.items() if key != "network"}
        finish(network | {"complex": found}, as_json, text=lines)
    else:
        finish(_describe(read_network(net)), as_json)


def _describe(network: Network) -> dict[str, Any]:
    return {
        "input_dim": network.input_dim,
        "output_dim": network.output_dim,
        "units": network.num_units,
        "parameters": sum(layer.weight.size + layer.bias.size for layer in network.layers),
        "layers": [_layer(layer) for layer in network.layers],
        "digest": network.digest,
    }


def _layer(layer: Layer) -> dict[str, Any]:
    slopes = sorted(set(layer.slope.tolist()))
    return {"inputs": layer.n_in, "outputs": layer.n_out, "units": len(layer.units), "slopes": slopes}
