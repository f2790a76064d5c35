"""Penalties of the paper's models, and runs that are stopped and taken up again."""

import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from polyae.errors import DataError, FileFormatError, NetworkError, SettingError
from polyae.networks.torch_modules import from_torch
from polyae.queries.neighbours import batch_neighbours
from polyae.report.threads import one_thread
from polyae.training.data import Dataset
from polyae.training.draws import generator_of
from polyae.training.first_order import FirstOrderRegulariser
from polyae.training.models import Autoencoder
from polyae.training.neighbour_oracle import NeighbourOracle
from polyae.training.penalties import ContractivePenalty, FirstOrderPenalty, SecondOrderPenalty, latent_samples
from polyae.training.protocol import ModelName, RunSettings
from polyae.training.regulariser import LieGroupRegulariser
from polyae.training.runs import CHECKPOINT, METRICS, Epoch, RunResult, run
from polyae.training.synthetic import synthetic_control

DATA = synthetic_control(num_train=24, num_test=12)
SMALL = RunSettings(epochs=4, batch_size=8, hidden=(12, 8), latent_dim=2, num_generators=2, weight=0.1, seed=3)
MODELS = get_args(ModelName)


def losses(result: RunResult) -> list[tuple[float, ...]]:
    return [(e.reconstruction, e.penalty, e.validation_error, e.test_error) for e in result.epochs]


def same_weights(a: RunResult, b: RunResult) -> bool:
    left, right = a.model.state_dict(), b.model.state_dict()
    return all(torch.equal(left[k], right[k]) for k in left)


class Killed(Exception):
    """Stands for a signal."""


@pytest.mark.parametrize("model", MODELS)
def test_a_killed_run_goes_on_as_if_nothing_had_happened(model: ModelName, tmp_path: Path) -> None:
    settings = replace(SMALL, model=model)

    def kill(epoch: Epoch) -> None:
        if epoch.number == 1:
            raise Killed

    before = torch.get_rng_state()
    with one_thread():
        whole = run(DATA, settings)
        with pytest.raises(Killed):
            run(DATA, settings, tmp_path, on_epoch=kill)
        assert len(json.loads((tmp_path / METRICS).read_text())["epochs"]) == 2
        resumed = run(DATA, settings, tmp_path)
        again = run(DATA, settings, tmp_path)  # finished: nothing is left to do
    assert torch.equal(torch.get_rng_state(), before)
    assert losses(whole) == losses(resumed) == losses(again)
    assert same_weights(whole, resumed) and same_weights(whole, again)
    assert (whole.epochs[0].penalty > 0) == (model not in ("ae", "denoising"))


def test_metrics_file_and_best_model(tmp_path: Path) -> None:
    result = run(DATA, SMALL, tmp_path)
    metrics = json.loads((tmp_path / METRICS).read_text())
    assert metrics["settings"]["seed"] == 3 and [e["number"] for e in metrics["epochs"]] == [0, 1, 2, 3]
    errors = [e["validation_error"] for e in metrics["epochs"]]
    assert result.test_error == metrics["epochs"][int(np.argmin(errors))]["test_error"]
    x = torch.tensor(DATA.test, dtype=torch.float32)
    assert float(((result.model(x) - x) ** 2).mean().detach()) == pytest.approx(result.test_error, rel=1e-5)


def test_seeds_decide_and_differ() -> None:
    assert losses(run(DATA, SMALL))[0] != losses(run(DATA, replace(SMALL, seed=4)))[0]


def test_without_weight_a_penalty_changes_nothing_but_the_generators() -> None:
    plain, weightless = (run(DATA, replace(SMALL, model=m, weight=0.0)) for m in ("ae", "second order sampled"))
    assert [row[2:] for row in losses(plain)] == [row[2:] for row in losses(weightless)]


def test_early_stopping() -> None:
    # Noise cannot be reconstructed, so the validation error soon rises.
    rng = np.random.default_rng(0)
    noise = Dataset("noise", rng.normal(size=(20, 5)), rng.normal(size=(5, 5)))
    settings = replace(SMALL, epochs=400, learning_rate=0.05, patience=5)
    result = run(noise, settings)
    errors = [e.validation_error for e in result.epochs]
    assert len(errors) < 400 and len(errors) - 1 - int(np.argmin(errors)) == 5
    assert result.best.number == int(np.argmin(errors))


