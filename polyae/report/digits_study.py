"""An autoencoder of the digit scans with two latent dimensions, and all regions of its decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from polyae.complex.enumerate import enumerate_regions
from polyae.complex.region_complex import RegionComplex
from polyae.domains import Box
from polyae.networks.network import Network
from polyae.networks.torch_modules import from_torch
from polyae.queries.neighbours import batch_neighbours
from polyae.training.data import digits
from polyae.training.models import Autoencoder
from polyae.training.trainer import train

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["CodeNeighbours", "DigitsSettings", "DigitsStudy", "box_around", "codes_of", "study_digits"]


@dataclass(frozen=True)
class DigitsSettings:
    """Sizes and seeds.

    Attributes
    ----------
    encoder_hidden, decoder_hidden : tuple of int
    epochs : int
    seed : int
        Of the split, the weights and the batches.
    num_codes : int
        Test codes whose neighbours are asked for: the first of each of the digits 0, 1, ...
    """

    encoder_hidden: tuple[int, ...] = (64, 32)
    decoder_hidden: tuple[int, ...] = (32, 64)
    epochs: int = 100
    seed: int = 0
    num_codes: int = 5


@dataclass(frozen=True)
class CodeNeighbours:
    """Exact neighbours of one test code, asked for directly and looked up in the complex.

    Attributes
    ----------
    label : int
        The digit.
    code : array, shape (2,)
    region : int
        Number in the complex.
    neighbours : array of int, shape (k,)
        Numbers of the regions that the direct query found, -1 if the complex lacks one.
    flipped : list of arrays of int
        Units that change state.
    agree : bool
        Whether the complex has the very same neighbours.
    """

    label: int
    code: Float
    region: int
    neighbours: Int
    flipped: list[Int]
    agree: bool


@dataclass(frozen=True)
class DigitsStudy:
    """Everything computed, codes and labels with the training part first."""

    settings: DigitsSettings
    encoder: Network
    decoder: Network
    test_error: float
    num_train: int
    codes: Float
    labels: Int
    complex: RegionComplex
    homes: Int
    near: list[CodeNeighbours]

    @property
    def degrees(self) -> Int:
        """Number of neighbours of every region."""
        return np.bincount(self.complex.edges.ravel(), minlength=len(self.complex))

    @property
    def occupied(self) -> Int:
        """Numbers of the regions that hold a datum."""
        return np.unique(self.homes[self.homes >= 0])

    def numbers(self) -> dict[str, Any]:
        """JSON-ready summary."""
        cx, degrees, train_homes = self.complex, self.degrees, np.unique(self.homes[: self.num_train])
        return {
            "data": {"name": "digits", "train": self.num_train, "test": len(self.codes) - self.num_train},
            "test_error": self.test_error,
            "domain": cx.domain.to_dict(),
            "regions": len(cx),
            "linear_regions": cx.num_linear_regions,
            "distinct_affine_maps": cx.num_distinct_affine_maps,
            "adjacent_pairs": cx.num_adjacent_pairs,
            "complete": cx.complete,
            "guarantee": cx.guarantee,
            "engine": cx.engine,
            "seconds": cx.seconds,
            "degree": {"min": int(degrees.min()), "mean": float(degrees.mean()), "max": int(degrees.max())},
            "regions_with_training_data": len(train_homes[train_homes >= 0]),
            "regions_with_data": len(self.occupied),
            "share_with_data": len(self.occupied) / len(cx),
            "neighbours_of_codes": [_code_numbers(near) for near in self.near],
        }


def _code_numbers(near: CodeNeighbours) -> dict[str, Any]:
    return {
        "digit": near.label,
        "code": near.code.tolist(),
        "region": near.region,
        "neighbours": near.neighbours.tolist(),
        "flipped": [units.tolist() for units in near.flipped],
        "agrees_with_complex": near.agree,
    }


@torch.no_grad()
def codes_of(model: Autoencoder, data: Float) -> Float:
    """Codes (n, h) of data (n, d), as the model computes them."""
    like = next(model.parameters())
    return model.encoder(torch.tensor(data, dtype=like.dtype)).double().numpy()


def box_around(codes: Float, margin: float = 0.05) -> Box:
    """Box around codes (n, h), larger by a share of its sides on every side."""
    lo, hi = codes.min(axis=0), codes.max(axis=0)
    return Box(lo - margin * (hi - lo), hi + margin * (hi - lo))


def study_digits(settings: DigitsSettings, progress: bool = False) -> DigitsStudy:
    """Train, enumerate the decoder's regions on a box around all codes, and ask about some codes."""
    data = digits(seed=settings.seed)
    model = Autoencoder.from_widths(
        data.dim, settings.encoder_hidden, 2, decoder_hidden=settings.decoder_hidden, seed=settings.seed
    )
    trained = train(model, data, epochs=settings.epochs, seed=settings.seed, progress=progress)
    if trained.interrupted:
        raise KeyboardInterrupt
    codes = codes_of(model, np.concatenate([data.train, data.test]))
    labels = np.concatenate([np.asarray(data.train_labels), np.asarray(data.test_labels)])
    decoder = from_torch(model.decoder)
    cx = enumerate_regions(decoder, box_around(codes), progress=progress)
    count = len(data.train)
    asked = [count + int(np.argmax(labels[count:] == digit)) for digit in range(settings.num_codes)]
    return DigitsStudy(
        settings, from_torch(model.encoder), decoder, trained.test_error, count, codes, labels, cx,
        np.asarray(cx.locate(codes)), [_ask(cx, codes[i], int(labels[i])) for i in asked],
    )  # fmt: skip


def _ask(cx: RegionComplex, code: Float, label: int) -> CodeNeighbours:
    near = batch_neighbours(cx.network, code[None, :], cx.domain)[0]
    region = int(cx.find(near.pattern[None])[0])
    found = cx.find(near.neighbours)
    agree = region >= 0 and np.array_equal(np.sort(found), cx[region].neighbours)
    return CodeNeighbours(label, code, region, found, near.flipped, agree)
