"""Region statistics during training, and the callback for Lightning against a plain loop."""

import importlib
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from polyae import Box, enumerate_regions, radii
from polyae.errors import DataError, SettingError, ShapeError
from polyae.networks.torch_modules import from_torch
from polyae.training.lightning import Hooks, lightning_callback
from polyae.training.models import Autoencoder
from polyae.training.monitor import RegionMonitor
from polyae.training.penalties import SecondOrderPenalty
from polyae.training.regulariser import LieGroupRegulariser
from polyae.training.synthetic import synthetic_control
from polyae.training.trainer import train

DOUBLE = torch.float64


def model(h: int = 2) -> Autoencoder:
    return Autoencoder.from_widths(60, (8, 6), h, seed=1)


def data() -> Tensor:
    return torch.tensor(synthetic_control(num_train=12, num_test=6).train, dtype=torch.float32)


def test_statistics_are_those_of_an_enumeration() -> None:
    net, x = model(), data()
    found = RegionMonitor(net.decoder, lambda: net.encoder(x)).measure()
    decoder, codes = from_torch(net.decoder), net.encoder(x).detach().double().numpy()
    middle = codes.mean(axis=0)
    reach = np.abs(codes - middle).max()
    cx = enumerate_regions(decoder, Box(middle - reach, middle + reach))
    sizes = radii(cx).data_circumradius
    assert (found.regions, found.complete) == (len(cx), True)
    assert (found.mean_radius, found.bound) == pytest.approx((sizes.mean(), sizes.sum()))
    assert found.data_regions == len(np.unique(decoder.pattern(codes), axis=0))
    assert found.neighbours >= 1 and found.facet_distance > 0


def test_statistics_in_closed_form_and_at_their_limits() -> None:
    cross = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)).double()
    for layer in (cross[0], cross[2]):
        layer.weight.data, layer.bias.data = torch.eye(2, dtype=DOUBLE), torch.zeros(2, dtype=DOUBLE)
    corners = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]], dtype=DOUBLE)
    found = RegionMonitor(cross, lambda: corners).measure()
    # Quadrants of [-1, 1]²; their images are a square of side 1, two segments of length 1 and a point.
    assert (found.regions, found.data_regions, found.neighbours, found.facet_distance) == (4, 4, 2.0, 1.0)
    assert found.bound == pytest.approx(math.sqrt(0.5) + 1) and found.mean_radius == pytest.approx(found.bound / 4)
    few = RegionMonitor(cross, lambda: corners, max_regions=2).measure()
    assert not few.complete and few.regions <= 2 and math.isnan(few.bound)
    none = RegionMonitor(cross, lambda: corners, max_regions=0).measure()
    assert (none.regions, none.complete, none.data_regions) == (0, False, 4)
    point = RegionMonitor(cross, lambda: corners[:1]).measure()
    assert (point.regions, point.complete, point.bound) == (1, True, 0.0)


def test_monitor_measures_every_few_steps_and_changes_nothing() -> None:
    def trained(monitored: bool) -> tuple[list[float], list[int]]:
        net, scans = model(3), synthetic_control(num_train=12, num_test=6)
        monitor = RegionMonitor(net.decoder, lambda: net.encoder(data()), every=3, max_regions=50)
        result = train(net, scans, steps=7, on_step=(lambda _: monitor.step()) if monitored else None)  # type: ignore[arg-type,func-returns-value]
        return result.history.reconstruction.tolist(), [s.step for s in monitor.history]

    watched, alone = trained(True), trained(False)
    assert watched[0] == alone[0]
    assert watched[1] == [1, 4, 7]


def test_bad_monitors_are_refused() -> None:
    net = model()
    for options in ({"every": 0}, {"max_regions": -1}, {"max_seconds": 0.0}):
        with pytest.raises(SettingError, match="every and max_seconds are positive"):
            RegionMonitor(net.decoder, data, **options)  # type: ignore[arg-type]
    for codes in (torch.zeros(0, 2), torch.zeros(3), torch.zeros(4, 3)):
        with pytest.raises(ShapeError):
            RegionMonitor(net.decoder, lambda codes=codes: codes).measure()  # type: ignore[misc]
    with pytest.raises(DataError, match="codes holds nan in row 0, column 0"):
        RegionMonitor(net.decoder, lambda: torch.full((1, 2), math.nan)).measure()


