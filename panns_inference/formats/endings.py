"""Which format a file gets: its name says it, or the user does, and the two agree."""

from __future__ import annotations

import os

from ..errors import UsageError
from ..names import closest
from ..wording import argument
from . import FORMATS, Format

SPLIT = "csv"
"""The format of the files in a folder where none is named."""


def format_for(path: str, name: str | None = None, *, split: bool = False) -> Format:
    """Return the format of what is written to a path.

    Args:
        path: of the file, or with `split` of the folder; case does not matter in its ending.
        name: of the format; None: the ending of the path says it, and for a folder it is CSV.
        split: whether the path is that of a folder.

    Raises:
        UsageError: if the ending says none, or another one than the name, or it is a folder; with
            `split`, if it is called as a file.
    """
    given = None if name is None else FORMATS[closest(name, FORMATS, "format")]
    ending, of_ending = _ending_of(path)
    if split and of_ending and not os.path.isdir(path):
        raise UsageError(
            f"{path!r} is called as a file, and {argument('split', True)} makes a folder with one "
            "file a recording: name a folder, or leave that out for one file of all"
        )
    if split:
        return given or FORMATS[SPLIT]
    if os.path.isdir(path) or path.endswith(("/", os.sep)):
        raise UsageError(
            f"{path!r} is a folder: {argument('split', True)} puts one file a recording there"
        )
    if given is None and len(of_ending) == 1:
        return of_ending[0]
    if given is None and of_ending:
        able = [each.name for each in FORMATS.values() if each.extension.endswith(ending)]
        raise UsageError(
            f"{path} can be {', '.join(able[:-1])} or {able[-1]}, whose files all end in {ending}: "
            "name the format, too (-f, format=)"
        )
    if given is None:
        endings = ", ".join(dict.fromkeys(each.extension for each in FORMATS.values()))
        raise UsageError(
            f"the name {path!r} does not say its format: name the format, too (-f, format=), or "
            f"give an ending of these: {endings}"
        )
    if len(of_ending) == 1 and given not in of_ending:
        raise UsageError(
            f"{path} has the ending of {of_ending[0].name}, but the format {given.name} was named: "
            "change one of them, or leave the format out"
        )
    return given


def _ending_of(path: str) -> tuple[str, list[Format]]:
    """The longest ending of a path that files of a format have, and these formats."""
    name = os.path.basename(path).casefold()
    found = [each for each in FORMATS.values() if name.endswith(each.extension.casefold())]
    ending = max((each.extension for each in found), key=len, default="")
    return ending, [each for each in found if each.extension == ending]
