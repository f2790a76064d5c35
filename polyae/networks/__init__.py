"""Networks: what is analysed, and how it is read from PyTorch and from files.

What needs PyTorch is imported when it is first asked for, because PyTorch takes seconds to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyae.networks.files import network_from_dict, read_network, write_network
from polyae.networks.network import Layer, Network

if TYPE_CHECKING:
    from polyae.networks.torch_layers import read_layer
    from polyae.networks.torch_modules import Abs, from_torch

__all__ = ["Abs", "Layer", "Network", "from_torch", "network_from_dict", "read_layer", "read_network", "write_network"]


def __getattr__(name: str) -> object:
    if name in ("Abs", "from_torch"):
        from polyae.networks import torch_modules

        return getattr(torch_modules, name)
    if name == "read_layer":
        from polyae.networks.torch_layers import read_layer

        return read_layer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
