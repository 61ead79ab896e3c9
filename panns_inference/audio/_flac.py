"""FLAC whose header counts too few samples, and streams that are joined to another.

    fLaC, 1000 samples | frame 0 | frame 1 | frame 2 || fLaC, 500 samples | frame 0 ...
                       '- 1000 samples --' '- more -' '- joined to it ----

libFLAC ends with the samples that the header counts, so that the header it is given counts none:
it goes on to the last frame, or stumbles over another header.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ._bitstream import Bitstream, Section

_INFO = (b"fLaC\0\0\0\x22", b"fLaC\x80\0\0\x22")  # a stream, and the head of its first block
_INFO_SIZE = 8
_SEARCHED = 1 << 16  # bytes that are searched at once: they stay in the cache
_BUFFERED = 1 << 18  # bytes: libFLAC reads no further ahead of the frame that it decodes
_COUNT_AT, _COUNT = 18, (1 << 36) - 1  # bytes 18 to 25 end with the number of samples


def streams(file: Section) -> list[Bitstream]:
    """The streams of a FLAC file if the first counts no samples, else the first of them.

    Without a count its decoder would run into the next one unnoticed.
    """
    first = _uncounted(file)
    return [first] if first.n_samples else _apart(file, [0, *_joined(file, 1)])


def behind(file: Section, at: int) -> list[Bitstream]:
    """The streams that are joined to the first.

    Args:
        file: the whole of it; empty if it is no FLAC.
        at: offset up to which the decoder of the first has read.
    """
    is_flac = file.peek(0, _INFO_SIZE) in _INFO
    return _apart(file, list(_joined(file, max(1, at - _BUFFERED)))) if is_flac else []


def _apart(file: Section, starts: list[int]) -> list[Bitstream]:
    return [_uncounted(file.section(start, stop)) for start, stop in pairwise([*starts, file.size])]


def _joined(file: Section, at: int) -> Iterator[int]:
    """Offsets of the streams that begin at `at` or later."""
    while len(found := file.peek(at, _SEARCHED)) > _INFO_SIZE:
        start = -1
        while (start := found.find(b"fLaC", start + 1)) >= 0:
            if found.startswith(_INFO, start):
                yield at + start
        at += len(found) - _INFO_SIZE + 1


def _uncounted(file: Section) -> Bitstream:
    """A stream with a header that counts no samples."""
    word = int.from_bytes(file.peek(_COUNT_AT, 8), "big")
    n_samples = word & _COUNT
    if file.peek(0, _INFO_SIZE) not in _INFO or n_samples == 0:
        return Bitstream(file)
    patched = file.patched(_COUNT_AT, (word - n_samples).to_bytes(8, "big"))
    return Bitstream(patched, n_samples=n_samples)
