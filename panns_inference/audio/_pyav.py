"""Decoding with PyAV (extra `codecs`): m4a, mp4, webm, wma and the other containers of FFmpeg."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._bitstream import Bitstream, Description, Incomplete, Piece, Remark, Track
from ._containers import Clock, description, opened, starts, stated_length, stream_of, tracks
from ._timeline import TimeLine

Stamped = tuple[float | None, Piece]
"""Samples and their time stamp in seconds, if they have one."""

_LARGE = 1 << 15
"""Values (samples times channels) of a piece that no other is joined to: frames of a codec are so
short that each step for one costs."""

_SLACK = 0.25
"""Seconds by which a decoder may fall short of the stated length: what codecs add and drop."""


def described(bitstream: Bitstream) -> Description:
    """The header of a file that FFmpeg knows.

    Raises:
        ImportError: if PyAV is not installed.
        Unrecognised: as `pieces`.
    """
    with opened(bitstream) as container:
        return description(container)


def pieces(bitstream: Bitstream, track: int | None = None) -> Iterator[Piece | Remark]:
    """The samples of a sound track of a file that FFmpeg knows; None is its default track.

    They stand where their time stamps say, counted from the start of the track that begins first.
    A packet that cannot be decoded leaves silence.

    Raises:
        ImportError: if PyAV is not installed.
        Unrecognised: if FFmpeg does not know the file, or may not open it, or finds no sound in it.
        NoSuchTrack: if there is no such track.
        Incomplete: if packets were left out, or the samples end before the stated length.
    """
    with opened(bitstream) as container:
        stream = stream_of(container, track)
        if track is None and len(container.streams.audio) > 1:
            yield Remark(logging.INFO, _others(tracks(container)))
        line = TimeLine(*starts(container, stream))
        yield from _gathered(_placed(_decoded(container, stream), line))
        stated = stated_length(container, stream, line.first)
        missing = line.silence if bitstream.has_hole else stated - line.length
        if bitstream.has_hole or line.n_lost or missing > _SLACK:
            raise Incomplete(missing if missing > 0 else None)


def _placed(frames: Iterator[Stamped | None], line: TimeLine) -> Iterator[Piece | Remark]:
    for frame in frames:
        if frame is None:
            line.lose()
        else:
            yield from line.feed(*frame)
    yield from line.finish()


def _gathered(pieces: Iterator[Piece | Remark]) -> Iterator[Piece | Remark]:
    """The same samples in fewer pieces; remarks come before what is gathered."""
    held: list[Piece] = []
    n_held = 0
    for piece in pieces:
        if isinstance(piece, Remark):
            yield piece
            continue
        if held and (n_held >= _LARGE or not _alike(held[0], piece)):
            yield _joined(held)
            held, n_held = [], 0
        held.append(piece)
        n_held += piece.samples.size
    if held:
        yield _joined(held)


def _alike(one: Piece, other: Piece) -> bool:
    """Whether two pieces have the same rate and number of channels."""
    return (one.sample_rate, one.samples.shape[1]) == (other.sample_rate, other.samples.shape[1])


def _joined(pieces: list[Piece]) -> Piece:
    return Piece(pieces[0].sample_rate, np.concatenate([piece.samples for piece in pieces]))


def _others(tracks: tuple[Track, ...]) -> str:
    """That there are tracks beside the default one, and how to choose another."""
    default = next(track.number for track in tracks if track.is_default)
    return (
        f"has {len(tracks)} sound tracks, of which number {default} is used; choose another with "
        f"--track N or track=N: {', '.join(map(str, tracks))}"
    )


def _decoded(container: Any, stream: Any) -> Iterator[Stamped | None]:
    """The stream frame by frame, with None for each packet that cannot be decoded."""
    import av

    @cache
    def packer(*_: object) -> Any:
        # Packed, for PyAV ends the process on planar samples of eight channels. One for each
        # sample format, channel layout and rate: it does not follow when they change.
        return av.AudioResampler(format="flt")

    packets, clock = container.demux(stream), Clock(container)
    while True:
        try:
            for frame in next(packets).decode():
                kind = frame.format.name, frame.layout.name, frame.sample_rate
                time = clock.time(frame)
                for packed in packer(*kind).resample(frame):
                    yield time, Piece(frame.sample_rate, _array(packed))
                    time = None
        except StopIteration:
            return
        except IndexError:
            # A packet of a track that began after the file was opened, as in a broadcast.
            packets = container.demux(stream)
        except (av.FFmpegError, ValueError):  # a ValueError for a codec that PyAV has not
            yield None


def _array(frame: Any) -> NDArray[np.float32]:
    samples: NDArray[np.float32] = frame.to_ndarray()
    return samples.reshape(-1, len(frame.layout.channels))
