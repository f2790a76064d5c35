"""The penalties of the paper's models, each as ``penalty(model, batch, codes)`` for a training loop.

A penalty counts its calls in a buffer, and what it draws depends on seed and call alone: loading its
``state_dict`` takes a run up exactly where it was.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from polyae.errors import SettingError
from polyae.training.contractive import contraction, module_patterns
from polyae.training.draws import generator_of
from polyae.training.first_order import FirstOrderRegulariser
from polyae.training.models import Autoencoder
from polyae.training.neighbour_maps import jacobians
from polyae.training.neighbour_oracle import Choice, NeighbourOracle
from polyae.training.rank_one import neighbour_value
from polyae.training.regulariser import LieGroupRegulariser

__all__ = ["ContractivePenalty", "FirstOrderPenalty", "SecondOrderPenalty", "latent_samples"]


def latent_samples(codes: Tensor, generator: torch.Generator) -> Tensor:
    """As many codes (n, h) as there are, normal with the mean and standard deviation of each coordinate.

    The paper does not give the law of its latent samples; this is ours.
    """
    codes = codes.detach()
    spread = codes.std(dim=0, correction=0)
    noise = torch.randn(codes.shape, generator=generator, dtype=codes.dtype).to(codes.device)
    return codes.mean(dim=0) + spread * noise


class _Seeded(nn.Module):
    """Counts its calls."""

    calls: Tensor

    def __init__(self, seed: int) -> None:
        super().__init__()
        if seed < 0:
            raise SettingError(f"seed is not negative, got {seed}")
        self.seed = seed
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def next_generator(self) -> torch.Generator:
        """Generator of this call."""
        self.calls += 1
        return generator_of(self.seed, int(self.calls))


class FirstOrderPenalty(_Seeded):
    """First order (Eq. 12): at a latent sample per datum and a normal step of size `near` away from it.

    Parameters
    ----------
    regulariser : FirstOrderRegulariser
    near : float
        Standard deviation of the step, in standard deviations of the codes.  The paper says "near" only.
    seed : int

    Raises
    ------
    SettingError
        If `near` is not positive or the seed negative.
    """

    def __init__(self, regulariser: FirstOrderRegulariser, *, near: float = 0.1, seed: int = 0) -> None:
        super().__init__(seed)
        if not near > 0:
            raise SettingError(f"near is positive, got {near}")
        self.regulariser = regulariser
        self.near = near

    def forward(self, model: Autoencoder, batch: Tensor, codes: Tensor) -> Tensor:
        """Value for a model and the codes (n, h) of a batch."""
        generator = self.next_generator()
        first = latent_samples(codes, generator)
        noise = torch.randn(first.shape, generator=generator, dtype=first.dtype).to(first.device)
        second = first + self.near * codes.detach().std(dim=0, correction=0) * noise
        value: Tensor = self.regulariser(model.decoder(first), model.decoder(second))
        return value


class SecondOrderPenalty(_Seeded):
    """Second order (Eq. 13): at the regions of latent samples, as many as data, and neighbours of them.

    Parameters
    ----------
    regulariser : LieGroupRegulariser
    choose, count
        As :class:`NeighbourOracle`; "bisection" is the paper's sampler.
    seed : int
    """

    def __init__(
        self,
        regulariser: LieGroupRegulariser,
        *,
        choose: Choice = "bisection",
        count: int | None = None,
        seed: int = 0,
        workers: int = 1,
    ) -> None:
        super().__init__(seed)
        self.regulariser = regulariser
        self.choose = choose
        self.count = count
        self.workers = workers
        self._oracle: NeighbourOracle | None = None

    def _oracle_of(self, decoder: nn.Module) -> NeighbourOracle:
        if self._oracle is None or self._oracle.module is not decoder:
            self._oracle = NeighbourOracle(
                decoder, choose=self.choose, count=self.count, seed=self.seed, workers=self.workers
            )
        return self._oracle

    def forward(self, model: Autoencoder, batch: Tensor, codes: Tensor) -> Tensor:
        """Value for a model and the codes (n, h) of a batch."""
        samples = latent_samples(codes, self.next_generator())
        oracle = self._oracle_of(model.decoder)
        oracle.calls = int(self.calls)
        return neighbour_value(self.regulariser, oracle(samples))


class ContractivePenalty(_Seeded):
    """Higher-order contractive: ``‖A^E_ω‖_F + Σ ‖A^E_ω - A^E_ω'‖_F`` on the data's regions of the encoder.

    Parameters
    ----------
    noise : float
        Standard deviation of the normal noise that samples a datum's neighbour, as in the paper; a sample in
        the datum's own region adds zero.
    exact : bool
        All exact neighbours in the data space instead.
    seed : int

    Raises
    ------
    SettingError
        If the noise is not positive or the seed negative.
    """

    def __init__(self, *, noise: float = 0.1, exact: bool = False, seed: int = 0) -> None:
        super().__init__(seed)
        if not noise > 0:
            raise SettingError(f"noise is positive, got {noise}")
        self.noise = noise
        self.exact = exact

    def forward(self, model: Autoencoder, batch: Tensor, codes: Tensor) -> Tensor:
        """Value for a model and a batch (n, d)."""
        generator = self.next_generator()
        if self.exact:
            near = NeighbourOracle(model.encoder)(batch)
            return contraction(near.A, near.A_neighbours, near.owner)
        noise = torch.randn(batch.shape, generator=generator, dtype=batch.dtype).to(batch.device)
        here = module_patterns(model.encoder, batch)
        there = module_patterns(model.encoder, batch + self.noise * noise)
        maps = jacobians(model.encoder, torch.cat([here, there]))
        owner = torch.arange(len(batch), device=batch.device)
        return contraction(maps[: len(batch)], maps[len(batch) :], owner)
