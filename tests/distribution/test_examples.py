"""The recording and the scripts of `examples/`, run as a newcomer runs them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import panns_inference

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
STREET = EXAMPLES / "street.flac"


def run(script: str, *arguments: object, **environment: str) -> list[str]:
    """Lines that a script prints, with the package that these tests are run with."""
    where = Path(panns_inference.__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, EXAMPLES / script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(where), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def levels(samples: np.ndarray) -> np.ndarray:
    """Root mean square of each tenth of a second, in dB."""
    tenths = samples[: len(samples) // 3200 * 3200].reshape(-1, 3200)
    return 10 * np.log10(np.mean(tenths**2, axis=1) + 1e-9)


def test_the_recording_is_small_and_plain() -> None:
    found = soundfile.info(STREET)
    assert (found.samplerate, found.channels, found.frames) == (32000, 1, 9 * 32000)
    assert (found.format, found.subtype) == ("FLAC", "PCM_16")
    assert STREET.stat().st_size < 300_000
    samples, _ = soundfile.read(STREET)
    assert 0.5 < np.abs(samples).max() < 0.95


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng speaks the words")
def test_the_recording_is_what_its_script_makes(tmp_path: Path) -> None:
    assert run("make_audio.py", tmp_path) == [str(tmp_path / "street.flac")]
    made, rate = soundfile.read(tmp_path / "street.flac")
    kept, _ = soundfile.read(STREET)
    assert (rate, made.shape) == (32000, kept.shape)
    # Other processors round otherwise; other versions of espeak-ng speak a little otherwise.
    spoken = slice(round(0.4 * rate), round(4.7 * rate))
    unspoken = np.ones(len(kept), bool)
    unspoken[spoken] = False
    assert np.abs(made - kept)[unspoken].max() <= 2 / 32768
    assert np.median(np.abs(levels(made[spoken]) - levels(kept[spoken]))) < 1


def test_the_network_in_the_box_tags_what_is_in_the_recording() -> None:
    lines = run("tag_file.py", "--model", "PannsMini")
    tags = [re.fullmatch(r"(0\.\d{3})  (.+)  \((/m/\w+)\)", line).groups() for line in lines[:5]]
    labels = [label for _, label, _ in tags]
    assert labels[0] == "Speech"
    assert "Vehicle" in labels
    assert float(tags[0][0]) > 0.5
    assert re.fullmatch(r"probability of a dog: 0\.0\d\d", lines[5])
    assert len(lines) == 6


def test_a_voice_is_more_like_a_voice_than_like_a_noise(clips: Path, tmp_path: Path) -> None:
    street, again, *others = (clips / f"{number:02}.ogg" for number in (0, 3, 1, 2, 7))
    for each in (again, *others):
        (tmp_path / each.name).write_bytes(each.read_bytes())
    lines = run("similar.py", "--model", "PannsMini", street, tmp_path)
    likeness, times, recordings = zip(
        *(re.split(r"(?<=\d)  +|(?<=s)  ", line) for line in lines), strict=True
    )
    assert recordings[0] == str(tmp_path / again.name)
    assert {*recordings} == {str(tmp_path / each.name) for each in (again, *others)}
    assert {*times} == {"0.00 -    5.00 s"}
    assert sorted(likeness, reverse=True) == list(likeness)


def test_events_are_printed_with_their_times(published: Path) -> None:
    lines = run("detect_file.py", STREET, "--threshold", "0.5", PANNS_HOME=str(published))
    event = r" +(\d+\.\d\d) s to +(\d+\.\d\d) s  (0\.\d{3})  \S.*"
    found = [[float(x) for x in re.fullmatch(event, line).groups()] for line in lines[:-1]]
    assert found
    for onset, offset, probability in found:
        assert 0 <= onset < offset <= 9
        assert probability >= 0.5
    when = re.fullmatch(r"speech is most probable at (\d\.\d\d) s", lines[-1])
    assert float(when[1]) <= 9


def test_every_script_has_a_test() -> None:
    text = Path(__file__).read_text("utf-8")
    for script in EXAMPLES.glob("*.py"):
        assert f'"{script.name}"' in text, script
