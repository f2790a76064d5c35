"""``polyae train``: an autoencoder on scans, generated series, or the user's data files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from polyae.arrays import whole_number
from polyae.atomic import check_writable
from polyae.cli.output import JsonOption, StrictOption, finish
from polyae.cli.progress import progress_bar
from polyae.cli.values import whole_numbers
from polyae.errors import FileFormatError, SettingError
from polyae.networks.files import write_network

if TYPE_CHECKING:
    from polyae.training.data import Dataset
    from polyae.training.protocol import ModelName, RunSettings
    from polyae.training.trainer import Penalty

__all__ = ["model_name", "train_command"]

#: Rotations of one scan of a "7": the angles of the orbit in radians.
ORBIT_INTERVAL = (-1.0, 1.0)

MODELS = "ae, lie, denoising, contractive, first-order, second-order-sampled or second-order-exact"
DATA = "digits, seven (one rotated scan), cbf, control, or with --root MNIST, CIFAR10, a UCR data set or CBF:TRAIN"

ModelOption = Annotated[str, typer.Option("--model", metavar="NAME", help=f"{MODELS}.")]
DataOption = Annotated[str, typer.Option("--data", metavar="NAME", help=f"{DATA}.")]
RootOption = Annotated[Path | None, typer.Option("--root", metavar="DIR", help="Folder with data files.")]
NoiseOption = Annotated[float, typer.Option("--noise", metavar="S", help="For denoising and contractive.")]
LatentOption = Annotated[int, typer.Option("--latent", metavar="H", help="Latent dimension.")]
HiddenOption = Annotated[str, typer.Option("--hidden", metavar="N,N", help="Encoder's widths; decoder reversed.")]
OutOption = Annotated[Path, typer.Option("--out", metavar="NET", help="Decoder, .json or .safetensors.")]
EncoderOption = Annotated[Path | None, typer.Option("--encoder", metavar="NET", help="Encoder, likewise.")]
WeightOption = Annotated[float, typer.Option("--weight", metavar="W", help="Weight of the regulariser.")]
CodesOption = Annotated[int, typer.Option("--codes", metavar="N", help="Codes a step that the regulariser looks at.")]


def train_command(
    out: OutOption,
    model: ModelOption = "ae",
    data: DataOption = "digits",
    latent: LatentOption = 2,
    hidden: HiddenOption = "32,16",
    epochs: Annotated[int, typer.Option(metavar="N")] = 50,
    batch_size: Annotated[int, typer.Option(metavar="N")] = 64,
    learning_rate: Annotated[float, typer.Option(metavar="R")] = 1e-3,
    weight: WeightOption = 0.01,
    codes: CodesOption = 4,
    noise: NoiseOption = 0.1,
    root: RootOption = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of weights, batches and generators.")] = 0,
    encoder: EncoderOption = None,
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train an autoencoder and write its decoder.

    Ctrl-C keeps what has been trained.  The models of the protocol (all but ae and lie) keep a checkpoint and a
    metrics file beside the decoder, in a folder named after it with ".run", and go on from it.
    """
    from polyae.networks.torch_modules import from_torch
    from polyae.report.threads import one_thread
    from polyae.training.models import Autoencoder
    from polyae.training.protocol import RunSettings
    from polyae.training.trainer import train

    for path in (out, encoder):
        _check_name(path)
    if encoder is not None and encoder.resolve() == out.resolve():
        raise SettingError(f"--encoder {encoder}: --out has the same name, and holds the decoder")
    whole_number(seed, "--seed")
    scans = _dataset(data, seed, root)
    widths = whole_numbers(hidden, "--hidden")
    if model not in ("ae", "lie"):
        settings = RunSettings(
            model_name(model), weight=weight, noise=noise, seed=seed, epochs=epochs, batch_size=batch_size,
            learning_rate=learning_rate, hidden=tuple(widths), latent_dim=latent, num_generators=latent,
        )  # fmt: skip
        _protocol_run(scans, settings, out, encoder, as_json)
        return
    net = Autoencoder.from_widths(scans.dim, hidden=widths, latent_dim=latent, seed=seed)
    with one_thread():
        result = train(
            net, scans, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed,
            regulariser=_penalty(model, scans.dim, codes, seed), weight=weight, progress=sys.stderr.isatty(),
        )  # fmt: skip
    write_network(from_torch(net.decoder), out)
    if encoder is not None:
        write_network(from_torch(net.encoder), encoder)
    summary: dict[str, Any] = {
        "model": model, "data": data, "latent": latent, "hidden": hidden, "seed": seed, "steps": len(result.history),
        "planned_steps": result.planned_steps, "interrupted": result.interrupted, "test_error": result.test_error,
        "seconds": result.seconds, "decoder": str(out), "encoder": None if encoder is None else str(encoder),
    }  # fmt: skip
    finish(summary, as_json, strict=strict, partial=result.interrupted)


