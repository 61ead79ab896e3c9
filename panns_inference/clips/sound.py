"""A clip as a file of sound, written block by block."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..audio.excerpts import Part
from ..errors import PathError
from ..files import atomic_write, explained

if TYPE_CHECKING:
    from soundfile import SoundFile

FORMATS: Mapping[str, Mapping[str, str]] = {
    "wav": {"PCM_S8": "PCM_U8", "ULAW": "PCM_16", "ALAW": "PCM_16"},
    "flac": {
        "PCM_U8": "PCM_16",
        "ULAW": "PCM_16",
        "ALAW": "PCM_16",
        "PCM_32": "PCM_24",
        "FLOAT": "PCM_24",
        "DOUBLE": "PCM_24",
    },
}
"""The formats of clips, and the subtype in which each holds those that it does not have."""

MOST_BYTES = 8
"""Of a sample."""

LARGEST_WAV = 4e9
"""Bytes of samples that a WAV can count; beyond them it is an RF64."""


@contextlib.contextmanager
def opened_clip(path: Path, first: Part, form: str, seconds: float) -> Iterator[SoundFile]:
    """Open a file of sound that appears under its name when the block ends without an error.

    Args:
        path: of the file, which must not be there; its folder is made if need be.
        first: samples of the clip, for their rate, channels and subtype.
        form: one of `FORMATS`.
        seconds: of sound at most.

    Raises:
        PathError: if it is there, cannot be written under this path, or not in this format.
        OutputError: if the disk is full.
    """
    import soundfile

    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    subtype = FORMATS[form].get(first.subtype, first.subtype)
    with atomic_write(path, binary=True, replace=False) as file:
        target, container = _Target(file), form
        n_channels = first.samples.shape[1]
        if form == "wav" and seconds * first.sample_rate * n_channels * MOST_BYTES > LARGEST_WAV:
            container = "rf64"
        try:
            with soundfile.SoundFile(
                target, "w", first.sample_rate, n_channels, subtype, format=container
            ) as sound:
                yield sound
        except (soundfile.LibsndfileError, AssertionError) as error:  # it has written less
            target.check()
            raise PathError(f"{path} cannot be written as {form}: {error}") from error
        target.check()


class _Target:
    """A file whose errors outlive the C code that writes to it: they are raised behind it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._failures: list[BaseException] = []

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except BaseException as error:  # also Ctrl-C, which a callback from C would swallow
            self._failures.append(error)
            return 0

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._file.seek(offset, whence)
        except BaseException as error:
            self._failures.append(error)
            return 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def check(self) -> None:
        """Raise what went wrong."""
        for failure in self._failures[:1]:
            raise failure
