"""Sound on the clock of its recording or film: each frame stands at its time stamp.

    frames     |0 s  1 s  2 s|          |4 s  5 s|4.5 s  5.5 s|
    waveform   |-------------|  silence |--------|    |-------|

Where a frame begins later than the one before ends, there is silence between them, as there is
before a track that begins later than its film. Where it begins earlier, what overlaps is left out.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from math import inf
from typing import NamedTuple

import numpy as np

from ._bitstream import Piece, Remark

JITTER = 0.1
"""Seconds by which a frame may be off, for stamps are rounded, and clocks of cameras drift: what
has no gaps stays as it was recorded. It is that of `aresample=async=1` of FFmpeg."""

EXACT = 0.001
"""The same at the start of the sound, behind a packet that was lost, and inside of an overlap."""

NEAR = 10.0
"""Seconds: what begins earlier by more than that is no overlap, but a recording of its own."""

BEGINNING = 0.5
"""Seconds from the first time stamp of a recording: one that goes back there begins anew."""

TOLERABLE = 1.0
"""Seconds by which stamps that are not followed may be off at the end: some count in groups."""

LONGEST_GAP = 3_600.0
"""Seconds of silence at one place: a stamp that is later is damaged, or of another recording."""

MOST_SILENCE = 86_400.0
"""Seconds of silence in all gaps of a recording."""

BLOCK = 1 << 15
"""Samples of silence that are handed on at once."""

OVERLAP = "go back", "the sound that overlaps is left out"
ANEW = "go back", "what follows is put behind what came before"
FAR = "jump forwards", "no silence is put there, it would be too long"
ASTRAY = "do not fit the sound", "they are not followed"
"""What time stamps do, and what is done about it."""


class _Frame(NamedTuple):
    """Samples and their time.

    Attributes:
        time: seconds on the clock of the file; None if it has no time stamp.
        piece: the samples.
        is_exact: whether packets before it were lost, so that a short gap is one, too.
    """

    time: float | None
    piece: Piece
    is_exact: bool


class TimeLine:
    """Puts frames in their places.

    Args:
        start: where the track begins on the clock of the file; None if that is not known.
        start_of_others: where the other tracks of the film begin; infinity if there are none.

    Attributes:
        position: seconds from the start of the recording to the end of what is placed.
        silence: seconds of that in all gaps.
        first: time of the first frame that has a stamp, on the clock of the file.
        n_lost: number of packets that could not be decoded.
    """

    def __init__(self, start: float | None = None, start_of_others: float = inf) -> None:
        self.position = self.first = self.silence = 0.0
        self.n_lost = 0
        self._start, self._start_of_others = start, start_of_others
        self._origin: float | None = None  # the start of the recording on the clock of the file
        self._newest = 0.0  # the first time stamp of the recording that began last
        self._held: _Frame | None = None
        self._has_lost = self._overlaps = self._is_astray = False
        self._faults: dict[tuple[str, str], str] = {}
        self._n_faults: Counter[tuple[str, str]] = Counter()

    @property
    def length(self) -> float:
        """Seconds from the first frame to the end of the last, on the clock of the file."""
        return self.position + (self._origin or 0.0) - self.first

    def lose(self) -> None:
        """Count a packet that cannot be decoded, before the next frame."""
        self.n_lost += 1
        self._has_lost = True

    def feed(self, time: float | None, piece: Piece) -> Iterator[Piece | Remark]:
        """Yield what is in its place, now that this frame has come.

        Args:
            time: of the frame; None if it has no time stamp.
            piece: its samples.
        """
        frame = _Frame(time, piece, self._has_lost)
        self._has_lost = False
        if self._held is not None:
            yield from self._moved(self._held, frame)
            self._held = None
        if self._jump(frame):
            self._held = frame  # the next one shows whether its stamp is to be followed
        else:
            self._is_astray = False
            yield self._placed(piece)

    def finish(self) -> Iterator[Piece | Remark]:
        """Yield the last frame, if it waits, and remarks on the time stamps."""
        if self._held is not None:
            yield from self._moved(self._held, None)
        for fault, place in self._faults.items():
            what, remedy = fault
            more = self._n_faults[fault] - 1
            place += f" and {more} times more" if more else ""
            # One that is wrong among others that are right does no harm.
            level = logging.DEBUG if fault is ASTRAY and not self._is_astray else logging.WARNING
            yield Remark(level, f"has time stamps that {what}, {place}: {remedy}")

    def _jump(self, frame: _Frame) -> float:
        """Seconds from what is placed to a frame: a gap, or if negative an overlap; 0 for none."""
        if frame.time is None:
            return 0.0
        if self._origin is None:
            self._origin = self._beginning(frame.time, frame.is_exact)
            self.first = self._newest = frame.time
        jump = frame.time - self._origin - self.position
        is_exact = frame.is_exact or self._overlaps or self.position == 0
        return jump if abs(jump) > (EXACT if is_exact else JITTER) else 0.0

    def _beginning(self, time: float, has_lost: bool) -> float:
        """The start of the recording on the clock of the file, by the first stamp of a frame."""
        if self.position > 0:
            return time - self.position
        # What the decoder drops before the first frame is priming, and no sound, unless it is lost.
        own = self._start if has_lost and self._start is not None else time
        return min(own, time, self._start_of_others)

    def _moved(self, frame: _Frame, following: _Frame | None) -> Iterator[Piece | Remark]:
        """A frame that does not begin where the one before ended, in its place."""
        piece, jump = frame.piece, self._jump(frame)
        was_overlapping, self._overlaps = self._overlaps, False
        if following is None:
            is_confirmed = was_overlapping or 0 < jump <= NEAR
        else:
            is_confirmed = _agree(frame, jump, following)
        self._is_astray = not is_confirmed and abs(jump) > TOLERABLE
        if not is_confirmed:
            self._count_fault(ASTRAY, jump)
        if not is_confirmed or self._is_break(frame, jump):
            jump = 0.0
        if jump > 0:
            yield from self._gap(jump, piece)
        elif jump < 0:
            if not was_overlapping:
                self._count_fault(OVERLAP, jump)
            n_over = round(-jump * piece.sample_rate)
            self._overlaps = n_over >= len(piece.samples)
            piece = piece._replace(samples=piece.samples[n_over:])
        if len(piece.samples):
            yield self._placed(piece)

    def _is_break(self, frame: _Frame, jump: float) -> bool:
        """Whether a stamp is of another recording, or damaged; the clock is set by it."""
        time = frame.time or 0.0
        is_far = jump > LONGEST_GAP or self.silence + jump > MOST_SILENCE
        is_anew = jump < -NEAR or (jump < 0 and time < self._newest + BEGINNING)
        if is_far or is_anew:
            self._count_fault(FAR if is_far else ANEW, jump)
            self._origin, self._newest = time - self.position, time
        return is_far or is_anew

    def _gap(self, seconds: float, piece: Piece) -> Iterator[Piece | Remark]:
        """Silence before a piece."""
        until = self.position + seconds
        text = f"has no sound from {self.position:.2f} to {until:.2f} s: silence is put there"
        yield Remark(logging.DEBUG, text)
        self.silence += seconds
        n_channels = piece.samples.shape[1]
        for n_samples in _blocks(round(seconds * piece.sample_rate)):
            silence = np.zeros((n_samples, n_channels), np.float32)
            yield self._placed(piece._replace(samples=silence))

    def _placed(self, piece: Piece) -> Piece:
        self.position += _duration(piece)
        return piece

    def _count_fault(self, fault: tuple[str, str], jump: float) -> None:
        self._faults.setdefault(fault, f"at {self.position:.2f} s by {abs(jump):.2f} s")
        self._n_faults[fault] += 1


def _agree(frame: _Frame, jump: float, following: _Frame) -> bool:
    """Whether the frame after one that jumps has jumped as far, and begins when that one ends."""
    if frame.time is None or following.time is None:
        return True  # a frame without a stamp begins where the one before ends
    duration = _duration(frame.piece)
    pause = following.time - frame.time - duration
    # Some containers have one stamp for several frames, so that the clock stands still meanwhile.
    return -min(JITTER, duration / 2) <= pause <= NEAR and (jump + pause) / jump > 0.5


def _duration(piece: Piece) -> float:
    return len(piece.samples) / piece.sample_rate


def _blocks(n_samples: int) -> Iterator[int]:
    """Numbers of samples of blocks."""
    yield from (min(BLOCK, n_samples - start) for start in range(0, n_samples, BLOCK))
