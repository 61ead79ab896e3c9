"""Names of the files of a tree, after those of the recordings."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..errors import UsageError
from .finding import Recording


def mirrored(recordings: Sequence[Recording], root: Path, extension: str) -> list[Path]:
    """Names of files for recordings, relative: those of the recordings with another extension.

    Recordings that differ in their extension alone keep it, and those that differ in case alone get
    a number that follows from their names. A file that is named twice has one name; a part of
    one has its own, such as `street.channel2.csv`.

    Args:
        recordings: files below `root`.
        root: a folder.
        extension: of the new names.

    Raises:
        UsageError: if two would have the same name all the same.
    """
    names = {each.path: Path(os.path.relpath(each.path, root)) for each in recordings}
    short = {path: name.with_name(f"{name.stem}{extension}") for path, name in names.items()}
    count = Counter(map(_folded, short.values()))
    full = {path: name.with_name(f"{name.name}{extension}") for path, name in names.items()}
    chosen = {p: full[p] if count[_folded(name)] > 1 else name for p, name in short.items()}
    count = Counter(map(_folded, chosen.values()))
    for path, name in chosen.items():
        if count[_folded(name)] > 1:
            digest = hashlib.sha256(os.fsencode(names[path])).hexdigest()[:8]
            chosen[path] = name.with_name(f"{names[path].name}-{digest}{extension}")
    if len(set(map(_folded, chosen.values()))) < len(chosen):
        raise UsageError(f"recordings in {root} would be written to the same name: rename them")
    return [_with_part(chosen[each.path], each.part, extension) for each in recordings]


def _with_part(name: Path, part: str, extension: str) -> Path:
    return name.with_name(f"{name.name.removesuffix(extension)}{part}{extension}")


def _folded(name: Path) -> str:
    """The same for names that are one where neither case nor the way to write accents counts."""
    return unicodedata.normalize("NFC", str(name).casefold())
