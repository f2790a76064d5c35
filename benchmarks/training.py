"""The second-order step of training: orders of products, the oracle, and its share of a real run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import torch

from polyae.training.affine_maps import affine_maps
from polyae.training.batched import BATCHED, run_batch
from polyae.training.data import Dataset
from polyae.training.draws import generator_of
from polyae.training.epsilon import closed_form_epsilon
from polyae.training.models import Autoencoder
from polyae.training.neighbour_maps import neighbour_maps
from polyae.training.neighbour_oracle import NeighbourMaps, NeighbourOracle
from polyae.training.protocol import ModelName, RunSettings
from polyae.training.rank_one import neighbour_value
from polyae.training.regulariser import LieGroupRegulariser
from polyae.training.runs import TrainingState, run
from polyae.training.synthetic import cbf, synthetic_control

__all__ = ["batches", "oracle", "second_order", "share"]

CODES, HIDDEN, H, GENERATORS = 16, (128, 64, 32), 10, 10


def second_order(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """A step of decoder and generators at d = 512: products in the order of the definition, and in the cheap one.

    The limit are the multiplications of the cheap order at the speed of one large product.
    """
    torch.set_num_threads(1)
    d = 512
    decoder = Autoencoder.from_widths(d, HIDDEN, H).decoder
    codes = torch.randn(CODES, H, generator=generator_of(0))
    for count in (1, 30):
        found = NeighbourOracle(decoder, choose="random", count=count).find(codes)
        owner = torch.as_tensor(found.owner)

        def by_definition(regulariser: LieGroupRegulariser) -> torch.Tensor:
            near = affine_maps(decoder, found.neighbours)[0]  # noqa: B023
            difference = (affine_maps(decoder, found.patterns)[0][owner] - near).flatten(1)  # noqa: B023
            moved = torch.einsum("kab,pbc->pkac", regulariser.raw, near).flatten(2)
            floor = torch.zeros(len(near))
            epsilon = closed_form_epsilon(moved.detach(), difference.detach(), floor)
            return torch.linalg.vector_norm(difference - (epsilon[:, None] @ moved)[:, 0], dim=1).mean()

        def cheap(regulariser: LieGroupRegulariser) -> torch.Tensor:
            maps = neighbour_maps(decoder, found.patterns, found.owner, found.neighbours)  # noqa: B023
            return neighbour_value(regulariser, NeighbourMaps(found, owner, owner, maps))  # noqa: B023

        naive, value = best(_step(decoder, by_definition), 3)
        ours, again = best(_step(decoder, cheap), 5)
        limit = _multiplications(d, len(found.owner)) / _multiplications_per_second(best, d)
        yield {
            "d": d, "neighbours": len(found.owner) / CODES, "naive_ms": 1e3 * naive, "ms": 1e3 * ours,
            "speedup": naive / ours, "limit_ms": 1e3 * limit, "ratio_to_limit": ours / limit,
            "difference": abs(float(value) / float(again) - 1),
        }  # fmt: skip


def _step(decoder: torch.nn.Module, value_of: Callable[[LieGroupRegulariser], torch.Tensor]) -> Callable[[], float]:
    regulariser = LieGroupRegulariser(512, num_generators=GENERATORS)
    optimiser = torch.optim.Adam([*decoder.parameters(), *regulariser.parameters()], lr=0.0, fused=True)

    def step() -> float:
        value = value_of(regulariser)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        return value.item()

    return step


def _multiplications(d: int, pairs: int) -> int:
    """Of the cheaper of the two orders, the Gram matrices and all else left out."""
    m, rows = GENERATORS, CODES * H + pairs
    by_pairs = pairs * d * d * (m * H + 2 * (m + H))
    return min(by_pairs, 3 * m * d * min(d * rows, HIDDEN[0] * (d + rows)))


def _multiplications_per_second(best: Callable[..., Any], d: int) -> float:
    a, b = torch.randn(GENERATORS * d, d), torch.randn(d, HIDDEN[0])
    return a.numel() * b.shape[1] / float(best(lambda: a @ b)[0])


def oracle(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """All neighbours of 64 codes with their maps, h = 10, decoder 32-64-128, d = 128; wall time on idle cores."""
    torch.set_num_threads(1)
    decoder = Autoencoder.from_widths(128, HIDDEN, H).decoder
    codes = torch.randn(64, H, generator=generator_of(1))
    for workers in (1, 2):
        asked = NeighbourOracle(decoder, workers=workers)
        asked(codes)

        def whole() -> NeighbourMaps:
            near = asked(codes)  # noqa: B023
            _ = near.A_neighbours  # made when asked for
            return near

        walls = []
        for _ in range(7):
            began = time.perf_counter()
            near = whole()
            walls.append(time.perf_counter() - began)
        find, _ = best(lambda: asked.find(codes))  # noqa: B023
        processor, _ = best(whole)
        yield {
            "workers": workers, "neighbours": len(near.owner) / 64, "wall_ms": 1e3 * min(walls),
            "processor_ms": 1e3 * processor, "find_ms": 1e3 * find,
        }  # fmt: skip


def share(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """The oracle in a real training run: steps 50 to 80 of the protocol, on generated data."""
    torch.set_num_threads(1)
    for data in (synthetic_control(), cbf()):
        sampled, _ = _timed_steps(data, "second order sampled")
        exact, asked = _timed_steps(data, "second order exact")
        yield {
            "data": data.name, "d": data.dim, "oracle_ms": 1e3 * asked, "rest_ms": 1e3 * (exact - asked),
            "oracle_to_rest": asked / (exact - asked), "sampled_step_ms": 1e3 * sampled,
            "oracle_to_sampled_step": asked / sampled,
        }  # fmt: skip


def _timed_steps(data: Dataset, model: ModelName, first: int = 50, last: int = 80) -> tuple[float, float]:
    """Processor seconds of a step, and of the neighbours' search in it."""
    state, generator = TrainingState(data, RunSettings(model)), generator_of(0)
    find, asked, began = NeighbourOracle.find, 0.0, 0.0

    def timed(self: NeighbourOracle, codes: torch.Tensor) -> Any:
        nonlocal asked
        start = time.process_time()
        found = find(self, codes)
        asked += time.process_time() - start
        return found

    NeighbourOracle.find = timed  # type: ignore[method-assign]
    try:
        for number in range(last):
            if number == first:
                asked, began = 0.0, time.process_time()
            chosen = torch.randint(len(state.train), (CODES,), generator=generator)
            state.step(state.train[chosen], generator)
        return (time.process_time() - began) / (last - first), asked / (last - first)
    finally:
        NeighbourOracle.find = find  # type: ignore[method-assign]


def batches(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """Nine runs of two epochs, one after the other and as one program; generated Synthetic Control."""
    torch.set_num_threads(1)
    data = synthetic_control()
    for model in BATCHED:
        settings = [
            RunSettings(model, weight=weight, seed=seed, epochs=2) for weight in (0.01, 1.0, 100.0) for seed in range(3)
        ]
        single, _ = best(lambda: [run(data, each) for each in settings], 2)  # noqa: B023
        together, _ = best(lambda: run_batch(data, settings), 3)  # noqa: B023
        yield {
            "model": model,
            "runs": len(settings),
            "single_s": single,
            "batched_s": together,
            "ratio": single / together,
        }
