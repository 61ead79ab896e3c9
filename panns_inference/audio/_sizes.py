"""Headers that state more samples, or fewer, than a file holds are corrected.

libsndfile reads a cut file as a shorter one without a word, a recorder that lost power left a size
of 0, and one that went on beyond 4 GiB a size that began anew. So the stated size is compared with
that of the file, and corrected.

    stated size     | samples                     | behind them
    0 or 2^32 - 1   | to the end of the file      |
    n, too large    | to the end: cut             |
    n               | n                           | metadata, tags, zeros: nothing is reported
    n               | n + 4 GiB, n + 8 GiB ...    | the same; the header had no room
    n               | n, and of the other chunk   | a second chunk of samples
    n               | n, and of the other file    | another recording
    n               | n                           | other bytes: they are reported
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import replace
from math import inf
from typing import NamedTuple

from ._bitstream import Bitstream, Split
from ._chunks import Chunk, Layout, StatedSize, follows, layout_of, stated_size
from ._mpeg import tag_size
from ._section import Section

_WRAP = 1 << 32  # what a size of 32 bits loses where it begins anew
_BLOCK = 1 << 20  # bytes that are examined at once
_FEWEST = 1024  # bytes: fewer are no sound that anybody would miss
_TEXT = string.printable.encode()
_METADATA = (
    *(b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"axml", b"_PMX", b"guan", b"JUNK", b"PAD "),
)
_FORMS = {
    b"RIFF": b"WAVE",
    b"RIFX": b"WAVE",
    b"RF64": b"WAVE",
    b"BW64": b"WAVE",
    b"FORM": b"AIF",
    **dict.fromkeys((b"fLaC", b"OggS", b"riff", b"caff", b".snd"), b""),
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


def measured(file: Section) -> Split:
    """The sound in a file whose header states a size, or the file as it is.

    Where nothing needed follows the samples, a bitstream ends with them: libsndfile takes for
    samples what stands behind those of a W64.

    Raises:
        Unrecognised: for a chain of chunks that does not come to an end.
    """
    size = stated_size(file)
    if size is None or size.start > file.size:
        return Split([Bitstream(file)])
    layout = layout_of(file)
    n_left = file.size - size.start
    if size.n_bytes > n_left or not _is_meant(file, size, layout):
        return Split([_bitstream(file, size, n_left)])
    n_bytes = size.n_bytes + _n_lost(file, size, layout)
    found = trailing(file, size.start + n_bytes, layout)
    if found.n_unknown and n_bytes > size.n_bytes:
        return Split([_bitstream(file, size, n_left)])
    is_last = layout is None or layout.sound_is_last or found.chunks
    stop = size.start + n_bytes if is_last else found.recording
    bitstreams = [_bitstream(file, size, n_bytes, stop)]
    if layout is not None:
        bitstreams += [_further(file, size, layout, chunk) for chunk in found.chunks]
    behind = None if found.recording is None else file.section(found.recording)
    return Split(bitstreams, behind=behind, n_unknown=found.n_unknown)


def _is_meant(file: Section, size: StatedSize, layout: Layout | None) -> bool:
    """Whether a size is one, and not what writers put there who do not know it."""
    if not size.is_open:
        return True
    is_followed = layout is not None and follows(file, size.end, layout) is not None
    return size.n_bytes > 0 and (size.end == file.size or is_followed)


def _n_lost(file: Section, size: StatedSize, layout: Layout | None) -> int:
    """Bytes that the size does not count, for it began anew at 4 GiB."""
    n_behind = file.size - size.end
    is_full = size.layout.width == 4 and n_behind >= _WRAP
    if not is_full or (layout and follows(file, size.end, layout)):
        return 0
    return n_behind // _WRAP * _WRAP


def _bitstream(file: Section, size: StatedSize, n_bytes: int, stop: int | None = None) -> Bitstream:
    """The file up to `stop`, with a header that states `n_bytes` of samples."""
    return Bitstream(size.corrected(file.section(0, stop), n_bytes), share=_share(size, n_bytes))


def _further(file: Section, size: StatedSize, layout: Layout, chunk: Chunk) -> Bitstream:
    """Another chunk of samples, behind the header of the first one."""
    start = chunk.start + layout.n_before
    size = replace(size, n_bytes=chunk.end - start)
    n_bytes = min(size.n_bytes, file.size - start)
    samples = file.section(start - size.start, start + n_bytes)
    samples = size.corrected(samples.patched(0, file.peek(0, size.start)), n_bytes)
    return Bitstream(samples, share=_share(size, n_bytes))


def _share(size: StatedSize, n_bytes: int) -> float:
    """How many of the bytes that are stated there are."""
    if n_bytes == size.n_bytes or (size.is_open and size.has_room_for(n_bytes)):
        return 1.0
    return n_bytes / size.n_bytes if size.n_bytes else inf


def trailing(file: Section, at: int, layout: Layout | None = None) -> Trailing:
    """What stands behind samples that end at `at`.

    Args:
        file: the whole of it.
        at: offset of the byte after the samples.
        layout: how its chunks are written; None if it has none.
    """
    chunks: list[Chunk] = []
    while at < file.size:
        if _is_recording(file.peek(at, 12)):
            return Trailing(tuple(chunks), at, 0)
        if layout and (found := follows(file, at, layout)):
            if found.name == layout.sound and found.size > layout.n_before:
                chunks.append(found)
            at = found.end
        elif n_bytes := tag_size(file.peek(at, 16)) or _n_zeros(file, at):
            at += n_bytes
        else:
            break
    n_left = file.size - at
    is_harmless = n_left < _FEWEST or _is_metadata(file.peek(at, _BLOCK))
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


def _is_metadata(block: bytes) -> bool:
    """Whether this is text, or a chunk of metadata that is cut."""
    return not block.strip(_TEXT + b"\0") or block[:4] in _METADATA
