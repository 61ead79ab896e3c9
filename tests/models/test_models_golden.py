"""Outputs of each network against those of the reference, with the same weights and waveforms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from reference import formulas
from reference.stored import REFERENCE, cases

from panns_inference.models import Network

PROBABILITY = 1e-5
"""Six times the scatter of the reference itself."""

EMBEDDING = 1e-4
"""Of the largest value."""

Filled = Callable[[str], Network]


def check(network: Network, name: str, limit: float = PROBABILITY) -> None:
    dtype = network.fc1.weight.dtype
    for waveforms, wanted in cases(name):
        with torch.no_grad():
            outputs = network(torch.from_numpy(waveforms).to(dtype))
        assert tuple(outputs) == network.output_names
        assert outputs.keys() == wanted.keys()
        for output, values in wanted.items():
            found = outputs[output]
            assert found.dtype == dtype
            assert found.min() >= 0
            near = EMBEDDING * values.max() if output == "embedding" else limit
            np.testing.assert_allclose(found.numpy(), values, rtol=0, atol=near)


@pytest.mark.parametrize("name", REFERENCE)
def test_outputs_are_those_of_the_reference(name: str, filled: Filled) -> None:
    check(filled(name), name)


@pytest.mark.parametrize("name", ["Cnn6", "LeeNet11", "DaiNet19"])
def test_in_float64_the_outputs_are_those_of_the_reference_and_stay_float64(
    name: str, filled: Filled
) -> None:
    check(filled(name).double(), name, limit=2e-6)


@pytest.mark.parametrize("name", ["Cnn10", "LeeNet24"])
def test_a_clip_gives_the_same_alone_and_in_a_batch(name: str, filled: Filled) -> None:
    network, batch = filled(name), torch.from_numpy(formulas.batch(32000, 32000))
    with torch.no_grad():
        together = network(batch)["clipwise_output"]
        alone = torch.cat([network(clip[None])["clipwise_output"] for clip in batch])
    torch.testing.assert_close(together, alone, rtol=0, atol=PROBABILITY)


@pytest.mark.parametrize("name", ["Cnn6", "LeeNet11", "Cnn14_DecisionLevelAtt"])
def test_a_batch_of_none_gives_none(name: str, filled: Filled) -> None:
    outputs = filled(name)(torch.zeros(0, 32000))
    assert [len(output) for output in outputs.values()] == [0, 0]
    assert outputs["clipwise_output"].shape == (0, 527)
