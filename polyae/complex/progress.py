"""Progress bars on standard error that cost nothing when they are off."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from tqdm import tqdm

__all__ = ["ProgressBar", "counting_bar", "radius_bar"]


class ProgressBar:
    """Count of regions with the rate, on standard error.

    The total is not known beforehand, so the number of regions still to be expanded is shown instead.

    Parameters
    ----------
    enabled : bool
    """

    def __init__(self, enabled: bool) -> None:
        self._bar = tqdm(unit=" regions", file=sys.stderr) if enabled else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def update(self, found: int, waiting: int) -> None:
        """Show the number found so far, and the number waiting to be expanded."""
        if self._bar is not None:
            self._bar.update(found - self._bar.n)
            self._bar.set_postfix_str(f"{waiting} to expand", refresh=False)


@contextmanager
def counting_bar(label: str, enabled: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error; gives a function that takes the numbers of regions done and in all."""
    with tqdm(desc=label, unit=" regions", file=sys.stderr, disable=not enabled) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


@contextmanager
def radius_bar(label: str, enabled: bool) -> Iterator[Callable[[int, float], None]]:
    """A count of regions on standard error; gives a function that takes their number and the radius reached."""
    with tqdm(desc=label, unit=" regions", file=sys.stderr, disable=not enabled) as bar:

        def show(found: int, radius: float) -> None:
            bar.set_postfix_str(f"exact up to radius {radius:.4g}", refresh=False)
            bar.update(found - bar.n)

        yield show
