"""The facet test: every row of a polytope, against HiGHS kept warm and SciPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from polyae import Box, Layer, Network
from polyae.complex.enumerate import arrange
from polyae.lp.facet_search import FACET, decide_rows, search_workspace
from polyae.lp.highs_solver import HighsProgram
from polyae.lp.program import push_through
from polyae.lp.scipy_solver import ScipyProgram
from polyae.predicates.compiled import build_rows, workspace
from polyae.predicates.flat import flatten

__all__ = ["run"]


def run(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """Rows of random polytopes around the origin, decided and proved."""
    for rows, h in ((64, 8), (32, 4), (224, 10)):
        rng = np.random.default_rng(0)
        normals = rng.normal(size=(rows, h))
        net = Network([Layer(normals, rng.uniform(0.5, 2.0, rows) * np.linalg.norm(normals, axis=1), 0.0)])
        flat = flatten(arrange(net, Box(np.full(h, -50.0), np.full(h, 50.0))))
        cell = workspace(flat, rows)
        search = search_workspace(len(cell.source), h)
        inside, bits = np.zeros(h), np.ones(rows, dtype=np.uint8)
        m = build_rows(flat, bits, cell)
        decide_rows(cell, m, inside, search, flat)
        ours, left = best(lambda: [decide_rows(cell, m, inside, search, flat) for _ in range(20)], 5)  # noqa: B023
        values = np.array(cell.rows[:, :m].T)
        peers = {}
        for name, solver in (("highs", HighsProgram), ("scipy", ScipyProgram)):
            program = solver(values)
            tried = min(m, 16)
            peers[name] = best(lambda: [push_through(program, i) for i in range(tried)], 2)[0] / tried  # noqa: B023
        row = ours / 20 / m
        yield {
            "rows": m, "h": h, "facets": int((search.status[:m] == FACET).sum()), "left_open": max(left),
            "us_per_row": 1e6 * row, "highs_us": 1e6 * peers["highs"], "scipy_us": 1e6 * peers["scipy"],
            "ratio_highs": peers["highs"] / row, "ratio_scipy": peers["scipy"] / row,
        }  # fmt: skip
