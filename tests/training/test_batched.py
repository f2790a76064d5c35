"""Runs in one batch are the single runs, up to rounding."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from polyae.errors import SettingError
from polyae.report.threads import one_thread
from polyae.training.batched import BATCHED, run_batch
from polyae.training.protocol import ModelName, RunSettings
from polyae.training.runs import Epoch, RunResult, run
from polyae.training.synthetic import synthetic_control

DATA = synthetic_control(num_train=24, num_test=12)  # batches of 8, 8 and 3
SMALL = RunSettings(epochs=3, batch_size=8, hidden=(12, 8), latent_dim=2)


def settings(model: ModelName) -> list[RunSettings]:
    base = replace(SMALL, model=model)
    return [replace(base, seed=seed, weight=w, noise=s) for seed, w, s in ((0, 0.1, 0.1), (1, 1.0, 0.3), (0, 0.5, 0.2))]


def losses(result: RunResult | None) -> list[tuple[float, ...]]:
    assert result is not None
    return [(e.reconstruction, e.penalty, e.validation_error, e.test_error) for e in result.epochs]


@pytest.mark.parametrize("model", BATCHED)
def test_batches_are_single_runs(model: ModelName) -> None:
    for ours, each in zip(run_batch(DATA, settings(model)), settings(model), strict=True):
        alone = run(DATA, each)
        assert ours is not None and ours.settings == each and ours.best.number == alone.best.number
        for a, b in zip(losses(ours), losses(alone), strict=True):
            assert a == pytest.approx(b, rel=1e-4)
        for p, q in zip(ours.model.parameters(), alone.model.parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("model", BATCHED)
def test_a_killed_batch_goes_on_as_if_nothing_had_happened(model: ModelName, tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def kill(epoch: Epoch) -> None:
        if epoch.number == 1:
            raise Killed

    with one_thread():
        whole = run_batch(DATA, settings(model))
        with pytest.raises(Killed):
            run_batch(DATA, settings(model), tmp_path, on_epoch=kill)
        resumed = run_batch(DATA, settings(model), tmp_path)
        again = run_batch(DATA, settings(model), tmp_path)
    for a, b, c in zip(whole, resumed, again, strict=True):
        assert losses(a) == losses(b) == losses(c)
        assert a is not None and b is not None
        assert all(torch.equal(p, q) for p, q in zip(a.model.parameters(), b.model.parameters(), strict=True))
    (file,) = tmp_path.rglob("checkpoint.pt")
    assert file.stat().st_size < 400_000  # views are stored as what they show, not with all that they share


def test_a_run_that_diverges_leaves_the_others_alone() -> None:
    wild = [replace(SMALL, model="denoising", noise=noise) for noise in (0.1, 1e30)]
    fine, lost = run_batch(DATA, wild)
    assert lost is None
    (alone,) = run_batch(DATA, wild[:1])
    for a, b in zip(losses(fine), losses(alone), strict=True):
        assert a == pytest.approx(b, rel=1e-4)


def test_early_stopping_ends_each_run_where_it_would_end_alone() -> None:
    patient = [replace(SMALL, seed=s, epochs=40, patience=1, learning_rate=0.05) for s in range(4)]
    lengths = [len(result.epochs) for result in run_batch(DATA, patient) if result is not None]
    assert lengths == [len(run(DATA, each).epochs) for each in patient] and len(set(lengths)) > 1


def test_what_cannot_be_stacked_is_refused() -> None:
    for wrong in ([SMALL, replace(SMALL, hidden=(4,))], [replace(SMALL, model="first order")], []):
        with pytest.raises(SettingError, match="runs of one batch differ"):
            run_batch(DATA, wrong)
