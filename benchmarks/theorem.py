"""Both sides of the theorem for an autoencoder of an image orbit with two generators, h = 2, d = 64."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from polyae import Box, Interval, ProductOrbit, RegionComplex, enumerate_regions, theorem_bound
from polyae.networks import from_torch
from polyae.queries.manifolds import image_rotation_generator, image_shift_generator
from polyae.queries.theorem.chart_tree import ManifoldTree
from polyae.queries.theorem.examples import circle_case
from polyae.queries.theorem.sides import SurfaceToManifold
from polyae.queries.theorem.supremum import Budget, supremum
from polyae.queries.theorem.surface import surface
from polyae.queries.theorem.there import farthest_from_surface
from polyae.training.data import Dataset, digit_seven
from polyae.training.models import Autoencoder
from polyae.training.trainer import train

__all__ = ["main", "run", "trained_decoder"]

Float = NDArray[np.float64]

SIDE = 8
REACH = 0.5


def orbit() -> ProductOrbit:
    """Rotations of a shifted scan of a 7."""
    generators = [image_rotation_generator(SIDE, SIDE), image_shift_generator(SIDE, SIDE, 1)]
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


def run(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """Both sides for a polygon of 64 sides around a circle, and for a small image orbit."""
    net, box, circle = circle_case(64)
    cx = enumerate_regions(net, box)
    spent, bound = best(lambda: theorem_bound(cx, circle, gap=1e-6))
    yield {"case": "circle", "regions": len(cx), "gap": 1e-6, "width": bound.u1.relative_width, "seconds": spent}
    cx, _ = trained_decoder((48, 48), 300)
    spent, bound = best(lambda: theorem_bound(cx, orbit(), gap=1e-2), 1)
    yield {
        "case": "image orbit", "regions": len(cx), "gap": 1e-2, "width": bound.u1.relative_width, "seconds": spent,
        "seconds_per_1000_regions": 1000 * spent / len(cx),
    }  # fmt: skip
    proved, (u1, u2) = best(lambda: both_sides(cx, orbit(), 1e-2), 2)
    sampled, (v1, v2) = best(lambda: sampled_sides(cx, orbit(), 100), 1)
    yield {
        "case": "u1 and u2 alone", "proved_seconds": proved, "u1": u1, "u2": u2, "samples": 100**2,
        "sampled_seconds": sampled, "sampled_u1": v1, "sampled_u2": v2, "ratio": sampled / proved,
    }  # fmt: skip


def both_sides(cx: RegionComplex, manifold: ProductOrbit, gap: float) -> tuple[Interval, Interval]:
    """u1 and u2 without hypotheses, radii and verdicts."""
    pieces, budget = surface(cx), Budget(gap, 500_000)
    here = supremum(SurfaceToManifold(pieces, ManifoldTree(manifold)), pieces.simplices, budget)
    return here.interval, farthest_from_surface(pieces, manifold, budget).interval


def sampled_sides(cx: RegionComplex, manifold: ProductOrbit, side: int) -> tuple[float, float]:
    """What one would write by hand: KD-trees of dense samples of both sides.  It bounds nothing."""
    lo, hi = cx.domain.bounding_box()
    surface_points, points = cx.network(_grid(lo, hi, side)), manifold.points(_grid(manifold.lo, manifold.hi, side))
    here, there = KDTree(points).query(surface_points)[0], KDTree(surface_points).query(points)[0]
    return float(here.max()), float(there.max())


def _grid(lo: Float, hi: Float, side: int) -> Float:
    axes = [np.linspace(a, b, side) for a, b in zip(lo, hi, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(lo))


def main() -> None:
    """Print the verdicts for more than 10^4 regions, and what they took with two threads."""
    cx, error = trained_decoder((192, 192), 1000)
    print(f"{len(cx):,} regions, {len(cx.edges):,} pairs, test error {error:.2e} per pixel")
    for warm in (False, True):
        begin, spent = time.perf_counter(), time.process_time()
        bound = theorem_bound(cx, orbit(), gap=1e-2, workers=2, progress=not warm)
        wall, cpu = time.perf_counter() - begin, time.process_time() - spent
        print(f"theorem, gap 1e-2{', again' if warm else ''}: {wall:.0f} s, {cpu:.0f} s of processor time")
        print(bound)


if __name__ == "__main__":
    main()
