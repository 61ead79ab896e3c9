"""How a recording is read: the settings of `read` as one value."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import AudioError, AudioWarning, UsageError
from ..warning import warn
from .checks import checked_track
from .resampling import check_resampler

MIX, EACH, ALL = "mix", "each", "all"

SIDES = {"left": 1, "right": 2}
"""Names of channels, and their numbers."""


@dataclass(frozen=True)
class Reading:
    """How a recording is read; its attributes are keywords of `read`.

    Attributes:
        resampler: 'soxr', 'resampy' or 'torch'.
        strict: whether a recording that cannot be read as it should is an error, not a warning.
        track: number of a sound track, from 1; None is the default one; 'all' stands for several
            readings, each of one.
        channel: 'mix', the mean of the channels; the number of one, from 1; 'left' and 'right',
            which become 1 and 2; 'each' stands for several readings, each of one.

    Raises:
        UsageError: if one of them makes no sense.
    """

    resampler: str = "soxr"
    strict: bool = False
    track: int | str | None = None
    channel: int | str = MIX

    def __post_init__(self) -> None:
        check_resampler(self.resampler)
        if self.track != ALL:
            object.__setattr__(self, "track", checked_track(self.track))
        object.__setattr__(self, "channel", _checked_channel(self.channel))

    def of(self, track: int | None, channel: int | None) -> Reading:
        """The same reading, of one track and channel.

        Args:
            track: its number; None leaves it as it is.
            channel: its number; None leaves it as it is.
        """
        return replace(
            self,
            track=self.track if track is None else track,
            channel=self.channel if channel is None else channel,
        )

    @property
    def is_several(self) -> bool:
        """Whether it stands for several readings, each with a result of its own."""
        return bool(self.separates)

    @property
    def separates(self) -> tuple[str, ...]:
        """By what recordings are separated: 'track', 'channel', both or neither."""
        several = {"track": self.track == ALL, "channel": self.channel == EACH}
        return tuple(name for name, is_wanted in several.items() if is_wanted)

    def report(self, name: str, faults: Sequence[str]) -> None:
        """Say what is wrong with a recording that can be used all the same.

        Args:
            name: what to call it.
            faults: what is wrong; nothing is said of none.

        Raises:
            AudioError: if it is read strictly.

        Warns:
            AudioWarning: if not.
        """
        if self.strict and faults:
            raise AudioError(f"{name} {', and '.join(faults)}")
        for fault in faults:
            warn(f"{name} {fault}", AudioWarning)


def _checked_channel(channel: Any) -> int | str:
    if isinstance(channel, str) and channel in (MIX, EACH, *SIDES):
        return SIDES.get(channel, channel)
    try:
        number = 0 if isinstance(channel, bool) else operator.index(channel)
    except TypeError:
        number = 0
    if number < 1:
        raise UsageError(
            f"channel={channel!r} is no channel: give 'mix', 'left', 'right', 'each', or a number "
            "from 1"
        )
    return number
