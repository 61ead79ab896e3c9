"""From the bytes of a file to its samples: soundfile first, PyAV for what it does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from operator import methodcaller
from types import ModuleType
from typing import TypeVar

from ..errors import AudioError
from ._pieces import Incomplete, NoSuchTrack, Part, Piece, Remark, Unrecognised
from ._recordings import Recordings, all_parts, following, recordings, remarks
from ._section import Section
from .description import Description

Answer = TypeVar("Answer")


def described(file: Section, name: str) -> Description:
    """What a file says of itself; nothing is decoded.

    Args:
        file: its bytes.
        name: what to call it in messages.

    Raises:
        AudioError: if it is no recording, or cannot be read.
    """
    with failures_raised(file, name):
        try:
            found = [_description(part) for part in all_parts(file)]
        except Unrecognised as finding:
            raise _refusal(name, finding) from None
        durations = [each.duration for each in found if each.duration is not None]
        is_known = len(durations) == len(found)
        return replace(found[0], duration=sum(durations) if is_known else None)


def decoded(file: Section, name: str, track: int | None = None) -> Iterator[Piece | Remark]:
    """The samples of a file piece by piece, as far as they can be decoded, and remarks on them.

    Args:
        file: its bytes.
        name: what to call it in messages.
        track: number of the sound track, from 1; None is the default one.

    Raises:
        AudioError: if it is no recording, cannot be read, or has no such track.
        Incomplete: after the last piece, if some of the recording is missing.
    """
    with failures_raised(file, name):
        try:
            yield from _decoded(file, name, track)
        except NoSuchTrack as finding:
            raise AudioError(f"{name} has {finding}") from None


def _decoded(file: Section, name: str, track: int | None) -> Iterator[Piece | Remark]:
    found = _recordings(file, name)
    lengths: list[float] = []
    gaps: list[float | None] = [] if found.has_end else [None]
    for part in found.parts:  # it grows
        length, n_gaps = 0.0, len(gaps)
        try:
            for piece in _by_either(part, methodcaller("pieces", part, track)):
                yield piece
                if isinstance(piece, Piece):
                    length += len(piece.samples) / piece.sample_rate
        except Incomplete as end:
            more = following(part)
            found.parts.extend(more)
            if end.missing is not None or not more:
                gaps.append(end.missing)
        except Unrecognised as finding:
            if sum(lengths) == 0:
                raise _refusal(name, finding) from None
            gaps.append(None)
        if part.share < 1 and len(gaps) == n_gaps:
            gaps.append(length * (1 / part.share - 1) if length else None)
        lengths.append(length)
    if sum(lengths) == 0:
        raise AudioError(f"{name} holds no samples" + (" that can be decoded" if gaps else ""))
    yield from remarks(found, lengths)
    if gaps:
        known = [gap for gap in gaps if gap is not None]
        raise Incomplete(sum(known) if len(known) == len(gaps) else None)


def _recordings(file: Section, name: str) -> Recordings:
    try:
        return recordings(file)
    except Unrecognised as finding:
        raise _refusal(name, finding) from None


def _description(part: Part) -> Description:
    answers: Iterator[Description] = _by_either(
        part, lambda decoder: iter([decoder.described(part)])
    )
    return next(answers)


def _by_either(part: Part, answer: Callable[[ModuleType], Iterator[Answer]]) -> Iterator[Answer]:
    """What the first decoder that knows a file answers."""
    from . import _pyav, _soundfile

    is_for_pyav = part.is_multiplexed or part.has_hole
    decoders = (_pyav, _soundfile) if is_for_pyav else (_soundfile, _pyav)
    findings = {}
    for decoder in decoders:
        try:
            yield from answer(decoder)
            return
        except Unrecognised as finding:
            findings[decoder] = finding
        except ImportError as error:
            findings[decoder] = Unrecognised(
                "a format that soundfile does not know; m4a, mp4, webm, wma and others need PyAV: "
                f'pip install "panns-inference[codecs]" ({error})'
            )
    raise findings[_pyav]


def _refusal(name: str, finding: Unrecognised) -> AudioError:
    return AudioError(f"{name} cannot be decoded: it is {finding}")


@contextmanager
def failures_raised(file: Section, name: str) -> Iterator[None]:
    """What went wrong with the file underneath is raised, if anything did."""
    try:
        yield
    finally:
        try:
            file.raise_failure()
        except Exception as error:
            raise AudioError(f"{name} cannot be read: {error}") from error
