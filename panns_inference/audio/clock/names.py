"""How recorders and people write the time into the name of a file."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta, timezone
from pathlib import PurePath

from .moments import of_fields

_DAY = r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
_SHORT_DAY = r"(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
_PARTED_DAY = r"(?P<year>[0-9]{4})(?P<by>[-_.])(?P<month>[0-9]{2})(?P=by)(?P<day>[0-9]{2})"
_TIME = r"(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})"
_PARTED_TIME = (
    r"(?P<hour>[0-9]{2}|[0-9](?=[-_.:h]))[-_.:h]?(?P<minute>[0-9]{2})[-_.:m]?(?P<second>[0-9]{2})"
    r"(?:\s?(?P<half>[AaPp])\.?[Mm](?![A-Za-z]))?"
)
_FRACTION = r"(?:[.,]?(?P<fraction>[0-9]{3}|[0-9]{6}))?(?![0-9])"
_EAST = r"Z(?![A-Za-z])|\+[0-9]{2}(?:[-_:]?[0-9]{2})?(?![0-9])"
_ZONE = rf"(?:\s?(?P<offset>{_EAST}))?"
_ISO_ZONE = rf"(?P<offset>{_EAST}|-[0-9]{{2}}[-_:]?(?:00|15|30|45)(?![0-9]))?"
"""A `-` is the sign of a difference to UTC only behind a time that is written as ISO 8601 has it:
elsewhere a number may follow it, such as that of a part."""

NAMES = tuple(
    re.compile(rf"(?<![0-9]){name}")
    for name in (
        # 20240501_053000, 20240501-053000, 20240501$053000, 20240501053000, 20240501_053000.123
        rf"{_DAY}[-_$. ]?{_TIME}{_FRACTION}{_ZONE}",
        # 20240501T053000+0200, 20240501T0530Z; behind _E stands when the recording ended
        rf"(?<!_E){_DAY}T(?P<hour>[0-9]{{2}})(?P<minute>[0-9]{{2}})(?P<second>[0-9]{{2}})?"
        rf"{_FRACTION}{_ISO_ZONE}",
        # 2024-05-01T05-30-00Z, 2024-05-01T053000+02:00, 2024-05-01T05-30
        rf"{_PARTED_DAY}T(?P<hour>[0-9]{{2}})[-_.:]?(?P<minute>[0-9]{{2}})"
        rf"(?:[-_.:]?(?P<second>[0-9]{{2}}))?{_FRACTION}{_ISO_ZONE}",
        # 2024-05-01 05.30.00, 2024_05_01_05_30_00, 2024-05-01 at 5.30.00 PM,
        # 2024-05-01-birdnet-05:30:00
        rf"{_PARTED_DAY}(?: at |-birdnet-(?:RTSP_[0-9]+-)?|[-_. ]+)"
        rf"{_PARTED_TIME}{_FRACTION}{_ZONE}",
        # PREFIX_240501_053000
        rf"(?<![^-_ ]){_SHORT_DAY}[-_]{_TIME}(?![0-9])",
        # 5146.240501053000: the number of a hydrophone, and the time
        rf"(?<=[0-9]\.){_SHORT_DAY}{_TIME}(?![0-9])",
    )
)
"""What states the date and the time in a name, wherever it stands."""

HEXADECIMAL = re.compile(r"(?=[0-9]*[A-F])[0-9A-F]{8}", re.IGNORECASE)
"""A whole name of the first AudioMoths: seconds since 1970 in UTC. A name of digits alone is none:
it is a number, or a date, more often than a time."""

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

FIRST, LAST = datetime(2017, 1, 1, tzinfo=timezone.utc), datetime(2038, 1, 1, tzinfo=timezone.utc)
"""When such names may have been given."""


def start_in(name: str) -> datetime | None:
    """Return the date and time in the name of a file; None if there is none, or more than one.

    Args:
        name: of the file, with or without its folder.
    """
    place = PurePath(name)
    if HEXADECIMAL.fullmatch(place.stem):
        seconds = EPOCH + timedelta(seconds=int(place.stem, 16))
        return seconds if FIRST <= seconds < LAST else None
    matches = itertools.chain.from_iterable(each.finditer(place.name) for each in NAMES)
    found = {of_fields(match.groupdict()) for match in matches} - {None}
    return found.pop() if len(found) == 1 else None
