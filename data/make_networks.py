"""Write the small networks of this folder and their exact counts: ``python -m data.make_networks``.

All are seeded; training may differ in the last digits from one machine to another, so the
trained files are part of the project and this script rewrites them only with ``--train``.
The counts in ``goldens.json`` are exact, from the brute force in rational arithmetic that the
tests use, for the box ``[lo, hi]^h`` and for all of R^h.
"""

from __future__ import annotations

import argparse
import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from polyae.networks.network import Layer, Network
from tests.reference.brute_force import ExactRegions, enumerate_exact

FOLDER = Path(__file__).resolve().parent
Entry = dict[str, Any]
Float = NDArray[np.float64]


def entry(name: str, box: list[int], slope: float, layers: list[tuple[Float, Float]]) -> Entry:
    """A network in the file format of polyae, with its name and box."""
    described = [{"weight": w.tolist(), "bias": b.tolist()} for w, b in layers]
    return {"name": name, "box": box, "negative_slope": slope, "layers": described}


def normal(widths: list[int], seed: int, bias: bool = True) -> list[tuple[Float, Float]]:
    """Normal weights of variance 2 / n_in, rounded to float32."""
    rng = np.random.default_rng(seed)
    layers = []
    for n_in, n_out in pairwise(widths):
        w = rng.normal(scale=math.sqrt(2 / n_in), size=(n_out, n_in)).astype(np.float32)
        b = rng.normal(scale=0.5 * bias, size=n_out).astype(np.float32)
        layers.append((w.astype(np.float64), b.astype(np.float64)))
    return layers


def integer(widths: list[int], seed: int) -> list[tuple[Float, Float]]:
    """Integers from -2 to 2: coincident, parallel and dead units come by themselves."""
    rng = np.random.default_rng(seed)
    return [
        (rng.integers(-2, 3, size=(n_out, n_in)).astype(float), rng.integers(-2, 3, size=n_out).astype(float))
        for n_in, n_out in pairwise(widths)
    ]


def duplicated(widths: list[int], seed: int) -> list[tuple[Float, Float]]:
    """In every hidden layer unit 1 repeats unit 0, unit 2 is twice and unit 3 minus unit 0."""
    layers = normal(widths, seed)
    for w, b in layers[:-1]:
        for unit, factor in ((1, 1.0), (2, 2.0), (3, -1.0)):
            w[unit], b[unit] = factor * w[0], factor * b[0]
    return layers


def drawn_networks() -> list[Entry]:
    """The networks that are drawn, not trained."""
    return [
        entry("line_1-8-6-3", [-2, 2], 0, normal([1, 8, 6, 3], 1)),
        entry("generic_2-8-8-4", [-1, 1], 0, normal([2, 8, 8, 4], 2)),
        entry("zero_bias_2-8-8-4", [-1, 1], 0, normal([2, 8, 8, 4], 3, bias=False)),
        entry("duplicate_2-8-6-3", [-1, 1], 0, duplicated([2, 8, 6, 3], 4)),
        entry("absolute_2-6-5-3", [-2, 2], -1, integer([2, 6, 5, 3], 5)),
        entry("deep_2-6-6-6-3", [-2, 2], 0, integer([2, 6, 6, 6, 3], 6)),
        entry("leaky_3-6-5-3", [-1, 1], 0.01, normal([3, 6, 5, 3], 7)),
        entry("integer_4-6-5-3", [-2, 2], 0, integer([4, 6, 5, 3], 8)),
    ]


def linear_layers(widths: list[int], activation: type[torch.nn.Module]) -> torch.nn.Sequential:
    """A perceptron without activation after its last layer."""
    modules: list[torch.nn.Module] = []
    for n_in, n_out in pairwise(widths):
        modules += [torch.nn.Linear(n_in, n_out), activation()]
    return torch.nn.Sequential(*modules[:-1])


def trained(name: str, widths: list[int], slope: float, seed: int, steps: int = 1500) -> Entry:
    """The decoder of an autoencoder of the digit scans; the box holds all codes."""
    torch.manual_seed(seed)
    data = torch.tensor(load_digits().data / 16, dtype=torch.float32)
    activation = torch.nn.LeakyReLU if slope else torch.nn.ReLU
    encoder, decoder = linear_layers(widths[::-1], activation), linear_layers(widths, activation)
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=5e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        codes = encoder(data)
        loss = ((decoder(codes) - data) ** 2).mean() + 1e-3 * (codes**2).mean()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        reach = math.ceil(float(encoder(data).abs().max()))
    print(f"{name}: loss {loss.item():.4f}")
    layers = [
        (m.weight.detach().double().numpy(), m.bias.detach().double().numpy())
        for m in decoder
        if isinstance(m, torch.nn.Linear)
    ]
    return entry(name, [-reach, reach], slope, layers)


def trained_networks() -> list[Entry]:
    """The networks that are trained."""
    return [
        trained("digits_2-8-12-64", [2, 8, 12, 64], 0, seed=0),
        trained("digits_leaky_3-5-6-64", [3, 5, 6, 64], 0.01, seed=1),
    ]


def network(described: Entry) -> Network:
    """The network of an entry."""
    *hidden, last = described["layers"]
    layers = [Layer(y["weight"], y["bias"], described["negative_slope"]) for y in hidden]
    return Network([*layers, Layer(last["weight"], last["bias"])])


def on_box(described: Entry) -> ExactRegions:
    """Regions of an entry on its box."""
    net, (lo, hi) = network(described), described["box"]
    return enumerate_exact(net, ("box", [lo] * net.input_dim, [hi] * net.input_dim))


def on_space(described: Entry) -> ExactRegions:
    """Regions of an entry on all of R^h."""
    net = network(described)
    return enumerate_exact(net, ("space", net.input_dim))


def counts(found: ExactRegions, suffix: str = "") -> dict[str, int]:
    """The four counts under their names in ``goldens.json``."""
    return {
        f"regions{suffix}": len(found.patterns),
        f"adjacent_pairs{suffix}": len(found.adjacent),
        f"distinct_affine_maps{suffix}": found.distinct_affine_maps,
        f"linear_regions{suffix}": found.linear_regions,
    }


def main() -> None:
    """Write all files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", action="store_true", help="train the trained networks anew")
    fresh = trained_networks() if parser.parse_args().train else []
    for described in (*drawn_networks(), *fresh):
        (FOLDER / f"{described['name']}.json").write_text(json.dumps(described) + "\n", encoding="utf-8")
    goldens = []
    for path in sorted(set(FOLDER.glob("*.json")) - {FOLDER / "goldens.json"}):
        described = json.loads(path.read_text(encoding="utf-8"))
        golden = {"name": described["name"], "box": described["box"], **counts(on_box(described))}
        goldens.append(golden | counts(on_space(described), "_whole_space"))
        print(goldens[-1])
    lines = ",\n".join(json.dumps(golden) for golden in goldens)
    (FOLDER / "goldens.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
