"""The saved state of a long recording: processed in two goes, it gives what it gives in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_films import film, onsets

from panns_inference import AudioTagging, OutputError
from panns_inference.audio import read
from panns_inference.batch import find, resume
from panns_inference.batch.resume import StateFiles
from panns_inference.pipeline import DetectionTask, TaggingTask
from panns_inference.pipeline.recordings import Input
from panns_inference.pipeline.run import run


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume, "INTERVAL", 0.0)


def feed(
    accumulator: Any, waveform: Any, taken: StateFiles | None = None, stop: int | None = None
) -> None:
    rate = 32_000
    for start in range(accumulator.n_samples, stop or len(waveform), 10 * rate):
        accumulator.feed(waveform[start : min(start + 10 * rate, stop or len(waveform))])
        if taken:
            taken.save(accumulator)


@pytest.mark.sample(1)
@pytest.mark.parametrize("framewise", [False, True])
def test_in_two_goes(mini: AudioTagging, folder: Path, tmp_path: Path, framewise: bool) -> None:
    waveform = np.tile(read(folder / "deeper" / "long.wav", 32_000), 2)
    task = DetectionTask(mini, threshold=0.1, framewise=framewise)
    whole = task.accumulator("a")
    feed(whole, waveform)
    first = StateFiles(tmp_path / "states" / "a", (5, 6))
    feed(first.accumulator(task, "a"), waveform, first, stop=100 * 32_000)
    second = StateFiles(tmp_path / "states" / "a", (5, 6))
    accumulator = second.accumulator(task, "a")
    assert accumulator.n_samples == 100 * 32_000
    feed(accumulator, waveform, second)
    one, two = whole.finish(), accumulator.finish()
    assert one.clipwise == pytest.approx(two.clipwise, abs=1e-6)
    assert [(e.onset, e.offset, e.index) for e in one.events] == [
        (e.onset, e.offset, e.index) for e in two.events
    ]
    if framewise:
        rows = list(second.rows(527))
        assert len(rows) == 3
        assert np.abs(np.concatenate(rows) - one.framewise).max() <= 1e-6
    # Notes on a file that has changed since are not used.
    assert StateFiles(tmp_path / "states" / "a", (5, 7)).accumulator(task, "a").n_samples == 0
    second.remove()
    second.remove()
    assert list((tmp_path / "states").iterdir()) == []


def test_notes_that_cannot_be_written(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    waveform = read(folder / "deeper" / "long.wav", 32_000)
    kept = StateFiles(tmp_path / "states" / "a", (5, 6))
    (tmp_path / "states" / "a.npz").mkdir(parents=True)
    accumulator = TaggingTask(mini).accumulator("a")
    with pytest.raises(OutputError, match=r"a\.npz is a folder"):
        feed(accumulator, waveform, kept)


def test_a_film_with_gaps_goes_on_where_it_was(mini: AudioTagging, tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", lambda time: time + (3 if time < 2.5 else 63))
    assert onsets(read(path, 32_000), 32_000) == pytest.approx([3, 4, 5, 66, 67, 68], abs=0.03)
    task = DetectionTask(mini, threshold=0.05)
    (recording,) = find([path])
    whole = task.accumulator("film")
    feed(whole, read(path, 32_000))
    first = StateFiles(tmp_path / "states" / "a", (5, 6))
    feed(first.accumulator(task, "film"), read(path, 32_000), first, stop=60 * 32_000)
    second = StateFiles(tmp_path / "states" / "a", (5, 6))
    (outcome,) = run(task, [Input(recording.source)], resume=lambda _: second)
    assert outcome.n_samples == len(read(path, 32_000))
    expected = whole.finish()
    assert outcome.result.clipwise == pytest.approx(expected.clipwise, abs=1e-6)
    assert [(e.onset, e.offset, e.index) for e in outcome.result.events] == [
        (e.onset, e.offset, e.index) for e in expected.events
    ]
    along = sorted(mini.events(path, threshold=0.05), key=lambda e: (e.onset, e.index))
    assert [(e.onset, e.index) for e in along] == sorted(
        (e.onset, e.index) for e in expected.events
    )
