"""Exact against sampled neighbours of the second order: at equal steps, and at equal time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import numpy as np

from polyae.training.protocol import RunSettings
from polyae.training.runs import Epoch, is_finished, read_metrics
from polyae.training.table import Table, run_folder

__all__ = ["Comparison", "compare", "comparison_markdown", "within"]


@dataclass(frozen=True)
class Comparison:
    """Test errors of one λ on one data set, one a seed, each at the best validation error.

    `equal_time` are those of the exact runs cut where the sampled run of the same seed ended, in processor time,
    the oracle's included; `epochs` is the mean number of epochs they had until then.
    """

    data: str
    weight: float
    sampled: Sequence[float]
    equal_steps: Sequence[float]
    equal_time: Sequence[float]
    epochs: float
    sampled_step: float
    exact_step: float


def within(epochs: Sequence[Epoch], processor_seconds: float) -> list[Epoch]:
    """The epochs that ended within a time; the first one at least."""
    ends = accumulate(epoch.processor_seconds for epoch in epochs)
    return [
        epoch for i, (epoch, end) in enumerate(zip(epochs, ends, strict=True)) if i == 0 or end <= processor_seconds
    ]


def _time(epochs: Sequence[Epoch]) -> float:
    return sum(epoch.processor_seconds for epoch in epochs)


def _best(epochs: Sequence[Epoch]) -> float:
    return min(epochs, key=lambda epoch: epoch.validation_error).test_error


def compare(table: Table, folder: Path) -> list[Comparison]:
    """Comparisons for all data and λ; a seed takes part if both its runs are finished, so not if one diverged."""
    found = []
    sampled = [s for s in table.settings if s.model == "second order sampled"]
    for data in table.data:
        for weight in dict.fromkeys(s.weight for s in sampled):
            pairs = [_pair(folder, data.name, s) for s in sampled if s.weight == weight]
            both = [pair for pair in pairs if pair is not None]
            if both:
                steps = sampled[0].num_steps(len(data.train)) // sampled[0].epochs
                found.append(_comparison(data.name, weight, both, steps))
    return found


def _pair(folder: Path, data: str, sampled: RunSettings) -> tuple[list[Epoch], list[Epoch]] | None:
    exact = replace(sampled, model="second order exact")
    one, two = (read_metrics(run_folder(folder, data, settings)) for settings in (sampled, exact))
    return (one, two) if is_finished(one, sampled) and is_finished(two, exact) else None


def _comparison(data: str, weight: float, pairs: list[tuple[list[Epoch], list[Epoch]]], steps: int) -> Comparison:
    cut = [within(exact, _time(sampled)) for sampled, exact in pairs]
    times = np.mean([(_time(sampled) / len(sampled), _time(exact) / len(exact)) for sampled, exact in pairs], axis=0)
    return Comparison(
        data, weight, [_best(s) for s, _ in pairs], [_best(e) for _, e in pairs], [_best(c) for c in cut],
        float(np.mean([len(c) for c in cut])), *(times / steps).tolist(),
    )  # fmt: skip


def _cell(errors: Sequence[float]) -> str:
    values = 100 * np.array(errors)
    return f"{values.mean():.2f}" + (f" ± {values.std(ddof=1):.2f}" if len(values) > 1 else "")


def comparison_markdown(found: Sequence[Comparison]) -> str:
    """Test errors times 100, mean ± standard deviation over seeds, for every λ."""
    lines = [
        "| data | λ | sampled | exact, equal steps | exact, equal time | epochs by then | ms a step, sampled / exact |",
        "|" + "---|" * 7,
    ]
    lines += [
        f"| {c.data} | {c.weight:g} | {_cell(c.sampled)} | {_cell(c.equal_steps)} | {_cell(c.equal_time)} "
        f"| {c.epochs:.0f} | {1000 * c.sampled_step:.1f} / {1000 * c.exact_step:.1f} |"
        for c in found
    ]
    return "\n".join(lines) + "\n"
