"""Networks: what is analysed, and how it is read from PyTorch and from files."""

from polyae.networks.files import network_from_dict, read_network, write_network
from polyae.networks.network import Layer, Network
from polyae.networks.torch_layers import read_layer
from polyae.networks.torch_modules import Abs, from_torch

__all__ = ["Abs", "Layer", "Network", "from_torch", "network_from_dict", "read_layer", "read_network", "write_network"]
