"""Both sides of the theorem under refinement: known decoders with more and more pieces, trained ones of growing width.

Each case is kept in a file of its own as soon as it is done, so a rerun goes on where the last one ended.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from tqdm import tqdm

from polyae.atomic import make_folder, whole_file
from polyae.complex.enumerate import enumerate_regions
from polyae.domains import Box
from polyae.errors import FileFormatError
from polyae.networks.network import Network
from polyae.queries.manifolds import Manifold
from polyae.queries.theorem import theorem_bound
from polyae.queries.theorem.examples import circle_case, parabola_case, torus_case
from polyae.report.figures import BLUE, INK, ROSE, png
from polyae.report.plain import plain

__all__ = ["CASES", "Case", "refinement_figure", "run_study", "study_table"]

Row = dict[str, Any]
Case = tuple[str, str, Callable[[], tuple[Network, Box, Manifold]]]

#: Relative gap of the study.
GAP = 1e-3
WIDTHS = (8, 16, 32, 64)
#: A logarithmic axis with less than this between its ends has ticks at 1, 2, 5, …, others at powers of ten.
WIDE = 200.0


def _trained(width: int, seed: int = 0) -> tuple[Network, Box, Manifold]:
    """Decoder 1-width-width-64 of an autoencoder of one rotated image, on the interval of its codes."""
    # Torch takes seconds to import.
    from polyae.networks.torch_modules import from_torch
    from polyae.queries.manifolds import Orbit
    from polyae.training.data import digit_seven
    from polyae.training.models import Autoencoder
    from polyae.training.orbits import image_rotation_generator, orbit_dataset
    from polyae.training.trainer import train

    interval = (-np.pi / 4, np.pi / 4)
    generator, start = image_rotation_generator(8), digit_seven()
    data = orbit_dataset(generator, start, interval, seed=seed, name="rotations of a 7")
    model = Autoencoder.from_widths(64, (32, 16), 1, decoder_hidden=(width, width), seed=seed)
    train(model, data, steps=1000, learning_rate=3e-3, seed=seed)
    codes = from_torch(model.encoder)(data.test)
    return from_torch(model.decoder), Box(codes.min(axis=0), codes.max(axis=0)), Orbit(generator, start, interval)


CASES: tuple[Case, ...] = (
    *(("A: circle", f"A-{k}", partial(circle_case, k)) for k in (4, 8, 16, 32, 64, 128, 256, 512)),
    *(("B: parabola", f"B-{k}", partial(parabola_case, k)) for k in (4, 8, 16, 32, 64, 128)),
    *(("C: torus", f"C-{k}", partial(torus_case, (k, k))) for k in (3, 4, 6, 8, 12, 16)),
    *(("trained", f"trained-{w}", partial(_trained, w)) for w in WIDTHS),
)
"""Family, name, and how to make it."""


def run_study(folder: Path, cases: Sequence[Case] = CASES, progress: bool = False) -> list[Row]:
    """Evaluate every case that the folder does not hold yet; write ``study.json`` and ``study.png``.

    Parameters
    ----------
    folder : path
        Made if it does not exist; one file a case.
    cases : sequence of (family, name, maker)
    progress : bool

    Returns
    -------
    list of dict
        Per case its family, name, number of regions, and the intervals u1, sum_radii and max_radius.

    Raises
    ------
    FileFormatError
        If a file of the folder cannot be read or written.
    """
    rows = []
    try:
        make_folder(folder)
        for family, name, make in tqdm(cases, disable=not progress, desc="refinement"):
            path = folder / f"{name}.json"
            if not path.exists():
                _write(path, json.dumps(_row(family, name, *make())).encode())
            rows.append(json.loads(path.read_text(encoding="utf-8")))
        _write(folder / "study.json", json.dumps(rows).encode())
        _write(folder / "study.png", png(refinement_figure(rows)))
    except (OSError, json.JSONDecodeError) as error:
        raise FileFormatError(f"{folder}: the study cannot be kept there ({error}); give another folder") from error
    return rows


def _write(path: Path, content: bytes) -> None:
    with whole_file(path) as file:
        file.write_bytes(content)


def _row(family: str, name: str, net: Network, box: Box, manifold: Manifold) -> Row:
    cx = enumerate_regions(net, box)
    bound = theorem_bound(cx, manifold, gap=GAP)
    sides = {side: getattr(bound, side) for side in ("u1", "sum_radii", "max_radius")}
    ends = {side: [value.lower, value.upper] for side, value in sides.items()}
    return dict(plain({"family": family, "name": name, "regions": len(cx), **ends, "decided": bound.decided}))


def study_table(rows: list[Row]) -> str:
    """Rows as text, upper ends of the intervals, with the ratio of u1 to the sum of radii."""
    lines = [f"\n  {'case':<12}{'regions':>9}{'u1':>12}{'Σ R':>12}{'max R':>12}{'u1 / Σ R':>12}"]
    for row in rows:
        u1, total, largest = (row[side][1] for side in ("u1", "sum_radii", "max_radius"))
        share = f"{u1 / total:>12.3e}" if total else f"{'-':>12}"
        lines.append(f"  {row['name']:<12}{row['regions']:>9}{u1:>12.4e}{total:>12.4e}{largest:>12.4e}{share}")
    return "\n".join(lines)


def refinement_figure(rows: list[Row]) -> Figure:
    """Draw u1, Σ R and max R against the number of regions on logarithmic axes, one panel for each family."""
    families = list(dict.fromkeys(row["family"] for row in rows))
    figure = Figure(figsize=(3.6 * len(families), 3.6), layout="constrained")
    for k, family in enumerate(families):
        ax = figure.add_subplot(1, len(families), k + 1)
        mine = [row for row in rows if row["family"] == family]
        for side, label, colour, marker in (
            ("sum_radii", "Σ R", ROSE, "s"), ("max_radius", "max R", INK, "^"), ("u1", "u1", BLUE, "o"),
        ):  # fmt: skip
            values = np.array([row[side] for row in mine]).mean(axis=1)
            counts = [row["regions"] for row in mine]
            values[values <= 0] = np.nan
            ax.plot(counts, values, color=colour, marker=marker, markersize=4, label=label)
        ax.set(xscale="log", yscale="log", xlabel="regions", title=family)
        for axis, (low, high) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
            steps = (1.0, 2.0, 5.0) if high < WIDE * low else (1.0,)
            axis.set_major_locator(LogLocator(subs=steps, numticks=99))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
        ax.grid(alpha=0.3)
        if k == 0:
            ax.set_ylabel("distance in data space")
            ax.legend(frameon=False)
    return figure
