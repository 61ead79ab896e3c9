"""Tags, events and embeddings along a recording, against the network on the samples themselves."""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from made_scenes import EVENTS, GAINS, STEP

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.audioset import labels
from panns_inference.errors import UsageError
from panns_inference.models import build
from panns_inference.pipeline import DetectionTask, EmbeddingTask, TaggingTask

RATE = 32_000

TASKS = {"tag": TaggingTask, "detect": DetectionTask, "embed": EmbeddingTask}


@pytest.fixture(scope="module")
def mini() -> SoundEventDetection:
    return SoundEventDetection("PannsMini", device="cpu")


@pytest.fixture(scope="module")
def lee(leenet11: Path) -> AudioTagging:
    return AudioTagging("LeeNet11", leenet11, "cpu")


@pytest.fixture(scope="module")
def samples(soundscape: Path) -> np.ndarray:
    return soundfile.read(soundscape, dtype="float32")[0]


def close(found: Any, expected: Any) -> bool:
    return bool(np.allclose(found, expected, rtol=0, atol=2e-6))


def test_tags_of_windows(lee, samples) -> None:
    part = samples[: 25 * RATE + 777]
    tagging = lee.tag(part, RATE, window=10, hop=4)
    assert [(s.onset, s.offset) for s in tagging.stretches] == [
        (0, 10), (4, 14), (8, 18), (12, 22), (16, (25 * RATE + 777) / RATE)
    ]  # fmt: skip
    for stretch in tagging.stretches:
        window = np.zeros(10 * RATE, np.float32)
        heard = part[round(stretch.onset * RATE) :][: 10 * RATE]
        window[: len(heard)] = heard
        assert close(stretch.clipwise, lee.inference(window)[0][0])
        assert stretch.duration == len(heard) / RATE
    assert close(tagging.clipwise, lee.inference(part)[0][0])
    assert lee.tag(part, RATE).stretches == ()


def test_windows_follow_one_another_without_a_hop(lee, samples) -> None:
    found = lee.tag(samples[: 7 * RATE], RATE, window=2.5).stretches
    assert [s.onset for s in found] == [0, 2.5, 5]


def test_the_iterators_give_the_same(lee, mini, samples) -> None:
    part = samples[: 40 * RATE]
    tags = list(lee.tags(part, RATE, window=3))
    expected = lee.tag(part, RATE, window=3).stretches
    assert [t.onset for t in tags] == [t.onset for t in expected]
    assert all(close(a.clipwise, b.clipwise) for a, b in zip(tags, expected, strict=True))
    vectors = list(mini.embeddings(part, RATE, window=3, hop=6))
    expected_vectors = mini.embed(part, RATE, window=3, hop=6).stretches
    assert [v.onset for v in vectors] == [0, 6, 12, 18, 24, 30, 36]
    assert all(
        np.array_equal(a.vector, b.vector) for a, b in zip(vectors, expected_vectors, strict=True)
    )
    rules = {"threshold": 0.15, "merge_gap": 0.3, "smooth": 0.1}
    events = list(mini.events(part, RATE, **rules))
    assert len(events) > 5
    detection = mini.detect(part, RATE, **rules)
    assert sorted(events, key=lambda e: (e.onset, e.offset, e.index)) == list(detection.events)


def test_results_come_before_the_recording_is_read(mini, samples, tmp_path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, np.concatenate([samples, samples]), RATE, "PCM_16")
    with path.open("rb") as file:
        first = next(iter(mini.events(file, threshold=0.1)))
        assert first.onset < 30
        assert file.tell() < path.stat().st_size / 2
    with path.open("rb") as file:
        tags = mini.tags(file, window=1)
        assert next(tags).onset == 0
        assert file.tell() < path.stat().st_size / 2


