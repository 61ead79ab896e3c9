"""Tables of sounds: those of each package, and what is made of all of them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from panns_inference.files import atomic_write
from panns_inference.training.distillation.recordings import decode

from .excerpts import windows
from .labels import WindowLabels, label_windows
from .sounds import SAMPLE_RATE
from .teacher import Labels

SOURCES = ("file", "repository", "original_path", "licence", "credit")
WINDOWS = ("file", "start", "seconds", "repository")


class Sound(NamedTuple):
    """A row of the table of a package; the first five columns are those of `sources.csv`."""

    file: str
    """Relative to `audio/`."""

    repository: str
    original_path: str
    licence: str
    credit: str
    seconds: float
    sha256: str
    """Of its 16-bit samples."""


def read_sounds(table: Path) -> list[Sound]:
    """Read the table of a package.

    Args:
        table: a file that `write_sounds` wrote.
    """
    with table.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    return [Sound._make((*text, float(seconds), sha256)) for *text, seconds, sha256 in rows]


def write_sounds(table: Path, sounds: Iterable[Sound]) -> None:
    """Write the table of a package.

    Args:
        table: the file; its folder is made if need be.
        sounds: the rows.
    """
    table.parent.mkdir(exist_ok=True)
    _write(table, Sound._fields, sounds)


def label(table: Path, audio: Path, teacher: Callable[[Tensor], Labels]) -> None:
    """Write what the teacher says of the sounds of a package, beside their table.

    Args:
        table: of the package.
        audio: folder to which its files are relative.
        teacher: takes waveforms, (batch, samples) at 32 kHz.
    """
    labels = label_windows(teacher, _waveforms(audio, read_sounds(table)))
    _write_labels(table.with_suffix(".npz"), labels)


def assemble(folder: Path) -> None:
    """Write `sources.csv`, `windows.csv` and `soft.npz` of all packages that are labelled.

    Args:
        folder: holds `packages/`, one of them finished at least.
    """
    finished = sorted((folder / "packages").glob("*.npz"))
    sounds = [sound for each in finished for sound in read_sounds(each.with_suffix(".csv"))]
    _write(folder / "sources.csv", SOURCES, (sound[: len(SOURCES)] for sound in sounds))
    rows = ((s.file, *window, s.repository) for s in sounds for window in windows(s.seconds))
    _write(folder / "windows.csv", WINDOWS, rows)
    parts = [np.load(each) for each in finished]
    columns = (np.concatenate([part[name] for part in parts]) for name in WindowLabels._fields)
    _write_labels(folder / "soft.npz", WindowLabels(*columns))


def _waveforms(audio: Path, sounds: Iterable[Sound]) -> Iterator[NDArray[np.float32]]:
    for sound in sounds:
        waveform = decode(audio / sound.file, SAMPLE_RATE)
        for start, seconds in windows(sound.seconds):
            first = round(start * SAMPLE_RATE)
            yield waveform[first : first + round(seconds * SAMPLE_RATE)]


def _write(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with atomic_write(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _write_labels(path: Path, labels: WindowLabels) -> None:
    arrays: dict[str, Any] = labels._asdict()
    with atomic_write(path, binary=True) as file:
        np.savez(file, **arrays)
