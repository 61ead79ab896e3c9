"""Headers that state more samples, or fewer, than a file holds are corrected.

libsndfile reads a cut file as a shorter one without a word, a recorder that lost power left a size
of 0, and one that went on beyond 4 GiB a size that began anew. So the stated size is compared with
that of the file, and corrected.

    RIFF 32036 WAVE | fmt  16 ... | LIST 26 ... | data 32000 ................
                                                       ^ stated  ^ the file may end here, or go on

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
from dataclasses import dataclass, replace
from math import inf

from ._bitstream import Bitstream, Split, Unrecognised
from ._chunks import LAYOUTS, Chunk, Layout, chunk_at, follows
from ._joined import tag_size
from .files import Section

_MAX_CHUNKS = 10_000  # before the samples: a header and zeros are a chain of empty ones
_UNKNOWN = 0xFFFFFFFF  # an AU of this size goes to the end of the file, also beyond 4 GiB
_WRAP = 1 << 32  # what a size of 32 bits loses where it begins anew
_BLOCK = 1 << 20  # bytes that are examined at once
_FEWEST = 1024  # bytes: fewer are no sound that anybody would miss
_TEXT = string.printable.encode() + b"\0"
_METADATA = b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"axml", b"_PMX", b"guan", b"JUNK", b"PAD "
_ASF, _ASF_PROPERTIES = b"\x30\x26\xb2\x75", bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")


_AU, _BARE = Layout(order="big", sound=b""), Layout(width=8, sound=b"")
_RECORDINGS = {
    **dict.fromkeys((b"RIFF", b"RIFX", b"RF64", b"BW64"), b"WAVE"),
    **dict.fromkeys((b"fLaC", b"OggS", b"riff", b"caff", b".snd"), b""),
    b"FORM": b"AIF",
}
"""How other recordings begin, and what stands at their eighth byte."""


@dataclass(frozen=True)
class _StatedSize:
    """The size of the samples by the header of a file.

    Attributes:
        start: offset of the first byte of the samples.
        n_bytes: how many the header states; 0 if there are none.
        at: offset of that number.
        width: bytes of it.
        layout: of the container.
        own: bytes that it counts beside the samples.
        was_filled: whether a 0 is a size, and not what stands there until a recording ends.
    """

    start: int
    n_bytes: int
    at: int
    width: int
    layout: Layout
    own: int = 0
    was_filled: bool = True

    @property
    def end(self) -> int:
        return self.start + self.n_bytes

    @property
    def is_open(self) -> bool:
        """Whether it means nothing: never filled in, or as large as can be written."""
        near = 4096  # writers to a pipe put 2^31 or 2^32, less some header
        largest = any(abs(self.n_bytes - limit) <= near for limit in (2**31, 2**32))
        return largest or self.n_bytes >= 2**40 or (self.n_bytes == 0 and not self.was_filled)

    def corrected(self, file: Section, n_bytes: int, stop: int | None = None) -> Bitstream:
        """The file up to `stop`, with a header that states `n_bytes` of samples."""
        file, order = file.section(0, stop) if stop is not None else file, self.layout.order
        has_room = n_bytes + self.own < 1 << 8 * self.width
        is_right = n_bytes == self.n_bytes or (self.is_open and has_room)
        share = 1.0 if is_right else (n_bytes / self.n_bytes if self.n_bytes else inf)
        if has_room:
            number = n_bytes + self.own
        else:  # with a size of 0, or that of an AU that is not known, libsndfile goes to the end
            number = _UNKNOWN if self.layout is _AU else 0
            if self.layout.has_form_size:
                file = file.patched(4, (8).to_bytes(4, order))
        return Bitstream(file.patched(self.at, number.to_bytes(self.width, order)), share=share)


def measured(file: Section) -> Split:
    """Return the sound in a file whose header states a size, or the file as it is.

    Where nothing needed follows the samples, a bitstream ends with them: libsndfile takes for
    samples what stands behind those of a W64.

    Raises:
        Unrecognised: for a chain of chunks that does not come to an end.
    """
    size = _stated_size(file)
    if size is None or size.start > file.size:
        return Split([Bitstream(file)])
    layout, n_bytes, n_left = size.layout, size.n_bytes, file.size - size.start
    if n_bytes == n_left and size.width == layout.width:
        return Split([Bitstream(file)])  # as it should be
    is_followed = follows(file, size.end, layout) is not None
    is_meant = not size.is_open or (n_bytes > 0 and (n_bytes == n_left or is_followed))
    if n_bytes > n_left or not is_meant:
        return Split([size.corrected(file, n_left)])
    if size.width == 4 and n_left - n_bytes >= _WRAP and not is_followed:
        n_bytes += (n_left - n_bytes) // _WRAP * _WRAP
    chunks, recording, n_unknown = trailing(file, size.start + n_bytes, layout)
    if n_unknown and n_bytes > size.n_bytes:
        return Split([size.corrected(file, n_left)])
    stop = size.start + n_bytes if layout.sound_is_last or chunks else recording
    bitstreams = [size.corrected(file, n_bytes, stop)]
    bitstreams += [_further(file, size, chunk) for chunk in chunks]
    behind = None if recording is None else file.section(recording)
    return Split(bitstreams, behind=behind, n_unknown=n_unknown)


def _stated_size(file: Section) -> _StatedSize | None:
    """The size of the samples that the header states; None if it states none."""
    head = file.peek(0, 12)
    if head[:4] == b".snd":
        start, n_bytes = (int.from_bytes(head[at : at + 4], "big") for at in (4, 8))
        is_known = n_bytes != _UNKNOWN
        return _StatedSize(start, n_bytes, 8, 4, _AU, was_filled=False) if is_known else None
    if head[:4] == _ASF:  # the size of the whole file, if that is cut: FFmpeg makes a wrong length
        at = file.peek(0, 1 << 12).find(_ASF_PROPERTIES) + 40
        n_bytes = int.from_bytes(file.peek(at, 8), "little")
        is_cut = at >= 40 and n_bytes > file.size
        return _StatedSize(0, n_bytes, at, 8, _BARE) if is_cut else None
    layout, long_at = LAYOUTS.get(head[:4]), None
    if layout is None:
        return None
    at = layout.first
    for _ in range(_MAX_CHUNKS):
        found = chunk_at(file, at, layout)
        if found is None:
            return None
        if found.name == layout.sound:
            return _of_chunk(file, found, layout, long_at)
        if found.name == layout.long_size:
            long_at = found.start + 8
        at = -(-found.end // layout.alignment) * layout.alignment
    raise Unrecognised(f"a chain of {_MAX_CHUNKS:,} chunks without samples")


def _of_chunk(file: Section, found: Chunk, layout: Layout, long_at: int | None) -> _StatedSize:
    """The size that a chunk of samples states.

    Where there is a size of 64 bits, that counts: the short one is then 2^32 - 1.
    """
    n_bytes, at, width = found.end - found.start, found.start - layout.width, layout.width
    if long_at is not None:
        if n_bytes == _UNKNOWN:
            n_bytes = int.from_bytes(file.peek(long_at, 8), "little")
        at, width = long_at, 8
    before = layout.n_before
    own = before + (layout.id_size + layout.width if layout.counts_itself else 0)
    was_filled = n_bytes > before or follows(file, found.start + n_bytes, layout) is not None
    n_bytes = max(0, n_bytes - before)
    return _StatedSize(found.start + before, n_bytes, at, width, layout, own, was_filled)


def _further(file: Section, size: _StatedSize, chunk: Chunk) -> Bitstream:
    """Another chunk of samples, behind the header of the first one."""
    start = chunk.start + size.layout.n_before
    size = replace(size, n_bytes=chunk.end - start)
    n_bytes = min(size.n_bytes, file.size - start)
    samples = file.section(start - size.start, start + n_bytes)
    return size.corrected(samples.patched(0, file.peek(0, size.start)), n_bytes)


def trailing(file: Section, at: int, layout: Layout = _BARE) -> tuple[list[Chunk], int | None, int]:
    """Return what stands behind samples that end at `at`.

    Args:
        file: the whole of it.
        at: offset of the byte after the samples.
        layout: how its chunks are written.

    Returns:
        More chunks of samples; the offset of another recording, None if there is none; and the
        number of bytes up to the end that are none of what may stand there.
    """
    chunks: list[Chunk] = []
    while at < file.size:
        head = file.peek(at, 16)
        if head[8:].startswith(_RECORDINGS.get(head[:4], b"no recording")):
            return chunks, at, 0
        if found := follows(file, at, layout):
            if found.name == layout.sound and found.end - found.start > layout.n_before:
                chunks.append(found)
            at = found.end
        elif n_bytes := tag_size(head) or _n_zeros(file, at):
            at += n_bytes
        else:
            break
    n_left, rest = file.size - at, file.peek(at, _BLOCK)
    is_harmless = n_left < _FEWEST or rest[:4] in _METADATA or not rest.strip(_TEXT)
    return chunks, None, 0 if is_harmless else n_left


def _n_zeros(file: Section, at: int) -> int:
    """How many zeros there are from `at` on."""
    start = at
    while block := file.peek(at, _BLOCK):
        n_other = len(block.lstrip(b"\0"))
        at += len(block) - n_other
        if n_other:
            break
    return at - start
