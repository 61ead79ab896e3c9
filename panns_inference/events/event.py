"""A sound with its times."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Event:
    """A sound of one class, from `onset` to `offset`.

    Attributes:
        onset: start in seconds from the start of the recording.
        offset: end in seconds from the start of the recording.
        label: display name of the class.
        mid: AudioSet id of the class; empty if the label is not one of AudioSet's.
        index: column of the class in the framewise probabilities.
        probability: largest probability of the frames that it was found in, in [0, 1].
        mean_probability: their mean probability, in [0, 1].
        threshold: that of its class, by which it was found, in (0, 1]; 0 if it is not known. Events
            are equal whatever it was.
    """

    onset: float
    offset: float
    label: str
    mid: str
    index: int
    probability: float
    mean_probability: float
    threshold: float = field(default=0.0, compare=False)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.offset - self.onset

    def to_dict(self) -> dict[str, Any]:
        """The attributes, ready for JSON."""
        return asdict(self)
