"""What the evaluation of the theorem is at, on standard error; costs nothing when it is off."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from tqdm import tqdm

__all__ = ["Stages"]


class Stages:
    """A bar over the named stages of an evaluation, with what is reached in the current one.

    Parameters
    ----------
    shares : mapping of str to float
        Names of the stages in order, and how much of the time they usually take.
    enabled : bool
    """

    def __init__(self, shares: Mapping[str, float], enabled: bool) -> None:
        self._shares = dict(shares)
        self._names = iter(self._shares)
        self._name = next(self._names)
        self._passed = 0.0
        self._bar = tqdm(
            desc=self._name, total=sum(self._shares.values()), file=sys.stderr, disable=not enabled,
            bar_format="{l_bar}{bar}| {elapsed}",
        )  # fmt: skip

    def bounds(self, lower: float, upper: float, seen: int) -> None:
        """Show the bounds of a search, and how many simplices it has looked at."""
        if not self._bar.disable:
            self._bar.set_description(f"{self._name}: [{lower:.4g}, {upper:.4g}], {seen:,} simplices")

    def settled(self, count: int, total: int, cells: int) -> None:
        """Show how many directed pairs are done with, and how many cells are open for the others."""
        if not self._bar.disable:
            self._bar.set_description(f"{self._name}: {count:,} of {total:,} settled, {cells:,} cells", refresh=False)
            self._move(self._passed + self._shares[self._name] * count / total)

    def done(self) -> None:
        """Go on to the next stage."""
        self._passed += self._shares[self._name]
        self._name = next(self._names, "done")
        self._shares.setdefault(self._name, 0.0)
        if not self._bar.disable:
            self._bar.set_description(self._name, refresh=False)
            self._move(self._passed)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()

    def _move(self, place: float) -> None:
        self._bar.n = max(self._bar.n, place)
        self._bar.refresh()
