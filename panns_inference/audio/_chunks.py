"""The size that a header states for the samples, in containers made of chunks and in two others.

RIFF 32036 WAVE | fmt  16 ... | LIST 26 ... | data 32000 ................
                                                   ^ stated  ^ the file may end here, or go on
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from ._bitstream import Unrecognised
from ._section import Section

_MAX_CHUNKS = 10_000
"""Chunks that may come before the samples. A header and zeros are a chain of empty ones, in which
libsndfile would look at each."""

_UNKNOWN = 0xFFFFFFFF
"""The size in an AU that goes to the end of the file, also where it is longer than that."""

_ASF, _ASF_PROPERTIES = b"\x30\x26\xb2\x75", bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a container writes its chunks.

    Attributes:
        first: offset of the first chunk.
        id_size: bytes of a chunk's identifier, which its size follows.
        width: bytes of that size.
        order: which byte of it comes first.
        sound: identifier of the chunk that holds the samples.
        n_before: bytes of that chunk that stand before the samples.
        counts_itself: whether a size counts the identifier and itself too.
        alignment: chunks begin at multiples of it.
        sound_is_last: whether nothing that a decoder needs follows the samples.
        form_size: size of the whole file, in its second word, with which libsndfile takes all that
            follows a sound chunk of size 0 for samples; None if the whole file's does not matter.
    """

    first: int = 12
    id_size: int = 4
    width: int = 4
    order: Literal["little", "big"] = "little"
    sound: bytes = b"data"
    n_before: int = 0
    counts_itself: bool = False
    alignment: int = 2
    sound_is_last: bool = True
    form_size: int | None = None


_WAV, _WAV_BIG = Layout(form_size=8), Layout(order="big", form_size=8)
_AU, _LONG = Layout(order="big"), Layout(width=8)
_W64 = Layout(
    first=40,
    id_size=16,
    width=8,
    sound=b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a"),
    counts_itself=True,
    alignment=8,
)
_LAYOUTS = {
    b"RIFF": _WAV,
    b"RIFX": _WAV_BIG,
    b"RF64": _WAV,
    b"BW64": _WAV,
    b"FORM": Layout(order="big", sound=b"SSND", n_before=8, sound_is_last=False),
    b"caff": Layout(first=8, width=8, order="big", n_before=4, alignment=1, sound_is_last=False),
    b"riff": _W64,
}
"""Layouts by the first four bytes: WAV in four forms, AIFF, CAF, W64."""


class Chunk(NamedTuple):
    """A chunk.

    Attributes:
        name: its identifier.
        start: offset of its content.
        size: bytes of its content.
    """

    name: bytes
    start: int
    size: int

    @property
    def end(self) -> int:
        """Offset of the byte after its content."""
        return self.start + self.size


@dataclass(frozen=True)
class StatedSize:
    """The size of the samples by the header of a file.

    Attributes:
        start: offset of the first byte of the samples.
        n_bytes: how many the header states; 0 if there are none.
        at: offset of that number.
        layout: how it is written.
        own: bytes that it counts beside the samples.
        was_filled: whether a 0 is a size, and not what stands there until a recording ends.
    """

    start: int
    n_bytes: int
    at: int
    layout: Layout
    own: int = 0
    was_filled: bool = True

    @property
    def end(self) -> int:
        """Offset of the byte after the samples."""
        return self.start + self.n_bytes

    @property
    def is_open(self) -> bool:
        """Whether it means nothing: never filled in, or as large as can be written."""
        near = 4096  # writers to a pipe put 2^31 or 2^32, less some header
        largest = any(abs(self.n_bytes - limit) <= near for limit in (2**31, 2**32))
        return largest or self.n_bytes >= 2**40 or (self.n_bytes == 0 and not self.was_filled)

    def has_room_for(self, n_bytes: int) -> bool:
        """Whether the header can state so many bytes of samples."""
        return n_bytes + self.own < 1 << 8 * self.layout.width

    def corrected(self, file: Section, n_bytes: int) -> Section:
        """The file with a header that states `n_bytes` of samples."""
        width, order = self.layout.width, self.layout.order
        if self.has_room_for(n_bytes):
            return file.patched(self.at, (n_bytes + self.own).to_bytes(width, order))
        if self.layout.form_size is not None:
            file = file.patched(4, self.layout.form_size.to_bytes(4, order))
        # With a size of 0, or that of an AU that is not known, libsndfile goes to the end.
        unknown = _UNKNOWN if self.layout is _AU else 0
        return file.patched(self.at, unknown.to_bytes(width, order))


