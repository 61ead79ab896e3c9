"""What stands behind the samples of a file: notes, tags, padding, or more sound.

RIFF | fmt  | data ........ | LIST | id3  | 0000 | RIFF | fmt  | data ..........
                            ^ the samples end      ^ another recording
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import NamedTuple

from . import _chunks
from ._chunks import Chunk, Layout
from ._mpeg import tag_size
from ._section import Section

_BLOCK = 1 << 20  # bytes that are looked at at once
_FEWEST = 1024  # bytes: fewer are no sound that anybody would miss
_TEXT = string.printable.encode()
_NOTES = (b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"axml", b"_PMX", b"guan", b"JUNK", b"PAD ")
_FORMS = {
    b"RIFF": b"WAVE",
    b"RIFX": b"WAVE",
    b"RF64": b"WAVE",
    b"BW64": b"WAVE",
    b"FORM": b"AIF",
    b"fLaC": b"",
    b"OggS": b"",
    b"riff": b"",
    b"caff": b"",
    b".snd": b"",
}
"""How other recordings begin, and what stands at their eighth byte."""


class Trailing(NamedTuple):
    """What stands behind the samples.

    Attributes:
        chunks: more chunks of samples.
        recording: offset of another recording; None if there is none.
        n_unknown: bytes up to the end that are none of what may stand there.
    """

    chunks: tuple[Chunk, ...]
    recording: int | None
    n_unknown: int


def trailing(file: Section, at: int, form: Layout | None) -> Trailing:
    """What stands behind samples that end at `at`.

    Args:
        file: the whole of it.
        at: offset of the byte after the samples.
        form: how its chunks are written; None if it has none.
    """
    chunks: list[Chunk] = []
    while at < file.size:
        if _is_recording(file.peek(at, 12)):
            return Trailing(tuple(chunks), at, 0)
        if form and (found := _chunks.follows(file, at, form)):
            if found.name in form.sound and found.size > form.sound[found.name]:
                chunks.append(found)
            at = found.end
        elif n_bytes := tag_size(file.peek(at, 16)) or _n_zeros(file, at):
            at += n_bytes
        else:
            break
    n_left = file.size - at
    is_harmless = n_left < _FEWEST or _is_note(file.peek(at, _BLOCK))
    return Trailing(tuple(chunks), None, 0 if is_harmless else n_left)


def _is_recording(head: bytes) -> bool:
    kind = _FORMS.get(head[:4])
    return kind is not None and head[8:].startswith(kind)


def _n_zeros(file: Section, at: int) -> int:
    """How many zeros there are from `at` on."""
    n_zeros = 0
    for block in _blocks(file, at):
        n_other = len(block.lstrip(b"\0"))
        n_zeros += len(block) - n_other
        if n_other:
            break
    return n_zeros


def _blocks(file: Section, at: int) -> Iterator[bytes]:
    while block := file.peek(at, _BLOCK):
        yield block
        at += len(block)


def _is_note(block: bytes) -> bool:
    """Whether this is text, or a chunk of notes that is cut."""
    return not block.strip(_TEXT + b"\0") or block[:4] in _NOTES
