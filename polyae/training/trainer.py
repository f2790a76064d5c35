"""Training of autoencoders: a plain loop, the same losses for the same seed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn

from polyae.errors import NetworkError, SettingError, ShapeError
from polyae.training.data import Dataset
from polyae.training.models import Autoencoder

Float = NDArray[np.float64]
Penalty = Callable[[Autoencoder, Tensor, Tensor], Tensor]

__all__ = ["History", "Penalty", "Step", "TrainingResult", "reconstruction_error", "train"]


@dataclass(frozen=True)
class Step:
    """What a callback is told after a step: its number from 0, the losses before it, and the model."""

    number: int
    reconstruction: float
    penalty: float
    model: Autoencoder


@dataclass(frozen=True, eq=False)
class History:
    """Losses of every step, before it was taken: arrays of shape (steps,).

    `reconstruction` is the mean squared error per coordinate of the batch, `penalty` the
    regulariser's value before its weight, zero without one.
    """

    reconstruction: Float
    penalty: Float

    def __len__(self) -> int:
        return len(self.reconstruction)


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """A trained model and how it came about.

    Parameters
    ----------
    model : Autoencoder
        The very model that was passed in.
    history : History
    planned_steps : int
    interrupted : bool
        Whether Ctrl-C ended the training; the model is then the one trained so far.
    test_error : float
        Mean squared error per coordinate on the data to test on.
    seconds : float
        Wall time.
    """

    model: Autoencoder
    history: History
    planned_steps: int
    interrupted: bool
    test_error: float
    seconds: float

    def __str__(self) -> str:
        ending = ", interrupted" if self.interrupted else ""
        return f"{len(self.history)} of {self.planned_steps} steps{ending}; test error {self.test_error:.4g}"


def _tensor(values: Float, model: nn.Module) -> Tensor:
    like = next(model.parameters())
    return torch.tensor(values, dtype=like.dtype, device=like.device)


@torch.no_grad()
def reconstruction_error(model: Autoencoder, data: Float) -> float:
    """Mean squared error per coordinate on data of shape (n, d)."""
    x = _tensor(data, model)
    return float(nn.functional.mse_loss(model(x), x))


def _batches(count: int, batch_size: int, seed: int) -> Iterator[Tensor]:
    """Index sets, without end: every epoch is a fresh permutation, its last batch may be smaller."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield from torch.randperm(count, generator=generator).split(batch_size)


def _num_steps(epochs: int | None, steps: int | None, per_epoch: int) -> int:
    if (epochs is None) == (steps is None):
        raise SettingError(f"give either epochs or steps, got epochs={epochs} and steps={steps}")
    planned = steps if steps is not None else (epochs or 0) * per_epoch
    if planned < 1:
        raise SettingError(f"training takes one step at least, got epochs={epochs} and steps={steps}")
    return planned


def _check(model: Autoencoder, data: Dataset, batch_size: int, learning_rate: float, weight: float) -> None:
    if batch_size < 1:
        raise SettingError(f"batch_size is a positive number, got {batch_size}")
    if not 0 < learning_rate < math.inf:
        raise SettingError(f"learning_rate is positive and finite, got {learning_rate}")
    if not math.isfinite(weight):
        raise SettingError(f"weight is finite, got {weight}")
    first = next((y for y in model.encoder.modules() if isinstance(y, nn.Linear)), None)
    if first is not None and first.in_features != data.dim:
        raise ShapeError(f"the model takes {first.in_features} coordinates but {data.name} has {data.dim}")


def _finite(value: Tensor, what: str, step: int) -> float:
    number = float(value.detach())
    if not math.isfinite(number):
        raise NetworkError(f"training diverged: {what} is {number} at step {step}; lower the learning rate or weight")
    return number


class _Loop:
    """The state that one step hands to the next."""

    def __init__(self, model: Autoencoder, penalty: Penalty | None, weight: float, learning_rate: float) -> None:
        self.model = model
        self.penalty = penalty
        self.weight = weight
        parameters = list(model.parameters())
        if isinstance(penalty, nn.Module):
            parameters += penalty.parameters()
        self.optimiser = torch.optim.Adam(parameters, lr=learning_rate)

    def step(self, number: int, x: Tensor) -> Step:
        codes = self.model.encoder(x)
        loss = nn.functional.mse_loss(self.model.decoder(codes), x)
        reconstruction, extra = _finite(loss, "the reconstruction error", number), 0.0
        if self.penalty is not None:
            value = self.penalty(self.model, x, codes)
            extra = _finite(value, "the regulariser", number)
            loss = loss + self.weight * value
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return Step(number, reconstruction, extra, self.model)


def train(
    model: Autoencoder,
    data: Dataset,
    *,
    epochs: int | None = None,
    steps: int | None = None,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    seed: int = 0,
    regulariser: Penalty | None = None,
    weight: float = 1.0,
    progress: bool = False,
    on_step: Callable[[Step], None] | None = None,
) -> TrainingResult:
    """Train a model in place with Adam on the mean squared error plus ``weight`` times a regulariser.

    On one thread the losses depend on the model, the data and the seed alone, to the last bit; more
    threads may sum in another order.  The global random state is neither read nor changed.

    Parameters
    ----------
    model : Autoencoder
    data : Dataset
    epochs, steps : int
        How long; exactly one of them.
    batch_size : int
    learning_rate : float
    seed : int
        Seed of the batches. They do not depend on the regulariser.
    regulariser : callable, optional
        ``regulariser(model, batch, codes)`` returns a scalar tensor; the parameters of an nn.Module,
        such as generators, are trained along.
    weight : float
    progress : bool
        Show a bar on the standard error.
    on_step : callable, optional
        Called with a :class:`Step` after every step. An exception raised by it ends the training.

    Returns
    -------
    TrainingResult
        On Ctrl-C the model trained so far.

    Raises
    ------
    ShapeError
        If the data do not fit the model.
    NetworkError
        If a loss is not finite.
    SettingError
        If a setting makes no sense.
    """
    _check(model, data, batch_size, learning_rate, weight)
    x = _tensor(data.train, model)
    planned = _num_steps(epochs, steps, -(-len(x) // batch_size))
    loop = _Loop(model, regulariser, weight, learning_rate)
    batches = _batches(len(x), batch_size, seed)
    taken: list[Step] = []
    interrupted = False
    numbers: Iterable[int] = range(planned)
    if progress:
        numbers = track(numbers, description="training", console=Console(stderr=True))
    began = time.perf_counter()
    try:
        for number in numbers:
            taken.append(loop.step(number, x[next(batches).to(x.device)]))
            if on_step is not None:
                on_step(taken[-1])
    except KeyboardInterrupt:
        interrupted = True
    seconds = time.perf_counter() - began
    history = History(np.array([s.reconstruction for s in taken]), np.array([s.penalty for s in taken]))
    return TrainingResult(model, history, planned, interrupted, reconstruction_error(model, data.test), seconds)