def test_a_plain_run_learns() -> None:
    result = run(synthetic_control(num_train=120, num_test=60), RunSettings(epochs=40, seed=1))
    # Standardised series have a variance of 59/60 a coordinate.
    assert result.test_error < 0.6 < 0.9 < result.epochs[0].reconstruction


def test_damaged_and_foreign_checkpoints_are_refused(tmp_path: Path) -> None:
    run(DATA, replace(SMALL, epochs=1), tmp_path)
    with pytest.raises(FileFormatError, match="other settings"):
        run(DATA, SMALL, tmp_path)
    (tmp_path / CHECKPOINT).write_bytes((tmp_path / CHECKPOINT).read_bytes()[:100])
    with pytest.raises(FileFormatError, match="not a checkpoint"):
        run(DATA, replace(SMALL, epochs=1), tmp_path)
    with pytest.raises(FileFormatError, match="cannot make the folder"):
        run(DATA, SMALL, tmp_path / CHECKPOINT / "inside")


def test_diverging_and_impossible_runs_are_refused() -> None:
    with pytest.raises(NetworkError, match="diverged"):
        run(DATA, replace(SMALL, learning_rate=1e30))
    with pytest.raises(DataError, match="1 data leave nothing"):
        run(Dataset("one", np.ones((1, 2)), np.ones((1, 2))), SMALL)


@pytest.mark.parametrize(
    "change",
    [{"model": "vae"}, {"epochs": 0}, {"noise": 0.0}, {"weight": -1.0}, {"validation": 1.0}, {"seed": -1},
     {"patience": 0}, {"learning_rate": float("nan")}, {"latent_dim": 0}],
)  # fmt: skip
def test_bad_settings_are_refused(change: dict) -> None:
    with pytest.raises(SettingError, match=str(next(iter(change)))):
        replace(SMALL, **change)


def double_model() -> Autoencoder:
    return Autoencoder.from_widths(5, hidden=(7, 6), latent_dim=2, seed=1, dtype=torch.float64)


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_latent_samples_have_the_law_of_the_codes() -> None:
    codes = draw(4000, 2) * torch.tensor([3.0, 0.5]) + torch.tensor([1.0, -2.0])
    samples = latent_samples(codes, generator_of(1))
    torch.testing.assert_close(samples.mean(dim=0), codes.mean(dim=0), atol=0.2, rtol=0)
    torch.testing.assert_close(samples.std(dim=0), codes.std(dim=0), atol=0, rtol=0.05)


def test_second_order_penalty_is_that_of_all_neighbours_of_its_samples() -> None:
    model, batch = double_model(), draw(6, 5)
    codes = model.encoder(batch)
    regulariser = LieGroupRegulariser(5, num_generators=2, dtype=torch.float64)
    value = SecondOrderPenalty(regulariser, choose="all", seed=5)(model, batch, codes)
    samples = latent_samples(codes, generator_of(5, 1))
    found = batch_neighbours(from_torch(model.decoder), samples.numpy())
    assert value.item() == pytest.approx(regulariser.apply_from(model.decoder, list(found)).item(), rel=1e-10)


