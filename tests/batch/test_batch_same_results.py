"""A recording gives the same result alone, in a folder, in any order, with any number of jobs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.batch import results
from panns_inference.pipeline import DetectionTask, EmbeddingTask, TaggingTask
from panns_inference.results import Result

TASKS = {"tag": TaggingTask, "detect": DetectionTask, "embed": EmbeddingTask}


def values(result: Any) -> dict[str, np.ndarray]:
    names = ("clipwise", "vector", "framewise")
    return {
        name: getattr(result, name) for name in names if getattr(result, name, None) is not None
    }


def assert_same(first: Result, second: Result) -> None:
    assert first.source == second.source
    assert first.duration == second.duration
    for name, array in values(first).items():
        # Values of an embedding are no probabilities: they have no bound.
        most = 1e-6 if name != "vector" else 1e-5 + 1e-4 * np.abs(array).max()
        assert np.abs(array - values(second)[name]).max() <= most, (first.source, name)
    for kind in ("events", "stretches"):
        pairs = zip(getattr(first, kind, ()), getattr(second, kind, ()), strict=True)
        for one, other in pairs:
            assert (one.onset, one.offset) == pytest.approx((other.onset, other.offset), abs=1e-9)


@pytest.fixture(scope="module")
def lee(leenet11: Path) -> AudioTagging:
    """The genuine LeeNet11."""
    path = leenet11
    return AudioTagging("LeeNet11", path, device="cpu")


@pytest.fixture(scope="module")
def sed() -> SoundEventDetection:
    """A detection network of random weights."""
    torch.manual_seed(0)
    return SoundEventDetection("Cnn14_DecisionLevelMax", device="cpu", pretrained=False)


@pytest.mark.sample(1)
@pytest.mark.parametrize(
    ("network", "name", "settings"),
    [
        ("mini", "tag", {}),
        ("mini", "embed", {"window": 1.0}),
        ("mini", "detect", {"threshold": 0.1, "framewise": True}),
        ("lee", "tag", {}),
        ("lee", "embed", {}),
        ("sed", "detect", {"threshold": 0.51, "framewise": True}),
    ],
)
def test_alone_in_a_folder_in_another_order_and_with_other_jobs(
    request: pytest.FixtureRequest, folder: Path, network: str, name: str, settings: dict[str, Any]
) -> None:
    model = request.getfixturevalue(network)
    if network == "sed":
        shutil.rmtree(folder / "deeper")
    task = TASKS[name](model, **settings)
    batched = {str(each.source): each for each in results(task, [folder], jobs=1)}
    assert len(batched) == (8 if network == "sed" else 9)
    backwards = list(reversed(batched))
    ways = [results(task, [folder], jobs=5), results(task, backwards, jobs=2)]
    for way in ways:
        for result in way:
            assert_same(result, batched[str(result.source)])
    for path in backwards:
        assert_same(getattr(model, name)(path, **settings), batched[path])
