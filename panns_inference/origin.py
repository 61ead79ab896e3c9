"""Where a result comes from: the recording, what of it was read, and when it began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Origin:
    """Of which recording a result is, and how that was read.

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
        start: date and time at which the recording began, if they were looked for while it was
            read; None if neither name nor header states it.
        is_clocked: whether they were looked for, as `panns --clock` does.
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
    is_clocked: bool = False

    @cached_property
    def began(self) -> datetime | None:
        """Date and time at which the recording began; None if neither name nor header states it.

        It is `start`, or else what `recording_start` finds out of `source` when it is first used.
        """
        if self.is_clocked or self.source is None:
            return self.start
        from .audio.clock import recording_start  # a command line is parsed without it

        return recording_start(self.source)

    def clock(self, seconds: float) -> datetime | None:
        """Return date and time at a time of the recording; None if it is not known when it began.

        Args:
            seconds: from the start of the recording, such as the onset of an event.
        """
        from .audio.clock import after

        return None if self.began is None else after(self.began, seconds)

    def clock_text(self, seconds: float) -> str | None:
        """Return the same as a text of ISO 8601, with milliseconds.

        Args:
            seconds: from the start of the recording.
        """
        moment = self.clock(seconds)
        return moment.isoformat(timespec="milliseconds") if moment else None

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

    def continues(self, before: Origin) -> bool:
        """Whether this is of the same recording as the result before, but a later channel or track.

        Args:
            before: the result that comes before it in a list.
        """
        same = self.source == before.source and self.chosen.keys() == before.chosen.keys()
        return same and tuple(self.chosen.values()) > tuple(before.chosen.values())


def key_of(path: str, track: int | None, channel: int | None) -> str:
    """Return a text that is unique for a recording, or for one of its tracks or channels.

    Args:
        path: of the recording.
        track: number of its sound track, where each has a result of its own.
        channel: number of its channel, where each has a result of its own.
    """
    numbers = {".track": track, ".channel": channel}
    return path + "".join(f"{name}{number}" for name, number in numbers.items() if number)
