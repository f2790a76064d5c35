"""The time that compilation takes, and loading of what has been compiled, which is no part of any algorithm's."""

from __future__ import annotations

import time
from collections.abc import Callable

from numba.core import event

__all__ = ["COMPILATION", "LOADING", "Compilation", "Timer", "clock"]


class Timer(event.Listener):
    """Adds up the time of events of one kind, which may be nested.

    Attributes
    ----------
    seconds : float
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth, self._began = 0, 0.0

    def on_start(self, event: object) -> None:
        """Kernels compile, and load, those that they call: the outermost one is timed."""
        if self._depth == 0:
            self._began = time.perf_counter()
        self._depth += 1

    def on_end(self, event: object) -> None:
        """Add the time of the outermost one."""
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._began


class Compilation(Timer):
    """How long kernels have taken to compile in this process; reading compiled ones from disk does not count.

    Attributes
    ----------
    on_long : callable, optional
        Called once, when more than a second has gone into it: nothing useful was on disk.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_long: Callable[[], None] | None = None

    def on_end(self, event: object) -> None:
        """Add the time, and tell if it has become long."""
        super().on_end(event)
        if self.seconds > 1.0 and self.on_long is not None:
            tell, self.on_long = self.on_long, None
            tell()


COMPILATION = Compilation()
event.register("numba:compile", COMPILATION)
#: Kernels are loaded, or compiled where that cannot be, under numba's lock.
LOADING = Timer()
event.register("numba:compiler_lock", LOADING)


def clock() -> float:
    """Reading in seconds of a clock that stands still while kernels are loaded or compiled.

    For limits of time, and times that are reported.
    """
    return time.perf_counter() - LOADING.seconds