def test_first_order_penalty_by_hand() -> None:
    model, batch = double_model(), draw(6, 5)
    codes = model.encoder(batch)
    regulariser = FirstOrderRegulariser(5, num_generators=1, dtype=torch.float64)
    value = FirstOrderPenalty(regulariser, near=0.2, seed=5)(model, batch, codes)
    generator = generator_of(5, 1)
    first = latent_samples(codes, generator)
    step = 0.2 * codes.std(dim=0, correction=0) * torch.randn(6, 2, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        target, source = model.decoder(first).numpy(), model.decoder(first + step).numpy()
    g = regulariser.generators.detach().numpy()[0]
    expected = []
    for t, s in zip(target, source, strict=True):
        moved = g @ s
        expected.append(np.linalg.norm(t - s - moved * (moved @ (t - s)) / (moved @ moved)) ** 2)
    assert value.item() == pytest.approx(np.mean(expected), rel=1e-9)


@pytest.mark.parametrize("exact", [False, True])
def test_contractive_penalty_by_hand(exact: bool) -> None:
    model, batch = double_model(), draw(6, 5)
    net = from_torch(model.encoder)
    value = ContractivePenalty(noise=0.5, exact=exact, seed=5)(model, batch, model.encoder(batch))
    noise = torch.randn(6, 5, generator=generator_of(5, 1), dtype=torch.float64)
    near = [
        batch_neighbours(net, x[None].numpy())[0].neighbours if exact else net.pattern((x + 0.5 * e).numpy())[None]
        for x, e in zip(batch, noise, strict=True)
    ]
    total = 0.0
    for x, patterns in zip(batch.numpy(), near, strict=True):
        a = net.affine(net.pattern(x))[0]
        total += np.linalg.norm(a) + sum(np.linalg.norm(a - net.affine(p)[0]) for p in patterns)
    assert value.item() == pytest.approx(total / 6, rel=1e-9)


PENALTIES = {
    "contractive": lambda: ContractivePenalty(noise=0.5, seed=2),
    "contractive, exact": lambda: ContractivePenalty(exact=True),
    "first order": lambda: FirstOrderPenalty(FirstOrderRegulariser(5, dtype=torch.float64), near=30.0),
    "sampled": lambda: SecondOrderPenalty(LieGroupRegulariser(5, num_generators=2, dtype=torch.float64)),
    "exact": lambda: SecondOrderPenalty(LieGroupRegulariser(5, num_generators=2, dtype=torch.float64), choose="all"),
}


@pytest.mark.parametrize("name", PENALTIES)
def test_gradients_of_penalties_agree_with_finite_differences(name: str) -> None:
    """With codes held fixed, so that the samples are; patterns do not change for a small step."""
    model, batch = double_model(), draw(6, 5)
    codes = model.encoder(batch).detach()
    PENALTIES[name]()(model, batch, codes).backward()
    largest, step = 0.0, 1e-7
    for parameter in model.parameters():
        if parameter.grad is None:
            continue
        direction = torch.sign(draw(*parameter.shape, seed=9))
        slope = (parameter.grad * direction).sum().item()
        values = []
        for sign in (1, -1):
            parameter.data += sign * step * direction
            values.append(PENALTIES[name]()(model, batch, codes).item())
            parameter.data -= sign * step * direction
        assert slope == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-4, abs=1e-6)
        largest = max(largest, abs(slope))
    assert largest > 1e-3


def test_a_penalty_goes_on_from_its_state() -> None:
    model, batch = double_model(), draw(6, 5)
    codes = model.encoder(batch)
    first, second = PENALTIES["sampled"](), PENALTIES["sampled"]()
    values = [first(model, batch, codes).item() for _ in range(3)]
    assert len(set(values)) == 3
    state = first.state_dict()
    second.load_state_dict(state)
    assert second(model, batch, codes).item() == first(model, batch, codes).item()


def test_penalties_follow_the_model_they_are_given() -> None:
    penalty, batch = PENALTIES["exact"](), draw(6, 5)
    one, two = double_model(), Autoencoder.from_widths(5, (4,), 2, dtype=torch.float64)
    for model in (one, two, one):
        penalty.calls.zero_()
        fresh = PENALTIES["exact"]()
        codes = model.encoder(batch)
        assert penalty(model, batch, codes).item() == fresh(model, batch, codes).item()


def test_bad_options_of_penalties_are_refused() -> None:
    with pytest.raises(SettingError, match="near is positive"):
        FirstOrderPenalty(FirstOrderRegulariser(2), near=0)
    with pytest.raises(SettingError, match="noise is positive"):
        ContractivePenalty(noise=-1)
    with pytest.raises(SettingError, match="seed is not negative"):
        ContractivePenalty(seed=-1)
    with pytest.raises(SettingError, match="count is for"):
        SecondOrderPenalty(LieGroupRegulariser(5), choose="all", count=3)(
            double_model(), draw(6, 5), double_model().encoder(draw(6, 5))
        )


def test_oracles_of_the_exact_model_see_every_neighbour() -> None:
    settings = replace(SMALL, model="second order exact", neighbours=2)
    _, penalty = settings.build(DATA.dim)
    assert isinstance(penalty, SecondOrderPenalty) and (penalty.choose, penalty.count) == ("random", 2)
    model, _ = replace(SMALL, model="second order exact").build(DATA.dim)
    codes = torch.zeros(1, 2)
    assert len(NeighbourOracle(model.decoder)(codes).owner) > 2
