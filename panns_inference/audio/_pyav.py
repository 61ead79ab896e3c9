"""Decoding with PyAV (extra `codecs`): m4a, mp4, webm, wma and the other containers of FFmpeg."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._containers import description, opened, stated_length, stream_of, tracks
from ._pieces import Incomplete, Part, Piece, Remark
from .description import Description, Track

_SLACK = 0.25
"""Seconds by which a decoder may fall short of the stated length: what codecs add and drop."""


def described(part: Part) -> Description:
    """What the header says of a file that FFmpeg knows.

    Raises:
        ImportError: if PyAV is not installed.
        Unrecognised: as `pieces`.
    """
    with opened(part) as container:
        return description(container)


def pieces(part: Part, track: int | None = None) -> Iterator[Piece | Remark]:
    """The samples of a sound track of a file that FFmpeg knows; None is its default track.

    A packet that cannot be decoded is left out, so that what follows it comes too early.

    Raises:
        ImportError: if PyAV is not installed.
        Unrecognised: if FFmpeg does not know the file, or may not open it, or hears nothing in it.
        NoSuchTrack: if there is no such track.
        Incomplete: if packets were left out, or the samples end before the stated length.
    """
    with opened(part) as container:
        stream = stream_of(container, track)
        if track is None and len(container.streams.audio) > 1:
            yield Remark(logging.INFO, _others(tracks(container)))
        length, n_lost = 0.0, 0
        for piece in _decoded(container, stream):
            if piece is None:
                n_lost += 1
                continue
            yield piece
            length += len(piece.samples) / piece.sample_rate
        missing = stated_length(container, stream) - length
        if n_lost or missing > _SLACK:
            raise Incomplete(missing if missing > 0 else None)


def _others(tracks: tuple[Track, ...]) -> str:
    """That there are tracks beside the default one, and how to choose another."""
    default = next(track.number for track in tracks if track.is_default)
    return (
        f"has {len(tracks)} sound tracks, of which number {default} is used; choose another with "
        f"--track N or track=N: {', '.join(map(str, tracks))}"
    )


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