@pytest.mark.sample(1)
@pytest.mark.parametrize("cut", [1, 700_000, 1_290_000])
def test_every_task_goes_on_from_its_state(mini, lee, samples, cut) -> None:
    part = samples[: 41 * RATE + 99]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        tasks = [
            TaggingTask(mini, window=4, hop=3),
            EmbeddingTask(mini, window=4),
            DetectionTask(mini, threshold=0.1, merge_gap=0.5, framewise=True),
            DetectionTask(lee, threshold=0.1),
            TaggingTask(lee, skip_silence=-60),
        ]
    for task in tasks:
        straight = task.accumulator("x")
        straight.feed(part[:cut])
        straight.feed(part[cut:])
        before = task.accumulator("x")
        before.feed(part[:cut])
        file = io.BytesIO()
        np.savez(file, **before.state())
        file.seek(0)
        state = dict(np.load(file, allow_pickle=False))
        after = task.accumulator("x", state)
        assert after.n_samples == cut
        after.feed(part[cut:])
        expected, found = straight.finish(), after.finish()
        assert json.dumps(found.to_dict()) == json.dumps(expected.to_dict())
        for name in ("clipwise", "framewise", "vector"):
            value = getattr(expected, name, None)
            assert value is None or np.array_equal(getattr(found, name), value)


@pytest.mark.parametrize("name", ["tag", "detect", "embed"])
def test_together_and_block_by_block(mini, samples, name) -> None:
    task = TASKS[name](mini)
    clips = samples[: 12 * 5 * RATE].reshape(12, -1)
    together = task.results(clips[3:6], ["a", "b", None])
    for result, clip in zip(together, clips[3:6], strict=True):
        accumulator = task.accumulator(result.source)
        for piece in np.array_split(clip, 3):
            accumulator.feed(piece)
        alone = accumulator.finish()
        assert (alone.source, alone.duration) == (result.source, result.duration)
        for field in ("clipwise", "vector"):
            if hasattr(alone, field):
                value = getattr(alone, field)
                limit = 2e-6 * max(1, np.abs(value).max())
                assert np.abs(getattr(result, field) - value).max() <= limit


def test_networks_without_frames_slide(lee, samples) -> None:
    part = samples[: 14 * RATE + 5000]
    with pytest.warns(UserWarning, match=r"LeeNet11 .* as coarse as its hop, 0.5 s"):
        detection = lee.detect(part, RATE, window=2, hop=0.5, threshold=0.1, framewise=True)
    assert detection.frames_per_second == 2
    assert detection.framewise.shape == (29, 527) == (detection.n_frames, 527)
    for frame in (0, 1, 7, 27, 28):
        first = round((frame * 0.5 + 0.25 - 1) * RATE)
        first = max(0, min(first, len(part) - 2 * RATE))
        expected = lee.inference(part[first : first + 2 * RATE])[0][0]
        assert close(detection.framewise[frame], expected)
    assert close(detection.clipwise, lee.inference(part)[0][0])
    assert detection.events
    assert all((event.onset * 2) % 1 == 0 for event in detection.events)
    assert max(event.offset for event in detection.events) <= len(part) / RATE


