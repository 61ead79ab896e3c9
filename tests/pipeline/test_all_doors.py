"""One recording through every door: the same result, bit for bit where the batch is the same.

Doors are `inference`, `tag`, `detect`, `embed`, the iterators, `batch.results`, `batch.run`,
`panns` and HEAR. A recording by itself is a batch of its own, whichever door it takes; in a batch
with others, or with other threads, the last bits differ.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from panns_inference import AudioTagging, SoundEventDetection, batch, hear
from panns_inference.cli import main
from panns_inference.engine.torch_engine import TorchEngine
from panns_inference.pipeline import DetectionTask, EmbeddingTask, TaggingTask

RATE = 32_000

SECONDS = {"short": 2.0, "odd": 0.7313, "long": 33.3}
"""Lengths of the recordings; a block is 30 s."""

RULES: dict[str, dict[str, Any]] = {
    "threshold": {"threshold": 0.05, "merge_gap": 0.2},
    "boxes": {"threshold": 0.03, "step_filter": 0.4, "merge_ratio": 1.5, "method": "boxes"},
}
"""Of each method of finding events."""


@pytest.fixture(scope="module")
def tagger() -> AudioTagging:
    return AudioTagging("PannsMini", device="cpu")


@pytest.fixture(scope="module")
def detector() -> SoundEventDetection:
    return SoundEventDetection("PannsMini", device="cpu")


@pytest.fixture(scope="module")
def samples() -> dict[str, np.ndarray]:
    """Chirps of 16 bits in noise, by the names of the recordings: (samples,) each."""
    made = {}
    for seed, (name, seconds) in enumerate(SECONDS.items()):
        time = np.arange(round(seconds * RATE)) / RATE
        noise = np.random.default_rng(seed).normal(0, 0.02, len(time))
        chirps = 0.4 * np.sin(2 * np.pi * (300 + 900 * (time % 1.7)) * time) * (time % 2.3 < 0.8)
        made[name] = np.round(32_768 * (noise + chirps)).clip(-32_768, 32_767).astype(np.int16)
    return made


@pytest.fixture(scope="module")
def folder(samples: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of each recording, and copies of the short one that are backwards and quieter."""
    place = tmp_path_factory.mktemp("recordings")
    for name, waveform in samples.items():
        soundfile.write(place / f"{name}.wav", waveform, RATE)
    soundfile.write(place / "backwards.wav", samples["short"][::-1], RATE)
    soundfile.write(place / "quiet.wav", samples["short"] // 4, RATE)
    return place


def panns(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What the program says on stdout."""
    network = ("--model", "PannsMini", "--device", "cpu", "--threads", torch.get_num_threads())
    assert main(list(map(str, (*arguments, *network)))) == 0
    return capsys.readouterr().out


def probabilities(result: dict[str, Any]) -> np.ndarray:
    """Clipwise probabilities in JSON, in the order of the classes."""
    found = sorted((tag["index"], tag["probability"]) for tag in result["tags"])
    return np.array([probability for _, probability in found], np.float32)


def assert_all_equal(doors: dict[str, Any]) -> None:
    """All values are those of the first door, bit for bit."""
    first, expected = next(iter(doors.items()))
    for door, value in doors.items():
        assert np.array_equal(value, expected), f"{door} differs from {first}"


@pytest.mark.parametrize("name", SECONDS)
def test_tags(
    tagger: AudioTagging,
    samples: dict[str, np.ndarray],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    path, waveform = folder / f"{name}.wav", samples[name]
    task = TaggingTask(tagger)
    batch.run(task, [path], tmp_path / "t.jsonl", format="jsonl")
    written = json.loads((tmp_path / "t.jsonl").read_text())
    (printed,) = json.loads(panns(capsys, "tag", path, "-f", "json", "--top", 527))
    assert_all_equal(
        {
            "tag(file)": tagger.tag(path).clipwise,
            "tag(array)": tagger.tag(waveform, RATE).clipwise,
            "inference(samples)": tagger.inference(waveform)[0][0],
            "inference(tensor)": tagger.inference(torch.from_numpy(waveform / 32_768)[None])[0][0],
            "batch.results": next(batch.results(task, [path])).clipwise,
            "batch.run": probabilities(written),
            "panns": probabilities(printed),
        }
    )


@pytest.mark.parametrize("method", RULES)
@pytest.mark.parametrize("name", SECONDS)
def test_events(
    detector: SoundEventDetection,
    samples: dict[str, np.ndarray],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    method: str,
) -> None:
    rules = RULES[method]
    arguments = [f"--{rule.replace('_', '-')}={value}" for rule, value in rules.items()]
    path, waveform = folder / f"{name}.wav", samples[name]
    task = DetectionTask(detector, framewise=True, **rules)
    batch.run(task, [path], tmp_path / "one.npz", format="npz")
    batch.run(task, [path], tmp_path / "tree", format="npz", split=True)
    panns(capsys, "detect", path, *arguments, "-f", "npz", "-o", tmp_path / "two.npz")
    npz = {place: np.load(tmp_path / place) for place in ("one.npz", "two.npz")}
    npz["tree"] = np.load(tmp_path / "tree" / f"{name}.npz")
    (printed,) = json.loads(panns(capsys, "detect", path, *arguments, "-f", "json"))
    detection = detector.detect(path, framewise=True, **rules)
    assert_all_equal(
        {
            "detect(file)": detection.framewise,
            "detect(array)": detector.detect(waveform, RATE, framewise=True, **rules).framewise,
            "inference(samples)": detector.inference(waveform)[0],
            "batch.results": next(batch.results(task, [path])).framewise,
            **{place: content["framewise"] for place, content in npz.items()},
        }
    )
    along = sorted(detector.events(path, **rules), key=lambda e: (e.onset, e.offset, e.index))
    assert len(along) > 2
    assert tuple(along) == detection.events
    assert [event.to_dict() for event in along] == printed["events"]


@pytest.mark.parametrize("name", SECONDS)
def test_embeddings(
    tagger: AudioTagging,
    samples: dict[str, np.ndarray],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    path, waveform = folder / f"{name}.wav", samples[name]
    task = EmbeddingTask(tagger)
    batch.run(task, [path], tmp_path / "t.jsonl", format="jsonl")
    written = json.loads((tmp_path / "t.jsonl").read_text())
    (printed,) = json.loads(panns(capsys, "embed", path, "-f", "json"))
    audio = torch.from_numpy(waveform.astype(np.float32) / 32_768)[None]
    assert_all_equal(
        {
            "embed(file)": tagger.embed(path).vector,
            "embed(array)": tagger.embed(waveform, RATE).vector,
            "tag(file)": tagger.tag(path).embedding,
            "inference(samples)": tagger.inference(waveform)[1][0],
            "batch.results": next(batch.results(task, [path])).vector,
            "batch.run": np.array(written["embedding"], np.float32),
            "panns": np.array(printed["embedding"], np.float32),
            "HEAR": hear.get_scene_embeddings(audio, hear.load_model())[0].numpy(),
        }
    )


@pytest.mark.parametrize("name", SECONDS)
def test_stretches(
    tagger: AudioTagging, samples: dict[str, np.ndarray], folder: Path, name: str
) -> None:
    path, waveform, sliding = folder / f"{name}.wav", samples[name], {"window": 1.5, "hop": 1.0}

    def clipwise(tags: Any) -> np.ndarray:
        return np.stack([each.clipwise for each in tags])

    def vectors(embeddings: Any) -> np.ndarray:
        return np.stack([each.vector for each in embeddings])

    (found,) = batch.results(TaggingTask(tagger, **sliding), [path])
    assert_all_equal(
        {
            "tag(file)": clipwise(tagger.tag(path, **sliding).stretches),
            "tag(array)": clipwise(tagger.tag(waveform, RATE, **sliding).stretches),
            "tags(file)": clipwise(tagger.tags(path, **sliding)),
            "tags(array)": clipwise(tagger.tags(waveform, RATE, **sliding)),
            "batch.results": clipwise(found.stretches),
        }
    )
    (found,) = batch.results(EmbeddingTask(tagger, **sliding), [path])
    assert_all_equal(
        {
            "embed(file)": vectors(tagger.embed(path, **sliding).stretches),
            "embed(array)": vectors(tagger.embed(waveform, RATE, **sliding).stretches),
            "embeddings(file)": vectors(tagger.embeddings(path, **sliding)),
            "embeddings(array)": vectors(tagger.embeddings(waveform, RATE, **sliding)),
            "batch.results": vectors(found.stretches),
        }
    )
    assert np.array_equal(tagger.tag(path, **sliding).clipwise, tagger.tag(path).clipwise)


def test_many_recordings(
    tagger: AudioTagging,
    samples: dict[str, np.ndarray],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A folder gives the same bits through each of its doors, and 1e-6 of each recording alone."""
    task = TaggingTask(tagger)
    found = list(batch.results(task, [folder], jobs=1))
    batch.run(task, [folder], tmp_path / "t.json", format="json", jobs=3)
    batch.run(task, [folder], tmp_path / "tree", format="json", split=True)
    table = json.loads((tmp_path / "t.json").read_text())
    printed = json.loads(panns(capsys, "tag", folder, "-f", "json", "--top", 527))
    tree = [
        json.loads((tmp_path / "tree" / f"{Path(str(each.source)).stem}.json").read_text())[0]
        for each in found
    ]
    assert len(found) == 5
    assert_all_equal(
        {
            "batch.results": np.stack([each.clipwise for each in found]),
            "batch.run": np.stack([*map(probabilities, table)]),
            "batch.run, a tree": np.stack([*map(probabilities, tree)]),
            "panns": np.stack([*map(probabilities, printed)]),
        }
    )
    for each in found:
        alone = tagger.tag(str(each.source))
        assert np.abs(each.clipwise - alone.clipwise).max() <= 1e-6
    short = samples["short"]
    rows, _ = tagger.inference(np.stack([short[::-1], short, short // 4]))
    by_name = {Path(str(each.source)).stem: each.clipwise for each in found}
    for row, name in zip(rows, ("backwards", "short", "quiet"), strict=True):
        assert np.abs(row - by_name[name]).max() <= 1e-6


def test_rows_longer_than_a_block(
    detector: SoundEventDetection, samples: dict[str, np.ndarray]
) -> None:
    """Each is processed as if it were alone."""
    rows = np.stack([samples["long"], samples["long"][::-1]])
    alone = [detector.inference(row)[0] for row in rows]
    assert np.array_equal(detector.inference(rows), np.stack(alone))


@pytest.mark.parametrize("name", SECONDS)
def test_a_call_looks_once_whether_the_network_was_changed(
    tagger: AudioTagging,
    samples: dict[str, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    looks: list[bool] = []
    is_current = vars(TorchEngine)["is_current"].fget

    def counted(engine: TorchEngine) -> bool:
        looks.append(is_current(engine))
        return looks[-1]

    monkeypatch.setattr(TorchEngine, "is_current", property(counted))
    for call in (
        lambda: tagger.inference(samples[name]),
        lambda: tagger.tag(samples[name], RATE),
        lambda: tagger.embed(samples[name], RATE),
        lambda: tagger.detect(samples[name], RATE),
    ):
        looks.clear()
        call()
        assert looks == [True]


TASKS: dict[str, Any] = {"tag": TaggingTask, "detect": DetectionTask, "embed": EmbeddingTask}

CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "tag": lambda model, audio: model.tag(audio).clipwise,
    "embed": lambda model, audio: model.embed(audio).vector,
    "detect": lambda model, audio: model.detect(audio, framewise=True, window=0.5).framewise,
}


@pytest.fixture(scope="module")
def without_frames() -> AudioTagging:
    """A network that has no frames: `detect` slides."""
    torch.manual_seed(0)
    return AudioTagging("Cnn6", device="cpu", pretrained=False)


@pytest.mark.parametrize("name", SECONDS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.filterwarnings("ignore:Cnn6 has no framewise probabilities")
def test_a_network_without_frames(
    without_frames: AudioTagging, folder: Path, name: str, call: str
) -> None:
    path, model = folder / f"{name}.wav", without_frames
    sliding = {"framewise": True, "window": 0.5} if call == "detect" else {}
    (found,) = batch.results(TASKS[call](model, **sliding), [path])
    field = {"tag": "clipwise", "embed": "vector", "detect": "framewise"}[call]
    assert np.array_equal(CALLS[call](model, path), getattr(found, field))
