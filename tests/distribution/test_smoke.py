"""The main doors, each opened once: what `noxfile.py` runs on other Pythons and older packages."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # each door has tests of its own among the quick ones

STREET = Path(__file__).parents[2] / "examples" / "street.flac"


def panns(*arguments: object) -> str:
    """What the program writes on its standard output."""
    command = [sys.executable, "-m", "panns_inference", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_package_is_imported_without_a_word() -> None:
    command = [sys.executable, "-W", "error", "-c", "import panns_inference"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_recording_is_tagged() -> None:
    from panns_inference import AudioTagging

    tagging = AudioTagging("PannsMini", device="cpu").tag(STREET)
    assert tagging.tags[0].label == "Speech"
    assert tagging.clipwise.shape == (527,)


def test_events_of_a_recording_are_detected() -> None:
    from panns_inference import SoundEventDetection

    events = SoundEventDetection("PannsMini", device="cpu").detect(STREET, threshold=0.3).events
    assert "Speech" in {event.label for event in events}
    assert all(0 <= event.onset < event.offset <= 9.001 for event in events)


def test_samples_of_another_rate_are_embedded() -> None:
    from panns_inference import AudioTagging

    tone = np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    embedding = AudioTagging("PannsMini", device="cpu").embed(tone, sample_rate=44_100)
    assert np.isfinite(embedding.vector).all()


@pytest.mark.parametrize("resampler", ["resampy", "soxr"])
def test_a_rate_is_changed(resampler: str) -> None:
    from panns_inference.audio import read

    tone = np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    expected = np.sin(2 * np.pi * 440 * np.arange(32_000) / 32_000)
    found = read(tone, 32_000, sample_rate=44_100, resampler=resampler)
    np.testing.assert_allclose(found[1000:-1000], expected[1000:-1000], atol=1e-3)


def test_what_only_pyav_reads_is_read(tmp_path: Path) -> None:
    from made_recordings import muxed

    from panns_inference.audio import read

    assert len(read(io.BytesIO(muxed(tmp_path, "a.m4a", "alac")), 8_000, strict=True)) == 160_000


def test_a_folder_is_tagged_by_the_program(tmp_path: Path) -> None:
    out = tmp_path / "tags.csv"
    panns("tag", STREET.parent, "--offline", "-f", "csv", "-o", out)
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert "Speech" in {row["event_label"] for row in rows}


def test_a_parquet_is_written_by_the_program(tmp_path: Path) -> None:
    from pyarrow import parquet

    out = tmp_path / "events.parquet"
    panns("detect", STREET, "--offline", "--threshold", 0.3, "-f", "parquet", "-o", out)
    assert "Speech" in parquet.read_table(out)["event_label"].to_pylist()


def test_an_exported_network_says_the_same(tmp_path: Path) -> None:
    from panns_inference import AudioTagging

    file = tmp_path / "mini.onnx"
    panns("export", "PannsMini", "--to", "onnx", "-o", file)
    plain = AudioTagging("PannsMini", device="cpu").tag(STREET).clipwise
    np.testing.assert_allclose(AudioTagging(str(file)).tag(STREET).clipwise, plain, atol=1e-4)
