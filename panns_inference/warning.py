"""Warnings that point at the line of the user's program, however deep they arise."""

from __future__ import annotations

import sys
import warnings

from .terminal import printable

_PACKAGE = __name__.partition(".")[0]


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the nearest line outside this package.

    Args:
        message: what the user should know, in one line.
        category: kind of the warning.
    """
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        level, frame = level + 1, frame.f_back
    warnings.warn(printable(message), category, stacklevel=level)
