"""Dense samples of surface and manifold never contradict the intervals, on random degenerate decoders."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial import KDTree

from polyae import Box, Network, enumerate_regions
from polyae.queries.manifolds import Manifold, Orbit, ProductOrbit
from polyae.queries.theorem import theorem_bound

from ..reference.random_networks import random_network

GAP = 1e-2


def random_manifold(rng: np.random.Generator, d: int) -> Manifold:
    m = int(rng.integers(1, 3))
    generators = rng.normal(size=(m, d, d)) * rng.choice([0.3, 1.0])
    if rng.random() < 0.6:
        generators = generators - generators.transpose(0, 2, 1)
    x0 = rng.normal(size=d) * rng.choice([0.1, 1.0, 5.0])
    box = np.sort(rng.uniform(-2, 2, size=(m, 2)), axis=1)
    return Orbit(generators[0], x0, box[0]) if m == 1 else ProductOrbit(generators, x0, box)


def grid(lo: np.ndarray, hi: np.ndarray, total: int) -> tuple[np.ndarray, np.ndarray]:
    """Points that cover a box, and the half widths of the cells around them."""
    steps = int(total ** (1 / len(lo)))
    half = (hi - lo) / (2 * steps)
    axes = [a + s * (2 * np.arange(steps) + 1) for a, s in zip(lo, half, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(lo)), half


def distances(points: np.ndarray, cloud: np.ndarray) -> np.ndarray:
    return np.asarray(KDTree(cloud).query(points)[0])


def case(seed: int) -> tuple[Network, Box, Manifold]:
    rng = np.random.default_rng(seed)
    h = int(rng.integers(1, 3))
    net = random_network(rng, h, ("box", [-2.0] * h, [2.0] * h))
    return net, Box([-2.0] * h, [2.0] * h), random_manifold(rng, net.output_dim)


def check(seed: int) -> None:
    net, box, manifold = case(seed)
    cx = enumerate_regions(net, box)
    result = theorem_bound(cx, manifold, gap=GAP)
    codes, half = grid(box.lo, box.hi, 4_000)
    surface = net(codes)
    reach = max(np.linalg.norm(region.affine[0], 2) for region in cx) * np.linalg.norm(half)
    theta, step = grid(manifold.lo, manifold.hi, 4_000)
    points = manifold.points(theta)
    speed = manifold.derivative_bounds(theta, np.broadcast_to(step, theta.shape))[:, 0].max() * (manifold.scales @ step)
    # The samples are `reach` and `speed` dense, so the true suprema are within these of the sampled ones.
    for interval, sampled, coarse, fine in (
        (result.u1, distances(surface, points).max(), reach, speed),
        (result.u2, distances(points, surface).max(), speed, reach),
    ):
        assert sampled - fine <= interval.upper, seed
        assert interval.lower <= sampled + coarse, seed
    assert result.decided or min(result.u1.lower, result.u2.lower) < 1e-3 * np.abs(surface).max(), seed
    assert result.verdict("anchored").outcome != "violated", seed


@pytest.mark.timeout(7200)
def test_dense_samples_agree(cases: Callable[[int, int], int]) -> None:
    for seed in range(cases(50, 500)):
        check(seed)
