"""The time of day in results: through a folder, its journal, links, and changes of clocks."""

from __future__ import annotations

import json
import logging
import pickle
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import soundfile

from panns_inference import AudioTagging, UsageError
from panns_inference.arrays import from_arrays, to_arrays
from panns_inference.audio import Clock
from panns_inference.audio.clock import sources
from panns_inference.batch import results, run
from panns_inference.pipeline import DetectionTask, TaggingTask

RATE = 8000


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A recording over which clocks are set forward, and one of which nothing is known."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number, name in enumerate(("SITE_20240331_015958.wav", "b.wav")):
        noise = np.random.default_rng(number).uniform(-0.3, 0.3, 4 * RATE)
        soundfile.write(folder / name, noise, RATE)
    return folder


def written(path: Path) -> dict[str, Any]:
    return {
        Path(each["source"]).name: each for each in map(json.loads, path.read_text().splitlines())
    }


def test_seconds_pass_while_clocks_are_changed(
    mini: AudioTagging, recordings: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    task = TaggingTask(mini, window=1.0)
    clock = Clock(time_zone="Europe/Berlin")
    with caplog.at_level(logging.WARNING):
        run(task, [recordings], tmp_path / "tags.jsonl", format="jsonl", clock=clock)
    assert "it is not known when 1 of 2 recordings began: neither header nor name" in caplog.text
    found = written(tmp_path / "tags.jsonl")
    assert found["SITE_20240331_015958.wav"]["began"] == "2024-03-31T01:59:58+01:00"
    assert [each["clock"] for each in found["SITE_20240331_015958.wav"]["stretches"]] == [
        "2024-03-31T01:59:58.000+01:00",
        "2024-03-31T01:59:59.000+01:00",
        "2024-03-31T03:00:00.000+02:00",
        "2024-03-31T03:00:01.000+02:00",
    ]
    assert found["b.wav"]["began"] is None
    assert {each["clock"] for each in found["b.wav"]["stretches"]} == {None}


def test_events_have_the_time_of_day(mini: AudioTagging, recordings: Path) -> None:
    task = DetectionTask(mini, threshold=0.01)
    clock = Clock("SITE_%Y%m%d_%H%M%S", "+02:00")
    found, unknown = results(task, sorted(recordings.iterdir()), clock=clock)
    start = datetime(2024, 3, 31, 1, 59, 58, tzinfo=timezone(timedelta(hours=2)))
    assert (found.began, unknown.began) == (start, None)
    events = found.to_dict()["events"]
    assert events
    for event in events:
        moment = datetime.fromisoformat(event["clock"])
        assert moment - start == timedelta(seconds=round(event["onset"], 3))


def test_links_have_the_times_of_their_own_names(
    mini: AudioTagging, recordings: Path, tmp_path: Path
) -> None:
    (recordings / "2024-05-01 05.30.00.wav").symlink_to(recordings / "b.wav")
    run(TaggingTask(mini), [recordings], tmp_path / "t.jsonl", format="jsonl", clock=Clock())
    began = {name: each["began"] for name, each in written(tmp_path / "t.jsonl").items()}
    assert began == {
        "SITE_20240331_015958.wav": "2024-03-31T01:59:58",
        "b.wav": None,
        "2024-05-01 05.30.00.wav": "2024-05-01T05:30:00",
    }


def test_a_result_finds_out_by_itself(
    mini: AudioTagging, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def by_name(recording: sources.Recording) -> datetime | None:
        asked.append(recording.name)
        return datetime(2024, 5, 1, 5, 30)

    monkeypatch.setattr("panns_inference.audio.clock.start.SOURCES", (by_name,))
    tagging = mini.tag(recordings / "b.wav", window=1.0)
    values = tagging.to_dict()
    assert "began" not in values
    assert "clock" not in values["stretches"][0]
    assert not asked  # who does not ask does not wait
    assert tagging.began == datetime(2024, 5, 1, 5, 30)
    assert tagging.clock(3600) == datetime(2024, 5, 1, 6, 30)
    assert tagging.began == datetime(2024, 5, 1, 5, 30)
    assert len(asked) == 1
    assert mini.tag(np.zeros(RATE), RATE).began is None


def test_time_zones_outlive_the_journal_and_other_processes(
    mini: AudioTagging, recordings: Path
) -> None:
    clock = Clock(time_zone="Europe/Berlin")
    task = TaggingTask(mini, window=2.0)
    (tagging,) = results(task, [recordings / "SITE_20240331_015958.wav"], clock=clock)
    for copy in (
        pickle.loads(pickle.dumps(tagging)),
        from_arrays(to_arrays(tagging), tagging.source, tagging.labels),
    ):
        assert copy.start == tagging.start
        assert isinstance(copy.start.tzinfo, ZoneInfo)
        assert [each.start for each in copy.stretches] == [tagging.start] * 2
        assert copy.clock_text(2.5) == "2024-03-31T03:00:00.500+02:00"


def test_a_run_goes_on_with_its_clock(mini: AudioTagging, recordings: Path, tmp_path: Path) -> None:
    task, table = TaggingTask(mini), tmp_path / "tags.jsonl"
    run(task, [recordings], table, format="jsonl", clock=Clock())
    shutil.copy(recordings / "b.wav", recordings / "SITE_20240401_120000.wav")
    report = run(task, [recordings], table, format="jsonl", clock=Clock())
    assert (report.n_processed, report.n_done_before) == (1, 2)
    assert {name: each["began"] for name, each in written(table).items()} == {
        "b.wav": None,
        "SITE_20240331_015958.wav": "2024-03-31T01:59:58",
        "SITE_20240401_120000.wav": "2024-04-01T12:00:00",
    }
    with pytest.raises(
        UsageError, match=r"another request[\s\S]*\n  clock: was \{.*\}, is not given\n"
    ):
        run(task, [recordings], table, format="jsonl")
