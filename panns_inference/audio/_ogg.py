"""The pages of an Ogg file: where one stream ends and the next begins, and whether all is there.

    | page, first | page | page | page, last || page, first | page | page, la
    '------------- one link ----------------''------- the next, cut --------

libsndfile reads the first link of a chain and leaves the others out without a word, so each link
is given to it as a file of its own. Where pages are lost, what follows comes too early from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from ._bitstream import Bitstream, Section

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
        serial: number of the stream.
        number: of the page, which counts those of its stream.
        is_track: whether a track of sound or pictures begins with it.
    """

    at: int
    end: int
    is_first: bool
    is_last: bool
    position: int = 0
    serial: int = 0
    number: int = 0
    is_track: bool = False


@dataclass
class _Link:
    """A link of a chain, page by page.

    Attributes:
        start: offset of its first page.
        position: that of its first page of sound.
        n_tracks: how many tracks it has.
        has_hole: whether pages are lost in it.
    """

    start: int
    position: int = 0
    n_tracks: int = 0
    has_hole: bool = False
    _numbers: dict[int, int] = field(default_factory=dict)

    def add(self, page: Page) -> None:
        expected = self._numbers.get(page.serial, page.number) + 1
        self._numbers[page.serial] = page.number
        # Behind the headers a recording of a broadcast goes on from where that was.
        self.has_hole |= page.number > expected and self.position > 0
        self.position = self.position or page.position
        self.n_tracks += page.is_track

    def bitstream(self, file: Section, stop: int) -> Bitstream:
        return Bitstream(
            file.section(self.start, stop),
            slack=0 if self.position < _LATE else inf,
            is_multiplexed=self.n_tracks > 1,
            has_hole=self.has_hole,
        )


def links(file: Section) -> tuple[list[Bitstream], Page]:
    """The streams of a chained file one by one, and the last page of all.

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
    return [link.bitstream(file, stop) for link, stop in zip(found, stops, strict=True)], page


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
        return Page(at, at + _HEADER, is_first=False, is_last=False)
    n_sizes, kind = header[26], header[5]
    end = at + _HEADER + n_sizes + sum(header[_HEADER : _HEADER + n_sizes])
    # A page on which no packet ends has the position -1; one of headers has 0.
    position = int.from_bytes(header[6:14], "little") % (2**64 - 1)
    is_first = bool(kind & _FIRST)
    is_track = is_first and header[_HEADER + n_sizes :].startswith(_MEDIA)
    serial, number = (int.from_bytes(header[at : at + 4], "little") for at in (14, 18))
    return Page(at, end, is_first, bool(kind & _LAST), position, serial, number, is_track)


def _next(file: Section, at: int) -> int | None:
    """Offset of the first page at or after `at`: the pages of a sound file follow each other."""
    if file.peek(at, 4) == b"OggS":
        return at
    while found := file.peek(at, _SEARCHED):
        if (offset := found.find(b"OggS")) >= 0:
            return at + offset
        at += max(1, len(found) - 3)
    return None
