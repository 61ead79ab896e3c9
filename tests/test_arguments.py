"""Arguments by keyword: a mistyped one is answered with the one that is meant."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.errors import ArgumentError, PannsError, UsageError
from panns_inference.events import find_events
from panns_inference.models import build, network_class
from panns_inference.registry import NETWORKS
from panns_inference.results import Tagging

NOISE = np.random.default_rng(0).normal(0, 0.1, 32_000)


@pytest.fixture(scope="module")
def detector() -> SoundEventDetection:
    return SoundEventDetection("PannsMini", device="cpu")


MISTYPED: dict[str, tuple[Callable[[SoundEventDetection], Any], str]] = {
    "detect": (
        lambda model: model.detect(NOISE, 32_000, treshold=0.3),
        r"^detect\(\) has no argument 'treshold'; did you mean threshold or threshold_off\?$",
    ),
    "rate": (
        lambda model: model.detect(NOISE, sampling_rate=32_000),
        r"^detect\(\) has no argument 'sampling_rate'; did you mean sample_rate\?$",
    ),
    "tag": (
        lambda model: model.tag(NOISE, 32_000, chanel="each"),
        r"^tag\(\) has no argument 'chanel'; did you mean channel\?$",
    ),
    "of the result": (
        lambda model: model.tag(NOISE, 32_000, threshold=0.3),
        r"^tag\(\) has no argument 'threshold'; did you mean threshold= of top\(\)\?$",
    ),
    "of the constructor": (
        lambda model: model.embed(NOISE, 32_000, device="cpu"),
        r"^embed\(\) has no argument 'device'; did you mean device= of SoundEventDetection\(\)\?$",
    ),
    "nothing like it": (
        lambda model: model.embed(NOISE, 32_000, qqq=1),
        r"^embed\(\) has no argument 'qqq'; it has audio, sample_rate, window, hop, min_clip, sk",
    ),
    "events": (
        lambda model: model.events(NOISE, 32_000, treshold=0.3),
        r"^events\(\) has no argument 'treshold'; did you mean threshold or",
    ),
    "tags": (
        lambda model: model.tags(NOISE, 32_000, window=1.0, hops=1.0),
        r"^tags\(\) has no argument 'hops'; did you mean hop\?$",
    ),
    "embeddings": (
        lambda model: model.embeddings(NOISE, 32_000, window=1.0, hops=1.0),
        r"^embeddings\(\) has no argument 'hops'; did you mean hop\?$",
    ),
    "AudioTagging": (
        lambda _: AudioTagging("PannsMini", devcie="cpu"),
        r"^AudioTagging\(\) has no argument 'devcie'; did you mean device\?$",
    ),
    "a setting": (
        lambda _: AudioTagging("PannsMini", mel_bin=64),
        r"^AudioTagging\(\) has no argument 'mel_bin'; did you mean mel_bins\?$",
    ),
    "of a method": (
        lambda _: AudioTagging("PannsMini", treshold=0.3),
        r"^AudioTagging\(\) has no argument 'treshold'; did you mean threshold= of detect\(\)\?$",
    ),
    "a module": (
        lambda _: AudioTagging(torch.nn.Identity(), checkpoint="a.pth"),
        r"^AudioTagging\(\) has no argument 'checkpoint'; did you mean checkpoint_path\?$",
    ),
    "a file": (
        lambda _: AudioTagging("a.onnx", devcie="cpu"),
        r"^AudioTagging\(\) has no argument 'devcie'; did you mean device\?$",
    ),
    "SoundEventDetection": (
        lambda _: SoundEventDetection("PannsMini", interpolation_mode="linear"),
        r"^SoundEventDetection\(\) has no argument .*; did you mean interpolate_mode\?$",
    ),
    "find_events": (
        lambda _: find_events(np.zeros((3, 527)), 100, treshold=0.3),
        r"^Rules\(\) has no argument 'treshold'; did you mean threshold, threshold_off or",
    ),
    "build": (
        lambda _: build("Cnn6", sampel_rate=16_000),
        r"^build\(\) has no argument 'sampel_rate'; did you mean sample_rate\?$",
    ),
}


@pytest.mark.parametrize("case", MISTYPED)
def test_what_is_mistyped_is_answered_with_what_is_meant(
    detector: SoundEventDetection, case: str
) -> None:
    call, message = MISTYPED[case]
    for family in (TypeError, ArgumentError, UsageError, PannsError):
        with pytest.raises(family, match=message):
            call(detector)


def test_settings_are_those_of_the_networks() -> None:
    known = {
        name for each in NETWORKS for name in inspect.signature(network_class(each)).parameters
    }
    shown = inspect.signature(SoundEventDetection).parameters
    assert shown["interpolate_mode"].default == "nearest"
    assert {"labels", "pretrained", "cache_folder", "precision", "memory", "threads"} <= {*shown}
    for name in known - {"classes_num"}:
        with pytest.raises(UsageError, match=f"a module has its own {name}"):
            AudioTagging(torch.nn.Identity(), device="cpu", pretrained=False, **{name: 1})


# Labels of one's own -----------------------------------------------------------------------------


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANNS_OFFLINE", "1")


NAMES = ["speech", "music", "else"]


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_a_network_with_labels_keeps_its_weights(kind: Callable[[list[str]], Any]) -> None:
    torch.manual_seed(0)
    network = build("Cnn6", classes_num=3)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    tagger = AudioTagging(network, labels=kind(NAMES), device="cpu", verbose=False)
    assert (tagger.labels, tagger.classes_num, tagger.checkpoint) == (NAMES, 3, None)
    after = network.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    tagging = tagger.tag(NOISE, 32_000)
    assert isinstance(tagging, Tagging)
    assert {tag.label for tag in tagging} == {*NAMES}
    assert tagging["Music"] == float(tagging.clipwise[1])
    with torch.no_grad():
        expected = network(torch.from_numpy(NOISE[None]).float(), None)["clipwise_output"][0]
    np.testing.assert_allclose(tagging.clipwise, expected, atol=1e-6)


@pytest.mark.usefixtures("offline")
def test_events_of_a_network_with_labels() -> None:
    network = build("Cnn14_DecisionLevelMax", classes_num=3)
    detector = SoundEventDetection(network, labels=NAMES, device="cpu", verbose=False)
    assert {event.label for event in detector.detect(NOISE, 32_000, threshold=0.01)} <= {*NAMES}
    assert detector.classes_num == 3


@pytest.mark.usefixtures("offline")
def test_a_name_with_labels_has_as_many_classes(tmp_path: Path) -> None:
    named = AudioTagging("Cnn6", labels=NAMES, device="cpu", pretrained=False)
    assert named.model.fc_audioset.out_features == 3
    path = tmp_path / "own.pth"
    torch.save(named.model.state_dict(), path)
    loaded = AudioTagging("Cnn6", path, "cpu", labels=NAMES)
    np.testing.assert_array_equal(loaded.inference(NOISE)[0], named.inference(NOISE)[0])


@pytest.mark.usefixtures("offline")
def test_weights_of_other_classes_are_not_fetched() -> None:
    message = "^3 labels do not fit the published weights of Cnn6, for 527 classes: give a check"
    with pytest.raises(UsageError, match=message):
        AudioTagging("Cnn6", labels=NAMES, device="cpu")
    with pytest.raises(UsageError, match="3 labels do not fit the published weights of Cnn14"):
        AudioTagging(build("Cnn6", 3), labels=NAMES, device="cpu", pretrained=True)


def test_published_weights_may_have_labels_in_another_language() -> None:
    translated = [f"Klasse {index}" for index in range(527)]
    tagger = AudioTagging("PannsMini", labels=translated, device="cpu")
    assert tagger.checkpoint is not None
    assert tagger.tag(NOISE, 32_000).tags[0].label.startswith("Klasse ")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("names.txt", r"^labels are the names of the classes .*, not str 'names.txt'$"),
        (Path("names.txt"), "^labels are the names of the classes in their order, such as"),
        ({0: "a", 1: "b"}, r"^labels are .*, not dict .*: give list\(labels.values\(\)\)$"),
        (3, "^labels are the names of the classes in their order, .* not int 3$"),
        ([1, 2, 3], r"^labels are names of one class or more, not \[1, 2, 3\]$"),
        ([], r"^labels are names of one class or more, not \[\]$"),
    ],
)
def test_what_are_no_labels(labels: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        AudioTagging("PannsMini", labels=labels, device="cpu")
