"""Ctrl-C and SIGTERM end a command alike: what has been done is kept, and the exit code tells which it was.

SIGTERM is what a cluster sends before it kills.
"""

from __future__ import annotations

import signal
from types import FrameType

from polyae.predicates.interrupts import raise_interrupt

__all__ = ["StopSignals"]


class StopSignals:
    """The signals that end a command, each taken as Ctrl-C.

    Attributes
    ----------
    received : int or None
        The first one that came.
    """

    def __init__(self) -> None:
        self.received: int | None = None

    def listen(self) -> None:
        """Take over both signals, but leave Ctrl-C ignored where the shell has it so, as for background jobs."""
        signal.signal(signal.SIGTERM, self._stop)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.received is None:
            self.received = number
        raise_interrupt(number, frame)

    def exit_code(self, code: int) -> int:
        """Exit code of a command that would have ended with `code`: 128 and the signal, if one came."""
        return code if self.received is None else 128 + self.received
