"""Lists of AudioSet, and the files that tools for it leave; black lists."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from panns_inference import AudioError, UsageError, audioset
from panns_inference.training.data import read_dataset, read_segments

HEAD = """\
# Segments csv created Sun Mar  5 10:54:31 2017
# num_ytids=22160, num_segs=22160, num_unique_labels=527, num_positive_labels=52882
# YTID, start_seconds, end_seconds, positive_labels
"""

ROWS = """\
--PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00088"
-0RWZT-miFs, 420.000, 430.000, "/m/0bt9lr"
YaYbYcYdYeY, 1.500, 11.500, "/m/09x0r"
"""


@pytest.fixture
def segments(tmp_path: Path) -> Path:
    (tmp_path / "eval_segments.csv").write_text(HEAD + ROWS)
    return tmp_path / "eval_segments.csv"


@pytest.mark.parametrize(
    "name",
    [
        "Y--PJHxphWEs.wav",
        "deep/er/--PJHxphWEs.flac",
        "--PJHxphWEs_30.m4a",
        "--PJHxphWEs_30000.mp3",
        "--PJHxphWEs_30.000_40.000.wav",
        "Y--PJHxphWEs_30000_40000.opus",
    ],
)
def test_clips_are_found_by_what_tools_call_them(
    segments: Path, street: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    clip = segments.parent / name
    clip.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(street, clip)
    found = read_dataset(segments)
    assert [(each.path, each.labels) for each in found.clips] == [(clip, ("Speech", "Gush"))]
    assert found.labels == tuple(audioset.labels)
    assert found.mids == tuple(audioset.mids)
    assert (found.clips[0].onset, found.clips[0].offset) == (0, None)
    assert "2 of the 3 clips" in caplog.text


def test_the_order_is_that_of_the_list(
    segments: Path, street: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    audio = tmp_path / "audio"
    audio.mkdir()
    for name in ("YaYbYcYdYeY_1.5.flac", "Y-0RWZT-miFs.flac", "--PJHxphWEs.flac"):
        shutil.copy(street, audio / name)
    with caplog.at_level(logging.WARNING):
        found = read_segments(segments, audio)
    assert [clip.path.name for clip in found.clips] == [
        "--PJHxphWEs.flac",
        "Y-0RWZT-miFs.flac",
        "YaYbYcYdYeY_1.5.flac",
    ]
    assert not caplog.text


@pytest.mark.parametrize("row", ["a, 0, 10", "a, x, 10, /m/09x0r", "a, 0, 10, /m/none"])
def test_lists_of_another_kind_are_refused(segments: Path, street: Path, row: str) -> None:
    with pytest.raises(AudioError, match="no recording"):
        read_segments(segments)
    shutil.copy(street, segments.parent)
    with pytest.raises(UsageError, match="none of the 3 clips"):
        read_segments(segments)
    segments.write_text(HEAD + row)
    with pytest.raises(UsageError, match=r"clip 1 cannot be read: .*\['a'"):
        read_segments(segments)


@pytest.mark.parametrize(
    "line", ["Y-0RWZT-miFs", "-0RWZT-miFs", "-0RWZT-miFs_420.flac", "-0RWZT-miFs.wav\t0\t10"]
)
def test_what_is_on_the_black_list_is_left_out(
    segments: Path, street: Path, tmp_path: Path, line: str
) -> None:
    for name in ("-0RWZT-miFs_420.flac", "YaYbYcYdYeY.flac"):
        shutil.copy(street, tmp_path / name)
    black_list = tmp_path / "black.txt"
    black_list.write_text(f"# of another task\n\n{line.replace('.wav', '')}\n")
    found = read_dataset(segments, black_list=black_list)
    assert [clip.path.name for clip in found.clips] == ["YaYbYcYdYeY.flac"]
    black_list.write_text("YaYbYcYdYeY.flac\n-0RWZT-miFs\n")
    with pytest.raises(UsageError, match="leaves none of the 2 clips"):
        read_dataset(segments, black_list=black_list)
