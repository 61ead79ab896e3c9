"""Outputs of each network against those of the reference, with the same weights and waveforms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from panns_inference.models import REFERENCE, Network

PROBABILITY = 1e-5
"""Six times the scatter of the reference itself."""

EMBEDDING = 1e-4
"""Of the largest value."""

Filled = Callable[[str], Network]


def waveforms(fill: ModuleType, wanted: np.lib.npyio.NpzFile, length: str) -> torch.Tensor:
    batch = fill.batch(int(wanted[f"{length}_samples"]), int(wanted["sample_rate"]))
    # Sine and exponential may differ in their last bit from those of the reference's machine.
    sums = batch.sum(axis=1, dtype=np.float64)
    np.testing.assert_allclose(sums, wanted[f"{length}_input_sum"], rtol=0, atol=1e-2)
    return torch.from_numpy(batch)


def check(
    network: Network, fill: ModuleType, wanted: np.lib.npyio.NpzFile, limit: float = PROBABILITY
) -> None:
    dtype = network.fc1.weight.dtype
    for length in ("short", "long"):
        batch = waveforms(fill, wanted, length).to(dtype)
        with torch.no_grad():
            outputs = {name: value.numpy() for name, value in network(batch).items()}
        assert tuple(outputs) == network.output_names
        assert all(torch.from_numpy(value).dtype == dtype for value in outputs.values())
        near = {"rtol": 0, "atol": limit}
        np.testing.assert_allclose(outputs["clipwise_output"], wanted[f"{length}_clipwise"], **near)
        if "embedding" in outputs:
            embedding = wanted[f"{length}_embedding"]
            near = {"rtol": 0, "atol": EMBEDDING * embedding.max()}
            np.testing.assert_allclose(outputs["embedding"], embedding, **near)
            assert outputs["embedding"].min() >= 0
        else:
            check_frames(outputs["framewise_output"], wanted, length, limit)


def check_frames(
    framewise: np.ndarray, wanted: np.lib.npyio.NpzFile, length: str, limit: float
) -> None:
    assert framewise.shape == tuple(wanted[f"{length}_framewise_shape"])
    segmentwise = wanted[f"{length}_segmentwise"]
    # Each segment stands for 32 frames, the last one also for what is left.
    nearest = np.minimum(np.arange(framewise.shape[1]) // 32, segmentwise.shape[1] - 1)
    np.testing.assert_allclose(framewise, segmentwise[:, nearest], rtol=0, atol=limit)
    if length == "short":
        np.testing.assert_allclose(framewise, wanted["short_framewise"], rtol=0, atol=limit)


@pytest.mark.parametrize("name", REFERENCE)
def test_outputs_are_those_of_the_reference(
    name: str, golden: Path, fill: ModuleType, filled: Filled
) -> None:
    with np.load(golden / f"{name}.npz") as wanted:
        check(filled(name), fill, wanted)


@pytest.mark.parametrize("name", ["Cnn6", "LeeNet11", "DaiNet19"])
def test_in_float64_the_outputs_are_those_of_the_reference_and_stay_float64(
    name: str, golden: Path, fill: ModuleType, filled: Filled
) -> None:
    with np.load(golden / f"{name}.npz") as wanted:
        check(filled(name).double(), fill, wanted, limit=2e-6)


@pytest.mark.parametrize("name", ["Cnn10", "LeeNet24"])
def test_a_clip_gives_the_same_alone_and_in_a_batch(
    name: str, fill: ModuleType, filled: Filled
) -> None:
    network, batch = filled(name), torch.from_numpy(fill.batch(32000, 32000))
    with torch.no_grad():
        together = network(batch)["clipwise_output"]
        alone = torch.cat([network(clip[None])["clipwise_output"] for clip in batch])
    torch.testing.assert_close(together, alone, rtol=0, atol=PROBABILITY)


@pytest.mark.parametrize("name", ["Cnn6", "LeeNet11", "Cnn14_DecisionLevelAtt"])
def test_a_batch_of_none_gives_none(name: str, filled: Filled) -> None:
    outputs = filled(name)(torch.zeros(0, 32000))
    assert [len(output) for output in outputs.values()] == [0, 0]
    assert outputs["clipwise_output"].shape == (0, 527)
