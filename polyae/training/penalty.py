"""The regulariser on exact neighbours: at every step those of the batch's codes under the weights of that step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from polyae.errors import SettingError, ShapeError
from polyae.training.models import Autoencoder
from polyae.training.regulariser import HasNeighbours, LieGroupRegulariser

Float = NDArray[np.float64]
NeighbourSource = Callable[[nn.Module, Float], Sequence[HasNeighbours]]

__all__ = ["ExactNeighbourPenalty", "NeighbourSource"]


class ExactNeighbourPenalty(nn.Module):
    """Penalty for :func:`polyae.training.trainer.train`: a regulariser fed by a source of neighbours.

    Parameters
    ----------
    regulariser : LieGroupRegulariser
    oracle : callable
        ``oracle(decoder, codes)`` with codes of shape (n, h) in float64 returns the neighbourhood of
        each, such as :class:`polyae.training.oracle.ExactOracle`.
    max_codes : int, optional
        Codes to ask for at a step. The first of a batch are taken; the batch being a random draw,
        so are they.

    Raises
    ------
    SettingError
        If `max_codes` is not positive.
    """

    def __init__(
        self,
        regulariser: LieGroupRegulariser,
        oracle: NeighbourSource,
        *,
        max_codes: int | None = None,
    ) -> None:
        super().__init__()
        if max_codes is not None and max_codes < 1:
            raise SettingError(f"max_codes is a positive number or None, got {max_codes}")
        self.regulariser = regulariser
        self.oracle = oracle
        self.max_codes = max_codes

    def forward(self, model: Autoencoder, batch: Tensor, codes: Tensor) -> Tensor:
        """Value for the codes (n, h) of a batch (n, d)."""
        asked = codes[: self.max_codes].detach().to("cpu", torch.float64).numpy()
        found = self.oracle(model.decoder, asked)
        if len(found) != len(asked):
            raise ShapeError(f"the oracle was asked for {len(asked)} neighbourhoods and returned {len(found)}")
        value: Tensor = self.regulariser.apply_from(model.decoder, found)
        return value
