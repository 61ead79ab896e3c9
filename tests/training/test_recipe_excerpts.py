"""What is kept of a sound, into which windows it is cut, and what the teacher says of them."""

from __future__ import annotations

import csv
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from recipes.mini.excerpts import excerpts, is_track, loudest, spread, windows
from recipes.mini.labels import label_windows
from recipes.mini.teacher import read_teacher

RATE = 32000


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.shared("the teacher of PannsMini and the sounds of other sources")
def test_labels_are_those_that_were_stored(shared: Path) -> None:
    wild = shared / "wild"
    rows, stored = table(wild / "windows.csv"), np.load(wild / "soft.npz")
    chosen_rows = np.linspace(0, len(rows) - 1, 50).round().astype(int)
    waveforms = []
    for row in (rows[k] for k in chosen_rows):
        start, length = (round(float(row[key]) * RATE) for key in ("start", "seconds"))
        samples, _ = soundfile.read(wild / "audio" / row["file"], dtype="float32")
        waveforms.append(samples[start : start + length])
    assert min(map(len, waveforms)) < RATE / 4
    network = read_teacher(shared / "distill" / "teacher" / "mn04_as_mAP_432.pt").fused()
    found = label_windows(network, waveforms)
    for name, logits in found._asdict().items():
        # Both are in half precision: logits of 8 to 16 are 1/128 apart.
        np.testing.assert_allclose(logits, stored[name][chosen_rows], atol=0.05)


@pytest.mark.shared("the sounds of other sources")
def test_windows_are_cut_as_those_of_other_sources(shared: Path) -> None:
    spans: dict[str, list[tuple[float, float]]] = {}
    for row in table(shared / "wild" / "windows.csv"):
        spans.setdefault(row["file"], []).append((float(row["start"]), float(row["seconds"])))
    for name in sorted(spans)[::10]:
        seconds = soundfile.info(shared / "wild" / "audio" / name).duration
        np.testing.assert_allclose(list(windows(seconds)), spans[name], atol=1e-6)


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=40), st.integers(1, 20))
def test_the_loudest_stretch_has_most_energy(values: list[int], n_samples: int) -> None:
    waveform = np.array(values, np.float32)
    piece = loudest(waveform, n_samples)
    stretches = [values[k : k + n_samples] for k in range(max(1, len(values) - n_samples + 1))]
    assert piece.tolist() in stretches
    assert np.square(piece).sum() == max(sum(v * v for v in s) for s in stretches)


def test_music_is_what_lies_in_its_folder_or_is_long() -> None:
    music, sound = PurePosixPath("a/Music/b.ogg"), PurePosixPath("a/music.ogg")
    assert not is_track(music, 10.0)
    assert is_track(music, 10.1)
    assert not is_track(sound, 60.0)
    assert is_track(sound, 60.1)


@pytest.mark.parametrize(
    ("seconds", "track", "lengths"),
    [(3, True, [3]), (15, False, [10]), (15, True, [10]), (20, True, [10, 10]), (30, False, [10])],
)
def test_music_has_two_excerpts(seconds: int, track: bool, lengths: list[int]) -> None:
    pieces = excerpts(np.ones(seconds * RATE, np.float32), track)
    assert [len(piece) / RATE for piece in pieces] == lengths


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9)), st.integers(0, 30))
def test_a_selection_is_spread_over_folders(sizes: dict[str, int], most: int) -> None:
    paths = [PurePosixPath(f"{f}/{k}.ogg") for f, size in sizes.items() for k in range(size)]
    selected = spread(paths[::-1], most)
    assert len(set(selected)) == len(selected) == min(most, len(paths))
    assert set(selected) <= set(paths)
    assert selected == sorted(selected)
    counts = {folder: sum(path.parts[0] == folder for path in selected) for folder in sizes}
    for folder, count in counts.items():
        assert count == sizes[folder] or count >= max(counts.values()) - 1
