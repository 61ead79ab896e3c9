"""The threshold of events that nobody gives: that of the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.pipeline import DetectionTask

STREET = Path(__file__).parents[2] / "examples" / "street.flac"


def test_the_small_network_has_one_of_its_own() -> None:
    detector = SoundEventDetection("PannsMini", device="cpu")
    assert detector.threshold == 0.2
    found = detector.detect(STREET).events
    assert found == detector.detect(STREET, threshold=0.2).events
    assert found != detector.detect(STREET, threshold=0.5).events
    assert [*detector.events(STREET)] == [*detector.events(STREET, threshold=0.2)]


def test_classes_that_a_mapping_leaves_out_have_it_too() -> None:
    detector = SoundEventDetection("PannsMini", device="cpu")
    given = detector.detect(STREET, threshold={"Speech": 0.9}).events
    speech = {event for event in detector.detect(STREET, threshold=0.9).events if event.index == 0}
    others = {event for event in detector.detect(STREET, threshold=0.2).events if event.index != 0}
    assert {*given} == speech | others


@pytest.mark.filterwarnings("ignore:LeeNet11 has no framewise")
@pytest.mark.parametrize("settings", [{"labels": [f"class {k}" for k in range(527)]}, {}])
def test_others_and_other_classes_have_one_half(settings: dict[str, list[str]]) -> None:
    name = "PannsMini" if settings else "LeeNet11"
    model = AudioTagging(name, pretrained=False, device="cpu", **settings)
    assert model.threshold == 0.5
    task = DetectionTask(model)
    assert task.rules.default_threshold == task.settings["default_threshold"] == 0.5
