"""Other programs that find the regions of a network, timed where they are installed; none is needed.

Each peer is a function of input dimension and hidden widths that gives seconds a region.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable

import numpy as np

from benchmarks.networks import module

__all__ = ["PEERS"]

#: Regions between which a peer is timed, so that its start-up does not count.
FEW, MORE = 20, 120


def relucent(h: int, hidden: tuple[int, ...]) -> float:
    """Relucent (Gaines and Bi, 2026): local search with Gurobi, cells clipped to the box, in a process of its own."""
    import relucent as package

    def seconds(regions: int) -> float:
        complex_ = package.Complex(module(h, hidden))
        began = time.perf_counter()  # its workers are processes, whose processor time is not ours
        complex_.bfs(
            start=np.zeros((1, h)), max_polys=regions, nworkers=1, cube_radius=1.0, cube_mode="clipped", verbose=0
        )
        return time.perf_counter() - began

    return (seconds(MORE) - seconds(FEW)) / (MORE - FEW)


_KNOWN: dict[str, Callable[[int, tuple[int, ...]], float]] = {"relucent": relucent}

#: Those that can be imported.
PEERS = {name: measure for name, measure in _KNOWN.items() if importlib.util.find_spec(name) is not None}
