"""Options for the time of day, and the clock that they stand for."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from . import options

if TYPE_CHECKING:
    from ..audio import Clock

CLOCK = [
    options.option(
        "--clock",
        action="store_true",
        help="a further column with date and time of each row, where the header of the recording "
        "or its name states when it began",
    ),
    options.option(
        "--clock-pattern",
        metavar="PATTERN",
        help="how names state it, anywhere in them, by the codes of strptime, such as "
        "%%Y%%m%%d_%%H%%M%%S; with a / in it, folders too. Includes --clock",
    ),
    options.option(
        "--time-zone",
        metavar="ZONE",
        help="of times that come without one, such as Europe/Berlin or +02:00; others are "
        "converted to it. Includes --clock; default: what the file says, else none",
    ),
]
"""When recordings began."""


def clock_of(given: argparse.Namespace) -> Clock | None:
    """Return how it is found out when recordings began; None if it is not wanted.

    Args:
        given: the command line.

    Raises:
        UsageError: if there is no such code in a pattern, or no such time zone.
    """
    if not given.clock and given.clock_pattern is None and given.time_zone is None:
        return None
    from ..audio import Clock

    return Clock(given.clock_pattern, given.time_zone)
