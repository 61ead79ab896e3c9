"""Notes on a long recording: heard in two goes, it gives what it gives in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_films import film, onsets

from panns_inference import AudioTagging, OutputError
from panns_inference.audio import read
from panns_inference.batch import find, resume
from panns_inference.batch.hearing import Hearing
from panns_inference.batch.resume import SavedState


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume, "INTERVAL", 40)


def feed(
    listener: Any, waveform: Any, taken: SavedState | None = None, stop: int | None = None
) -> None:
    rate = 32_000
    for start in range(listener.n_samples, stop or len(waveform), 10 * rate):
        listener.feed(waveform[start : min(start + 10 * rate, stop or len(waveform))])
        if taken:
            taken.keep(listener, rate)


@pytest.mark.parametrize("framewise", [False, True])
def test_in_two_goes(mini: AudioTagging, folder: Path, tmp_path: Path, framewise: bool) -> None:
    waveform = np.tile(read(folder / "deeper" / "long.wav", 32_000), 2)
    verb = mini.verb("detect", threshold=0.1, framewise=framewise)
    whole = verb.listener("a")
    feed(whole, waveform)
    first = SavedState(tmp_path / "states" / "a", (5, 6))
    feed(first.listener(verb, "a"), waveform, first, stop=100 * 32_000)
    second = SavedState(tmp_path / "states" / "a", (5, 6))
    listener = second.listener(verb, "a")
    assert listener.n_samples == 80 * 32_000
    feed(listener, waveform, second)
    one, two = whole.finish(), listener.finish()
    assert one.clipwise == pytest.approx(two.clipwise, abs=1e-6)
    assert [(e.onset, e.offset, e.index) for e in one.events] == [
        (e.onset, e.offset, e.index) for e in two.events
    ]
    if framewise:
        rows = list(second.rows(527))
        assert len(rows) == 3
        assert np.abs(np.concatenate(rows) - one.framewise).max() <= 1e-6
    # Notes on a file that has changed since are not used.
    assert SavedState(tmp_path / "states" / "a", (5, 7)).listener(verb, "a").n_samples == 0
    second.remove()
    second.remove()
    assert list((tmp_path / "states").iterdir()) == []


def test_notes_that_cannot_be_written(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    waveform = read(folder / "deeper" / "long.wav", 32_000)
    kept = SavedState(tmp_path / "states" / "a", (5, 6))
    (tmp_path / "states" / "a.npz").mkdir(parents=True)
    listener = mini.verb("tag").listener("a")
    with pytest.raises(OutputError, match=r"a\.npz is a folder"):
        feed(listener, waveform, kept)


def test_a_film_with_gaps_goes_on_where_it_was(mini: AudioTagging, tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", lambda time: time + (3 if time < 2.5 else 63))
    assert onsets(read(path, 32_000), 32_000) == pytest.approx([3, 4, 5, 66, 67, 68], abs=0.03)
    verb = mini.verb("detect", threshold=0.05)
    (recording,) = find([path])
    whole = verb.listener("film")
    feed(whole, read(path, 32_000))
    first = SavedState(tmp_path / "states" / "a", (5, 6))
    feed(first.listener(verb, "film"), read(path, 32_000), first, stop=60 * 32_000)
    second = SavedState(tmp_path / "states" / "a", (5, 6))
    hearing = Hearing(verb, [recording], notes=lambda _: second)
    (heard,) = hearing.heard()
    assert heard.n_samples == len(read(path, 32_000))
    expected = whole.finish()
    assert heard.outcome.clipwise == pytest.approx(expected.clipwise, abs=1e-6)
    assert [(e.onset, e.offset, e.index) for e in heard.outcome.events] == [
        (e.onset, e.offset, e.index) for e in expected.events
    ]
    along = sorted(mini.events(path, threshold=0.05), key=lambda e: (e.onset, e.index))
    assert [(e.onset, e.index) for e in along] == sorted(
        (e.onset, e.index) for e in expected.events
    )
