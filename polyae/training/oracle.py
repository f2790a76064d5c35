"""Where the neighbours of a step come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from polyae.networks.network import Network
from polyae.networks.torch_modules import from_torch
from polyae.training.regulariser import HasNeighbours

Query = Callable[[Network, NDArray[np.float64]], Iterable[HasNeighbours]]

__all__ = ["ExactOracle", "Query"]


class ExactOracle:
    """Neighbourhoods of codes under the present weights of a decoder, one query per batch.

    The decoder is read afresh at every call, its weights widened to float64 unchanged, so the answer is
    about the very network that the step differentiates.

    Parameters
    ----------
    query : callable
        ``query(network, codes)`` with codes of shape (n, h): ``polyae.neighbours``, or
        ``functools.partial(polyae.neighbours, domain=box)`` for a part of the latent space.
    """

    def __init__(self, query: Query) -> None:
        self.query = query

    def __call__(self, decoder: nn.Module, codes: NDArray[np.float64]) -> Sequence[HasNeighbours]:
        """Return one neighbourhood for every code of shape (n, h)."""
        network = from_torch(decoder)
        return list(self.query(network, codes))
