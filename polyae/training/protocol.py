"""The paper's models under one protocol, with the choices that the paper leaves open stated as defaults."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from torch import nn

from polyae.errors import SettingError
from polyae.training.first_order import FirstOrderRegulariser
from polyae.training.models import Autoencoder
from polyae.training.neighbour_oracle import Choice
from polyae.training.penalties import ContractivePenalty, FirstOrderPenalty, SecondOrderPenalty
from polyae.training.regulariser import LieGroupRegulariser

ModelName = Literal["ae", "denoising", "contractive", "first order", "second order sampled", "second order exact"]

__all__ = ["ModelName", "RunSettings"]


@dataclass(frozen=True)
class RunSettings:
    """One run of one model.

    From the paper (section 5): three hidden layers a side, latent dimension 10, as many generators, 125 epochs,
    batches of 16, Adam for weights and generators alike, test error at the best validation error.  Not given
    there, hence ours: the hidden widths, the learning rate, the share of the training data for validation,
    the law of the latent samples (see :mod:`polyae.training.penalties`), means rather than sums over pairs.

    Parameters
    ----------
    model : str
    weight : float
        λ of the penalty; without effect for "ae" and "denoising".
    noise : float
        Standard deviation of the noise of "denoising", and of the neighbours' of "contractive".
    seed : int
        Of the validation split, the weights, the generators, the batches and all samples.
    hidden : tuple of int
        Widths of the encoder; the decoder's are reversed.
    patience : int, optional
        Epochs without a better validation error after which a run ends; by default none ends early.
    neighbours : int, optional
        Neighbours a region for "second order exact", drawn at random; all by default.

    Raises
    ------
    SettingError
        If a value is out of range.
    """

    model: ModelName = "ae"
    weight: float = 1.0
    noise: float = 0.1
    seed: int = 0
    epochs: int = 125
    batch_size: int = 16
    learning_rate: float = 1e-3
    hidden: tuple[int, ...] = (128, 64, 32)
    latent_dim: int = 10
    num_generators: int = 10
    validation: float = 0.2
    patience: int | None = None
    neighbours: int | None = None

    def __post_init__(self) -> None:
        if self.model not in get_args(ModelName):
            raise SettingError(f"model is one of {', '.join(get_args(ModelName))}; got {self.model!r}")
        for name in ("epochs", "batch_size", "latent_dim", "num_generators"):
            if getattr(self, name) < 1:
                raise SettingError(f"{name} is a positive number, got {getattr(self, name)}")
        for name in ("noise", "learning_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise SettingError(f"{name} is positive and finite, got {getattr(self, name)}")
        if not 0 <= self.weight < math.inf:
            raise SettingError(f"weight is finite and not negative, got {self.weight}")
        if not 0 < self.validation < 1:
            raise SettingError(f"validation is a share between 0 and 1, got {self.validation}")
        if self.seed < 0 or (self.patience is not None and self.patience < 1):
            raise SettingError(f"seed is not negative and patience positive, got {self.seed} and {self.patience}")

    def num_validation(self, count: int) -> int:
        """How many of `count` data are kept for validation."""
        return max(1, round(self.validation * count))

    def num_steps(self, count: int) -> int:
        """Steps of all epochs on `count` data, validation included."""
        return self.epochs * math.ceil((count - self.num_validation(count)) / self.batch_size)

    def build(self, data_dim: int) -> tuple[Autoencoder, nn.Module | None]:
        """Model and penalty, freshly initialised."""
        model = Autoencoder.from_widths(data_dim, self.hidden, self.latent_dim, seed=self.seed)
        return model, self._penalty(data_dim)

    def _penalty(self, dim: int) -> nn.Module | None:
        seed, m = self.seed, self.num_generators
        match self.model:
            case "contractive":
                return ContractivePenalty(noise=self.noise, seed=seed)
            case "first order":
                return FirstOrderPenalty(FirstOrderRegulariser(dim, num_generators=m, seed=seed), seed=seed)
            case "second order sampled":
                return SecondOrderPenalty(LieGroupRegulariser(dim, num_generators=m, seed=seed), seed=seed)
            case "second order exact":
                regulariser = LieGroupRegulariser(dim, num_generators=m, seed=seed)
                choose: Choice = "all" if self.neighbours is None else "random"
                return SecondOrderPenalty(regulariser, choose=choose, count=self.neighbours, seed=seed)
        return None
