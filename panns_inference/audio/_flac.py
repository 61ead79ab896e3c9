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
_TAIL = 1 << 20  # bytes in which the last two frames begin
_COUNT_AT, _COUNT_BITS = 18, 36  # bytes 18 to 25 end with the number of samples
_SYNC = re.compile(rb"\xff[\xf8\xf9]")
_LONGEST_HEADER = 16  # bytes
_SIZES = (0, 192, *(576 << n for n in range(4)), 0, 0, *(256 << n for n in range(8)))
"""Samples of a frame by their code; 0 where they are written out."""


class _Frame(NamedTuple):
    """Samples of a stream that a frame holds: the first, and the one after the last."""

    first: int
    stop: int


def streams(file: Section) -> list[Part]:
    """The streams of a FLAC file that was joined from several, each with its true count."""
    starts = [0, *_joined(file)]
    return [_counted(file.part(start, stop)) for start, stop in pairwise([*starts, file.size])]


def _joined(file: Section) -> Iterator[int]:
    """Offsets of the streams behind the first."""
    at = len(_MARK)
    while len(found := file.peek(at, _SEARCHED)) > _INFO_SIZE:
        start = -1
        while (start := found.find(_MARK, start + 1)) >= 0:
            if found.startswith(_INFO, start):
                yield at + start
        at += len(found) - _INFO_SIZE + 1


def _counted(file: Section) -> Part:
    """A stream with a header that counts all of its samples."""
    word = int.from_bytes(file.peek(_COUNT_AT, 8), "big")
    n_stated = word & ((1 << _COUNT_BITS) - 1)
    n_samples = _n_samples(file) if n_stated else 0
    if n_samples <= n_stated:
        return Part(file)
    patch = (word - n_stated + n_samples).to_bytes(8, "big")
    return Part(file.patched(_COUNT_AT, patch), share=n_samples / n_stated)


def _n_samples(file: Section) -> int:
    """Samples up to the end of the last frame; 0 if no two frames follow each other there.

    Bytes that look like the header of a frame stand anywhere; two that fit each other do not.
    """
    longest = int.from_bytes(file.peek(10, 2), "big")  # samples of a frame
    at = max(0, file.size - _TAIL)
    tail = file.peek(at, _TAIL)
    headers = (tail[match.start() :][:_LONGEST_HEADER] for match in _SYNC.finditer(tail))
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
