"""Decoding with soundfile: WAV, AIFF, FLAC, Ogg, MP3 and the other formats of libsndfile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Any

import numpy as np

from ._pieces import Incomplete, NoSuchTrack, Part, Piece, Unrecognised
from ._quiet import quiet
from ._section import Section
from .description import Description, Track

BLOCK = 1 << 15
"""Values (samples times channels) that are decoded at once."""

_MOST_PER_BYTE = 8192  # samples: a frame of FLAC holds 65,535 in no less than 8 bytes
_MOST_LEFT = 4096  # bytes: a few frames of MP3
_PATIENCE = 16  # reads at the end of the file; no decoder needs more than four to see it


def described(part: Part) -> Description:
    """What the header says of a file that libsndfile knows.

    Raises:
        Unrecognised: if it does not.
    """
    with _opened(part) as sound:
        return _description(sound, part)


def pieces(part: Part, track: int | None = None) -> Iterator[Piece]:
    """The samples of a file that libsndfile knows.

    Raises:
        Unrecognised: if it does not.
        NoSuchTrack: for another track than the first.
        Incomplete: if there are fewer samples than the header counts, or the decoder lost its way.
    """
    import soundfile

    with _opened(part) as sound:
        if track not in (None, 1):
            raise NoSuchTrack(track, _description(sound, part).tracks)
        n_samples, lost, n_counted = 0, False, _count(sound, part)
        while not lost:
            samples, lost = _read(sound, part.file, soundfile.LibsndfileError)
            if lost and n_counted:  # what follows the last one is of something else
                samples = samples[: max(0, n_counted - n_samples)]
            if len(samples) == 0:
                break
            n_samples += len(samples)
            yield Piece(sound.samplerate, samples)
        missing = n_counted - n_samples
        # Where nothing was counted, the end of the bytes is the end of the sound.
        lost = lost and (part.slack < inf or part.file.n_reads_at_end == 0)
        # The decoder of MP3 ends without a word where the rate or the channels change.
        lost = lost or (part.slack == inf and part.file.size - part.file.tell() > _MOST_LEFT)
        if missing > part.slack or lost:
            raise Incomplete(missing / sound.samplerate if missing > 0 else None)


@contextmanager
def _opened(part: Part) -> Iterator[Any]:
    import soundfile

    part.file.seek(0)
    try:
        with quiet():
            sound = soundfile.SoundFile(part.file, "r")
    except soundfile.LibsndfileError:
        raise Unrecognised("a format that soundfile does not know") from None
    # Read on and never seek. soundfile would seek to where it stands after each block, from which
    # some decoders do not recover: DWVW and FLAC without a length fail, MP3 loses a few bits.
    sound.seekable = lambda: False
    with sound:
        yield sound


def _description(sound: Any, part: Part) -> Description:
    track = Track(1, sound.subtype.lower(), sound.channels, sound.samplerate)
    duration = _count(sound, part) / max(1, sound.samplerate)
    return Description(sound.format.lower(), duration or None, 0.0, (track,))


def _read(sound: Any, file: Section, failure: type[Exception]) -> tuple[Any, bool]:
    """The next samples, (samples, channels), and whether the decoder lost its way.

    The number of samples is lost with a failure; so what is no longer NaN was decoded.
    """
    file.n_reads_at_end = 0
    buffer = np.full((max(1, BLOCK // sound.channels), sound.channels), np.nan, np.float32)
    try:
        with quiet():
            samples = sound.read(out=buffer)
    except failure:
        written = np.flatnonzero(~np.isnan(buffer).all(axis=1))
        return buffer[: written[-1] + 1 if written.size else 0], True
    # Samples that were made of nothing: those of a cut SDS, for one.
    invented = file.n_reads_at_end > _PATIENCE
    return samples[: 0 if invented else None], invented


def _count(sound: Any, part: Part) -> int:
    """Samples that a header counts; 0 if none does, or the file cannot hold as many."""
    # The length of MPEG inside a WAV is always an estimate.
    is_estimate = sound.format != "MP3" and sound.subtype.startswith("MPEG")
    counted = part.slack < inf and not is_estimate
    possible = int(sound.frames) <= part.file.size * _MOST_PER_BYTE
    return int(sound.frames) if counted and possible else 0
