"""FLAC, Ogg and MP3: files of frames or pages, to which others may be joined, each given as it is.

    | ID3 | frame, "Xing" 40 frames, 9000 bytes | frame | ... | ID3 | frame, "Info" 90 frames | ...
    | OggS, first | OggS | OggS | OggS, last    || OggS, first | OggS | OggS, la
    | fLaC, 1000 samples | frame | frame        || fLaC, 500 samples | frame ...
    '-------------- one recording --------------''---- joined to it ----

libsndfile ends with the samples or frames that the first header counts, or with the first link of a
chain, without a word; so each recording is given to it as a file of its own. libFLAC is given a
header that counts no samples: it goes on to the last frame, or stumbles over another header. The
decoder of MP3 writes to the terminal when it does not like a tag, or when the size in the header is
not that of the file; so tags are left out, and the size is made true. Where pages of an Ogg are
lost, what follows comes too early.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import NamedTuple

from ._bitstream import Bitstream
from .files import Section

_SEARCHED = 1 << 16  # bytes that are searched at once: they stay in the cache
_BLOCK = 1 << 20  # the same for what is searched by a regular expression
_INFO = (b"fLaC\0\0\0\x22", b"fLaC\x80\0\0\x22")  # a FLAC, and the head of its first block
_INFO_SIZE = 8
_BUFFERED = 1 << 18  # bytes: libFLAC reads no further beyond the frame that it decodes
_COUNT_AT, _COUNT = 18, (1 << 36) - 1  # bytes 18 to 25 end with the number of samples
_HEADER = 27  # bytes of a page of Ogg before the table of segment sizes
_FIRST, _LAST = 2, 4  # bits of its sixth byte
_LATE = 1 << 20  # samples: no first page of sound holds as many
_MEDIA = b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ", b"\x80theora"
"""How the first page of a track begins; other streams hold no sound and no picture."""

# A frame of MP3 without sound that counts the others: header, perhaps a checksum, zeros, marker.
_COUNTING = re.compile(
    rb"\xff(?:[\xe3\xf3\xfb]|[\xe2\xf2\xfa](?:..)?)..\0{9,32}(?:Xing|Info)", re.DOTALL
)
_LONGEST_MATCH = 42
_HAS_FRAMES, _HAS_BYTES = 1, 2  # bits of the word after the marker
_ID3V1, _APE_HEADER = 128, 32  # bytes
_LONGEST_FRAME = 1441  # bytes: some encoders do not count the first one
_MOST_ESTIMATED = 40  # the bits of a second are from 8,000 to 320,000
_LONGEST_SOUND = 1152  # samples of a frame: some encoders count one too many


def flacs(file: Section) -> list[Bitstream]:
    """Return the streams of a FLAC file if the first counts no samples, else the first of them.

    Without a count its decoder would run into the next one unnoticed.
    """
    first = _flac_uncounted(file)
    return [first] if first.n_samples else _flacs_apart(file, [0, *_flacs_joined(file, 1)])


def flacs_behind(file: Section, at: int) -> list[Bitstream]:
    """Return the streams that are joined to the first.

    Args:
        file: the whole of it; empty if it is no FLAC.
        at: offset up to which the decoder of the first has read.
    """
    is_flac = file.peek(0, _INFO_SIZE) in _INFO
    return _flacs_apart(file, list(_flacs_joined(file, max(1, at - _BUFFERED)))) if is_flac else []


def _flacs_apart(file: Section, starts: list[int]) -> list[Bitstream]:
    bounds = pairwise([*starts, file.size])
    return [_flac_uncounted(file.section(start, stop)) for start, stop in bounds]


def _flacs_joined(file: Section, at: int) -> Iterator[int]:
    """Offsets of the streams that begin at `at` or later."""
    while len(found := file.peek(at, _SEARCHED)) > _INFO_SIZE:
        start = -1
        while (start := found.find(b"fLaC", start + 1)) >= 0:
            if found.startswith(_INFO, start):
                yield at + start
        at += len(found) - _INFO_SIZE + 1


def _flac_uncounted(file: Section) -> Bitstream:
    """A stream with a header that counts no samples."""
    word = int.from_bytes(file.peek(_COUNT_AT, 8), "big")
    n_samples = word & _COUNT
    if file.peek(0, _INFO_SIZE) not in _INFO or n_samples == 0:
        return Bitstream(file)
    patched = file.patched(_COUNT_AT, (word - n_samples).to_bytes(8, "big"))
    return Bitstream(patched, n_samples=n_samples)


class Page(NamedTuple):
    """A page of Ogg; a stream begins with the first and ends with the last.

    Attributes:
        at: offset of its first byte.
        end: offset of the byte after it, beyond the file if the page is cut.
        is_first: whether it is the first.
        is_last: whether it is the last.
        position: samples of the stream up to its end; 0 for a page of headers.
        serial: number of the stream.
        number: of the page in its stream.
        is_track: whether a track of sound or pictures begins with it.
    """

    at: int
    end: int
    is_first: bool = False
    is_last: bool = False
    position: int = 0
    serial: int = 0
    number: int = 0
    is_track: bool = False


@dataclass
class _Link:
    start: int
    position: int = 0  # that of its first page of sound
    n_tracks: int = 0
    has_hole: bool = False  # whether pages are lost in it
    numbers: dict[int, int] = field(default_factory=dict)  # of the last page of each stream

    def add(self, page: Page) -> None:
        expected = self.numbers.get(page.serial, page.number) + 1
        self.numbers[page.serial] = page.number
        # Behind the headers a recording of a broadcast goes on from where that was.
        self.has_hole |= page.number > expected and self.position > 0
        self.position = self.position or page.position
        self.n_tracks += page.is_track


def ogg_links(file: Section) -> tuple[list[Bitstream], Page]:
    """Return the streams of a chained Ogg one by one, and the last page of all.

    A link that was recorded from the middle of a broadcast counts its samples from the start of
    that: its count is not believed.
    """
    found: list[_Link] = []
    previous: Page | None = None
    for page in _pages(file):
        if previous is None or (page.is_first and not previous.is_first):
            found.append(_Link(page.at))
        found[-1].add(page)
        previous = page
    stops = [*(link.start for link in found[1:]), page.end]
    bitstreams = [
        Bitstream(
            file.section(link.start, stop),
            slack=0 if link.position < _LATE else inf,
            is_multiplexed=link.n_tracks > 1,
            has_hole=link.has_hole,
        )
        for link, stop in zip(found, stops, strict=True)
    ]
    return bitstreams, page


def _pages(file: Section) -> Iterator[Page]:
    """The pages one after the other; what stands between them in a damaged file is passed over."""
    at: int | None = 0
    while at is not None:
        page = _page(file, at)
        yield page
        at = _next_page(file, page.end)


def _page(file: Section, at: int) -> Page:
    header = file.peek(at, _HEADER + 255)
    if len(header) < _HEADER:
        return Page(at, at + _HEADER)
    n_sizes, kind = header[26], header[5]
    end = at + _HEADER + n_sizes + sum(header[_HEADER : _HEADER + n_sizes])
    # Where no packet ends on it, the position is -1; that of headers is 0.
    position = int.from_bytes(header[6:14], "little") % (2**64 - 1)
    is_first = bool(kind & _FIRST)
    is_track = is_first and header[_HEADER + n_sizes :].startswith(_MEDIA)
    serial, number = (int.from_bytes(header[at : at + 4], "little") for at in (14, 18))
    return Page(at, end, is_first, bool(kind & _LAST), position, serial, number, is_track)


def _next_page(file: Section, at: int) -> int | None:
    """Offset of the first page at or after `at`: the pages of a sound file follow each other."""
    if file.peek(at, 4) == b"OggS":
        return at
    while found := file.peek(at, _SEARCHED):
        if (offset := found.find(b"OggS")) >= 0:
            return at + offset
        at += max(1, len(found) - 3)
    return None


class _Count(NamedTuple):
    """What the first frame states of the others, 0 bytes if nothing, and where."""

    has_frames: bool
    n_bytes: int
    at: int


def without_tags(file: Section) -> Section:
    """Return the file behind the tags at its start: its own, and those of a recording before it."""
    while size := tag_size(file.peek(0, 16)):
        file = file.section(size)
    return file


def tag_size(header: bytes) -> int:
    """Return the bytes of the tag that begins so: ID3v1, ID3v2 or APE; 0 if it is none."""
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


def without_tags_at_end(file: Section) -> Section:
    """Return the file before the tags at its end, an ID3v1 behind an APE: decoders fail there."""
    if file.peek(file.size - _ID3V1, 3) == b"TAG":
        file = file.section(0, file.size - _ID3V1)
    footer = file.peek(file.size - _APE_HEADER, 16)
    if footer[:8] == b"APETAGEX":  # its size counts the footer, and no header
        file = file.section(0, file.size - int.from_bytes(footer[12:16], "little"))
        header = file.size - _APE_HEADER
        file = file.section(0, header if file.peek(header, 8) == b"APETAGEX" else None)
    return file


def mp3s(file: Section) -> tuple[list[Bitstream], Section]:
    """Return the recordings of an MP3 file that was joined from several, each with its true size.

    A recording ends where another frame begins to count, or with the bytes that its own states.

    Returns:
        the recordings; and what stands behind the bytes that the last one states, and is no MP3.
    """
    starts = sorted({0, *_counting(file)})
    found: list[Bitstream] = []
    for start, stop in pairwise([*starts, file.size]):
        section = without_tags_at_end(file.section(start, stop))
        n_stated = _count(section).n_bytes or section.size
        rest = without_tags(section.section(n_stated))
        is_more = rest.size > _LONGEST_FRAME
        is_joined = is_more and is_mp3(rest)
        ends = is_joined or rest.size == 0
        found.append(_mp3_of_true_size(section.section(0, n_stated if ends else None)))
        found += [_mp3_of_true_size(rest)] * is_joined
    return found, rest.section(0 if is_more and not is_joined else rest.size)


def is_mp3(file: Section) -> bool:
    """Return whether a file begins with the header of a frame; that of AAC names no layer."""
    head = file.peek(0, 2)
    return len(head) == 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 != 0


def _counting(file: Section) -> Iterator[int]:
    """Offsets of the frames that count others."""
    at = 0
    while len(found := file.peek(at, _BLOCK)) >= _LONGEST_MATCH:
        yield from (at + match.start() for match in _COUNTING.finditer(found))
        at += len(found) - _LONGEST_MATCH + 1


def _mp3_of_true_size(file: Section) -> Bitstream:
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
