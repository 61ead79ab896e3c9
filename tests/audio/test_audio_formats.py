"""Formats that are not written here, and broken files, against the tables beside them.

All are read in one process with PyAV and in one without, so that a crash, a wait, memory and noise
are seen. The sound is compared with what it was made from.
"""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from reading_process import MEGABYTE, ReadingProcess

pytestmark = pytest.mark.shared("recordings in the formats of other programs")

MEMORY = 200 * MEGABYTE
SECONDS = 10.0
PIP = 'pip install "panns-inference[codecs]"'

Row = dict[str, str]

# Channels of each signal, for the channels that are silence or have another gain.
MEAN_GAIN = {"base": 1, "stereo": 0.75, "antiphase": 0, "six": 0.5, "loud": 3.125, "silence": 0}


@dataclass
class Reader:
    """A process that reads, the folder in which it leaves waveforms, and its answers by path."""

    process: ReadingProcess
    folder: Path
    with_av: bool
    answers: dict[Path, dict[str, Any]]

    def read(self, path: Path, rate: int) -> dict[str, Any]:
        if path not in self.answers:
            self.answers[path] = self.process.read(path, rate, self._saved(path))
        return self.answers[path]

    def waveform(self, path: Path) -> NDArray[np.float32]:
        saved: NDArray[np.float32] = np.load(self._saved(path))
        return saved

    def _saved(self, path: Path) -> Path:
        return self.folder / f"{path.parent.name}-{path.name}.npy"


@pytest.fixture(scope="module", params=[True, False], ids=["with PyAV", "without PyAV"])
def reader(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Reader]:
    process = ReadingProcess(without_av=not request.param)
    yield Reader(process, tmp_path_factory.mktemp("waveforms"), request.param, {})
    assert process.close() == ""  # no library wrote to the terminal


