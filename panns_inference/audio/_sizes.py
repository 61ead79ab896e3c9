"""Headers that claim more samples, or fewer, than a file holds are made to tell the truth.

libsndfile reads a cut file as a shorter one without a word, a recorder that lost power left a
claim of 0, and one that went on beyond 4 GiB a claim that began anew. So the claim is read here,
compared with the size of the file, and corrected.

    header          | samples                     | behind them
    0 or 2^32 - 1   | to the end of the file      |
    n, too large    | to the end: cut             |
    n               | n                           | notes, tags, zeros: nothing is said
    n               | n + 4 GiB, n + 8 GiB ...    | the same; the header had no room
    n               | n, and of the other chunk   | a second chunk of samples
    n               | n, and of the other file    | another recording
    n               | n                           | bytes that are none of these: they are said

IRCAM, PAF, PVF and XI make no claim: nobody can tell whether they are cut. Of a VOC of several
blocks only the first is looked at. HTK is known by its claim alone, so a cut one is refused.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import NamedTuple

from . import _chunks, _headers
from ._chunks import Chunk, Layout
from ._claims import Claim
from ._pieces import Part
from ._section import Section
from ._trailing import trailing

_WRAP = 1 << 32  # what a size of 32 bits loses where it begins anew


class Measured(NamedTuple):
    """A file by the sound in it.

    Attributes:
        parts: what is decoded one by one, each with a header that states what there is.
        behind: the recording that follows in the same file; None if none does.
        n_unknown: bytes behind the samples of which nobody can tell what they are.
    """

    parts: list[Part]
    behind: Section | None = None
    n_unknown: int = 0


def measured(file: Section) -> Measured:
    """The sound in a file whose header claims a size, or the file as it is.

    Where nothing needed follows the samples, a part ends with them: libsndfile takes for samples
    what stands behind those of a W64.

    Raises:
        Unrecognised: for a chain of chunks that does not come to an end.
    """
    claim = _chunks.claim(file) or _headers.claim(file)
    if claim is None or claim.start > file.size:
        return Measured([Part(file)])
    form = _chunks.layout(file)
    n_left = file.size - claim.start
    if claim.n_bytes > n_left or not _is_meant(file, claim, form):
        return Measured([_part(file, claim, n_left)])
    if not claim.is_bound:
        return Measured([Part(file)])
    n_bytes = claim.n_bytes + _lost(file, claim, form)
    found = trailing(file, claim.start + n_bytes, form)
    if found.n_unknown and n_bytes > claim.n_bytes:
        return Measured([_part(file, claim, n_left)])
    stop = claim.start + n_bytes if claim.is_last or found.chunks else found.recording
    parts = [_part(file, claim, n_bytes, stop)]
    if form:
        parts += [_further(file, claim, form, chunk) for chunk in found.chunks]
    behind = None if found.recording is None else file.part(found.recording)
    return Measured(parts, behind, found.n_unknown)


def _is_meant(file: Section, claim: Claim, form: Layout | None) -> bool:
    """Whether a claim is a size, and not what writers put there who do not know it."""
    if not claim.is_open:
        return True
    is_followed = form is not None and _chunks.follows(file, claim.end, form) is not None
    return claim.n_bytes > 0 and (claim.end == file.size or is_followed)


def _lost(file: Section, claim: Claim, form: Layout | None) -> int:
    """Bytes that the claim does not count, for it began anew at 4 GiB."""
    n_behind = file.size - claim.end
    is_short = claim.number is not None and claim.number.limit == _WRAP
    if not is_short or n_behind < _WRAP or (form and _chunks.follows(file, claim.end, form)):
        return 0
    return n_behind // _WRAP * _WRAP


def _part(file: Section, claim: Claim, n_bytes: int, stop: int | None = None) -> Part:
    """The file up to `stop`, with a header that states `n_bytes` of samples."""
    part = file.part(0, stop)
    number = claim.number
    if number is not None and number.read(file) != n_bytes + claim.own:
        part = claim.made_true(part, n_bytes)
    return Part(part, share=_share(claim, n_bytes))


def _further(file: Section, claim: Claim, form: Layout, chunk: Chunk) -> Part:
    """Another chunk of samples, behind the header of the first one."""
    start = chunk.start + form.sound[chunk.name]
    claim = replace(claim, n_bytes=chunk.end - start)
    n_bytes = min(claim.n_bytes, file.size - start)
    part = file.part(start - claim.start, start + n_bytes)
    part = claim.made_true(part.patched(0, file.peek(0, claim.start)), n_bytes)
    return Part(part, share=_share(claim, n_bytes))


def _share(claim: Claim, n_bytes: int) -> float:
    """How many of the bytes that are claimed there are."""
    if n_bytes == claim.n_bytes or (claim.is_open and claim.has_room_for(n_bytes)):
        return 1.0
    return n_bytes / claim.n_bytes if claim.n_bytes else inf