def test_networks_with_frames_do_not(mini, lee, samples) -> None:
    with pytest.raises(UsageError, match="PannsMini has framewise probabilities: window and hop"):
        mini.detect(samples, RATE, window=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mini.detect(samples[:RATE], RATE)
    with pytest.raises(UsageError, match="hop is the step between windows"):
        lee.tag(samples, RATE, hop=2)
    for wrong in (0, -1, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="window must be a number of seconds above 0"):
            lee.tag(samples, RATE, window=wrong)
    with pytest.raises(UsageError, match="skip_silence is a level below full scale"):
        lee.tag(samples, RATE, skip_silence=3)


def test_silence_is_reported(lee, mini, samples) -> None:
    part = np.concatenate([samples[: 3 * RATE], np.zeros(20 * RATE, np.float32)])
    tagging = mini.tag(part, RATE, window=5, skip_silence=-100)
    assert 19.8 < tagging.silence <= 20
    assert [s.silence for s in tagging.stretches] == [0, 5, 5, 5, 3]
    assert not tagging.stretches[2].clipwise.any()
    assert tagging.to_dict()["silence"] == tagging.silence
    assert f"{tagging.silence:.2f} s of it silence" in repr(tagging)
    detection = mini.detect(part, RATE, threshold=0.05, skip_silence=-100)
    assert max(event.offset for event in detection.events) <= 3.2
    nothing = lee.embed(np.zeros(RATE), RATE, skip_silence=-100, window=0.5)
    assert nothing.silence == 1
    assert not nothing.vector.any()
    assert [len(s.vector) for s in nothing.stretches] == [512, 512]


def test_inference_of_long_waveforms(mini, samples) -> None:
    """They go through the network in blocks, too: the same numbers, less memory."""
    part = np.stack([samples[: 35 * RATE], samples[-35 * RATE :]])
    expected = mini.engine.outputs(part)  # in one pass
    clipwise, embedding = AudioTagging(mini.model, device="cpu", pretrained=False).inference(part)
    assert close(clipwise, expected["clipwise_output"])
    assert np.abs(embedding - expected["embedding"]).max() < 1e-5
    assert close(mini.inference(part), expected["framewise_output"])


def test_a_forward_pass_of_ones_own_hears_all_at_once(samples) -> None:
    class Own(type(build("LeeNet11"))):
        def forward(self, x: torch.Tensor, _: None = None) -> dict[str, torch.Tensor]:
            return {"clipwise_output": x.abs().mean(dim=1, keepdim=True)}

    own = Own(RATE, 1024, 320, 64, 50, 14_000, 1)
    tagger = AudioTagging(own, device="cpu", pretrained=False, labels=["level"])
    part = samples[: 65 * RATE]
    assert tagger.tag(part, RATE)["level"] == pytest.approx(float(np.abs(part).mean()), rel=1e-4)


def test_settings_are_plain_values(mini) -> None:
    task = DetectionTask(
        mini, threshold={"Speech": np.float32(0.5), 3: 0.25}, classes={"Dog"}, merge_gap=1
    )
    assert json.loads(json.dumps(task.settings)) == {
        "window": None,
        "hop": None,
        "skip_silence": None,
        "method": "threshold",
        "threshold": {"Speech": 0.5, "3": 0.25},
        "default_threshold": 0.2,
        "threshold_off": None,
        "classes": ["Dog"],
        "exclude": [],
        "smooth": 0.0,
        "min_duration": 0.0,
        "merge_gap": 1,
        "pad": 0.0,
        "step_filter": 0.64,
        "merge_difference": 1.0,
        "merge_ratio": 2.0,
    }


@pytest.mark.slow
def test_copies_of_a_recording_give_the_same_events(mini, samples) -> None:
    """Joined to itself five times: what of the table is found in one copy is found in all."""
    from panns_inference.events import find_events
    from panns_inference.pipeline.segments import BlockwisePass

    # Not those at the ends, whose surroundings differ from one copy to the next.
    table = [
        (labels.index(label), STEP * street + onset, STEP * street + offset)
        for street in range(1, len(GAINS) - 1)
        for label, onset, offset in EVENTS
    ]
    joined = np.tile(samples, 5)
    for block in (9.0, 30.0, 71.3):
        run = BlockwisePass(mini.engine, round(block * RATE), 527)
        first = run.feed(joined)
        _, last = run.finish()
        events = find_events(np.concatenate([first, last]), 100, threshold=0.1)
        n_found = 0
        for index, onset, offset in table:
            copies = [
                {
                    (round((e.onset - k * 120) * 100), round((e.offset - k * 120) * 100), e.index)
                    for e in events
                    if e.index == index
                    and e.onset < k * 120 + offset
                    and e.offset > k * 120 + onset
                }
                for k in range(5)
            ]
            n_found += bool(copies[0])
            assert all(copy == copies[0] for copy in copies[1:]), (index, onset)
        assert n_found > 5
