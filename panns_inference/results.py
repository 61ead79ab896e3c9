"""What the tasks give: tags, events and embeddings of one recording.

Each result holds NumPy arrays and plain values, knows the recording and the model it comes
from, prints itself, and keeps nothing of the network.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .by_class import ByClass
from .events import Event
from .events.columns import Class
from .events.rules import Threshold
from .notebook import Displayed
from .origin import Origin
from .plot.methods import PlotOfDetection, PlotOfTagging
from .ranking import Tag, ranked
from .tabular import Tabular

SHOWN = 10
"""Tags or events that a printed result shows."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Result(Origin, Tabular, Displayed):
    """What all results know; its attributes are those of `Origin`."""

    def to_dict(self) -> dict[str, Any]:
        """The result without its large arrays, ready for JSON."""
        values = {
            "source": self.source,
            **self.chosen,
            "duration": self.duration,
            "model": self.model,
        }
        if self.is_clocked:
            values["began"] = self.start.isoformat() if self.start else None
        return {**values, "silence": self.silence} if self.silence else values

    def _heading(self, kind: str) -> str:
        of = f" of {self.source}" if self.source is not None else ""
        of += f", {self.chosen_text}" if self.chosen_text else ""
        silence = f", {self.silence:.2f} s of it silence" if self.silence else ""
        return f"{kind}{of} ({self.duration:.2f} s{silence}, {self.model})"

    def _clock(self, seconds: float) -> dict[str, str | None]:
        """The time of day at a time of the recording, by the name of its key, if it is wanted."""
        return {"clock": self.clock_text(seconds)} if self.is_clocked else {}

    def _times(self) -> str:
        return f"  {self.onset:7.2f} - {self.offset:7.2f} s"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Tagging(Result, ByClass[float], PlotOfTagging):
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

    def top(
        self,
        n: int | None = SHOWN,
        threshold: Threshold = 0.0,
        classes: Collection[Class] | Class | None = None,
        exclude: Collection[Class] | Class = (),
    ) -> tuple[Tag, ...]:
        """The most probable classes.

        Args:
            n: how many at most: without it, as many as are printed; None is all.
            threshold: smallest probability; or that of each class, as an array, a mapping
                from label, mid or index, in which `*` is all other classes, or a file of these.
            classes: labels, mids or indices of the classes that are wanted; None is all.
            exclude: classes that are not wanted.

        Raises:
            UsageError: for less than none, or a class that there is not.
        """
        return ranked(self.clipwise, self.labels, n, threshold, classes, exclude)

    def __iter__(self) -> Iterator[Tag]:
        return iter(self.tags)

    def __len__(self) -> int:
        return len(self.tags)

    def of_class(self, index: int) -> float:
        """Return the probability of a class.

        Args:
            index: its column.
        """
        return float(self.clipwise[index])

    def to_dict(
        self,
        n: int | None = None,
        threshold: Threshold = 0.0,
        classes: Collection[Class] | Class | None = None,
        exclude: Collection[Class] | Class = (),
    ) -> dict[str, Any]:
        """The tags, ready for JSON; the embedding is left out.

        Args:
            n: how many tags at most; None is all.
            threshold: as for `top`.
            classes: as for `top`.
            exclude: as for `top`.
        """
        choice = (n, threshold, classes, exclude)
        tags = [tag.to_dict() for tag in self.top(*choice)]
        stretches = [
            {
                "onset": stretch.onset,
                "offset": stretch.offset,
                **self._clock(stretch.onset),
                "tags": [tag.to_dict() for tag in stretch.top(*choice)],
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
class Detection(Result, ByClass[tuple[Event, ...]], PlotOfDetection):
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

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def of_class(self, index: int) -> tuple[Event, ...]:
        """Return the events of a class.

        Args:
            index: its column.
        """
        return tuple(event for event in self.events if event.index == index)

    def to_dict(self) -> dict[str, Any]:
        """The events, ready for JSON; the arrays are left out."""
        events = [event.to_dict() | self._clock(event.onset) for event in self.events]
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

    def __iter__(self) -> Iterator[float]:
        return iter(self.vector.tolist())

    def __len__(self) -> int:
        return len(self.vector)

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