def model_name(text: str) -> ModelName:
    """Name of a model of the protocol, written with hyphens on the command line."""
    from polyae.training.protocol import ModelName

    for name in get_args(ModelName):
        if text == name.replace(" ", "-"):
            return cast("ModelName", name)
    raise SettingError(f"--model {text}: choose {MODELS}")


def _protocol_run(data: Dataset, settings: RunSettings, out: Path, encoder: Path | None, as_json: bool) -> None:
    from polyae.networks.torch_modules import from_torch
    from polyae.report.threads import one_thread
    from polyae.training.runs import run

    folder = out.with_name(out.name + ".run")
    with one_thread(), progress_bar("epochs", settings.epochs) as show:
        result = run(data, settings, folder, on_epoch=lambda epoch: show(epoch.number + 1))
    write_network(from_torch(result.model.decoder), out)
    if encoder is not None:
        write_network(from_torch(result.model.encoder), encoder)
    best = result.best
    summary = {
        "model": settings.model, "data": data.name, "seed": settings.seed, "weight": settings.weight,
        "noise": settings.noise, "epochs": len(result.epochs), "best_epoch": best.number,
        "validation_error": best.validation_error, "test_error": best.test_error,
        "seconds": sum(epoch.seconds for epoch in result.epochs), "decoder": str(out),
        "encoder": None if encoder is None else str(encoder), "metrics": str(folder / "metrics.json"),
    }  # fmt: skip
    finish(summary, as_json)


def _dataset(name: str, seed: int, root: Path | None) -> Dataset:
    from polyae.training.archives import load_dataset
    from polyae.training.data import digit_seven, digits
    from polyae.training.orbits import image_rotation_generator, orbit_dataset
    from polyae.training.synthetic import cbf, synthetic_control

    if root is not None:
        return load_dataset(root, name)
    match name:
        case "cbf":
            return cbf(seed=seed)
        case "control":
            return synthetic_control(seed=seed)
        case "digits":
            return digits(seed=seed)
        case "seven":
            return orbit_dataset(image_rotation_generator(8), digit_seven(), ORBIT_INTERVAL, seed=seed, name="seven")
    raise SettingError(f"--data {name}: choose {DATA}")


def _penalty(model: str, dim: int, codes: int, seed: int) -> Penalty | None:
    from polyae.queries.neighbours import batch_neighbours
    from polyae.training.oracle import ExactOracle
    from polyae.training.penalty import ExactNeighbourPenalty
    from polyae.training.regulariser import LieGroupRegulariser

    match model:
        case "ae":
            return None
        case "lie":
            regulariser = LieGroupRegulariser(dim, kind="skew", seed=seed)
            return ExactNeighbourPenalty(regulariser, ExactOracle(batch_neighbours), max_codes=codes)
    raise SettingError(f"--model {model}: choose {MODELS}")


def _check_name(path: Path | None) -> None:
    # Before the training rather than after it.
    if path is None:
        return
    if path.suffix.lower() not in (".json", ".safetensors"):
        raise FileFormatError(f"{path}: the name of a network file ends in .json or .safetensors")
    check_writable(path)
