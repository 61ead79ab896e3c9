"""Patterns of one's own for the time in a name, with the codes of `strptime`."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from ...errors import UsageError
from .moments import is_possible

CODES = {
    "Y": "[0-9]{4}",
    "y": "[0-9]{2}",
    "m": "[0-9]{1,2}",
    "d": "[0-9]{1,2}",
    "j": "[0-9]{3}",
    "b": r"[^\W\d_]+\.?",
    "B": r"[^\W\d_]+",
    "H": "[0-9]{1,2}",
    "I": "[0-9]{1,2}",
    "M": "[0-9]{1,2}",
    "S": "[0-9]{1,2}",
    "f": "[0-9]{1,6}",
    "p": "[AaPp][Mm]",
    "z": "Z|[+-][0-9]{2}:?[0-9]{2}",
    "%": "%",
}
"""The codes that a pattern may have, and what each of them looks like."""

DATES = (frozenset("Ymd"), frozenset("ymd"), frozenset("Yj"), frozenset("yj"))
"""Codes of which one set at least must be there; names of months are as good as numbers."""


@lru_cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a regular expression for what a pattern may stand for, at any place of a name.

    Args:
        pattern: such as `%Y%m%d_%H%M%S`.

    Raises:
        UsageError: if it has another code, or states no date.
    """
    given = re.findall("%(.?)", pattern, re.DOTALL)
    if wrong := [code for code in given if code not in CODES]:
        known = " ".join(f"%{code}" for code in CODES)
        raise UsageError(f"%{wrong[0]} in the pattern {pattern!r} is none of {known}")
    codes = {"m" if code in "bB" else code for code in given}
    if not any(date <= codes for date in DATES):
        raise UsageError(
            f"the pattern {pattern!r} states no date: it needs year, month and day, such as %Y%m%d"
        )
    pieces = re.split("(%.)", pattern, flags=re.DOTALL)
    looks = (f"(?:{CODES[p[1]]})" if p.startswith("%") else re.escape(p) for p in pieces)
    return re.compile(f"(?=({''.join(looks)}))")


def start_by(pattern: str, path: str) -> datetime | None:
    """Return the date and time in a name by a pattern: the first place where both fit.

    Args:
        pattern: as for `compiled`; with a `/`, folders are looked at, too.
        path: of the recording.
    """
    place = Path(path)
    text = place.absolute().as_posix() if "/" in pattern else place.name
    for match in compiled(pattern).finditer(text):
        with suppress(ValueError):
            moment = datetime.strptime(match[1], pattern)
            if is_possible(moment):
                return moment
    return None
