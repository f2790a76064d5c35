"""Many runs of one small model as one program: weights stacked, products batched.

A step of a small model is mostly the overhead of its operations, which stacking shares among runs that differ in
seed, λ and noise.  The steps are those of :mod:`polyae.training.runs` up to rounding: products of stacked matrices may
be summed in another order, so that losses agree to float32's digits and not to the last bit.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from polyae.atomic import make_folder
from polyae.errors import SettingError
from polyae.training.data import Dataset
from polyae.training.draws import generator_of
from polyae.training.penalties import ContractivePenalty
from polyae.training.protocol import ModelName, RunSettings
from polyae.training.runs import (
    CHECKPOINT,
    Epoch,
    RunResult,
    TrainingState,
    identity_of,
    read_checkpoint,
    save_checkpoint,
)

#: Models that are stacked; the penalties of the others are large products already.
BATCHED: tuple[ModelName, ...] = ("ae", "denoising", "contractive")

Stack = list[tuple[Tensor, Tensor]]

__all__ = ["BATCHED", "run_batch"]


def _through(layers: Stack, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Outputs (s, n, w) of s stacked networks, and which hidden units are on."""
    on: list[Tensor] = []
    for i, (weight, bias) in enumerate(layers):
        x = torch.baddbmm(bias[:, None], x, weight.mT)
        if i + 1 < len(layers):
            on.append(x > 0)
            x = x.relu()
    return x, on


def _jacobians(layers: Stack, on: list[Tensor]) -> Tensor:
    """Derivatives (s, n, h, d) of s stacked networks in regions where the units `on` are active."""
    weight = layers[-1][0]
    rows = weight[:, None].expand(-1, on[0].shape[1], -1, -1)
    for (before, _), mask in zip(reversed(layers[:-1]), reversed(on), strict=True):
        s, n, h, w = rows.shape
        rows = ((rows * mask[:, :, None]).reshape(s, n * h, w) @ before).view(s, n, h, -1)
    return rows


