"""Other programs that find the regions of a network, timed where they are installed; none is needed.

Each peer is a function of input dimension and hidden widths that gives seconds a region.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable

import numpy as np

from benchmarks.networks import module

__all__ = ["PEERS"]

#: Regions between which a peer is timed, so that its start-up does not count.
FEW, MORE = 10, 40


def relucent(h: int, hidden: tuple[int, ...]) -> float:
    """Relucent (Gaines and Bi, 2026): local search with Gurobi, cells clipped to the box, in a process of its own."""
    import relucent as package

    def seconds(regions: int) -> float:
        complex_ = package.Complex(module(h, hidden))
        began = _processor_time()
        complex_.bfs(
            start=np.zeros((1, h)), max_polys=regions, nworkers=1, cube_radius=1.0, cube_mode="clipped", verbose=0
        )
        return _processor_time() - began

    return (seconds(MORE) - seconds(FEW)) / (MORE - FEW)


def _processor_time() -> float:
    """Of this process and of its children that have ended."""
    return sum(os.times()[:4])


_KNOWN: dict[str, Callable[[int, tuple[int, ...]], float]] = {"relucent": relucent}

#: Those that can be imported.
PEERS = {name: measure for name, measure in _KNOWN.items() if importlib.util.find_spec(name) is not None}
