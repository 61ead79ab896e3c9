"""Dates and times: of fields that a name or a header holds, later ones, and as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

EARLIEST, LATEST = 1900, 2100
"""Years of recordings."""

NEVER_SET = datetime(1970, 1, 1).date()
"""The day on which the clock of a recorder begins that was never set."""

OFFSET = re.compile(r"(Z|UTC|GMT)|(?:UTC|GMT)?([+-])([0-9]{1,2})[-_:]?([0-9]{2})?", re.IGNORECASE)
"""A difference to UTC: `Z`, `+2`, `-0330`, `UTC+05:30`."""

ISO = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})[T ](?P<hour>[0-9]{2}):"
    r"(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
    r"\s*(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
"""A date and time as headers hold it."""


def of_fields(fields: Mapping[str, str | None]) -> datetime | None:
    """Return the date and time of texts of digits; None if there is no such time.

    Args:
        fields: `year`, of two digits or four, `month`, `day` and `hour`; `minute`, `second`,
            `fraction` and `offset` if they are known, and `half`: a or p for the half of the day.
    """
    year, month, day, hour = (int(fields[name] or "") for name in ("year", "month", "day", "hour"))
    minute, second = (int(fields.get(name) or 0) for name in ("minute", "second"))
    microsecond = int((fields.get("fraction") or "").ljust(6, "0")[:6])
    if half := fields.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (half in "pP")
    try:
        zone = offset_zone(fields.get("offset") or "")
        year = year + 2000 if year < 100 else year
        moment = datetime(year, month, day, hour, minute, second, microsecond, zone)
    except ValueError:
        return None
    return moment if is_possible(moment) else None


def of_iso(text: str) -> datetime | None:
    """Return the date and time that a text of a header is; None if it is none.

    Args:
        text: such as `2024-05-01T05:30:00.000+02:00`, with or without a difference to UTC.
    """
    match = ISO.fullmatch(text.strip())
    return of_fields(match.groupdict()) if match else None


def is_possible(moment: datetime) -> bool:
    """Return whether a recording can have begun then.

    Args:
        moment: date and time.
    """
    return EARLIEST <= moment.year <= LATEST and moment.date() != NEVER_SET


def offset_zone(text: str) -> timezone | None:
    """Return the time zone of a difference to UTC; None for an empty text.

    Args:
        text: as in `OFFSET`.

    Raises:
        ValueError: if it is none, or as large as none is.
    """
    if not text:
        return None
    match = OFFSET.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no difference to UTC")
    if match[1]:
        return timezone.utc
    hours, minutes = int(match[3]), int(match[4] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(f"no time zone is {text} from UTC")
    difference = timedelta(hours=hours, minutes=minutes)
    return timezone(-difference if match[2] == "-" else difference)


def in_zone(moment: datetime, zone: tzinfo) -> datetime | None:
    """Return a date and time in a time zone.

    Args:
        moment: with a difference to UTC, the same moment is returned; without one, it is the time
            that a clock showed in the zone. Of a time that came twice, when clocks were set back,
            the first is meant.
        zone: the time zone.

    Returns:
        None for a time that no clock showed, for clocks were set forward over it.
    """
    if moment.tzinfo is not None:
        return moment.astimezone(zone)
    local = moment.replace(tzinfo=zone)
    there_and_back = local.astimezone(timezone.utc).astimezone(zone)
    return local if there_and_back.replace(tzinfo=None) == moment else None


def after(moment: datetime, seconds: float) -> datetime:
    """Return a later date and time, by the seconds that pass, also while clocks are changed.

    Args:
        moment: date and time, in a time zone or in none.
        seconds: that pass.
    """
    passed = timedelta(seconds=seconds)
    if moment.tzinfo is None:
        return moment + passed
    return (moment.astimezone(timezone.utc) + passed).astimezone(moment.tzinfo)


def to_text(moment: datetime) -> str:
    """Return a date and time as a text that keeps its time zone, as RFC 9557 writes it.

    Args:
        moment: date and time.
    """
    zone = f"[{moment.tzinfo.key}]" if isinstance(moment.tzinfo, ZoneInfo) else ""
    return f"{moment.isoformat()}{zone}"


def from_text(text: str) -> datetime:
    """Return the date and time that `to_text` was given.

    Args:
        text: of it.
    """
    moment, _, zone = text.removesuffix("]").partition("[")
    local = datetime.fromisoformat(moment)
    return local.astimezone(ZoneInfo(zone)) if zone else local
