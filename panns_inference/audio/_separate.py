"""A recording of which several waveforms are wanted: of all tracks, or of each channel."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ._bitstream import Piece
from ._decode import decoded, described
from .arrays import array_pieces, decoder_pieces
from .files import Section, opened
from .reading import ALL, EACH, Reading
from .sources import Decoder, Source, name_of, named, plain


def separate(source: Source, reading: Reading) -> Iterator[tuple[Source, Reading]]:
    """Yield what is to be read, and how, for each result: a single one but for 'all' and 'each'.

    Args:
        source: as for `read`.
        reading: how it is to be read.

    Yields:
        The source, and its reading with one track, and one channel or a mix; an open file is read
        into memory for them, for each begins at the position of the file.

    Raises:
        AudioError: if the tracks or the channels cannot be found out.
    """
    if not reading.is_several:
        yield source, reading
        return
    name, (found, _) = named(source), plain(source)
    if isinstance(found, (np.ndarray, Decoder)):
        pieces = (
            array_pieces(found, 1, name)
            if isinstance(found, np.ndarray)
            else decoder_pieces(found, name)
        )
        first = next(pieces, None)
        # That they have no tracks, or no samples, is an error when they are read.
        track = None if reading.track is None else 1
        for channel in range(1, 1 + (first.samples.shape[1] if first else 1)):
            yield source, replace(reading, track=track, channel=channel)
    else:
        with opened(found, name) as file:
            readings = [
                replace(reading, track=track, channel=channel)
                for track in _tracks(file, reading)
                for channel in _channels(file, reading, track)
            ]
            copied = None if isinstance(found, (str, os.PathLike)) else file.section(0).readall()
        for each in readings:
            yield source if copied is None else _copy(source, copied), each


def _tracks(file: Section, reading: Reading) -> list[int | str | None]:
    if reading.track != ALL:
        return [reading.track]
    return [track.number for track in described(file).tracks]


def _channels(file: Section, reading: Reading, track: int | str | None) -> list[int | str]:
    """Those that the first samples have: headers do not always state them."""
    if reading.channel != EACH:
        return [reading.channel]
    number = track if isinstance(track, int) else None
    found = (piece for piece in decoded(file, number) if isinstance(piece, Piece))
    return list(range(1, 1 + next(found).samples.shape[1]))


def _copy(source: Source, copied: bytes) -> io.BytesIO:
    copy = io.BytesIO(copied)
    copy.name = name_of(source)
    return copy
