"""Hints that are given once a day at most: who reads them each time reads none.

When the last one was is the time of an empty file. It lies in the folder that the system
has for the state of programs: `XDG_STATE_HOME`, else `~/.local/state`.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

DAY = 24 * 3600.0
"""Seconds."""


def is_due(name: str) -> bool:
    """Return whether a hint is to be given now, and then remember that it was.

    Args:
        name: of the hint, as that of a file.
    """
    path = _folder() / name
    try:
        if 0 <= time.time() - path.stat().st_mtime < DAY:
            return False
    except OSError:  # there was none yet
        pass
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError:  # where nothing can be written, it is given each time
        pass
    return True


def _folder() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~/AppData/Local")
    else:
        base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(base, "panns_inference")
