"""Recordings decoded once: 16-bit samples of all files in one memory-mapped array.

    folder/samples.npy   int16 (samples of all recordings, one after the other)
    folder/index.csv     name, start, length: a row for each recording

Decoding compressed audio at every step would cost more than training a small network on it;
mapped, the samples of many processes share one copy in memory. Recordings are of any length, and
excerpts are drawn from them; a pack (`data.packing`) has clips of one length, with their classes.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import AudioError
from ...files import CHUNK_BYTES, atomic_write, open_partial
from ..int16 import to_int16

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Recordings(Mapping[str, "NDArray[np.int16]"]):
    """Mapping of names to samples, in a folder written by `write_recordings`.

    Args:
        folder: the folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._samples: NDArray[np.int16] = np.load(self.folder / "samples.npy", mmap_mode="r")
        with (self.folder / "index.csv").open(encoding="utf-8", newline="") as file:
            self._spans = {
                row["name"]: (int(row["start"]), int(row["length"])) for row in csv.DictReader(file)
            }

    def __getitem__(self, name: str) -> NDArray[np.int16]:
        start, length = self._spans[name]
        return self._samples[start : start + length]

    def __iter__(self) -> Iterator[str]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)

    def n_samples(self, name: str) -> int:
        """Return the length of a recording in samples.

        Args:
            name: name of the recording.
        """
        return self._spans[name][1]


def write_recordings(
    recordings: Iterable[tuple[str, NDArray[np.float32]]], folder: str | Path
) -> None:
    """Write waveforms as a folder of recordings; samples beyond [-1, 1] are clipped.

    The index is written last and renamed into place: a folder without one is incomplete.

    Args:
        recordings: names and waveforms, (samples,) each.
        folder: created if necessary; what it holds is replaced.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rows, start = [], 0
    raw = folder / "samples.partial"
    with open_partial(raw) as file:
        for name, waveform in recordings:
            samples = to_int16(waveform)
            file.write(samples.tobytes())
            rows.append((name, start, len(samples)))
            start += len(samples)
    _write_array(raw, folder / "samples.npy")
    with atomic_write(folder / "index.csv") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(("name", "start", "length"))
        writer.writerows(rows)


def _write_array(raw: Path, path: Path) -> None:
    # The header of an .npy file contains the length, which is known only now.
    dtype = np.lib.format.dtype_to_descr(np.dtype(np.int16))
    header = {"descr": dtype, "fortran_order": False, "shape": (raw.stat().st_size // 2,)}
    with atomic_write(path, binary=True) as file, raw.open("rb") as samples:
        np.lib.format.write_array_header_1_0(file, header)
        shutil.copyfileobj(samples, file, CHUNK_BYTES)
    raw.unlink()


def decode(path: str | Path, sample_rate: int) -> NDArray[np.float32]:
    """Return a file as a mono waveform, (samples,) float32, resampled if necessary.

    Args:
        path: a file in a format of libsndfile.
        sample_rate: rate of the result in Hz.

    Raises:
        AudioError: if the file cannot be read.
    """
    import soundfile
    import soxr

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise AudioError(f"{path}: cannot be decoded for training ({error})") from error
    mono = samples.mean(axis=1)
    if rate == sample_rate:
        return np.asarray(mono, np.float32)
    return np.asarray(soxr.resample(mono, rate, sample_rate), np.float32)
