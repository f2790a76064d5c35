"""A callback for Lightning: a penalty on exact neighbours, and statistics of the regions, for a module of one's own."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import Tensor, nn

from polyae.errors import SettingError, ShapeError
from polyae.training.models import Autoencoder
from polyae.training.monitor import RegionMonitor

__all__ = ["Hooks", "lightning_callback"]


def _callback_class() -> type:
    for name in ("lightning.pytorch", "pytorch_lightning"):
        try:
            found: type = importlib.import_module(name).Callback
        except ImportError:
            continue
        return found
    raise SettingError("a Lightning callback needs Lightning: pip install 'polyae[lightning]'")


class Hooks:
    """What the callback does at each of Lightning's hooks; needs no Lightning itself."""

    def __init__(
        self,
        penalty: nn.Module | None,
        weight: float,
        monitor: dict[str, Any] | None,
        names: tuple[str, str],
    ) -> None:
        self.penalty = penalty
        self.weight = weight
        self.options = monitor
        self.names = names
        self.monitor: RegionMonitor | None = None
        self.batch: Tensor | None = None

    def _model(self, module: nn.Module) -> Autoencoder:
        parts = []
        for name in self.names:
            part = getattr(module, name, None)
            if not isinstance(part, nn.Sequential):
                raise SettingError(f"{type(module).__name__}.{name} is no nn.Sequential; name the parts of the module")
            parts.append(part)
        return Autoencoder(*parts)

    def setup(self, trainer: Any, pl_module: nn.Module, stage: str) -> None:
        """Make the penalty part of the module, so that ``configure_optimizers`` finds its parameters."""
        model = self._model(pl_module)
        if stage != "fit":
            return
        if self.penalty is not None:
            if "16" in str(getattr(trainer, "precision", "")):
                raise SettingError("the penalty is for full precision: its gradients are not scaled")
            pl_module.add_module("polyae_penalty", self.penalty)
        if self.options is not None:
            self.monitor = RegionMonitor(model.decoder, lambda: self._codes(model), **self.options)

    def _codes(self, model: Autoencoder) -> Tensor:
        if self.batch is None:
            raise ShapeError("there is no batch yet")
        codes: Tensor = model.encoder(self.batch)
        return codes

    def on_train_batch_start(self, trainer: Any, pl_module: nn.Module, batch: Any, batch_idx: int) -> None:
        """Keep the data of the batch, its first part if it has several."""
        first = batch[0] if isinstance(batch, (tuple, list)) else batch
        self.batch = first.flatten(1).detach()

    def on_after_backward(self, trainer: Any, pl_module: Any) -> None:
        """Add the gradient of the penalty to that of the module's own loss."""
        if self.penalty is None:
            return
        model = self._model(pl_module)
        with torch.enable_grad():
            value = self.penalty(model, self.batch, self._codes(model))
            (self.weight * value / getattr(trainer, "accumulate_grad_batches", 1)).backward()
        pl_module.log("polyae/penalty", value.detach())

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Measure the regions around the batch's codes, if it is time."""
        found = None if self.monitor is None else self.monitor.step()
        if found is not None:
            pl_module.log_dict({f"polyae/{name}": float(value) for name, value in vars(found).items()})


def lightning_callback(
    *,
    penalty: nn.Module | None = None,
    weight: float = 1.0,
    monitor: dict[str, Any] | None = None,
    names: tuple[str, str] = ("encoder", "decoder"),
) -> Any:
    """A ``lightning.pytorch.Callback`` for a LightningModule that has an encoder and a decoder.

    Parameters
    ----------
    penalty : nn.Module, optional
        ``penalty(model, batch, codes)``, such as :class:`polyae.training.penalties.SecondOrderPenalty` on exact
        neighbours. Its gradient is added to that of the module's own loss after every backward pass; its
        parameters are trained by the optimiser that ``configure_optimizers`` makes of ``self.parameters()``.
    weight : float
    monitor : dict, optional
        Options of :class:`polyae.training.monitor.RegionMonitor`, for instance ``{"every": 100}``; the codes are
        those of the batch. What it measures is logged under "polyae/".
    names : pair of str
        Attributes of the module that hold encoder and decoder, each an nn.Sequential.

    Raises
    ------
    SettingError
        If Lightning is not installed. At the start of the training, if the module has no such parts, or is
        trained in half precision with a penalty.
    """
    made: Any = type("PolyaeCallback", (Hooks, _callback_class()), {})
    return made(penalty, weight, monitor, names)
