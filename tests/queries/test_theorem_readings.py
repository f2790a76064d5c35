"""Every false reading is violated on its counter-example, and the sound ones hold there where their premises do."""

from collections.abc import Callable

import numpy as np
import pytest

from polyae import Box, Layer, Network, enumerate_regions
from polyae.queries.manifolds import Manifold, Orbit
from polyae.queries.theorem import TheoremBound, theorem_bound

from .closed_forms import TURN, circle, path, polygon, torus

Case = tuple[Network, Box, Manifold]


def scaled_codes(factor: float) -> Case:
    """The same surface from codes that are `factor` times smaller."""
    net, box = polygon(8, 1.0)
    first = net.layers[0]
    scaled = Network([Layer(factor * first.weight, first.bias, first.slope), net.layers[1]])
    return scaled, Box(box.lo / factor, box.hi / factor), circle(1.0)


def shifted(height: float) -> Case:
    """The circumscribed polygon in a plane parallel to the circle's."""
    net, box = polygon(8, 1.0)
    last = net.layers[1]
    lifted = Layer(np.vstack([last.weight, np.zeros((1, last.n_in))]), np.append(last.bias, height))
    generator = np.zeros((3, 3))
    generator[:2, :2] = TURN
    return Network([net.layers[0], lifted]), box, Orbit(generator, [1, 0, 0], (0, 2 * np.pi))


def two_segments(radius: float, angle: float) -> Case:
    """Tangent in the middle of the first segment; the second one is turned by `angle`."""
    slopes = np.array([[0.0, 1.0], [-np.sin(angle), np.cos(angle)]])
    return *path([-1.0, 1.0, 3.0], [radius, -1.0], slopes), circle(radius)


def segment(start: float, end: float, radius: float, span: float = 2 * np.pi) -> Case:
    """Part of the tangent at angle 0."""
    return *path([start, end], [radius, start], np.array([[0.0, 1.0]])), circle(radius, span)


FALSE = [
    ("affine hulls", (*polygon(8, 1.0), circle(1.0))),
    ("latent radii", scaled_codes(1000.0)),
    ("inradii", torus((3, 64), (1.0, 0.05))),
    ("manifold to surface", segment(-0.01, 0.01, 1.0)),
    ("Hausdorff", segment(-0.01, 0.01, 1.0)),
    ("parallel, no contact", shifted(5.0)),
    ("one contact, radii", two_segments(0.1, 0.01)),
    ("every contact, radii", segment(0.0, 1.0, 0.1)),
]


def evaluate(case: Case) -> TheoremBound:
    net, box, manifold = case
    return theorem_bound(enumerate_regions(net, box), manifold, readings="all", gap=1e-2)


@pytest.mark.parametrize(("name", "case"), FALSE, ids=[name for name, _ in FALSE])
def test_false_readings_are_violated_with_their_premises(name: str, case: Case) -> None:
    result = evaluate(case)
    verdict = result.verdict(name)
    assert not verdict.reading.sound
    assert verdict.outcome == "violated" and verdict.premises_met and verdict.ratio > 1
    assert all(v.outcome != "violated" for v in result.verdicts if v.reading.sound and v.premises_met)


def test_values_of_the_counter_examples() -> None:
    result = evaluate(two_segments(0.1, 0.01))
    end = np.array([0.1, 1.0]) + 2 * np.array([-np.sin(0.01), np.cos(0.01)])
    assert result.u1.contains(np.linalg.norm(end) - 0.1) and result.sum_radii.contains(2.0)
    result = evaluate(segment(0.0, 1.0, 0.1))
    assert result.u1.contains(np.hypot(1.0, 0.1) - 0.1) and result.sum_radii.contains(0.5)
    result = evaluate(segment(-0.01, 0.01, 1.0))
    # The farthest point of the circle sees an end of the segment.
    assert result.u2.contains(1 + np.hypot(1.0, 0.01))
    result = evaluate(torus((3, 64), (1.0, 0.05)))
    assert result.u1.contains(np.hypot(1.0, 0.05 * (1 / np.cos(np.pi / 64) - 1)))
    inradius = min(np.tan(np.pi / 3), 0.05 * np.tan(np.pi / 64))
    assert result.verdict("inradii").right.contains(192 * inradius)


def test_tangency_needs_the_manifold_to_go_on() -> None:
    # The arc ends 0.1 after the contact at its middle, the tangent segment goes on.
    net, box, _ = segment(-1.0, 1.0, 1.0)
    arc = Orbit(TURN, [1, 0], (-0.1, 0.1))
    verdict = theorem_bound(enumerate_regions(net, box), arc).verdict("tangency in every piece")
    assert verdict.outcome == "violated" and not verdict.premises_met


def test_contact_is_needed_in_every_connected_set() -> None:
    result = evaluate(shifted(1e-3))
    assert not result.premises.one_contact and not result.premises.every_contact
    assert result.premises.parallel and result.premises.transported
    assert result.verdict("anchored").outcome == "holds"


def variant(name: str, rng: np.random.Generator) -> Case:
    """Counter-example of a reading, of other sizes."""
    radius, count = float(rng.uniform(0.5, 3.0)), int(rng.integers(5, 12))
    match name:
        case "affine hulls":
            return (*polygon(count, radius), circle(radius))
        case "latent radii":
            return scaled_codes(float(rng.uniform(200, 5000)))
        case "inradii":
            return torus((3, int(rng.integers(48, 70))), (float(rng.uniform(0.9, 1.1)), float(rng.uniform(0.03, 0.05))))
        case "parallel, no contact":
            return shifted(float(rng.uniform(4.0, 20.0)))
        case "one contact, radii":
            return two_segments(float(rng.uniform(0.01, 0.15)), float(rng.uniform(0.001, 0.02)))
        case "every contact, radii":
            return segment(0.0, float(rng.uniform(0.8, 2.0)), float(rng.uniform(0.02, 0.12)))
    half = radius * float(rng.uniform(0.005, 0.02))
    return segment(-half, half, radius)


@pytest.mark.parametrize("name", [name for name, _ in FALSE])
def test_variants_of_the_counter_examples(name: str, cases: Callable[[int, int], int]) -> None:
    rng = np.random.default_rng(len(name))
    for _ in range(cases(8 if name != "inradii" else 2, 50)):
        result = evaluate(variant(name, rng))
        verdict = result.verdict(name)
        assert verdict.outcome == "violated" and verdict.premises_met and verdict.behind
        assert all(v.outcome != "violated" for v in result.verdicts if v.reading.sound and v.premises_met)
