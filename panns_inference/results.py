"""What the tasks give: tags, events and embeddings of one recording.

Each result holds NumPy arrays and plain values, knows the recording and the model it comes
from, prints itself, and keeps nothing of the network.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .audio.clock import after, recording_start
from .audioset import mid_of
from .errors import UsageError
from .events import Event

SHOWN = 10
"""Tags or events that a printed result shows."""


@dataclass(frozen=True)
class Tag:
    """One class and how probable it is that it sounds somewhere in the recording.

    Attributes:
        label: display name of the class.
        mid: AudioSet id of the class; empty if the label is not one of AudioSet's.
        index: column of the class in the network's output.
        probability: in [0, 1].
    """

    label: str
    mid: str
    index: int
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """The attributes, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Result:
    """What all results know.

    Attributes:
        source: the recording as it was named: a path, the name of an open file, or None for
            samples in memory.
        onset: where the result begins in the recording, in seconds: 0 but for a stretch.
        duration: length of the recording in seconds, or of a stretch of it without what was padded
            at its end.
        model: name of the network.
        silence: seconds of it that are digital silence and went through no network; 0 where that
            is not wanted.
        source_rate: sample rate of the recording in Hz: of the file, or as it was given with
            samples in memory; None if it is not known. Where it changes, the highest.
        track: number of the sound track that was read, from 1; None if none was chosen.
        channel: number of the channel that was read, from 1; None for the mean of the channels.
        start: date and time at which the recording began, if that was looked for while it was
            read, as `panns --clock` does; else None.
    """

    source: str | None
    onset: float = 0.0
    duration: float
    model: str
    silence: float = 0.0
    source_rate: int | None = None
    track: int | None = None
    channel: int | None = None
    start: datetime | None = None

    @cached_property
    def began(self) -> datetime | None:
        """Date and time at which the recording began; None if neither name nor header states it.

        It is `start`, or else what `recording_start` finds out of `source` when it is first used.
        """
        if self.start is not None or self.source is None:
            return self.start
        return recording_start(self.source)

    def clock(self, seconds: float) -> datetime | None:
        """Return date and time at a time of the recording; None if it is not known when it began.

        Args:
            seconds: from the start of the recording, such as the onset of an event.
        """
        return None if self.began is None else after(self.began, seconds)

    @property
    def offset(self) -> float:
        """Where the result ends in the recording, in seconds."""
        return self.onset + self.duration

    @property
    def chosen(self) -> dict[str, int]:
        """The track and the channel that were read, by these names, if they were chosen."""
        numbers = {"track": self.track, "channel": self.channel}
        return {name: number for name, number in numbers.items() if number is not None}

    @property
    def chosen_text(self) -> str:
        """The same in words, such as 'track 1, channel 2'; empty if nothing was chosen."""
        return ", ".join(f"{name} {number}" for name, number in self.chosen.items())

    def continues(self, before: Result) -> bool:
        """Whether this is of the same recording as the result before, but a later channel or track.

        Args:
            before: the result that comes before it in a list.
        """
        same = self.source == before.source and self.chosen.keys() == before.chosen.keys()
        return same and tuple(self.chosen.values()) > tuple(before.chosen.values())

    def to_dict(self) -> dict[str, Any]:
        """The result without its large arrays, ready for JSON."""
        values = {
            "source": self.source,
            **self.chosen,
            "duration": self.duration,
            "model": self.model,
        }
        return {**values, "silence": self.silence} if self.silence else values

    def _heading(self, kind: str) -> str:
        of = f" of {self.source}" if self.source is not None else ""
        of += f", {self.chosen_text}" if self.chosen_text else ""
        silence = f", {self.silence:.2f} s of it silence" if self.silence else ""
        return f"{kind}{of} ({self.duration:.2f} s{silence}, {self.model})"

    def _times(self) -> str:
        return f"  {self.onset:7.2f} - {self.offset:7.2f} s"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Tagging(Result):
    """Which sounds a recording holds.

    Attributes:
        clipwise: probability of each class, (classes,) float32.
        embedding: the vector before the last layer, (size,) float32; None where the network has
            none.
        labels: display names of the classes, in the order of `clipwise`.
        stretches: the same for stretches of the recording, by onset, if they are wanted.
    """

    clipwise: NDArray[np.float32]
    embedding: NDArray[np.float32] | None
    labels: tuple[str, ...]
    stretches: tuple[Tagging, ...] = ()

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """All classes, the most probable first."""
        return self.top(None, -math.inf)

    def top(self, n: int | None = SHOWN, threshold: float = 0.0) -> tuple[Tag, ...]:
        """The most probable classes.

        Args:
            n: how many at most; None is all.
            threshold: smallest probability.

        Raises:
            UsageError: for less than none.
        """
        if n is not None and n < 0:
            raise UsageError(f"n={n} is no number of tags: give 0 or more, or None for all")
        order = np.argsort(-self.clipwise, kind="stable").tolist()[:n]
        rows = ((self.labels[index], index, float(self.clipwise[index])) for index in order)
        return tuple(
            Tag(label, mid_of(label), index, probability)
            for label, index, probability in rows
            if probability >= threshold
        )

    def __iter__(self) -> Iterator[Tag]:
        return iter(self.tags)

    def __contains__(self, label: object) -> bool:
        return label in self.labels

    def __getitem__(self, label: str) -> float:
        if label not in self.labels:
            raise KeyError(label)
        return float(self.clipwise[self.labels.index(label)])

    def to_dict(self, n: int | None = None, threshold: float = 0.0) -> dict[str, Any]:
        """The tags, ready for JSON; the embedding is left out.

        Args:
            n: how many tags at most; None is all.
            threshold: smallest probability.
        """
        tags = [tag.to_dict() for tag in self.top(n, threshold)]
        stretches = [
            {
                "onset": stretch.onset,
                "offset": stretch.offset,
                "tags": [tag.to_dict() for tag in stretch.top(n, threshold)],
            }
            for stretch in self.stretches
        ]
        return {
            **super().to_dict(),
            "tags": tags,
            **({"stretches": stretches} if stretches else {}),
        }

    def __repr__(self) -> str:
        lines = [f"  {tag.probability:.3f}  {tag.label}" for tag in self.top()]
        spans = [
            f"{stretch._times()}  {tag.probability:.3f}  {tag.label}"
            for stretch in self.stretches[:SHOWN]
            for tag in stretch.top(1)
        ]
        return "\n".join(
            [self._heading("Tagging"), *lines, *spans, *_more(self.stretches, "stretches")]
        )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Detection(Result):
    """Which sounds a recording holds, and when.

    Attributes:
        clipwise: probability of each class in the whole recording, (classes,) float32.
        framewise: probability of each class in each frame, (frames, classes) float32; frame i is
            centred at `i / frames_per_second` seconds. None unless it is wanted: an hour
            takes 0.76 GB.
        frames_per_second: frames in a second.
        n_frames: frames of the recording; what was padded is not counted.
        n_samples: samples of the recording at the network's rate.
        labels: display names of the classes, in the order of `framewise`.
        events: the events, by onset.
    """

    clipwise: NDArray[np.float32]
    framewise: NDArray[np.float32] | None
    frames_per_second: float
    n_frames: int
    n_samples: int
    labels: tuple[str, ...]
    events: tuple[Event, ...]

    def to_dict(self) -> dict[str, Any]:
        """The events, ready for JSON; the arrays are left out."""
        events = [event.to_dict() for event in self.events]
        return {**super().to_dict(), "events": events}

    def __repr__(self) -> str:
        lines = [
            f"  {event.onset:7.2f} - {event.offset:7.2f} s  {event.probability:.3f}  {event.label}"
            for event in self.events[:SHOWN]
        ]
        lines += _more(self.events, "events")
        return "\n".join([self._heading("Detection"), *(lines or ["  no events"])])


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Embedding(Result):
    """A recording as a vector.

    Attributes:
        vector: the values before the last layer, (size,) float32; of the reference's networks
            none is below 0, of PannsMini some are.
        stretches: the same for stretches of the recording, by onset, if they are wanted.
    """

    vector: NDArray[np.float32]
    stretches: tuple[Embedding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The vector as a list, ready for JSON."""
        stretches = [
            {"onset": each.onset, "offset": each.offset, "embedding": each.vector.tolist()}
            for each in self.stretches
        ]
        whole = {**super().to_dict(), "embedding": self.vector.tolist()}
        return {**whole, **({"stretches": stretches} if stretches else {})}

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        return np.array(self.vector, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        shown = ", ".join(f"{value:.3f}" for value in self.vector[:4])
        return f"{self._heading('Embedding')}: {len(self.vector)} values [{shown}, ...]"


def _more(items: tuple[Any, ...], kind: str) -> list[str]:
    """The line that stands for what is not shown."""
    return [f"  ... and {len(items) - SHOWN} more {kind}"] if len(items) > SHOWN else []
