r"""Names of clips: sorted by probability, and possible on every system.

Windows is the strictest: it has neither `<>:"/\|?*` nor control characters in names, none that
end with a dot or a space, and none of its devices (`con`, `nul`, ...).
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..events import Event
from ..formats.read import Row
from ..origin import key_of
from ..terminal import CONTROLS

LONGEST = 120
"""Bytes of a name of a class or a recording; all systems take twice as many in all."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')

_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def names_of_clips(rows: Sequence[Row], extension: str) -> list[Path]:
    """Return paths of clips, relative, such as `Dog/0.93_street_12.40-13.10.wav`.

    The name of a recording has its folders in front where another one has the same name. What would
    have the name of another clip, also where case does not count, gets a digest of its own.

    Args:
        rows: with the events.
        extension: of the names, with the dot.
    """
    stems = _stems({row.source for row in rows})
    names = [
        Path(safe_name(event.label), f"{event.probability:.2f}_{stems[row.source]}{_rest(row)}")
        for row in rows
        if (event := row.event)
    ]
    count = Counter(str(name).casefold() for name in names)
    return [
        name.with_name(
            f"{name.name}{_digest(row) if count[str(name).casefold()] > 1 else ''}{extension}"
        )
        for name, row in zip(names, rows, strict=True)
    ]


def safe_name(text: str) -> str:
    """Return a text as the name of a file or folder that every system can have.

    Args:
        text: a label, or the name of a recording.
    """
    plain = unicodedata.normalize("NFC", _FORBIDDEN.sub("_", CONTROLS.sub("_", text)))
    short = plain.encode()[:LONGEST].decode(errors="ignore").strip(" ").rstrip(".")
    return f"_{short}" if not short or _DEVICE.fullmatch(short) else short


def _stems(sources: Iterable[str]) -> dict[str, str]:
    """A name for each recording: its own without the extension, or with the folders above it."""
    names = {source: re.split(r"[/\\]", source) for source in sources}
    count = Counter(_stem(each[-1]).casefold() for each in names.values())
    return {
        source: _stem("_".join(each) if count[_stem(each[-1]).casefold()] > 1 else each[-1])
        for source, each in names.items()
    }


def _stem(name: str) -> str:
    return safe_name(os.path.splitext(name)[0].strip("_."))


def _rest(row: Row) -> str:
    chosen = key_of("", row.track, row.channel)
    event: Event | None = row.event
    return f"{chosen}_{event.onset:.2f}-{event.offset:.2f}" if event else chosen


def _digest(row: Row) -> str:
    return "-" + hashlib.sha256(repr(row).encode("utf-8", "surrogateescape")).hexdigest()[:8]
