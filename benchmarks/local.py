"""Exact neighbours of codes, against one warm HiGHS program a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.networks import default_initialised
from polyae import Box, Space, neighbours
from polyae.complex.enumerate import arrange
from polyae.engines.local import expand_points
from polyae.engines.reference import cross_facets, start_region
from polyae.lp.highs_solver import HighsProgram
from polyae.predicates.rational import homogeneous

__all__ = ["run"]

#: Input dimension and hidden widths.
DECODERS = ((10, (32, 64, 128)), (2, (32, 64)), (10, (64, 64)), (16, (64, 128)), (32, (128, 128)), (10, (500, 500)))


def run(best: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """Codes of decoders of growing size; the first is the one that the targets name."""
    for h, hidden in DECODERS:
        net = default_initialised(h, hidden, outputs=128)
        codes = np.random.default_rng(0).normal(size=(16, h))
        for domain in (Space(h), Box(np.full(h, -5.0), np.full(h, 5.0))):
            arrangement = arrange(net, domain)
            expand_points(arrangement, codes[:1])
            each = [best(lambda: neighbours(net, code, domain), 2)[0] for code in codes]  # noqa: B023
            seconds, found = best(lambda: expand_points(arrangement, codes), 3)  # noqa: B023
            pattern, witness = start_region(arrangement, homogeneous(codes[0].tolist()))
            cell = arrangement.cell(pattern)
            plain, _ = best(lambda: cross_facets(cell, witness, HighsProgram), 1)  # noqa: B023
            yield {
                "decoder": "x".join(map(str, (h, *hidden))), "domain": type(domain).__name__,
                "neighbours": len(found.owner) / len(codes), "ms_per_code": 1e3 * seconds / len(codes),
                "single_mean_ms": 1e3 * float(np.mean(each)), "single_worst_ms": 1e3 * max(each),
                "ratio_reference": plain / (seconds / len(codes)),
                "exact_share": arrangement.kernel.counts.exact_share,
            }  # fmt: skip
