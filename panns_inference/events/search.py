"""What a method of finding events is: frames come in, something stays open, events come out."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .frames import Frames
from .runs import Integers

PIECE = 2**20
"""Probabilities that are worked on at once: it bounds the memory that is taken."""

Open = NDArray[np.void]
"""What is open in each class, because frames to come may still change it, (classes,)."""


class Window(NamedTuple):
    """The frames that are at hand, and how far the recording is known.

    Attributes:
        rows: probabilities from frame `first` on, (frames, classes).
        first: number of the first of them.
        end: the frame after the last that counts; one more row may be there.
        before: the frame after the last that was known before.
        known: the frame after the last that is known now: `Search.half` before `end`, as long as
            the recording goes on.
        duration: length of the recording in frames; infinite while it goes on.
    """

    rows: Frames
    first: int
    end: int
    before: int
    known: int
    duration: float

    @property
    def goes_on(self) -> bool:
        """Whether more frames may follow."""
        return math.isinf(self.duration)


class Found(NamedTuple):
    """Events that nothing can change any more.

    Attributes:
        columns: class of each, (events,).
        starts: its first frame, (events,).
        ends: the frame after its last, (events,).
        peaks: largest of the probabilities of these frames, (events,).
        means: their mean, (events,).
    """

    columns: Integers
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    peaks: NDArray[np.float64]
    means: NDArray[np.float64]


class Search(Protocol):
    """A method with its rules.

    Attributes:
        half: frames before and after a frame on which it depends what the frame is.
    """

    half: int

    def start(self) -> Open:
        """What is open before the first frame, (classes,)."""

    def check(self, frames: Frames) -> None:
        """Make sure that the method can work with some frames.

        Args:
            frames: probabilities, (frames, classes).

        Raises:
            UsageError: if it cannot.
        """

    def advance(self, opened: Open, window: Window) -> list[Found]:
        """Let frames follow on what is open.

        Args:
            opened: what is open in each class, (classes,); it is brought up to date.
            window: the new frames, with those around them.
        """
