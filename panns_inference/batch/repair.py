"""Journals that are damaged, by a power cut or by other programs: what is good of them is used.

A kill leaves whole lines. After a power cut a file may be empty, end anywhere, or hold zeros; other
programs may have put anything there. Nothing of theirs is removed: it gets another name.
"""

from __future__ import annotations

import json
import secrets
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..files import atomic_write
from .lines import Line, line_of, read_line


def set_aside(path: Path, is_kind: Callable[[int], bool], faults: list[str]) -> None:
    """Give another name to what is not of the kind that is needed under a name.

    Args:
        path: where it is, or nothing.
        is_kind: `stat.S_ISREG` or `stat.S_ISDIR`; a link is neither.
        faults: where it is said.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not is_kind(mode):
        aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.damaged")
        path.rename(aside)
        faults.append(f"{path.name} was something else, which is now {aside.name}")


def set_aside_all(folder: Path, faults: list[str]) -> None:
    """The same for all that belongs to a journal, except for its lock.

    Args:
        folder: of the journal.
        faults: where it is said.
    """
    for name in ("run.json", "files.jsonl"):
        set_aside(folder / name, stat.S_ISREG, faults)
    for name in ("parts", "notes"):
        set_aside(folder / name, stat.S_ISDIR, faults)


def read_asked(path: Path, faults: list[str]) -> Mapping[str, Any] | None:
    """What `run.json` says.

    Args:
        path: of the file.
        faults: where it is said that it says nothing.

    Returns:
        None if it is not there or damaged.
    """
    try:
        asked = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError):
        asked = None
    if isinstance(asked, dict):
        return asked
    faults.append(f"{path.name} cannot be read")
    return None


def read_lines(path: Path, run: str, faults: list[str]) -> list[Line]:
    """The good lines of a file, which holds nothing else afterwards.

    Args:
        path: of the file; made if need be.
        run: digest of what the run was asked.
        faults: where it is said how many lines are damaged.
    """
    content = path.read_bytes() if path.exists() else b""
    whole = content.splitlines(keepends=True)
    read = [read_line(each, run) if each.endswith(b"\n") else None for each in whole]
    good = [line for line in read if line]
    if len(good) < len(whole):
        faults.append(f"{len(whole) - len(good)} lines of {path.name} cannot be read")
    # A file that has another name, too, may be somebody's copy: it is not written to.
    if len(good) < len(whole) or not path.exists() or path.stat().st_nlink > 1:
        with atomic_write(path, binary=True) as file:
            file.write(b"".join(line_of(line, run) for line in good))
    return good
