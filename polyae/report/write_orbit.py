"""The part of the report on one rotated image and the theorem."""

from __future__ import annotations

from typing import Any

import numpy as np

from polyae.report.figures import orbit_figure, quantity_figure
from polyae.report.orbit_study import SIDE, OrbitModel, OrbitStudy
from polyae.report.sections import Picture, Section, Table, short
from polyae.report.theorem_numbers import SIDES, theorem_numbers

__all__ = ["orbit_section"]

#: Angles shown in the figure.
SHOWN = 9


def orbit_section(study: OrbitStudy) -> Section:
    """Tables side by side, and the study in words."""
    numbers = {model.name: _model_numbers(model) for model in study.models}
    return Section(
        key="orbit",
        title="The theorem, without and with the regulariser",
        numbers={"interval": study.settings.interval, "weight": study.settings.weight, **numbers},
        paragraphs=_words(study, numbers),
        tables=[_table(numbers), _verdict_table(numbers)],
        pictures=[
            Picture("orbit", "The orbit at even angles, and what the two models make of it.", _images(study)),
            Picture(
                "theorem",
                "Both sides of the theorem in data space; every value is an interval, most too narrow to be seen.",
                quantity_figure(
                    list(SIDES.values()),
                    {name: [tuple(values[side]) for side in SIDES] for name, values in numbers.items()},
                    "distance in data space (log scale)",
                ),
            ),
        ],
    )


def _model_numbers(model: OrbitModel) -> dict[str, Any]:
    return {
        "test_error": model.test_error,
        "training_seconds": model.seconds,
        "guarantee": model.complex.guarantee,
        "domain": model.complex.domain.to_dict(),
        **theorem_numbers(model.complex, model.bound),
    }


def _words(study: OrbitStudy, numbers: dict[str, dict[str, Any]]) -> list[str]:
    settings = study.settings
    low, high = np.degrees(settings.interval)
    plain, regularised = (numbers[model.name] for model in study.models)
    return [
        f"The data are rotations of one scan of a 7 by {low:.0f} to {high:.0f} degrees: x(θ) = exp(θG) x0 with the "
        "skew-symmetric generator G of image rotation. Two autoencoders with one latent dimension were trained on the "
        f"same {len(study.data.train)} angles for {settings.steps} steps from the same initial weights; the second one "
        f"with the second-order Lie-group regulariser (weight {settings.weight:g}, generator learned from a random "
        f"start), fed at every step by the exact neighbours of {settings.max_codes} codes of the batch.",
        "Hypothesis H1 asks that every piece of the surface touch the orbit and be tangent to it; H2, that the group "
        "move the affine map of a region to that of its neighbour. Neither is exact in a trained network, so both are "
        f"given as measured. The mean residual of H2 under the true G is {_change(numbers, 'exponential')}, and "
        f"relative to the size of the maps {_change(numbers, 'exponential_relative')}; the error on "
        f"{len(study.data.test)} test angles is {short(plain['test_error'], 3)} without and "
        f"{short(regularised['test_error'], 3)} with the regulariser.",
    ]


def _change(numbers: dict[str, dict[str, Any]], residual: str) -> str:
    plain, regularised = (short(values["h2"][residual]["mean"], 3) for values in numbers.values())
    return f"{plain} without and {regularised} with the regulariser"


def _images(study: OrbitStudy) -> Any:
    chosen = np.linspace(0, len(study.data.test) - 1, SHOWN).round().astype(int)
    rows = {"orbit": study.data.test[chosen]} | {m.name: m.reconstructions[chosen] for m in study.models}
    return orbit_figure(rows, np.asarray(study.data.test_labels, dtype=np.float64)[chosen], SIDE)


def _interval(pair: list[float]) -> str:
    """Digits that both ends share, or the two ends."""
    low, high = (short(value) for value in pair)
    return low if low == high else f"{low} to {high}"


def _table(numbers: dict[str, dict[str, Any]]) -> Table:
    models = list(numbers.values())
    rows: list[tuple[str, ...]] = [("regions", *(str(m["regions"]) for m in models))]
    rows.append(("test error (mean square per pixel)", *(short(m["test_error"]) for m in models)))
    rows += [(label, *(_interval(m[side]) for m in models)) for side, label in SIDES.items()]
    measures = [
        ("H1: distance to the orbit, mean / max", ("h1", "distance"), ""),
        ("H1: angle to the tangent, mean / max", ("h1", "angle"), "°"),
        ("H2: exponential residual, mean / max", ("h2", "exponential"), ""),
        ("H2: the same relative to the map, mean / max", ("h2", "exponential_relative"), ""),
        ("H2: linearised residual, mean / max", ("h2", "linear"), ""),
    ]
    for label, (hypothesis, name), unit in measures:
        spreads = [m[hypothesis][name] for m in models]
        rows.append((label, *(f"{short(s['mean'], 3)}{unit} / {short(s['max'], 3)}{unit}" for s in spreads)))
    return Table("Same data, seeds and steps; distances in data space", ("", *numbers), rows)


def _verdict_table(numbers: dict[str, dict[str, Any]]) -> Table:
    columns = [values["readings"] for values in numbers.values()]
    rows = [
        (f"{first['name']}: {first['statement']}", *(_outcome(row) for row in (first, *others)))
        for first, *others in zip(*columns, strict=True)
    ]
    caption = "Readings of the theorem (*: its premises are not met, so the inequality is not promised)"
    return Table(caption, ("", *numbers), rows)


def _outcome(row: dict[str, Any]) -> str:
    return row["outcome"] + ("" if row["premises_met"] else "*")
