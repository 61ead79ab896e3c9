"""How containers of sound write their chunks, and the way from one chunk to the next.

RIFF 32036 WAVE | fmt  16 ... | LIST 26 ... | data 32000 ...
^ these four bytes choose the layout
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .files import Section

_UNKNOWN = 0xFFFFFFFF  # where the size stands in a chunk of its own
_MAX_CHUNKS = 1000  # zeros are a chain of empty ones
_LARGEST = 1 << 16  # bytes of what is known of a recording: texts and pictures may follow it


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a container writes its chunks.

    Attributes:
        first: offset of the first chunk.
        id_size: bytes of a chunk's identifier, which its size follows.
        width: bytes of that size.
        order: which byte of it comes first.
        sound: identifier of the chunk that holds the samples; empty for a container without chunks.
        n_before: bytes of that chunk that stand before the samples.
        counts_itself: whether a size counts the identifier and itself too.
        alignment: chunks begin at multiples of it.
        sound_is_last: whether nothing that a decoder needs follows the samples.
        long_size: identifier of the chunk with sizes of 64 bits.
        has_form_size: whether the size of the file, in its second word, has to be small for
            libsndfile to take all that follows a sound chunk of size 0 for samples.
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
    long_size: bytes = b""
    has_form_size: bool = False


_W64 = b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
_RF64 = Layout(long_size=b"ds64", has_form_size=True)
LAYOUTS = {
    b"RIFF": Layout(has_form_size=True),
    b"RIFX": Layout(order="big", has_form_size=True),
    b"RF64": _RF64,
    b"BW64": _RF64,
    b"FORM": Layout(order="big", sound=b"SSND", n_before=8, sound_is_last=False),
    b"caff": Layout(first=8, width=8, order="big", n_before=4, alignment=1, sound_is_last=False),
    b"riff": Layout(first=40, id_size=16, width=8, sound=_W64, counts_itself=True, alignment=8),
}
"""Layouts by the first four bytes: WAV in four forms, AIFF, CAF, W64."""


class Chunk(NamedTuple):
    """A chunk.

    Attributes:
        name: its identifier.
        start: offset of its first byte behind the identifier and the size.
        end: offset of the byte after its last one.
    """

    name: bytes
    start: int
    end: int


def chunk_at(file: Section, at: int, layout: Layout) -> Chunk | None:
    """The chunk at `at`; None where the file ends."""
    n_head = layout.id_size + layout.width
    header = file.peek(at, n_head)
    if len(header) < n_head:
        return None
    size = int.from_bytes(header[layout.id_size :], layout.order)
    size = max(0, size - n_head) if layout.counts_itself else size
    return Chunk(header[: layout.id_size], at + n_head, at + n_head + size)


def follows(file: Section, at: int, layout: Layout) -> Chunk | None:
    """The chunk behind one that ends at `at`, if one stands there, and not samples.

    It has a name and fits into the file, or is one of samples. Some writers do not align it.
    """
    aligned = -(-at // layout.alignment) * layout.alignment
    for place in dict.fromkeys((aligned, at)) if layout.sound else ():
        if found := chunk_at(file, place, layout):
            name = found.name[:4]
            has_name = name.isascii() and name.decode().isprintable()
            if found.name == layout.sound or (has_name and found.end <= file.size):
                return found
    return None


def chunks_of(file: Section, names: Collection[bytes]) -> dict[bytes, bytes]:
    """Return what chunks hold: of each name the first one, and as much as is read of it.

    Args:
        file: the whole of it; one without chunks gives nothing.
        names: the first four bytes of their identifiers.
    """
    found: dict[bytes, bytes] = {}
    for chunk in _chunks(file) if file.peek(0, 4) in LAYOUTS else ():
        name = chunk.name[:4]
        if name in names and name not in found:
            found[name] = file.peek(chunk.start, min(chunk.end - chunk.start, _LARGEST))
    return found


def _chunks(file: Section) -> Iterator[Chunk]:
    """All chunks of a file, those behind the samples too, as far as they can be followed."""
    layout, sound_size = LAYOUTS[file.peek(0, 4)], 0
    chunk = chunk_at(file, layout.first, layout)
    for _ in range(_MAX_CHUNKS):
        if chunk is None:
            return
        yield chunk
        if layout.long_size and chunk.name == layout.long_size:
            sound_size = int.from_bytes(file.peek(chunk.start + 8, 8), "little")
        is_long = chunk.name == layout.sound and chunk.end - chunk.start == _UNKNOWN
        chunk = follows(file, chunk.start + sound_size if is_long else chunk.end, layout)