class _Batch:
    """Runs whose models are views of stacked weights, so that every part of a run but the step is used as it is."""

    def __init__(self, data: Dataset, settings: Sequence[RunSettings]) -> None:
        _check(settings)
        self.runs = [TrainingState(data, each) for each in settings]
        self.leaves = [torch.stack([p.detach() for p in same]).requires_grad_() for same in self._parameters()]
        for leaf, same in zip(self.leaves, self._parameters(), strict=True):
            for i, parameter in enumerate(same):
                parameter.data = leaf.data[i]
        self.optimiser = torch.optim.Adam(self.leaves, lr=settings[0].learning_rate, fused=True)
        layers = list(zip(self.leaves[::2], self.leaves[1::2], strict=True))
        depth = len(settings[0].hidden) + 1
        self.encoder, self.decoder = layers[:depth], layers[depth:]
        self.weights = torch.tensor([each.weight for each in settings])
        self.diverged = [False] * len(settings)

    def _parameters(self) -> list[tuple[Tensor, ...]]:
        return list(zip(*(run.model.parameters() for run in self.runs), strict=True))

    def _given(self, x: Tensor, generators: Sequence[torch.Generator]) -> Tensor:
        if self.runs[0].settings.model != "denoising":
            return x
        pairs = zip(self.runs, generators, strict=True)
        return x + torch.stack([r.settings.noise * torch.randn(x.shape[1:], generator=g) for r, g in pairs])

    def _contraction(self, x: Tensor) -> Tensor:
        """Of every run, as :class:`ContractivePenalty`, whose generators it draws from."""
        penalties = [run.penalty for run in self.runs]
        if not all(isinstance(penalty, ContractivePenalty) for penalty in penalties):
            return torch.zeros(len(penalties))
        noise = torch.stack([p.noise * torch.randn(x.shape[1:], generator=p.next_generator()) for p in penalties])  # type: ignore[union-attr,operator]
        with torch.no_grad():
            _, on = _through(self.encoder, torch.cat([x, x + noise], dim=1))
        here, there = _jacobians(self.encoder, on).chunk(2, dim=1)
        return sum(torch.linalg.vector_norm(m, dim=(2, 3)).mean(dim=1) for m in (here, here - there))

    def step(self, x: Tensor, generators: Sequence[torch.Generator]) -> np.ndarray[Any, Any]:
        """One step of all runs on their batches (s, n, d); their losses before it, (s, 2)."""
        codes, _ = _through(self.encoder, self._given(x, generators))
        loss = (_through(self.decoder, codes)[0] - x).square().mean(dim=(1, 2))
        extra = self._contraction(x)
        self.optimiser.zero_grad()
        (loss + self.weights * extra).sum().backward()
        self.optimiser.step()
        return torch.stack([loss.detach(), extra.detach()], dim=1).double().numpy()

    def epoch(self) -> None:
        """One epoch of all runs that are neither finished nor diverged."""
        began, busy = time.perf_counter(), time.process_time()
        number = max(len(run.epochs) for run in self.runs)
        generators = [generator_of(run.settings.seed, 1, number) for run in self.runs]
        size = self.runs[0].settings.batch_size
        orders = [
            torch.randperm(len(run.train), generator=g).split(size)
            for run, g in zip(self.runs, generators, strict=True)
        ]
        losses = np.stack([
            self.step(torch.stack([run.train[i] for run, i in zip(self.runs, chosen, strict=True)]), generators)
            for chosen in zip(*orders, strict=True)
        ])  # fmt: skip

        def times() -> tuple[float, float]:
            return (time.perf_counter() - began) / len(self.runs), (time.process_time() - busy) / len(self.runs)

        for i, run in enumerate(self.runs):
            self.diverged[i] |= not np.isfinite(losses[:, i]).all()
            if not self.diverged[i] and not run.finished:
                run.record(losses[:, i], times)

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return all(lost or run.finished for lost, run in zip(self.diverged, self.runs, strict=True))

    def state(self, identity: str) -> dict[str, Any]:
        """What a checkpoint holds."""
        runs = [run.state(identity) for run in self.runs]
        return {"identity": identity, "runs": runs, "optimiser": self.optimiser.state_dict(), "diverged": self.diverged}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the state of a checkpoint."""
        for run, each in zip(self.runs, state["runs"], strict=True):
            run.restore(each)
        self.optimiser.load_state_dict(state["optimiser"])
        self.diverged = state["diverged"]


def _check(settings: Sequence[RunSettings]) -> None:
    alike = {replace(each, seed=0, weight=1.0, noise=1.0) for each in settings}
    if len(alike) != 1 or settings[0].model not in BATCHED:
        raise SettingError(f"runs of one batch differ in seed, weight and noise alone, and are of {', '.join(BATCHED)}")


def run_batch(
    data: Dataset,
    settings: Sequence[RunSettings],
    folder: Path | None = None,
    *,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> list[RunResult | None]:
    """Train runs that differ in seed, weight and noise as one program, or go on where they were left.

    Parameters
    ----------
    data : Dataset
    settings : sequence of RunSettings
        Of the models in :data:`BATCHED`.
    folder : path, optional
        Where one checkpoint of all runs is written after every epoch.
    on_epoch : callable, optional
        Called after every epoch, with that of the first run that took part.

    Returns
    -------
    list
        A result for every run, None for one that diverged.

    Raises
    ------
    SettingError
        If the runs differ in something else.
    DataError, FileFormatError
        As :func:`polyae.training.runs.run`.
    """
    batch = _Batch(data, settings)
    identity = hashlib.sha256(json.dumps([identity_of(data, s) for s in settings]).encode()).hexdigest()
    target = None if folder is None else make_folder(folder / f"batch-{identity[:16]}")
    if target is not None and (target / CHECKPOINT).is_file():
        batch.restore(read_checkpoint(target / CHECKPOINT, identity))
    while not batch.finished:
        batch.epoch()
        if target is not None:
            save_checkpoint(batch.state(identity), target / CHECKPOINT)
        if on_epoch is not None:
            on_epoch(max((run.epochs[-1] for run in batch.runs if run.epochs), key=lambda epoch: epoch.number))
    results: list[RunResult | None] = []
    for lost, run in zip(batch.diverged, batch.runs, strict=True):
        if not lost:
            run.put(run.best)
        results.append(None if lost else RunResult(run.settings, run.epochs, run.model, run.penalty))
    return results
