"""Packs: the samples are those of the recordings, h5py reads them, and a killed run goes on."""

from __future__ import annotations

import csv
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import fsspec
import h5py
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from panns_inference import AudioError, OutputError, UsageError
from panns_inference.audio import blocks, read
from panns_inference.lock import locked
from panns_inference.training.data import (
    Clip,
    Dataset,
    Packed,
    cutting,
    dataset,
    pack,
    packing,
    write_manifest,
)

RATE = 8000

STREET = Path(__file__).parents[3] / "examples" / "street.flac"

FORMATS = {"a.wav": "PCM_24", "b.flac": "PCM_16", "c.mp3": "MPEG_LAYER_III", "d.ogg": "VORBIS"}


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three clips of a second in each file."""
    monkeypatch.setattr(packing, "SHARD_BYTES", 3 * RATE * 2)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """The street in several formats, in stereo, at 16 kHz."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    samples = read(STREET, 16_000)
    for name, subtype in FORMATS.items():
        stereo = np.stack([samples, samples[::-1]], axis=1)
        soundfile.write(folder / name, stereo, 16_000, subtype)
    return folder


def clips_in(folder: Path) -> Dataset:
    """Of each recording four stretches: two that overlap, one behind the end, one at the end."""
    clips = [
        Clip(folder / name, (name[0],), *span, split="train", fold=str(number))
        for number, span in enumerate([(2.5, 3.25), (2.0, 2.75), (200.0, 201.0), (8.5, None)])
        for name in FORMATS
    ]
    return Dataset((*clips, Clip(folder / "whole.wav", ())), tuple("dcba"), tuple("DCBA"))


def wanted(clip: Clip, rate: int, n_samples: int) -> NDArray[np.int16]:
    """The clip by way of the whole recording."""
    end = None if clip.offset is None else round(clip.offset * rate)
    found = read(clip.path, rate)[round(clip.onset * rate) : end][:n_samples]
    whole = np.pad(found, (0, n_samples - len(found)))
    return np.rint(np.clip(whole, -1, 1) * 32767).astype(np.int16)


def test_the_samples_are_those_of_the_recordings(recordings: Path, tmp_path: Path) -> None:
    packed = pack(clips_in(recordings), tmp_path / "pack", sample_rate=RATE, seconds=1, workers=1)
    assert len(packed) == 12
    assert (packed.sample_rate, packed.n_samples) == (RATE, RATE)
    assert (packed.dataset.labels, packed.dataset.mids) == (tuple("dcba"), tuple("DCBA"))
    assert [clip.onset for clip in packed.dataset.clips] == [2.0, 2.5, 8.5] * 4
    assert {clip.split for clip in packed.dataset.clips} == {"train"}
    order = np.random.default_rng(0).permutation(12)
    for found, place in zip(packed.waveforms(order), order, strict=True):
        expected = wanted(packed.dataset.clips[place], RATE, RATE)
        np.testing.assert_array_equal(np.rint(found * 32767), expected)
        assert found.dtype == np.float32
    with pytest.raises(IndexError, match="clips from 0 to 11"):
        packed.waveforms([12])
    assert packed.waveforms([]).shape == (0, RATE)


def test_h5py_reads_the_names_of_the_papers_authors(recordings: Path, tmp_path: Path) -> None:
    packed = pack(clips_in(recordings), tmp_path / "pack", sample_rate=RATE, seconds=1, workers=1)
    waveforms, targets, names = [], [], []
    for path in sorted((tmp_path / "pack").glob("*.h5")):
        with h5py.File(path) as file:
            waveforms += list(file["waveform"])
            targets += list(file["target"])
            names += [name.decode() for name in file["audio_name"]]
            assert (file["waveform"].dtype, file["target"].dtype) == (np.int16, bool)
            assert file.attrs["sample_rate"] == RATE
    found = np.stack(waveforms) / np.float32(32767)
    np.testing.assert_array_equal(found, packed.waveforms(range(len(packed))))
    np.testing.assert_array_equal(np.stack(targets), packed.dataset.targets.astype(bool))
    assert names == [clip.path.name for clip in packed.dataset.clips]


