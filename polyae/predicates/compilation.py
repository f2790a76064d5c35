"""The time that compilation takes, which is no part of any algorithm's."""

from __future__ import annotations

import time
from collections.abc import Callable

from numba.core import event

__all__ = ["COMPILATION", "Compilation", "clock"]


class Compilation(event.Listener):
    """How long kernels have taken to compile in this process; reading compiled ones from disk does not count.

    Attributes
    ----------
    seconds : float
    on_long : callable, optional
        Called once, when more than a second has gone into it: nothing useful was on disk.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.on_long: Callable[[], None] | None = None
        self._depth, self._began = 0, 0.0

    def on_start(self, event: object) -> None:
        """Kernels compile those that they call: the outermost one is timed."""
        if self._depth == 0:
            self._began = time.perf_counter()
        self._depth += 1

    def on_end(self, event: object) -> None:
        """Add the time of the outermost one."""
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._began
            if self.seconds > 1.0 and self.on_long is not None:
                tell, self.on_long = self.on_long, None
                tell()


COMPILATION = Compilation()
event.register("numba:compile", COMPILATION)


def clock() -> float:
    """Reading in seconds of a clock that stands still while kernels compile; for limits of time, and times reported."""
    return time.perf_counter() - COMPILATION.seconds
