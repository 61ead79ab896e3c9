"""A recording whose tracks or channels are recordings of their own."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import replace

from ._bitstream import Piece
from ._decode import decoded, described, failures_raised
from ._section import Section
from .reading import ALL, EACH, Reading
from .source import File, Source, array_pieces, is_file, name_of, named, opened


def separate(source: Source, reading: Reading) -> Iterator[tuple[Source, Reading]]:
    """What is to be read, and how, for each result: a single one but for 'all' and 'each'.

    Args:
        source: as for `read`.
        reading: how it is to be read.

    Returns:
        Readings of one track and one channel, or a mix of channels; an open file is read into
        memory for them, for each begins at the position of the file.

    Raises:
        AudioError: if the tracks or the channels cannot be found out.
    """
    name = named(source)
    if not reading.is_several:
        yield source, reading
    elif not is_file(source):
        first = next(array_pieces(source, 1, name), None)
        # That they have no tracks, or no samples, is an error when they are read.
        track = None if reading.track is None else 1
        for channel in range(1, 1 + (first.samples.shape[1] if first else 1)):
            yield source, replace(reading, track=track, channel=channel)
    else:
        with opened(source, name) as file:
            readings = [
                replace(reading, track=track, channel=channel)
                for track in _tracks(file, name, reading)
                for channel in _channels(file, name, reading, track)
            ]
            copied = None if isinstance(source, (str, os.PathLike)) else _bytes(file, name)
        for each in readings:
            yield source if copied is None else _copy(source, copied), each


def _tracks(file: Section, name: str, reading: Reading) -> list[int | str | None]:
    if reading.track != ALL:
        return [reading.track]
    return [track.number for track in described(file, name).tracks]


def _channels(
    file: Section, name: str, reading: Reading, track: int | str | None
) -> list[int | str]:
    """Those that the first samples have: headers do not always state them."""
    if reading.channel != EACH:
        return [reading.channel]
    number = track if isinstance(track, int) else None
    found = (piece for piece in decoded(file, name, number) if isinstance(piece, Piece))
    return list(range(1, 1 + next(found).samples.shape[1]))


def _bytes(file: Section, name: str) -> bytes:
    with failures_raised(file, name):
        file.seek(0)
        return file.readall()


def _copy(source: File, copied: bytes) -> io.BytesIO:
    copy = io.BytesIO(copied)
    copy.name = name_of(source)
    return copy
