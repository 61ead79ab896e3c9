"""Time zones as people name them."""

from __future__ import annotations

import zoneinfo
from contextlib import suppress
from datetime import tzinfo

from ...errors import UsageError
from ...names import closest
from .moments import OFFSET, offset_zone


def zone_of(name: str) -> tzinfo:
    """Return the time zone of a name.

    Args:
        name: of the IANA database, such as `Europe/Berlin`, or a difference to UTC, such as
            `+02:00`.

    Raises:
        UsageError: if there is none of that name; the message lists the nearest ones.
    """
    if OFFSET.fullmatch(name):
        try:
            return offset_zone(name) or zoneinfo.ZoneInfo("UTC")
        except ValueError as error:
            raise UsageError(f"{error}: give a difference such as +02:00") from error
    with suppress(zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo(name)
    if not (known := zoneinfo.available_timezones()):
        raise UsageError(
            f"the time zone {name!r} cannot be looked up, for this system has no list of them: "
            "pip install tzdata, or give a difference to UTC such as +02:00"
        )
    return zoneinfo.ZoneInfo(closest(name, known, "time zone"))
