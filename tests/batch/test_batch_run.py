"""Folders through a real network: what is written where, and what a second run does."""

from __future__ import annotations

import csv
import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from panns_inference import AudioError, AudioTagging, Detection, OutputError, Tagging, UsageError
from panns_inference.batch import Failure, Recording, results, run
from panns_inference.lock import locked
from panns_inference.pipeline import DetectionTask, EmbeddingTask, TaggingTask
from panns_inference.pipeline.workers import default_jobs, samples_at_once

Made = Callable[..., Path]


def lines(journal: Path) -> list[dict[str, Any]]:
    """The lines on recordings."""
    found = map(json.loads, (journal / "files.jsonl").read_text().splitlines())
    return [line for line in found if "path" in line]


def names(table: Path) -> list[str]:
    with table.open(newline="") as file:
        return list(dict.fromkeys(row["filename"] for row in csv.DictReader(file)))


def test_a_table_of_a_folder(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "tags.csv"
    report = run(TaggingTask(mini), [folder], table, top=3)
    assert (report.n_recordings, report.n_processed, report.n_done_before) == (9, 9, 0)
    assert report.failures == ()
    assert report.seconds == pytest.approx(1 + 2 + 1 + 0.5 + 1 + 2 + 5 + 5 + 75, abs=0.1)
    assert [os.path.relpath(name, folder) for name in names(table)] == [
        "1-17367-A.ogg", "1-100032-A.ogg", "clip5.wav", "clip6.wav", "clip7.wav", "clip8.wav",
        "clip9.wav", "clip10.wav", "deeper/long.wav",
    ]  # fmt: skip
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 27
    for path in (folder / "clip8.wav", folder / "deeper" / "long.wav"):
        alone = mini.tag(path).top(3)
        there = [row for row in rows if row["filename"] == str(path)]
        assert [row["event_label"] for row in there] == [tag.label for tag in alone]
        assert [float(row["probability"]) for row in there] == pytest.approx(
            [tag.probability for tag in alone], abs=2e-6
        )


def test_a_tree_that_mirrors_the_folder(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "clip5.wav", folder / "deeper" / "clip5.wav")
    shutil.copy(folder / "clip5.wav", folder / "CLIP5.flac")  # a name is no content
    tree = tmp_path / "labels"
    report = run(DetectionTask(mini), [folder], tree, format="audacity", split=True)
    assert report.n_processed == 11
    files = sorted(str(path.relative_to(tree)) for path in tree.rglob("*.txt"))
    assert files == sorted(
        [
            "1-100032-A.txt", "1-17367-A.txt", "CLIP5.flac.txt", "clip10.txt", "clip5.wav.txt",
            "clip6.txt", "clip7.txt", "clip8.txt", "clip9.txt", "deeper/clip5.txt",
            "deeper/long.txt",
        ]
    )  # fmt: skip
    assert (tree / ".panns" / "run.json").is_file()
    assert not (tree / ".panns" / "partial").exists()


def test_what_run_json_says(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    run(DetectionTask(mini, threshold=0.3), [folder / "clip5.wav", folder / "clip6.wav"],
        tmp_path / "events.jsonl", format="jsonl")  # fmt: skip
    request = json.loads((tmp_path / "events.jsonl.panns" / "run.json").read_text())
    assert request["task"] == "detect"
    assert request["settings"]["threshold"] == 0.3
    assert request["model"] == "PannsMini"
    assert request["weights"].startswith("sha256:")
    assert request["output"]["format"] == "jsonl"
    assert request["inputs"] == [str(folder / "clip5.wav"), str(folder / "clip6.wav")]


def test_a_run_that_wrote_nothing_leaves_nothing(mini: AudioTagging, tmp_path: Path) -> None:
    place = tmp_path / "out"
    place.mkdir()
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"no sound")
    for inputs in ([bad], [bad, bad]):
        report = run(TaggingTask(mini), inputs, place / "x.csv")
        assert report.failures[0].source == str(bad)
        with pytest.raises(AudioError):
            run(TaggingTask(mini), inputs, place / "x.csv", on_error="raise")
        assert list(place.iterdir()) == []


def test_a_finished_run_does_nothing(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "tags.csv"
    run(TaggingTask(mini), [folder], table)
    before = table.stat()
    journal = (tmp_path / "tags.csv.panns" / "files.jsonl").read_bytes()
    report = run(TaggingTask(mini), [folder], table)
    assert str(report) == "nothing new to process, 9 were done before"
    assert table.stat().st_mtime_ns == before.st_mtime_ns
    assert (tmp_path / "tags.csv.panns" / "files.jsonl").read_bytes() == journal


def test_what_is_new_or_has_changed_is_processed(
    mini: AudioTagging, folder: Path, tmp_path: Path, made: Made
) -> None:
    for place, more in ((tmp_path / "t.csv", {}), (tmp_path / "tree", {"split": True})):
        run(TaggingTask(mini), [folder], place, **more)
        made(folder / "clip1.wav", 1, 77)
        made(folder / "clip6.wav", 1.5, 78)
        (folder / "clip7.wav").unlink()
        report = run(TaggingTask(mini), [folder], place, **more)
        assert (report.n_processed, report.n_done_before) == (2, 7)
        anew = tmp_path / f"anew {place.name}"
        run(TaggingTask(mini), [folder], anew, **more)
        if place.is_file():
            assert place.read_bytes() == anew.read_bytes()
        else:
            for path in anew.rglob("*.csv"):
                assert path.read_bytes() == (place / path.relative_to(anew)).read_bytes()
        made(folder / "clip7.wav", 1, 2)
        made(folder / "clip6.wav", 2, 1)
        (folder / "clip1.wav").unlink()


def test_an_output_that_was_lost_is_made_again(
    mini: AudioTagging, folder: Path, tmp_path: Path
) -> None:
    table, tree = tmp_path / "t.csv", tmp_path / "tree"
    run(TaggingTask(mini), [folder], table)
    content = table.read_bytes()
    table.unlink()
    assert run(TaggingTask(mini), [folder], table).n_processed == 0
    assert table.read_bytes() == content
    part = next((tmp_path / "t.csv.panns" / "partial").iterdir())
    part.write_bytes(b"")  # as a power cut may leave it
    assert run(TaggingTask(mini), [folder], table).n_processed == 1
    assert table.read_bytes() == content
    run(TaggingTask(mini), [folder], tree, split=True)
    (tree / "clip6.csv").unlink()
    assert run(TaggingTask(mini), [folder], tree, split=True).n_processed == 1
    assert (tree / "clip6.csv").is_file()


def test_other_settings_are_refused_and_shown(
    mini: AudioTagging, folder: Path, tmp_path: Path
) -> None:
    table = tmp_path / "events.csv"
    run(DetectionTask(mini, threshold=0.3), [folder / "clip5.wav", folder / "clip6.wav"], table)
    content = table.read_bytes()
    with pytest.raises(UsageError) as refusal:
        run(DetectionTask(mini, threshold=0.4, smooth=1.0), [folder], table, resampler="resampy")
    lines = str(refusal.value).splitlines()
    assert "events.csv.panns is of a run with another request:" in lines[0]
    assert set(lines[1:-1]) == {
        "  threshold: was 0.3, is 0.4",
        "  smooth: was 0.0, is 1.0",
        "  resampler: was 'soxr', is 'resampy'",
    }
    assert "overwrite=True" in lines[-1]
    with pytest.raises(UsageError, match=r"\n  method: was 'threshold', is 'boxes'"):
        run(DetectionTask(mini, threshold=0.3, method="boxes"), [folder], table)
    with pytest.raises(UsageError, match="task: was 'detect', is 'tag'"):
        run(TaggingTask(mini), [folder], table)
    other = AudioTagging("PannsMini", device="cpu", pretrained=False)
    with pytest.raises(UsageError, match=r"\n  weights: was 'sha256:\w+', is 'sha256:\w+'\n"):
        run(DetectionTask(other, threshold=0.3), [folder], table)
    assert table.read_bytes() == content
    report = run(TaggingTask(mini), [folder], table, overwrite=True)
    assert report.n_processed == 9
    assert len(names(table)) == 9


def test_a_table_loses_no_recording(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    run(TaggingTask(mini), [folder / "clip5.wav", folder / "clip6.wav"], table)
    with pytest.raises(
        UsageError, match=r"holds recordings that are not among those named now \(1\), .*clip5\.wav"
    ):
        run(TaggingTask(mini), [folder / "clip6.wav", folder / "clip7.wav"], table)
    report = run(TaggingTask(mini), [folder / f"clip{n}.wav" for n in (7, 6, 5)], table)
    assert (report.n_processed, report.n_done_before) == (1, 2)
    assert [Path(name).name for name in names(table)] == ["clip7.wav", "clip6.wav", "clip5.wav"]


def test_a_tree_of_another_folder_is_refused(
    mini: AudioTagging, folder: Path, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    run(TaggingTask(mini), [folder], tree, split=True)
    with pytest.raises(UsageError, match=f"folder: was '{folder}', is '{folder}/deeper'"):
        run(TaggingTask(mini), [folder / "deeper"], tree, split=True)


def test_what_is_there_is_not_replaced(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("mine")
    with pytest.raises(UsageError, match=r"mine\.csv is there already"):
        run(TaggingTask(mini), [folder], mine)
    tree = tmp_path / "tree"
    (tree / "deeper").mkdir(parents=True)
    (tree / "deeper" / "long.csv").write_text("mine")
    with pytest.raises(UsageError, match=r"long\.csv is there already"):
        run(TaggingTask(mini), [folder], tree, split=True)
    with pytest.raises(UsageError, match="is one of the files to read"):
        run(TaggingTask(mini), [folder], folder / "clip5.wav", format="csv", overwrite=True)
    assert mine.read_text() == (tree / "deeper" / "long.csv").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.csv", "recordings", "tree"]


def test_places_that_do_not_fit(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for place, more, message in (
        (tmp_path / "file", {"split": True}, "file is a file: name a folder"),
        (tmp_path / "a.npz", {"split": True}, "is called as a file, and split=True makes a folder"),
        (tmp_path, {}, "is a folder: split=True puts"),
        (f"{tmp_path}/new/", {}, "is a folder: split=True puts"),
        (tmp_path / "a.srt", {"format": "srt"}, "a file of format srt holds one recording"),
        (tmp_path / "a", {"format": "npz", "split": True}, "npz holds Detection"),
        (tmp_path / "a.csv", {"format": "cvs"}, "unknown format 'cvs'"),
        (tmp_path / "a.csv", {"jobs": 0}, "jobs=0 is no number of decoders"),
        (tmp_path / "a.csv", {"on_error": "ignore"}, "on_error is 'raise', 'skip' or a function"),
    ):
        with pytest.raises(UsageError, match=message):
            run(TaggingTask(mini), [folder], place, **more)
    with pytest.raises(UsageError, match="npz holds framewise probabilities"):
        run(DetectionTask(mini), [folder], tmp_path / "a", format="npz", split=True)


def test_framewise_probabilities(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    tree = tmp_path / "frames"
    run(DetectionTask(mini, framewise=True), [folder], tree, format="npz", split=True)
    assert len(list(tree.rglob("*.npz"))) == 9
    for name in ("clip6", "deeper/long"):
        alone = mini.detect(folder / f"{name}.wav", framewise=True)
        with np.load(tree / f"{name}.npz") as file:
            assert np.abs(file["framewise"] - alone.framewise).max() <= 1e-6
            assert file["valid_frames"] == alone.n_frames == len(file["framewise"])
            assert file["original_num_samples"] == alone.n_samples
            assert str(file["audio_filepath"]) == str(folder / f"{name}.wav")
    assert not (tree / ".panns" / "states").exists()


def test_failures_are_told_and_tried_again(
    mini: AudioTagging, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad = folder / "clip7.wav"
    good = bad.read_bytes()
    bad.write_bytes(b"no sound")
    table = tmp_path / "t.csv"
    report = run(TaggingTask(mini), [folder, tmp_path / "missing.wav"], table)
    assert report.n_processed == 8
    assert [failure.source for failure in report.failures] == [
        str(bad), str(tmp_path / "missing.wav"),
    ]  # fmt: skip
    assert "clip7.wav' cannot be decoded" in report.failures[0].cause
    assert "no such file" in report.failures[1].cause
    assert caplog.text.count("error: ") == 2
    failed = [each for each in lines(tmp_path / "t.csv.panns") if each["cause"]]
    assert [each["path"] for each in failed] == [each.source for each in report.failures]
    bad.write_bytes(good)
    report = run(TaggingTask(mini), [folder], table)
    assert (report.n_processed, report.n_done_before) == (1, 8)
    assert len(names(table)) == 9
    bad.write_bytes(b"no sound")
    with pytest.raises(AudioError, match=r"clip7\.wav"):
        run(TaggingTask(mini), [folder], table, on_error="raise")


def test_results_in_their_order(mini: AudioTagging, folder: Path) -> None:
    opened = (folder / "clip9.wav").open("rb")
    inputs = [folder / "deeper", opened, folder / "clip5.wav"]
    with opened:
        given = list(results(TaggingTask(mini), inputs))
    assert all(isinstance(each, Tagging) for each in given)
    assert [each.source for each in given] == [
        str(folder / name) for name in ("deeper/long.wav", "clip9.wav", "clip5.wav")
    ]


def test_results_of_what_cannot_be_heard(
    mini: AudioTagging, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad = folder / "clip6.wav"
    bad.write_bytes(b"no sound")
    inputs = [folder / "clip5.wav", bad, folder / "clip7.wav"]
    given = results(TaggingTask(mini), inputs)
    assert next(given).source == str(inputs[0])
    with pytest.raises(AudioError, match=r"clip6\.wav"):
        next(given)
    failures: list[Failure] = []
    given = results(TaggingTask(mini), inputs, on_error=failures.append)
    assert [each.source for each in given] == [str(inputs[0]), str(inputs[2])]
    assert [failure.source for failure in failures] == [str(bad)]
    assert caplog.text == ""
    assert len(list(results(TaggingTask(mini), inputs, on_error="skip"))) == 2
    assert "error: " in caplog.text


def test_recordings_none_of_which_is_there(mini: AudioTagging, tmp_path: Path) -> None:
    failures: list[Failure] = []
    missing = [tmp_path / "a.wav", tmp_path / "b.wav"]
    assert list(results(TaggingTask(mini), missing, on_error=failures.append)) == []
    assert [failure.source for failure in failures] == list(map(str, missing))
    report = run(TaggingTask(mini), missing, tmp_path / "t.csv")
    assert report.failures == tuple(failures)
    assert str(report) == "nothing new to process, 2 failed"
    assert list(tmp_path.iterdir()) == []


def test_a_second_process_is_refused(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    (tmp_path / "t.csv.panns").mkdir()
    with (
        locked(tmp_path / "t.csv.panns" / "lock"),
        pytest.raises(OutputError, match=r"another process is at work on .*t\.csv\.panns"),
    ):
        run(TaggingTask(mini), [folder], table)
    assert run(TaggingTask(mini), [folder], table).n_processed == 9


def test_what_a_kill_leaves_of_a_line_is_cut_off(
    mini: AudioTagging, folder: Path, tmp_path: Path
) -> None:
    table = tmp_path / "t.csv"
    run(TaggingTask(mini), [folder], table)
    content = table.read_bytes()
    journal = tmp_path / "t.csv.panns"
    whole = (journal / "files.jsonl").read_bytes()
    *entries, _ = whole.splitlines(keepends=True)  # the last is on the table
    (journal / "files.jsonl").write_bytes(b"".join(entries)[:-20])
    (journal / ".panns-0123456789abcdef.tmp").write_bytes(b"half")
    report = run(TaggingTask(mini), [folder], table)
    assert (report.n_processed, report.n_done_before) == (1, 8)
    assert len(lines(journal)) == 9
    assert table.read_bytes() == content
    assert not (journal / ".panns-0123456789abcdef.tmp").exists()


def test_a_batch_of_which_a_part_was_done(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    # The clips of one length are processed in one batch, whatever an earlier run has done of them.
    table = tmp_path / "t.jsonl"
    run(EmbeddingTask(mini), [folder], table, format="jsonl")
    content = table.read_bytes()
    journal = tmp_path / "t.jsonl.panns"
    kept = [each for each in lines(journal) if "clip7" not in each["path"]]
    (journal / "files.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in kept))
    table.unlink()
    report = run(EmbeddingTask(mini), [folder], table, format="jsonl")
    assert (report.n_processed, report.n_done_before) == (1, 8)
    assert table.read_bytes() == content


def test_a_long_recording_that_fails_behind_its_first_block(
    mini: AudioTagging, folder: Path, tmp_path: Path
) -> None:
    samples, rate = soundfile.read(folder / "deeper" / "long.wav")
    samples[60 * rate] = np.nan
    soundfile.write(folder / "deeper" / "long.wav", samples, rate, subtype="FLOAT")
    report = run(TaggingTask(mini), [folder], tmp_path / "t.csv")
    (failure,) = report.failures
    assert "has a sample of nan at 60.000 s" in failure.cause
    assert report.n_processed == 8


def test_what_goes_through_a_network_together(mini: AudioTagging) -> None:
    task = TaggingTask(mini)
    assert samples_at_once(task) == 20 * 32_000
    assert samples_at_once(TaggingTask(mini, window=1.0)) == 0
    waveforms = TaggingTask(AudioTagging("LeeNet11", device="cpu", pretrained=False))
    assert samples_at_once(waveforms) == 0
    assert default_jobs(task) >= 2


def test_a_recording_that_appears_too_late(folder: Path) -> None:
    late = Recording(str(folder / "clip5.wav"), None, 0)
    assert "was not there a moment ago" in str(late.missing())


def test_stretches_are_kept(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    for task in (TaggingTask(mini, window=2.0, hop=1.0), EmbeddingTask(mini, window=2.0, hop=1.0)):
        table = tmp_path / f"{task.name}.jsonl"
        run(task, [folder / "clip6.wav", folder / "deeper"], table, format="jsonl")
        rows = [json.loads(line) for line in table.read_text().splitlines()]
        assert [len(row["stretches"]) for row in rows] == [1, 74]


def test_silence_is_skipped(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    quiet = np.concatenate([np.zeros(40 * 8000), np.random.default_rng(0).normal(0, 0.1, 8000)])
    soundfile.write(folder / "quiet.wav", quiet, 8000)
    task = DetectionTask(mini, skip_silence=-80.0)
    run(task, [folder / "quiet.wav", folder / "clip5.wav"], tmp_path / "t.jsonl", format="jsonl")
    first, second = map(json.loads, (tmp_path / "t.jsonl").read_text().splitlines())
    assert first["silence"] == pytest.approx(40, abs=2)
    assert "silence" not in second


def test_progress_is_shown_to_a_terminal_alone(
    mini: AudioTagging, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    with caplog.at_level(logging.CRITICAL):
        run(TaggingTask(mini), [folder], tmp_path / "t.csv", progress=True)
    assert capsys.readouterr().err == ""


def test_detections_as_they_come(mini: AudioTagging, folder: Path) -> None:
    (found,) = results(DetectionTask(mini, framewise=True), [folder / "deeper"])
    assert isinstance(found, Detection)
    assert found.framewise is not None
    assert len(found.framewise) == found.n_frames == 7501
