"""Ctrl-C in compiled code ends as KeyboardInterrupt, whatever the kernel returns."""

import os
import signal
import subprocess
import sys
import threading
from typing import Any

import numba as nb
import numpy as np
import pytest
from llvmlite.binding import executionengine

from polyae.predicates.interrupts import careful_interrupts, interruptible, raise_interrupt

#: A kernel of a fraction of a second that is interrupted in the middle, and returns a named tuple.
PROGRAM = """
import os, signal, threading
from typing import NamedTuple
import numba as nb, numpy as np
from numpy.typing import NDArray
from polyae.predicates.interrupts import interruptible

class Pair(NamedTuple):
    first: NDArray[np.float64]
    second: NDArray[np.float64]

@nb.njit(nogil=True)
def spin(count):
    total = np.zeros(2)
    for i in range(count):
        total[i & 1] += (0.5 * i) % 3.0
    return Pair(total, total)

spin(1)
count = 20_000_000
threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    interruptible(spin)(count)
    threading.Event().wait(10)
except KeyboardInterrupt:
    print("interrupted")
"""


@nb.njit(nogil=True)
def spin(count: int) -> tuple[object, object]:
    total = np.zeros(2)
    for i in range(count):
        total[i & 1] += (0.5 * i) % 3.0
    return total, total


def test_kernels_that_return_tuples_are_interrupted() -> None:
    spin(1)
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt), careful_interrupts():
        spin(20_000_000)
        threading.Event().wait(10)


def test_kernels_that_return_named_tuples_do_not_crash() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr


def test_the_compiler_is_interrupted_after_it_has_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    original, given = executionengine.string_at, []

    def string_at(*arguments: Any) -> Any:
        if not given:
            given.append(True)
            signal.raise_signal(signal.SIGINT)
        return original(*arguments)

    monkeypatch.setattr(executionengine, "string_at", string_at)
    double = nb.njit(lambda x: 2 * x)
    with pytest.raises(KeyboardInterrupt), careful_interrupts():
        double(1)
        threading.Event().wait(10)
    assert given and double(2) == 4


def test_handlers_of_the_program_s_own_stay() -> None:
    seen: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        with careful_interrupts():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert seen == [signal.SIGINT]


def test_the_plain_handler_comes_back() -> None:
    handler = interruptible(lambda: signal.getsignal(signal.SIGINT))
    assert handler() is raise_interrupt and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(handler()))
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]
