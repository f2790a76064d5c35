"""Ctrl-C while compiled code hands over its results, or the compiler does.

Numba makes Python objects of a kernel's arrays with the help of a Python function, in which a signal that came in the
meantime is handled.  An exception out of there spoils a tuple (``SystemError``) and crashes on a named one: it waits.
LLVM calls Python with what it has compiled, and ignores an exception out of there, but the compiled code is then
missing (``RuntimeError``).

Handlers are set by the functions under those of :mod:`signal`, which before Python 3.12 take 40 microseconds to find
that handlers are none of its constants.
"""

from __future__ import annotations

import os
import signal
import threading
from _signal import getsignal  # type: ignore[import-not-found]
from _signal import signal as set_handler
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import ParamSpec, TypeVar

from llvmlite.binding.executionengine import ExecutionEngine
from numba.core import serialize

__all__ = ["careful_interrupts", "interruptible", "raise_interrupt"]

#: The functions that foreign code calls and that must not end in an exception.
HANDING_OVER = frozenset({
    serialize._numba_unpickle.__code__,
    ExecutionEngine._raw_object_cache_notify.__code__,
    ExecutionEngine._raw_object_cache_getbuffer.__code__,
})  # fmt: skip

#: Seconds until a signal that came at a wrong time is given again; handing over takes microseconds.
WAIT = 0.001

_P = ParamSpec("_P")
_R = TypeVar("_R")


def raise_interrupt(number: int, frame: FrameType | None) -> None:
    """Handler of signals: raise KeyboardInterrupt, a moment later if compiled code or the compiler is handing over.

    Raises
    ------
    KeyboardInterrupt
    """
    while frame is not None:
        if frame.f_code in HANDING_OVER:
            threading.Timer(WAIT, os.kill, (os.getpid(), number)).start()
            return
        frame = frame.f_back
    raise KeyboardInterrupt


@contextmanager
def careful_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait for kernels to hand over, unless the program has a handler of its own or this is a thread."""
    plain = getsignal(signal.SIGINT) is signal.default_int_handler
    if not plain or threading.current_thread() is not threading.main_thread():
        yield
        return
    set_handler(signal.SIGINT, raise_interrupt)
    try:
        yield
    finally:
        set_handler(signal.SIGINT, signal.default_int_handler)


def interruptible(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Run a function under :func:`careful_interrupts`."""

    @wraps(function)
    def careful(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with careful_interrupts():
            return function(*args, **kwargs)

    return careful
