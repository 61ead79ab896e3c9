"""What stands in an MP3 file beside the sound: tags, and the numbers of frames and bytes.

    | tag | frame, "Xing" 40 frames, 9000 bytes | frame | ... | tag | frame, "Info" 90 frames | ...
          '---------------- one recording ------------------'       '----- joined to it --------

The decoder inside libsndfile writes to the terminal when it does not like a tag, or when the size
in the header is not that of the file. So tags are left out, and the size is made true. It also
ends with the frames that the first one counts, so each recording is given to it as a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from math import inf
from typing import NamedTuple

from ._bitstream import Bitstream, Section

# A frame without sound that counts the others: header, perhaps a checksum, zeros, the marker.
_COUNTING = re.compile(
    rb"\xff(?:[\xe3\xf3\xfb]|[\xe2\xf2\xfa](?:..)?)..\0{9,32}(?:Xing|Info)", re.DOTALL
)
_LONGEST_MATCH = 42
_BLOCK = 1 << 20  # bytes that are searched at once
_HAS_FRAMES, _HAS_BYTES = 1, 2  # bits of the word after the marker
_ID3V1, _APE_HEADER = 128, 32  # bytes
_LONGEST_FRAME = 1441  # bytes: some encoders do not count the first one
_MOST_ESTIMATED = 40  # the bits of a second are from 8,000 to 320,000
_LONGEST_SOUND = 1152  # samples of a frame: some encoders count one too many


class _Count(NamedTuple):
    """The numbers of the others in the first frame.

    Attributes:
        has_frames: whether the number of frames is one of them.
        n_bytes: how many bytes there are; 0 if that is none of them.
        at: offset of that number.
    """

    has_frames: bool
    n_bytes: int
    at: int


def without_tags(file: Section) -> Section:
    """The file behind the tags at its start: its own, and those of a recording before it."""
    while size := tag_size(file.peek(0, 16)):
        file = file.section(size)
    return file


def tag_size(header: bytes) -> int:
    """Bytes of the tag that begins so: ID3v1, ID3v2 or APE; 0 if it is none."""
    if header[:3] == b"TAG":
        return _ID3V1
    if header[:8] == b"APETAGEX":
        return _APE_HEADER + int.from_bytes(header[12:16], "little")
    if header[:3] != b"ID3" or len(header) < 10:
        return 0
    size = 0
    for byte in header[6:10]:  # seven bits in each
        size = size << 7 | byte & 0x7F
    footer = 10 if header[5] & 0x10 else 0
    return 10 + size + footer


def _without_tags_at_end(file: Section) -> Section:
    """The file before the tags at its end, an ID3v1 behind an APE: libsndfile stumbles there."""
    if file.peek(file.size - _ID3V1, 3) == b"TAG":
        file = file.section(0, file.size - _ID3V1)
    footer = file.peek(file.size - _APE_HEADER, 16)
    if footer[:8] == b"APETAGEX":  # its size counts the footer, and no header
        file = file.section(0, file.size - int.from_bytes(footer[12:16], "little"))
        header = file.size - _APE_HEADER
        file = file.section(0, header if file.peek(header, 8) == b"APETAGEX" else None)
    return file


def recordings(file: Section) -> tuple[list[Bitstream], Section]:
    """The recordings of an MP3 file that was joined from several, each with its true size.

    A recording ends where another frame begins to count, or with the bytes that its own states.

    Returns:
        the recordings; and what stands behind the bytes that the last one states, and is no MP3.
    """
    starts = sorted({0, *_counting(file)})
    found: list[Bitstream] = []
    for start, stop in pairwise([*starts, file.size]):
        section = _without_tags_at_end(file.section(start, stop))
        n_stated = _count(section).n_bytes or section.size
        rest = without_tags(section.section(n_stated))
        is_more = rest.size > _LONGEST_FRAME
        is_joined = is_more and is_frame(rest)
        ends = is_joined or rest.size == 0
        found.append(_with_true_size(section.section(0, n_stated if ends else None)))
        found += [_with_true_size(rest)] * is_joined
    return found, rest.section(0 if is_more and not is_joined else rest.size)


def is_frame(file: Section) -> bool:
    """Whether a file begins with the header of a frame; that of AAC names no layer."""
    head = file.peek(0, 2)
    return len(head) == 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 != 0


def _counting(file: Section) -> Iterator[int]:
    """Offsets of the frames that count others."""
    at = 0
    while len(found := file.peek(at, _BLOCK)) >= _LONGEST_MATCH:
        yield from (at + match.start() for match in _COUNTING.finditer(found))
        at += len(found) - _LONGEST_MATCH + 1


def _with_true_size(file: Section) -> Bitstream:
    """The file with a true size in its first frame.

    Where that frame does not count the others, the length that a decoder reports is an estimate,
    made from the size of the file and of the first frames. libsndfile stops there, also before
    the end, so such a file is one that seems as long as it would be with the largest frames.
    """
    count = _count(file)
    if not count.has_frames:
        return Bitstream(file.seeming(file.size * _MOST_ESTIMATED), inf)
    # Of a file whose encoder counts a frame too many, all the bytes are there.
    slack = 0 if count.n_bytes > file.size else _LONGEST_SOUND
    if count.n_bytes:
        file = file.patched(count.at, min(file.size, 2**32 - 1).to_bytes(4, "big"))
    return Bitstream(file, slack)


def _count(file: Section) -> _Count:
    match = _COUNTING.match(file.peek(0, _LONGEST_MATCH))
    if match is None:
        return _Count(has_frames=False, n_bytes=0, at=0)
    flags = int.from_bytes(file.peek(match.end(), 4), "big")
    at = match.end() + (8 if flags & _HAS_FRAMES else 4)
    n_bytes = int.from_bytes(file.peek(at, 4), "big") if flags & _HAS_BYTES else 0
    return _Count(bool(flags & _HAS_FRAMES), n_bytes, at)
