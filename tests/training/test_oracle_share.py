"""What the oracle costs inside a real training run."""

import time

import pytest
import torch

from polyae.report.threads import one_thread
from polyae.training.draws import generator_of
from polyae.training.neighbour_oracle import NeighbourOracle
from polyae.training.protocol import RunSettings
from polyae.training.runs import TrainingState
from polyae.training.synthetic import synthetic_control


@pytest.mark.long
def test_the_search_costs_at_most_three_times_the_rest_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    find, asked = NeighbourOracle.find, [0.0]

    def timed(self, codes):  # type: ignore[no-untyped-def]
        began = time.process_time()
        found = find(self, codes)
        asked[0] += time.process_time() - began
        return found

    monkeypatch.setattr(NeighbourOracle, "find", timed)
    state, generator = TrainingState(synthetic_control(), RunSettings("second order exact")), generator_of(0)
    with one_thread():
        for number in range(40):
            if number == 10:
                asked[0], began = 0.0, time.process_time()
            chosen = torch.randint(len(state.train), (16,), generator=generator)
            state.step(state.train[chosen], generator)
        whole = time.process_time() - began
    assert asked[0] <= 3 * (whole - asked[0])
