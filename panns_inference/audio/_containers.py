"""Containers that FFmpeg opens: how, and what their headers state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Any

from ._bitstream import Bitstream, Description, NoSuchTrack, Track, Unrecognised

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

MICROSECONDS = 1_000_000
"""A second, in the unit of times of a container."""


@contextmanager
def opened(bitstream: Bitstream) -> Iterator[Any]:
    """The container, which has at least one sound track."""
    import av

    # RIFX is decoded as if its bytes were in the other order: as noise.
    if bitstream.file.peek(0, 4) == b"RIFX":
        raise Unrecognised("a big-endian WAV with a codec that soundfile does not know")
    bitstream.file.seek(0)
    try:
        # Not `options`: given to the streams too, they end the process where a stream is found
        # only after the file is opened, as in FLV.
        container = av.open(
            bitstream.file, "r", container_options=_OPTIONS, **_lenient(av.__version__)
        )
    except av.FFmpegError as error:
        raise Unrecognised(f"a format that FFmpeg does not open ({error.strerror})") from None
    with container:
        if not container.streams.audio:
            raise Unrecognised("a file without a sound track")
        yield container


def stream_of(container: Any, track: int | None) -> Any:
    """A sound track by its number; None is the default one."""
    streams = container.streams.audio
    if track is not None and track > len(streams):
        raise NoSuchTrack(track, tracks(container))
    stream = default(container) if track is None else streams[track - 1]
    if stream.codec_context is None:
        raise Unrecognised("a file whose sound has a codec that FFmpeg does not know")
    return stream


def default(container: Any) -> Any:
    """The sound track that is read where none is chosen."""
    # An Ogg marks none as the default, and the guess of FFmpeg depends on the bit rates.
    best = None if container.format.name == "ogg" else container.streams.best("audio")
    return best or container.streams.audio[0]


def tracks(container: Any) -> tuple[Track, ...]:
    """The sound tracks, in their order in the file."""
    chosen, origin = default(container), (container.start_time or 0) / MICROSECONDS
    return tuple(
        Track(
            number,
            codec=context.codec.canonical_name if context else "unknown",
            n_channels=context.channels if context else 0,
            sample_rate=context.sample_rate if context else 0,
            start=round(max(0.0, seconds(stream, stream.start_time) - origin), 6),
            is_default=stream.index == chosen.index,
            language=stream.language if stream.language != "und" else None,
            title=stream.metadata.get("title"),
        )
        for number, stream in enumerate(container.streams.audio, 1)
        for context in (stream.codec_context,)
    )


def seconds(stream: Any, time: int | None) -> float:
    """A time of a stream, which counts in a unit of its own; 0 for one that is not known."""
    return float((time or 0) * stream.time_base)


def _lenient(version: str) -> dict[str, Any]:
    """What lets PyAV open a file whose tags are not UTF-8; since version 19 it always does."""
    return {"metadata_errors": "ignore"} if int(version.partition(".")[0]) < 19 else {}


def description(container: Any) -> Description:
    """The header of a container."""
    duration = (container.duration or 0) / MICROSECONDS
    start = (container.start_time or 0) / MICROSECONDS
    return Description(container.format.name, duration or None, start, tracks(container))


def starts(container: Any, stream: Any) -> tuple[float | None, float]:
    """Where a track begins on the clock of the file, and where the other tracks do.

    None if it is not known; infinity if there is no other that begins.
    """
    own = None if stream.start_time is None else seconds(stream, stream.start_time)
    first = (container.start_time or 0) / MICROSECONDS
    # Before 0 there is priming only, but for a clock that is about to begin anew.
    least = first if first < -_PRIMING else 0.0
    others = (
        max(least, seconds(other, other.start_time))
        for other in (*container.streams.audio, *container.streams.video)
        if other.index != stream.index
        and other.start_time is not None
        and not other.disposition & type(other.disposition).attached_pic
    )
    return own, min(others, default=inf)


class Clock:
    """The time stamps of frames, as far as they are to be believed.

    Args:
        container: of the file.
    """

    def __init__(self, container: Any) -> None:
        self._is_bare = container.format.name in _BARE
        self._rates: set[int] = set()

    def time(self, frame: Any) -> float | None:
        """Time stamp of a frame in seconds; None if it has none."""
        self._rates.add(frame.sample_rate)
        stamp: float | None = frame.time
        return None if self._is_bare and len(self._rates) > 1 else stamp


def stated_length(container: Any, stream: Any, start: float) -> float:
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
        return seconds(stream, stream.duration)
    # Of several tracks most containers state the length of the longest one only.
    end = float(container.duration or 0) / MICROSECONDS if len(container.streams) == 1 else inf
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
