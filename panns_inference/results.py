"""What the verbs return: tags, events and embeddings of one recording.

Each result holds NumPy arrays and plain values, knows the recording and the model it comes
from, prints itself, and keeps nothing of the network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """What all results know.

    Attributes:
        source: the recording as it was named: a path, the name of an open file, or None for
            samples in memory.
        duration: length of the recording in seconds.
        model: name of the network.
    """

    source: str | None
    duration: float
    model: str

    def to_dict(self) -> dict[str, Any]:
        """The result without its large arrays, ready for JSON."""
        return {"source": self.source, "duration": self.duration, "model": self.model}

    def _heading(self, kind: str) -> str:
        of = f" of {self.source}" if self.source is not None else ""
        return f"{kind}{of} ({self.duration:.2f} s, {self.model})"


@dataclass(frozen=True, eq=False, repr=False)
class Tagging(Result):
    """Which sounds a recording holds.

    Attributes:
        clipwise: probability of each class, (classes,) float32.
        embedding: the vector before the last layer, (size,) float32; None where the network has
            none.
        labels: display names of the classes, in the order of `clipwise`.
    """

    clipwise: NDArray[np.float32]
    embedding: NDArray[np.float32] | None
    labels: tuple[str, ...]

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """All classes, the most probable first."""
        order = np.argsort(-self.clipwise, kind="stable").tolist()
        return tuple(
            Tag(self.labels[i], mid_of(self.labels[i]), i, float(self.clipwise[i])) for i in order
        )

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
        return tuple(tag for tag in self.tags[:n] if tag.probability >= threshold)

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
        return {**super().to_dict(), "tags": tags}

    def __repr__(self) -> str:
        lines = [f"  {tag.probability:.3f}  {tag.label}" for tag in self.top()]
        return "\n".join([self._heading("Tagging"), *lines])


@dataclass(frozen=True, eq=False, repr=False)
class Detection(Result):
    """Which sounds a recording holds, and when.

    Attributes:
        clipwise: probability of each class in the whole recording, (classes,) float32.
        framewise: probability of each class in each frame, (frames, classes) float32; frame i is
            centred at `i / frames_per_second` seconds.
        frames_per_second: frames in a second.
        labels: display names of the classes, in the order of `framewise`.
        events: the events, by onset.
    """

    clipwise: NDArray[np.float32]
    framewise: NDArray[np.float32]
    frames_per_second: float
    labels: tuple[str, ...]
    events: tuple[Event, ...]

    @property
    def valid_frames(self) -> int:
        """Frames that belong to the recording: all, for what was padded is cut off."""
        return len(self.framewise)

    def to_dict(self) -> dict[str, Any]:
        """The events, ready for JSON; the arrays are left out."""
        events = [event.to_dict() for event in self.events]
        return {**super().to_dict(), "events": events}

    def __repr__(self) -> str:
        lines = [
            f"  {event.onset:7.2f} - {event.offset:7.2f} s  {event.probability:.3f}  {event.label}"
            for event in self.events[:SHOWN]
        ]
        if len(self.events) > SHOWN:
            lines.append(f"  ... and {len(self.events) - SHOWN} more events")
        return "\n".join([self._heading("Detection"), *(lines or ["  no events"])])


@dataclass(frozen=True, eq=False, repr=False)
class Embedding(Result):
    """A recording as a vector.

    Attributes:
        vector: the values before the last layer, (size,) float32; of the reference's networks
            none is below 0, of PannsMini some are.
    """

    vector: NDArray[np.float32]

    def to_dict(self) -> dict[str, Any]:
        """The vector as a list, ready for JSON."""
        return {**super().to_dict(), "embedding": self.vector.tolist()}

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        return np.array(self.vector, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        shown = ", ".join(f"{value:.3f}" for value in self.vector[:4])
        return f"{self._heading('Embedding')}: {len(self.vector)} values [{shown}, ...]"