def penalty() -> SecondOrderPenalty:
    return SecondOrderPenalty(LieGroupRegulariser(60, num_generators=2), choose="all")


def plain_loop(net: Autoencoder, extra: SecondOrderPenalty, batches: list[Tensor]) -> None:
    optimiser = torch.optim.SGD([*net.parameters(), *extra.parameters()], lr=0.1)
    for x in batches:
        codes = net.encoder(x)
        loss = nn.functional.mse_loss(net.decoder(codes), x) + 0.5 * extra(net, x, codes)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def assert_same(ours: Any, net: Autoencoder, extra: SecondOrderPenalty) -> None:
    for part, other in ((ours.encoder, net.encoder), (ours.decoder, net.decoder), (ours.polyae_penalty, extra)):
        for a, b in zip(part.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


class Logging(nn.Module):
    """As much of a LightningModule as the hooks need."""

    def __init__(self, net: Autoencoder) -> None:
        super().__init__()
        self.encoder, self.decoder = net.encoder, net.decoder
        self.logged: dict[str, float] = {}

    def log(self, name: str, value: Tensor) -> None:
        self.logged[name] = float(value)

    def log_dict(self, values: dict[str, float]) -> None:
        self.logged.update(values)


def test_hooks_train_as_a_plain_loop_does() -> None:
    batches = list(data().split(4))
    net, extra = model(), penalty()
    plain_loop(net, extra, batches)
    ours, trainer = Logging(model()), SimpleNamespace(precision="32-true", accumulate_grad_batches=1)
    hooks = Hooks(penalty(), 0.5, {"every": 2, "max_regions": 50}, ("encoder", "decoder"))
    hooks.setup(trainer, ours, "fit")
    optimiser = torch.optim.SGD(ours.parameters(), lr=0.1)
    for i, x in enumerate(batches):
        hooks.on_train_batch_start(trainer, ours, (x, None), i)
        optimiser.zero_grad()
        nn.functional.mse_loss(ours.decoder(ours.encoder(x)), x).backward()
        hooks.on_after_backward(trainer, ours)
        optimiser.step()
        hooks.on_train_batch_end(trainer, ours, None, x, i)
    assert_same(ours, net, extra)
    assert ours.logged["polyae/penalty"] > 0 and ours.logged["polyae/step"] == 3


def test_hooks_refuse_what_they_cannot_train() -> None:
    with pytest.raises(SettingError, match=r"Logging\.coder is no nn\.Sequential"):
        Hooks(None, 1.0, None, ("coder", "decoder")).setup(None, Logging(model()), "fit")
    with pytest.raises(SettingError, match="full precision"):
        half = SimpleNamespace(precision="16-mixed")
        Hooks(penalty(), 1.0, None, ("encoder", "decoder")).setup(half, Logging(model()), "fit")


def test_without_lightning_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(SettingError, match=r"pip install 'polyae\[lightning\]'"):
        lightning_callback()


@pytest.mark.filterwarnings("ignore")
def test_lightning_trains_as_a_plain_loop_does() -> None:
    lightning = pytest.importorskip("lightning.pytorch")

    class Module(lightning.LightningModule):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            net = model()
            self.encoder, self.decoder = net.encoder, net.decoder

        def training_step(self, batch: Any, batch_idx: int) -> Tensor:
            (x,) = batch
            return nn.functional.mse_loss(self.decoder(self.encoder(x)), x)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    net, extra = model(), penalty()
    plain_loop(net, extra, [*data().split(4), *data().split(4)])
    ours = Module()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(data()), batch_size=4)
    callback = lightning_callback(penalty=penalty(), weight=0.5, monitor={"every": 2, "max_regions": 50})
    trainer = lightning.Trainer(
        max_epochs=2, accelerator="cpu", callbacks=[callback], logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(ours, loader)
    assert_same(ours, net, extra)
    assert [s.step for s in callback.monitor.history] == [1, 3, 5]
    assert float(trainer.callback_metrics["polyae/penalty"]) > 0
