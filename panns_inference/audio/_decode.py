"""From the bytes of a file to its samples: soundfile first, PyAV for what it does not know.

file --> bitstreams, each with a header that is true --decoder--> pieces of samples
"""

from __future__ import annotations

import codecs
import logging
import os
import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from math import inf
from operator import methodcaller
from types import ModuleType
from typing import TypeVar

from ..errors import AudioError
from ._bitstream import (
    Bitstream,
    Description,
    Incomplete,
    Piece,
    Remark,
    Split,
    Unrecognised,
)
from ._joined import (
    flacs,
    flacs_behind,
    is_mp3,
    mp3s,
    ogg_links,
    without_tags,
    without_tags_at_end,
)
from ._sizes import measured, trailing
from .files import File, Refused, Section, opened
from .reading import Reading
from .sources import named

Finding = TypeVar("Finding")

LOG = logging.getLogger("panns_inference")

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
"""Bytes that no text has."""


def describe(file: File) -> Description:
    """Return the header of a file: container, tracks, length. Its sound is not decoded.

    Args:
        file: as for `read`.

    Raises:
        AudioError: if there is no such file, or it holds no recording that can be decoded.
    """
    with opened(file, named(file)) as section:
        return described(section)


def file_pieces(source: File, name: str, reading: Reading) -> Generator[Piece, None, None]:
    """Yield the samples of a file, as far as they can be decoded, and report its faults.

    Args:
        source: path, or an open file.
        name: its name in messages.
        reading: which of its tracks, and whether a fault is an error.

    Raises:
        AudioError: if it is no recording, cannot be read, or has no such track.
    """
    faults: list[str] = []
    track = reading.track if isinstance(reading.track, int) else None
    with opened(source, name) as file:
        try:
            for found in decoded(file, track):
                if isinstance(found, Piece):
                    yield found
                elif found.level < logging.WARNING:
                    LOG.log(found.level, "%s %s", name, found.text)
                else:
                    faults.append(found.text)
        except Incomplete as end:
            rest = "" if reading.strict else "; what it holds is used"
            faults.append(f"is cut off or damaged: {end}{rest}")
    if faults:
        reading.report(name, faults)


def stated_length(file: str | os.PathLike[str]) -> float:
    """Return the length of a recording by its header and the size of the file: nothing is decoded.

    Args:
        file: its path.

    Returns:
        Seconds; infinity for a file that soundfile does not know, that states no length, or that is
        not there.
    """
    from . import _soundfile

    try:
        with opened(file, repr(file)) as section:
            found = measured(section).bitstreams
            return sum(_soundfile.described(each).duration or inf for each in found)
    except AudioError:
        return inf


def described(file: Section) -> Description:
    """Return the header of a file that is open: container, tracks, length.

    Args:
        file: all of it.
    """
    found = [
        _description(bitstream)
        for first in _split(file).bitstreams
        for bitstream in (first, *flacs_behind(first.file, 0))
    ]
    durations = [each.duration for each in found if each.duration is not None]
    is_known = len(durations) == len(found)
    return replace(found[0], duration=sum(durations) if is_known else None)


def decoded(file: Section, track: int | None) -> Iterator[Piece | Remark]:
    """Yield the samples of a file that is open, and what is to be said of them.

    Args:
        file: all of it.
        track: number of one of its sound tracks, from 1; None is the default one.
    """
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
            joined = flacs_behind(bitstream.file, bitstream.file.tell())
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
        raise Refused("holds no samples" + (" that can be decoded" if gaps else ""))
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
    head = file.peek(0, 4)
    if head[:3] in (b"ID3", b"TAG", b"APE"):
        file = without_tags(file)
        head = file.peek(0, 4)
    if head == b"OggS":
        links, last = ogg_links(file)
        has_end = last.is_last and last.end <= file.size
        return _followed(Split(links, len(links), has_end=has_end), file, last.end)
    if head == b"fLaC":
        return Split(flacs(without_tags_at_end(file)))
    if head[:1] == b"\xff" and is_mp3(file):
        joined, rest = mp3s(file)
        return _followed(Split(joined, len(joined)), rest, 0)
    return measured(file)


def _followed(found: Split, file: Section, end: int) -> Split:
    """Recordings whose header states no size, and what stands from `end` on in a file."""
    _, recording, n_unknown = trailing(file, end)
    behind = None if recording is None else file.section(recording)
    return replace(found, behind=behind, n_unknown=n_unknown)


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
    if _is_text(bitstream.file):
        raise Unrecognised(
            "a text, and no sound; the command line reads lists of recordings with --files-from"
        )
    raise findings[_pyav]


def _is_text(file: Section) -> bool:
    """Whether a file that no decoder knows begins as a text does."""
    file.seek(0)
    beginning = file.read(512)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(beginning)  # its last letter may be cut
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(beginning)
