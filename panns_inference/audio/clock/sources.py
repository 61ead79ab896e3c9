"""What states when a recording began, and what comes first where several do.

A header comes before the name, for it holds more: fractions of a second, or the difference to UTC.
A name comes last, for files are renamed and copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from .. import _soundfile
from .._bitstream import Bitstream, Unrecognised
from .._chunks import chunks_of
from ..files import Section
from .moments import of_fields, of_iso
from .names import start_in

CHUNKS = b"fmt ", b"guan", b"wamd", b"bext"
"""Chunks of a WAV file that are looked at."""

AUDIOMOTH = re.compile(
    r"Recorded at (?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]+))? (?P<day>[0-9]{2})/(?P<month>[0-9]{2})/(?P<year>[0-9]{4})"
    r"(?: \((?P<offset>UTC(?:[+-][0-9]{1,2}(?::[0-9]{2})?)?)\))?"
)
"""What AudioMoth and HydroMoth write as a comment."""

GUANO = re.compile(r"^Timestamp\s*:\s*(.*?)[\s\0]*$", re.MULTILINE)
"""The line of the GUANO metadata with the time."""

WAMD_TIMESTAMP = 5
"""Number of the field of a `wamd` chunk with the time."""

BEXT_DATE, BEXT_TIME, BEXT_REFERENCE = slice(320, 330), slice(330, 338), slice(338, 346)
"""Where the date, the time and the samples since midnight stand in a `bext` chunk."""


@dataclass(frozen=True)
class Recording:
    """A recording whose beginning is wanted.

    Attributes:
        name: of the file; empty if it has none.
        file: its bytes; None if it cannot be read.
    """

    name: str
    file: Section | None

    @cached_property
    def chunks(self) -> Mapping[bytes, bytes]:
        """What the chunks of `CHUNKS` hold, by their identifiers."""
        return chunks_of(self.file, CHUNKS) if self.file else {}

    @property
    def byte_order(self) -> Literal["little", "big"]:
        """Which byte of a number in a chunk comes first."""
        return "big" if self.file and self.file.peek(0, 4) == b"RIFX" else "little"

    @cached_property
    def comment(self) -> str:
        """The comment in its metadata, whatever the container."""
        if self.file:
            with suppress(Unrecognised):
                return _soundfile.comment(Bitstream(self.file.section(0)))
        return ""


def by_guano(recording: Recording) -> datetime | None:
    """Return the `Timestamp` of GUANO metadata, which many detectors of bats write.

    Args:
        recording: the recording.
    """
    found = GUANO.search(recording.chunks.get(b"guan", b"").decode("utf-8", "replace"))
    return of_iso(found[1]) if found else None


def by_wamd(recording: Recording) -> datetime | None:
    """Return the time in the metadata of Wildlife Acoustics.

    Args:
        recording: the recording.
    """
    rest = recording.chunks.get(b"wamd", b"")
    while len(rest) >= 6:
        number, size = int.from_bytes(rest[:2], "little"), int.from_bytes(rest[2:6], "little")
        if number == WAMD_TIMESTAMP:
            return of_iso(rest[6 : 6 + size].decode("utf-8", "replace").strip("\0"))
        rest = rest[6 + size :]
    return None


def by_comment(recording: Recording) -> datetime | None:
    """Return the time in the comment of an AudioMoth.

    Args:
        recording: the recording.
    """
    found = AUDIOMOTH.search(recording.comment)
    return of_fields(found.groupdict()) if found else None


def by_bext(recording: Recording) -> datetime | None:
    """Return the time in the `bext` chunk of a broadcast wave file.

    The number of samples since midnight states fractions of a second, and, where there is a date
    alone, the time. Where it says something else than the time, it is a time code.

    Args:
        recording: the recording.
    """
    bext, form = recording.chunks.get(b"bext", b""), recording.chunks.get(b"fmt ", b"")
    day = re.findall("[0-9]+", bext[BEXT_DATE].decode("ascii", "replace"))
    time = re.findall("[0-9]+", bext[BEXT_TIME].decode("ascii", "replace"))
    if len(day) != 3 or len(time) not in (0, 3):
        return None
    names = ("year", "month", "day", "hour", "minute", "second")
    moment = of_fields(dict(zip(names, [*day, *(time or "000")], strict=True)))
    if moment is None:
        return None
    order = recording.byte_order
    rate, n_samples = (int.from_bytes(b, order) for b in (form[4:8], bext[BEXT_REFERENCE]))
    if not rate or not n_samples:
        return moment if time else None
    midnight = moment.replace(hour=0, minute=0, second=0)
    reference = midnight + timedelta(seconds=n_samples / rate)
    agree = reference.date() == moment.date() and abs(reference - moment) < timedelta(seconds=1)
    return reference if agree or not time else moment


def by_name(recording: Recording) -> datetime | None:
    """Return the time in the name of the file.

    Args:
        recording: the recording.
    """
    return start_in(recording.name)


SOURCES: tuple[Callable[[Recording], datetime | None], ...] = (
    by_guano,
    by_wamd,
    by_comment,
    by_bext,
    by_name,
)
"""What is looked at, in this order; the first that states a time counts."""
