"""Colours on a terminal: the word `error:`, the word `warning:`, and headings of help.

`NO_COLOR` switches them off and `FORCE_COLOR` on, whatever their value (https://no-color.org); else
they are there on a terminal that is not a dumb one.
"""

from __future__ import annotations

import os
import re
from typing import TextIO

ERROR, WARNING, HEADING = "1;31", "1;33", "1"
"""Bold red, bold yellow, bold: the number that a terminal knows a colour by."""

_HEADING = re.compile(r"^(usage:|[a-z][a-z ]*:$)", re.MULTILINE)
"""Titles of groups of options, and the first word."""


def wanted(stream: TextIO) -> bool:
    """Return whether colours are to be written to a stream.

    Args:
        stream: an open one.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def painted(text: str, colour: str, stream: TextIO) -> str:
    """Return a text in a colour, or as it is where a stream is to have none.

    Args:
        text: to be painted.
        colour: its number.
        stream: where it goes.
    """
    return f"\x1b[{colour}m{text}\x1b[0m" if wanted(stream) else text


def headings(text: str, stream: TextIO) -> str:
    """Return a help text with its headings in bold, where a stream is to have colours.

    Args:
        text: of a parser.
        stream: where it goes.
    """
    return _HEADING.sub(lambda found: painted(found[0], HEADING, stream), text)
