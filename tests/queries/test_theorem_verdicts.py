"""What undecided readings say of the search that would decide them."""

import numpy as np
import pytest

from polyae import Box, Interval, Layer, Network, Orbit, PointCloud, enumerate_regions, theorem_bound
from polyae.queries.theorem.readings import ALL_READINGS
from polyae.queries.theorem.verdicts import Effort, Verdict, verdict_table

from .closed_forms import circle, polygon, torus

READING = {reading.name: reading for reading in ALL_READINGS}


def verdict(
    left: tuple[float, float], right: tuple[float, float], blur: float = 0.0, name: str = "one contact, radii"
) -> Verdict:
    return Verdict(READING[name], Interval(*left), Interval(*right), True, Effort(1000, 2, blur, 1.0))


def with_latent_sum(share: float) -> tuple[Network, Box, Orbit, float]:
    """The torus of 3 x 4 sides with codes of such a size that Σ R_circ of the codes is (1 + share) u1; and u1."""
    net, box, manifold = torus((3, 4), (1.0, 0.5))
    halves, radii = np.pi / np.array([3, 4]), np.array([1.0, 0.5])
    u1 = np.linalg.norm(radii * (1 / np.cos(halves) - 1))
    # The codes are lengths along the sides, so their radii are those of the pieces.
    factor = 12 * np.linalg.norm(radii * np.tan(halves)) / (u1 * (1 + share))
    first = net.layers[0]
    scaled = Network([Layer(factor * first.weight, first.bias, first.slope), *net.layers[1:]])
    return scaled, Box(box.lo / factor, box.hi / factor), manifold, float(u1)


@pytest.mark.parametrize("share", [0.03, -0.01, 1e-3, -1e-5, 1e-6])
def test_the_advice_decides(share: float) -> None:
    net, box, manifold, u1 = with_latent_sum(share)
    cx = enumerate_regions(net, box)
    gap, budget, rounds = 0.5, 20, 0
    while True:
        found = theorem_bound(cx, manifold, gap=gap, budget=budget, readings="all").verdict("latent radii")
        assert found.left.contains(u1) and found.right.contains(u1 * (1 + share))
        if found.outcome != "undecided":
            break
        # Only a first, wide interval may leave open whether the sides differ at all.
        assert rounds < 3 and ("may be equal" in found.advice or "should decide" in found.advice)
        assert found.gap_needed is not None and found.gap_needed < gap and found.budget_needed is not None
        gap, budget, rounds = found.gap_needed, max(found.budget_needed, budget), rounds + 1
    assert found.outcome == ("holds" if share > 0 else "violated") and found.advice == "" and found.gap_needed is None
    assert rounds > 0 or abs(share) > 1e-2


def test_advice_says_why_nothing_helps() -> None:
    assert "float64" in verdict((1.0, 1.0 + 1e-12), (1.0, 1.0 + 1e-12)).advice
    assert "float64" in verdict((0.0, 1e-13), (0.0, 2e-13)).advice
    assert "right side" in verdict((1.0, 1.1), (0.5, 2.0)).advice
    assert "gap" in verdict((1.0, 1.1), (0.5, 2.0), name="anchored").advice
    assert "finite" in verdict((1.0, np.inf), (2.0, 3.0)).advice
    assert "samples" in verdict((0.0, 1.0), (0.5, 0.5), blur=np.inf).advice
    assert "samples" in verdict((0.0, 1.0), (0.6, 0.6), blur=0.9).advice
    assert "should decide" in verdict((0.0, 1.0), (0.9, 0.9), blur=0.1).advice
    assert "may be equal" in verdict((0.0, 1.0), (0.51, 0.51)).advice


def test_samples_are_not_blamed_on_the_gap() -> None:
    net, box = polygon(8, 1.0)
    cloud = PointCloud([[1.0, 0.0], [-1.0, 0.0]])
    result = theorem_bound(enumerate_regions(net, box), cloud, readings="all")
    assert "covering radius" in result.verdict("contact in every piece").advice
    assert any("no region has an angle" in note for note in result.notes)


def test_the_table_has_a_row_for_every_reading() -> None:
    net, box = polygon(8, 1.0)
    result = theorem_bound(enumerate_regions(net, box), circle(1.0), readings="all")
    head, *rows = verdict_table(result.verdicts).splitlines()
    assert head.split() == ["reading", "left", "right", "ratio", "outcome", "inequality", "remarks"]
    assert len(rows) == len(result.verdicts) == len(ALL_READINGS) + 1
    for row, found in zip(rows, result.verdicts, strict=True):
        assert row.startswith(found.reading.name) and str(found.left) in row and str(found.right) in row
        assert found.outcome in row and f"{found.ratio:.4g}" in row and found.reading.statement in row
    assert verdict_table(result.verdicts) in str(result)


def test_hypotheses_are_shown_as_tables() -> None:
    """Test A: every piece touches at its middle, and is its neighbour turned by 2π/8."""
    net, box = polygon(8, 1.7)
    bound = theorem_bound(enumerate_regions(net, box), circle(1.7), gap=1e-6)
    assert bound.residuals is not None and (len(bound.contacts), len(bound.residuals)) == (8, 7)
    head, columns, delta, rho, angle = str(bound.contacts).splitlines()
    assert "H1: 8 pieces" in head and columns.split() == ["over", "the", "regions", "least", "mean", "largest"]
    assert delta.startswith("distance δ") and float(angle.split()[-1]) < 1e-6
    ends = [float(x) for x in rho.rpartition("[")[2].rstrip("]").split(", ")]
    assert ends == pytest.approx([1.7 * np.tan(np.pi / 8)] * 2, rel=1e-6)
    head, columns, exponential, linear, size = str(bound.residuals).splitlines()
    assert "H2: 7 adjacent pairs" in head and columns.split()[-3:] == ["least", "mean", "largest"]
    assert [float(x) for x in linear.split()[-3:]] == pytest.approx([1 - np.cos(np.pi / 4)] * 3, rel=1e-5)
    assert size.split()[-3:] == ["1", "1", "1"] and "exp(θG)" in exponential
    for part in (bound.contacts, bound.residuals, bound.verdicts[0]):
        assert len(repr(part)) < 120 and "\n" not in repr(part)
