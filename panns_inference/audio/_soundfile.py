"""Decoding with soundfile: WAV, AIFF, FLAC, Ogg, MP3 and the other formats of libsndfile."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any

import numpy as np

from ._pieces import Incomplete, Part, Piece, Unrecognised
from ._quiet import quiet
from ._section import Section

BLOCK = 1 << 15
"""Values (samples times channels) that are decoded at once."""

_MOST_PER_BYTE = 8192  # samples: a frame of FLAC holds 65,535 in no less than 8 bytes
_PATIENCE = 16  # reads at the end of the file; no decoder needs more than four to see it


def stated_length(file: Section) -> float:
    """Seconds that a file's header counts; infinity if it counts none, or libsndfile fails."""
    import soundfile

    try:
        with quiet(), soundfile.SoundFile(file) as sound:
            return sound.frames / sound.samplerate or inf
    except soundfile.LibsndfileError:
        return inf


def pieces(part: Part) -> Iterator[Piece]:
    """The samples of a file that libsndfile knows.

    Raises:
        Unrecognised: if it does not.
        Incomplete: if there are fewer samples than the header counts, or the decoder lost its way.
    """
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
        n_samples, lost = 0, False
        while not lost:
            samples, lost = _read(sound, part.file, soundfile.LibsndfileError)
            if len(samples) == 0:
                break
            n_samples += len(samples)
            yield Piece(sound.samplerate, samples)
        missing = _count(sound, part) - n_samples
        # Where nothing was counted, the end of the bytes is the end of the sound.
        lost = lost and (part.slack < inf or part.file.n_reads_at_end == 0)
        if missing > part.slack or lost:
            raise Incomplete(missing / sound.samplerate if missing > 0 else None)


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