def test_what_cannot_be_decoded_is_in_a_table(recordings: Path, tmp_path: Path) -> None:
    data = clips_in(recordings)
    (recordings / "a.wav").write_bytes(b"RIFF")
    packed = pack(data, tmp_path / "pack", sample_rate=RATE, seconds=1, workers=1)
    with (tmp_path / "pack" / "broken.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(Path(row["path"]).name, row["onset"]) for row in rows] == [
        *[("a.wav", onset) for onset in ("2.0", "2.5", "8.5", "200.0")],
        *[(name, "200.0") for name in ("b.flac", "c.mp3", "d.ogg")],
        ("whole.wav", "0.0"),
    ]
    assert "ends after 9" in rows[4]["cause"]
    assert "no such file" in rows[-1]["cause"]
    assert packed.broken == [(row["path"], row["cause"]) for row in rows]
    assert len(packed) == 9


def test_a_cut_recording_is_used_with_a_warning(
    recordings: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = (recordings / "a.wav").read_bytes()
    (recordings / "a.wav").write_bytes(whole[: len(whole) // 2])
    clips = dataset([Clip(recordings / "a.wav", ("a",)), Clip(recordings / "a.wav", (), 8.0)])
    packed = pack(clips, tmp_path / "pack", sample_rate=RATE, seconds=1, workers=1)
    assert len(packed) == 1
    assert caplog.text.count("a.wav") == 1
    assert packed.waveforms([0]).any()


def test_recordings_are_decoded_once_also_over_several_files(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def counted(path: Path, rate: int) -> object:
        opened.append(path.name)
        return blocks(path, rate)

    monkeypatch.setattr(cutting, "blocks", counted)
    data = clips_in(recordings)
    first = pack(data, tmp_path / "pack", sample_rate=RATE, seconds=1, workers=1)
    assert opened == [*FORMATS, "whole.wav"]
    again = pack(data, tmp_path / "pack", sample_rate=RATE, seconds=1, workers=1)
    assert opened == [*FORMATS, "whole.wav"]
    assert again.dataset == first.dataset
    assert again.broken == first.broken
    os.utime(recordings / "d.ogg", ns=(1, 1))
    opened.clear()
    pack(data, tmp_path / "pack", sample_rate=RATE, seconds=1, workers=1)
    assert set(opened) < {*FORMATS, "whole.wav"}
    assert "d.ogg" in opened


def test_processes_write_what_one_writes(recordings: Path, tmp_path: Path) -> None:
    data = clips_in(recordings)
    for workers in (1, 2):
        pack(data, tmp_path / str(workers), sample_rate=RATE, seconds=1, workers=workers)
    one, other = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in "12"
    )
    assert one == other
    assert len(one) == 3 + 6


def slowly(data: Dataset, folder: Path, workers: int, waits_at: str) -> list[str]:
    write_manifest(data, folder.with_suffix(".csv"))
    script = Path(__file__).with_name("pack_slowly.py")
    return [
        *("env", f"WAITS_AT={waits_at}", sys.executable, str(script)),
        *(str(folder.with_suffix(".csv")), str(folder), str(workers)),
    ]


def copies(tmp_path: Path, n: int) -> Dataset:
    names = [tmp_path / f"{number}.flac" for number in range(n)]
    for name in names:
        shutil.copy(STREET, name)
    return dataset([Clip(name, ("street",)) for name in names])


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_killed_it_goes_on_and_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(packing, "SHARD_BYTES", 2 * RATE * 2)
    data = copies(tmp_path, 6)
    folder = tmp_path / "pack"
    process = subprocess.Popen(slowly(data, folder, workers, "4.flac"), start_new_session=True)
    deadline = time.monotonic() + 120
    while not (folder / "waveforms_00001.h5").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    with pytest.raises(UsageError, match="is not packed to the end"):
        Packed(folder)
    assert not is_alive(process.pid, deadline), "workers live on"
    kept = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.h5")}
    assert [*sorted(kept)] == ["waveforms_00000.h5", "waveforms_00001.h5"]
    found = pack(data, folder, sample_rate=RATE, seconds=1, workers=1)
    assert all((folder / name).stat().st_mtime_ns == at for name, at in kept.items())
    pack(data, tmp_path / "undisturbed", sample_rate=RATE, seconds=1, workers=1)
    for path in (tmp_path / "undisturbed").iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name
    assert len(found) == 6


def is_alive(group: int, deadline: float) -> bool:
    """Whether a group of processes is still there in the end."""
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.02)
    return True


def test_a_copy_opens_the_pack_anew(recordings: Path, tmp_path: Path) -> None:
    packed = pack(clips_in(recordings), tmp_path / "pack", sample_rate=RATE, seconds=1, workers=1)
    before = packed.waveforms([5, 0])
    data = pickle.dumps(packed)
    assert len(data) < 1000  # neither samples nor clips are in it
    np.testing.assert_array_equal(pickle.loads(data).waveforms([5, 0]), before)


def test_a_pack_in_a_store_of_objects_is_read_there(recordings: Path, tmp_path: Path) -> None:
    packed = pack(clips_in(recordings), tmp_path / "pack", sample_rate=RATE, seconds=1, workers=1)
    fsspec.filesystem("memory").put(str(tmp_path / "pack"), "/bucket", recursive=True)
    stored = Packed("memory://bucket")
    assert stored.dataset == packed.dataset
    np.testing.assert_array_equal(stored.waveforms([7, 3, 7]), packed.waveforms([7, 3, 7]))
    with pytest.raises(UsageError, match=r"memory://none is no pack: it has no pack.json"):
        Packed("memory://none")
    with pytest.raises(UsageError, match="cannot be opened: Protocol not known: gopher"):
        Packed("gopher://bucket")


def test_other_files_stay(recordings: Path, tmp_path: Path) -> None:
    data = clips_in(recordings)
    with pytest.raises(UsageError, match="holds other files: give a new folder"):
        pack(data, recordings, sample_rate=RATE, seconds=1, workers=1)
    folder = tmp_path / "pack"
    pack(data, folder, sample_rate=RATE, seconds=1, workers=1)
    before = (folder / "pack.json").read_bytes()
    with pytest.raises(UsageError, match="is a pack of other clips, or of other settings"):
        pack(data, folder, sample_rate=RATE, seconds=2, workers=1)
    assert (folder / "pack.json").read_bytes() == before
    few = data.where(lambda clip: clip.path.name == "b.flac")
    assert len(pack(few, folder, sample_rate=RATE, seconds=1, workers=1, overwrite=True)) == 3
    assert len([*folder.glob("*.h5")]) == 2
    (folder / "pack.json").write_text('{"name": "of npm"}')
    with pytest.raises(UsageError, match="is not that of a pack"):
        pack(few, folder, overwrite=True)


def test_what_makes_no_sense_is_refused(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = clips_in(recordings)
    folder = tmp_path / "pack"
    for settings, message in (
        ({"seconds": 0.0}, "seconds=0.0 is no length of a clip"),
        ({"sample_rate": 1}, "sample_rate=1 is no sample rate"),
    ):
        with pytest.raises(UsageError, match=message):
            pack(data, folder, **settings)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="' a' cannot stand in a table"):
        pack(Dataset(data.clips[-1:], (" a",)), folder)
    with pytest.raises(AudioError, match=r"none of the 1 clips can be decoded: .*no such file"):
        pack(Dataset(data.clips[-1:], ("a",)), folder, seconds=1)
    with locked(folder / ".lock"), pytest.raises(OutputError, match="another process is packing"):
        pack(Dataset(data.clips[-1:], ("a",)), folder, seconds=1)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(UsageError, match=r"packing needs h5py .*panns-inference\[train\]"):
        pack(data, folder)


SPANS = st.tuples(st.floats(0, 10), st.none() | st.floats(0.001, 10))


@given(st.lists(SPANS, min_size=1, max_size=6), st.integers(1, 20_000))
def test_clips_of_a_recording_are_its_stretches(
    spans: list[tuple[float, float | None]], n_samples: int
) -> None:
    whole = read(STREET, RATE)
    ends = [None if length is None else onset + length for onset, length in spans]
    clips = [Clip(STREET, (), onset, end) for (onset, _), end in zip(spans, ends, strict=True)]
    ordered = cutting.in_order(clips)
    found = [*cutting.waveforms_of(ordered, RATE, n_samples)]
    for clip, waveform in zip(ordered, found, strict=True):
        last = len(whole) if clip.offset is None else round(clip.offset * RATE)
        first = round(clip.onset * RATE)
        expected = whole[first:last][:n_samples]
        if len(expected):
            np.testing.assert_array_equal(waveform, expected)
        else:
            assert isinstance(waveform, AudioError)
