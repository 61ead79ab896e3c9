"""Stretches of a file as they are in it: at its sample rate, with all its channels, to the bit.

    samples that can be counted off (WAV, FLAC, AIFF, ...) --seek--> those of a stretch
    all others --decode from the beginning, up to the end of the last stretch--> those of each

Both count time as `read` does.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from numpy.typing import NDArray

from ..errors import AudioError
from ._bitstream import Piece
from ._decode import file_pieces, stated_length
from .files import opened
from .reading import Reading
from .sources import named

if TYPE_CHECKING:
    from soundfile import SoundFile

BLOCK = 1 << 16
"""Samples that are read at once."""

TYPES = {
    "PCM_S8": "int16",
    "PCM_U8": "int16",
    "PCM_16": "int16",
    "PCM_24": "int32",
    "PCM_32": "int32",
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "ULAW": "int16",
    "ALAW": "int16",
}
"""Subtypes of soundfile whose samples can be counted off, and the type that holds them exactly."""

Stretch = tuple[float, float]
"""Onset and offset in seconds."""


class Part(NamedTuple):
    """Some samples of a stretch.

    Attributes:
        number: of the stretch, in the order in which they were given.
        sample_rate: in Hz.
        subtype: of soundfile, which says how many bits the samples have.
        samples: (samples, channels), of the type in `TYPES`.
        is_last: whether the stretch ends with them.
    """

    number: int
    sample_rate: int
    subtype: str
    samples: NDArray[Any]
    is_last: bool


def excerpts(
    path: str | os.PathLike[str], stretches: Sequence[Stretch], track: int | None = None
) -> Iterator[Part]:
    """Yield stretches of a recording, piece by piece; those of several may take turns.

    Args:
        path: of the file.
        stretches: in any order; what lies outside of the recording is left out. One that lies
            outside as a whole has no part.
        track: number of the sound track of a film, from 1; None is its default track.

    Raises:
        AudioError: if the file cannot be read.
    """
    with contextlib.ExitStack() as stack:
        sound = stack.enter_context(_countable(path)) if track in (None, 1) else None
        yield from _decoded(path, stretches, track) if sound is None else _sought(sound, stretches)


@contextlib.contextmanager
def _countable(path: str | os.PathLike[str]) -> Iterator[SoundFile | None]:
    """A file whose samples can be counted off; None if it is another one."""
    length = stated_length(path)
    if length == math.inf:
        yield None
        return
    import soundfile

    with opened(path, named(path)) as file, soundfile.SoundFile(file) as sound:
        # Of several that are joined, and where the header is wrong, soundfile sees less.
        is_whole = math.isclose(sound.frames, length * sound.samplerate, abs_tol=0.5)
        try:
            yield sound if is_whole and sound.subtype in TYPES else None
        except soundfile.LibsndfileError as error:
            raise AudioError(f"{named(path)} cannot be decoded: {error}") from error


def _sought(sound: SoundFile, stretches: Sequence[Stretch]) -> Iterator[Part]:
    rate, subtype = sound.samplerate, sound.subtype
    for number, stretch in enumerate(stretches):
        start, stop = _samples_of(stretch, rate)
        stop = min(stop, sound.frames)
        for at in range(start, stop, BLOCK):
            sound.seek(at)
            end = min(at + BLOCK, stop)
            samples = sound.read(end - at, dtype=TYPES[subtype], always_2d=True)
            yield Part(number, rate, subtype, samples, end == stop)


def _decoded(
    path: str | os.PathLike[str], stretches: Sequence[Stretch], track: int | None
) -> Iterator[Part]:
    pieces = file_pieces(path, named(path), Reading(track=track))
    waiting = sorted(range(len(stretches)), key=lambda number: stretches[number][0], reverse=True)
    last: dict[int, Part] = {}  # of the stretches that have begun, which is held back
    before = 0.0
    for (rate, _), run in itertools.groupby(pieces, _form):
        yield from (part._replace(is_last=True) for part in last.values())  # of another form
        last.clear()
        position = 0
        for _, samples in run:
            end = position + len(samples)
            while waiting and _samples_of(stretches[waiting[-1]], rate, before)[0] < end:
                number = waiting.pop()
                last[number] = Part(number, rate, "FLOAT", samples[:0], False)
            for number, part in [*last.items()]:
                start, stop = _samples_of(stretches[number], rate, before)
                if len(part.samples):
                    yield part
                found = samples[max(start - position, 0) : max(stop - position, 0)]
                last[number] = part._replace(samples=found, is_last=stop <= end)
                if stop <= end:
                    yield last.pop(number)
            position = end
            if not waiting and not last:
                pieces.close()
                return
        before += position / rate
    yield from (part._replace(is_last=True) for part in last.values())


def _form(piece: Piece) -> tuple[int, int]:
    """Sample rate and channels, which may change in a file."""
    return piece.sample_rate, piece.samples.shape[1]


def _samples_of(stretch: Stretch, rate: int, before: float = 0.0) -> tuple[int, int]:
    """First sample of a stretch, and the one behind its last, counted from `before` seconds on."""
    onset, offset = (max(0, round((time - before) * rate)) for time in stretch)
    return onset, max(offset, onset + 1)
