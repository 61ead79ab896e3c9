"""The pages of an Ogg file: where one stream ends and the next begins, and whether all is there.

    | page, first | page | page | page, last || page, first | page | page, la
    '------------- one link ----------------''------- the next, cut --------

libsndfile reads the first link of a chain and leaves the others out without a word, so each link
is given to it as a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import NamedTuple

from ._pieces import Part
from ._section import Section

_HEADER = 27  # bytes before the table of segment sizes
_FIRST, _LAST = 2, 4  # bits of the header's sixth byte
_SEARCHED = 1 << 16  # bytes that are searched at once for the next page: longer than any page
_LATE = 1 << 20  # samples: no first page of sound holds as many
_MEDIA = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ", b"\x80theora")
"""How the first page of a track begins; other streams hold no sound and no picture."""


class Page(NamedTuple):
    """One page.

    Attributes:
        at: offset of its first byte.
        end: offset of the byte after it, beyond the file if the page is cut.
        is_first: whether a stream begins with it.
        is_last: whether a stream ends with it.
        position: samples of the stream up to its end; 0 for a page of headers.
        is_track: whether a track of sound or pictures begins with it.
    """

    at: int
    end: int
    is_first: bool
    is_last: bool
    position: int
    is_track: bool = False


def links(file: Section) -> tuple[list[Part], bool]:
    """The streams of a chained file one by one, and whether the last page of all is there.

    A link that was recorded from the middle of a broadcast counts its samples from the start of
    that: its count is not believed.
    """
    starts: list[int] = []
    positions: list[int] = []
    n_tracks: list[int] = []
    previous: Page | None = None
    for page in _pages(file):
        if previous is None or (page.is_first and not previous.is_first):
            starts.append(page.at)
            positions.append(0)
            n_tracks.append(0)
        positions[-1] = positions[-1] or page.position
        n_tracks[-1] += page.is_track
        previous = page
    stops = [*starts[1:], file.size]
    parts = [
        Part(file.part(start, stop), 0 if position < _LATE else inf, is_multiplexed=n > 1)
        for start, stop, position, n in zip(starts, stops, positions, n_tracks, strict=True)
    ]
    return parts, page.is_last and page.end <= file.size


def _pages(file: Section) -> Iterator[Page]:
    """The pages one after the other; what stands between them in a damaged file is passed over."""
    at: int | None = 0
    while at is not None:
        page = _page(file, at)
        yield page
        at = _next(file, page.end)


def _page(file: Section, at: int) -> Page:
    header = file.peek(at, _HEADER + 255)
    if len(header) < _HEADER:
        return Page(at, at + _HEADER, is_first=False, is_last=False, position=0)
    n_sizes, kind = header[26], header[5]
    end = at + _HEADER + n_sizes + sum(header[_HEADER : _HEADER + n_sizes])
    # A page on which no packet ends has the position -1; one of headers has 0.
    position = int.from_bytes(header[6:14], "little") % (2**64 - 1)
    is_first = bool(kind & _FIRST)
    is_track = is_first and header[_HEADER + n_sizes :].startswith(_MEDIA)
    return Page(at, end, is_first, bool(kind & _LAST), position, is_track)


def _next(file: Section, at: int) -> int | None:
    """Offset of the first page at or after `at`: the pages of a sound file follow each other."""
    if file.peek(at, 4) == b"OggS":
        return at
    while found := file.peek(at, _SEARCHED):
        if (offset := found.find(b"OggS")) >= 0:
            return at + offset
        at += max(1, len(found) - 3)
    return None
