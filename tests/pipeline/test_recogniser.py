"""`tag`, `detect` and `embed`: from a file, an open file or samples to a result."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.audioset import labels, mids
from panns_inference.errors import AudioError, CheckpointError, DownloadError, UsageError
from panns_inference.models import build


@pytest.fixture(scope="module")
def tagger(leenet11: Path) -> AudioTagging:
    return AudioTagging("leenet-11", leenet11, "cpu")


@pytest.fixture(scope="module")
def detector(published: Path) -> SoundEventDetection:
    path = published / "Cnn14_DecisionLevelMax.pth"
    return SoundEventDetection("Cnn14_DecisionLevelMax", path, "cpu")


def test_a_tagging(tagger: AudioTagging, clip: Path) -> None:
    tagging = tagger.tag(clip)
    assert tagging.source == str(clip)
    assert tagging.duration == 7.0
    assert tagging.model == "LeeNet11"
    assert len(tagging.tags) == 527
    probabilities = [tag.probability for tag in tagging.tags]
    assert probabilities == sorted(probabilities, reverse=True)
    for tag in tagging.tags:
        assert (tag.label, tag.mid) == (labels[tag.index], mids[tag.index])
        assert tag.probability == float(tagging.clipwise[tag.index]) == tagging[tag.label]
    assert [tag.label for tag in tagging.top(2)] == ["Speech", "Telephone bell ringing"]
    assert [tag.label for tag in tagging.top(None, 0.4)] == ["Speech", "Telephone bell ringing"]
    assert tagging.embedding is not None
    assert tagging.embedding.shape == (512,)
    assert list(tagging) == list(tagging.tags)
    assert "Speech" in tagging
    assert "Spech" not in tagging
    with pytest.raises(UsageError, match="n=-1 is no number of tags"):
        tagging.top(-1)
    with pytest.raises(KeyError, match="Spech"):
        tagging["Spech"]


def test_a_tagging_in_print_and_as_json(tagger: AudioTagging, clip: Path) -> None:
    tagging = tagger.tag(clip)
    lines = repr(tagging).splitlines()
    assert lines[0] == f"Tagging of {clip} (7.00 s, LeeNet11)"
    assert lines[1] == f"  {tagging['Speech']:.3f}  Speech"
    assert len(lines) == 11
    content = json.loads(json.dumps(tagging.to_dict(n=3)))
    assert content["source"] == str(clip)
    assert [tag["label"] for tag in content["tags"]] == [tag.label for tag in tagging.tags[:3]]
    assert len(tagging.to_dict()["tags"]) == 527


def test_every_way_to_name_a_recording(tagger: AudioTagging, clip: Path) -> None:
    expected = tagger.tag(clip).clipwise
    samples, rate = soundfile.read(clip, dtype="float32")
    with clip.open("rb") as file:
        opened = tagger.tag(file)
    assert opened.source == str(clip)
    in_memory = tagger.tag(samples, rate)
    assert in_memory.source is None
    assert repr(in_memory).startswith("Tagging (7.00 s, LeeNet11)")
    for found in (
        tagger.tag(str(clip)),
        opened,
        tagger.tag(io.BytesIO(clip.read_bytes())),
        in_memory,
        tagger.tag(torch.from_numpy(samples), sample_rate=rate),
        tagger.tag(np.stack([samples, samples]), rate),
    ):
        assert np.array_equal(found.clipwise, expected)


def test_other_rates_are_resampled(tagger: AudioTagging, clip: Path) -> None:
    samples, rate = soundfile.read(clip, dtype="float32")
    expected = tagger.tag(clip)
    for other in (44100, 48000):
        found = tagger.tag(soxr.resample(samples, rate, other), other)
        assert np.abs(found.clipwise - expected.clipwise).max() < 0.01
        assert found.duration == pytest.approx(7.0, abs=1e-4)
        again = tagger.tag(soxr.resample(samples, rate, other), other, resampler="resampy")
        assert np.abs(again.clipwise - found.clipwise).max() < 0.01


def test_integers_are_scaled(tagger: AudioTagging, clip: Path) -> None:
    integers, rate = soundfile.read(clip, dtype="int16")
    assert np.array_equal(tagger.tag(integers, rate).clipwise, tagger.tag(clip).clipwise)


def test_a_detection(detector: SoundEventDetection, clip: Path) -> None:
    rules = {"threshold": 0.8, "threshold_off": 0.6, "min_duration": 0.3}
    detection = detector.detect(clip, framewise=True, **rules)
    assert detection.source == str(clip)
    assert detection.framewise.shape == (701, 527)
    assert detection.n_frames == 701
    assert detection.n_samples == 224_000
    assert detector.detect(clip, **rules).framewise is None
    assert detection.frames_per_second == 100
    assert detection.events
    for event in detection.events:
        inside = detection.framewise[round(event.onset * 100) : round(event.offset * 100)]
        column = inside[:, event.index]
        assert event.probability == column.max() >= 0.8
        assert column.min() >= 0.6
        assert event.duration >= 0.3
        assert 0 <= event.onset < event.offset <= detection.duration
    assert np.array_equal(detection.clipwise, detection.framewise.max(axis=0))
    samples, _ = soundfile.read(clip, dtype="float32")
    assert np.array_equal(detection.framewise, detector.inference(samples)[0])


def test_a_detection_in_print_and_as_json(detector: SoundEventDetection, clip: Path) -> None:
    detection = detector.detect(clip, threshold=0.8)
    lines = repr(detection).splitlines()
    assert lines[0] == f"Detection of {clip} (7.00 s, Cnn14_DecisionLevelMax)"
    first = detection.events[0]
    assert lines[1].split(maxsplit=5) == [
        f"{first.onset:.2f}", "-", f"{first.offset:.2f}", "s", f"{first.probability:.3f}",
        first.label,
    ]  # fmt: skip
    assert lines[-1] == f"  ... and {len(detection.events) - 10} more events"
    events = json.loads(json.dumps(detection.to_dict()))["events"]
    assert events == [event.to_dict() for event in detection.events]
    assert repr(detector.detect(clip, threshold=1.0)).endswith("no events")


def test_a_short_recording(detector: SoundEventDetection) -> None:
    detection = detector.detect(np.full(100, 0.1), 32000, threshold=0.01, framewise=True)
    assert detection.framewise.shape == (1, 527)
    assert {event.offset for event in detection.events} == {100 / 32000}


def test_detection_networks_tag_too(detector: SoundEventDetection, clip: Path) -> None:
    tagging = detector.tag(clip)
    assert tagging.embedding is None
    assert np.array_equal(tagging.clipwise, detector.detect(clip).clipwise)
    with pytest.raises(UsageError, match="Cnn14_DecisionLevelMax has no embedding") as raised:
        detector.embed(clip)
    assert "LeeNet11" in str(raised.value)
    assert "DecisionLevelAvg" not in str(raised.value)


def test_tagging_networks_have_no_framewise_output(tagger: AudioTagging, clip: Path) -> None:
    samples, _ = soundfile.read(clip, dtype="float32")
    with pytest.raises(UsageError, match="LeeNet11 has no framewise_output") as raised:
        SoundEventDetection(tagger.model, device="cpu", pretrained=False).inference(samples)
    assert "Cnn14_DecisionLevelMax, Cnn14_DecisionLevelAvg" in str(raised.value)


def test_an_embedding(tagger: AudioTagging, clip: Path) -> None:
    embedding = tagger.embed(clip)
    assert np.array_equal(embedding.vector, tagger.tag(clip).embedding)
    assert np.array_equal(np.asarray(embedding), embedding.vector)
    assert repr(embedding).startswith(f"Embedding of {clip} (7.00 s, LeeNet11): 512 values [")
    assert embedding.to_dict()["embedding"] == embedding.vector.tolist()


def test_the_rate_of_the_network_is_used() -> None:
    tagger = AudioTagging("Cnn14_16k", pretrained=False, device="cpu")
    assert tagger.sample_rate == 16000
    assert tagger.tag(np.zeros(44100), 44100).duration == 1.0
    detector = SoundEventDetection(
        "Cnn14_DecisionLevelAvg", pretrained=False, device="cpu", sample_rate=16000, hop_size=80
    )
    assert detector.frames_per_second == 200


def test_samples_without_a_rate(tagger: AudioTagging) -> None:
    with pytest.raises(UsageError, match="sample_rate"):
        tagger.tag(np.zeros(32000))
    with pytest.raises(TypeError, match="None is no recording: give a path"):
        tagger.tag(None)
    assert repr(tagger) == "AudioTagging(LeeNet11, cpu, 527 classes)"


def test_what_is_no_recording(tagger: AudioTagging, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"no\.wav"):
        tagger.tag(tmp_path / "no.wav")
    with pytest.raises(AudioError, match="must be finite"):
        tagger.tag(np.full(32000, np.nan), 32000)
    with pytest.raises(AudioError):
        tagger.tag(np.zeros(0), 32000)


def test_networks_without_published_weights() -> None:
    with pytest.raises(UsageError, match="no weights of Cnn14_mel32 are published") as raised:
        AudioTagging("Cnn14_mel32", device="cpu")
    assert "Cnn14_16k" in str(raised.value)
    with pytest.raises(UsageError, match="leave checkpoint_path out"):
        AudioTagging("Cnn14_mel32", "file.pth", device="cpu", pretrained=False)


def test_classes_of_ones_own_by_name(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "own.pth"
    torch.save({"model": build("Cnn6", classes_num=3).state_dict()}, path)
    tagger = AudioTagging("Cnn6", path, "cpu", labels=["a", "b", "Dog"])
    tags = tagger.tag(np.random.default_rng(0).normal(0, 0.1, 32000), 32000).tags
    assert sorted((tag.index, tag.label, tag.mid) for tag in tags) == [
        (0, "a", ""),
        (1, "b", ""),
        (2, "Dog", "/m/0bt9lr"),
    ]
    assert AudioTagging("Cnn6", path, "cpu").labels == ["class 0", "class 1", "class 2"]
    with pytest.raises(CheckpointError, match=r"own.pth has 3 classes, not 2: give 3 labels or"):
        AudioTagging("Cnn6", path, "cpu", labels=["a", "b"])


@pytest.mark.parametrize(
    "rules",
    [{"threshold": 2}, {"classes": ["Spech"]}, {"threshold_off": 0.9}, {"smooth": -1}],
    ids=lambda rules: next(iter(rules)),
)
def test_wrong_rules_are_said_before_the_network_runs(
    detector: SoundEventDetection, clip: Path, rules: dict[str, object]
) -> None:
    def run(*_: object) -> None:
        raise AssertionError("the network ran")

    hook = detector.model.register_forward_pre_hook(run)
    try:
        with pytest.raises(UsageError):
            detector.detect(clip, **rules)
    finally:
        hook.remove()


def test_what_is_no_network() -> None:
    with pytest.raises(UsageError, match="LeeNet11 has no setting interpolate_mode; it has sample"):
        SoundEventDetection("LeeNet11", interpolate_mode="linear", device="cpu", pretrained=False)
    with pytest.raises(CheckpointError, match=r"^cannot read LeeNet11_mAP=0.266.pth: No such file"):
        AudioTagging("LeeNet11_mAP=0.266.pth", device="cpu")
    for nonsense in (Path("weights"), build, 3):
        with pytest.raises(
            UsageError, match=r"model must be the name of a network or an nn\.Module"
        ):
            AudioTagging(nonsense, device="cpu")
    module = build("LeeNet11")
    with pytest.raises(UsageError, match="a module has its own hop_size, sample_rate"):
        AudioTagging(module, device="cpu", pretrained=False, hop_size=160, sample_rate=16000)


def test_another_cache_folder(
    as_published: Path, tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / as_published.name).symlink_to(as_published)
    tagging = AudioTagging("LeeNet11", device="cpu", cache_folder=tmp_path).tag(clip)
    assert tagging.tags[0].label == "Speech"
    monkeypatch.setenv("PANNS_OFFLINE", "1")
    with pytest.raises(DownloadError) as raised:
        AudioTagging("Cnn6", device="cpu", cache_folder=tmp_path)
    assert str(tmp_path / "Cnn6_mAP=0.343.pth") in str(raised.value)


def test_modules_that_give_more_or_less(clip: Path) -> None:
    class Odd(torch.nn.Module):
        def forward(self, x: torch.Tensor, _: None) -> dict[str, torch.Tensor | None]:
            framewise = torch.full((len(x), 1 + x.shape[1] // 320, 527), 0.25)
            return {"framewise_output": framewise, "attention": None}

    odd = SoundEventDetection(Odd(), device="cpu", pretrained=False)
    assert odd.inference(np.zeros((2, 3200))).shape == (2, 11, 527)
    with pytest.raises(UsageError, match="Odd has no clipwise_output"):
        odd.detect(clip)
