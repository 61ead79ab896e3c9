"""Selection tables of several recordings, as Raven writes them for a sequence of files.

Raven counts begin and end times from the beginning of the sequence, and the file offset from the
beginning of the file; both begin at 0 in the first file.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import crowsetta
import numpy as np
import pandas
import pytest
import soundfile
from some_results import EVENTS, detection, stretched_tagging, text_of, written

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.batch import results, run
from panns_inference.cli import main
from panns_inference.pipeline import DetectionTask, EmbeddingTask

MEASURED = ["Begin Time (s)", "End Time (s)", "File Offset (s)"]


def noise(path: Path, rate: int, seconds: float) -> Path:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, round(rate * seconds))
    soundfile.write(path, samples, rate)
    return path


@pytest.fixture(scope="module")
def detector() -> SoundEventDetection:
    return SoundEventDetection("PannsMini", device="cpu")


@pytest.fixture
def recordings(tmp_path: Path) -> list[Path]:
    """Three of different rates and lengths."""
    each = (("a", 44100, 3.0), ("b", 8000, 2.0), ("c", 96000, 1.5))
    return [noise(tmp_path / f"{name}.wav", rate, seconds) for name, rate, seconds in each]


# crowsetta calls pandas in a way that pandas 3.1 warns of.
@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_several_recordings_are_a_sequence(tmp_path: Path) -> None:
    first = detection(EVENTS[:2], "day 1/a.wav", duration=7.0)
    none = detection((), "day 1/none.wav", duration=2.5)
    second = detection(EVENTS[2:3], "day 1/b.wav", duration=3.0)
    path = written("raven", tmp_path, first, none, second)
    frame = pandas.read_csv(path, sep="\t")
    assert frame["Selection"].tolist() == [1, 2, 3]
    assert frame[MEASURED].to_numpy().tolist() == [
        [0.0, 1.25, 0.0], [0.5, 4.07, 0.5], [11.5, 11.51, 2.0],
    ]  # fmt: skip
    assert frame["Begin File"].tolist() == ["a.wav", "a.wav", "b.wav"]
    folder = Path.cwd() / "day 1"
    assert frame["Begin Path"].tolist() == [str(folder / n) for n in ("a.wav", "a.wav", "b.wav")]
    boxes = crowsetta.formats.bbox.Raven.from_file(path).to_bbox()
    assert [(box.label, box.onset) for box in boxes] == [
        ("Speech", 0.0), ("Male speech, man speaking", 0.5), ("Speech", 11.5),
    ]  # fmt: skip


def test_only_recordings_without_events(tmp_path: Path) -> None:
    frame = pandas.read_csv(written("raven", tmp_path, detection(()), detection(())), sep="\t")
    assert len(frame) == 0
    assert set(MEASURED) < set(frame.columns)


def test_samples_in_memory_have_no_path(tmp_path: Path) -> None:
    frame = pandas.read_csv(written("raven", tmp_path, detection(source=None)), sep="\t")
    assert frame[["Begin Path", "Begin File"]].isna().all(axis=None)


def test_stretches_are_offsets_in_their_file(tmp_path: Path) -> None:
    first, second = stretched_tagging(), stretched_tagging()
    path = written("raven", tmp_path, first, second, top=1)
    frame = pandas.read_csv(path, sep="\t")
    assert frame["Begin Time (s)"].tolist() == [0.0, 1.5, 3.0, 3.5, 5.0, 6.5]
    assert frame["File Offset (s)"].tolist() == [0.0, 1.5, 3.0] * 2


@pytest.mark.parametrize(
    ("rate", "low", "high"),
    [(None, 50.0, 14000.0), (44100, 50.0, 22050.0), (8000, 50.0, 4000.0), (100, 25.0, 50.0)],
)
def test_boxes_reach_to_half_of_the_sample_rate(rate: int | None, low: float, high: float) -> None:
    result = replace(detection(EVENTS[:1]), source_rate=rate)
    (row,) = csv.DictReader(text_of("raven", result).splitlines(), delimiter="\t")
    assert (float(row["Low Freq (Hz)"]), float(row["High Freq (Hz)"])) == (low, high)


def test_the_rate_is_that_of_the_recording(
    detector: SoundEventDetection, recordings: list[Path]
) -> None:
    assert detector.sample_rate == 32000
    rates = [44100, 8000, 96000]
    assert [detector.detect(path).source_rate for path in recordings] == rates
    assert [each.source_rate for each in results(DetectionTask(detector), recordings)] == rates
    samples, rate = soundfile.read(recordings[2], dtype="float32")
    assert detector.detect(samples, sample_rate=rate).source_rate == 96000


def test_the_rate_of_stretches_and_of_long_recordings(tmp_path: Path) -> None:
    tagger = AudioTagging("PannsMini", device="cpu")
    long = noise(tmp_path / "long.wav", 11025, 31.0)
    assert tagger.tag(long).source_rate == 11025
    assert {each.source_rate for each in tagger.tags(long, window=10.0)} == {11025}
    assert {each.source_rate for each in tagger.embeddings(long, window=10.0)} == {11025}
    (found,) = results(EmbeddingTask(tagger), [long])
    assert found.source_rate == 11025


def test_a_folder_in_one_table(
    detector: SoundEventDetection, recordings: list[Path], tmp_path: Path
) -> None:
    table = tmp_path / "out.selections.txt"
    report = run(DetectionTask(detector, threshold=0.01), recordings, table, format="raven", jobs=1)
    assert not report.failures
    frame = pandas.read_csv(table, sep="\t")
    assert frame["Begin Path"].unique().tolist() == [*map(str, recordings)]
    starts = frame["Begin Time (s)"] - frame["File Offset (s)"]
    of_file = frame["Begin File"].map({"a.wav": 0.0, "b.wav": 3.0, "c.wav": 5.0})
    np.testing.assert_allclose(starts, of_file, atol=1e-6)
    highest = frame.groupby("Begin File")["High Freq (Hz)"].unique()
    assert highest.map(list).to_list() == [[22050.0], [4000.0], [48000.0]]


def test_several_recordings_on_stdout(
    recordings: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["detect", "--model", "PannsMini", "--device", "cpu", "--threshold", "0.01"]
    assert main([*given, "-f", "raven", *map(str, recordings)]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines(), delimiter="\t"))
    assert [row["Selection"] for row in rows] == [str(i + 1) for i in range(len(rows))]
    assert {row["Begin File"] for row in rows} == {"a.wav", "b.wav", "c.wav"}
