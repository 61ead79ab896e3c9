"""A file taken apart into what is decoded one by one."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from . import _flac, _mpeg, _ogg, _sizes
from ._pieces import Part, Remark
from ._section import Section
from ._trailing import trailing


class Recordings(NamedTuple):
    """What a file holds.

    Attributes:
        parts: in their order.
        n_stated: how many of them are what a reader of the format expects, and no sound behind the
            end that the header states.
        has_end: whether its parts end as they should, where that can be seen.
        n_unknown: bytes behind the samples of which nobody can tell what they are.
    """

    parts: list[Part]
    n_stated: int
    has_end: bool = True
    n_unknown: int = 0


def recordings(file: Section) -> Recordings:
    """The recordings in a file: those of a chain, and those that follow the end of another.

    Raises:
        Unrecognised: for a chain of chunks that does not come to an end.
    """
    first = _first(file)
    parts, has_end, found = list(first.recordings.parts), first.recordings.has_end, first
    while found.behind is not None:
        found = _first(found.behind)
        parts += found.recordings.parts
        has_end &= found.recordings.has_end
    n_stated, n_unknown = first.recordings.n_stated, found.recordings.n_unknown
    return Recordings(parts, n_stated, has_end, n_unknown)


def following(part: Part) -> list[Part]:
    """What is joined to a part whose decoder stopped before the end of its bytes."""
    return _flac.behind(part.file, part.file.tell()) if part.may_go_on else []


def all_parts(file: Section) -> Iterator[Part]:
    """The parts of a file of which nothing is decoded.

    Raises:
        Unrecognised: as `recordings`.
    """
    for part in recordings(file).parts:
        yield part
        if part.may_go_on:
            yield from _flac.behind(part.file, 0)


class _First(NamedTuple):
    recordings: Recordings
    behind: Section | None = None


def _first(file: Section) -> _First:
    """The recordings up to one that follows their end in the same file."""
    file = _mpeg.without_tags(file)
    if file.peek(0, 4) == b"OggS":
        links, last = _ogg.links(file)
        has_end = last.is_last and last.end <= file.size
        return _followed(Recordings(links, len(links), has_end), file, last.end)
    if file.peek(0, 4) == b"fLaC":
        return _First(Recordings(_flac.streams(file), 1))
    if _mpeg.is_frame(file):
        joined, rest = _mpeg.recordings(file)
        return _followed(Recordings(joined, len(joined)), rest, 0)
    parts, behind, n_unknown = _sizes.measured(file)
    return _First(Recordings(parts, 1, n_unknown=n_unknown), behind)


def _followed(found: Recordings, file: Section, end: int) -> _First:
    """Recordings that have no claim of their size, and what stands from `end` on in a file."""
    more = trailing(file, end, None)
    behind = None if more.recording is None else file.part(more.recording)
    return _First(found._replace(n_unknown=more.n_unknown), behind)


def remarks(found: Recordings, lengths: Sequence[float]) -> Iterator[Remark]:
    """What there is to say of recordings that were decoded.

    Args:
        found: those recordings.
        lengths: seconds of each of their parts.
    """
    stated = sum(
        length / max(1.0, part.share)
        for part, length in zip(found.parts[: found.n_stated], lengths, strict=False)
    )
    if len(found.parts) > found.n_stated or found.parts[0].share > 1:
        yield Remark(
            logging.WARNING,
            f"states {stated:.2f} s in its header and holds {sum(lengths):.2f} s; "
            "all of it is used",
        )
    if found.n_unknown:
        yield Remark(
            logging.WARNING,
            f"has {found.n_unknown:,} bytes behind its samples that are neither sound nor notes; "
            "they are not used",
        )
