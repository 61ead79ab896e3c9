"""What is learnt from: stretches of recordings, and the classes that sound in them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import UsageError
from ...metrics import Annotation

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)  # there may be millions
class Clip:
    """A stretch of a recording, and what sounds in it.

    Attributes:
        path: the recording.
        labels: display names of the classes; none where nothing of them sounds.
        onset: where the stretch begins in the recording, in seconds.
        offset: where it ends, in seconds; None at the end of the recording.
        split: of the data set, such as `train`, `validation` or `test`; empty if it has none.
        fold: of cross-validation; empty if there are none.
        events: what sounds in the recording and when, all of the classes; None if the times are
            not known. They are those of the recording, and the same for all of its clips.
    """

    path: Path
    labels: tuple[str, ...]
    onset: float = 0.0
    offset: float | None = None
    split: str = ""
    fold: str = ""
    events: tuple[Annotation, ...] | None = field(default=None, repr=False)  # may be thousands


@dataclass(frozen=True)
class Dataset:
    """Clips, and the classes that a network learns.

    Attributes:
        clips: the clips.
        labels: display names of the classes, in the order of the network's outputs.
        mids: an identifier of each class; empty if they have none.

    Raises:
        UsageError: if a class comes twice, or a clip or an event has one that is none of them.
    """

    clips: tuple[Clip, ...]
    labels: tuple[str, ...]
    mids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if repeated := {label for label in self.labels if self.labels.count(label) > 1}:
            raise UsageError(f"classes must differ: {', '.join(sorted(repeated))}")
        if self.mids and len(self.mids) != len(self.labels):
            raise UsageError(f"{len(self.mids)} mids do not fit {len(self.labels)} labels")
        known = set(self.labels)
        sounding = [(clip.path, clip.labels) for clip in self.clips]
        events = {clip.path: clip.events for clip in self.clips if clip.events}
        sounding += [(path, tuple(each.label for each in those)) for path, those in events.items()]
        for path, labels in sounding:
            if unknown := set(labels) - known:
                these = textwrap.shorten(", ".join(self.labels), 100, placeholder=" ...")
                raise UsageError(
                    f"{path}: {', '.join(sorted(unknown))} is no class of these: {these}"
                )

    @property
    def is_single_label(self) -> bool:
        """Whether each clip has exactly one class."""
        return all(len(clip.labels) == 1 for clip in self.clips)

    @property
    def sounding(self) -> frozenset[str]:
        """Classes that a clip has."""
        return frozenset(label for clip in self.clips for label in clip.labels)

    @property
    def targets(self) -> NDArray[np.float32]:
        """Ones where a class sounds, (clips, classes)."""
        index = {label: column for column, label in enumerate(self.labels)}
        targets = np.zeros((len(self.clips), len(self.labels)), np.float32)
        for row, clip in enumerate(self.clips):
            targets[row, [index[label] for label in clip.labels]] = 1
        return targets

    def where(self, condition: Callable[[Clip], bool]) -> Dataset:
        """Return the clips that fulfil a condition, with the same classes.

        Args:
            condition: of a clip, such as `lambda clip: clip.fold != "1"`.
        """
        return replace(self, clips=tuple(filter(condition, self.clips)))


def dataset(clips: Sequence[Clip], labels: Sequence[str] = ()) -> Dataset:
    """Return clips as a data set.

    Args:
        clips: the clips.
        labels: the classes in their order; none for those of the clips, sorted.

    Raises:
        UsageError: if there is no clip or no class, or a clip has a class that is not among them.
    """
    found = tuple(labels) or tuple(sorted({label for clip in clips for label in clip.labels}))
    if not clips or not found:
        raise UsageError(f"there are {len(clips)} clips with {len(found)} classes to learn from")
    return Dataset(tuple(clips), found)
