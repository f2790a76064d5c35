"""Arguments that hold no real numbers are named, those that do are taken as they are."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from polyae import Box, Layer, Network, enumerate_regions
from polyae.arrays import real_array
from polyae.errors import DataError

NET = Network([Layer(np.eye(2), [0, 0], 0.0), Layer([[1, 1]], [0])])


@pytest.mark.parametrize(
    "values",
    [[1, 2], (1.0, 2), [True, False], np.float32([1, 2]), [Fraction(1, 2), 3], torch.tensor([1.0, 2.0]), 3, [10**30]],
)
def test_numbers_are_taken(values: Any) -> None:
    expected = [float(x) for x in values] if np.ndim(values) else float(values)
    assert real_array(values, "x").tolist() == expected


def test_tensors_with_gradients_are_taken_without() -> None:
    codes = 2.0 * torch.ones(1, 2, requires_grad=True)
    assert real_array(codes, "codes").tolist() == [[2.0, 2.0]]
    assert NET(codes).tolist() == [[4.0]]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ("1", "text"), (["1", "2"], "text"), (b"1", "bytes"), ([1j], "complex"), (None, "None"), ([1, None], "None"),
        ([[1, 2], [1]], "rows differ in length"), ([10**400], "too large"), ([{}], "dict"),
        (np.array(["2026-01-01"], dtype="datetime64[D]"), "datetime64"),
        (torch.ones(1, dtype=torch.bfloat16), "BFloat16"),
    ],
)  # fmt: skip
def test_the_argument_and_the_reason_are_named(values: Any, reason: str) -> None:
    with pytest.raises(DataError, match=f"codes must be an array of real numbers: .*{reason}"):
        real_array(values, "codes")


@pytest.mark.parametrize(
    "use",
    [
        lambda bad: Layer([[bad]], [0]), lambda bad: Layer([[1]], [bad]), lambda bad: Layer([[1]], [0], bad),
        lambda bad: NET([bad, 0]), lambda bad: NET.pattern([bad, 0]),
        lambda bad: enumerate_regions(NET, Box([-1, -1], [1, 1]), starts=[[bad, 0]]),
        lambda bad: enumerate_regions(NET, Box([-1, -1], [1, 1])).locate([bad, 0]),
    ],
)  # fmt: skip
def test_every_entry_point_checks(use: Callable[[Any], object]) -> None:
    with pytest.raises(DataError, match="must be an array of real numbers: got text"):
        use("a")
