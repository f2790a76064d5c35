"""Measurements that need a process of their own: peak memory, and the first call."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
import time
from pathlib import Path

from benchmarks.networks import default_initialised, unit_box
from polyae import enumerate_regions

PROCESS = Path("/proc/self")
#: Whether the peak of the resident set can be reset, as on Linux.
RESETTABLE = os.access(PROCESS / "clear_refs", os.W_OK)


def new_peak() -> int:
    """Resident bytes now, few of which are free; where that is possible the peak is counted anew from here on."""
    if not RESETTABLE:
        return peak()
    # What earlier work has freed and the allocator has kept would hide what comes, so it goes back first.
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
    (PROCESS / "clear_refs").write_text("5")
    return _status("VmRSS")


def peak() -> int:
    """Largest number of resident bytes, since the process began if it could not be reset."""
    if RESETTABLE:
        return _status("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _status(name: str) -> int:
    lines = (PROCESS / "status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name))


def grow(h: int, hidden: tuple[int, ...], half: float, engine: str = "subdivide") -> None:
    """Regions, processor seconds, growth of the resident set, bytes of the returned arrays, bytes a packed pattern."""
    small, net = default_initialised(h, (16, 16)), default_initialised(h, hidden)
    enumerate_regions(small, unit_box(h), engine=engine)  # loads compiled code, and takes little memory
    if h == 2:  # where vertices have to be placed anew
        enumerate_regions(default_initialised(h, 10 * (16,)), unit_box(h, 30.0), engine=engine)
    enumerate_regions(net, unit_box(h, 0.01), engine=engine)  # prepares what belongs to the network alone
    began = time.process_time()
    enumerate_regions(net, unit_box(h, half), engine=engine)
    seconds = time.process_time() - began
    before = new_peak()
    cx = enumerate_regions(net, unit_box(h, half), engine=engine)
    grown = peak() - before
    returned = sum(a.nbytes for a in (cx.witnesses, cx.edges, cx.edge_units, cx.expanded))
    print(len(cx), seconds, grown, returned, cx.packed.shape[1])


def first(engine: str) -> None:
    """Processor seconds of an enumeration in a new process."""
    net = default_initialised(2, (16, 16))
    began = time.process_time()
    enumerate_regions(net, unit_box(2), engine=engine)
    print(time.process_time() - began)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["grow", h, hidden, half]:
            grow(int(h), tuple(int(n) for n in hidden.split("x")), float(half))
        case ["first", engine]:
            first(engine)
