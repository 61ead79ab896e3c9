"""Embeddings beside recordings: computed once, up to date, and there after a kill."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from similar.conftest import spoil, write

from panns_inference import AudioTagging
from panns_inference.batch import resume
from panns_inference.errors import AudioError, OutputError, PathError
from panns_inference.lock import locked
from panns_inference.pipeline import EmbeddingTask
from panns_inference.similar import Kept, keep, store
from panns_inference.similar.fragments import Entry, Rows

NAMES = ["a/1.wav", "a/2.wav", "b/3.wav", "b/10.wav"]


def windows_of(kept: Kept) -> dict[tuple[str, float, float], np.ndarray]:
    """Every window by its recording and its times."""
    found = {}
    for block in kept.blocks():
        for number, onset, offset, vector in zip(*block, strict=True):
            key = kept.recordings[number].filename, float(onset), float(offset)
            assert key not in found
            found[key] = vector
    return found


def assert_is_of(kept: Kept, model: AudioTagging, **windows: float) -> None:
    """It holds what the network gives for each recording by itself."""
    found = windows_of(kept)
    expected = {
        (each.filename, stretch.onset, stretch.offset): stretch.vector
        for each in kept.recordings
        for stretch in model.embed(each.filename, **windows).stretches
    }
    assert found.keys() == expected.keys()
    for key, vector in expected.items():
        np.testing.assert_allclose(found[key], vector, rtol=0, atol=1e-5)


def fragments(library: Path) -> list[Path]:
    return sorted(library.glob(".panns-embeddings/*/*.parquet"))


def test_windows_are_those_of_the_network(task, model, library) -> None:
    kept = keep(task, [library])
    assert [each.filename for each in kept.recordings] == [str(library / name) for name in NAMES]
    assert kept.n_computed == 4
    assert not kept.failures
    assert_is_of(kept, model, window=1.0, hop=0.5)


def test_without_windows_a_recording_has_one_embedding(model, library) -> None:
    found = windows_of(keep(EmbeddingTask(model), [library]))
    assert len(found) == 4
    for (name, onset, offset), vector in found.items():
        expected = model.embed(name)
        assert (onset, offset) == (0.0, expected.duration)
        np.testing.assert_allclose(vector, expected.vector, rtol=0, atol=1e-5)


def test_an_unchanged_folder_is_not_decoded(task, library) -> None:
    before = windows_of(keep(task, [library]))
    state = [(path, path.stat()) for path in fragments(library)]
    for name in NAMES:
        spoil(library / name)
    kept = keep(task, [library], on_error="raise")
    assert kept.n_computed == 0
    after = windows_of(kept)
    assert all(np.array_equal(before[key], after[key]) for key in before | after)
    assert [(path, path.stat()) for path in fragments(library)] == state


def test_new_changed_and_removed(task, model, library) -> None:
    keep(task, [library])
    spoil(library / "a/1.wav")  # unchanged: it is not read
    write(library / "a/2.wav", 5000, 2.0)
    (library / "b/3.wav").unlink()
    write(library / "c/new.wav", 700, 0.3)
    kept = keep(task, [library], on_error="raise")
    assert kept.n_computed == 2
    names = {Path(name).relative_to(library).as_posix() for name, *_ in windows_of(kept)}
    assert names == {"a/1.wav", "a/2.wav", "b/10.wav", "c/new.wav"}
    write(library / "a/1.wav", 300)
    assert_is_of(keep(task, [library]), model, window=1.0, hop=0.5)
    (merged,) = fragments(library)
    table = pyarrow.parquet.read_table(merged)
    stored = np.stack([np.frombuffer(each.as_py(), "<f4") for each in table["embedding"]])
    assert stored.shape == (len(windows_of(keep(task, [library]))), 512)
    assert set(table["filename"].to_pylist()) == names


def test_a_removed_recording_is_not_found(task, library) -> None:
    keep(task, [library])
    (library / "a/1.wav").unlink()
    kept = keep(task, [library])
    assert kept.n_computed == 0
    assert {Path(name).name for name, *_ in windows_of(kept)} == {"2.wav", "3.wav", "10.wav"}


def test_a_folder_can_be_moved_and_named_otherwise(task, library, monkeypatch) -> None:
    keep(task, [library])
    moved = library.rename(library.with_name("moved"))
    monkeypatch.chdir(moved.parent)
    kept = keep(task, ["moved"])
    assert kept.n_computed == 0
    assert kept.recordings[0].filename == os.path.join("moved", "a", "1.wav")


def test_a_recording_of_the_folder_alone(task, library) -> None:
    keep(task, [library])
    kept = keep(task, [library / "a" / "1.wav"])
    assert kept.n_computed == 1  # kept in its own folder
    assert len(windows_of(kept)) == 1


def test_each_network_and_setting_has_its_own(task, model, library) -> None:
    keep(task, [library])
    other = EmbeddingTask(model, window=0.5)
    assert keep(other, [library]).n_computed == 4
    assert keep(task, [library]).n_computed == keep(other, [library]).n_computed == 0
    assert keep(task, [library], channel="left").n_computed == 4
    assert len({path.parent for path in fragments(library)}) == 3


def test_channels_have_windows_of_their_own(task, library) -> None:
    kept = keep(task, [library], channel="each")
    assert [(each.track, each.channel) for each in kept.recordings] == [(None, 1)] * 4
    kept = keep(task, [library], channel=1)
    assert [(each.track, each.channel) for each in kept.recordings] == [(None, 1)] * 4


def test_broken_recordings_are_named_each_time(task, library, caplog) -> None:
    (library / "a" / "broken.wav").write_text("no sound")
    for n_computed in (4, 0):
        caplog.clear()
        kept = keep(task, [library])
        assert (kept.n_computed, len(kept.found)) == (n_computed, 4)
        (failure,) = kept.failures
        assert failure.source == str(library / "a" / "broken.wav")
        assert caplog.messages == [f"error: {failure.cause}"]
    seen = []
    keep(task, [library], on_error=seen.append)
    assert seen == [failure]
    with pytest.raises(AudioError, match=r"broken\.wav"):
        keep(task, [library], on_error="raise")


def test_what_was_computed_stays_when_a_recording_ends_the_call(task, library) -> None:
    (library / "z.wav").write_text("no sound")
    with pytest.raises(AudioError):
        keep(task, [library], on_error="raise")
    assert keep(task, [library]).n_computed == 0


def test_a_damaged_fragment_is_computed_again(task, model, library, caplog) -> None:
    keep(task, [library])
    (fragment,) = fragments(library)
    fragment.write_bytes(fragment.read_bytes()[:-100])
    with caplog.at_level(logging.WARNING):
        kept = keep(task, [library])
    assert kept.n_computed == 4
    assert "is computed again, for it cannot be used" in caplog.text
    assert_is_of(kept, model, window=1.0, hop=0.5)
    caplog.clear()
    assert keep(task, [library]).n_computed == 0
    assert not caplog.messages


def test_another_folder(task, library, tmp_path) -> None:
    assert keep(task, [library], tmp_path / "elsewhere").n_computed == 4
    assert not fragments(library)
    assert keep(task, [library], tmp_path / "elsewhere").n_computed == 0


def test_a_folder_that_cannot_be_written(task, library) -> None:
    (library / ".panns-embeddings").write_text("in the way")
    with pytest.raises(PathError, match=r"kept in another folder: embeddings"):
        keep(task, [library])


def test_another_process_is_at_work(task, library) -> None:
    keep(task, [library])
    write(library / "new.wav", 500)
    (fragment,) = fragments(library)
    with locked(fragment.with_name("lock")):
        with pytest.raises(OutputError, match="another process is at work in"):
            keep(task, [library])
        (library / "new.wav").unlink()
        assert keep(task, [library]).n_computed == 0  # nothing to do, nothing to wait for


def test_what_another_process_did_meanwhile_is_seen(tmp_path) -> None:
    one, other = (store.Store(tmp_path, {"model": "made"}) for _ in range(2))
    rows = Rows(np.zeros(1), np.ones(1), np.ones((1, 4), np.float32))
    for number, each in enumerate((one, other)):
        with each.writer() as writer:
            writer.add(Entry(f"{number}.wav", 1, 1, 1), rows)
            writer.flush()
            each.merge(lambda _: True)
    (both,) = store.Store(tmp_path, {"model": "made"}).folder.glob("*.parquet")
    assert pyarrow.parquet.read_table(both)["filename"].to_pylist() == ["0.wav", "1.wav"]


def test_small_fragments_are_merged_in_pieces(task, library, monkeypatch) -> None:
    monkeypatch.setattr(store, "FRAGMENT_SECONDS", -1.0)  # one for each recording
    monkeypatch.setattr(store, "FRAGMENT_BYTES", 10_000)  # five windows
    windows = windows_of(keep(task, [library]))
    assert len(fragments(library)) > 1
    reread = windows_of(keep(task, [library]))
    assert all(np.array_equal(windows[key], reread[key]) for key in windows | reread)


PROGRAM = """
import sys
from panns_inference import AudioTagging
from panns_inference.pipeline import EmbeddingTask
from panns_inference.similar import keep, store
store.FRAGMENT_SECONDS = 0.0
keep(EmbeddingTask(AudioTagging("PannsMini", device="cpu"), window=1.0, hop=0.5), sys.argv[1:])
"""


def test_a_killed_process_is_gone_on_with(task, library) -> None:
    for number in range(24):
        shutil.copy(library / "a" / "2.wav", library / f"copy{number}.wav")
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(library)])
    while len(fragments(library)) < 3:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    kept = keep(task, [library])
    assert 0 < kept.n_computed < 28
    assert len(fragments(library)) == 1
    assert not list(library.glob(".panns-embeddings/*/*.tmp"))
    found = windows_of(kept)
    for number in range(24):
        for onset, offset in ((0.0, 1.0), (0.5, 1.5)):
            original = found[str(library / "a" / "2.wav"), onset, offset]
            copied = found[str(library / f"copy{number}.wav"), onset, offset]
            np.testing.assert_allclose(copied, original, rtol=0, atol=1e-5)


def test_a_long_recording_is_gone_on_with_where_it_was(task, model, tmp_path, monkeypatch) -> None:
    write(tmp_path / "night.wav", 440, 95.0)
    monkeypatch.setattr(resume, "INTERVAL", 0.0)
    begun, goes_on = [], resume.StateFiles.accumulator
    saved = resume.StateFiles.save

    def accumulator(files, *given):
        found = goes_on(files, *given)
        begun.append(found.n_samples / model.sample_rate)
        return found

    def killed(files, accumulator):
        saved(files, accumulator)
        if accumulator.n_samples >= 60 * model.sample_rate:
            raise KeyboardInterrupt

    monkeypatch.setattr(resume.StateFiles, "accumulator", accumulator)
    monkeypatch.setattr(resume.StateFiles, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        keep(task, [tmp_path])
    monkeypatch.setattr(resume.StateFiles, "save", saved)
    kept = keep(task, [tmp_path])
    assert begun[0] == 0
    assert 60 <= begun[1] < 95
    assert_is_of(kept, model, window=1.0, hop=0.5)
    assert not list(tmp_path.glob(".panns-embeddings/*/states"))
