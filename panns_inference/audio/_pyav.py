"""Decoding with PyAV (extra `codecs`): m4a, mp4, webm, wma and the other containers of FFmpeg."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._pieces import Incomplete, Part, Piece, Unrecognised

_STATED = (
    *("aiff", "ape", "asf", "au", "avi", "caf", "dsf", "flac", "flv", "matroska", "mov", "mpc"),
    *("mpc8", "nut", "tak", "tta", "w64", "wav", "webm", "wv", "xwma"),
)
"""Containers that PyAV may open and whose header states how long they are."""

_GUESSED = (
    *("aac", "ac3", "amr", "amrnb", "amrwb", "dts", "dtshd", "eac3", "iff", "loas", "mlp", "mp3"),
    *("mpeg", "mpegts", "ogg", "oma", "rm", "truehd", "voc", "wtv"),
)
"""Containers that PyAV may open and whose length is an estimate."""

# No other container is opened: playlists, concat scripts and session descriptions make FFmpeg read
# other files, or wait for the network.
_OPTIONS = {"format_whitelist": ",".join(_STATED + _GUESSED), "protocol_whitelist": "none"}

_SLACK = 0.25
"""Seconds by which a decoder may fall short of the stated length: what codecs add and drop."""


def pieces(part: Part) -> Iterator[Piece]:
    """The samples of the default sound track of a file that FFmpeg knows.

    A packet that cannot be decoded is left out, so that what follows it comes too early.

    Raises:
        ImportError: if PyAV is not installed.
        Unrecognised: if FFmpeg does not know the file, or may not open it, or hears nothing in it.
        Incomplete: if packets were left out, or the samples end before the stated length.
    """
    import av

    # RIFX is decoded as if its bytes were in the other order: as noise.
    if part.file.peek(0, 4) == b"RIFX":
        raise Unrecognised("a big-endian WAV with a codec that soundfile does not know")
    part.file.seek(0)
    try:
        # Not `options`: given to the streams too, they end the process where a stream is found
        # only after the file is opened, as in FLV.
        container = av.open(part.file, "r", container_options=_OPTIONS, **_lenient(av.__version__))
    except av.FFmpegError as error:
        raise Unrecognised(f"a format that FFmpeg does not open ({error.strerror})") from None
    with container:
        stream = container.streams.best("audio")
        if stream is None:
            raise Unrecognised("a file without a sound track")
        if stream.codec_context is None:
            raise Unrecognised("a file whose sound has a codec that FFmpeg does not know")
        length, n_lost = 0.0, 0
        for piece in _decoded(container, stream):
            if piece is None:
                n_lost += 1
                continue
            yield piece
            length += len(piece.samples) / piece.sample_rate
        missing = _stated_length(container, stream) - length
        if n_lost or missing > _SLACK:
            raise Incomplete(missing if missing > 0 else None)


def _lenient(version: str) -> dict[str, Any]:
    """What lets PyAV open a file whose tags are not UTF-8; since version 19 it always does."""
    return {"metadata_errors": "ignore"} if int(version.partition(".")[0]) < 19 else {}


def _decoded(container: Any, stream: Any) -> Iterator[Piece | None]:
    """The stream piece by piece, with None for each packet that cannot be decoded."""
    import av

    @cache
    def packer(*_: object) -> Any:
        # Packed, for PyAV ends the process on planar samples of eight channels. One for each
        # sample format, channel layout and rate: it does not follow when they change.
        return av.AudioResampler(format="flt")

    packets = container.demux(stream)
    while True:
        try:
            for frame in next(packets).decode():
                kind = frame.format.name, frame.layout.name, frame.sample_rate
                for packed in packer(*kind).resample(frame):
                    yield Piece(frame.sample_rate, _array(packed))
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


def _stated_length(container: Any, stream: Any) -> float:
    """Seconds of sound that the header states; 0 if it states none."""
    kind = container.format.name.partition(",")[0]
    # Of several tracks most containers state the length of the longest one only.
    if kind not in _STATED or (len(container.streams) > 1 and kind != "mov"):
        return 0.0
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    return float(container.duration or 0) / 1_000_000
