"""Runs under the protocol: validation, early stopping, a checkpoint and a metrics file after every epoch."""

from __future__ import annotations

import io
import json
import math
import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from polyae.atomic import make_folder, whole_file
from polyae.errors import DataError, FileFormatError, NetworkError
from polyae.training.data import Dataset
from polyae.training.draws import generator_of
from polyae.training.models import Autoencoder
from polyae.training.protocol import RunSettings

Float = NDArray[np.float64]

CHECKPOINT, METRICS = "checkpoint.pt", "metrics.json"

__all__ = [
    "CHECKPOINT",
    "METRICS",
    "Epoch",
    "RunResult",
    "TrainingState",
    "identity_of",
    "is_finished",
    "read_checkpoint",
    "read_metrics",
    "run",
    "save_checkpoint",
    "seconds_per_step",
    "write_metrics",
]


@dataclass(frozen=True)
class Epoch:
    """Mean losses of an epoch's steps and errors after it, as mean squared errors per coordinate.

    `seconds` are those of the wall clock, `processor_seconds` those of all threads of the process, which do not
    depend on what else the machine does.
    """

    number: int
    reconstruction: float
    penalty: float
    validation_error: float
    test_error: float
    seconds: float
    processor_seconds: float


@dataclass(frozen=True, eq=False)
class RunResult:
    """A finished run.

    Attributes
    ----------
    settings : RunSettings
    epochs : list of Epoch
    model : Autoencoder
        As it was after the epoch of the best validation error, the first of them.
    penalty : nn.Module or None
        Likewise, with its generators.
    """

    settings: RunSettings
    epochs: list[Epoch]
    model: Autoencoder
    penalty: nn.Module | None

    @property
    def best(self) -> Epoch:
        """Epoch of the best validation error."""
        return min(self.epochs, key=lambda epoch: epoch.validation_error)

    @property
    def test_error(self) -> float:
        """Test error at the best validation error."""
        return self.best.test_error


def _split(data: Dataset, settings: RunSettings) -> tuple[Tensor, Tensor, Tensor]:
    count = len(data.train)
    held = settings.num_validation(count)
    if held >= count:
        raise DataError(f"{data.name}: {count} data leave nothing to train on beside {held} for validation")
    order = torch.randperm(count, generator=generator_of(settings.seed, 0)).numpy()
    parts = data.train[order[held:]], data.train[order[:held]], data.test
    train, validation, test = (torch.tensor(part, dtype=torch.float32) for part in parts)
    return train, validation, test


@torch.no_grad()
def _error(model: Autoencoder, x: Tensor) -> float:
    return float(nn.functional.mse_loss(model(x), x))


