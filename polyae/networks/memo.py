"""What belongs to a network alone is worked out once and kept as long as the network lives."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from polyae.networks.network import Network

T = TypeVar("T")

__all__ = ["per_network"]


def per_network(function: Callable[[Network], T]) -> Callable[[Network], T]:
    """Decorate a function of a network, which is frozen, so that it is called once for each.

    What it returns is shared by all callers and must not be changed; arrays had better be made read-only.
    """
    known: WeakKeyDictionary[Network, T] = WeakKeyDictionary()

    @wraps(function)
    def remembered(network: Network) -> T:
        try:
            return known[network]
        except KeyError:
            return known.setdefault(network, function(network))

    return remembered
