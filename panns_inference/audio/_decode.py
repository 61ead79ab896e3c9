"""From the bytes of a file to its samples: soundfile first, PyAV for what it does not know."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import AudioError
from . import _mpeg, _ogg, _sizes
from ._pieces import Incomplete, Part, Piece, Unrecognised
from ._section import Section


def decoded(file: Section, name: str) -> Iterator[Piece]:
    """The samples of a file piece by piece, as far as they can be decoded.

    Args:
        file: its bytes.
        name: what to call it in messages.

    Raises:
        AudioError: if it is no recording, or cannot be read.
        Incomplete: after the last piece, if some of the recording is missing.
    """
    try:
        yield from _decoded(file, name)
    finally:
        _raise_failure(file, name)


def _decoded(file: Section, name: str) -> Iterator[Piece]:
    try:
        file, share = _sizes.with_true_size(_mpeg.without_tags(file))
    except Unrecognised as finding:
        raise _refusal(name, finding) from None
    is_ogg = file.peek(0, 4) == b"OggS"
    parts, has_end = _ogg.links(file) if is_ogg else (_mpeg.recordings(file), True)
    length = 0.0
    gaps: list[float | None] = [] if has_end else [None]
    for part in parts:
        try:
            for piece in _by_either(part):
                yield piece
                length += len(piece.samples) / piece.sample_rate
        except Incomplete as end:
            gaps.append(end.missing)
        except Unrecognised as finding:
            if length == 0:
                raise _refusal(name, finding) from None
            gaps.append(None)
    if length == 0:
        raise AudioError(f"{name} holds no samples" + (" that can be decoded" if gaps else ""))
    if share < 1 and not gaps:
        gaps.append(length * (1 / share - 1))
    if gaps:
        known = [gap for gap in gaps if gap is not None]
        raise Incomplete(sum(known) if len(known) == len(gaps) else None)


def _by_either(part: Part) -> Iterator[Piece]:
    from . import _pyav, _soundfile

    try:
        yield from _soundfile.pieces(part)
    except Unrecognised:
        try:
            yield from _pyav.pieces(part)
        except ImportError as error:
            raise Unrecognised(
                "a format that soundfile does not know; m4a, mp4, webm, wma and others need PyAV: "
                f'pip install "panns-inference[codecs]" ({error})'
            ) from None


def _refusal(name: str, finding: Unrecognised) -> AudioError:
    return AudioError(f"{name} cannot be decoded: it is {finding}")


def _raise_failure(file: Section, name: str) -> None:
    """Raise what went wrong with the file underneath, if anything did."""
    try:
        file.raise_failure()
    except Exception as error:
        raise AudioError(f"{name} cannot be read: {error}") from error