def layout_of(file: Section) -> Layout | None:
    """How the chunks of a file are written; None if it has none."""
    head = file.peek(0, 12)
    return None if head[8:] in (b"8SVX", b"16SV") else _LAYOUTS.get(head[:4])


def stated_size(file: Section) -> StatedSize | None:
    """The size of the samples that the header states; None if it states none.

    Raises:
        Unrecognised: for a chain of chunks that does not come to an end.
    """
    if (of := {b".snd": _of_au, _ASF: _of_asf}.get(file.peek(0, 4))) is not None:
        return of(file)
    layout = layout_of(file)
    if layout is None:
        return None
    at, long_size = layout.first, None
    for _ in range(_MAX_CHUNKS):
        found = chunk_at(file, at, layout)
        if found is None:
            return None
        if found.name == layout.sound:
            return _of_chunk(file, found, layout, long_size)
        if found.name == b"ds64":
            long_size = found.start + 8
        at = -(-found.end // layout.alignment) * layout.alignment
    raise Unrecognised(f"a chain of {_MAX_CHUNKS:,} chunks without samples")


def _of_au(file: Section) -> StatedSize | None:
    start, n_bytes = (int.from_bytes(file.peek(at, 4), "big") for at in (4, 8))
    return None if n_bytes == _UNKNOWN else StatedSize(start, n_bytes, 8, _AU, was_filled=False)


def _of_asf(file: Section) -> StatedSize | None:
    """The size of the whole file, if that is cut: FFmpeg makes a wrong length of it."""
    at = file.peek(0, 1 << 12).find(_ASF_PROPERTIES) + 40
    n_bytes = int.from_bytes(file.peek(at, 8), "little")
    return StatedSize(0, n_bytes, at, _LONG) if at >= 40 and n_bytes > file.size else None


def _of_chunk(file: Section, found: Chunk, layout: Layout, long_size: int | None) -> StatedSize:
    """The size that a chunk of samples states.

    RF64 and BW64 have room for a long size in the chunk `ds64`; the short one is then 2^32 - 1.
    """
    field, before, size, at = layout, layout.n_before, found.size, found.start - layout.width
    own = before + (layout.id_size + layout.width if layout.counts_itself else 0)
    if long_size is not None:
        if size == _UNKNOWN:
            size = int.from_bytes(file.peek(long_size, 8), "little")
        if file.peek(0, 4) in (b"RF64", b"BW64"):  # else libsndfile reads the short one
            at, field = long_size, _LONG
    was_filled = size > before or follows(file, found.start + size, layout) is not None
    return StatedSize(found.start + before, max(0, size - before), at, field, own, was_filled)


def chunk_at(file: Section, at: int, layout: Layout) -> Chunk | None:
    """The chunk at `at`; None where the file ends."""
    n_head = layout.id_size + layout.width
    header = file.peek(at, n_head)
    if len(header) < n_head:
        return None
    size = int.from_bytes(header[layout.id_size :], layout.order)
    own = n_head if layout.counts_itself else 0
    return Chunk(header[: layout.id_size], at + n_head, max(0, size - own))


def follows(file: Section, at: int, layout: Layout) -> Chunk | None:
    """The chunk behind one that ends at `at`, if one stands there, and not samples.

    It has a name, and fits into the file, unless it is one of samples. Some writers leave out the
    byte that aligns it.
    """
    for place in sorted({-(-at // layout.alignment) * layout.alignment, at}, reverse=True):
        found = chunk_at(file, place, layout)
        if found is None:
            continue
        name = found.name[:4]
        has_name = name.isascii() and name.decode().isprintable()
        if found.name == layout.sound or (has_name and found.end <= file.size):
            return found
    return None
