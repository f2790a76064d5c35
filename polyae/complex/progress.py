"""A progress bar that costs nothing when it is off."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from tqdm import tqdm

__all__ = ["ProgressBar"]


class ProgressBar:
    """Count of regions with the rate, on standard error.

    The total is not known beforehand, so the number of regions still to be expanded is shown instead.

    Parameters
    ----------
    enabled : bool
    """

    def __init__(self, enabled: bool) -> None:
        self._bar = tqdm(unit=" regions", file=sys.stderr, disable=not enabled)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def update(self, found: int, waiting: int) -> None:
        """Show the number found so far, and the number waiting to be expanded."""
        self._bar.update(found - self._bar.n)
        self._bar.set_postfix_str(f"{waiting} to expand", refresh=False)
