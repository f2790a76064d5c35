"""Long enumerations in stages: what has been found is saved after each, so that a killed run can go on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from polyae.engines.enumeration import Budget, Engine, Enumeration, Progress, Status
from polyae.predicates.cell import Arrangement

__all__ = ["STAGE_SECONDS", "run_in_stages"]

STAGE_SECONDS = 300.0
"""Length of a stage.  Saving 10^6 regions and taking them up again costs a few seconds, about a hundredth of it."""


def run_in_stages(
    engine: Engine,
    arrangement: Arrangement,
    budget: Budget,
    progress: Progress | None,
    resume: Enumeration | None,
    save: Callable[[Enumeration], None],
) -> Enumeration:
    """Run an engine that can resume, and hand over what it has found whenever a stage is over.

    Parameters
    ----------
    engine : Engine
    arrangement : Arrangement
    budget : Budget
        Without `hops`, which are counted from the start.
    progress : callable, optional
    resume : Enumeration, optional
    save : callable
        Called between stages, not with the result.
    """
    limit = math.inf if budget.max_seconds is None else budget.max_seconds
    spent, last = 0.0, resume
    while True:
        # With as many regions as are allowed, what remains to be expanded is expanded in one go.
        full = last is not None and len(last.packed) == budget.max_regions
        left = limit - spent if full else min(STAGE_SECONDS, limit - spent)
        try:
            last = engine.run(arrangement, replace(budget, max_seconds=left), progress, last)
            spent += last.seconds
            last.seconds = spent
            if last.status is not Status.MAX_SECONDS or spent >= limit:
                return last
            last.status = Status.CHECKPOINT
            save(last)
        except KeyboardInterrupt:  # between two stages, or before the first
            if last is None:
                raise
            last.status = Status.INTERRUPTED
            return last
