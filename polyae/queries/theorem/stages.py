"""What the evaluation of the theorem is at, on standard error; costs nothing when it is off."""

from __future__ import annotations

import sys

from tqdm import tqdm

__all__ = ["Stages"]


class Stages:
    """A bar over the named stages of an evaluation, with the interval reached in the current one.

    Parameters
    ----------
    names : sequence of str
    enabled : bool
    """

    def __init__(self, names: tuple[str, ...], enabled: bool) -> None:
        self._names = iter(names)
        self._bar = tqdm(total=len(names), file=sys.stderr, disable=not enabled, bar_format="{l_bar}{bar}| {elapsed}")
        self._bar.set_description(next(self._names))

    def report(self, lower: float, upper: float, seen: int) -> None:
        """Show the bounds of a search, and how many simplices it has looked at."""
        if not self._bar.disable:
            name = self._bar.desc.split(":")[0]
            self._bar.set_description(f"{name}: [{lower:.4g}, {upper:.4g}], {seen:,} simplices")

    def done(self) -> None:
        """Go on to the next stage."""
        self._bar.update()
        self._bar.set_description(next(self._names, "done"))

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()
