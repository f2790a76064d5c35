"""Measurements that need a process of their own: peak memory, and the first call."""

from __future__ import annotations

import resource
import sys
import time

from benchmarks.networks import default_initialised, unit_box
from polyae import enumerate_regions


def grow(h: int, hidden: tuple[int, ...], half: float, engine: str = "subdivide") -> None:
    """Regions, processor seconds, growth of the resident set, bytes of the returned arrays, bytes a packed pattern."""
    small, net = default_initialised(h, (16, 16)), default_initialised(h, hidden)
    enumerate_regions(small, unit_box(h), engine=engine)  # loads all compiled code, and takes little memory
    enumerate_regions(net, unit_box(h, 0.01), engine=engine)  # prepares what belongs to the network alone
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    cx = enumerate_regions(net, unit_box(h, half), engine=engine)
    seconds = time.process_time() - began
    peak = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    returned = sum(a.nbytes for a in (cx.witnesses, cx.edges, cx.edge_units, cx.expanded))
    print(len(cx), seconds, peak, returned, cx.packed.shape[1])


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
