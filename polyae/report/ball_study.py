"""Regions and data in balls around one code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.queries.balls import BallCounts, count_in_balls
from polyae.report.digits_study import DigitsStudy

Int = NDArray[np.int64]

__all__ = ["BallSettings", "BallStudy", "study_balls"]


@dataclass(frozen=True)
class BallSettings:
    """Radii as shares of the largest distance between the centre and a code.

    Attributes
    ----------
    num_radii : int
    smallest : float
        Share of the first radius; the last one is a little over 1 and holds every code.
    """

    num_radii: int = 16
    smallest: float = 0.02


@dataclass(frozen=True)
class BallStudy:
    """Exact counts around the code of a scan of one digit, the label."""

    label: int
    counts: BallCounts

    @property
    def data(self) -> Int:
        """Codes in each ball, shape (num_radii,)."""
        return np.zeros(len(self.counts.radii), dtype=np.int64) if self.counts.data is None else self.counts.data


def study_balls(settings: BallSettings, digits: DigitsStudy) -> BallStudy:
    """Count around the first test code that the digits' study asked about, among the codes of all scans."""
    near = digits.near[0]
    reach = float(np.linalg.norm(digits.codes - near.code, axis=1).max())
    radii = reach * np.geomspace(settings.smallest, 1.001, settings.num_radii)
    counts = count_in_balls(digits.decoder, near.code, radii, digits.codes)
    if not counts.complete:
        raise KeyboardInterrupt
    return BallStudy(near.label, counts)
