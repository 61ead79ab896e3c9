"""The settings of `read` as one value, and the checks of its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from operator import index
from typing import SupportsIndex

from ..errors import AudioError, AudioWarning, UsageError
from ..warning import warn
from ..wording import argument
from .clock import Clock

MIX, EACH, ALL = "mix", "each", "all"

Words = Mapping[str | None, int | str | None]

CHOICES: dict[str, tuple[Words, str]] = {
    "track": ({None: None, ALL: ALL}, "is no number of a sound track: they count from 1"),
    "channel": (
        {MIX: MIX, EACH: EACH, "left": 1, "right": 2},
        "is no channel: give 'mix', 'left', 'right', 'each', or a number from 1",
    ),
}
"""What may be given beside a number and what becomes of it, and what is said of anything else."""

RESAMPLERS = "soxr", "resampy"
"""What can resample, by name."""

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
        clock: how it is found out when the recording began; None does not look for it.

    Raises:
        UsageError: if one of them makes no sense.
    """

    resampler: str = "soxr"
    strict: bool = False
    track: int | str | None = None
    channel: int | str = MIX
    clock: Clock | None = None

    def __post_init__(self) -> None:
        if self.resampler not in RESAMPLERS:
            known = ", ".join(RESAMPLERS)
            raise UsageError(f"unknown resampler {self.resampler!r}; known are: {known}")
        try:
            import_module(self.resampler)
        except ImportError as error:
            raise UsageError(
                f"the resampler {self.resampler!r} is not installed ({error}): "
                f'pip install "panns-inference[{self.resampler}]"'
            ) from error
        for name in CHOICES:
            object.__setattr__(self, name, _checked(name, getattr(self, name)))

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
        return self.track == ALL or self.channel == EACH

    @property
    def separates(self) -> tuple[str, ...]:
        """By what recordings are separated: 'track', 'channel', both or neither."""
        several = {"track": self.track == ALL, "channel": self.channel == EACH}
        return tuple(name for name, is_wanted in several.items() if is_wanted)

    def report(self, name: str, faults: Sequence[str]) -> None:
        """Warn of what is wrong with a recording that can be used all the same.

        Args:
            name: its name in messages.
            faults: what is wrong.

        Raises:
            AudioError: instead of the warning, if the recording is read strictly.

        Warns:
            AudioWarning: for each fault.
        """
        if self.strict:
            raise AudioError(f"{name} {', and '.join(faults)}")
        for fault in faults:
            warn(f"{name} {fault}", AudioWarning)


def _checked(name: str, value: object) -> int | str | None:
    """Return what a word stands for, or a number from 1, or raise that it is neither."""
    words, wrong = CHOICES[name]
    if value is None or isinstance(value, str):
        if value in words:
            return words[value]
    elif isinstance(value, SupportsIndex) and not isinstance(value, bool) and index(value) > 0:
        return index(value)
    raise UsageError(f"{argument(name, value)} {wrong}")


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
