"""Claims of formats that are made of chunks, each with its size.

RIFF 32036 WAVE | fmt  16 ... | LIST 26 ... | data 32000 ................
                                                  ^ the claim      ^ the file may end here
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ._claims import Claim, Number, Order, Patches
from ._pieces import Unrecognised
from ._section import Section

MAX_CHUNKS = 10_000
"""Chunks that may come before the samples. A header and zeros are a chain of empty ones, in which
libsndfile would look at each."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a container writes its chunks.

    Attributes:
        first: offset of the first chunk.
        id_size: bytes of a chunk's identifier, which its size follows.
        width: bytes of that size.
        order: their order.
        sound: identifiers of the chunk that holds the samples, and how many bytes of its content
            stand before them.
        counts_itself: whether a size counts the identifier and itself too.
        alignment: chunks begin at multiples of it.
        sound_is_last: whether nothing that a decoder needs follows that chunk.
        form_size: size of the whole file, in its second word, with which libsndfile takes all that
            follows a sound chunk of size 0 for samples; None if the whole file's does not matter.
        is_bound: whether libsndfile stops where the sound chunk ends.
    """

    first: int = 12
    id_size: int = 4
    width: int = 4
    order: Order = "little"
    sound: Mapping[bytes, int] = field(default_factory=lambda: {b"data": 0})
    counts_itself: bool = False
    alignment: int = 2
    sound_is_last: bool = True
    form_size: int | None = None
    is_bound: bool = True

    @property
    def head(self) -> int:
        """Bytes of a chunk before its content."""
        return self.id_size + self.width

    @property
    def own(self) -> int:
        """Bytes that a size counts beside the content."""
        return self.head if self.counts_itself else 0

    def to_the_end(self, size: Number) -> Patches:
        """Patches by which all that follows the chunk of that size is sound."""
        form = () if self.form_size is None else ((4, self.form_size.to_bytes(4, self.order)),)
        return (*form, (size.at, bytes(size.width)))


class Chunk(NamedTuple):
    """A chunk.

    Attributes:
        name: its identifier.
        at: offset of that.
        start: offset of its content.
        size: bytes of its content.
    """

    name: bytes
    at: int
    start: int
    size: int

    @property
    def end(self) -> int:
        """Offset of the byte after its content."""
        return self.start + self.size


_WAV, _WAV_BIG = Layout(form_size=8), Layout(order="big", form_size=8)
_AIFF = Layout(order="big", sound={b"SSND": 8}, sound_is_last=False)
_SVX = Layout(order="big", sound={b"BODY": 0}, sound_is_last=False, is_bound=False)
_CAF = Layout(first=8, width=8, order="big", sound={b"data": 4}, alignment=1, sound_is_last=False)
_W64 = Layout(
    first=40,
    id_size=16,
    width=8,
    sound={b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a"): 0},
    counts_itself=True,
    alignment=8,
)
_VOC = Layout(
    first=26,
    id_size=1,
    width=3,
    sound={b"\x01": 2, b"\x09": 12},
    alignment=1,
    sound_is_last=False,
    is_bound=False,
)

_LAYOUTS = {
    b"RIFF": _WAV,
    b"RIFX": _WAV_BIG,
    b"RF64": _WAV,
    b"BW64": _WAV,
    b"FORM": _AIFF,
    b"riff": _W64,
    b"caff": _CAF,
    b"Crea": _VOC,
}
"""Layouts by the first four bytes: WAV in four forms, AIFF, W64, CAF, VOC."""

_LONG = (b"RF64", b"BW64")
"""Forms of WAV whose long sizes, in a chunk `ds64`, are those that libsndfile reads."""


def layout(file: Section) -> Layout | None:
    """How the chunks of a file are written; None if it has none."""
    head = file.peek(0, 12)
    return _SVX if head[8:] in (b"8SVX", b"16SV") else _LAYOUTS.get(head[:4])


def claim(file: Section) -> Claim | None:
    """The claim of the chunk that holds the samples; None if there is none.

    Raises:
        Unrecognised: for a chain of chunks that does not come to an end.
    """
    form = layout(file)
    if form is None:
        return None
    at, long_size = form.first, None
    for _ in range(MAX_CHUNKS):
        found = chunk(file, at, form)
        if found is None:
            return None
        if found.name in form.sound:
            return _claim(file, found, form, long_size)
        if found.name == b"ds64":
            long_size = Number(found.start + 8, 8, "little")
        at = -(-found.end // form.alignment) * form.alignment
    raise Unrecognised(f"a chain of {MAX_CHUNKS:,} chunks without samples")


def _claim(file: Section, found: Chunk, form: Layout, long_size: Number | None) -> Claim:
    """What a chunk of samples claims.

    RF64 and BW64 have room for a long size in the chunk `ds64`; the short one is then 2^32 - 1.
    """
    before, size = form.sound[found.name], found.size
    number = Number(found.at + form.id_size, form.width, form.order)
    if long_size is not None:
        if size == number.limit - 1:
            size = long_size.read(file)
        if file.peek(0, 4) in _LONG:
            number = long_size
    end = found.start + size
    return Claim(
        found.start + before,
        max(0, size - before),
        was_filled=size > before or follows(file, end, form) is not None,
        number=number,
        is_last=form.sound_is_last,
        own=form.own + before,
        to_the_end=form.to_the_end(number),
        is_bound=form.is_bound,
    )


def chunk(file: Section, at: int, form: Layout) -> Chunk | None:
    """The chunk at `at`; None where the file ends."""
    header = file.peek(at, form.head)
    if len(header) < form.head:
        return None
    size = int.from_bytes(header[form.id_size :], form.order)
    return Chunk(header[: form.id_size], at, at + form.head, max(0, size - form.own))


def follows(file: Section, at: int, form: Layout) -> Chunk | None:
    """The chunk behind one that ends at `at`, if one stands there, and not samples.

    It has a name, and fits into the file, unless it is one of samples. Some writers leave out the
    byte that aligns it.
    """
    for place in sorted({-(-at // form.alignment) * form.alignment, at}, reverse=True):
        found = chunk(file, place, form)
        if found is None:
            continue
        name = found.name[:4]
        has_name = name.isascii() and name.decode().isprintable()
        if found.name in form.sound or (has_name and found.end <= file.size):
            return found
    return None
