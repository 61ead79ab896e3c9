"""The settings of `read` as one value, and the checks of its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import index
from typing import SupportsIndex

from ..errors import AudioError, AudioWarning, UsageError
from ..warning import warn
from .resampling import check_resampler

MIX, EACH, ALL = "mix", "each", "all"

SIDES = {"left": 1, "right": 2}
"""Names of channels, and their numbers."""

LOWEST_RATE, HIGHEST_RATE = 100, 10_000_000
"""Sample rates in Hz that can be meant: a rate of 1 Hz would make hours of a second."""


@dataclass(frozen=True)
class Reading:
    """How a recording is read; its attributes are keywords of `read`.

    Attributes:
        resampler: 'soxr' or 'resampy'.
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
        object.__setattr__(self, "track", _checked_track(self.track))
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
        """Warn of what is wrong with a recording that can be used all the same.

        Args:
            name: its name in messages.
            faults: what is wrong; of none there is no warning.

        Raises:
            AudioError: instead of the warning, if the recording is read strictly.

        Warns:
            AudioWarning: for each fault.
        """
        if self.strict and faults:
            raise AudioError(f"{name} {', and '.join(faults)}")
        for fault in faults:
            warn(f"{name} {fault}", AudioWarning)


def _number(value: object) -> int:
    """A number from 1; 0 for whatever is none."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        return 0
    return max(0, index(value))


def _checked_track(track: object) -> int | str | None:
    if track is None or (isinstance(track, str) and track == ALL):
        return track
    if number := _number(track):
        return number
    raise UsageError(f"track={track!r} is no number of a sound track: they count from 1")


def _checked_channel(channel: object) -> int | str:
    if isinstance(channel, str) and channel in (MIX, EACH, *SIDES):
        return SIDES.get(channel, channel)
    if number := _number(channel):
        return number
    raise UsageError(
        f"channel={channel!r} is no channel: give 'mix', 'left', 'right', 'each', or a number "
        "from 1"
    )


def checked_rate(rate: object, argument: str) -> int:
    """A sample rate that was given as an argument, in Hz.

    Args:
        rate: a whole number, as an int or a float.
        argument: its name in the call.

    Raises:
        UsageError: if it is no number, or out of range.
    """
    try:
        whole = int(rate)  # type: ignore[call-overload]
        is_whole = bool(whole == rate)
    except (TypeError, ValueError, OverflowError):
        is_whole = False
    if not is_whole or not LOWEST_RATE <= whole <= HIGHEST_RATE:
        raise UsageError(
            f"{argument}={rate!r} is no sample rate: give whole Hz from {LOWEST_RATE:,} to "
            f"{HIGHEST_RATE:,}"
        )
    return int(whole)
