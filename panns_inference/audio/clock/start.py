"""When a recording began, by what the user knows of its clock."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

from ...errors import AudioError
from ..files import is_file, opened
from ..sources import Source, name_of, named, plain
from .moments import in_zone
from .pattern import compiled, start_by
from .sources import SOURCES, Recording
from .zones import zone_of


@dataclass(frozen=True)
class Clock:
    """How the time at which recordings began is found out.

    Attributes:
        pattern: how names hold it, with the codes of `strptime`, such as `%Y%m%d_%H%M%S`: it is
            looked for anywhere in the name, and with a `/` in it in those of the folders, too.
            None takes what headers state, and names as the makers of recorders write them.
        time_zone: such as `Europe/Berlin` or `+02:00`: that of times that come without one; others
            are converted to it. None leaves each as it is.

    Raises:
        UsageError: if there is no such code or time zone.
    """

    pattern: str | None = None
    time_zone: str | None = None

    def __post_init__(self) -> None:
        if self.pattern is not None:
            compiled(self.pattern)
        if self.time_zone is not None:
            zone_of(self.time_zone)

    @property
    def unknown(self) -> str:
        """Why nothing may be known of a recording, in words for its user."""
        if self.pattern is not None:
            return f"the pattern {self.pattern!r} fits no time in their names"
        return (
            "neither header nor name states it; a pattern of your own, such as --clock-pattern "
            "'%Y%m%d_%H%M%S', reads other names"
        )

    def start_of(self, source: Source) -> datetime | None:
        """Return when a recording began; None if nothing states it.

        Args:
            source: as for `read`.

        Raises:
            AudioTypeError: for what is no recording.
        """
        name = name_of(source) or ""
        moment = _stated(source, name) if self.pattern is None else start_by(self.pattern, name)
        if moment is None or self.time_zone is None:
            return moment
        return in_zone(moment, zone_of(self.time_zone))


def recording_start(
    source: Source, *, pattern: str | None = None, time_zone: str | None = None
) -> datetime | None:
    """Return when a recording began, as its header or its name states.

    It is looked for, in this order, in the GUANO metadata, those of Wildlife Acoustics (`wamd`),
    the comment of an AudioMoth, the `bext` chunk of broadcast wave files, and the name. The first
    possible time counts. Dates of the file itself do not: they change when it is copied.

    Args:
        source: as for `read`: a path, which need not be there, for its name may state it, an open
            binary file, or what else has a header or a name.
        pattern: as for `Clock`; then nothing but the name is looked at.
        time_zone: as for `Clock`.

    Returns:
        Date and time, with a time zone if one is known; None if nothing states it, if what does is
        no possible time, or if a name holds two.

    Raises:
        UsageError: if there is no such code or time zone.
        AudioTypeError: for what is no recording.
    """
    return Clock(pattern, time_zone).start_of(source)


def _stated(source: Source, name: str) -> datetime | None:
    """What header and name state; an open file is left where it was."""
    found, _ = plain(source)
    if not is_file(found):
        return _first(Recording(name, None))
    position = None
    try:
        if not isinstance(found, (str, os.PathLike)):
            position = found.tell()
        with opened(found, named(source)) as file:
            return _first(Recording(name, file))
    except (AudioError, OSError, AttributeError):  # a stream may have no position
        return _first(Recording(name, None))
    finally:
        if position is not None and not isinstance(found, (str, os.PathLike)):
            found.seek(position)


def _first(recording: Recording) -> datetime | None:
    """What the first source says that says anything."""
    return next((moment for by in SOURCES if (moment := by(recording))), None)
