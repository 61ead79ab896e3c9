"""All sounds of the recipe, their labels, and who hears them: training or validation.

Each folder holds `windows.csv`, `soft.npz` and `audio/`. A source (a repository, a package) is in
training or in validation as a whole, so that validation says how sounds are heard that come from
elsewhere. Those in `held_out.csv` are for validation: they were chosen for the many classes that
the names of their files say, before anything was trained. The recordings of `distill` keep the
split of their table.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panns_inference.training.distillation.recordings import Recordings, decode, write_recordings

from .names import named_classes
from .sounds import SAMPLE_RATE

WINDOW = 5 * SAMPLE_RATE
HELD_OUT = Path(__file__).parent / "held_out.csv"


class Window(NamedTuple):
    """A stretch of a recording."""

    name: str
    """Of the recording: folder and file."""

    start: int
    """First sample."""

    length: int
    """Samples; a window below 5 s is the whole recording, or what is left at its end."""

    source: str


@dataclass(frozen=True)
class Sounds:
    """Windows and the teacher's labels."""

    windows: list[Window]
    logits: NDArray[np.float16]
    """For each window as it is, (windows, 527)."""

    in_silence: NDArray[np.float16]
    """For each window with silence around it, (windows, 527)."""

    named: list[tuple[int, ...]]
    """Classes that the name of the file says; empty where it says none."""

    def chosen(self, indices: Iterable[int]) -> Sounds:
        """Return some of the windows.

        Args:
            indices: which.
        """
        kept = list(indices)
        return Sounds(
            [self.windows[k] for k in kept],
            self.logits[kept],
            self.in_silence[kept],
            [self.named[k] for k in kept],
        )


def read_distill(folder: Path, split: str) -> Sounds:
    """Return the windows of one split of `distill`.

    Args:
        folder: it.
        split: 'train' or 'validation'.
    """
    rows = rows_of(folder / "windows.csv")
    kept = [index for index, row in enumerate(rows) if row["split"] == split]
    logits = np.load(folder / "soft.npz")["logits"]
    windows = [_window(folder, row, "distill") for row in rows]
    return Sounds(windows, logits, logits, [()] * len(rows)).chosen(kept)


def read_sounds(folders: Iterable[Path], held_out: bool) -> Sounds:
    """Return the windows of the sources that are in training, or of those that are held out.

    Args:
        folders: `wild`, `everyday`, and what `packages` laid out.
        held_out: which of the two.
    """
    judges = {row["source"] for row in rows_of(HELD_OUT)}
    whole = joined([_read(folder) for folder in folders])
    return whole.chosen(
        k for k, window in enumerate(whole.windows) if (window.source in judges) == held_out
    )


def joined(parts: list[Sounds]) -> Sounds:
    """Return all windows of several tables.

    Args:
        parts: one or more.
    """
    return Sounds(
        [window for part in parts for window in part.windows],
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.in_silence for part in parts]),
        [classes for part in parts for classes in part.named],
    )


def _read(folder: Path) -> Sounds:
    rows, soft = rows_of(folder / "windows.csv"), np.load(folder / "soft.npz")
    paths = {row["file"]: row["original_path"] for row in rows_of(folder / "sources.csv")}
    windows = [_window(folder, row, row["repository"]) for row in rows]
    named = [named_classes(f"{row['repository']}/{paths[row['file']]}") for row in rows]
    return Sounds(windows, soft["logits"], soft["in_silence"], named)


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table.

    Args:
        path: a CSV file.
    """
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _window(folder: Path, row: dict[str, str], source: str) -> Window:
    start, seconds = float(row["start"]), float(row["seconds"])
    name = f"{folder.name}/{row['file']}"
    return Window(name, round(start * SAMPLE_RATE), round(seconds * SAMPLE_RATE), source)


def prepare(sounds: Iterable[Sounds], distill: Path, folders: Iterable[Path], cache: Path) -> None:
    """Decode the recordings of windows once, unless that is done.

    Args:
        sounds: the windows.
        distill: the folder to which the files of its table are relative.
        folders: the others, in whose `audio` the recordings lie.
        cache: folder of the samples.
    """
    if (cache / "index.csv").exists():
        return
    where = {distill.name: distill} | {folder.name: folder / "audio" for folder in folders}
    names = dict.fromkeys(window.name for part in sounds for window in part.windows)
    write_recordings(((name, decode(_path(where, name), SAMPLE_RATE)) for name in names), cache)


def _path(where: dict[str, Path], name: str) -> Path:
    folder, _, file = name.partition("/")
    return where[folder] / file


def waveform_of(recordings: Recordings, window: Window) -> NDArray[np.float32]:
    """Return the samples of a window, (samples,) float32.

    Args:
        recordings: the decoded ones.
        window: the window.
    """
    samples = recordings[window.name]
    # Tables round to milliseconds: a shorter window at the beginning is the whole recording.
    if window.start or window.length == WINDOW:
        samples = samples[window.start : window.start + window.length]
    return samples.astype(np.float32) / 32767
