"""Both sides of the theorem for an autoencoder of an image orbit with two generators, h = 2, d = 64."""

from __future__ import annotations

import time

import numpy as np

from polyae import Box, ProductOrbit, RegionComplex, enumerate_regions, theorem_bound
from polyae.networks import from_torch
from polyae.training.data import Dataset, digit_seven
from polyae.training.models import Autoencoder
from polyae.training.orbits import image_rotation_generator
from polyae.training.trainer import train

__all__ = ["main", "trained_decoder"]

SIDE = 8
REACH = 0.5


def shift_generator(side: int) -> np.ndarray:
    """Move images sideways, by the derivative of their trigonometric interpolation."""
    lag = np.subtract.outer(np.arange(side), np.arange(side))
    with np.errstate(divide="ignore"):
        slope = np.where(lag % side == 0, 0.0, np.pi / side * (-1.0) ** lag / np.tan(np.pi * lag / side))
    slope[np.abs(slope) < 1e-12] = 0.0
    return np.kron(np.eye(side), (slope - slope.T) / 2)


def orbit() -> ProductOrbit:
    """Rotations of a shifted scan of a 7."""
    generators = [image_rotation_generator(SIDE), shift_generator(SIDE)]
    return ProductOrbit(generators, digit_seven(), [(-REACH, REACH), (-REACH, REACH)])


def trained_decoder(hidden: tuple[int, ...], steps: int, seed: int = 0) -> tuple[RegionComplex, float]:
    """Regions of the decoder of an autoencoder on the box of its codes, and its test error."""
    manifold, rng = orbit(), np.random.default_rng(seed)
    points = manifold.points(rng.uniform(manifold.lo, manifold.hi, size=(2000, 2)))
    data = Dataset("two generators", points[:1600], points[1600:])
    model = Autoencoder.from_widths(64, hidden[::-1], 2, decoder_hidden=hidden, seed=seed)
    trained = train(model, data, steps=steps, learning_rate=2e-3, seed=seed)
    codes = from_torch(model.encoder)(points)
    lo, hi = codes.min(axis=0), codes.max(axis=0)
    return enumerate_regions(from_torch(model.decoder), Box(lo, hi)), trained.test_error


def main() -> None:
    """Print the verdicts and what they took."""
    cx, error = trained_decoder((192, 192), 1500)
    print(f"{len(cx):,} regions, test error {error:.2e} per pixel")
    for warm in (False, True):
        begin, spent = time.perf_counter(), time.process_time()
        bound = theorem_bound(cx, orbit(), gap=1e-2, progress=not warm)
        wall, cpu = time.perf_counter() - begin, time.process_time() - spent
        print(f"theorem, gap 1e-2{', again' if warm else ''}: {wall:.0f} s, {cpu:.0f} s of processor time")
        print(bound)


if __name__ == "__main__":
    main()
