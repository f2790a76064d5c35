"""Autoencoders of one rotated image, without and with the Lie-group regulariser, against the theorem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.complex.enumerate import enumerate_regions
from polyae.complex.region_complex import RegionComplex
from polyae.networks.network import Network
from polyae.networks.torch_modules import from_torch
from polyae.queries.manifolds import Orbit
from polyae.queries.neighbours import batch_neighbours
from polyae.queries.theorem.bound import TheoremBound, theorem_bound
from polyae.report.digits_study import box_around, codes_of
from polyae.training.data import Dataset, digit_seven
from polyae.training.models import Autoencoder
from polyae.training.oracle import ExactOracle
from polyae.training.orbits import image_rotation_generator, orbit_dataset
from polyae.training.penalty import ExactNeighbourPenalty
from polyae.training.regulariser import LieGroupRegulariser
from polyae.training.trainer import train

Float = NDArray[np.float64]

__all__ = ["SIDE", "OrbitModel", "OrbitSettings", "OrbitStudy", "study_orbit"]

#: Pixels along one side of a scan.
SIDE = 8


@dataclass(frozen=True)
class OrbitSettings:
    """Sizes and seeds, the same for both models.

    Attributes
    ----------
    interval : pair of float
        Angles of the rotation, in radians.
    encoder_hidden, decoder_hidden : tuple of int
    steps : int
    learning_rate : float
    weight : float
        Weight of the regulariser.
    max_codes : int
        Codes a step whose exact neighbours the regulariser is fed.
    seed : int
        Of the angles to train on, the weights, the batches and the generator's start.
    """

    interval: tuple[float, float] = (-np.pi / 4, np.pi / 4)
    encoder_hidden: tuple[int, ...] = (32, 16)
    decoder_hidden: tuple[int, ...] = (16, 32)
    steps: int = 1000
    learning_rate: float = 3e-3
    weight: float = 0.01
    max_codes: int = 2
    seed: int = 0


@dataclass(frozen=True)
class OrbitModel:
    """One trained model and what the theorem says of it.

    Attributes
    ----------
    test_error : float
        Mean squared error per pixel on a grid of angles.
    bound : TheoremBound
        On the smallest interval that holds all codes of the grid.
    reconstructions : array, shape (n, 64)
        Of the grid.
    seconds : float
        Time of the training.
    """

    name: str
    decoder: Network
    test_error: float
    complex: RegionComplex
    bound: TheoremBound
    reconstructions: Float
    seconds: float


@dataclass(frozen=True)
class OrbitStudy:
    """Both models, and the orbit they were trained on."""

    settings: OrbitSettings
    orbit: Orbit
    data: Dataset
    models: list[OrbitModel]


def study_orbit(settings: OrbitSettings, progress: bool = False) -> OrbitStudy:
    """Train both models with the same seeds and steps, and evaluate the theorem for each."""
    generator, start = image_rotation_generator(SIDE), digit_seven()
    data = orbit_dataset(generator, start, settings.interval, seed=settings.seed, name="rotations of a 7")
    orbit = Orbit(generator, start, settings.interval)
    models = [
        _model("plain", None, settings, data, orbit, progress),
        _model("regularised", _penalty(data.dim, settings), settings, data, orbit, progress),
    ]
    return OrbitStudy(settings, orbit, data, models)


def _penalty(dim: int, settings: OrbitSettings) -> ExactNeighbourPenalty:
    regulariser = LieGroupRegulariser(dim, kind="skew", seed=settings.seed)
    return ExactNeighbourPenalty(regulariser, ExactOracle(batch_neighbours), max_codes=settings.max_codes)


def _model(
    name: str,
    penalty: ExactNeighbourPenalty | None,
    settings: OrbitSettings,
    data: Dataset,
    orbit: Orbit,
    progress: bool,
) -> OrbitModel:
    model = Autoencoder.from_widths(
        data.dim, settings.encoder_hidden, 1, decoder_hidden=settings.decoder_hidden, seed=settings.seed
    )
    trained = train(
        model, data, steps=settings.steps, learning_rate=settings.learning_rate, seed=settings.seed,
        regulariser=penalty, weight=settings.weight, progress=progress,
    )  # fmt: skip
    if trained.interrupted:
        raise KeyboardInterrupt
    decoder = from_torch(model.decoder)
    codes = codes_of(model, data.test)
    cx = enumerate_regions(decoder, box_around(codes, margin=0.0))
    return OrbitModel(name, decoder, trained.test_error, cx, theorem_bound(cx, orbit), decoder(codes), trained.seconds)
