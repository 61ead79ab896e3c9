r"""Where the recordings of a table are now.

A table names a recording as it was named when it was processed: from the folder of that day, with
the separators of that system. Here it is looked for as it is named; if it is not there, below the
folder of the table, or below a root that is given, by as much of the end of its name as is there:

    D:\rec\north\1.wav    root/rec/north/1.wav    root/north/1.wav    root/1.wav

An end that several recordings of the table share stands for none of them.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path

_SEPARATOR = re.compile(r"[/\\]+")

_DRIVE = re.compile("^[A-Za-z]:")

_ESCAPE = re.compile(r"\\udc([89a-f][0-9a-f])")
r"""What tables write for a byte of a name that no encoding explains, such as `\udce9`."""


def found_recordings(
    sources: Collection[str],
    table: str | os.PathLike[str],
    root: str | os.PathLike[str] | None = None,
) -> dict[str, str]:
    """Return paths of recordings by the names that they have in a table; others are left out.

    Args:
        sources: all names in the table.
        table: its path.
        root: folder below which the recordings are; None is the one of the table, and names are
            first taken as they are.
    """
    shared = Counter(end for source in set(sources) for end in _ends(source))
    found = {}
    for source in sources:
        whole, *shorter = _ends(source)
        ends = [whole, *(end for end in shorter if shared[end] == 1)]
        names = [Path(root or Path(table).parent, end) for end in ends]
        if root is None:
            names = [Path(source), Path(_unescaped(source)), *names]
        path = next(filter(os.path.isfile, names), None)
        if source and path is not None:
            found[source] = os.fspath(path)
    return found


def _ends(source: str) -> list[str]:
    """The name below a root, and ever shorter ends of it."""
    below = _DRIVE.sub("", _unescaped(source))
    names = [name for name in _SEPARATOR.split(below) if name not in ("", ".", "..")]
    return [os.path.join(*names[start:]) for start in range(len(names))] or [""]


def _unescaped(source: str) -> str:
    """A name with bytes in place of their escapes."""
    return _ESCAPE.sub(lambda found: chr(0xDC00 + int(found[1], 16)), source)
