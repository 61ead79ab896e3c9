"""Decoding with soundfile: WAV, AIFF, FLAC, Ogg, MP3 and the other formats of libsndfile."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._bitstream import (
    Bitstream,
    Description,
    Incomplete,
    NoSuchTrack,
    Piece,
    Track,
    Unrecognised,
)
from .files import Section

if TYPE_CHECKING:
    from soundfile import SoundFile

BLOCK = 1 << 15
"""Values (samples times channels) that are decoded at once."""

_MOST_PER_BYTE = 8192  # samples: a frame of FLAC holds 65,535 in no less than 8 bytes
_MOST_LEFT = 4096  # bytes: a few frames of MP3
_PATIENCE = 16  # reads at the end of the file; no decoder needs more than four to see it
_STDERR = 2


def described(bitstream: Bitstream) -> Description:
    """The header of a file that libsndfile knows.

    Raises:
        Unrecognised: if it does not.
    """
    with _opened(bitstream) as sound:
        return _description(sound, bitstream)


def comment(bitstream: Bitstream) -> str:
    """The comment in the metadata of a file that libsndfile knows; empty without one.

    Raises:
        Unrecognised: if it does not.
    """
    with _opened(bitstream) as sound:
        return str(sound.comment)


def pieces(bitstream: Bitstream, track: int | None = None) -> Iterator[Piece]:
    """The samples of a file that libsndfile knows.

    Raises:
        Unrecognised: if it does not.
        NoSuchTrack: for another track than the first.
        Incomplete: if there are fewer samples than the header states, or the decoder lost its way.
    """
    with _opened(bitstream) as sound:
        if track not in (None, 1):
            raise NoSuchTrack(track, _description(sound, bitstream).tracks)
        file, slack = bitstream.file, bitstream.slack
        n_samples, lost, n_stated = 0, False, _n_stated(sound, bitstream)
        while not lost:
            samples, lost = _read(sound, file)
            if lost and n_stated:  # what follows the last one is of something else
                samples = samples[: max(0, n_stated - n_samples)]
            if len(samples) == 0:
                break
            n_samples += len(samples)
            yield Piece(sound.samplerate, samples)
        missing = n_stated - n_samples
        # Where nothing was stated, the end of the bytes is the end of the sound.
        lost = lost and (slack < inf or file.n_reads_at_end == 0)
        # The decoder of MP3 ends without a word where the rate or the channels change.
        lost = lost or (slack == inf and file.size - file.tell() > _MOST_LEFT)
        if missing > slack or lost:
            raise Incomplete(missing / sound.samplerate if missing > 0 else None)


@contextmanager
def _opened(bitstream: Bitstream) -> Iterator[SoundFile]:
    import soundfile

    bitstream.file.seek(0)
    try:
        with quiet():
            sound = soundfile.SoundFile(bitstream.file, "r")
    except soundfile.LibsndfileError:
        raise Unrecognised("a format that soundfile does not know") from None
    # Read on and never seek. soundfile would seek to its position after each block, from which
    # some decoders do not recover: DWVW and FLAC without a length fail, MP3 loses a few bits.
    sound.seekable = lambda: False
    with sound:
        yield sound


def _description(sound: SoundFile, bitstream: Bitstream) -> Description:
    track = Track(1, sound.subtype.lower(), sound.channels, sound.samplerate)
    duration = _n_stated(sound, bitstream) / max(1, sound.samplerate)
    return Description(sound.format.lower(), duration or None, 0.0, (track,))


def _read(sound: SoundFile, file: Section) -> tuple[NDArray[np.float32], bool]:
    """The next samples, (samples, channels), and whether the decoder lost its way.

    The number of samples is lost with a failure; so what is no longer NaN was decoded.
    """
    from soundfile import LibsndfileError

    file.n_reads_at_end = 0
    buffer = np.full((max(1, BLOCK // sound.channels), sound.channels), np.nan, np.float32)
    try:
        with quiet():
            samples = sound.read(out=buffer)
    except LibsndfileError:
        written = np.flatnonzero(~np.isnan(buffer).all(axis=1))
        return buffer[: written[-1] + 1 if written.size else 0], True
    # Samples that were made of nothing: those of a cut SDS, for one.
    invented = file.n_reads_at_end > _PATIENCE
    return samples[: 0 if invented else None], invented


def _n_stated(sound: SoundFile, bitstream: Bitstream) -> int:
    """Samples that a header states; 0 if none does, or the file cannot hold as many."""
    # The length of MPEG inside a WAV is always an estimate.
    is_estimate = sound.format != "MP3" and sound.subtype.startswith("MPEG")
    stated = int(bitstream.n_samples or sound.frames)
    if sound.format == "NIST":  # libsndfile takes a cut one for a shorter one
        match = re.search(rb"sample_count -i (\d+)", bitstream.file.section(0).peek(0, 1024))
        stated = int(match[1]) if match else stated
    is_possible = stated <= bitstream.file.size * _MOST_PER_BYTE
    return stated if bitstream.slack < inf and not is_estimate and is_possible else 0


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing that is written to the standard error meanwhile gets there.

    The MP3 decoder inside libsndfile writes there wherever a file is damaged, and no option stops
    it; our own warnings state what is wrong. That is so for the whole process, so it is done in
    programs of one thread only: the words of another one could be lost.
    """
    if threading.active_count() > 1:
        yield
        return
    try:
        saved = os.dup(_STDERR)
    except OSError:  # there is no standard error
        yield
        return
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, _STDERR)
        os.close(nothing)
        yield
    finally:
        os.dup2(saved, _STDERR)
        os.close(saved)
