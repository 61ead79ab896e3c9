"""A file of a pack: HDF5 with the names that the paper's authors give, for `h5py` and their code.

waveform     int16 (clips, samples), one piece without compression: its bytes can be sought
target       bool (clips, classes)
audio_name   names of the files of the recordings
place        of each clip among those that the file is made from
broken       the places of the others, and why they could not be decoded
fingerprint  (attribute) of the clips, their recordings and the layout
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import AudioError, AudioWarning
from ...files import atomic_write
from ..int16 import to_int16
from .clips import Clip, Dataset
from .cutting import waveforms_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAGE_BYTES = 4096
"""Waveforms begin at a multiple of it: what reads or maps the file works in pages."""


@dataclass(frozen=True)
class Layout:
    """What all clips of a pack have in common.

    Attributes:
        labels: of the classes.
        sample_rate: of the waveforms in Hz.
        n_samples: of a waveform.
    """

    labels: tuple[str, ...]
    sample_rate: int
    n_samples: int


@dataclass(frozen=True)
class Shard:
    """What is in a file of a pack.

    Attributes:
        clips: that have a waveform.
        offset: bytes of the file before the first waveform.
        broken: clips that could not be decoded, and why.
        faults: warnings of the recordings that were decoded now.
    """

    clips: tuple[Clip, ...]
    offset: int
    broken: tuple[tuple[Clip, str], ...]
    faults: tuple[str, ...] = ()


def write_shards(planned: Sequence[tuple[Path, Sequence[Clip]]], layout: Layout) -> list[Shard]:
    """Write the files that are not there yet, or are there for other clips; return all.

    Args:
        planned: path and clips of each file; all clips in the order of `cutting.in_order`.
        layout: of the pack.

    Raises:
        OutputError: if a file cannot be written.
    """
    there = [_read(path, clips, layout) for path, clips in planned]
    new = [clips for (_, clips), shard in zip(planned, there, strict=True) if shard is None]
    waveforms = waveforms_of([*chain(*new)], layout.sample_rate, layout.n_samples)
    with contextlib.closing(waveforms):
        return [
            shard or _write(path, clips, waveforms, layout)
            for (path, clips), shard in zip(planned, there, strict=True)
        ]


def _read(path: Path, clips: Sequence[Clip], layout: Layout) -> Shard | None:
    """What is in a file; None if it is not of these clips."""
    import h5py

    try:
        with h5py.File(path) as file:
            if file.attrs["fingerprint"] != _fingerprint(clips, layout):
                return None
            causes = file["broken/cause"].asstr()[:]
            return Shard(
                tuple(clips[place] for place in file["place"]),
                file["waveform"].id.get_offset() or 0,
                tuple((clips[k], why) for k, why in zip(file["broken/place"], causes, strict=True)),
            )
    except (OSError, KeyError):
        return None


def _write(
    path: Path,
    clips: Sequence[Clip],
    waveforms: Iterator[NDArray[np.float32] | AudioError],
    layout: Layout,
) -> Shard:
    fingerprint = _fingerprint(clips, layout)  # before they are read: they may change meanwhile
    samples = np.zeros((len(clips), layout.n_samples), "<i2")
    places: list[int] = []
    broken: dict[int, str] = {}
    with warnings.catch_warnings(record=True) as faults:
        warnings.simplefilter("always", AudioWarning)
        for place, waveform in enumerate(islice(waveforms, len(clips))):
            if isinstance(waveform, AudioError):
                broken[place] = str(waveform)
            else:
                samples[len(places), : len(waveform)] = to_int16(waveform)
                places.append(place)
    whole = tuple(clips[place] for place in places)
    image, offset = _image(samples[: len(whole)], whole, places, broken, fingerprint, layout)
    with atomic_write(path, binary=True) as file:
        file.write(image)
    return Shard(
        whole,
        offset,
        tuple((clips[place], why) for place, why in broken.items()),
        tuple(dict.fromkeys(str(fault.message) for fault in faults)),
    )


def _image(
    samples: NDArray[np.int16],
    clips: Sequence[Clip],
    places: Sequence[int],
    broken: dict[int, str],
    fingerprint: str,
    layout: Layout,
) -> tuple[memoryview, int]:
    """The bytes of a file, and where its waveforms begin."""
    import h5py

    image = io.BytesIO()
    names = [os.fsencode(clip.path.name) for clip in clips]
    targets = Dataset(tuple(clips), layout.labels).targets.astype(bool)
    with h5py.File(
        image, "w", alignment_threshold=PAGE_BYTES, alignment_interval=PAGE_BYTES
    ) as file:
        waveform = file.create_dataset("waveform", data=samples)
        file.create_dataset("target", data=targets)
        file.create_dataset("audio_name", data=np.array(names, "S"))
        file.create_dataset("place", data=np.array(places, np.int64))
        file.create_dataset("broken/place", data=np.array([*broken], np.int64))
        file.create_dataset("broken/cause", data=[*broken.values()], dtype=h5py.string_dtype())
        file.attrs.update(fingerprint=fingerprint, sample_rate=layout.sample_rate)
        offset = waveform.id.get_offset() or 0
    return image.getbuffer(), offset


def _fingerprint(clips: Sequence[Clip], layout: Layout) -> str:
    """A checksum of what a file is made from: that of recordings is their size and time."""
    digest = hashlib.sha256(repr(layout).encode())
    states: dict[Path, tuple[int, int] | None] = {}
    for clip in clips:
        if clip.path not in states:
            states[clip.path] = _state(clip.path)
        row = clip.path, clip.labels, clip.onset, clip.offset, states[clip.path]
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _state(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns
