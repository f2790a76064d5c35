import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from polyae.errors import NetworkError, SettingError, ShapeError
from polyae.training.data import Dataset, digits
from polyae.training.models import Autoencoder
from polyae.training.orbits import orbit_dataset
from polyae.training.penalty import ExactNeighbourPenalty
from polyae.training.regulariser import LieGroupRegulariser
from polyae.training.trainer import reconstruction_error, train

TURN = [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
ARC = orbit_dataset(TURN, [1, 0, 0.5], (-1, 1), num_train=50, num_test=20, seed=0)


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def arc_model(seed=1, dtype=torch.float64):
    return Autoencoder.from_widths(3, hidden=(8,), latent_dim=1, seed=seed, dtype=dtype)


def test_two_codes_of_real_scans_beat_two_principal_components():
    data = digits()
    model = Autoencoder.from_widths(64, seed=0)
    result = train(model, data, epochs=60, learning_rate=3e-3, seed=0)
    plane = PCA(2).fit(data.train)
    linear = np.mean((data.test - plane.inverse_transform(plane.transform(data.test))) ** 2)
    assert result.model is model and not result.interrupted
    assert result.test_error == pytest.approx(reconstruction_error(model, data.test))
    assert result.test_error < 0.9 * linear
    assert len(result.history) == result.planned_steps == 60 * 23
    assert "1380 of 1380 steps; test error" in str(result)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_two_runs_of_one_seed_are_identical(dtype, line_oracle):
    def run(seed):
        penalty = ExactNeighbourPenalty(LieGroupRegulariser(3, seed=2, dtype=dtype), line_oracle)
        model = arc_model(dtype=dtype)
        return train(model, ARC, steps=40, batch_size=16, seed=seed, regulariser=penalty, weight=0.1), penalty

    before = torch.get_rng_state()
    (a, p), (b, q), (c, _) = run(3), run(3), run(4)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(a.history.reconstruction, b.history.reconstruction)
    assert np.array_equal(a.history.penalty, b.history.penalty)
    assert torch.equal(p.regulariser.raw, q.regulariser.raw)
    assert all(torch.equal(x, y) for x, y in zip(a.model.parameters(), b.model.parameters(), strict=True))
    assert not np.array_equal(a.history.reconstruction, c.history.reconstruction)


def test_first_step_is_adam_on_the_mean_squared_error():
    model, twin = arc_model(), arc_model()
    result = train(model, ARC, steps=1, batch_size=50, learning_rate=0.01)
    x = torch.tensor(ARC.train)
    loss = ((twin(x) - x) ** 2).mean()
    loss.backward()
    assert result.history.reconstruction[0] == pytest.approx(loss.item(), rel=1e-13)
    # Adam's bias corrections cancel at its first step: every entry moves by lr * g / (|g| + eps).
    for new, old in zip(model.parameters(), twin.parameters(), strict=True):
        expected = old - 0.01 * old.grad / (old.grad.abs() + 1e-8)
        assert torch.allclose(new, expected, rtol=0, atol=1e-9)


def test_every_epoch_visits_every_datum_once():
    seen = []

    def record(model, batch, codes):
        seen.append(batch[:, 1].clone())
        return codes.sum() * 0

    train(arc_model(), ARC, epochs=2, batch_size=16, regulariser=record)
    assert [len(batch) for batch in seen] == [16, 16, 16, 2] * 2
    first, second = torch.cat(seen[:4]), torch.cat(seen[4:])
    assert np.array_equal(np.sort(first), np.sort(ARC.train[:, 1]))
    assert np.array_equal(np.sort(second), np.sort(ARC.train[:, 1])) and not torch.equal(first, second)


def test_regulariser_trains_its_generator_and_lowers_its_value(line_oracle):
    def run(weight):
        regulariser = LieGroupRegulariser(3, seed=2, dtype=torch.float64)
        start = regulariser.raw.detach().clone()
        penalty = ExactNeighbourPenalty(regulariser, line_oracle, max_codes=8)
        result = train(
            arc_model(), ARC, steps=300, batch_size=16, learning_rate=0.01, regulariser=penalty, weight=weight
        )
        return result, (regulariser.raw - start).abs().max().item()

    (plain, still), (pulled, moved) = run(0.0), run(0.3)
    assert still == 0 and moved > 1e-2
    assert pulled.history.penalty[-50:].mean() < 0.5 * plain.history.penalty[-50:].mean()
    assert pulled.test_error < np.var(ARC.test, axis=0).mean()


def test_callback_sees_every_step():
    seen = []
    model = arc_model()
    result = train(model, ARC, steps=5, on_step=seen.append)
    assert [step.number for step in seen] == [0, 1, 2, 3, 4]
    assert [step.reconstruction for step in seen] == result.history.reconstruction.tolist()
    assert all(step.model is model and step.penalty == 0 for step in seen)


def test_ctrl_c_keeps_the_model_trained_so_far():
    def stop(step):
        if step.number == 6:
            raise KeyboardInterrupt

    stopped, full = arc_model(), arc_model()
    result = train(stopped, ARC, steps=50, on_step=stop)
    train(full, ARC, steps=7)
    assert result.interrupted and len(result.history) == 7 and result.planned_steps == 50
    assert str(result).startswith("7 of 50 steps, interrupted")
    assert all(torch.equal(a, b) for a, b in zip(stopped.parameters(), full.parameters(), strict=True))


def test_progress_goes_to_the_standard_error_only_when_asked(capfd):
    train(arc_model(), ARC, steps=3)
    assert capfd.readouterr() == ("", "")
    train(arc_model(), ARC, steps=3, progress=True)
    out, err = capfd.readouterr()
    assert out == "" and "training" in err


def test_divergence_is_named():
    with pytest.raises(NetworkError, match=r"diverged: the reconstruction error is .* at step \d+; lower"):
        train(arc_model(dtype=torch.float32), ARC, steps=20, learning_rate=1e30)


def test_infinite_penalty_is_named():
    with pytest.raises(NetworkError, match="the regulariser is inf at step 0"):
        train(arc_model(), ARC, steps=1, regulariser=lambda model, batch, codes: codes.sum() * 0 + float("inf"))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, SettingError, "either epochs or steps, got epochs=None and steps=None"),
        ({"epochs": 1, "steps": 1}, SettingError, "either epochs or steps"),
        ({"steps": 0}, SettingError, "one step at least"),
        ({"epochs": -1}, SettingError, "one step at least"),
        ({"steps": 1, "batch_size": 0}, SettingError, "batch_size"),
        ({"steps": 1, "learning_rate": -1}, SettingError, "learning_rate"),
        ({"steps": 1, "weight": float("nan")}, SettingError, "weight"),
    ],
)
def test_bad_settings_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        train(arc_model(), ARC, **options)


def test_data_of_another_width_are_refused():
    with pytest.raises(ShapeError, match="takes 3 coordinates but flat has 2"):
        train(arc_model(), Dataset("flat", np.zeros((4, 2)), np.zeros((1, 2))), steps=1)