class TrainingState:
    """State of a run between epochs."""

    def __init__(self, data: Dataset, settings: RunSettings) -> None:
        self.settings = settings
        self.train, self.validation, self.test = _split(data, settings)
        self.model, self.penalty = settings.build(data.dim)
        parameters = [*self.model.parameters(), *(self.penalty.parameters() if self.penalty else ())]
        self.optimiser = torch.optim.Adam(parameters, lr=settings.learning_rate, fused=True)
        self.epochs: list[Epoch] = []
        self.best: dict[str, Any] = {}

    def _parts(self) -> dict[str, Any]:
        parts = {"model": self.model.state_dict(), "penalty": self.penalty.state_dict() if self.penalty else {}}
        return {name: {key: value.clone() for key, value in part.items()} for name, part in parts.items()}

    def state(self, identity: str) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {
            "identity": identity, "now": self._parts(), "best": self.best,
            "optimiser": self.optimiser.state_dict(), "epochs": [asdict(epoch) for epoch in self.epochs],
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the state of a checkpoint."""
        self.put(state["now"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.best = state["best"]
        self.epochs = [Epoch(**epoch) for epoch in state["epochs"]]

    def put(self, parts: dict[str, Any]) -> None:
        """Load model and penalty."""
        self.model.load_state_dict(parts["model"])
        if self.penalty is not None:
            self.penalty.load_state_dict(parts["penalty"])

    def step(self, x: Tensor, generator: torch.Generator) -> tuple[float, float]:
        """One step on a batch; its losses before the step."""
        given = x
        if self.settings.model == "denoising":
            given = x + self.settings.noise * torch.randn(x.shape, generator=generator)
        codes = self.model.encoder(given)
        loss = nn.functional.mse_loss(self.model.decoder(codes), x)
        extra = self.penalty(self.model, x, codes) if self.penalty else torch.zeros(())
        values = float(loss.detach()), float(extra.detach())
        if not all(map(math.isfinite, values)):
            raise NetworkError(f"training diverged in epoch {len(self.epochs)}: losses {values}; lower weight or rate")
        self.optimiser.zero_grad()
        (loss + self.settings.weight * extra).backward()
        self.optimiser.step()
        return values

    def epoch(self) -> Epoch:
        """One epoch: a pass over the training part in random order, then the errors."""
        began, busy, number = time.perf_counter(), time.process_time(), len(self.epochs)
        generator = generator_of(self.settings.seed, 1, number)
        order = torch.randperm(len(self.train), generator=generator)
        losses = np.array([self.step(self.train[i], generator) for i in order.split(self.settings.batch_size)])
        return self.record(losses, lambda: (time.perf_counter() - began, time.process_time() - busy))

    def record(self, losses: Float, times: Callable[[], tuple[float, float]]) -> Epoch:
        """Errors after an epoch of the losses (steps, 2), and the model if it is the best so far."""
        errors = _error(self.model, self.validation), _error(self.model, self.test)
        means = losses.mean(axis=0).tolist()
        done = Epoch(len(self.epochs), means[0], means[1], *errors, *times())
        if not self.epochs or done.validation_error < min(e.validation_error for e in self.epochs):
            self.best = self._parts()
        self.epochs.append(done)
        return done

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return is_finished(self.epochs, self.settings)


def is_finished(epochs: Sequence[Epoch], settings: RunSettings) -> bool:
    """Whether all epochs are done, or too many in a row brought nothing better."""
    errors, patience = [e.validation_error for e in epochs], settings.patience
    if len(errors) >= settings.epochs:
        return True
    return patience is not None and bool(errors) and len(errors) - 1 - int(np.argmin(errors)) >= patience


def identity_of(data: Dataset, settings: RunSettings) -> str:
    """What a checkpoint must agree with to be gone on with."""
    return json.dumps([data.name, data.train.shape, data.test.shape, asdict(settings)])


def save_checkpoint(state: dict[str, Any], path: Path) -> None:
    """Write a checkpoint whole or not at all."""
    buffer = io.BytesIO()  # torch reports a full disk in words of its own
    torch.save(state, buffer)
    with whole_file(path) as file:
        file.write_bytes(buffer.getbuffer())


def write_metrics(data: Dataset, run: TrainingState | RunResult, path: Path) -> None:
    """Write the metrics file of a run whole or not at all."""
    epochs = [asdict(epoch) for epoch in run.epochs]
    with whole_file(path) as file:
        text = json.dumps({"data": data.name, "settings": asdict(run.settings), "epochs": epochs}, indent=1)
        file.write_text(text, encoding="utf-8")


def read_checkpoint(path: Path, identity: str) -> dict[str, Any]:
    """A checkpoint that belongs to the run or batch of this identity, or a FileFormatError."""
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True)
        same = state["identity"] == identity
    except (OSError, EOFError, RuntimeError, KeyError, TypeError, ValueError, pickle.UnpicklingError) as error:
        raise FileFormatError(f"{path} is not a checkpoint ({error}); remove it to begin anew") from error
    if not same:
        raise FileFormatError(f"{path} belongs to a run on other data or with other settings; choose another folder")
    return state


def read_metrics(folder: Path) -> list[Epoch]:
    """Epochs of the run that a folder holds, none if it holds none.

    Raises
    ------
    FileFormatError
        If its metrics file is damaged.
    """
    path = folder / METRICS
    try:
        return [Epoch(**epoch) for epoch in json.loads(path.read_text(encoding="utf-8"))["epochs"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileFormatError(f"{path} is not a metrics file ({error}); remove its folder to run anew") from error


def run(
    data: Dataset,
    settings: RunSettings,
    folder: str | Path | None = None,
    *,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> RunResult:
    """Train one model, or go on where a run was left.

    On one thread losses and errors depend on data and settings alone, to the last bit, however often the run
    was stopped; the global random state is neither read nor changed.

    Parameters
    ----------
    data : Dataset
    settings : RunSettings
    folder : path, optional
        Where ``checkpoint.pt`` and ``metrics.json`` are written after every epoch, so that a run that is killed
        loses an epoch at most.  A checkpoint found there is gone on with.
    on_epoch : callable, optional
        Called after every epoch. An exception raised by it ends the run.

    Returns
    -------
    RunResult

    Raises
    ------
    DataError
        If the data are too few to be split.
    FileFormatError
        If the checkpoint is damaged or belongs to another run, or the folder cannot be made.
    NetworkError
        If a loss is not finite.
    """
    state = TrainingState(data, settings)
    target, identity = None if folder is None else make_folder(folder), identity_of(data, settings)
    if target is not None and (target / CHECKPOINT).is_file():
        state.restore(read_checkpoint(target / CHECKPOINT, identity))
    while not state.finished:
        done = state.epoch()
        if target is not None:
            save_checkpoint(state.state(identity), target / CHECKPOINT)
            write_metrics(data, state, target / METRICS)
        if on_epoch is not None:
            on_epoch(done)
    state.put(state.best)
    return RunResult(settings, state.epochs, state.model, state.penalty)


def seconds_per_step(data: Dataset, settings: RunSettings, steps: int = 5) -> float:
    """Median time of a step, measured on a run that is thrown away; the first step, a warm-up, is left out."""
    state, times = TrainingState(data, settings), []
    generator = generator_of(settings.seed, 1, 0)
    for _ in range(steps + 1):
        chosen = torch.randint(len(state.train), (settings.batch_size,), generator=generator)
        began = time.perf_counter()
        state.step(state.train[chosen], generator)
        times.append(time.perf_counter() - began)
    return float(np.median(times[1:]))
