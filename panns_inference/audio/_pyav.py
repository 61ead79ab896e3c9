"""Decoding with PyAV (extra `codecs`): m4a, mp4, webm, wma and the other containers of FFmpeg."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from math import inf
from typing import Any

import numpy as np

from ..wording import argument
from ._bitstream import (
    Bitstream,
    Description,
    Incomplete,
    NoSuchTrack,
    Piece,
    Remark,
    Track,
    Unrecognised,
)
from ._timeline import TimeLine

_STATED = (
    *("aiff", "ape", "asf", "au", "avi", "caf", "dsf", "flac", "flv", "matroska", "mov", "mpc"),
    *("mpc8", "nut", "tak", "tta", "w64", "wav", "webm", "wv", "xwma"),
)
"""Containers that PyAV may open and whose header states how long they are."""

_BARE = (
    *("aac", "ac3", "amr", "amrnb", "amrwb", "dts", "dtshd", "eac3", "loas", "mlp", "mp3"),
    "truehd",
)
"""Frames without a container. FFmpeg stamps them as if all had the sample rate of the first."""

_GUESSED = (*_BARE, "iff", "mpeg", "mpegts", "ogg", "oma", "rm", "voc", "wtv")
"""Containers that PyAV may open and whose length is an estimate."""

# No other container is opened: playlists, concat scripts and session descriptions make FFmpeg read
# other files, or wait for the network.
_OPTIONS = {"format_whitelist": ",".join(_STATED + _GUESSED), "protocol_whitelist": "none"}

_PRIMING = 1.0
"""Seconds, more than any codec puts before the sound."""

_SLACK = 0.25
"""Seconds by which a decoder may fall short of the stated length: what codecs add and drop."""

_MICROSECONDS = 1_000_000
"""A second, in the unit of times of a container."""

_LARGE = 1 << 15
"""Values (samples times channels) of a piece that no other is joined to: frames of a codec are so
short that each step for one costs."""


def described(bitstream: Bitstream) -> Description:
    """Return the header of a file that FFmpeg knows.

    Raises:
        ImportError: if PyAV is not installed.
        Unrecognised: as `pieces`.
    """
    with _opened(bitstream) as container:
        duration = (container.duration or 0) / _MICROSECONDS
        start = (container.start_time or 0) / _MICROSECONDS
        return Description(container.format.name, duration or None, start, _tracks(container))


def pieces(bitstream: Bitstream, track: int | None = None) -> Iterator[Piece | Remark]:
    """Yield the samples of a sound track of a file that FFmpeg knows; None is its default track.

    They stand where their time stamps say, counted from the start of the track that begins first.
    A packet that cannot be decoded leaves silence.

    Raises:
        ImportError: if PyAV is not installed.
        Unrecognised: if FFmpeg does not know the file, or may not open it, or finds no sound in it.
        NoSuchTrack: if there is no such track.
        Incomplete: if packets were left out, or the samples end before the stated length.
    """
    with _opened(bitstream) as container:
        stream = _stream_of(container, track)
        if track is None and len(container.streams.audio) > 1:
            yield Remark(logging.INFO, _others(_tracks(container)))
        line = TimeLine(*_starts(container, stream))
        yield from _gathered(_placed(_decoded(container, stream), line))
        stated = _stated_length(container, stream, line.first)
        missing = line.silence if bitstream.has_hole else stated - line.length
        if bitstream.has_hole or line.n_lost or missing > _SLACK:
            raise Incomplete(missing if missing > 0 else None)


def _placed(
    frames: Iterator[tuple[float | None, Piece] | None], line: TimeLine
) -> Iterator[Piece | Remark]:
    for frame in frames:
        if frame is None:
            line.lose()
        else:
            yield from line.feed(*frame)
    yield from line.finish()


def _gathered(pieces: Iterator[Piece | Remark]) -> Iterator[Piece | Remark]:
    """The same samples in fewer pieces; remarks come before what is gathered."""
    held: list[Piece] = []
    n_held, kind = 0, (0, 0)
    for piece in pieces:
        if isinstance(piece, Remark):
            yield piece
            continue
        if held and (n_held >= _LARGE or kind != (piece.sample_rate, piece.samples.shape[1])):
            yield Piece(kind[0], np.concatenate([each.samples for each in held]))
            held, n_held = [], 0
        kind = piece.sample_rate, piece.samples.shape[1]
        held.append(piece)
        n_held += piece.samples.size
    if held:
        yield Piece(kind[0], np.concatenate([each.samples for each in held]))


def _others(tracks: tuple[Track, ...]) -> str:
    """That there are tracks beside the default one, and how to choose another."""
    default = next(track.number for track in tracks if track.is_default)
    return (
        f"has {len(tracks)} sound tracks, of which number {default} is used; choose another with "
        f"{argument('track')}: {', '.join(map(str, tracks))}"
    )


def _decoded(container: Any, stream: Any) -> Iterator[tuple[float | None, Piece] | None]:
    """The frames and their times in seconds; None for a packet that cannot be decoded."""
    import av

    @cache
    def packer(*_: object) -> Any:
        # Packed, for PyAV ends the process on planar samples of eight channels. One for each
        # sample format, channel layout and rate: it does not follow when they change.
        return av.AudioResampler(format="flt")

    packets, is_bare, rates = container.demux(stream), container.format.name in _BARE, set()
    while True:
        try:
            for frame in next(packets).decode():
                rate = frame.sample_rate
                rates.add(rate)
                time = None if is_bare and len(rates) > 1 else frame.time
                for packed in packer(frame.format.name, frame.layout.name, rate).resample(frame):
                    samples = packed.to_ndarray().reshape(-1, len(packed.layout.channels))
                    yield time, Piece(rate, samples)
                    time = None
        except StopIteration:
            return
        except IndexError:
            # A packet of a track that began after the file was opened, as in a broadcast.
            packets = container.demux(stream)
        except (av.FFmpegError, ValueError):  # a ValueError for a codec that PyAV has not
            yield None


@contextmanager
def _opened(bitstream: Bitstream) -> Iterator[Any]:
    """The container, which has at least one sound track."""
    import av

    # RIFX is decoded as if its bytes were in the other order: as noise.
    if bitstream.file.peek(0, 4) == b"RIFX":
        raise Unrecognised("a big-endian WAV with a codec that soundfile does not know")
    bitstream.file.seek(0)
    # For a file whose tags are not UTF-8; since version 19 they never are an error.
    lenient: dict[str, Any] = (
        {"metadata_errors": "ignore"} if int(av.__version__.split(".")[0]) < 19 else {}
    )
    try:
        # Not `options`: given to the streams too, they end the process where a stream is found
        # only after the file is opened, as in FLV.
        container = av.open(bitstream.file, "r", container_options=_OPTIONS, **lenient)
    except av.FFmpegError as error:
        raise Unrecognised(f"a format that FFmpeg does not open ({error.strerror})") from None
    with container:
        if not container.streams.audio:
            raise Unrecognised("a file without a sound track")
        yield container


def _stream_of(container: Any, track: int | None) -> Any:
    """A sound track by its number; None is the default one."""
    streams = container.streams.audio
    if track is not None and track > len(streams):
        raise NoSuchTrack(track, _tracks(container))
    stream = _default(container) if track is None else streams[track - 1]
    if stream.codec_context is None:
        raise Unrecognised("a file whose sound has a codec that FFmpeg does not know")
    return stream


def _default(container: Any) -> Any:
    """The sound track that is read where none is chosen."""
    # An Ogg marks none as the default, and the guess of FFmpeg depends on the bit rates.
    best = None if container.format.name == "ogg" else container.streams.best("audio")
    return best or container.streams.audio[0]


def _tracks(container: Any) -> tuple[Track, ...]:
    """The sound tracks, in their order in the file."""
    chosen, origin = _default(container), (container.start_time or 0) / _MICROSECONDS
    return tuple(
        Track(
            number,
            codec=context.codec.canonical_name if context else "unknown",
            n_channels=context.channels if context else 0,
            sample_rate=context.sample_rate if context else 0,
            start=round(max(0.0, _seconds(stream, stream.start_time) - origin), 6),
            is_default=stream.index == chosen.index,
            language=stream.language if stream.language != "und" else None,
            title=stream.metadata.get("title"),
        )
        for number, stream in enumerate(container.streams.audio, 1)
        for context in (stream.codec_context,)
    )


def _seconds(stream: Any, time: int | None) -> float:
    """A time of a stream, which counts in a unit of its own; 0 for one that is not known."""
    return float((time or 0) * stream.time_base)


def _starts(container: Any, stream: Any) -> tuple[float | None, float]:
    """Where a track begins on the clock of the file, and where the other tracks do.

    None if it is not known; infinity if there is no other that begins.
    """
    own = None if stream.start_time is None else _seconds(stream, stream.start_time)
    first = (container.start_time or 0) / _MICROSECONDS
    # Before 0 there is priming only, but for a clock that is about to begin anew.
    least = first if first < -_PRIMING else 0.0
    others = (
        max(least, _seconds(other, other.start_time))
        for other in (*container.streams.audio, *container.streams.video)
        if other.index != stream.index
        and other.start_time is not None
        and not other.disposition & type(other.disposition).attached_pic
    )
    return own, min(others, default=inf)


def _stated_length(container: Any, stream: Any, start: float) -> float:
    """Seconds of sound that the header states; 0 if it states none.

    Args:
        container: of the file.
        stream: the track.
        start: where its sound begins, in seconds on the clock of the file.
    """
    kind = container.format.name.partition(",")[0]
    if kind not in _STATED:
        return 0.0
    if stream.duration is not None and (len(container.streams) == 1 or kind == "mov"):
        return _seconds(stream, stream.duration)
    # Of several tracks most containers state the length of the longest one only.
    end = float(container.duration or 0) / _MICROSECONDS if len(container.streams) == 1 else inf
    if kind == "matroska":
        end = min(end, _tagged_end(stream))
    return end - max(0.0, start) if end < inf else 0.0


def _tagged_end(stream: Any) -> float:
    """Where the sound of a track of Matroska ends by its tag, in seconds; infinite without one."""
    match = re.fullmatch(r"(\d+):(\d\d):(\d\d\.?\d*)", stream.metadata.get("DURATION", ""))
    if match is None:
        return inf
    hours, minutes, rest = match.groups()
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)
