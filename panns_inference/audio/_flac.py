"""What a FLAC file holds beside the samples that its header counts.

    fLaC, 1000 samples | frame 0 | frame 1 | frame 2 || fLaC, 500 samples | frame 0 ...
                       '- 1000 samples --' '- more -' '- joined to it ----

libFLAC ends with the samples that the header counts. So each stream is given to it as a file, and
the count is compared with what the last frames say of their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from ._pieces import Part
from ._section import Section

_MARK = b"fLaC"
_INFO = (b"fLaC\0\0\0\x22", b"fLaC\x80\0\0\x22")  # a stream, and the head of its first block
_INFO_SIZE = 8
_SEARCHED = 1 << 16  # bytes that are searched at once: they stay in the cache
_READ_AHEAD = 1 << 18  # bytes: libFLAC reads no further ahead of the frame that it decodes
_TAILS = (1 << 16, 1 << 20)  # bytes at the end: two frames begin in one of them
_COUNT_AT, _COUNT = 18, (1 << 36) - 1  # bytes 18 to 25 end with the number of samples
_SYNC = re.compile(rb"\xff[\xf8\xf9]")
_LONGEST_HEADER = 16  # bytes
_SIZES = (0, 192, *(576 << n for n in range(4)), 0, 0, *(256 << n for n in range(8)))
"""Samples of a frame by their code; 0 where they are written out."""


class _Frame(NamedTuple):
    """Samples of a stream that a frame holds: the first, and the one after the last."""

    first: int
    stop: int


def streams(file: Section) -> list[Part]:
    """The streams of a FLAC file, each with its true count, or the first of them.

    The whole file is searched only if its header does not count as many samples as its last frames
    do. If it does, its decoder shows whether there is more: it stops there.
    """
    n_stated = _word(file) & _COUNT
    if n_stated >= _n_samples(file) > 0:
        return [Part(file, may_go_on=True)]
    return _apart(file, [0, *_joined(file, len(_MARK))])


def behind(file: Section, at: int) -> list[Part]:
    """The streams that are joined to the first.

    Args:
        file: the whole of it.
        at: offset up to which the decoder of the first has read.
    """
    return _apart(file, list(_joined(file, max(len(_MARK), at - _READ_AHEAD))))


def _apart(file: Section, starts: list[int]) -> list[Part]:
    return [_counted(file.part(start, stop)) for start, stop in pairwise([*starts, file.size])]


def _joined(file: Section, at: int) -> Iterator[int]:
    """Offsets of the streams that begin at `at` or later."""
    while len(found := file.peek(at, _SEARCHED)) > _INFO_SIZE:
        start = -1
        while (start := found.find(_MARK, start + 1)) >= 0:
            if found.startswith(_INFO, start):
                yield at + start
        at += len(found) - _INFO_SIZE + 1


def _counted(file: Section) -> Part:
    """A stream with a header that counts all of its samples."""
    word = _word(file)
    n_stated = word & _COUNT
    n_samples = _n_samples(file) if n_stated else 0
    if n_samples <= n_stated:
        return Part(file)
    patch = (word - n_stated + n_samples).to_bytes(8, "big")
    return Part(file.patched(_COUNT_AT, patch), share=n_samples / n_stated)


def _word(file: Section) -> int:
    """The word of the header that ends with the number of samples."""
    return int.from_bytes(file.peek(_COUNT_AT, 8), "big")


def _n_samples(file: Section) -> int:
    """Samples up to the end of the last frame; 0 if no two frames follow each other there."""
    longest = int.from_bytes(file.peek(10, 2), "big")  # samples of a frame
    return next(filter(None, (_last_stop(file, n_bytes, longest) for n_bytes in _TAILS)), 0)


def _last_stop(file: Section, n_bytes: int, longest: int) -> int:
    """The end of the last frame by the last bytes of a file.

    Bytes that look like the header of a frame stand anywhere; two that fit each other do not.
    """
    tail = file.peek(max(0, file.size - n_bytes), n_bytes)
    headers = (
        tail[match.start() : match.start() + _LONGEST_HEADER] for match in _SYNC.finditer(tail)
    )
    frames = [frame for header in headers if (frame := _frame(header, longest))]
    stops = {frame.stop for frame in frames}
    return max((frame.stop for frame in frames if frame.first in stops), default=0)


def _frame(header: bytes, longest: int) -> _Frame | None:
    """The frame that begins so; None if nothing does, as its checksum shows."""
    number = _number(header[4:]) if len(header) == _LONGEST_HEADER else None
    if number is None:
        return None
    value, width = number
    size_code, rate_code = header[2] >> 4, header[2] & 15
    at = 4 + width
    n_size, n_rate = {6: 1, 7: 2}.get(size_code, 0), {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    end = at + n_size + n_rate
    if size_code == 0 or _checksum(header[:end]) != header[end]:
        return None
    written = int.from_bytes(header[at : at + n_size], "big") + 1
    n_samples = written if n_size else _SIZES[size_code]
    first = value if header[1] & 1 else value * longest  # one of a sample, or of a frame
    return _Frame(first, first + n_samples)


def _number(coded: bytes) -> tuple[int, int] | None:
    """A number coded as UTF-8 codes characters, and its bytes; None if it is none."""
    n_ones = 8 - (coded[0] ^ 0xFF).bit_length()
    width = max(1, n_ones)
    rest = coded[1:width]
    if n_ones in (1, 8) or any(byte >> 6 != 2 for byte in rest):
        return None
    value = coded[0] & (0x7F >> n_ones)
    for byte in rest:
        value = value << 6 | byte & 0x3F
    return value, width


def _checksum(header: bytes) -> int:
    """CRC-8 with the polynomial x^8 + x^2 + x + 1."""
    remainder = 0
    for byte in header:
        remainder ^= byte
        for _ in range(8):
            remainder = (remainder << 1 ^ (remainder >> 7) * 0x07) & 0xFF
    return remainder
