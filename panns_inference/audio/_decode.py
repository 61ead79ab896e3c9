"""From the bytes of a file to its samples: soundfile first, PyAV for what it does not know.

file --> bitstreams, each with a header that is true --decoder--> pieces of samples
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from operator import methodcaller
from types import ModuleType
from typing import TypeVar

from ..errors import AudioError
from . import _flac, _mpeg, _ogg
from ._bitstream import (
    Bitstream,
    Description,
    Incomplete,
    NoSuchTrack,
    Piece,
    Remark,
    Split,
    Unrecognised,
)
from ._section import Section
from ._sizes import measured, trailing

Finding = TypeVar("Finding")


def described(file: Section, name: str) -> Description:
    """The header of a file; nothing is decoded.

    Args:
        file: its bytes.
        name: its name in messages.

    Raises:
        AudioError: if it is no recording, or cannot be read.
    """
    with failures_raised(file, name):
        try:
            found = [
                _description(bitstream)
                for first in _split(file).bitstreams
                for bitstream in (first, *_flac.behind(first.file, 0))
            ]
        except Unrecognised as finding:
            raise _refusal(name, finding) from None
        durations = [each.duration for each in found if each.duration is not None]
        is_known = len(durations) == len(found)
        return replace(found[0], duration=sum(durations) if is_known else None)


def decoded(file: Section, name: str, track: int | None = None) -> Iterator[Piece | Remark]:
    """The samples of a file piece by piece, as far as they can be decoded, and remarks on them.

    Args:
        file: its bytes.
        name: its name in messages.
        track: number of the sound track, from 1; None is the default one.

    Raises:
        AudioError: if it is no recording, cannot be read, or has no such track.
        Incomplete: after the last piece, if some of the recording is missing.
    """
    with failures_raised(file, name):
        try:
            yield from _decoded(file, name, track)
        except NoSuchTrack as finding:
            raise AudioError(f"{name} has {finding}") from None
        except Unrecognised as finding:
            raise _refusal(name, finding) from None


def _decoded(file: Section, name: str, track: int | None) -> Iterator[Piece | Remark]:
    found = _split(file)
    held: list[float] = []  # seconds of each bitstream
    stated: list[float] = []  # as far as they are there
    gaps: list[float | None] = [] if found.has_end else [None]
    for bitstream in found.bitstreams:  # it grows
        n_gaps, length, rate = len(gaps), 0.0, 1
        try:
            for piece in _by_either(bitstream, methodcaller("pieces", bitstream, track)):
                yield piece
                if isinstance(piece, Piece):
                    rate = piece.sample_rate
                    length += len(piece.samples) / rate
        except Incomplete as end:
            joined = _flac.behind(bitstream.file, bitstream.file.tell())
            found.bitstreams.extend(joined)
            if end.missing is not None or not joined:
                gaps.append(end.missing)
        except Unrecognised:
            if sum(held) == 0:
                raise
            gaps.append(None)
        if bitstream.share < 1 and len(gaps) == n_gaps:
            gaps.append(length * (1 / bitstream.share - 1) if length else None)
        held.append(length)
        stated.append(min(length, bitstream.n_samples / rate or length / (bitstream.share or 1)))
    if sum(held) == 0:
        raise AudioError(f"{name} holds no samples" + (" that can be decoded" if gaps else ""))
    yield from _remarks(found, sum(held), sum(stated[: found.n_stated]))
    if gaps:
        known = [gap for gap in gaps if gap is not None]
        raise Incomplete(sum(known) if len(known) == len(gaps) else None)


def _remarks(found: Split, held: float, stated: float) -> Iterator[Remark]:
    """What there is to report of recordings that were decoded, by their length in seconds."""
    if held - stated > 1e-6:
        yield Remark(
            logging.WARNING,
            f"states {stated:.2f} s in its header and holds {held:.2f} s; all of it is used",
        )
    if found.n_unknown:
        yield Remark(
            logging.WARNING,
            f"has {found.n_unknown:,} bytes behind its samples that are neither sound nor "
            "metadata; they are not used",
        )


def _split(file: Section) -> Split:
    """The whole of a file: the bitstreams of a chain, and those that follow the end of another."""
    found = _first(file)
    while found.behind is not None:
        more = _first(found.behind)
        bitstreams, has_end = found.bitstreams + more.bitstreams, found.has_end and more.has_end
        found = replace(more, bitstreams=bitstreams, n_stated=found.n_stated, has_end=has_end)
    return found


def _first(file: Section) -> Split:
    """The bitstreams up to a recording that follows their end."""
    file = _mpeg.without_tags(file)
    if file.peek(0, 4) == b"OggS":
        links, last = _ogg.links(file)
        has_end = last.is_last and last.end <= file.size
        return _followed(Split(links, len(links), has_end=has_end), file, last.end)
    if file.peek(0, 4) == b"fLaC":
        return Split(_flac.streams(file))
    if _mpeg.is_frame(file):
        joined, rest = _mpeg.recordings(file)
        return _followed(Split(joined, len(joined)), rest, 0)
    return measured(file)


def _followed(found: Split, file: Section, end: int) -> Split:
    """Recordings whose header states no size, and what stands from `end` on in a file."""
    more = trailing(file, end)
    behind = None if more.recording is None else file.section(more.recording)
    return replace(found, behind=behind, n_unknown=more.n_unknown)


def _description(bitstream: Bitstream) -> Description:
    found: Iterator[Description] = _by_either(
        bitstream, lambda decoder: iter([decoder.described(bitstream)])
    )
    return next(found)


def _by_either(
    bitstream: Bitstream, find: Callable[[ModuleType], Iterator[Finding]]
) -> Iterator[Finding]:
    """Yield what the first decoder that knows a bitstream finds."""
    from . import _pyav, _soundfile

    is_for_pyav = bitstream.is_multiplexed or bitstream.has_hole
    decoders = (_pyav, _soundfile) if is_for_pyav else (_soundfile, _pyav)
    findings = {}
    for decoder in decoders:
        try:
            yield from find(decoder)
            return
        except Unrecognised as finding:
            findings[decoder] = finding
        except ImportError as error:
            findings[decoder] = Unrecognised(
                "a format that soundfile does not know; m4a, mp4, webm, wma and others need PyAV: "
                f'pip install "panns-inference[codecs]" ({error})'
            )
    raise findings[_pyav]


def _refusal(name: str, finding: Unrecognised) -> AudioError:
    return AudioError(f"{name} cannot be decoded: it is {finding}")


@contextmanager
def failures_raised(file: Section, name: str) -> Iterator[None]:
    """Raise what went wrong with the file underneath, if anything did."""
    try:
        yield
    finally:
        try:
            file.raise_failure()
        except Exception as error:
            raise AudioError(f"{name} cannot be read: {error}") from error
