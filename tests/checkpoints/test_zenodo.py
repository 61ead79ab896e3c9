"""The published files from Zenodo itself: downloaded for real, and compared with published values.

Selected with `pytest -m network`. They were written where Zenodo could not be reached, and were
never seen to pass.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from panns_inference import AudioTagging, Detection, SoundEventDetection
from panns_inference.checkpoints import CHECKPOINTS, fetch, verify

pytestmark = pytest.mark.network

TAGS = {
    "Speech": 0.893,
    "Telephone bell ringing": 0.754,
    "Inside, small room": 0.235,
    "Telephone": 0.183,
    "Music": 0.092,
    "Ringtone": 0.047,
    "Inside, large room or hall": 0.028,
    "Alarm": 0.014,
    "Animal": 0.009,
    "Vehicle": 0.008,
}
"""What the README of the reference prints for its example with CNN14."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests of this module."""
    return tmp_path_factory.mktemp("zenodo")


@pytest.fixture(autouse=True)
def cache(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANNS_HOME", str(home))


@pytest.mark.parametrize("name", ["LeeNet11", "Cnn14", "Cnn14_DecisionLevelMax", "mn04_as"])
def test_the_published_bytes(name: str) -> None:
    path = fetch(CHECKPOINTS[name])
    assert verify(path, CHECKPOINTS[name]).verdict == "verified"


@pytest.mark.shared("the published weights of LeeNet11")
def test_the_genuine_file_is_the_one_that_the_tests_use(shared: Path) -> None:
    local = shared / "weights" / "LeeNet11_mAP=0.266.pth"
    assert fetch(CHECKPOINTS["LeeNet11"]).read_bytes() == local.read_bytes()


@pytest.mark.shared("the example of the reference")
def test_the_tags_of_the_example(shared: Path) -> None:
    tagging = AudioTagging(device="cpu").tag(shared / "audio" / "R9_ZSCveAHg_7s.wav")
    assert {tag.label: round(tag.probability, 3) for tag in tagging.top(10)} == TAGS
    assert [tag.label for tag in tagging.top(10)] == list(TAGS)
    assert tagging.embedding is not None
    assert tagging.embedding.shape == (2048,)


@pytest.mark.shared("the example of the reference")
def test_the_events_of_the_example(shared: Path) -> None:
    r9 = shared / "audio" / "R9_ZSCveAHg_7s.wav"
    detection = SoundEventDetection(device="cpu").detect(r9, framewise=True)
    assert detection.framewise.shape == (701, 527)
    strongest = sorted(detection.labels, key=lambda label: -loudest(detection, label))
    assert set(strongest[:2]) == {"Speech", "Telephone bell ringing"}


def loudest(detection: Detection, label: str) -> float:
    """Largest probability of a class in any frame."""
    return float(detection.framewise[:, detection.labels.index(label)].max())