@pytest.fixture(scope="module")
def maker(shared: Path) -> ModuleType:
    """The script that made the files: it knows what is in them."""
    spec = importlib.util.spec_from_file_location("maker", shared / "audio" / "make_formats.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def base(shared: Path, maker: ModuleType) -> NDArray[np.float64]:
    signal: NDArray[np.float64] = maker.base_signal(shared / "audio" / "esc10")
    return signal


def table(shared: Path, folder: str) -> tuple[Path, list[Row]]:
    here = shared / "audio" / folder
    with (here / f"{folder}.csv").open(encoding="utf-8", newline="") as file:
        return here, list(csv.DictReader(file))


def is_lost(row: Row) -> bool:
    """Whether the mean of the channels is silence, and none of them is."""
    return row["signal"] == "antiphase"


def test_every_format_of_libsndfile_is_decoded_with_and_without_pyav(
    shared: Path, reader: Reader
) -> None:
    folder, rows = table(shared, "formats")
    wrong = []
    for row in rows:
        answer = reader.read(folder / row["file"], int(row["rate"]))
        expected = {"samples": int(row["frames"]), "finite": True}
        said = [warning for warning in answer.get("warnings", ()) if "(antiphase)" in warning]
        as_expected = {name: answer.get(name) for name in expected} == expected
        if not as_expected or answer["warnings"] != said or len(said) != is_lost(row):
            wrong.append((row["file"], answer))
    assert wrong == []
    assert len(rows) == 234


def test_the_sound_of_every_format_is_that_of_its_source(
    shared: Path, reader: Reader, maker: ModuleType, base: NDArray[np.float64]
) -> None:
    folder, rows = table(shared, "formats")
    wrong = []
    for row in (row for row in rows if row["signal"]):
        path, rate = folder / row["file"], int(row["rate"])
        reader.read(path, rate)
        waveform = reader.waveform(path)
        gain = MEAN_GAIN[row["signal"]]
        if gain == 0:
            if np.abs(waveform).max() > 1e-4:
                wrong.append((row["file"], "not silent"))
            continue
        found = maker.compare(maker.at_rate(base, rate) * gain, waveform.astype(float))
        # The table measured the first channel; the mean of several has errors of its own.
        allowed = 0.2 if row["channels"] == "1" else 12.0
        if found["delay"] != int(row["delay"]) or found["snr_db"] < float(row["snr_db"]) - allowed:
            wrong.append((row["file"], found, row["delay"], row["snr_db"]))
        peak, scale = np.abs(waveform).max(), gain / max(map(abs, maker.GAINS[row["signal"]]))
        if row["channels"] == "1" and not (
            float(row["peak_min"]) * scale - 2e-4 <= peak <= float(row["peak_max"]) * scale + 2e-4
        ):
            wrong.append((row["file"], peak, row["peak_min"], row["peak_max"]))
    assert wrong == []


def is_right(row: Row, answer: dict[str, Any], rate: int) -> bool:
    """Whether an answer is what the column `must` says."""
    if row["must"] in ("AudioError", "CheckpointError"):
        return row["file"] in answer.get("error", "")
    if "samples" not in answer or not answer["finite"]:
        return False
    length = answer["samples"] / rate
    if not float(row["duration_min_s"]) <= length <= float(row["duration_max_s"]):
        return False
    if row["must"] == "decode":
        return answer["warnings"] == []
    (warning,) = answer["warnings"]
    return warning.startswith("AudioWarning: ") and row["file"] in warning


def test_what_libsndfile_does_not_read_does_what_it_must(shared: Path, reader: Reader) -> None:
    folder, rows = table(shared, "not_libsndfile")
    wrong, without = [], 0
    for row in (row for row in rows if row["in_folder"] == "yes"):
        rate = int(row["rate"] or 16000)
        answer = reader.read(folder / row["file"], rate)
        needs_av = not reader.with_av and PIP in answer.get("error", "")
        without += needs_av
        if not is_right(row, answer, rate) and not (needs_av and row["file"] in answer["error"]):
            wrong.append((row["file"], row["must"], answer))
    assert wrong == []
    assert (without > 0) == (not reader.with_av)


def test_without_pyav_everything_that_soundfile_begins_to_read_is_read(
    shared: Path, reader: Reader
) -> None:
    if reader.with_av:
        assert reader.read(shared / "audio" / "not_libsndfile" / "aac_mono.m4a", 44100)["samples"]
        return
    folder, rows = table(shared, "not_libsndfile")
    for row in rows:
        if row["must"].startswith("decode") and row["soundfile_blocks"][:1].isdigit():
            assert "samples" in reader.read(folder / row["file"], int(row["rate"])), row["file"]
    # These soundfile refuses as they are, and reads with the true size in their header.
    for name in ("caf_size_unknown.caf", "cut_40_percent.caf"):
        assert "samples" in reader.read(folder / name, 16000), name


def test_none_waits_and_none_takes_much_memory(shared: Path, reader: Reader) -> None:
    for kind in ("formats", "not_libsndfile"):
        folder, rows = table(shared, kind)
        for row in (row for row in rows if row.get("in_folder") != "no"):
            answer = reader.read(folder / row["file"], int(row["rate"] or 16000))
            assert answer["seconds"] < SECONDS, row["file"]
            assert answer["memory"] - reader.process.idle < MEMORY, row["file"]


def test_the_default_track_is_heard_and_not_a_mix(
    shared: Path, reader: Reader, maker: ModuleType, base: NDArray[np.float64]
) -> None:
    path = shared / "audio" / "not_libsndfile" / "two_tracks_first_default.mkv"
    answer = reader.read(path, 44100)
    if not reader.with_av:
        assert PIP in answer["error"]
        return
    assert maker.compare(base, reader.waveform(path).astype(float))["snr_db"] > 30


def test_the_sound_of_other_containers_is_that_of_its_source(
    shared: Path, reader: Reader, maker: ModuleType, base: NDArray[np.float64]
) -> None:
    folder, rows = table(shared, "not_libsndfile")
    wrong, n_compared = [], 0
    for row in (row for row in rows if row["must"] == "decode" and row["signal"]):
        path, rate = folder / row["file"], int(row["rate"])
        if "samples" not in reader.read(path, rate):
            continue
        n_compared += 1
        expected = maker.at_rate(base, rate) * MEAN_GAIN[row["signal"]]
        found = maker.compare(expected, reader.waveform(path).astype(float))
        allowed = 0.2 if row["channels"] == "1" else 16.0  # AC-3 mutes most of one channel of six
        if found["snr_db"] < float(row["pyav_snr_db"]) - allowed:
            wrong.append((row["file"], found, row["pyav_snr_db"]))
    assert wrong == []
    assert n_compared == (33 if reader.with_av else 2)
